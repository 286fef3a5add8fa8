"""The straight lines of a picture, as segments.

They are measured on a reduced grey copy: a building's edges are as straight there, and noise is
less. Coordinates come back in units that know no size: the origin is the picture's middle, x to
the right, y down, and 1 is half its diagonal.
"""

from dataclasses import dataclass
from typing import Final, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Wide = NDArray[np.float64]
Plane = TypeVar("Plane", NDArray[np.float32], NDArray[np.uint8])
"""Colours or alpha: floats from 0 to 1, or bytes."""

LONG_SIDE: Final = 1024
_SHORTEST: Final = 0.08
"""Segments below this say little about a direction."""
_MOST: Final = 700
"""The longest are kept; more would cost time and add nothing."""
_QUANT: Final = 0.7
"""The detector's error of a gradient in grey levels. Below its own 2, since the corner between
two walls of one paint is worth more than a rest from noise, which the fit withstands."""
_SIDE_MIN: Final = 32
_OBJECT: Final = np.radians(0.14)
"""How well one object tells which way is up, however sharp its edges are."""


@dataclass(frozen=True, slots=True)
class Segments:
    """`ends` (N, 4) holds x, y of both ends; `pixel` is the copy's pixel in the same unit."""

    ends: Wide
    pixel: float

    @property
    def middles(self) -> Wide:
        return np.asarray((self.ends[:, :2] + self.ends[:, 2:]) / 2)

    @property
    def along(self) -> Wide:
        return np.asarray(self.ends[:, 2:] - self.ends[:, :2])

    @property
    def lengths(self) -> Wide:
        return np.asarray(np.hypot(*self.along.T))

    @property
    def errors(self) -> Wide:
        """The standard error of each direction in radians.

        Of the ends 0.4 pixels together, as measured on drawn rooms, and 0.12 degrees for what
        builders and lenses leave.
        """
        return np.asarray(np.hypot(np.radians(0.12), 0.42 * self.pixel / self.lengths))

    def only(self, wanted: NDArray[np.bool_]) -> "Segments":
        return Segments(self.ends[wanted], self.pixel)


def reduced(rgb: Floats, long_side: int = LONG_SIDE) -> NDArray[np.uint8]:
    """A grey 8-bit copy of at most `long_side` pixels a side."""
    height, width = rgb.shape[:2]
    scale = long_side / max(height, width)
    small = rgb
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.float32)
    grey = cv2.cvtColor(np.ascontiguousarray(small), cv2.COLOR_RGB2GRAY)
    return np.asarray(np.rint(np.clip(grey, 0, 1) * 255), np.uint8)


def segments(grey: NDArray[np.uint8]) -> Segments:
    """The longest straight segments, by the detector of von Gioi et al., 2010 (LSD)."""
    height, width = grey.shape
    half = float(np.hypot(width, height)) / 2
    ends = np.zeros((0, 4))
    if min(height, width) >= _SIDE_MIN:
        detector = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD, quant=_QUANT)
        found = detector.detect(grey)[0]
        if found is not None:
            ends = np.asarray(found, np.float64).reshape(-1, 4)
    middle = np.array([width - 1, height - 1, width - 1, height - 1]) / 2
    made = Segments((ends - middle) / half, 1 / half)
    made = made.only(made.lengths >= _SHORTEST)
    return made.only(np.argsort(np.argsort(-made.lengths)) < _MOST)


def shares(lines: Segments, beside: float = 0.08) -> Wide:
    """How much of its weight each line keeps, 0 to 1, so that no one object outweighs the rest.

    The books of a shelf and the folds of a curtain lean together, however many there are:
    parallel neighbours (within 8 degrees, closer than `beside`) together weigh no more than one
    line whose direction is known to `_OBJECT` would.
    """
    middles, along, lengths = lines.middles, lines.along, lines.lengths
    normals = np.stack([-along[:, 1], along[:, 0]], 1) / lengths[:, None]
    parallel = np.abs(normals @ normals.T) > np.cos(np.radians(8))
    apart = middles @ normals.T - np.sum(middles * normals, 1)
    near = parallel & (np.abs(apart) < beside)
    weight = near @ (1 / lines.errors**2)
    return np.asarray(np.minimum(1, 1 / (weight * _OBJECT**2)))
