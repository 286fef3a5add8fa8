"""Where the page lies in the picture, and how its maps get there."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np

from tintype.media.finish.frame import Bytes, Floats
from tintype.media.sketch.arrays import blurred
from tintype.media.sketch.regions import OUTSIDE, Drawing, Labels

_SMOOTH: Final = 0.9
_SMOOTH_SLOPE: Final = 0.44
"""How fast a straight edge rises after that blur, per pixel of the page."""
_MARGIN: Final = 6
_BAND_PIXELS: Final = 2**19


@dataclass(frozen=True, slots=True)
class Place:
    """The page at `scale`, its upper left corner at (`x`, `y`) of the picture, in pixels.

    `left`, `top`, `right`, `bottom` bound the thing in the picture, with a margin.
    """

    scale: float
    x: float
    y: float
    left: int
    top: int
    right: int
    bottom: int

    @property
    def window(self) -> tuple[slice, slice]:
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def shape(self) -> tuple[int, int]:
        return self.bottom - self.top, self.right - self.left

    def inside(self, box: tuple[int, int, int, int]) -> tuple[slice, slice]:
        """A box of the page as rows and columns of the window, with a margin."""
        scale, rows, columns = self.scale, *self.shape
        left = int(box[0] * scale + self.x) - self.left - _MARGIN
        top = int(box[1] * scale + self.y) - self.top - _MARGIN
        right = int(np.ceil(box[2] * scale + self.x)) - self.left + _MARGIN
        bottom = int(np.ceil(box[3] * scale + self.y)) - self.top + _MARGIN
        return (
            slice(min(rows, max(0, top)), min(rows, max(0, bottom))),
            slice(min(columns, max(0, left)), min(columns, max(0, right))),
        )


def placed(drawing: Drawing, width: int, height: int) -> Place:
    """The whole page within the picture, its ratio kept, in the middle."""
    rows, columns = drawing.labels.shape
    scale = min(width / columns, height / rows)
    x, y = (width - columns * scale) / 2, (height - rows * scale) / 2
    left, top, wide, high = cv2.boundingRect(drawing.solid)
    return Place(
        scale, x, y,
        max(0, int(left * scale + x) - _MARGIN),
        max(0, int(top * scale + y) - _MARGIN),
        min(width, int(np.ceil((left + wide) * scale + x)) + _MARGIN),
        min(height, int(np.ceil((top + high) * scale + y)) + _MARGIN),
    )  # fmt: skip


def bands(start: int, stop: int, columns: int) -> Iterator[slice]:
    """Rows from `start` to `stop` in slices of about half a megapixel, some rows at least."""
    rows = max(32, _BAND_PIXELS // max(1, columns) // 4 * 4)
    for first in range(start, stop, rows):
        yield slice(first, min(first + rows, stop))


def carried(values: Floats, place: Place, part: tuple[slice, slice] | None = None) -> Floats:
    """A map of the page over the window, or over a part of it."""
    rows, columns = part or (slice(0, place.shape[0]), slice(0, place.shape[1]))
    if place.scale < 0.8:  # noqa: PLR2004
        values = blurred(values, 0.45 / place.scale)
    # Centres of pixels lie half a pixel in.
    half = 0.5 * (place.scale - 1)
    shift_x = place.x + half - place.left - columns.start
    shift_y = place.y + half - place.top - rows.start
    matrix = np.array([[place.scale, 0, shift_x], [0, place.scale, shift_y]])
    size = (columns.stop - columns.start, rows.stop - rows.start)
    moved: Any = cv2.warpAffine(
        values, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved, np.float32)


def cover(mask: Bytes, place: Place, part: tuple[slice, slice] | None = None) -> Floats:
    """How much of each pixel a mask of the page covers, 0 to 1, with an edge one pixel wide."""
    return _edged(blurred(mask, _SMOOTH), place, part)


def outline(drawing: Drawing, place: Place) -> Floats:
    """How much of each pixel of the window the thing covers, 0 to 1."""
    return _edged(blurred(drawing.edge, _SMOOTH), place, None)


def _edged(soft: Floats, place: Place, part: tuple[slice, slice] | None) -> Floats:
    steep = max(1.0, place.scale / _SMOOTH_SLOPE)
    sharp = (carried(soft, place, part) - 0.5) * np.float32(steep) + 0.5
    edged: Floats = np.clip(sharp, 0, 1)
    return edged


def spread(drawing: Drawing, *maps: Floats) -> tuple[Labels, list[Floats]]:
    """Labels and maps with the space outside filled from the nearest part, for soft edges."""
    outside = (drawing.labels == OUTSIDE).astype(np.uint8)
    if not (outside == 0).any():
        return drawing.labels, list(maps)
    _, index = cv2.distanceTransformWithLabels(
        outside, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    flat = np.zeros(int(index.max()) + 1, np.int64)
    held = np.flatnonzero(outside == 0)
    flat[index.ravel()[held]] = held
    nearest = flat[index]
    filled = [values.reshape(-1, *values.shape[2:])[nearest] for values in maps]
    labels: Labels = drawing.labels.ravel()[nearest]
    return labels, filled
