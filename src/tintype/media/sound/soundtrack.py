"""The public door of sound: a film's whole sound track, block after block."""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from tintype.core.errors import ValidationFailed
from tintype.media.sound.beds import BLOCK, FADE_OUT_SECONDS, LUFS, bed, faded, never
from tintype.media.sound.decode import BYTES_MAX, SECONDS_MAX, Pcm, decode
from tintype.media.sound.instruments import RATE, Samples
from tintype.media.sound.loudness import SILENCE, loudness
from tintype.media.sound.mix import ducking, limited
from tintype.media.sound.moods import MOODS, Mood
from tintype.media.stopping import Stopped

VOICE_LUFS: Final = -16.0
VOICE_STARTS_SECONDS: Final = 0.5

_VOICE_FIELD: Final = "voice"
_AUDIO_FIELD: Final = "background"
_GAIN_DECIBELS_MAX: Final = 24.0
_FULL_SCALE: Final = np.float32(32768)
_SEAM_SECONDS: Final = 0.5
_AUDIO_FADE_IN_SECONDS: Final = 0.05


def soundtrack(
    duration_seconds: float,
    *,
    mood: str | None,
    audio: bytes | None,
    voice: bytes | None,
    seed: int,
    canceled: Callable[[], bool] = never,
    bytes_max: int = BYTES_MAX,
) -> Iterator[Samples]:
    """Blocks of (n, 2) float32, -1 to 1, 48,000 a second, together `duration_seconds` long.

    Under the `voice` (a WAV, as `speak` gives it) lies a bed of `mood` or the customer's `audio`
    file, cut or looped to the film's length and brought to the same loudness; or nothing.

    Raises at once: ValueError for no sound at all, two backgrounds, an unknown mood or a duration
    out of range; what `decode` raises for the files; ValidationFailed for a voice that is longer
    than the film. While blocks are taken, Stopped when `canceled` says so.
    """
    if not 0 < duration_seconds <= SECONDS_MAX:
        raise ValueError(f"A sound track lasts up to {SECONDS_MAX:g} seconds.")
    if mood is not None and audio is not None:
        raise ValueError("A sound track has a mood or an audio file, not both.")
    samples = round(duration_seconds * RATE)
    spoken = None if voice is None else _spoken(voice, samples, bytes_max, canceled)
    if mood is not None:
        under = bed(_known(mood), samples, seed, canceled)
    elif audio is not None:
        file = decode(
            audio, duration_seconds, canceled=canceled, field=_AUDIO_FIELD, bytes_max=bytes_max
        )
        under = _fitted(file, samples, canceled)
    elif spoken is not None:
        under = _silence(samples)
    else:
        raise ValueError("A sound track needs a mood, an audio file or a voice.")
    return limited(under if spoken is None else _together(under, *spoken))


def _known(mood: str) -> Mood:
    for known in MOODS:
        if known == mood:
            return known
    raise ValueError(f"There is no mood {mood[:40]!r}; there are {', '.join(MOODS)}.")


def _spoken(
    voice: bytes, samples: int, bytes_max: int, canceled: Callable[[], bool]
) -> tuple[Pcm, int, np.float32]:
    """The voice, where it begins in a track of so many samples, and what makes it loud enough."""
    said = decode(
        voice, min(SECONDS_MAX, samples / RATE + 1), canceled=canceled, field=_VOICE_FIELD,
        bytes_max=bytes_max,
    )  # fmt: skip
    if len(said) > samples:
        problem = f"is longer than the film, which lasts {samples / RATE:.1f} seconds"
        raise ValidationFailed(_VOICE_FIELD, problem)
    at = min(round(VOICE_STARTS_SECONDS * RATE), (samples - len(said)) // 2)
    return said, at, _gain(said, VOICE_LUFS)


def _gain(sound: Pcm, wanted: float) -> np.float32:
    """What makes samples of `sound` of the loudness `wanted`; next to nothing stays that."""
    heard = loudness(sound, float(_FULL_SCALE))
    raised = 0.0 if heard <= SILENCE else min(wanted - heard, _GAIN_DECIBELS_MAX)
    return np.float32(10 ** (raised / 20)) / _FULL_SCALE


def _together(
    under: Iterator[Samples], said: Pcm, begins: int, gain: np.float32
) -> Iterator[Samples]:
    """The voice from the sample `begins` on, and under it what steps back for it."""
    ducked = ducking((said * gain).astype(np.float32), begins)
    at = 0
    for block in under:
        mixed = block * ducked.gains(at, len(block))[:, None]
        first, end = max(at, begins), min(at + len(block), begins + len(said))
        if first < end:
            mixed[first - at : end - at] += said[first - begins : end - begins] * gain
        at += len(block)
        yield mixed


def _silence(samples: int) -> Iterator[Samples]:
    for at in range(0, samples, BLOCK):
        yield np.zeros((min(BLOCK, samples - at), 2), np.float32)


def _fitted(file: Pcm, samples: int, canceled: Callable[[], bool]) -> Iterator[Samples]:
    """A customer's sound as long as the film: cut, or once more from its beginning.

    Where it begins again, the end fades into the beginning with even power, so nobody hears a gap.
    """
    gain = _gain(file, LUFS)
    seam = min(round(_SEAM_SECONDS * RATE), len(file) // 4)
    turn = len(file) - seam
    for at in range(0, samples, BLOCK):
        if canceled():
            raise Stopped
        count = min(BLOCK, samples - at)
        place = np.arange(at, at + count)
        block = file[place % turn if len(file) < samples else place] * gain
        if seam and len(file) < samples:
            _blend(block, file, place, turn, seam, gain)
        block *= faded(at, count, samples, _AUDIO_FADE_IN_SECONDS, FADE_OUT_SECONDS)
        yield block


def _blend(
    block: Samples, file: Pcm, place: np.ndarray, turn: int, seam: int, gain: np.float32
) -> None:
    """Over the first samples of every round but the first, the round before still fades out."""
    within = place % turn
    over = (within < seam) & (place >= turn)
    share = ((within[over] + 1) / (seam + 1) * np.pi / 2)[:, None].astype(np.float32)
    ending = file[within[over] + turn] * gain
    block[over] = block[over] * np.sin(share) + ending * np.cos(share)
