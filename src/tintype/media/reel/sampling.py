"""A plane sampled at any place and scale, linearly, for the price of OpenCV's resizing.

`warpAffine` works out every pixel's place; `resize` works out a row's and a column's, and takes
little more than half as long (1080p, from a plane of twice that: 2.6 ms of a core instead of 4.5).
But it begins at a whole pixel. So the frame is drawn with some columns and rows too many before
it: of their first few dozen numbers, one brings the frame's own beginning as near to its place as
anybody can see, because each moves it by the scale's fraction. Where none does, as at scales next
to a simple fraction, it is warped.
"""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np

from tintype.media.finish.frame import Bytes

_BEFORE_MAX: Final = 64
"""Columns or rows that are drawn too many, at most."""
_PAD: Final = 3 * _BEFORE_MAX
"""Pixels around a plane, so that those have something to be drawn from."""
_NEAR: Final = 0.015
"""Pixels of the plane that a place may be off: half of that, at twice the frame's resolution."""
_NEAR_ENOUGH: Final = 0.025


@dataclass(frozen=True, slots=True)
class Sheet:
    """A plane with a border of copies of its edge, and room to draw in."""

    padded: Bytes
    room: Bytes
    width: int
    height: int

    def draw(self, left: float, top: float, across: float, along: float, frame: Bytes) -> None:
        """Fill the frame: the middle of its pixel x shows what lies at `left + (x + 0.5) * across`.

        So it is downwards, too; lengths are pixels of the plane.
        """
        high, wide = frame.shape
        x, y = _begin(left + _PAD, across), _begin(top + _PAD, along)
        if x is None or y is None:
            self._warp(left, top, across, along, frame)
            return
        columns, rows = x.before + wide, y.before + high
        part = self.padded[
            y.first : y.first + int(rows * along) + 3, x.first : x.first + int(columns * across) + 3
        ]
        size = round(part.shape[1] / across), round(part.shape[0] / along)
        if size[0] < columns or size[1] < rows or size[0] * size[1] > self.room.size:
            self._warp(left, top, across, along, frame)
            return
        into = self.room[: size[0] * size[1]].reshape(size[1], size[0])
        # With no size given, the factors count as they are, and not as whole sizes make them.
        drawn = cv2.resize(part, None, into, 1 / across, 1 / along, interpolation=cv2.INTER_LINEAR)
        frame[:] = drawn[y.before : rows, x.before : columns]

    def _warp(self, left: float, top: float, across: float, along: float, frame: Bytes) -> None:
        matrix = np.array(
            [
                [across, 0, left + _PAD + 0.5 * across - 0.5],
                [0, along, top + _PAD + 0.5 * along - 0.5],
            ]
        )
        cv2.warpAffine(
            self.padded,
            matrix,
            (frame.shape[1], frame.shape[0]),
            dst=frame,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )


def sheet(plane: Any, frame_width: int, frame_height: int) -> Sheet:
    """A plane ready to be drawn from into frames of at most this size."""
    high, wide = plane.shape
    padded = cv2.copyMakeBorder(plane, _PAD, _PAD, _PAD, _PAD, cv2.BORDER_REPLICATE)
    more = _BEFORE_MAX + 4
    room = np.empty((frame_width + more) * (frame_height + more), np.uint8)
    return Sheet(np.asarray(padded, np.uint8), room, wide, high)


@dataclass(frozen=True, slots=True)
class _Begin:
    """Draw `before` pixels too many, from the plane's pixel `first` on."""

    before: int
    first: int


_BEFORE: Final = np.arange(_BEFORE_MAX)


def _begin(start: float, step: float) -> _Begin | None:
    """The least number of pixels too many that puts the next one where it belongs."""
    starts = start - _BEFORE * step
    off = np.abs(starts - np.rint(starts))
    off[starts < 0] = 1.0
    near = off <= _NEAR
    before = int(near.argmax() if near.any() else off.argmin())
    if off[before] > _NEAR_ENOUGH:
        return None
    return _Begin(before, round(float(starts[before])))
