"""Two sounds as one: the bed steps back while the voice speaks, and nothing exceeds full scale."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from tintype.media.sound.instruments import RATE, Samples
from tintype.media.sound.loudness import PHASES

DUCK_DECIBELS: Final = -12.0
ATTACK_SECONDS: Final = 0.15
RELEASE_SECONDS: Final = 0.6
PEAK_DECIBELS: Final = -1.5
"""The ceiling: half a decibel is left for what coding the sound adds."""

_FRAME: Final = RATE // 100
_PAUSE_FRAMES: Final = 40
_HEARD_DECIBELS: Final = -35.0
_LOOK_AHEAD: Final = RATE // 200
_CONTEXT: Final = 2 * _LOOK_AHEAD + 16
_INTERPOLATED_LATE: Final = 5


@dataclass(frozen=True, slots=True)
class Ducking:
    """How far the bed steps back: `levels` in decibels, one for each hundredth of a second."""

    levels: npt.NDArray[np.float64]

    def gains(self, at: int, count: int) -> Samples:
        """The bed's gain for each of `count` samples from `at` on."""
        places = np.arange(at, at + count) / _FRAME
        even = np.interp(places, np.arange(1, len(self.levels) + 1), self.levels)
        return np.power(10, even / 20, dtype=np.float32)


def ducking(voice: Samples, at: int) -> Ducking:
    """What a voice that begins at the sample `at` makes of the bed under it.

    The bed knows beforehand: it is down when the first word is heard, having begun `ATTACK_SECONDS`
    before, stays down over the pauses between words, and comes back over `RELEASE_SECONDS`. The
    steps are even in decibels.
    """
    attack, release = round(ATTACK_SECONDS * 100), round(RELEASE_SECONDS * 100)
    speaking = np.concatenate([_speaking(voice, at), np.zeros(release + 1)])
    ahead = np.convolve(speaking, np.ones(attack + 1))[attack:] > 0
    levels = np.zeros(len(ahead))
    level = 0.0
    for frame, down in enumerate(ahead):
        step = DUCK_DECIBELS / attack if down else -DUCK_DECIBELS / release
        level = min(0.0, max(DUCK_DECIBELS, level + step))
        levels[frame] = level
    return Ducking(levels)


def _speaking(voice: Samples, at: int) -> npt.NDArray[np.float64]:
    """Per hundredth of a second, 1 while the voice speaks; a short pause is part of speaking."""
    before, offset = divmod(at, _FRAME)
    frames = -(-(offset + len(voice)) // _FRAME)
    padded = np.zeros(frames * _FRAME, np.float32)
    padded[offset : offset + len(voice)] = np.abs(voice).max(axis=1)
    power = np.mean(np.square(padded.reshape(frames, _FRAME)), axis=1, dtype=np.float64)
    loud = power > max(1e-9, power.max(initial=0.0) * 10 ** (_HEARD_DECIBELS / 10))
    heard = np.flatnonzero(loud) + before
    speaking = np.zeros(before + frames)
    speaking[heard] = 1
    for one, following in pairwise(heard):
        if following - one <= _PAUSE_FRAMES:
            speaking[one:following] = 1
    return speaking


def limited(blocks: Iterator[Samples]) -> Iterator[Samples]:
    """The same samples, turned down smoothly around each place that would exceed the ceiling.

    What is judged is the curve between the samples. The gain needed at a place reaches
    `_LOOK_AHEAD` samples to both sides and is then averaged over as many, so it is reached in time.
    """
    ceiling = np.float32(10 ** (PEAK_DECIBELS / 20))
    kept: Samples = np.zeros((_CONTEXT, 2), np.float32)
    for block in chain(blocks, [np.zeros((_CONTEXT, 2), np.float32)]):
        kept = np.concatenate([kept, block])
        if len(kept) <= 2 * _CONTEXT:
            continue
        out = kept[_CONTEXT:-_CONTEXT]
        if np.abs(kept).max() * _BETWEEN_MOST > ceiling:
            out = out * _gains(kept, ceiling)[_CONTEXT:-_CONTEXT, None]
        kept = kept[-2 * _CONTEXT :]
        yield out


# No curve between samples swings higher than this times the highest sample, by the filter's taps.
_BETWEEN_MOST: Final = np.float32(max(np.abs(taps).sum() for taps in PHASES))


def _gains(sound: Samples, ceiling: np.float32) -> Samples:
    swings = np.abs(sound).max(axis=1)
    for side in (0, 1):
        for taps in PHASES:
            between = np.abs(np.convolve(sound[:, side], taps))
            for late in (_INTERPOLATED_LATE, _INTERPOLATED_LATE + 1):
                np.maximum(swings, between[late : late + len(sound)], out=swings)
    needed: Samples = (ceiling / np.maximum(swings, ceiling)).astype(np.float32)
    if needed.min() >= 1:
        return needed
    wide = 2 * _LOOK_AHEAD + 1
    reached = cv2.erode(needed[None], np.ones((1, wide), np.uint8))
    even = cv2.blur(reached, (wide, 1), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(even, np.float32).ravel()
