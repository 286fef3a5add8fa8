"""White: the light's colour found and taken out, or moved on purpose.

Finding it: what the scene's light makes of white is estimated on a small copy in linear light.
Shades of grey (Finlayson and Trezzi, 2004: a Minkowski mean of power 6, between grey world and
white patch) and grey edge (van de Weijer et al., 2007: the same of differences, so that large
coloured surfaces count little) say about where it is; then the heap of pixels nearest to there in
(log R/G, log B/G), light and even ones first, says it exactly, for rooms and backdrops are full of
white things. Where there is no such heap the correction is held back.

Moving it: von Kries adaptation in the Bradford cones (Lam, 1985), one matrix on linear light,
scaled so that white keeps its brightness. Blown lights stay white.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tintype.media.finish.frame import Band, Floats
from tintype.media.retouch.find_sky import sky_mask
from tintype.media.retouch.light import (
    LUMA,
    encoded,
    in_gamut,
    largest,
    linear,
    luma,
    reduced,
    smallest,
    strip_by_strip,
)
from tintype.media.stopping import Canceled

Matrix = NDArray[np.float64]

_SIDE: Final = 256
_DARK: Final = 0.02
"""Linear light below which noise has more colour than the scene."""
_BLOWN: Final = 0.97
"""Code value from which on a channel may have been cut."""
_POWER: Final = 6
_CELLS: Final = 96
_REACH: Final = 0.96
"""How far from grey light is looked for, in natural logarithms of R/G and B/G."""
_NEAR: Final = 0.5
_COMMON: Final = 0.42
"""Deviation of the colours of light that pictures have, in the same unit."""
_PEAK_REACH: Final = 0.05
_BRIGHT_FROM: Final = 0.8
"""The quantile of luminance from which on places count as equally bright."""
_AREA_COUNTS: Final = 0.5
_BRIGHTNESS_COUNTS: Final = 5.0
_SURE_SHARE: Final = 0.03
_XYZ: Final = np.array(
    [
        [0.4123907993, 0.3575843394, 0.1804807884],
        [0.2126390059, 0.7151686788, 0.0721923154],
        [0.0193308187, 0.1191947798, 0.9505321522],
    ]
)
_BRADFORD: Final = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
_TO_CONES: Final = _BRADFORD @ _XYZ
_WARMEST_MIRED: Final = 55.0
_TINT_MAX: Final = 0.07
_DAYLIGHT_KELVIN: Final = 6504.0


@dataclass(frozen=True, slots=True)
class Light:
    """What white looks like under the scene's light: linear red, green and blue, green is 1.

    `sure` is 0 where nothing in the picture tells it, and 1 where much of it does.
    """

    red: float
    blue: float
    sure: float

    @property
    def colour(self) -> Matrix:
        return np.array([self.red, 1.0, self.blue])


def white_balance(picture: Floats, *, amount: float, canceled: Canceled) -> None:
    """Take out the cast of the scene's light, as far as it can be told."""
    found = light_of(picture)
    adapt(picture, adaptation(found.colour, amount * found.sure), canceled)


def temperature(picture: Floats, *, amount: float, canceled: Canceled) -> None:
    """Cooler (below 0) or warmer, along the colours of glowing bodies and daylight."""
    mired = 1e6 / _DAYLIGHT_KELVIN + _WARMEST_MIRED * amount
    warm = _glow(1e6 / mired) / _glow(_DAYLIGHT_KELVIN)
    adapt(picture, adaptation(warm / warm[1], -1.0), canceled)


def tint(picture: Floats, *, amount: float, canceled: Canceled) -> None:
    """Greener (below 0) or more magenta, across the colours of daylight."""
    less_green = np.array([1.0, 1 - _TINT_MAX * amount, 1.0])
    adapt(picture, adaptation(less_green / less_green[1], -1.0), canceled)


def adapt(picture: Floats, matrix: Matrix, canceled: Canceled) -> None:
    """Every colour's linear light through the matrix; what is blown in all channels stays."""

    def work(rgb: Floats, _band: Band) -> Floats:
        least = smallest(rgb)
        moved = encoded(in_gamut(np.asarray(cv2.transform(linear(rgb), matrix), np.float32)))
        if float(least.max()) < _BLOWN - 0.05:
            return moved
        kept = np.clip((least - (_BLOWN - 0.03)) / np.float32(1 - (_BLOWN - 0.03)), 0, 1)
        return np.asarray(moved + (rgb - moved) * cv2.merge((kept, kept, kept)), np.float32)

    strip_by_strip(picture, canceled, work)


def adaptation(light: Matrix, amount: float) -> Matrix:
    """The matrix that takes light of this colour to white; -1 for `amount` does the reverse.

    White keeps its luminance on the way to where it goes.
    """
    cones = _TO_CONES @ light
    white = _TO_CONES @ np.ones(3)
    gains = (white / cones) ** amount
    matrix: Matrix = np.linalg.inv(_TO_CONES) @ np.diag(gains) @ _TO_CONES
    # For taking a cast out it is the cast light whose luminance stays, else it is white's.
    kept = light ** max(amount, 0.0)
    kept = kept / float(LUMA[0] @ kept)
    return matrix / float(LUMA[0] @ (matrix @ kept))


def light_of(picture: Floats) -> Light:
    """The colour of the scene's light, from a small copy of the picture."""
    small = reduced(picture, _SIDE)
    light = linear(small)
    usable = (largest(small) < _BLOWN) & (smallest(light) > _DARK / 4) & (luma(light) > _DARK)
    if usable.mean() < 0.02:  # noqa: PLR2004
        return Light(1.0, 1.0, 0.0)
    about = (_shades_of_grey(light[usable]) + _grey_edge(light, usable)) / 2
    ratios = np.log(light[usable][:, ::2] / light[usable][:, 1:2])
    # The sky's colour is its own, and it may be the lightest and calmest thing there is.
    sky = sky_mask(small)
    weights = _evenness(light)[usable] * np.where(sky[usable], np.float32(0.1), np.float32(1))
    level = luma(light)[usable]
    bright = np.minimum(level / np.quantile(level, _BRIGHT_FROM), 1)
    return _heap(ratios, weights, np.asarray(bright, np.float32), about)


def _shades_of_grey(light: Floats) -> Matrix:
    """(log R/G, log B/G) of the Minkowski mean."""
    strong = np.power(np.asarray(light, np.float64), _POWER).mean(0) ** (1 / _POWER)
    return _ratio(strong)


def _grey_edge(light: Floats, usable: NDArray[np.bool_]) -> Matrix:
    smooth = cv2.GaussianBlur(light, (0, 0), 1.0)
    down, across = cv2.Sobel(smooth, cv2.CV_32F, 0, 1), cv2.Sobel(smooth, cv2.CV_32F, 1, 0)
    edges = np.asarray(cv2.magnitude(down, across), np.float64)
    inner = cv2.erode(usable.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    if not inner.any():
        return np.zeros(2)
    return _ratio(np.power(edges[inner], _POWER).mean(0) ** (1 / _POWER) + 1e-9)


def _ratio(colour: Matrix) -> Matrix:
    ratio: Matrix = np.log(colour[::2] / colour[1])
    return ratio


def _evenness(light: Floats) -> Floats:
    """1 where a place is like those beside it, less at edges, whose colours are mixed."""
    spread = cv2.Laplacian(np.log(np.maximum(luma(light), _DARK / 4)), cv2.CV_32F)
    return np.asarray(1 / (1 + np.square(np.asarray(spread) / np.float32(0.15))), np.float32)


def _heap(ratios: Floats, weights: Floats, bright: Floats, about: Matrix) -> Light:
    """The weightiest heap of near-equal colours that lies where light may be.

    A heap's area counts for less than how bright it is: a white ceiling is small before a painted
    wall, but white is the brightest paint there is.
    """
    counts, light = _histogram(ratios, weights), _histogram(ratios, weights * bright)
    heap = counts**_AREA_COUNTS * (light / np.maximum(counts, 1e-9)) ** _BRIGHTNESS_COUNTS
    axis = (np.arange(_CELLS) + 0.5) / _CELLS * 2 * _REACH - _REACH
    red, blue = np.meshgrid(axis, axis, indexing="ij")
    off = (red - about[0]) ** 2 + (blue - about[1]) ** 2
    # Light runs from warm to cool far more than from green to magenta.
    along, across = (red - blue) / 2, (red + blue) / 2
    common = (along / _COMMON) ** 2 + (across / (_COMMON / 2)) ** 2
    likely = heap * np.exp(-off / (2 * _NEAR**2) - common / 2)
    peak = np.unravel_index(int(likely.argmax()), likely.shape)
    centre = np.array([axis[peak[0]], axis[peak[1]]])
    for _ in range(3):
        near = np.exp(-np.square(ratios - centre).sum(1) / (2 * (_PEAK_REACH / 2) ** 2)) * weights
        if near.sum() <= 0:
            return Light(1.0, 1.0, 0.0)
        centre = (ratios * near[:, None]).sum(0) / near.sum()
    share = float(near.sum() / weights.sum())
    found = np.exp(centre)
    return Light(float(found[0]), float(found[1]), float(np.clip(share / _SURE_SHARE, 0, 1)))


def _histogram(ratios: Floats, weights: Floats) -> Matrix:
    counts, _, _ = np.histogram2d(
        ratios[:, 0], ratios[:, 1], bins=_CELLS, range=[[-_REACH, _REACH]] * 2, weights=weights
    )
    return np.asarray(cv2.GaussianBlur(counts.astype(np.float32), (0, 0), 1.0), np.float64)


def _glow(kelvin: float) -> Matrix:
    """Linear sRGB of a glowing body, by Kim et al.'s cubic of the Planckian locus (2002)."""
    t = 1e3 / kelvin
    if kelvin <= 4000:  # noqa: PLR2004
        x = -0.2661239 * t**3 - 0.2343589 * t**2 + 0.8776956 * t + 0.179910
    else:
        x = -3.0258469 * t**3 + 2.1070379 * t**2 + 0.2226347 * t + 0.240390
    if kelvin <= 2222:  # noqa: PLR2004
        y = -1.1063814 * x**3 - 1.34811020 * x**2 + 2.18555832 * x - 0.20219683
    elif kelvin <= 4000:  # noqa: PLR2004
        y = -0.9549476 * x**3 - 1.37418593 * x**2 + 2.09137015 * x - 0.16748867
    else:
        y = 3.0817580 * x**3 - 5.87338670 * x**2 + 3.75112997 * x - 0.37001483
    seen: Matrix = np.linalg.inv(_XYZ) @ np.array([x / y, 1.0, (1 - x - y) / y])
    return seen
