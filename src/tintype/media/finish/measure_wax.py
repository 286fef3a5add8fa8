"""Has the fine texture been rubbed away? Asked where a photograph would have some.

In photographs amplitude falls about evenly from one octave of detail to the next finer one (Field,
"Relations between the statistics of natural images and the response properties of cortical
cells", 1987), and weak texture and a sensor's noise are nearly everywhere. Edge-preserving
smoothing leaves the coarse octaves and the outlines, and takes the finest octave just where
contrast is weak. So the ratio of the finest octave to a middle one is read in cells of weak
contrast. Softness is not wax, and is allowed for twice: out of focus the middle octave is weak
too, against the coarse one; and where a whole picture is soft, so are its outlines, which
edge-preserving smoothing would have left sharp.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from tintype.media.finish.frame import Floats
from tintype.media.finish.frame_planes import blurred, minus, ramp, reduced, times
from tintype.media.finish.frame_room import Room

CELL: Final = 4
"""Octaves are compared in cells of this many pixels a side."""
_WEAK: Final = (0.6, 5.0)
"""Amplitude in levels of the middle octave: below is flat, above are outlines."""
_WEAK_SHARE: Final = 0.1
_CELLS_ENOUGH: Final = 200
_SIDE_MIN: Final = 8 * CELL
_NATURAL: Final = 0.75
_WAXY: Final = 0.45
_SHARP: Final = (0.15, 0.28)
"""The ratio at outlines: of a picture soft all over, and of one as sharp as a lens draws."""


@dataclass(frozen=True, slots=True)
class Wax:
    """`amount` from 0, detail as in a photograph, to 1, all but gone.

    `ratio`: the typical ratio of the finest to a middle octave that was found where contrast is
    weak, 1 for lack of such places.
    """

    amount: float
    ratio: float


def measure_wax(tiles: list[Floats]) -> Wax:
    """Of luma 0 to 255, cut out at the picture's full size."""
    read = [_ratios(tile) for tile in tiles if min(tile.shape) >= _SIDE_MIN]
    if not read:
        return Wax(0.0, 1.0)
    middle, plain, allowed = np.concatenate(read, axis=1)
    weak = (middle > _WEAK[0]) & (middle < _WEAK[1])
    if weak.sum() < _WEAK_SHARE * weak.size:
        # Rough all over, as a wall of stones: then its calmest parts have to tell.
        weak = (middle > _WEAK[0]) & (middle <= np.quantile(middle, _WEAK_SHARE))
    if weak.sum() < _CELLS_ENOUGH:
        return Wax(0.0, 1.0)
    ratio = float(np.median(allowed[weak]))
    outlines = float(np.median(plain[middle >= np.quantile(middle, 0.9)]))
    return Wax(ramp(-ratio, -_NATURAL, -_WAXY) * ramp(outlines, *_SHARP), ratio)


def finest_octave(luma: Floats, room: Room) -> tuple[Floats, Floats]:
    """The finest octave itself, and per cell its amplitude in luma's unit."""
    soft = blurred(luma, 1.0, into=room.floats("soft", *luma.shape))
    fine = minus(luma, soft, into=room.floats("fine", *luma.shape))
    squares = times(fine, fine, into=soft)
    return fine, _amplitude(reduced(squares, *cells(luma)), 1.5)


def coarser_octaves(plane: Floats) -> tuple[Floats, Floats]:
    """Amplitudes per cell of a middle and of a coarse octave, from luma reduced to cells."""
    near = blurred(plane, 1.0)
    far = blurred(near, 1.8)
    middle, coarse = minus(plane, near), minus(near, far)
    return _amplitude(times(middle, middle), 2.5), _amplitude(times(coarse, coarse), 2.5)


def dense_middle(plane: Floats) -> Floats:
    """The middle octave's amplitude again, but as texture has it, all over and not in one outline.

    The squared mean of square roots, scaled to equal the root mean square for Gaussian noise:
    a single edge in a calm place counts for little.
    """
    roots = np.sqrt(np.abs(minus(plane, blurred(plane, 1.0))))
    mean = blurred(roots, 2.5)
    return times(mean, mean) * np.float32(1 / 0.676)


def cells(luma: Floats) -> tuple[int, int]:
    """How many cells a plane has across and down; a rest makes each a little larger."""
    height, width = luma.shape[:2]
    return max(1, width // CELL), max(1, height // CELL)


def focus(middle: Floats, coarse: Floats) -> Floats:
    """1 where the middle octave is as strong as the coarse one or stronger, less out of focus."""
    sharp: Floats = np.minimum(1.0, middle / coarse)
    return sharp


def _ratios(tile: Floats) -> Floats:
    """Per cell, in three rows: the middle octave, finest over middle, and that with allowance."""
    _, fine = finest_octave(tile, Room())
    middle, coarse = coarser_octaves(reduced(tile, *cells(tile)))
    plain = fine / middle
    return np.stack([middle.ravel(), plain.ravel(), (plain / focus(middle, coarse)).ravel()])


def _amplitude(squares: Floats, sigma: float) -> Floats:
    """Root mean square over a neighbourhood of `sigma` cells, never 0."""
    mean = np.maximum(blurred(squares, sigma), 0)
    amplitude: Floats = np.sqrt(mean, dtype=np.float32) + np.float32(0.02)
    return amplitude
