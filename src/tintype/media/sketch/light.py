"""The studio's lamps, and what a surface that faces any way returns of their light.

The camera is far and so are the lamps, so what a material returns depends on the surface's
direction alone. It is worked out once for a disc of directions (a sphere seen from the front) and
looked up for every pixel: diffuse light as Lambert's integral, reflections as GGX's over the
room, both sampled with Hammersley's points, so nothing here is left to chance.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import cv2
import numpy as np

from tintype.media.draft.scene import seeded
from tintype.media.finish.frame import Floats
from tintype.media.sketch.arrays import blurred, floats
from tintype.media.sketch.materials import linear
from tintype.media.sketch.wish import Wish

_GLOSS_SIDE: Final = 100
_MATTE_SIDE: Final = 40
_GLOSS_SAMPLES: Final = 24
_MATTE_SAMPLES: Final = 96
_PALE: Final = 74.0
_HUELESS: Final = 14.0


@dataclass(frozen=True, slots=True)
class Lamp:
    """A soft box far away.

    `toward` points to it from the thing (right, up, to the camera), `color` has its strength too,
    in linear light; `wide` and `high` are the halves of its sides and `soft` its edge, as tangents.
    """

    toward: tuple[float, float, float]
    color: tuple[float, float, float]
    wide: float
    high: float
    soft: float = 0.12


@dataclass(frozen=True, slots=True)
class Rig:
    """A whole lighting: `lamps`, the room's own light above, around and below, and its backdrop.

    `side` is -1 where the main lamp stands left and 1 right. `backdrop` scales the light that
    falls on the backdrop, `shadow` is how much of it the thing takes away (0 to 1), `spread` how
    soft its edge is (1 is a soft box), `tint` multiplies a backdrop that no word has coloured.
    """

    lamps: tuple[Lamp, ...]
    above: tuple[float, float, float]
    around: tuple[float, float, float]
    below: tuple[float, float, float]
    side: float
    backdrop: float = 1.0
    shadow: float = 0.62
    spread: float = 1.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    dim: bool = False


def rig_for(wish: Wish, seed: int) -> Rig:
    """The lighting that the prompt's words ask for; the seed chooses the side and the angle."""
    dice = seeded("light", seed)
    side = -1.0 if dice.random() < 0.5 else 1.0  # noqa: PLR2004
    turn = dice.uniform(0.65, 1.0)
    lift = dice.uniform(0.45, 0.7)
    rig = _studio(side, turn, lift)
    name = _name(wish)
    if name in _DAYLIGHT:
        sun, sky, tint, low = _DAYLIGHT[name]
        return _sunny(rig, sun, sky, tint, low=low)
    return _LIGHTINGS[name](rig) if name in _LIGHTINGS else rig


def _name(wish: Wish) -> str:
    if "neon" in wish.styles:
        return "neon"
    for time in ("night", "dusk", "sunset", "dawn"):
        if time in wish.times:
            return time
    if "hard" in wish.lights or "dark" in wish.styles:
        return "hard"
    if "warm" in wish.lights:
        return "warm"
    return next(iter(wish.lights), "studio")


def _studio(side: float, turn: float, lift: float) -> Rig:
    return Rig(
        lamps=(
            Lamp((side * turn, lift, 0.75), (4.2, 4.12, 4.0), 0.42, 0.62),
            Lamp((-side * 1.0, 0.25, -0.12), (2.9, 3.0, 3.15), 0.16, 1.2),
            Lamp((-side * 0.8, 0.2, 0.8), (0.3, 0.31, 0.34), 0.5, 0.6, 1.1),
            Lamp((0.0, 1.0, -0.15), (0.9, 0.9, 0.93), 0.9, 0.3, 0.25),
        ),
        above=(0.2, 0.206, 0.22),
        around=(0.13, 0.13, 0.135),
        below=(0.17, 0.166, 0.16),
        side=side,
    )


def _soft(rig: Rig) -> Rig:
    key, rim, fill, top = rig.lamps
    lamps = (
        replace(key, color=(1.25, 1.25, 1.22), wide=0.95, high=0.95, soft=0.3),
        replace(rim, color=(1.5, 1.5, 1.6)),
        replace(fill, color=(0.5, 0.5, 0.53)),
        replace(top, color=(0.85, 0.85, 0.85), wide=1.2, high=0.6),
    )
    return replace(
        rig, lamps=lamps, above=(0.4, 0.4, 0.41), around=(0.28, 0.28, 0.28),
        below=(0.26, 0.26, 0.26), shadow=0.42, spread=1.5,
    )  # fmt: skip


def _hard(rig: Rig) -> Rig:
    key, rim, _, _ = rig.lamps
    x, y, _ = key.toward
    lamps = (
        replace(key, toward=(x * 1.25, y * 0.9, 0.42), color=(17, 16, 14.6), wide=0.2, high=0.3),
        replace(rim, color=(5.2, 5.6, 6.4)),
    )
    return replace(
        rig, lamps=lamps, above=(0.12, 0.12, 0.14), around=(0.06, 0.06, 0.07),
        below=(0.07, 0.07, 0.07), backdrop=0.3, shadow=0.85, spread=0.5,
        tint=(0.42, 0.42, 0.46), dim=True,
    )  # fmt: skip


def _sunny(
    rig: Rig,
    sun: tuple[float, float, float],
    sky: tuple[float, float, float],
    tint: tuple[float, float, float],
    *,
    low: float,
) -> Rig:
    key, rim, fill, _ = rig.lamps
    x, _, _ = key.toward
    lamps = (
        replace(
            key, toward=(x * 1.2, low + 0.12, 0.62), wide=0.2, high=0.24,
            color=(17 * sun[0], 17 * sun[1], 17 * sun[2]),
        ),
        replace(rim, color=(2.4 * sky[0], 2.4 * sky[1], 2.4 * sky[2])),
        replace(fill, color=(0.7 * sky[0], 0.7 * sky[1], 0.7 * sky[2])),
    )  # fmt: skip
    return replace(
        rig, lamps=lamps, above=(0.5 * sky[0], 0.5 * sky[1], 0.5 * sky[2]),
        around=(0.28 * sky[0], 0.26 * sky[1], 0.27 * sky[2]),
        below=(0.34 * sun[0], 0.3 * sun[1], 0.28 * sun[2]), shadow=0.66, spread=0.6, tint=tint,
    )  # fmt: skip


def _night(rig: Rig) -> Rig:
    key, rim, _, _ = rig.lamps
    lamps = (
        replace(key, color=(2.0, 2.9, 5.2)),
        replace(rim, color=(5.4, 3.6, 1.9), wide=0.2),
    )
    return replace(
        rig, lamps=lamps, above=(0.1, 0.13, 0.25), around=(0.07, 0.08, 0.15),
        below=(0.07, 0.07, 0.1), backdrop=0.32, shadow=0.7, tint=(0.3, 0.38, 0.62), dim=True,
    )  # fmt: skip


def _neon(rig: Rig) -> Rig:
    side = rig.side
    lamps = (
        Lamp((side * 0.9, 0.35, 0.45), (7.4, 0.7, 4.6), 0.2, 1.1),
        Lamp((-side * 0.95, 0.2, 0.25), (0.3, 4.2, 6.6), 0.2, 1.1),
        Lamp((0.0, 0.9, 0.5), (1.0, 0.8, 1.6), 0.6, 0.25, 0.3),
    )
    return replace(
        rig, lamps=lamps, above=(0.13, 0.09, 0.22), around=(0.08, 0.06, 0.14),
        below=(0.12, 0.05, 0.15), backdrop=0.42, shadow=0.6, tint=(0.34, 0.24, 0.6), dim=True,
    )  # fmt: skip


Rgb = tuple[float, float, float]
_DAYLIGHT: Final[Mapping[str, tuple[Rgb, Rgb, Rgb, float]]] = {
    # The sun's colour, the sky's, the backdrop's tint, the sun's height.
    "dawn": ((1.0, 0.8, 0.6), (0.62, 0.74, 1.0), (1.0, 0.93, 0.83), 0.42),
    "sunset": ((1.0, 0.55, 0.24), (0.66, 0.5, 0.72), (1.0, 0.72, 0.5), 0.28),
    "warm": ((1.0, 0.62, 0.3), (0.8, 0.62, 0.6), (1.0, 0.82, 0.66), 0.36),
}
_LIGHTINGS: Final[Mapping[str, Callable[[Rig], Rig]]] = {
    "soft": _soft,
    "hard": _hard,
    "dusk": _night,
    "night": _night,
    "neon": _neon,
}


def room(rig: Rig, toward: Floats, blur: float = 0.0) -> Floats:
    """The light that comes from each direction; `toward` (..., 3) are unit vectors.

    `blur` widens the lamps' edges (as a tangent), for surfaces too dull to show them.
    """
    up = toward[..., 1:2]
    level = np.clip(up / 0.35, -1, 1)
    above, around, below = (np.array(c, np.float32) for c in (rig.above, rig.around, rig.below))
    light = np.where(
        level > 0, around + (above - around) * level, around + (around - below) * level
    )
    for lamp in rig.lamps:
        ahead, right, over = _axes(lamp)
        deep = toward @ ahead
        near = np.maximum(deep, 1e-3)
        soft = lamp.soft + blur
        inside = _box((toward @ right) / near, lamp.wide, soft) * _box(
            (toward @ over) / near, lamp.high, soft
        )
        inside *= deep > 0
        light = light + inside[..., None] * np.array(lamp.color, np.float32)
    return np.asarray(light, np.float32)


def _axes(lamp: Lamp) -> tuple[Floats, Floats, Floats]:
    ahead = np.array(lamp.toward, np.float32)
    ahead /= np.linalg.norm(ahead)
    right = np.cross(np.array([0, 1, 0], np.float32), ahead)
    right = floats(right / max(float(np.linalg.norm(right)), 1e-6))
    return ahead, right, floats(np.cross(ahead, right))


def _box(at: Floats, half: float, soft: float) -> Floats:
    """1 inside a box, falling smoothly to 0 over `soft` around its edge."""
    t = np.clip((half + soft / 2 - np.abs(at)) / soft, 0, 1)
    return floats(t * t * (3 - 2 * t))


def matte(rig: Rig) -> Floats:
    """The light that falls on each direction of a disc, (N, N, 3): irradiance over pi."""
    facing = _disc(_MATTE_SIDE)
    first, second = _points(_MATTE_SAMPLES)
    out, around = np.sqrt(first), 2 * np.pi * second
    local = np.stack((out * np.cos(around), out * np.sin(around), np.sqrt(1 - first)), 1)
    toward = _turned(facing, local.astype(np.float32))
    light = room(rig, toward, 0.35).mean(axis=2)
    return blurred(light, 1.0)


def glossy(rig: Rig, rough: float) -> Floats:
    """What each direction of a disc mirrors to the camera, (N, N, 3), before Fresnel."""
    facing = _disc(_GLOSS_SIDE)
    first, second = _points(_GLOSS_SAMPLES)
    alpha = max(rough, 0.04) ** 2
    cosine = np.sqrt((1 - first) / (1 + (alpha * alpha - 1) * first))
    sine, around = np.sqrt(1 - cosine**2), 2 * np.pi * second
    local = np.stack((sine * np.cos(around), sine * np.sin(around), cosine), 1)
    half = _turned(facing, local.astype(np.float32))
    toward = 2 * half[..., 2:3] * half
    toward[..., 2] -= 1
    weight = np.maximum((toward * facing[:, :, None, :]).sum(axis=-1), 0)
    light = room(rig, toward, 1.5 * alpha)
    total = (light * weight[..., None]).sum(axis=2) / np.maximum(weight.sum(axis=2), 1e-3)[
        ..., None
    ]
    return np.asarray(total, np.float32)


def _points(count: int) -> tuple[Floats, Floats]:
    """Hammersley's points in the unit square."""
    numbers = np.arange(count)
    mirrored = np.zeros(count)
    for bit in range(16):
        mirrored += (numbers >> bit & 1) / 2.0 ** (bit + 1)
    return ((numbers + 0.5) / count).astype(np.float32), mirrored.astype(np.float32)


def _disc(side: int) -> Floats:
    """Unit vectors of a sphere seen from the front (right, up, to the camera)."""
    line = np.linspace(-1, 1, side, dtype=np.float32)
    flat = np.stack(np.meshgrid(line, -line), axis=-1)
    flat /= np.maximum(np.linalg.norm(flat, axis=-1, keepdims=True) / np.float32(0.998), 1)
    toward = np.sqrt(np.maximum(0, 1 - np.square(flat).sum(axis=-1, keepdims=True)))
    return floats(np.concatenate((flat, toward), axis=-1))


def _turned(facing: Floats, local: Floats) -> Floats:
    """Directions around the pole as directions around each of `facing`: (N, N, samples, 3)."""
    other = np.zeros_like(facing)
    other[..., 1] = 1
    tangent = np.cross(other, facing)
    length = np.linalg.norm(tangent, axis=-1, keepdims=True)
    tangent = np.where(length > 1e-3, tangent / np.maximum(length, 1e-6), [1, 0, 0])  # noqa: PLR2004
    across = np.cross(facing, tangent)
    basis = np.stack((tangent, across, facing), axis=-2).astype(np.float32)
    turned: Any = np.einsum("sk,hwkc->hwsc", local, basis, optimize=True)
    return np.asarray(turned, np.float32)


def backdrop_color(own: str, asked: str, rig: Rig, seed: int) -> Floats:
    """The backdrop in linear light: as `asked`, else a quiet opposite of the thing's `own` colour.

    Both are `#rrggbb`, `asked` may be "". A thing without a hue gets one of a few the seed picks.
    """
    if asked:
        return linear(asked)
    lab: Any = cv2.cvtColor(linear(own).reshape(1, 1, 3), cv2.COLOR_LRGB2LAB)
    light, a, b = (float(v) for v in lab[0, 0])
    chroma = float(np.hypot(a, b))
    dice = seeded("backdrop", seed)
    # Far enough from the thing in lightness to part from it.
    lightness = 84.0 if light < _PALE else 70.0
    if chroma < _HUELESS:
        turn = dice.choice((20.0, 55.0, 75.0, 150.0, 230.0, 265.0))
        wanted = 11.0
    else:
        turn = float(np.degrees(np.arctan2(-b, -a))) + dice.uniform(-35, 35)
        wanted = min(12.0, 0.3 * chroma)
    if max(rig.tint) > 1.3 * min(rig.tint):
        # A light with a colour of its own paints the wall.
        wanted *= 0.3
    way = np.radians(turn)
    quiet = np.array([[[lightness, wanted * np.cos(way), wanted * np.sin(way) + 1.5]]], np.float32)
    back: Any = cv2.cvtColor(quiet, cv2.COLOR_LAB2LRGB)
    return floats(np.clip(back[0, 0], 0.01, 1) * np.array(rig.tint))
