"""Clear bodies: what is behind them, bent and tinted, and what stands in them."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from tintype.media.finish.frame import Floats
from tintype.media.sketch.arrays import floats
from tintype.media.sketch.cast import LIQUIDS, Cast
from tintype.media.sketch.materials import Material, linear
from tintype.media.sketch.place import Place
from tintype.media.sketch.wish import Wish

_AMBER: Final = "#eeb871"
_WATER: Final = "#d3dfd8"
_CONTENTS: Final = {"perfume": _AMBER, "bottle": _WATER}
"""What stands in a clear vessel that no word has coloured."""


@dataclass(frozen=True, slots=True)
class Drink:
    """`color` in linear light; it stands up to row `level` of the page."""

    color: Floats
    level: float


def drink_in(wish: Wish, parts: tuple[Cast, ...]) -> Drink | None:
    """What a bottle holds: scent or water, in the glass's own colour where a word gave it one."""
    main = next(one for one in parts if one.role == "main")
    if not main.material.clear:
        return None
    if wish.liquid:
        level = main.part.box[1] + 0.13 * main.part.height
        return Drink(linear(LIQUIDS[wish.liquid]), level)
    if wish.thing not in _CONTENTS:
        return None
    color = linear(main.material.color) if main.asked else linear(_CONTENTS[wish.thing])
    return Drink(color, main.part.box[1] + 0.24 * main.part.height)


def seen_through(
    material: Material,
    behind: Floats,
    facing: Floats,
    at: tuple[slice, slice],
    first: int,
    place: Place,
    drink: Drink | None,
    *,
    colored: bool,
) -> Floats:
    """The backdrop through a clear part, `facing` (H, W, 3): turned about, tinted, dark-rimmed.

    Head on, glass that no word has `colored` lets through over four fifths; towards the rim,
    where light goes through more of it, all glass shows its own colour.

    `behind` covers the whole part; `facing` those of its rows from `first` on that are shown,
    which are `at` of the window.
    """
    rows, columns = behind.shape[:2]
    x, y = np.meshgrid(
        np.arange(columns, dtype=np.float32),
        np.arange(first, first + len(facing), dtype=np.float32),
    )
    bent = cv2.remap(
        behind,
        floats(x - facing[..., 0] * 0.55 * columns),
        floats(y - facing[..., 1] * 0.4 * rows),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    rim = 1 - facing[..., 2:]
    tint = linear(material.color)
    thin = 0.5 if colored else 0.16
    through = bent * np.power(tint, thin + 2.2 * rim) * (1 - 0.66 * rim**1.4)
    if drink is not None:
        through = _standing(through, rim, at, place, drink)
    # What it throws back itself is lit by the same lamps as the backdrop: none on a dark one.
    own = (1 - material.clear) * tint * bent.mean(axis=-1, keepdims=True)
    return floats(material.clear * through + 0.4 * own)


def _standing(
    through: Floats, rim: Floats, at: tuple[slice, slice], place: Place, drink: Drink
) -> Floats:
    """The liquid's own tint below its level, with the bright line of its surface."""
    row = (np.arange(at[0].start, at[0].stop) + 0.5 + place.top - place.y) / place.scale
    below = ((row - drink.level) * place.scale)[:, None, None]
    # The surface clings to the glass, higher at its walls.
    below = below + rim * 0.02 * place.shape[0]
    wet = np.clip(below + 0.5, 0, 1)
    surface = np.exp(-np.square(below / max(1.2, 0.004 * place.shape[0])))
    deep = np.clip(below / (0.6 * place.shape[0]), 0, 1)
    held = through * np.power(drink.color, 0.9 + 0.5 * deep) * (1 + 0.5 * rim)
    glow = 0.22 * drink.color * (1 - 0.5 * deep)
    return floats(through * (1 - wet) + (held + glow) * wet + 0.12 * surface * drink.color)


def filled(colors: Floats, at: tuple[slice, slice], place: Place, one: Cast, liquid: str) -> Floats:
    """A mouth with something to drink in it: a level surface below the rim."""
    left, top, right, bottom = one.part.box
    rows = (np.arange(at[0].start, at[0].stop) + place.top - place.y) / place.scale
    columns = (np.arange(at[1].start, at[1].stop) + place.left - place.x) / place.scale
    wide, high = (right - left) / 2, (bottom - top) / 2
    x = (columns - (left + right) / 2)[None, :] / (0.9 * wide)
    y = (rows - (top + bottom) / 2 - 0.16 * high)[:, None] / (0.74 * high)
    level = np.clip((1 - np.sqrt(x * x + y * y)) * wide * place.scale * 0.12 + 0.5, 0, 1)
    light = 0.62 + 0.3 * np.exp(-((x + 0.35) ** 2 + (y + 0.3) ** 2) * 3.5)
    gleam = 0.16 * np.exp(-((x - 0.4) ** 2 * 14 + (y + 0.42) ** 2 * 30))
    surface = linear(LIQUIDS[liquid]) * light[..., None] + gleam[..., None]
    share = level[..., None]
    return floats(colors * (1 - share) + surface * share)
