"""OKLab: lightness and two colour axes in which equal steps look equally large.

Ottosson, "A perceptual color space for image processing" (2020). Lightness is 0 to 1; the axes run
from green to red and from blue to yellow, and real things stay within 0.3 of grey.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tintype.media.finish.frame import Floats
from tintype.media.retouch.light import encoded, largest, linear, smallest

_TO_CONES: Final = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB: Final = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_CONES: Final = np.linalg.inv(_TO_CONES)
_FROM_LAB: Final = np.linalg.inv(_TO_LAB)
_NEAR: Final = 1e-4
"""Linear light by which a colour may lie outside of the gamut before it counts."""
_HALVINGS: Final = 7


def oklab(rgb: Floats) -> Floats:
    """(H, W, 3) of sRGB-encoded colours."""
    cones = np.asarray(cv2.transform(linear(rgb), _TO_CONES), np.float32)
    return np.asarray(cv2.transform(np.cbrt(cones), _TO_LAB), np.float32)


def from_oklab(lab: Floats) -> Floats:
    """sRGB-encoded colours; those beyond the gamut keep hue and brightness and lose chroma."""
    light = _light(lab)
    outside = (largest(light) > 1 + _NEAR) | (smallest(light) < -_NEAR)
    if outside.any():
        light[outside] = _fitted(lab[outside][:, None])[:, 0]
    return encoded(light)


def _light(lab: Floats) -> Floats:
    cones = np.asarray(cv2.transform(lab, _FROM_LAB), np.float32)
    return np.asarray(cv2.transform(cones * cones * cones, _FROM_CONES), np.float32)


def _fitted(lab: Floats) -> Floats:
    """Linear light with as much of the chroma as the gamut has room for at this hue and lightness.

    Found by halving: drawing towards grey in linear light would turn reds to magenta.
    """
    lab[..., 0] = np.clip(lab[..., 0], 0, 1)
    low, high = np.zeros(lab.shape[:2], np.float32), np.ones(lab.shape[:2], np.float32)
    tried = lab.copy()
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        tried[..., 1:] = lab[..., 1:] * middle[..., None]
        light = _light(tried)
        fits = (largest(light) <= 1 + _NEAR) & (smallest(light) >= -_NEAR)
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    tried[..., 1:] = lab[..., 1:] * low[..., None]
    return _light(tried)


def colour_of(text: str) -> NDArray[np.float64]:
    """OKLab of `#rrggbb`."""
    bytes_of = [int(text[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    pixel = np.array([[bytes_of]], np.float32)
    return np.asarray(oklab(pixel)[0, 0], np.float64)


def hue_degrees(lab: Floats) -> Floats:
    """0 to 360: red is about 29, yellow 110, green 142, blue 264."""
    _, red, yellow = cv2.split(lab)
    return np.asarray(cv2.phase(red, yellow, angleInDegrees=True), np.float32)


def chroma(lab: Floats) -> Floats:
    _, red, yellow = cv2.split(lab)
    return np.asarray(cv2.magnitude(red, yellow), np.float32)


def near_hue(hue: Floats, middle: float, half: float, soft: float) -> Floats:
    """1 within `half` degrees of `middle`, falling to 0 over `soft` more."""
    away = np.abs((hue - np.float32(middle) + 180) % 360 - 180)
    return np.asarray(np.clip((half + soft - away) / soft, 0, 1), np.float32)
