"""Gives a picture's sky another weather: its light, its gradient, its clouds.

The old sky is not cut out: at every place the difference of the new light and the old sky's broad
light is added, in linear light and by how much of the place is sky. So a branch before the sky
keeps its colour, a half covered pixel gets half of the change, and the old sky's own clouds stay
where there are some. New clouds are fractal noise on a plane overhead, in perspective.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from tintype.media.finish.frame import Band, Floats
from tintype.media.retouch.find_sky import sky_of
from tintype.media.retouch.light import (
    encoded,
    in_gamut,
    linear,
    luma,
    reduced,
    rows_of,
    strip_by_strip,
)
from tintype.media.retouch.regions import Region
from tintype.media.sketch.arrays import blurred, resized
from tintype.media.sketch.texture import noise
from tintype.media.stopping import Canceled

Colour = tuple[float, float, float]

_SIDE: Final = 1000
_CLOUD_CELL: Final = 190.0
_CLOUD_TILE: Final = 1024
_OCTAVES: Final = 6


@dataclass(frozen=True, slots=True)
class Weather:
    """A sky's colours, sRGB 0 to 1, from overhead down to the horizon, and its clouds.

    `cover` is the share that clouds take, `soft` how wide their edges are; `sunlit` and `shaded`
    are their colours. `ground` is what the light does to everything else (factors on linear light).
    """

    overhead: Colour
    middle: Colour
    horizon: Colour
    cover: float
    soft: float
    sunlit: Colour
    shaded: Colour
    ground: Colour


WEATHERS: Final[Mapping[str, Weather]] = {
    "blue": Weather(
        (0.20, 0.43, 0.76), (0.39, 0.62, 0.89), (0.76, 0.87, 0.96), 0.30, 0.55,
        (1.0, 1.0, 1.0), (0.83, 0.88, 0.94), (1.02, 1.0, 0.98),
    ),
    "sunset": Weather(
        (0.29, 0.34, 0.56), (0.78, 0.52, 0.52), (1.0, 0.76, 0.48), 0.38, 0.6,
        (1.0, 0.76, 0.60), (0.55, 0.41, 0.50), (1.04, 0.94, 0.80),
    ),
    "overcast": Weather(
        (0.74, 0.78, 0.83), (0.82, 0.85, 0.88), (0.91, 0.92, 0.94), 0.85, 1.1,
        (0.93, 0.94, 0.96), (0.70, 0.74, 0.79), (0.97, 0.99, 1.01),
    ),
    "dramatic": Weather(
        (0.22, 0.27, 0.35), (0.41, 0.47, 0.55), (0.76, 0.76, 0.75), 0.72, 0.75,
        (0.80, 0.81, 0.82), (0.21, 0.24, 0.30), (0.90, 0.92, 0.95),
    ),
    "dusk": Weather(
        (0.09, 0.15, 0.34), (0.29, 0.34, 0.54), (0.78, 0.60, 0.50), 0.30, 0.9,
        (0.50, 0.40, 0.47), (0.17, 0.20, 0.34), (1.0, 1.0, 1.0),
    ),
}  # fmt: skip


def sky(
    picture: Floats,
    *,
    look: str,
    amount: float,
    seed: int,
    canceled: Canceled,
    seen: Floats | None = None,
) -> bool:
    """The sky as in this weather, and the rest in its light; nothing where no sky is found.

    `seen` is as for `sky_of`. Answers whether there was a sky.
    """
    found = sky_of(picture, seen)
    if found is None:
        return False
    weather = WEATHERS[look]
    change = weather_change(picture, found, weather, seed)
    ground = 1 + np.float32(amount) * (np.array(weather.ground, np.float32) - 1)
    height = picture.shape[0]

    def work(rgb: Floats, band: Band) -> Floats:
        inside = found.at(rgb, band, height) * np.float32(amount)
        light = linear(rgb)
        cover = np.asarray(cv2.merge((inside, inside, inside)), np.float32)
        rest = light * (cover + (1 - cover) * ground)
        return encoded(in_gamut(change.on(rest, light, cover, band, height)))

    strip_by_strip(picture, canceled, work)
    return True


@dataclass(frozen=True, slots=True)
class Change:
    """The new sky's linear light and the old one's broad light, on a small copy."""

    new: Floats
    old: Floats

    def on(self, rest: Floats, light: Floats, cover: Floats, band: Band, height: int) -> Floats:
        """A strip of linear light with the new sky; `rest` is what it is where no sky is.

        A darker sky has clouds that are darker by as much.
        """
        width = light.shape[1]
        new, old = rows_of(self.new, band, height, width), rows_of(self.old, band, height, width)
        level = np.minimum((luma(new) + 0.01) / (luma(old) + 0.01), 1)
        dimmer = 1 - cv2.merge((level, level, level))
        changed = rest + cover * (new - old) - cover * cover * dimmer * (light - old)
        return np.asarray(np.maximum(changed, 0), np.float32)


def weather_change(picture: Floats, region: Region, weather: Weather, seed: int) -> Change:
    """What becomes of the sky's light where it is `region`."""
    small = reduced(picture, _SIDE)
    height, width = small.shape[:2]
    light = linear(small)
    mask = resized(region.rough, width, height)
    own = _broad(light, mask)
    inside = mask > 0.9  # noqa: PLR2004
    relief = float(luma(light - own)[inside].std()) if inside.any() else 0.0
    # A sky that has clouds keeps those, and gets no others over them.
    clouds = float(np.clip(1 - relief / 0.05, 0, 1))
    return Change(_drawn((height, width), region.bottom, weather, clouds, seed), own)


def _broad(light: Floats, mask: Floats) -> Floats:
    """The old sky's broad light, carried on beyond its edges: a normalized blur."""
    radius = max(light.shape) / 14
    sure = np.clip((mask - 0.5) * 2, 0, 1)
    weight = blurred(sure, radius) + np.float32(1e-4)
    typical = (light * sure[..., None]).sum((0, 1)) / max(float(sure.sum()), 1e-6)
    total = blurred(light * sure[..., None], radius)
    total += np.float32(1e-4) * typical.astype(np.float32)
    return np.asarray(total / weight[..., None], np.float32)


def _drawn(
    size: tuple[int, int], horizon: float, weather: Weather, clouds: float, seed: int
) -> Floats:
    """The new sky's linear light."""
    height, width = size
    # 1 overhead at the picture's upper edge, 0 at the lowest place where sky was seen.
    above = 1 - (np.arange(height, dtype=np.float32) + 0.5) / max(1.0, horizon * height)
    above = np.clip(above, 0, 1)
    below, middle, top = (
        linear(np.array([[colour]], np.float32))[0]
        for colour in (weather.horizon, weather.middle, weather.overhead)
    )
    # A quadratic Bézier curve through colour: no seam where one stop ends and the next begins.
    up = above[:, None]
    rows = (1 - up) ** 2 * below + 2 * up * (1 - up) * middle + up**2 * top
    base = np.broadcast_to(np.asarray(rows, np.float32)[:, None], (height, width, 3))
    if clouds <= 0:
        return np.ascontiguousarray(base)
    cover, lit = _clouds(size, above, weather, seed)
    sunlit, shaded = (linear(np.array([[colour]], np.float32)) for colour in
                      (weather.sunlit, weather.shaded))  # fmt: skip
    body = shaded + (sunlit - shaded) * lit[..., None]
    return np.asarray(base + (body - base) * (cover * np.float32(clouds))[..., None], np.float32)


def _clouds(
    size: tuple[int, int], above: Floats, weather: Weather, seed: int
) -> tuple[Floats, Floats]:
    """How much of every place is cloud, and how sunlit that is; both 0 to 1."""
    width = size[1]
    dice = np.random.default_rng([seed & 0xFFFF_FFFF, 5])
    cell = (_CLOUD_CELL, _CLOUD_CELL * 0.7)
    relief = noise((_CLOUD_TILE, _CLOUD_TILE), cell, _OCTAVES, dice)
    far = 1 / (above[:, None] * 0.85 + 0.15)
    across = (np.arange(width, dtype=np.float32)[None] + 0.5) / max(size) - 0.5 * width / max(size)
    columns = np.asarray(_CLOUD_TILE / 2 + 620 * across * far, np.float32)
    rows = np.asarray(210 * far + 0 * across, np.float32)
    plane = _looked_up(relief, columns, rows)
    least = float(np.quantile(plane, 1 - weather.cover))
    thick = np.clip((plane - least) / np.float32(weather.soft), 0, 1)
    cover = thick * thick * (3 - 2 * thick)
    # Low over the horizon clouds are lost in the haze.
    cover *= np.clip(above[:, None] / 0.22, 0, 1)
    # Light comes from above and aside: what rises towards it is lit, and what is thick is grey.
    towards = _looked_up(relief, columns + 22, rows - 26)
    lit = np.clip(0.72 + 0.5 * (plane - towards) - 0.38 * np.maximum(plane - least, 0), 0, 1)
    return np.asarray(cover, np.float32), np.asarray(lit, np.float32)


def _looked_up(relief: Floats, columns: Floats, rows: Floats) -> Floats:
    found = cv2.remap(relief, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(found, np.float32)
