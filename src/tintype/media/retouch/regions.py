"""Regions of a picture, drawn softly to its edges; and those where something grows.

A region is decided on a small copy by what is particular to it: its place, its colours, how calm
or how textured it is, what it is connected with. A guided filter over the picture's colours then
draws it to the edges, so that it ends with the roof and lets branches through. None is found where
nothing is sure; the sky has a file of its own, `find_sky`.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tintype.media.finish.frame import Band, Floats
from tintype.media.retouch.guided import ColourCoefficients, colour_coefficients, mean
from tintype.media.retouch.light import reduced
from tintype.media.retouch.oklab import chroma, hue_degrees, near_hue, oklab
from tintype.media.sketch.arrays import components, resized

Mask = NDArray[np.bool_]

SIDE: Final = 320
"""The longer side of the copy on which regions are found."""
EDGE_SIDE: Final = 1000
"""That of the copy on which their edges are drawn."""
SURE: Final = 0.5
OUTDOORS: Final = 0.1
"""The share of the picture that leaves and grass take outdoors, and no house plant does."""
_GREEN: Final = (122.0, 24.0, 14.0)
_DRY: Final = (88.0, 16.0, 10.0)
_TEXTURED: Final = 0.008
_GREEN_SHARE_MIN: Final = 0.01
_LAWN_PIECE_MIN: Final = 0.012
_GAPS: Final = (0.08, 0.11)
"""The contrast of lightness from which grass gives way to leaves: about 0.05 and 0.13."""


@dataclass(frozen=True, slots=True)
class Region:
    """Where something is: `share` of the picture, from `top` to `bottom` (shares of its height)."""

    edges: ColourCoefficients
    rough: Floats
    share: float
    top: float
    bottom: float

    def at(self, rgb: Floats, band: Band, height: int) -> Floats:
        """0 outside to 1 inside, over a strip's rows of the picture that it was found in."""
        # The filter's plane is never quite 0 or 1 in calm places: what is all but sure is made so.
        return np.asarray(
            np.clip((self.edges.at(rgb, band, height) - 0.06) / 0.88, 0, 1), np.float32
        )


def greenery_of(picture: Floats, seen: Floats | None = None) -> Region | None:
    """Leaves and grass, wherever they are.

    They are looked for in `seen`, the picture as it was (None for itself), and drawn to the edges
    of what the picture has become.
    """
    seen = picture if seen is None else seen
    return _green_region(picture, seen, green(oklab(reduced(seen, SIDE))), dry=False)


def lawn_of(picture: Floats, seen: Floats | None = None) -> Region | None:
    """Grass on the ground, dry patches beside green ones too; `seen` as for `greenery_of`."""
    seen = picture if seen is None else seen
    lab = oklab(reduced(seen, SIDE))
    growing = green(lab)
    height, width = growing.shape
    light = np.asarray(lab[..., 0], np.float32)
    textured = spread(light, 2) > _TEXTURED
    element = np.ones((max(3, height // 12),) * 2, np.uint8)
    beside = cv2.dilate((growing > SURE).astype(np.uint8), element) > 0
    grass = np.maximum(growing, _colour_of(lab, dry=True) * (textured & beside))
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    grass = grass * np.clip((down - 0.48) / 0.12, 0, 1) * _open(light)
    count, labels, stats = components((grass > SURE).astype(np.uint8))
    large = stats[1:count, cv2.CC_STAT_AREA] > _LAWN_PIECE_MIN * height * width
    pieces = np.isin(labels, 1 + np.flatnonzero(large))
    return _green_region(picture, seen, np.asarray(grass * pieces, np.float32), dry=True)


def _open(light: Floats) -> Floats:
    """1 where there are no dark gaps, as between a tree's leaves; a shadow's edge is none."""
    contrast = spread(light, 3) / np.maximum(mean(light, 3), 0.15)
    least = cv2.erode(np.asarray(contrast, np.float32), np.ones((5, 5), np.uint8))
    low, high = _GAPS
    gaps = mean(np.asarray(least, np.float32), 4)
    return np.asarray(np.clip((high - gaps) / (high - low), 0, 1), np.float32)


def is_green(picture: Floats) -> bool:
    """Whether so much grows in it that it was taken out of doors."""
    return bool(green(oklab(reduced(picture, SIDE))).mean() > OUTDOORS)


def green(lab: Floats) -> Floats:
    """How much every place of a small picture, in OKLab, is leaves or grass."""
    # A wall or a bottle is as green, and smooth; leaves and grass are not, from near or far. Where
    # windows are on it, a wall is still smooth between them.
    light = np.asarray(lab[..., 0], np.float32)
    rough = spread(light - mean(light, 2), 1) / np.maximum(light, 0.15)
    least = cv2.erode(np.asarray(rough, np.float32), np.ones((5, 5), np.uint8))
    alive = np.clip((mean(np.asarray(least, np.float32), 4) - 0.0035) / 0.005, 0, 1)
    return np.asarray(_colour_of(lab, dry=False) * alive, np.float32)


def _colour_of(lab: Floats, *, dry: bool) -> Floats:
    """How much a place has the colour of leaves and grass, or of dry grass too."""
    strength, hue = chroma(lab), hue_degrees(lab)
    alike = near_hue(hue, *_GREEN) * np.clip((strength - 0.025) / 0.03, 0, 1)
    if dry:
        alike = np.maximum(alike, near_hue(hue, *_DRY) * np.clip((strength - 0.03) / 0.02, 0, 1))
    return np.asarray(alike * np.clip((lab[..., 0] - 0.1) / 0.1, 0, 1), np.float32)


def _green_region(picture: Floats, seen: Floats, mask: Floats, *, dry: bool) -> Region | None:
    if mask.mean() < _GREEN_SHARE_MIN:
        return None
    # What was found in a small copy reaches over its edges there: the colour says where they are.
    large = reduced(seen, EDGE_SIDE)
    height, width = large.shape[:2]
    near = resized(cv2.dilate(mask, np.ones((3, 3), np.uint8)), width, height)
    colour = mean(_colour_of(oklab(large), dry=dry), 1)
    return region(picture, np.asarray(np.clip(near * 1.2, 0, 1) * colour, np.float32))


def region(picture: Floats, mask: Floats) -> Region:
    """A mask, of any size, drawn to the picture's edges."""
    guide = reduced(picture, EDGE_SIDE)
    height, width = guide.shape[:2]
    plane = np.clip(resized(mask, width, height), 0, 1)
    radius = max(2, round(max(height, width) / 120))
    edges = colour_coefficients(guide, plane, radius, 0.02)
    rows = np.flatnonzero(mask.max(1) > SURE)
    top, bottom = (rows[0], rows[-1] + 1) if len(rows) else (0, 0)
    return Region(edges, plane, float(mask.mean()), top / len(mask), bottom / len(mask))


def spread(plane: Floats, radius: int) -> Floats:
    """The deviation in the square around every place."""
    level = mean(plane, radius)
    return np.asarray(
        np.sqrt(np.maximum(mean(plane * plane, radius) - level * level, 0)), np.float32
    )
