"""A picture's tone profile: a few numbers that say how it looks, whatever it shows."""

from typing import Final

import cv2
import numpy as np

from tintype.media.finish.frame import Floats, opened
from tintype.media.inspect import Limits
from tintype.media.retouch.guided import mean
from tintype.media.retouch.light import reduced
from tintype.media.retouch.oklab import chroma, oklab

NAMES: Final = (
    "brightness",
    "black_point",
    "white_point",
    "contrast",
    "shadows",
    "highlights",
    "warmth",
    "tint",
    "saturation",
    "colourfulness",
    "local_contrast",
    "detail",
)
"""Of `profile`, in its order. Lightness and chroma are OKLab's.

`brightness` is the median lightness, `black_point` and `white_point` what 1 % is darker or lighter
than, `contrast` twice the deviation of lightness; `shadows` and `highlights` are the shares darker
than 0.3 and lighter than 0.85. `warmth` runs from -1 (blue) to 1 (yellow) and `tint` from -1
(green) to 1 (magenta), 1 being as far from grey as a room in lamplight. `saturation` is the mean
chroma and `colourfulness` its 90th percentile, 1 for a poppy's. `local_contrast` and `detail` are
mean contrasts of coarse and of fine structure, 1 for one that nothing photographed passes.
"""

Profile = tuple[float, ...]

_SIDE: Final = 384
_DARK, _LIGHT = 0.3, 0.85
_CAST: Final = 0.1
_CHROMA: Final = 0.25
_COARSE: Final = 0.12
_FINE: Final = 0.06


def profile(data: bytes, limits: Limits | None = None) -> Profile:
    """The numbers named in `NAMES`, each 0 to 1 (warmth and tint -1 to 1), from a small copy.

    Raises what `opened` raises for bytes that are no picture of ours.
    """
    frame = opened(data, limits)
    height, width = frame.pixels.shape[:2]
    scale = min(1.0, _SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(frame.pixels, size, interpolation=cv2.INTER_AREA)
    return profile_of(np.asarray(small, np.float32) / np.float32(255))


def profile_of(picture: Floats) -> Profile:
    """The same of sRGB-encoded floats."""
    lab = oklab(reduced(picture, _SIDE))
    light, red, yellow = (np.asarray(part, np.float32) for part in cv2.split(lab))
    strong = chroma(lab)
    low, middle, high = np.quantile(light, (0.01, 0.5, 0.99))
    broad = max(2, round(max(light.shape) / 48))
    coarse = np.abs(mean(light, 1) - mean(light, broad)).mean()
    fine = np.abs(light - mean(light, 1)).mean()
    found = (
        middle, low, high, 2 * light.std(),
        (light < _DARK).mean(), (light > _LIGHT).mean(),
        yellow.mean() / _CAST, red.mean() / _CAST,
        strong.mean() / _CHROMA, np.quantile(strong, 0.9) / _CHROMA,
        coarse / _COARSE, fine / _FINE,
    )  # fmt: skip
    lowest = [-1.0 if name in {"warmth", "tint"} else 0.0 for name in NAMES]
    return tuple(
        float(np.clip(number, least, 1)) for number, least in zip(found, lowest, strict=True)
    )
