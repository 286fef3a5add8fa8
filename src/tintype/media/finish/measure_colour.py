"""How far colours and contrast have been pushed: read from a working copy.

Saturation and contrast have no zero in a single picture: a poppy field is as red as it is. What
pushing leaves behind is what is counted: colours driven against the wall of the gamut, where
reflecting things hardly ever are; chroma beyond what photographs hold; shadows and lights piled
up at the ends.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from tintype.media.finish.frame import Bytes, Floats

_PIXELS: Final = 200_000
_WALL_LEVELS: Final = (3, 252)
"""Below and above, a channel is at the gamut's wall, if another is this far from it:"""
_AWAY_LEVELS: Final = (60, 200)
_DARK, _LIGHT = 3.0, 97.0
_SHADE_MIN: Final = 12.0
_NEUTRAL_REACH: Final = 0.22
"""How far from grey, as a logarithm of linear ratios, a cast may have moved it."""
_NEUTRAL_SHARE_MIN: Final = 0.05
_CELLS: Final = 45
_PEAK_REACH: Final = 0.045
_PEAK_SHARE_MIN: Final = 0.12
_PEAK_RANGE_MIN: Final = 12.0


@dataclass(frozen=True, slots=True)
class Colour:
    """`walled`: share of pixels driven against the gamut's wall by their chroma.

    `chroma_high`: 95th percentile of CIELAB's C*. `crushed`, `glowing`: share of pixels at the
    dark and the light end. `cast`: gains on linear red and blue that a cast of this picture has,
    (1, 1) for none that is certain.
    """

    walled: float
    chroma_high: float
    crushed: float
    glowing: float
    cast: tuple[float, float]


def measure_colour(pixels: Bytes) -> Colour:
    """Of 8-bit sRGB; a picture larger than `_PIXELS` is reduced first."""
    height, width = pixels.shape[:2]
    scale = min(1.0, (_PIXELS / (height * width)) ** 0.5)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # Nearest, not area: an average leaves the gamut's wall.
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_NEAREST)
    most, least = small.max(2), small.min(2)
    dark_wall = (least < _WALL_LEVELS[0]) & (most > _AWAY_LEVELS[0])
    light_wall = (most > _WALL_LEVELS[1]) & (least < _AWAY_LEVELS[1])
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    chroma = cv2.magnitude(lab[..., 1], lab[..., 2])
    light = lab[..., 0]
    return Colour(
        walled=float((dark_wall | light_wall).mean()),
        chroma_high=float(np.quantile(chroma, 0.95)),
        crushed=float((light < _DARK).mean()),
        glowing=float((light > _LIGHT).mean()),
        cast=_cast(np.asarray(small, np.uint8), np.asarray(light)),
    )


def _cast(pixels: Bytes, light: Floats) -> tuple[float, float]:
    """The gains that nearly all near-neutral pixels share, over a wide range of brightness.

    Only greys can tell a cast from coloured things, and only when there are many: they gather in
    one sharp peak of (log R/G, log B/G) in shadows, middle and lights alike. A sunset, a wood
    panel or a face has no such peak near neutral, and no cast is claimed. Estimates from all
    colours (grey world, shades of grey, grey edge) were tried and were wrong as often as right
    for casts as weak as these.
    """
    linear = np.power((pixels.astype(np.float32) + 1) / 256, 2.2)
    ratio = np.log(linear[..., ::2] / linear[..., 1:2])
    usable = (pixels.max(2) < _WALL_LEVELS[1]) & (light > _SHADE_MIN)
    near = usable & (np.abs(ratio).max(2) < _NEUTRAL_REACH)
    if near.mean() < _NEUTRAL_SHARE_MIN:
        return 1.0, 1.0
    counts, _, _ = np.histogram2d(
        ratio[near][:, 0],
        ratio[near][:, 1],
        bins=_CELLS,
        range=[[-_NEUTRAL_REACH, _NEUTRAL_REACH]] * 2,
    )
    heap = cv2.GaussianBlur(counts.astype(np.float32), (0, 0), 1.0)
    peak = np.unravel_index(int(heap.argmax()), heap.shape)
    centre = (np.array(peak) + 0.5) / _CELLS * 2 * _NEUTRAL_REACH - _NEUTRAL_REACH
    around = near & (np.abs(ratio - centre).max(2) < _PEAK_REACH)
    share = float(around.sum() / max(1, usable.sum()))
    shades = light[around]
    if share < _PEAK_SHARE_MIN:
        return 1.0, 1.0
    if np.quantile(shades, 0.95) - np.quantile(shades, 0.05) < _PEAK_RANGE_MIN:
        return 1.0, 1.0
    mean = ratio[around].mean(0)
    return float(np.exp(mean[0])), float(np.exp(mean[1]))
