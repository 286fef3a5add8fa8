"""Light and dark: exposure, shadows, highlights, contrast, clarity, haze.

Exposure is a factor on linear light, as a camera's is, with a shoulder for what would pass white.
Shadows and highlights follow a broad base layer that keeps edges (a guided filter), so what is
inside of a dark corner keeps its contrast and no edge gets a halo. All of them multiply a pixel's
three colours by one number: grey stays grey, and hues stay as they are.
"""

from functools import partial
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tintype.media.finish.frame import Band, Floats
from tintype.media.finish.realistic_tone import curve_at, decoded
from tintype.media.retouch.guided import base_layer, filtered
from tintype.media.retouch.light import (
    Table,
    encoded,
    gain_of,
    in_gamut,
    largest,
    linear,
    luma,
    reduced,
    rows_of,
    scaled,
    smallest,
    strip_by_strip,
    table,
    through,
)
from tintype.media.stopping import Canceled

_KNEE: Final = 0.5
"""Linear light from which on more exposure is rolled off: about 0.73 of sRGB's code values."""
_BASE_SIDE: Final = 800
_BASE_RADIUS: Final = 1 / 40
_BASE_SOFTNESS: Final = 0.1
_DETAIL_RADIUS: Final = 1 / 90
_DETAIL_SOFTNESS: Final = 0.12
_CLARITY: Final = 0.8
_PIVOTS: Final = (0.35, 0.6)
_MEASURE_SIDE: Final = 400
_HAZE_SIDE: Final = 600
_HAZE_PATCH: Final = 1 / 40
_HAZE_KEPT: Final = 0.08
_TRANSMISSION_MIN: Final = 0.35
_SKY_NEAR: Final = 0.3


def exposure(picture: Floats, *, stops: float, canceled: Canceled) -> None:
    """Light times 2 to the power of `stops`.

    What would pass white is rolled off by Reinhard's extended curve ("Photographic tone
    reproduction", 2002) over the largest channel, which ends at white exactly.
    """
    gains = table(partial(_exposed, factor=2.0**stops))

    def work(rgb: Floats, _band: Band) -> Floats:
        light = scaled(linear(rgb), through(largest(rgb), gains))
        return encoded(light)

    strip_by_strip(picture, canceled, work)


def _exposed(code: NDArray[np.float64], factor: float) -> NDArray[np.float64]:
    """The factor on light by a pixel's largest code value."""
    light = np.maximum(decoded(code), 1e-9)
    lit = light * factor
    if factor > 1:
        white = (factor - _KNEE) / (1 - _KNEE)
        over = np.maximum(lit - _KNEE, 0) / (1 - _KNEE)
        rolled = over * (1 + over / white**2) / (1 + over)
        lit = np.where(lit > _KNEE, _KNEE + (1 - _KNEE) * rolled, lit)
    gain: NDArray[np.float64] = lit / light
    return gain


def shadows(picture: Floats, *, amount: float, canceled: Canceled) -> None:
    """Dark places lighter (above 0) or darker; the middle and the light ones stay."""
    more = 1.0 if amount > 0 else 0.55
    lift = amount * more
    knots = (
        (0.0, 0.0), (0.08, 0.08 + 0.095 * lift), (0.2, 0.2 + 0.145 * lift),
        (0.4, 0.4 + 0.085 * lift), (0.62, 0.62), (0.72, 0.72), (1.0, 1.0),
    )  # fmt: skip
    _curve_of_base(picture, knots, canceled)


def highlights(picture: Floats, *, amount: float, canceled: Canceled) -> None:
    """Light places lighter, or (below 0) darker so that they show what is in them."""
    knots = (
        (0.0, 0.0), (0.35, 0.35), (0.45, 0.45), (0.65, 0.65 + 0.075 * amount),
        (0.82, 0.82 + 0.105 * amount), (0.93, 0.93 + 0.055 * amount), (1.0, 1.0),
    )  # fmt: skip
    _curve_of_base(picture, knots, canceled)


def _curve_of_base(
    picture: Floats, knots: tuple[tuple[float, float], ...], canceled: Canceled
) -> None:
    """Multiply every place by what the curve makes of its broad light."""
    base = base_layer(picture, _BASE_RADIUS, _BASE_SOFTNESS, _BASE_SIDE)
    curve = table(lambda at: (curve_at(knots, at) + 1e-4) / (at + 1e-4))
    height = picture.shape[0]

    def work(rgb: Floats, band: Band) -> Floats:
        broad = base.at(luma(rgb), band, height)
        return in_gamut(scaled(rgb, through(broad, curve)))

    strip_by_strip(picture, canceled, work)


def contrast(picture: Floats, *, amount: float, canceled: Canceled) -> None:
    """Tones drawn apart around the picture's own middle, or together; black and white stay."""
    curve = contrast_table(picture, amount)

    def work(rgb: Floats, _band: Band) -> Floats:
        return in_gamut(scaled(rgb, through(luma(rgb), curve)))

    strip_by_strip(picture, canceled, work)


def contrast_table(picture: Floats, amount: float) -> Table:
    """The gain on colours by their luma, for an S-curve around the picture's median."""
    small = luma(reduced(picture, _MEASURE_SIDE))
    pivot = float(np.clip(np.median(small), *_PIVOTS))
    low, high = pivot / 2, (1 + pivot) / 2
    knots = (
        (0.0, 0.0), (low, low * (1 - 0.36 * amount)), (pivot, pivot),
        (high, high + (1 - high) * 0.36 * amount), (1.0, 1.0),
    )  # fmt: skip
    return table(lambda at: (curve_at(knots, at) + 1e-4) / (at + 1e-4))


def clarity(picture: Floats, *, amount: float, canceled: Canceled) -> None:
    """Local contrast of the middle tones: what stands out of its surroundings does so more.

    The surroundings keep edges, which are therefore not made stronger themselves.
    """
    base = base_layer(picture, _DETAIL_RADIUS, _DETAIL_SOFTNESS, 2 * _BASE_SIDE)
    height = picture.shape[0]
    share = np.float32(_CLARITY * amount)

    def work(rgb: Floats, band: Band) -> Floats:
        level = luma(rgb)
        detail = level - base.at(level, band, height)
        middle = 4 * level * (1 - level)
        return in_gamut(scaled(rgb, gain_of(level, np.maximum(level + share * middle * detail, 0))))

    strip_by_strip(picture, canceled, work)


def dehaze(picture: Floats, *, amount: float, canceled: Canceled) -> None:
    """Takes away the veil that mist or a dirty pane lays over a picture, where there is one.

    The dark channel prior (He, Sun and Tang, CVPR 2009): outdoors nearly every patch has something
    dark in one channel, and what lifts it is haze. Light that was taken is given back as exposure,
    so a clear picture keeps its brightness.
    """
    small = reduced(picture, _HAZE_SIDE)
    veil, through_share = _haze(small, amount)
    guide = luma(small)
    radius = max(2, round(2 * _HAZE_PATCH * max(guide.shape)))
    share = filtered(guide, through_share, radius, 0.03)
    cleared = _cleared(small, veil, np.clip(share, _TRANSMISSION_MIN, 1))
    before, after = float(guide.mean()), float(np.clip(luma(cleared), 0, 1).mean())
    back = np.float32(np.clip(before / max(after, 1e-3), 1, 1.25) ** 0.6)
    height, width = picture.shape[:2]

    def work(rgb: Floats, band: Band) -> Floats:
        kept = np.clip(rows_of(share, band, height, width), _TRANSMISSION_MIN, 1)
        return in_gamut(_cleared(rgb, veil, kept) * back)

    strip_by_strip(picture, canceled, work)


def _haze(small: Floats, amount: float) -> tuple[Floats, Floats]:
    """The haze's colour, and by place what share of the light comes through it."""
    side = 2 * max(2, round(_HAZE_PATCH * max(small.shape) / 2)) + 1
    dark = cv2.erode(smallest(small), np.ones((side, side), np.uint8))
    brightest = dark >= np.quantile(dark, 0.998)
    veil = np.maximum(small[brightest].mean(0), 0.3).astype(np.float32)
    of_veil = cv2.erode(smallest(small / veil), np.ones((side, side), np.uint8))
    hidden = np.maximum(of_veil - _HAZE_KEPT, 0) * np.float32(0.9 * amount)
    # A sky is as bright as the haze itself, and dividing it would tear its gradient.
    away = np.abs(small - veil).max(2)
    hidden *= np.clip(away / _SKY_NEAR, 0, 1)
    return veil, np.asarray(1 - hidden, np.float32)


def _cleared(rgb: Floats, veil: Floats, share: Floats) -> Floats:
    kept = cv2.merge((share, share, share))
    return np.asarray((rgb - veil) / kept + veil, np.float32)
