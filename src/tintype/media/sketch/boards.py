"""What a thing stands on where the prompt names it: boards of wood, or a slab of stone or marble.

It is a level plane before a wall. The camera looks at it from a little above, so the boards run
away from it towards one point, and what is far is narrow and out of focus.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from tintype.media.finish.frame import Floats
from tintype.media.sketch.arrays import blurred, floats
from tintype.media.sketch.materials import MATERIALS, SHADES
from tintype.media.sketch.place import Place, bands
from tintype.media.sketch.texture import Dice, pattern
from tintype.media.sketch.wish import Wish

_MATERIALS: Final = frozenset({"wood", "stone", "marble"})
_HORIZON: Final = 0.78
_TABLE, _FLOOR = 0.17, 0.3
"""How far above the thing's foot the plane ends (and its lines meet), in the thing's sizes."""
_FORESHORTENED: Final = 3.2
_BOARD: Final = 0.34
_ACROSS_MAX: Final = 1500
_DEEP_MAX: Final = 1200
"""Columns and rows that the pattern is worked out in; what is enlarged gets soft, as it should."""


@dataclass(frozen=True, slots=True)
class Plane:
    """Rows of the picture: `edge` is where it ends at the wall, `horizon` where its lines meet.

    `foot` is the thing's, and `size` the thing's height or width in pixels.
    """

    edge: float
    horizon: float
    foot: float
    middle: float
    size: float


def stood_on(wish: Wish) -> str:
    """The material of the plane that the prompt asks for; "" is a sheet of paper, as ever."""
    ground = wish.ground
    if ground.material in _MATERIALS and wish.stand:
        return ground.material
    return "wood" if wish.stand == "table" and not (ground.material or ground.colors) else ""


def plane_for(place: Place, stand: str) -> Plane:
    """The plane under a thing in this place; a floor goes back farther than a table."""
    high, wide = place.shape
    size = max(high, 0.6 * wide)
    far = _TABLE if stand == "table" else _FLOOR
    return Plane(
        place.bottom - far * size,
        place.bottom - _HORIZON * size,
        place.bottom,
        (place.left + place.right) / 2,
        size,
    )


def color_of(wish: Wish, material: str) -> str:
    """The plane's colour as `#rrggbb`."""
    colors = wish.ground.colors
    return SHADES[colors[0]] if colors else MATERIALS[material].color


def lay(wall: Floats, lit: Floats, plane: Plane, material: str, seed: int) -> None:
    """Puts the plane before the wall, in place; `lit` is a sheet of its colour under the lamps."""
    rows, columns = wall.shape[:2]
    first = max(0, int(plane.edge) - 2)
    if first >= rows:
        return
    tone = _seen(plane, material, (rows - first, columns), first, seed)
    soft = max(1.0, 0.006 * plane.size)
    for band in bands(first, rows, columns):
        y = np.arange(band.start, band.stop, dtype=np.float32)[:, None, None] + 0.5
        share = np.clip((y - plane.edge) / soft, 0, 1)
        # At its far edge it meets a wall that takes some of the room from it.
        share_lit = 1 - 0.22 * np.exp(-np.maximum(y - plane.edge, 0) / (0.05 * plane.size))
        board = lit[band] * tone[band.start - first : band.stop - first] * share_lit
        wall[band] += (board - wall[band]) * share


def _seen(plane: Plane, material: str, shape: tuple[int, int], first: int, seed: int) -> Floats:
    """The plane's tone (H, W, 3) over the picture's rows from `first` on."""
    rows, columns = shape
    y = np.arange(first, first + rows, dtype=np.float32) + 0.5
    # How much smaller things are there than at the thing's foot.
    near = np.maximum(y, plane.edge) - plane.horizon
    away = (plane.foot - plane.horizon) / near
    deep = _FORESHORTENED * (plane.foot - plane.horizon) * away
    wide = float(away[0]) * columns
    long = float(deep[0] - deep[-1]) + 1
    across, down = min(1.0, _ACROSS_MAX / wide), min(1 / _FORESHORTENED, _DEEP_MAX / long)
    dice = np.random.default_rng([seed % 2**63, 29])
    size = int(long * down) + 3, int(wide * across) + 3
    flat = _flat(material, size, plane.size * across, round(size[0] * across / down), dice)
    x = np.arange(columns, dtype=np.float32)[None, :] + 0.5
    map_x = ((x - plane.middle) * away[:, None] + plane.middle * away[0]) * across
    map_y = np.broadcast_to(((deep[0] - deep) * down)[:, None], shape)
    seen = floats(
        cv2.remap(
            flat, floats(map_x), floats(map_y), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
    )
    # The lens is set to the thing; in front of it and behind the grain is soft.
    out_of_focus = np.abs(y - plane.foot) / (0.3 * plane.size)
    blur = blurred(seen, max(0.8, 0.004 * plane.size), max(0.6, 0.0015 * plane.size))
    return floats(seen + (blur - seen) * np.clip(out_of_focus, 0, 1)[:, None, None])


def _flat(material: str, size: tuple[int, int], unit: float, long: int, dice: Dice) -> Floats:
    """The plane's tone from above, its `long` way away from the camera squeezed into the rows."""
    if material == "wood":
        return _boards(size, unit, long, dice)
    tone, _ = pattern(MATERIALS[material].texture, (long, size[1]), unit, dice)
    tone = tone if tone.ndim > 2 else np.repeat(tone[..., None], 3, axis=2)  # noqa: PLR2004
    return floats(cv2.resize(tone, size[::-1], interpolation=cv2.INTER_AREA))


def _boards(size: tuple[int, int], unit: float, long: int, dice: Dice) -> Floats:
    """Boards that run away from the camera, each of its own tone and its own trunk."""
    rows, columns = size
    usual = max(6.0, _BOARD * unit)
    out = np.empty((rows, columns, 3), np.float32)
    left = 0
    while left < columns:
        wide = round(usual * dice.uniform(0.85, 1.1) * (dice.uniform(0.3, 1) if not left else 1))
        wide = max(4, wide)
        tone, _ = pattern("wood", (max(long, wide), wide), 0.8 * unit, dice)
        tone = floats(cv2.resize(tone, (wide, rows), interpolation=cv2.INTER_AREA))
        seam = np.minimum(np.arange(wide), np.arange(wide)[::-1]) + 0.5
        dark = 1 - 0.6 * np.exp(-np.square(seam / max(1.0, 0.006 * unit)))
        tone = floats(tone * dark[None, :, None] * dice.uniform(0.84, 1.06))
        right = min(columns, left + wide)
        out[:, left:right] = tone[:, : right - left]
        left = right
    return out
