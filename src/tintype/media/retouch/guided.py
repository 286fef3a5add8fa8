"""The guided filter: smooths a plane but for the edges of its guide, at any radius in equal time.

He, Sun and Tang, "Guided image filtering" (ECCV 2010), in the fast form of He and Sun (2015): its
coefficients are found on a reduced copy, enlarged, and put to the full picture, so a base layer of
12 megapixels costs little more than reading them.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from tintype.media.finish.frame import Band, Floats
from tintype.media.retouch.light import luma, reduced, rows_of


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Of a reduced copy: what a place's guide is multiplied with, and what is added."""

    slope: Floats
    offset: Floats

    def at(self, guide: Floats, band: Band, height: int) -> Floats:
        """The filtered plane over a strip's rows of the full-size guide."""
        width = guide.shape[1]
        slope = rows_of(self.slope, band, height, width)
        slope *= guide
        slope += rows_of(self.offset, band, height, width)
        return slope


def mean(plane: Floats, radius: int) -> Floats:
    """The mean of the square around every place; beyond the border the plane is mirrored."""
    side = 2 * radius + 1
    # A kernel can't reach further than one mirroring.
    size = (min(side, 2 * plane.shape[1] - 1), min(side, 2 * plane.shape[0] - 1))
    return np.asarray(cv2.blur(plane, size, borderType=cv2.BORDER_REFLECT), np.float32)


def coefficients(guide: Floats, plane: Floats, radius: int, softness: float) -> Coefficients:
    """For two planes of equal size. `softness` is the contrast below which all is smoothed."""
    of_guide, of_plane = mean(guide, radius), mean(plane, radius)
    spread = mean(guide * guide, radius) - of_guide * of_guide
    covariance = mean(guide * plane, radius) - of_guide * of_plane
    slope = covariance / (np.maximum(spread, np.float32(0)) + np.float32(softness**2))
    offset = of_plane - slope * of_guide
    return Coefficients(
        mean(np.asarray(slope, np.float32), radius), mean(np.asarray(offset, np.float32), radius)
    )


def filtered(guide: Floats, plane: Floats, radius: int, softness: float) -> Floats:
    """The plane itself, filtered at its own size."""
    found = coefficients(guide, plane, radius, softness)
    return np.asarray(found.slope * guide + found.offset, np.float32)


@dataclass(frozen=True, slots=True)
class ColourCoefficients:
    """The same for a guide of three colours: edges count that only a colour shows."""

    slopes: Floats
    offset: Floats

    def at(self, rgb: Floats, band: Band, height: int) -> Floats:
        """The filtered plane, 0 to 1, over a strip's rows of the full-size picture."""
        width = rgb.shape[1]
        found = (rows_of(self.slopes, band, height, width) * rgb).sum(2)
        found += rows_of(self.offset, band, height, width)
        return np.asarray(np.clip(found, 0, 1), np.float32)


def colour_coefficients(
    rgb: Floats, plane: Floats, radius: int, softness: float
) -> ColourCoefficients:
    """For a picture and a plane of its size: the filter's form for matting hair and leaves."""
    of_guide, of_plane = mean(rgb, radius), mean(plane, radius)
    covariance = mean(rgb * plane[..., None], radius) - of_guide * of_plane[..., None]
    spread = np.empty((*plane.shape, 3, 3), np.float32)
    for row in range(3):
        for column in range(row, 3):
            both = mean(np.ascontiguousarray(rgb[..., row] * rgb[..., column]), radius)
            both -= of_guide[..., row] * of_guide[..., column]
            spread[..., row, column] = spread[..., column, row] = both
    spread += np.float32(softness**2) * np.eye(3, dtype=np.float32)
    slopes = np.linalg.solve(spread, covariance[..., None])[..., 0]
    offset = of_plane - (slopes * of_guide).sum(2)
    return ColourCoefficients(
        mean(np.asarray(slopes, np.float32), radius), mean(np.asarray(offset, np.float32), radius)
    )


def base_layer(picture: Floats, radius_share: float, softness: float, side: int) -> Coefficients:
    """Of the picture's luma: its broad light without its detail.

    `radius_share` is of the longer side; the coefficients are found at `side` pixels of it.
    """
    small = luma(reduced(picture, side))
    radius = max(1, round(radius_share * max(small.shape)))
    return coefficients(small, small, radius, softness)
