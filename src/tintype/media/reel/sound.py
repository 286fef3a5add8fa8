"""A sound track for a film: PCM cut or padded with silence to the film's very length."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import av
import numpy as np

RATES: Final = (44_100, 48_000)
CHANNELS_MAX: Final = 2
_CHUNK_SAMPLES: Final = 1024  # What AAC takes at a time.
_SAMPLE_BYTES: Final = 2


@dataclass(frozen=True, slots=True)
class Sound:
    """`pcm` is 16-bit little-endian, its channels interleaved; `rate` is in samples a second."""

    pcm: bytes
    rate: int
    channels: int

    def __post_init__(self) -> None:
        if self.rate not in RATES:
            raise ValueError(f"Sound must have {' or '.join(map(str, RATES))} samples a second.")
        if not 1 <= self.channels <= CHANNELS_MAX:
            raise ValueError("Sound must have one channel or two.")
        if len(self.pcm) % (_SAMPLE_BYTES * self.channels):
            raise ValueError("The sound ends within a sample.")


def chunks(sound: Sound, seconds: Fraction) -> Iterator[av.AudioFrame]:
    """Frames for the encoder that together last `seconds`, rounded to a sample."""
    samples = round(seconds * sound.rate)
    width = sound.channels
    given = np.frombuffer(sound.pcm, "<i2")[: samples * width]
    for start in range(0, samples, _CHUNK_SAMPLES):
        count = min(_CHUNK_SAMPLES, samples - start)
        part = given[start * width : (start + count) * width]
        whole = np.zeros((1, count * width), np.int16)
        whole[0, : len(part)] = part
        frame = av.AudioFrame.from_ndarray(
            whole, format="s16", layout="stereo" if width > 1 else "mono"
        )
        frame.sample_rate = sound.rate
        frame.pts = start
        frame.time_base = Fraction(1, sound.rate)
        yield frame
