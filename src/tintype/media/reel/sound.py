"""A sound track for a film: cut or padded with silence to the film's very length.

It is either known as a whole (`Sound`) or made while the film is (`Blocks`), so that a long one
needs no memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import av
import numpy as np

from tintype.media.finish.frame import Floats

RATES: Final = (44_100, 48_000)
CHANNELS_MAX: Final = 2
BLOCKS_RATE: Final = 48_000
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


@dataclass(frozen=True, slots=True)
class Blocks:
    """Stereo of 48,000 samples a second, in blocks of any length: (n, 2), -1 to 1."""

    blocks: Iterator[Floats]

    @property
    def rate(self) -> int:
        return BLOCKS_RATE

    @property
    def channels(self) -> int:
        return CHANNELS_MAX


AnySound = Sound | Blocks


def chunks(sound: AnySound, seconds: Fraction) -> Iterator[av.AudioFrame]:
    """Frames for the encoder that together last `seconds`, rounded to a sample.

    Of blocks only what is due is asked for. Raises ValueError for one that isn't stereo.
    """
    return _of_blocks(sound, seconds) if isinstance(sound, Blocks) else _of_whole(sound, seconds)


def _of_whole(sound: Sound, seconds: Fraction) -> Iterator[av.AudioFrame]:
    samples = round(seconds * sound.rate)
    width = sound.channels
    given = np.frombuffer(sound.pcm, "<i2")[: samples * width]
    for start in range(0, samples, _CHUNK_SAMPLES):
        count = min(_CHUNK_SAMPLES, samples - start)
        part = given[start * width : (start + count) * width]
        whole = np.zeros((1, count * width), np.int16)
        whole[0, : len(part)] = part
        yield _frame(whole, "s16", sound, start)


def _of_blocks(sound: Blocks, seconds: Fraction) -> Iterator[av.AudioFrame]:
    samples, waiting = round(seconds * sound.rate), np.zeros((0, sound.channels), np.float32)
    for start in range(0, samples, _CHUNK_SAMPLES):
        count = min(_CHUNK_SAMPLES, samples - start)
        while len(waiting) < count:
            block = next(sound.blocks, None)
            if block is None:
                block = np.zeros((count - len(waiting), sound.channels), np.float32)
            if block.shape[1:] != (sound.channels,):
                raise ValueError("A block of sound must have two channels.")
            waiting = np.concatenate([waiting, block.astype(np.float32, copy=False)])
        part, waiting = waiting[:count], waiting[count:]
        planes = np.ascontiguousarray(np.clip(part, -1, 1).T)
        yield _frame(planes, "fltp", sound, start)


def _frame(samples: Any, form: str, sound: AnySound, start: int) -> av.AudioFrame:
    layout = "stereo" if sound.channels > 1 else "mono"
    frame = av.AudioFrame.from_ndarray(samples, format=form, layout=layout)
    frame.sample_rate = sound.rate
    frame.pts = start
    frame.time_base = Fraction(1, sound.rate)
    return frame
