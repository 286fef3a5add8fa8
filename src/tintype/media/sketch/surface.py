"""Light on the thing: each part in its material, put together over the window of the picture."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from tintype.media.finish.frame import Floats
from tintype.media.sketch.arrays import floats
from tintype.media.sketch.cast import Cast
from tintype.media.sketch.glass import Drink, filled, seen_through
from tintype.media.sketch.lathe import turned
from tintype.media.sketch.light import Rig, glossy, matte
from tintype.media.sketch.materials import Material, linear
from tintype.media.sketch.place import Place, carried, cover, outline, spread
from tintype.media.sketch.regions import Drawing
from tintype.media.sketch.shape import Body, hollow
from tintype.media.sketch.texture import pattern, slopes

_FOOT: Final = 0.16
_STEEPEST: Final = 7.0
_WHITEST: Final = 0.97  # No paint throws back all light, whatever its name.
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
    labels, (slope, crease, shade) = spread(drawing, body.slope, body.crease, body.shade)
    unit = max(24.0, float(place.shape[0]))
    room = _Room(rig, matte(rig), {})
    total = np.zeros((*place.shape, 3), np.float32)
    weights = np.full(place.shape, 1e-6, np.float32)
    for number, one in enumerate(parts):
        at = place.inside(one.part.box)
        weight = cover((labels == one.part.label).astype(np.uint8), place, at)
        if weight.size == 0 or not weight.any():
            continue
        dice = np.random.default_rng([seed % 2**63, one.part.label])
        light = carried(shade, place, at) * _foot(at, place)
        tilt = carried(crease, place, at)
        lathe = body.lathes.get(one.part.label)
        if one.role == "opening":
            inner, dim = hollow(drawing, one.part)
            tilt, light = tilt + carried(inner, place, at), light * carried(dim, place, at)
            tone, relief = pattern(one.material.texture, weight.shape, unit, dice)
        elif lathe is not None:
            turn, around = turned(lathe, at, place)
            tilt += turn
            tone, relief = _wound(one.material, around, unit, dice)
        else:
            tilt += carried(slope, place, at)
            tone, relief = pattern(one.material.texture, weight.shape, unit, dice)
        tilt += one.material.bump * slopes(relief)
        facing = _facing(tilt)
        glass = None
        if one.material.clear:
            glass = seen_through(one.material, behind[at], facing, at, place, drink)
        colors = _lit(one.material, facing, light, tone, glass, room)
        if one.role == "opening" and liquid:
            colors = filled(colors, at, place, one, liquid)
        total[at] += weight[..., None] * colors
        weights[at] += weight
        step((number + 1) / len(parts))
    return total / weights[..., None], outline(drawing, place)


def _wound(
    material: Material, around: Floats, unit: float, dice: np.random.Generator
) -> tuple[Floats, Floats]:
    """A material's texture wound around a turned body."""
    rows, columns = around.shape
    if material.texture in {"none", "drape"}:
        return pattern(material.texture, (rows, columns), unit, dice)
    wide = int(2 * np.abs(around).max()) + 8
    tone, relief = pattern(material.texture, (rows, wide), unit, dice)
    map_x = np.asarray(around + wide / 2, np.float32)
    map_y = np.broadcast_to(np.arange(rows, dtype=np.float32)[:, None], map_x.shape).copy()
    wound = [
        cv2.remap(values, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        for values in (tone, relief)
    ]
    return np.asarray(wound[0], np.float32), np.asarray(wound[1], np.float32)


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
        # The far wall mirrors the lamps too, the other way round.
        far = facing * np.array([-1, -1, 1], np.float32)
        mirrored = mirrored + 0.35 * _looked_up(room.mirror(material.rough), far)
        fresnel = fresnel + 0.03
    # Where little of the room is seen, little of it is mirrored.
    return floats(inner + mirrored * fresnel * dim * dim)


def _looked_up(table: Floats, facing: Floats) -> Floats:
    """The value of a disc of directions for each pixel's direction."""
    half = np.float32((table.shape[0] - 1) / 2)
    right, down = floats((facing[..., 0] + 1) * half), floats((facing[..., 1] + 1) * half)
    return floats(cv2.remap(table, right, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
