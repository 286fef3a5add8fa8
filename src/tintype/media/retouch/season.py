"""Grass and leaves: a fresh lawn, and the four seasons.

What grows keeps its light and its texture; its hue turns and its chroma changes in OKLab, only
where greenery was found. Snow is light, so winter also lifts and bleaches the ground.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from tintype.media.finish.frame import Band, Floats
from tintype.media.retouch.light import rows_of, strip_by_strip
from tintype.media.retouch.oklab import chroma, from_oklab, hue_degrees, oklab
from tintype.media.retouch.regions import greenery_of, lawn_of
from tintype.media.sketch.texture import noise
from tintype.media.stopping import Canceled

_LAWN_HUE: Final = 125.0
_LAWN_CHROMA: Final = 0.088
_TILE: Final = 512


@dataclass(frozen=True, slots=True)
class Season:
    """What leaves take on.

    Their `hue` (degrees of OKLab) by the share `turn`; `wander` is how far it differs from one
    tree to the next. `chroma` and `light` are factors. Grass takes on the hue `grass`, and `snow`
    is the share of the ground that is white; by `air` all of the picture's two colour axes move.
    """

    hue: float
    turn: float
    wander: float
    chroma: float
    light: float
    grass: float
    snow: float
    air: tuple[float, float]


SEASONS: Final[Mapping[str, Season]] = {
    "spring": Season(120.0, 0.75, 5.0, 1.15, 1.06, 123.0, 0.0, (-0.001, 0.003)),
    "summer": Season(131.0, 0.7, 4.0, 1.12, 0.98, 128.0, 0.0, (0.001, 0.005)),
    "autumn": Season(66.0, 0.95, 14.0, 1.08, 1.02, 111.0, 0.0, (0.003, 0.006)),
    "winter": Season(95.0, 0.5, 5.0, 0.22, 1.05, 100.0, 0.9, (-0.001, -0.009)),
}


def lawn(picture: Floats, *, amount: float, canceled: Canceled, seen: Floats | None = None) -> bool:
    """Grass as after rain: fresh green, also where it was dry; nothing where no grass is found.

    `seen` is as for `greenery_of`. Answers whether there was grass.
    """
    found = lawn_of(picture, seen)
    if found is None:
        return False
    height = picture.shape[0]

    def work(rgb: Floats, band: Band) -> Floats:
        lab = oklab(rgb)
        grass = found.at(rgb, band, height) * np.float32(amount)
        hue, strength = hue_degrees(lab), chroma(lab)
        turned = _turned(hue, _LAWN_HUE, 0.8 * grass)
        # Dry grass has less colour than fresh one; what is strong enough stays as it is.
        wanted = np.maximum(strength, np.minimum(_LAWN_CHROMA, 0.5 * strength + 0.05))
        # In shadow there is no room for as much colour as in the sun.
        wanted = np.minimum(wanted, np.maximum(strength, 0.25 * lab[..., 0]))
        level = lab[..., 0] * (1 - 0.05 * grass)
        return _coloured(level, turned, strength + (wanted - strength) * grass)

    strip_by_strip(picture, canceled, work)
    return True


def season(
    picture: Floats,
    *,
    look: str,
    amount: float,
    seed: int,
    canceled: Canceled,
    seen: Floats | None = None,
) -> bool:
    """What grows as in that season; nothing where nothing grows. `seen` as for `greenery_of`.

    Answers whether something grows.
    """
    leaves = greenery_of(picture, seen)
    if leaves is None:
        return False
    grass = lawn_of(picture, seen)
    which, share = SEASONS[look], np.float32(amount)
    height, width = picture.shape[:2]
    dice = np.random.default_rng([seed & 0xFFFF_FFFF, 9])
    wander = noise((_TILE * height // max(height, width) + 1, _TILE), (38.0, 38.0), 3, dice)

    def work(rgb: Floats, band: Band) -> Floats:
        lab = oklab(rgb)
        ground = np.zeros(rgb.shape[:2], np.float32)
        if grass is not None:
            ground = grass.at(rgb, band, height)
        # A lawn's dry patches are part of it, green or not.
        here = np.maximum(leaves.at(rgb, band, height), ground) * share
        hue = which.hue + which.wander * np.clip(rows_of(wander, band, height, width), -1.3, 1.3)
        hue += (which.grass - hue) * ground
        turned = _turned(hue_degrees(lab), hue, which.turn * here)
        strength = chroma(lab) * (1 + (which.chroma - 1) * here)
        level = np.minimum(lab[..., 0] * (1 + (which.light - 1) * here), 1)
        level, strength = _snowed(level, strength, ground * share, which)
        air = share * np.clip((1 - level) * 4, 0, 1)
        return _coloured(level, turned, strength, [air * np.float32(more) for more in which.air])

    strip_by_strip(picture, canceled, work)
    return True


def _snowed(
    level: Floats, strength: Floats, ground: Floats, which: Season
) -> tuple[Floats, Floats]:
    snow = ground * np.float32(which.snow)
    # Half of the grass's own relief is left in the snow.
    white = 0.9 + 0.35 * (level - 0.55)
    return level + (np.clip(white, 0, 0.98) - level) * snow, strength * (1 - 0.9 * snow)


def _turned(hue: Floats, towards: float | Floats, share: Floats) -> Floats:
    away = (towards - hue + 180) % 360 - 180
    return np.asarray(hue + away * share, np.float32)


def _coloured(
    level: Floats, hue: Floats, strength: Floats, air: Sequence[Floats | float] = (0.0, 0.0)
) -> Floats:
    axes = cv2.polarToCart(
        np.asarray(strength, np.float32), np.asarray(hue, np.float32), angleInDegrees=True
    )
    red, yellow = (
        np.asarray(axis + more, np.float32) for axis, more in zip(axes, air, strict=True)
    )
    made = cv2.merge((np.asarray(level, np.float32), red, yellow))
    return from_oklab(np.asarray(made, np.float32))
