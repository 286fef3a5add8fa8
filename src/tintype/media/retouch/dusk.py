"""Turns day into the blue hour: dim cool light, a twilight sky, lamps behind the windows.

All in linear light. Outdoors everything but the sky gets the light of a clear sky after sunset, and
windows that are found on walls shine warm and onto their surroundings. Indoors, where there is no
sky to be found, it is the windows that turn blue and the room that keeps a lamp's light.
"""

from typing import Final

import cv2
import numpy as np

from tintype.media.finish.frame import Band, Bytes, Floats
from tintype.media.retouch.find_sky import sky_of
from tintype.media.retouch.guided import colour_coefficients
from tintype.media.retouch.light import (
    encoded,
    in_gamut,
    linear,
    luma,
    reduced,
    rows_of,
    strip_by_strip,
)
from tintype.media.retouch.oklab import oklab
from tintype.media.retouch.regions import Region, greenery_of, is_green
from tintype.media.retouch.sky import WEATHERS, weather_change
from tintype.media.sketch.arrays import blurred, components, resized
from tintype.media.stopping import Canceled

_SIDE: Final = 1000
_AFTER_SUNSET: Final = np.array([0.17, 0.235, 0.40], np.float32)
"""What is left of daylight on the ground: about two stops less, and blue."""
_LAMPLIGHT: Final = np.array([1.0, 0.56, 0.20], np.float32)
_INDOORS: Final = np.array([0.72, 0.60, 0.47], np.float32)
_TWILIGHT: Final = np.array([0.10, 0.17, 0.38], np.float32)
_PANE: Final = (0.0006, 0.05)
"""The share of the picture that one window takes."""
_FILLED_MIN: Final = 0.72
_WOOD: Final = (0.03, 0.035)
"""How red and how yellow, in OKLab, a dark place may be and still be glass, not a door."""


def dusk(
    picture: Floats,
    *,
    amount: float,
    seed: int,
    canceled: Canceled,
    seen: Floats | None = None,
) -> None:
    """The same place after sunset, by the share `amount`; `seen` is as for `sky_of`."""
    found = sky_of(picture, seen)
    if found is None and not is_green(picture if seen is None else seen):
        _indoors(picture, amount, canceled)
    else:
        _outdoors(picture, found, amount, seed, canceled)


def _outdoors(
    picture: Floats, found: Region | None, amount: float, seed: int, canceled: Canceled
) -> None:
    small = reduced(picture, _SIDE)
    height, width = small.shape[:2]
    panes = windows(small, np.zeros((height, width), np.float32) if found is None
                    else resized(found.rough, width, height))  # fmt: skip
    change = None if found is None else weather_change(picture, found, WEATHERS["dusk"], seed)
    glass = colour_coefficients(small, panes, max(1, round(max(small.shape) / 400)), 0.05)
    reach = max(small.shape)
    shine = 0.30 * blurred(panes, reach / 90) + 0.22 * blurred(panes, reach / 28)
    height, width = picture.shape[:2]
    share = np.float32(amount)

    def work(rgb: Floats, band: Band) -> Floats:
        light = linear(rgb)
        inside = _threefold(np.clip((glass.at(rgb, band, height) - 0.3) / 0.5, 0, 1))
        level = _threefold(luma(light))
        ground = light * _AFTER_SUNSET
        # Behind a pane there is a lit room: what was seen in it shows as light and dark.
        lit = _LAMPLIGHT * (0.42 + 0.9 * np.sqrt(level))
        ground += inside * (lit - ground)
        ground += (
            (1 - inside)
            * _threefold(rows_of(shine, band, height, width))
            * _LAMPLIGHT
            * (0.12 + light)
        )
        evening = ground
        if found is not None and change is not None:
            above = _threefold(found.at(rgb, band, height))
            evening = change.on(ground + above * (light - ground), light, above, band, height)
        return encoded(in_gamut(np.asarray(light + share * (evening - light), np.float32)))

    strip_by_strip(picture, canceled, work)


def _indoors(picture: Floats, amount: float, canceled: Canceled) -> None:
    small = reduced(picture, _SIDE)
    bright = np.clip((luma(small) - 0.9) / 0.06, 0, 1)
    _, labels, stats = components((bright > 0.5).astype(np.uint8))  # noqa: PLR2004
    large = np.flatnonzero(stats[:, cv2.CC_STAT_AREA] > _PANE[0] * 4 * bright.size)
    bright = bright * np.isin(labels, large[large > 0])
    out = colour_coefficients(small, np.asarray(bright, np.float32), 6, 0.02)
    height = picture.shape[0]
    share = np.float32(amount)

    def work(rgb: Floats, band: Band) -> Floats:
        light = linear(rgb)
        window = _threefold(out.at(rgb, band, height))
        evening = light * (_INDOORS + window * (_TWILIGHT - _INDOORS))
        return encoded(in_gamut(np.asarray(light + share * (evening - light), np.float32)))

    strip_by_strip(picture, canceled, work)


def windows(small: Floats, sky: Floats) -> Floats:
    """Where panes of glass are, 0 to 1: upright dark or sky-coloured rectangles within walls.

    By day a room behind glass is darker than the wall around it. What is darker than its broad
    surroundings, of little colour, filled like a rectangle and not on the picture's edge is taken.
    """
    height, width = small.shape[:2]
    level = luma(small)
    around = blurred(level, max(small.shape) / 26)
    green = greenery_of(small)
    growing = np.zeros_like(level) if green is None else resized(green.rough, width, height)
    _, red, yellow = cv2.split(oklab(small))
    coloured = (red > _WOOD[0]) | (yellow > _WOOD[1])
    dark = (level < 0.78 * around) & (sky < 0.3) & (growing < 0.3) & ~coloured  # noqa: PLR2004
    mask: Bytes = np.asarray(
        cv2.morphologyEx(dark.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8
    )
    count, labels, stats = components(mask)
    panes = np.zeros(small.shape[:2], np.uint8)
    for number in range(1, count):
        left, top, wide, high, area = (int(stats[number, place]) for place in range(5))
        if not _PANE[0] <= wide * high / mask.size <= _PANE[1]:
            continue
        touches = left == 0 or top == 0 or left + wide == width or top + high == height
        proper = 0.3 <= wide / high <= 3.2 and area / (wide * high) >= _FILLED_MIN  # noqa: PLR2004
        if proper and not touches:
            panes[labels == number] = 1
    closed = cv2.morphologyEx(panes, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    return np.asarray(closed, np.float32)


def _threefold(plane: Floats) -> Floats:
    return np.asarray(cv2.merge((plane, plane, plane)), np.float32)
