"""What an MP4 is, told by opening it: size, exact times, tracks."""

import io
from dataclasses import dataclass
from fractions import Fraction

import av
from av.container import InputContainer

from tintype.core.errors import UnsupportedMediaType, ValidationFailed


@dataclass(frozen=True, slots=True)
class FilmFacts:
    """`seconds` is the picture track's exact duration, `fps` its frames a second."""

    width: int
    height: int
    frames: int
    fps: Fraction
    seconds: Fraction
    has_sound: bool


def probe(data: bytes, field: str) -> FilmFacts:
    """What a film has.

    Raises UnsupportedMediaType for what is no MP4, and ValidationFailed for one that not every
    player shows: it has one track of H.264, 4:2:0, with frames in it, and beside it AAC or nothing.
    Both name `field`.
    """
    try:
        with av.open(io.BytesIO(data), "r", format="mp4", metadata_errors="replace") as film:
            return _facts(film, field)
    except av.FFmpegError as fault:
        raise UnsupportedMediaType(f"{field}: this is no MP4 film.") from fault


def _facts(film: InputContainer, field: str) -> FilmFacts:
    kinds = sorted(stream.type for stream in film.streams)
    if kinds not in (["video"], ["audio", "video"]):
        raise ValidationFailed(field, "must have one picture track, and one of sound at most")
    picture = film.streams.video[0]
    coder = picture.codec_context
    # A track of a codec that is not known at all has no context.
    if coder is None or coder.name != "h264" or coder.pix_fmt != "yuv420p":
        raise ValidationFailed(field, "must be H.264 of 8 bits, 4:2:0")
    sounds = [track.codec_context for track in film.streams.audio]
    if any(sound is None or sound.name != "aac" for sound in sounds):
        raise ValidationFailed(field, "may have sound as AAC only")
    seconds = (picture.duration or 0) * (picture.time_base or Fraction(0))
    if not (seconds > 0 and picture.frames > 0 and coder.width > 0 and coder.height > 0):
        raise ValidationFailed(field, "has no frames")
    return FilmFacts(
        width=coder.width,
        height=coder.height,
        frames=picture.frames,
        fps=picture.frames / seconds,
        seconds=seconds,
        has_sound=bool(film.streams.audio),
    )
