"""Puts fine texture back where it was rubbed away, as strong as the place's coarser detail asks.

How strong fine detail should be is foretold from the octaves that smoothing spares, since in
photographs amplitude falls about evenly from octave to octave. What is missing is made up in two
ways: fine detail that is still there is raised, which keeps its true shape, and the rest is filled
with seeded noise as soft as film grain. Where the coarser octaves are calm as well, as in a sky or
a backdrop, nothing is foretold and nothing is added; outlines have all their detail; and out of
focus the octaves fall off steeply, which is followed.

A halo is undone in the same place, since it is the outlines that have one: what is told apart here
is where a picture has outlines and where texture.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from tintype.media.finish.clean_plan import Plan
from tintype.media.finish.frame import Floats
from tintype.media.finish.frame_planes import blurred, enlarged, minus, times
from tintype.media.finish.frame_room import Room
from tintype.media.finish.measure_wax import (
    CELL,
    coarser_octaves,
    dense_middle,
    finest_octave,
    focus,
)

MARGIN: Final = 6 * CELL
"""Rows that a strip reads beyond its own, so that neighbourhoods don't end with the strip."""
_GRAIN_SIDE: Final = 1024
_SOFT: Final = 0.5
_RAISE_MAX: Final = 1.8
_FORETOLD: Final = 0.65
_FORETOLD_WEAK: Final = 0.45
_WEAK_LEVELS: Final = 3.0
_DENSE: Final = 1.6
_SHADOW_LEVELS: Final = 60.0
_OUTLINE_LEVELS: Final = 9.0


@dataclass(frozen=True, slots=True)
class Expected:
    """Of the whole picture in cells: the fine amplitude that is due, and how much is outline."""

    fine: Floats
    outline: Floats

    def rows(self, first: int, count: int) -> "Expected":
        """`count` rows of cells from the picture's row `first` on."""
        top = min(first // CELL, max(0, len(self.fine) - count))
        part = slice(top, top + count)
        return Expected(self.fine[part], self.outline[part])


def expect(plane: Floats, todo: Plan) -> Expected:
    """Read from luma reduced to cells what fine detail a photograph would have there."""
    middle, coarse = coarser_octaves(plane)
    spread = dense_middle(plane)
    # A halo's mask raised the middle octave as well, by nearly its whole gain.
    middle /= np.float32(1 + 0.8 * todo.halo)
    spread /= np.float32(1 + 0.8 * todo.halo)
    coarse /= np.float32(1 + 0.8 * todo.halo)
    squared = times(middle, middle)
    outline: Floats = squared / (squared + np.float32(_OUTLINE_LEVELS**2))
    # Weak texture has more of the finest octave than strong: there a sensor's noise adds its own.
    weak = np.float32(_WEAK_LEVELS**2) / (squared + np.float32(_WEAK_LEVELS**2))
    share = (_FORETOLD + _FORETOLD_WEAK * weak) * (1 - outline) * focus(middle, coarse)
    # Undoing the S-curve draws shadows apart, and what lies in them with it.
    lit = np.clip((plane + 10) / _SHADOW_LEVELS, 0, 1)
    fine: Floats = (share * lit * np.minimum(middle, _DENSE * spread)).astype(np.float32)
    return Expected(fine, outline)


def grain_tile(seed: int) -> Floats:
    """A square of noise of deviation 1 that continues at its borders; equal seeds, equal noise.

    As soft as film grain and developed sensor noise are: not from pixel to pixel.
    """
    dice = np.random.Generator(np.random.Philox(seed))
    white = dice.standard_normal((_GRAIN_SIDE, _GRAIN_SIDE), np.float32)
    wrapped = np.asarray(cv2.copyMakeBorder(white, 8, 8, 8, 8, cv2.BORDER_WRAP), np.float32)
    fine = minus(blurred(wrapped, _SOFT), blurred(wrapped, 2.5))[8:-8, 8:-8]
    tile: Floats = np.ascontiguousarray(fine / fine.std(), np.float32)
    return tile


def grain_rows(tile: Floats, top: int, into: Floats) -> Floats:
    """Fill `into` with the rows of the endless noise from `top` on."""
    rows = tile[np.arange(top, top + len(into)) % _GRAIN_SIDE]
    for left in range(0, into.shape[1], _GRAIN_SIDE):
        part = into[:, left : left + _GRAIN_SIDE]
        part[:] = rows[:, : part.shape[1]]
    return into


def mending(
    luma: Floats, expected: Expected, grain: Floats, before: Floats | None, todo: Plan, room: Room
) -> Floats:
    """What to add to luma 0 to 255 to mend texture and halo; all planes have the same rows.

    `before` is the blur from before the halo, None where there is none to undo; it and `grain` are
    written over.
    """
    height, width = luma.shape
    fine, strength = finest_octave(luma, room)
    lifted = np.clip(expected.fine / strength, 1, _RAISE_MAX)
    filled = np.sqrt(np.maximum(0, np.square(expected.fine) - np.square(lifted * strength)))
    raised = todo.texture * (lifted - 1) + todo.lift * (1 - expected.outline)
    amount = room.floats("amount", height, width)
    change = times(fine, enlarged(raised, width, height, into=amount), into=fine)
    if todo.texture:
        enlarged(todo.texture * filled, width, height, into=amount)
        change += times(grain, amount, into=grain)
    if before is not None:
        enlarged(todo.halo / (1 + todo.halo) * expected.outline, width, height, into=amount)
        change += times(minus(before, luma, into=before), amount, into=before)
    return change
