"""OpenCV's filters with the types that we work in: floats in, floats out."""

from typing import Any

import cv2
import numpy as np

from tintype.media.finish.frame import Bytes, Floats


def blurred(values: Any, across: float, down: float | None = None) -> Floats:
    """A Gaussian of deviation `across`, and `down` where that differs, in pixels."""
    low = across if down is None else down
    return floats(cv2.GaussianBlur(floats(values), (0, 0), sigmaX=across, sigmaY=low))


def floats(values: Any) -> Floats:
    return np.asarray(values, np.float32)


def resized(values: Any, columns: int, rows: int, how: int = cv2.INTER_LINEAR) -> Floats:
    return np.asarray(cv2.resize(floats(values), (columns, rows), interpolation=how), np.float32)


def components(mask: Bytes) -> tuple[int, Any, Any]:
    """Pieces of a mask: their number, 0 being what is in none; each pixel's; their `CC_STAT_`s."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    return count, labels, stats


def gradient(values: Any) -> Floats:
    """How fast values grow to the right and down, (H, W, 2)."""
    right: Any = cv2.Sobel(floats(values), cv2.CV_32F, 1, 0, ksize=3, scale=0.125)
    down: Any = cv2.Sobel(floats(values), cv2.CV_32F, 0, 1, ksize=3, scale=0.125)
    return np.asarray(np.dstack((right, down)), np.float32)


def distances(mask: Any) -> Floats:
    """Of each pixel that is not 0, how far the nearest 0 is."""
    return np.asarray(cv2.distanceTransform(mask, cv2.DIST_L2, 5), np.float32)
