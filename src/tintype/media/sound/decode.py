"""A customer's sound file as samples: MP3, M4A (AAC), WAV, FLAC or Ogg, judged by its bytes.

The one reader that the signature names opens the file, so a file is never both. What it claims is
not believed: only as many samples are decoded as are wanted, rate and channels have bounds, and an
MP4's table of samples, which a few bytes can make enormous, is looked at before FFmpeg builds it.
"""

import io
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

import av
import numpy as np
import numpy.typing as npt
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer

from tintype.core.errors import PayloadTooLarge, UnsupportedMediaType, ValidationFailed
from tintype.media.sound.instruments import RATE
from tintype.media.stopping import Stopped

SoundFormat = Literal["mp3", "aac", "mp4", "wav", "flac", "ogg"]
Pcm = npt.NDArray[np.int16]

BYTES_MAX: Final = 50_000_000
SECONDS_MAX: Final = 600.0
ACCEPTED: Final = "MP3, M4A (AAC), WAV, FLAC and Ogg"

_RATES: Final = range(8_000, 192_001)
_CHANNELS_MAX: Final = 8
_CODECS: Final = frozenset({"mp3", "mp3float", "aac", "alac", "flac", "vorbis", "opus", "libopus"})
_DAMAGED_SHARE: Final = 0.02
_CUT_OFF_SECONDS: Final = 0.5
_MP4_SAMPLES_MAX: Final = 4_000_000
_MP4_BOXES_MAX: Final = 4_000
# Formats whose header says how long they are, where the others only let it be guessed.
_KNOWS_ITS_LENGTH: Final = frozenset({"flac", "mp4"})
# What programs write that don't know yet how much is coming.
_WAV_OPEN_ENDED: Final = 0x7FFFF000
_WAV_CHUNKS_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class _File:
    """A sound file in the middle of being judged; `field` is what errors name."""

    data: bytes
    kind: SoundFormat
    field: str


def sniff(data: bytes) -> SoundFormat | None:
    """The accepted format whose signature these bytes begin with, or None."""
    head = data[:12].ljust(12, b"\0")
    if head[:3] == b"ID3" or (head[0] == 0xFF and head[1] & 0xE6 == 0xE2):  # noqa: PLR2004
        return "mp3"
    if head[0] == 0xFF and head[1] & 0xF6 == 0xF0:  # noqa: PLR2004
        return "aac"
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        return "wav"
    if head[:4] == b"fLaC":
        return "flac"
    if head[:4] == b"OggS":
        return "ogg"
    return "mp4" if head[4:8] == b"ftyp" else None


def decode(
    data: bytes, seconds: float, *, canceled: Callable[[], bool], field: str, bytes_max: int
) -> Pcm:
    """The first `seconds` of the sound, or all of it if it is shorter: (n, 2) at `RATE`.

    Raises, naming `field`: PayloadTooLarge; UnsupportedMediaType for what is no accepted sound or
    holds none; ValidationFailed for a damaged or cut off file, one without samples, or a rate or
    number of channels that nobody uses; and Stopped when `canceled` says so.
    """
    if not 0 < seconds <= SECONDS_MAX:
        raise ValueError(f"A sound of {seconds} seconds is not within {SECONDS_MAX}.")
    if not data:
        raise ValidationFailed(field, "the file is empty")
    if len(data) > bytes_max:
        problem = f"The file has {len(data):,} bytes; at most {bytes_max:,} are accepted."
        raise PayloadTooLarge(problem, param=field)
    kind = sniff(data)
    if kind is None:
        raise _refused(field, "The file is not an accepted sound.")
    file = _File(data, kind, field)
    if kind == "mp4":
        _check_mp4(file)
    try:
        with av.open(io.BytesIO(data), "r", format=kind, metadata_errors="replace") as opened:
            return _first(opened, file, seconds, canceled)
    except av.FFmpegError as fault:
        raise ValidationFailed(field, "the sound file is damaged") from fault


def _first(
    opened: InputContainer, file: _File, seconds: float, canceled: Callable[[], bool]
) -> Pcm:
    stream = _stream(opened, file)
    wanted = round(seconds * RATE)
    parts: list[Pcm] = []
    got = 0
    for part in _samples(opened, stream, file, canceled):
        parts.append(part[: wanted - got])
        got += len(parts[-1])
        if got >= wanted:
            break
    if not got:
        raise ValidationFailed(file.field, "the sound file has no samples")
    claimed = _claimed(stream, file)
    if got < min(wanted, (claimed - _CUT_OFF_SECONDS) * RATE):
        told = f"the sound ends after {got / RATE:.1f} of the {claimed:.1f} seconds it should have"
        raise ValidationFailed(file.field, told)
    return np.concatenate(parts)


def _stream(opened: InputContainer, file: _File) -> AudioStream:
    """The file's first sound, if it is one that we decode."""
    if not opened.streams.audio:
        raise _refused(file.field, "The file holds no sound.")
    stream = opened.streams.audio[0]
    coder = stream.codec_context
    # A track of a codec that is not known at all has no context.
    if coder is None or not (coder.name in _CODECS or coder.name.startswith("pcm_")):
        raise _refused(file.field, "The sound is coded in a way that is not accepted.")
    if coder.sample_rate not in _RATES:
        raise ValidationFailed(
            file.field, f"has {coder.sample_rate:,} samples a second; 8,000 to 192,000 are accepted"
        )
    if not 1 <= coder.channels <= _CHANNELS_MAX:
        raise ValidationFailed(
            file.field, f"has {coder.channels} channels; 1 to {_CHANNELS_MAX} are accepted"
        )
    return stream


def _samples(
    opened: InputContainer, stream: AudioStream, file: _File, canceled: Callable[[], bool]
) -> Iterator[Pcm]:
    """Stereo at our rate, a packet's worth at a time; the last one is what the filter kept."""
    resampler = AudioResampler(format="s16", layout="stereo", rate=RATE)
    packets = damaged = 0
    for packet in opened.demux(stream):
        if canceled():
            raise Stopped
        packets += 1
        try:
            frames = packet.decode()
        except av.FFmpegError:
            damaged += 1
            continue
        for frame in frames:
            yield from _resampled(resampler, frame, file)
    if damaged > 1 + packets * _DAMAGED_SHARE:
        raise ValidationFailed(file.field, "the sound file is damaged")
    yield from _resampled(resampler, None, file)


def _resampled(
    resampler: AudioResampler, frame: av.AudioFrame | None, file: _File
) -> Iterator[Pcm]:
    try:
        for even in resampler.resample(frame):
            yield even.to_ndarray().reshape(-1, 2).astype(np.int16, copy=False)
    except ValueError as fault:
        # A stream that changes its rate or its channels on the way.
        raise ValidationFailed(file.field, "the sound changes its form on the way") from fault


def _claimed(stream: AudioStream, file: _File) -> float:
    """How many seconds the header says, 0 where it only guesses or leaves it open."""
    if file.kind == "wav":
        return _wav_seconds(file.data)
    if file.kind not in _KNOWS_ITS_LENGTH or stream.duration is None or stream.time_base is None:
        return 0.0
    return float(stream.duration * stream.time_base)


def _wav_seconds(data: bytes) -> float:
    """What the samples' chunk claims: FFmpeg believes the file's size instead."""
    at, bytes_a_second = 12, 0
    for _ in range(_WAV_CHUNKS_MAX):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if name == b"fmt ":
            bytes_a_second = int.from_bytes(data[at + 16 : at + 20], "little")
        if name == b"data":
            known = bytes_a_second and size < _WAV_OPEN_ENDED
            return size / bytes_a_second if known else 0.0
        at += 8 + size + size % 2
    return 0.0


def _check_mp4(file: _File) -> None:
    """Refuse an MP4 in pieces, or one that claims more samples than sound of days has."""
    for name, body in _boxes(file, 0, len(file.data), ()):
        if name == "moof":
            raise _refused(file.field, "An MP4 in fragments is not accepted.")
        if name in {"stsz", "stz2"}:
            samples = int.from_bytes(file.data[body + 8 : body + 12], "big")
            if samples > _MP4_SAMPLES_MAX:
                raise ValidationFailed(file.field, f"claims {samples:,} pieces of sound")


_INSIDE: Final = frozenset({"moov", "trak", "mdia", "minf", "stbl"})


def _boxes(file: _File, at: int, end: int, above: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    """Every box of an MP4 with where its body begins; those that hold tables are opened."""
    seen = 0
    while at + 8 <= end:
        seen += 1
        if seen > _MP4_BOXES_MAX:
            raise ValidationFailed(file.field, "the sound file is damaged")
        size, kind = struct.unpack_from(">I4s", file.data, at)
        body = at + 8
        if size == 1:
            size = int.from_bytes(file.data[body : body + 8], "big")
            body += 8
        elif size == 0:
            size = end - at
        if size < body - at:
            return
        name = kind.decode("latin-1")
        yield name, body
        if name in _INSIDE and len(above) < len(_INSIDE):
            yield from _boxes(file, body, min(end, at + size), (*above, name))
        at += size


def _refused(field: str, problem: str) -> UnsupportedMediaType:
    return UnsupportedMediaType(f"{problem} Accepted are {ACCEPTED}.", param=field)
