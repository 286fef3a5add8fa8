"""The long edges of a picture as chains of points, exact to a fraction of a pixel.

Segments are straight by definition; a lens that bends lines shows in edges that are followed
without that expectation. Chains are the connected pixels of Canny's edges whose gradients point
one way, moved onto the crest of the gradient (Devernay, 1995).
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tintype.media.retouch.lines import Wide

_BLUR: Final = 1.0
_WEAK, _STRONG = 2.0, 5.0
"""Canny's thresholds, in grey levels per pixel: low, for two walls of one paint."""
_MOST: Final = 250
_SIDE_MIN: Final = 32


@dataclass(frozen=True, slots=True)
class Chain:
    """`points` (N, 2) in half diagonals from the picture's middle, x to the right and y down.

    `pixel` is a pixel of the measured copy in the same unit.
    """

    points: Wide
    pixel: float


def chains(grey: NDArray[np.uint8], shortest: float) -> list[Chain]:
    """The longest edges, none shorter than `shortest` half diagonals; at most 250."""
    height, width = grey.shape
    if min(height, width) < _SIDE_MIN:
        return []
    half = float(np.hypot(width, height)) / 2
    soft = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), _BLUR)
    across = np.asarray(cv2.Scharr(soft, cv2.CV_32F, 1, 0), np.float32) / 32
    down = np.asarray(cv2.Scharr(soft, cv2.CV_32F, 0, 1), np.float32) / 32
    scale = np.float32(64)
    edges = cv2.Canny(
        np.asarray(across * scale, np.int16), np.asarray(down * scale, np.int16),
        _WEAK * float(scale), _STRONG * float(scale), L2gradient=True,
    ) > 0  # fmt: skip
    steep = np.hypot(across, down)
    made: list[tuple[float, Chain]] = []
    # Upright edges and level ones, light to dark and dark to light, are followed apart from each
    # other, so that a chain ends in the corner of a window frame.
    for main, other, upright in ((across, down, True), (down, across, False)):
        for sign in (1, -1):
            mask = edges & (main * sign >= np.abs(other))
            made += _followed(mask, steep, upright, shortest * half, half)
    made.sort(key=lambda pair: -pair[0])
    return [chain for _, chain in made[:_MOST]]


def _followed(
    mask: NDArray[np.bool_], steep: NDArray[np.float32], upright: bool, shortest: float, half: float
) -> list[tuple[float, Chain]]:
    """The chains of one direction with their lengths in pixels."""
    height, width = mask.shape
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(
        mask.astype(np.uint8), connectivity=8
    )
    long = np.maximum(boxes[:, cv2.CC_STAT_WIDTH], boxes[:, cv2.CC_STAT_HEIGHT]) >= shortest
    long[0] = False
    rows, columns = np.nonzero(long[labels])
    inside = (rows > 0) & (rows < height - 1) & (columns > 0) & (columns < width - 1)
    rows, columns = rows[inside], columns[inside]
    owner = labels[rows, columns]
    step = (0, 1) if upright else (1, 0)
    before = steep[rows - step[0], columns - step[1]]
    here = steep[rows, columns]
    after = steep[rows + step[0], columns + step[1]]
    curve = before - 2 * here + after
    crest = np.where(curve < 0, (before - after) / (2 * np.minimum(curve, -1e-6)), 0)
    crest = np.clip(crest, -1, 1)
    points = np.stack([columns + step[1] * crest, rows + step[0] * crest], 1)
    points = (points - ((width - 1) / 2, (height - 1) / 2)) / half
    order = np.argsort(owner, kind="stable")
    ends = np.searchsorted(owner[order], np.arange(count + 1))
    return [
        (float(ends[number + 1] - ends[number]), Chain(points[order[a:b]], 1 / half))
        for number in np.nonzero(long)[0]
        if (b := ends[number + 1]) - (a := ends[number]) >= shortest
    ]
