"""How near one picture is to another, in three ways: colour, fine detail, colourfulness.

`distance` is what "nearer the original" means in the tests and the benchmark of `clean`.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])
_BLOCK = 16


@dataclass(frozen=True)
class Distance:
    """Three distances to the original, each 0 for the original itself.

    `colour`: mean CIEDE2000. `detail`: how far the energy of fine luma detail is from the
    original's in textured blocks, as the mean absolute natural logarithm of the ratio.
    `colourfulness`: difference of Hasler and Süsstrunk's M (2003).
    """

    colour: float
    detail: float
    colourfulness: float


def distance(original: Bytes, other: Bytes) -> Distance:
    """Of two pictures of equal size."""
    return Distance(
        colour_distance(original, other),
        detail_distance(original, other),
        abs(colourfulness(original) - colourfulness(other)),
    )


def colour_distance(original: Bytes, other: Bytes) -> float:
    """Mean CIEDE2000 over every second row and column, a quarter of the work for the same mean."""
    return float(ciede2000(lab(original[::2, ::2]), lab(other[::2, ::2])).mean())


def lab(pixels: Bytes) -> NDArray[np.float64]:
    """CIELAB under D65 of 8-bit sRGB."""
    table = np.arange(256) / 255
    table = np.where(table <= 0.04045, table / 12.92, ((table + 0.055) / 1.055) ** 2.4)
    ratio = table[pixels] @ _XYZ.T / _WHITE
    root = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = root[..., 0], root[..., 1], root[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def ciede2000(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """The colour difference of CIE 142-2001 between Lab colours in the last axis.

    As written out by Sharma, Wu and Dalal, "The CIEDE2000 Color-Difference Formula:
    Implementation Notes, Supplementary Test Data, and Mathematical Observations" (2005).
    """
    (l1, a1, b1), (l2, a2, b2) = np.moveaxis(one, -1, 0), np.moveaxis(other, -1, 0)
    chroma7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    stretch = 1.5 - 0.5 * np.sqrt(chroma7 / (chroma7 + 25.0**7))
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    grey = c1 * c2 == 0
    turn = np.where(grey, 0, (h2 - h1 + 180) % 360 - 180)
    turn = np.where((turn == -180) & (h2 > h1), 180, turn)
    dl, dc = l2 - l1, c2 - c1
    dh = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2)
    lm, cm = (l1 + l2) / 2, (c1 + c2) / 2
    apart = np.abs(h1 - h2) > 180
    hm = np.where(apart, np.where(h1 + h2 < 360, h1 + h2 + 360, h1 + h2 - 360), h1 + h2) / 2
    hm = np.where(grey, h1 + h2, hm)
    t = (
        1
        - 0.17 * np.cos(np.radians(hm - 30))
        + 0.24 * np.cos(np.radians(2 * hm))
        + 0.32 * np.cos(np.radians(3 * hm + 6))
        - 0.20 * np.cos(np.radians(4 * hm - 63))
    )
    sl = 1 + 0.015 * (lm - 50) ** 2 / np.sqrt(20 + (lm - 50) ** 2)
    sc, sh = 1 + 0.045 * cm, 1 + 0.015 * cm * t
    rc = 2 * np.sqrt(cm**7 / (cm**7 + 25.0**7))
    rt = -np.sin(np.radians(60 * np.exp(-(((hm - 275) / 25) ** 2)))) * rc
    return np.sqrt((dl / sl) ** 2 + (dc / sc) ** 2 + (dh / sh) ** 2 + rt * (dc / sc) * (dh / sh))


def colourfulness(pixels: Bytes) -> float:
    """Hasler and Süsstrunk's M, "Measuring Colourfulness in Natural Images" (2003)."""
    red, green, blue = np.moveaxis(pixels.astype(np.float64), -1, 0)
    one, two = red - green, (red + green) / 2 - blue
    return float(np.hypot(one.std(), two.std()) + 0.3 * np.hypot(one.mean(), two.mean()))


def fine_energy(pixels: Bytes) -> NDArray[np.float64]:
    """Mean square of luma's finest detail (above a Gaussian of 1 pixel), per block of 16."""
    luma = pixels.astype(np.float64) @ [0.299, 0.587, 0.114]
    fine = (luma - cv2.GaussianBlur(luma, (0, 0), 1.0)) ** 2
    high, wide = (side // _BLOCK * _BLOCK for side in fine.shape)
    blocks = fine[:high, :wide].reshape(high // _BLOCK, _BLOCK, wide // _BLOCK, _BLOCK)
    return blocks.mean((1, 3))


def detail_distance(original: Bytes, other: Bytes) -> float:
    """Of the blocks textured in the original; one unit of noise is added against empty ones.

    Textured: more fine detail than a clean sensor's noise, without the tenth with the most,
    which is outlines rather than texture. Not a number where there is no such block.
    """
    wanted, found = fine_energy(original), fine_energy(other)
    textured = (wanted > 2.0) & (wanted <= np.quantile(wanted, 0.9))
    if not textured.any():
        return float("nan")
    return float(np.abs(np.log((found[textured] + 0.5) / (wanted[textured] + 0.5))).mean())
