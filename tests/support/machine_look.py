"""Puts the machine look on a picture: the degradation that `clean` is measured against.

Written apart from `tintype.media.finish`, and nothing of it is imported from there. The steps and
their order are those by which generated pictures come to look as they do:

1. `smear`: the fine detail is rubbed away and edges stay. The bilateral filter (Tomasi and
   Manduchi, "Bilateral Filtering for Gray and Color Images", ICCV 1998) on all three colours,
   blended over the original.
2. `contrast`: an S-curve on each channel, the logistic curve through black, grey and white that
   "punchy" renderings use (as in ImageMagick's sigmoidal contrast).
3. `saturate`: chroma times a factor at constant hue and lightness in OKLab (Ottosson 2020).
4. `cast`: gains on linear red and blue (von Kries 1902), at constant luminance.
5. `halo`: unsharp masking of large radius on luma (Polesel, Ramponi and Mathews, "Image
   Enhancement via Adaptive Unsharp Masking", 2000, describe the overshoot it leaves).

`look(seed)` draws all five strengths. Seeds below `HELD_OUT` were used while `clean` was written;
tests and benchmarks use those from there on, and nothing was tuned on them.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

HELD_OUT = 1000

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


@dataclass(frozen=True)
class Look:
    """How strong each part is; the units are those of the functions below."""

    smear_blend: float
    smear_levels: float
    smear_pixels: float
    contrast: float
    saturation: float
    red: float
    blue: float
    halo: float
    halo_pixels: float


def look(seed: int) -> Look:
    """Random strengths, each part always present: from plainly visible to strong."""
    dice = np.random.default_rng(seed)
    towards = dice.uniform(0, 2 * np.pi)
    cast = dice.uniform(0.04, 0.13)
    return Look(
        smear_blend=dice.uniform(0.7, 1.0),
        smear_levels=dice.uniform(25, 60),
        smear_pixels=dice.uniform(2.0, 4.0),
        contrast=dice.uniform(1.5, 4.5),
        saturation=dice.uniform(1.2, 1.8),
        red=1 + cast * np.cos(towards),
        blue=1 + cast * np.sin(towards),
        halo=dice.uniform(0.3, 1.0),
        halo_pixels=dice.uniform(2.5, 8.0),
    )


def degrade(pixels: Bytes, strengths: Look) -> Bytes:
    """The picture as a machine would have made it; equal arguments give equal pixels."""
    coded = smear(pixels, strengths)
    coded = contrast(coded, strengths.contrast)
    linear = decode(coded)
    linear = cast(saturate(linear, strengths.saturation), strengths.red, strengths.blue)
    coded = halo(encode(linear), strengths.halo, strengths.halo_pixels)
    return np.rint(np.clip(coded, 0, 1) * 255).astype(np.uint8)


def smear(pixels: Bytes, strengths: Look) -> Floats:
    """sRGB 0 to 1 without the detail that is weaker than `smear_levels` of 255."""
    smooth = cv2.bilateralFilter(pixels, 0, strengths.smear_levels, strengths.smear_pixels)
    blended = cv2.addWeighted(
        pixels.astype(np.float32), 1 - strengths.smear_blend,
        smooth.astype(np.float32), strengths.smear_blend, 0,
    )  # fmt: skip
    return (blended / 255).astype(np.float32)


def contrast(coded: Floats, steepness: float) -> Floats:
    """A logistic S-curve through (0, 0), (1/2, 1/2) and (1, 1)."""
    low, high = 1 / (1 + np.exp(steepness / 2)), 1 / (1 + np.exp(-steepness / 2))
    curve = 1 / (1 + np.exp(-steepness * (coded - 0.5)))
    return ((curve - low) / (high - low)).astype(np.float32)


def saturate(linear: Floats, factor: float) -> Floats:
    """OKLab's a and b times `factor`; what leaves sRGB's gamut is cut off there, as viewers do."""
    lab = np.cbrt(np.maximum(linear @ _TO_LMS.T, 0)) @ _TO_LAB.T
    lab[..., 1:] *= factor
    back = ((lab @ np.linalg.inv(_TO_LAB).T) ** 3) @ np.linalg.inv(_TO_LMS).T
    return np.clip(back, 0, 1).astype(np.float32)


def cast(linear: Floats, red: float, blue: float) -> Floats:
    """Gains on red and blue, and all three divided so that a grey keeps its luminance."""
    gains = np.array([red, 1.0, blue])
    return (linear * (gains / (gains @ [0.2126, 0.7152, 0.0722]))).astype(np.float32)


def halo(coded: Floats, amount: float, pixels: float) -> Floats:
    """Unsharp masking: luma's distance from its Gaussian blur, added again to all channels."""
    luma = coded @ np.array([0.299, 0.587, 0.114], np.float32)
    edge = luma - cv2.GaussianBlur(luma, (0, 0), pixels)
    return (coded + amount * edge[..., None]).astype(np.float32)


def decode(coded: Floats) -> Floats:
    """sRGB 0 to 1 to linear light (IEC 61966-2-1)."""
    coded = np.clip(coded, 0, 1)
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4).astype(
        np.float32
    )


def encode(linear: Floats) -> Floats:
    """Linear light to sRGB 0 to 1."""
    linear = np.clip(linear, 0, 1)
    return np.where(
        linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055
    ).astype(np.float32)
