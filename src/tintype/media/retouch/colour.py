"""Colour and looks: saturation, vibrance, split toning, vignette, glow.

Strength of colour is changed in OKLab, where hue and lightness stay what they are. What passes the
gamut gives up chroma, never hue. Grey has no chroma and is left alone by all but a look's tint.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tintype.media.finish.frame import Band, Floats
from tintype.media.finish.realistic_lens import Field, falloff
from tintype.media.retouch.light import (
    encoded,
    in_gamut,
    largest,
    linear,
    luma,
    reduced,
    rows_of,
    scaled,
    strip_by_strip,
    through,
)
from tintype.media.retouch.oklab import chroma, colour_of, from_oklab, hue_degrees, near_hue, oklab
from tintype.media.retouch.tone import contrast_table
from tintype.media.stopping import Canceled

_VIVID: Final = 0.16
"""OKLab chroma of the strong colours of real things: what has it needs no more."""
_SKIN: Final = (52.0, 14.0, 16.0)
_SKIN_SPARED: Final = 0.7
_TINT_MAX: Final = 0.07
_GLOW_SIDE: Final = 900
_GLOW_RADIUS: Final = 1 / 55
_VIGNETTE: Final = 0.8
_VIGNETTE_MM: Final = 24.0


def saturation(picture: Floats, *, amount: float, canceled: Canceled) -> None:
    """All colours stronger or weaker; at -1 they are gone."""

    def work(rgb: Floats, _band: Band) -> Floats:
        lab = oklab(rgb)
        if amount > 0:
            # Strong colours have less way to go before they glare.
            most = chroma(lab)
            gain = 1 + np.float32(amount) * np.exp(-np.square(most / np.float32(1.3 * _VIVID)))
        else:
            gain = np.full(lab.shape[:2], 1 + amount, np.float32)
        return from_oklab(_chroma_times(lab, gain))

    strip_by_strip(picture, canceled, work)


def vibrance(picture: Floats, *, amount: float, canceled: Canceled) -> None:
    """Weak colours stronger (above 0) or weaker; strong ones and skin are spared."""

    def work(rgb: Floats, _band: Band) -> Floats:
        lab = oklab(rgb)
        most = chroma(lab)
        weak = np.exp(-np.square(most / np.float32(_VIVID)))
        # Near grey there is only noise to be made stronger.
        weak *= most / (most + np.float32(0.012))
        spared = 1 - np.float32(_SKIN_SPARED) * near_hue(hue_degrees(lab), *_SKIN)
        return from_oklab(_chroma_times(lab, 1 + np.float32(amount) * weak * spared))

    strip_by_strip(picture, canceled, work)


def _chroma_times(lab: Floats, gain: Floats) -> Floats:
    light, red, yellow = cv2.split(lab)
    return np.asarray(cv2.merge((light, red * gain, yellow * gain)), np.float32)


def grade(
    picture: Floats,
    *,
    shadows: str,
    highlights: str,
    amount: float,
    contrast: float,
    saturation: float,
    canceled: Canceled,
) -> None:
    """A look: shadows drawn to one hue and lights to another, with contrast and saturation.

    Of the two colours hue and chroma count, not their lightness. Black and white stay clean.
    `amount` is the share of the whole look.
    """
    curve = contrast_table(picture, contrast * amount)
    dark, light = (_tint(colour) * amount for colour in (shadows, highlights))
    keep = np.float32(1 + saturation * amount)

    def work(rgb: Floats, _band: Band) -> Floats:
        if contrast:
            rgb = in_gamut(scaled(rgb, through(luma(rgb), curve)))
        level, red, yellow = cv2.split(oklab(rgb))
        level = np.asarray(level, np.float32)
        low, high = np.square(1 - level), np.square(level)
        # Nothing at the very ends, so that neither black nor white is tinted.
        ends = np.clip(level / 0.2, 0, 1) * np.clip((1 - level) / 0.12, 0, 1)
        toned = [
            part * keep + ends * (low * np.float32(of_dark) + high * np.float32(of_light))
            for part, of_dark, of_light in zip((red, yellow), dark, light, strict=True)
        ]
        return from_oklab(np.asarray(cv2.merge((level, *toned)), np.float32))

    strip_by_strip(picture, canceled, work)


def _tint(colour: str) -> NDArray[np.float64]:
    """The two colour axes of a tint at its full strength, no stronger than a look may be."""
    axes = colour_of(colour)[1:]
    strength = float(np.hypot(*axes))
    return axes * (1.3 * min(strength, _TINT_MAX) / max(strength, 1e-6))


def vignette(picture: Floats, *, amount: float, canceled: Canceled) -> None:
    """Light falls off towards the corners, as through a fast lens: a factor on linear light."""
    field = Field(picture.shape[1], picture.shape[0])

    def work(rgb: Floats, band: Band) -> Floats:
        away = field.radius_squared(band.first, band.last)
        return encoded(scaled(linear(rgb), falloff(away, _VIGNETTE_MM, _VIGNETTE * amount)))

    strip_by_strip(picture, canceled, work)


def glow(picture: Floats, *, amount: float, canceled: Canceled) -> None:
    """Bright places shine into their surroundings, as through a diffusion filter.

    Light is added as two exposures on one plate add up (a screen), so nothing passes white.
    """
    small = reduced(picture, _GLOW_SIDE)
    bright = np.clip((largest(small) - 0.5) / 0.5, 0, 1)
    radius = _GLOW_RADIUS * max(small.shape)
    halo = cv2.GaussianBlur(scaled(small, bright * bright), (0, 0), radius)
    halo = np.asarray(halo, np.float32) * np.float32(0.45 * amount)
    height, width = picture.shape[:2]

    def work(rgb: Floats, band: Band) -> Floats:
        shine = rows_of(halo, band, height, width)
        return np.asarray(1 - (1 - rgb) * (1 - shine), np.float32)

    strip_by_strip(picture, canceled, work)
