"""What a sensor or a film adds to the light: noise that grows with it, and film's halation.

The noise model is the photon transfer curve of EMVA Standard 1288: variance = signal / white
electrons + (read noise / white electrons)^2, with signal 1 at white. Foi et al., "Practical
Poissonian-Gaussian noise modeling and fitting for single-image raw data" (2008), justify the
Gaussian in place of the Poisson at such counts. How neighbours are alike is `realistic_grain`.
"""

from collections.abc import Iterable
from typing import Any, Final

import cv2
import numpy as np

from tintype.media.finish.frame import Bytes, Floats
from tintype.media.finish.realistic_scratch import Scratch
from tintype.media.finish.realistic_tone import linear

_GLOW_SIDE: Final = 512
_GLOW_FROM: Final = 0.75
_GLOW_SIGMA: Final = 0.007  # Of the longer side: a quarter of a millimetre on 35 mm film.
_GLOW_GREEN: Final = 0.25


def add_noise(
    planes: list[Floats],
    noise: Iterable[Floats],
    scratch: Scratch,
    *,
    white_electrons: float,
    read_noise: float,
) -> None:
    """Add to each plane of linear light, in place, its noise at the level its light asks for.

    `noise` has unit variance; `white_electrons` and `read_noise` are of one pixel.
    """
    shot = np.float32(1 / white_electrons)
    floor = np.float32((read_noise / white_electrons) ** 2)
    sigma = scratch.floats("sigma", len(planes[0]))
    for plane, unit in zip(planes, noise, strict=True):
        np.multiply(plane, shot, out=sigma)
        sigma += floor
        np.sqrt(sigma, out=sigma)
        sigma *= unit
        np.add(plane, sigma, out=plane)


def glow(pixels: Bytes) -> Floats:
    """Where highlights shine through film and back from its base: a small map of their light.

    Around them, not in them; nothing below `_GLOW_FROM` of white shines. `halate` draws it larger.
    """
    height, width = pixels.shape[:2]
    pace = glow_pace(width, height)
    size = (max(1, width // pace), max(1, height // pace))
    # Whole blocks of pixels: what is left over at two sides is too thin to shine.
    blocks = pixels[: size[1] * pace, : size[0] * pace]
    small: Any = cv2.resize(blocks, size, interpolation=cv2.INTER_AREA)
    light = linear(small).mean(axis=2)
    light -= np.float32(_GLOW_FROM)
    light *= np.float32(1 / (1 - _GLOW_FROM))
    np.clip(light, 0, 1, out=light)
    sigma = _GLOW_SIGMA * max(size)
    around: Any = cv2.GaussianBlur(light, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    around *= 1 - light
    return around  # type: ignore[no-any-return]


def glow_pace(width: int, height: int) -> int:
    """How many of the picture's pixels to each side make one of `glow`'s."""
    return max(1, max(width, height) // _GLOW_SIDE)


def halate(
    planes: list[Floats],
    around: Floats,
    share: float,
    scratch: Scratch,
    *,
    first: int,
    pace: int,
) -> None:
    """Add to the red plane, and a little to the green, in place, the light that film scatters.

    It goes through film's layers, comes back from the base a little aside, and meets red first.
    `around` is what `glow` made of the whole picture at `pace`; the planes begin with the row
    `first`.
    """
    rows, width = planes[0].shape
    scale = 1 / pace
    back = np.array([
        [scale, 0, 0.5 * scale - 0.5],
        [0, scale, (first + 0.5) * scale - 0.5],
    ])  # fmt: skip
    drawn = scratch.floats("sigma", rows)
    cv2.warpAffine(
        around,
        back,
        (width, rows),
        dst=drawn,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    drawn *= np.float32(share)
    planes[0] += drawn
    drawn *= np.float32(_GLOW_GREEN)
    planes[1] += drawn
