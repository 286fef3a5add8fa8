"""Is there a halo beside the edges, how strong and how wide? Read from the profiles of edges.

Unsharp masking with amount `a` and radius `s` turns a step of height 1 into
``step(t) + a * (step(t) - Phi(t / s))``: on both sides the plateau is overshot by up to `a / 2`,
and the overshoot fades as the normal distribution does. So brightness is sampled across many
edges that stand alone between two calm sides, the median profile is taken, and `a` and `s` are
fitted to it. Both sides must show it, and the weaker one is believed: a lamp's glow, a round
form's shading and a shadow's end look like half a halo, and photographs are full of them.
"""

from dataclasses import dataclass
from math import erf, sqrt
from typing import Final

import cv2
import numpy as np

from tintype.media.finish.frame import Floats
from tintype.media.finish.frame_planes import ramp

_REACH: Final = 20
_EDGES_MAX: Final = 4000
_EDGES_ENOUGH: Final = 12
_STEP_LEVELS_MIN: Final = 20.0
_SLOPE_LEVELS_MIN: Final = 4.0
_CALM: Final = 0.07
_OPEN_LEVELS: Final = (5, 250)
_RADII: Final = (2.0, 3.0, 4.5, 6.5, 9.0)
_AMOUNT_MAX: Final = 1.2
_NEAR: Final = 3
"""Nearer to the edge than this, its own softness and ordinary capture sharpening show."""

_OFFSETS: Final = np.arange(-_REACH, _REACH + 1, dtype=np.float32)
_FADES: Final = {
    radius: np.array([0.5 - 0.5 * erf(t / radius / sqrt(2)) for t in range(_NEAR, _REACH + 1)])
    for radius in _RADII
}


@dataclass(frozen=True, slots=True)
class Halo:
    """`amount`: the unsharp mask's gain, 0 for none. `pixels`: its Gaussian's sigma."""

    amount: float
    pixels: float


def measure_halo(luma: Floats) -> Halo:
    """Of luma 0 to 255. Small amounts, and those of few edges, count for less than they measure."""
    profiles = _lone_profiles(luma)
    if len(profiles) < _EDGES_ENOUGH:
        return Halo(0.0, _RADII[1])
    profile = np.median(profiles, axis=0)
    bright, dark = profile[_REACH + _NEAR :], profile[_REACH - _NEAR :: -1]
    best, amount, pixels = np.inf, 0.0, _RADII[1]
    for radius, fade in _FADES.items():
        design = np.stack([np.ones_like(fade), fade], 1)
        upper, _, _, _ = np.linalg.lstsq(design, bright, rcond=None)
        lower, _, _, _ = np.linalg.lstsq(design, dark, rcond=None)
        misfit = float(
            np.square(design @ upper - bright).sum() + np.square(design @ lower - dark).sum()
        )
        if misfit < best:
            step = max(float(upper[0] - lower[0]), 0.2)
            best, pixels = misfit, radius
            amount = min(float(upper[1]), -float(lower[1])) / step
    trust = len(profiles) / (len(profiles) + _EDGES_ENOUGH)
    amount = max(0.0, amount) * trust * ramp(amount, 0.05, 0.25)
    return Halo(min(_AMOUNT_MAX, amount), pixels)


def _lone_profiles(luma: Floats) -> Floats:
    """Brightness across edges, scaled so that 0 and 1 are the plateaus beside each."""
    height, width = luma.shape
    if min(height, width) <= 2 * _REACH + 2:
        return np.zeros((0, 2 * _REACH + 1), np.float32)
    soft = cv2.GaussianBlur(luma, (0, 0), 1.0)
    down = cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=1 / 8)
    right = cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=1 / 8)
    slope = cv2.magnitude(right, down)
    crest = (slope >= cv2.dilate(slope, np.ones((5, 5), np.uint8))) & (slope > _SLOPE_LEVELS_MIN)
    crest[: _REACH + 1] = crest[-_REACH - 1 :] = False
    crest[:, : _REACH + 1] = crest[:, -_REACH - 1 :] = False
    rows, columns = np.nonzero(crest)
    order = np.argsort(-slope[rows, columns], kind="stable")[:_EDGES_MAX]
    rows, columns = rows[order], columns[order]
    steep = slope[rows, columns]
    across = columns[:, None] + _OFFSETS * (right[rows, columns] / steep)[:, None]
    along = rows[:, None] + _OFFSETS * (down[rows, columns] / steep)[:, None]
    if not len(rows):
        return np.zeros((0, 2 * _REACH + 1), np.float32)
    profiles = cv2.remap(
        luma, across.astype(np.float32), along.astype(np.float32), cv2.INTER_LINEAR
    )
    low = profiles[:, _REACH - 6 : _REACH - 2].mean(1)
    step = profiles[:, _REACH + 3 : _REACH + 7].mean(1) - low
    change = np.abs(np.diff(profiles, axis=1))
    change[:, _REACH - 4 : _REACH + 4] = 0
    calm = change.max(1) < _CALM * step + 1
    # A clipped side can't overshoot, so it would testify against a halo that is there.
    open_ended = (profiles.min(1) > _OPEN_LEVELS[0]) & (profiles.max(1) < _OPEN_LEVELS[1])
    kept = calm & open_ended & (step > _STEP_LEVELS_MIN)
    scaled: Floats = (profiles[kept] - low[kept, None]) / step[kept, None]
    return scaled
