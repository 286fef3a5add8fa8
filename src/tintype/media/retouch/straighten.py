"""Straighten: plumb lines upright and the horizon level, by turning the camera afterwards.

A picture that was taken with a camera held askew is the same light seen from the same place, so
one homography makes it the picture of a camera held well. What then lies outside the frame is cut
off: the largest rectangle of the picture's own ratio that is all picture is brought back to its
size. Measuring is `plumb`'s, and where it isn't sure nothing changes.
"""

from collections.abc import Callable
from itertools import combinations
from typing import Final

import cv2
import numpy as np

from tintype.media.finish.frame import bands, strip_rows
from tintype.media.retouch.lines import Floats, Plane, Wide
from tintype.media.retouch.plumb import Found, measure
from tintype.media.stopping import Stopped

KEPT_MIN: Final = 0.4
"""The share of the picture's area that has to stay; a correction that costs more isn't made."""


def straighten(
    rgb: Floats,
    *,
    vertical: bool = True,
    horizon: bool = True,
    canceled: Callable[[], bool],
) -> Floats:
    """The picture with its camera held upright; the very same array where nothing is to be done.

    `vertical` takes out the convergence of plumb lines, `horizon` the roll. Raises Stopped when
    `canceled` says so.
    """
    height, width = rgb.shape[:2]
    return straightened(rgb, correction(measure(rgb), width, height, vertical, horizon), canceled)


def correction(
    found: Found, width: int, height: int, vertical: bool = True, horizon: bool = True
) -> Wide | None:
    """The homography from pixels of the straightened picture to pixels of the given one.

    None where nothing is to be done: nothing sure was found, or too little would be kept.
    """
    if not found.sure or not (vertical or horizon):
        return None
    half = float(np.hypot(width, height)) / 2
    roll, pitch = np.radians(found.roll), np.radians(found.pitch)
    level = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    raise_eye = np.array(
        [[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]]
    )
    turn = raise_eye @ level if vertical else level
    if not horizon:
        turn = level.T @ turn
    pixels = np.array([[half, 0, (width - 1) / 2], [0, half, (height - 1) / 2], [0, 0, 1]])
    camera = pixels @ np.diag([found.focal, found.focal, 1.0])
    there = camera @ turn @ np.linalg.inv(camera)
    corners = np.array([(0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1)], float)
    inscribed = _largest(_mapped(there, corners), (width - 1) / 2, (height - 1) / 2)
    if inscribed is None:
        return None
    x, y, scale = inscribed
    if scale**2 < KEPT_MIN:
        return None
    cut = np.array(
        [[scale, 0, x - scale * (width - 1) / 2], [0, scale, y - scale * (height - 1) / 2],
         [0, 0, 1]]
    )  # fmt: skip
    return np.asarray(np.linalg.inv(there) @ cut)


def straightened(plane: Plane, back: Wide | None, canceled: Callable[[], bool]) -> Plane:
    """Colours or alpha through a `correction`, in strips.

    Lanczos alone is enough, since the cut is brought back to the full size: nowhere does the
    picture shrink by more than a tenth. Raises Stopped when `canceled` says so.
    """
    if back is None:
        return plane
    height, width = plane.shape[:2]
    made = np.empty_like(plane)
    for band in bands(height, strip_rows(width), 0):
        if canceled():
            raise Stopped
        shift = np.array([[1.0, 0, 0], [0, 1, band.top], [0, 0, 1]])
        made[band.write] = cv2.warpPerspective(
            plane,
            back @ shift,
            (width, band.bottom - band.top),
            flags=cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT_101,
        )
    if made.dtype != np.uint8:  # Lanczos overshoots; bytes are clipped by OpenCV.
        np.clip(made, 0, 1, out=made)
    return made


def moved(
    point: tuple[float, float], back: Wide | None, width: int, height: int
) -> tuple[float, float]:
    """Where a point of the picture (0..1 from the left and the top) lies after a `correction`."""
    if back is None:
        return point
    size = np.array([width - 1, height - 1], float)
    there = _mapped(np.asarray(np.linalg.inv(back)), np.array([point], float) * size)[
        0
    ] / np.maximum(size, 1)
    x, y = np.clip(there, 0, 1)
    return float(x), float(y)


def _mapped(homography: Wide, points: Wide) -> Wide:
    made = np.concatenate([points, np.ones((len(points), 1))], 1) @ homography.T
    return np.asarray(made[:, :2] / made[:, 2:])


def _largest(corners: Wide, wide: float, tall: float) -> tuple[float, float, float] | None:
    """The largest upright rectangle of half sides `wide` and `tall` in a convex quadrangle.

    Returns its middle and its scale. Each side of the quadrangle bounds the middle and the scale
    linearly, and the best lies where three of the bounds meet.
    """
    sides = np.roll(corners, -1, axis=0) - corners
    inward = np.stack([-sides[:, 1], sides[:, 0]], 1)
    inward /= np.linalg.norm(inward, axis=1, keepdims=True)
    # Inside a side means: the middle's distance to it is at least the scale times the reach.
    reach = np.abs(inward) @ (wide, tall)
    bound = np.concatenate([inward, -reach[:, None]], 1)
    least = np.sum(inward * corners, 1)
    best: tuple[float, float, float] | None = None
    for three in combinations(range(len(corners)), 3):
        rows = list(three)
        if abs(np.linalg.det(bound[rows])) < 1e-9:  # noqa: PLR2004
            continue
        x, y, scale = np.linalg.solve(bound[rows], least[rows])
        if np.all(bound @ (x, y, scale) >= least - 1e-6) and (best is None or scale > best[2]):
            best = float(x), float(y), float(scale)
    return best
