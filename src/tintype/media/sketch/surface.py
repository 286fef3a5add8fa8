"""Light on the thing: each part in its material, put together over the window of the picture."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from tintype.media.finish.frame import Floats
from tintype.media.sketch.arrays import floats
from tintype.media.sketch.cast import Cast
from tintype.media.sketch.glass import Drink, filled, seen_through
from tintype.media.sketch.lathe import Lathe, turned
from tintype.media.sketch.light import Rig, glossy, matte
from tintype.media.sketch.materials import Material, linear
from tintype.media.sketch.place import Place, bands, carried, cover, outline, spread
from tintype.media.sketch.regions import Drawing
from tintype.media.sketch.shape import Body, hollow
from tintype.media.sketch.texture import pattern, slopes

_FOOT: Final = 0.16
_STEEPEST: Final = 7.0
_FAR_WALL: Final = 0.2
_HAZE: Final = 0.3  # The light of a room without its lamps.
_WHITEST: Final = 0.97  # No paint throws back all light, whatever its name.
_HANGING: Final = frozenset({"none", "drape"})
"""Textures that don't go around a turned body."""
Step = Callable[[float], None]


def thing(
    drawing: Drawing,
    parts: tuple[Cast, ...],
    body: Body,
    place: Place,
    rig: Rig,
    behind: Floats,
    *,
    liquid: str,
    drink: Drink | None,
    seed: int,
    step: Step,
) -> tuple[Floats, Floats]:
    """The thing in linear light over the window (H, W, 3), and how much it covers (H, W).

    `behind` is the backdrop over the same window, which clear materials show. `step` is told the
    share of parts done.
    """
    labels, maps = spread(drawing, body.slope, body.crease, body.shade)
    stage = _Stage(drawing, place, maps, _Room(rig, matte(rig), {}), behind, liquid, drink)
    total = np.zeros((*place.shape, 3), np.float32)
    weights = np.full(place.shape, 1e-6, np.float32)
    for number, one in enumerate(parts):
        at = place.inside(one.part.box)
        weight = cover((labels == one.part.label).astype(np.uint8), place, at)
        if weight.size == 0 or not weight.any():
            continue
        dice = np.random.default_rng([seed % 2**63, one.part.label])
        for rows, colors in _colors(stage, one, body.lathes.get(one.part.label), at, dice):
            share = weight[rows.start - at[0].start : rows.stop - at[0].start, :, None]
            total[rows, at[1]] += share * colors
        weights[at] += weight
        step((number + 1) / len(parts))
    total /= weights[..., None]
    return total, outline(drawing, place)


@dataclass(frozen=True, slots=True)
class _Stage:
    """What all parts stand in; `maps` are the slope, the crease and the shade over the page."""

    drawing: Drawing
    place: Place
    maps: list[Floats]
    room: "_Room"
    behind: Floats
    liquid: str
    drink: Drink | None


def _colors(
    stage: _Stage,
    one: Cast,
    lathe: Lathe | None,
    at: tuple[slice, slice],
    dice: np.random.Generator,
) -> Iterator[tuple[slice, Floats]]:
    """Rows of the window with a part's colours, few at a time: light takes many maps a pixel."""
    place, material, first = stage.place, one.material, at[0].start
    slope, crease, shade = stage.maps
    inner, dim = slope, None
    if one.role == "opening":
        inner, dim = hollow(stage.drawing, one.part)
    winds = lathe is not None and material.texture not in _HANGING
    wide = lathe.unrolled(place.scale) if lathe and winds else at[1].stop - at[1].start
    unit = max(24.0, float(place.shape[0]))
    surface = pattern(material.texture, (at[0].stop - first, wide), unit, dice)
    for rows in bands(at[0].start, at[0].stop, at[1].stop - at[1].start):
        # A slope is told from the rows around it.
        near = slice(max(at[0].start, rows.start - 1), min(at[0].stop, rows.stop + 1))
        here = (near, at[1])
        tone, relief = (values[near.start - first : near.stop - first] for values in surface)
        tilt = carried(crease, place, here)
        light = carried(shade, place, here) * _foot(here, place)
        if lathe is None:
            tilt += carried(inner, place, here)
        else:
            turn, around = turned(lathe, here, place)
            tilt += turn
            if winds:
                tone, relief = _wound(tone, around), _wound(relief, around)
        if dim is not None:
            light *= carried(dim, place, here)
        tilt += material.bump * slopes(relief)
        facing = _facing(tilt)
        glass = None
        if material.clear:
            glass = seen_through(
                material, stage.behind[at], facing, here, near.start - first, place, stage.drink,
                colored=one.asked,
            )  # fmt: skip
        colors = _lit(material, facing, light, tone, glass, stage.room)
        if one.role == "opening" and stage.liquid:
            colors = filled(colors, here, place, one, stage.liquid)
        yield rows, colors[rows.start - near.start :][: rows.stop - rows.start]


def _wound(values: Floats, around: Floats) -> Floats:
    """Rows of a texture wound around a turned body."""
    map_x = np.asarray(around + values.shape[1] / 2, np.float32)
    rows = np.arange(len(around), dtype=np.float32)[:, None]
    map_y = np.broadcast_to(rows, map_x.shape).copy()
    wound = cv2.remap(values, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(wound, np.float32)


def _foot(at: tuple[slice, slice], place: Place) -> Floats:
    """The floor keeps some of the room's light from what stands on it."""
    down = (np.arange(at[0].start, at[0].stop, dtype=np.float32) + 1) / place.shape[0]
    dark = 1 - 0.3 * np.square(np.clip((down - 1 + _FOOT) / _FOOT, 0, 1))
    return np.asarray(dark[:, None], np.float32)


def _facing(slope: Floats) -> Floats:
    """Slopes as unit vectors (right, down, to the camera), none quite edge on."""
    steep = np.hypot(slope[..., 0], slope[..., 1])
    slope = slope * np.minimum(1, _STEEPEST / np.maximum(steep, 1e-6))[..., None]
    toward = 1 / np.sqrt(1 + np.square(slope).sum(axis=-1, keepdims=True))
    return floats(np.concatenate((slope * toward, toward), axis=-1))


@dataclass(frozen=True, slots=True)
class _Room:
    """The lamps as tables: `fallen` for matte light, `mirrors` by roughness as they are needed."""

    rig: Rig
    fallen: Floats
    mirrors: dict[float, Floats]

    def mirror(self, rough: float) -> Floats:
        if rough not in self.mirrors:
            self.mirrors[rough] = glossy(self.rig, rough)
        return self.mirrors[rough]


def _lit(
    material: Material,
    facing: Floats,
    shade: Floats,
    tone: Floats,
    glass: Floats | None,
    room: _Room,
) -> Floats:
    """One material's colours under the lamps; `shade` is the share of light that arrives.

    `glass` is what is seen through a clear material.
    """
    toward, dim = facing[..., 2:], shade[..., None]
    diffuse = _looked_up(room.fallen, facing)
    mirrored = _looked_up(room.mirror(material.rough), facing)
    tone = tone if tone.ndim == 3 else tone[..., None]  # noqa: PLR2004
    color = _WHITEST * linear(material.color) * tone
    grazing = (1 - toward) ** 5 * (1 - 0.75 * material.rough)
    if material.metal:
        reflected = color + (1 - color) * grazing
        return floats((mirrored * reflected + 0.1 * color * diffuse) * dim)
    fresnel = material.f0 + (1 - material.f0) * grazing
    inner = floats(color * diffuse * (1 - fresnel) * dim)
    if material.sheen:
        fuzz = (1 - toward) ** 3 * material.sheen
        inner = floats(inner + fuzz * diffuse * (0.7 * color + 0.06) * dim)
    if glass is not None:
        inner = floats(glass * (0.5 + 0.5 * dim))
        # The far wall mirrors the lamps too, the other way round. The dim room between them would
        # be a haze over what is behind; it shows at the rim alone, in two walls.
        far = facing * np.array([-1, -1, 1], np.float32)
        both = mirrored + _FAR_WALL * _looked_up(room.mirror(material.rough), far)
        haze = np.minimum(both, _HAZE)
        return floats(
            inner + ((both - haze) * (fresnel + 0.03) + haze * grazing * (2 - grazing)) * dim * dim
        )
    # Where little of the room is seen, little of it is mirrored.
    return floats(inner + mirrored * fresnel * dim * dim)


def _looked_up(table: Floats, facing: Floats) -> Floats:
    """The value of a disc of directions for each pixel's direction."""
    half = np.float32((table.shape[0] - 1) / 2)
    right, down = floats((facing[..., 0] + 1) * half), floats((facing[..., 1] + 1) * half)
    return floats(cv2.remap(table, right, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
