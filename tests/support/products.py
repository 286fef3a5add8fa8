"""Products on plain backdrops, drawn with a matte that is known.

A solid (ball, bottle, box, cup with a handle, ring, shoe-like blob) stands before paper of any
light colour. The light falls off over the paper, the product is shaded and carries prints, and
casts a shadow: soft, or hard with a narrow penumbra. Light is added up in linear light; then
come a lens's blur, a sensor's noise and a JPEG.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from support.machine_look import encode

Floats = NDArray[np.float32]
Dice = np.random.Generator

WIDTH, HEIGHT = 560, 480


@dataclass(frozen=True)
class Product:
    """`pixels` and `clean` (H, W, 3) are float32 sRGB: as photographed, and without any noise.

    `matte` (H, W) is how much of each pixel the product covers, `shade` how much light the
    shadow leaves to the paper.
    """

    pixels: Floats
    clean: Floats
    matte: Floats
    shade: Floats
    name: str


def product(seed: int) -> Product:
    """The product of this seed. One in four is nearly white, one in four dark, one in four grey."""
    dice = np.random.default_rng([seed, 47])
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    x, y = (x - WIDTH / 2) / HEIGHT, (y - HEIGHT / 2) / HEIGHT
    name = tuple(SHAPES)[seed % len(SHAPES)]
    matte, bump = SHAPES[name](dice, x, y)
    kind = ("coloured", "white", "dark", "grey")[int(dice.integers(4))]
    foot = float(y[matte > 0.5].max())
    hard = bool(dice.integers(2))
    shade = _shadow(dice, matte, x, y, foot, hard)
    surface = _surface(dice, kind, matte, bump, x, y)
    paper = _paper(dice, x, y)
    while not _seen(surface, paper * shade[..., None], matte):
        paper = _paper(dice, x, y)
    light = paper * shade[..., None] * (1 - matte[..., None]) + surface * matte[..., None]
    blur = dice.uniform(0.6, 1.0)
    light, matte, shade = (_blurred(plane, blur) for plane in (light, matte, shade))
    noisy = light + dice.standard_normal(light.shape, np.float32) * np.sqrt(light / 6000)
    pixels = np.rint(encode(np.clip(noisy, 0, 1)) * 255).astype(np.uint8)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(dice.integers(85, 96))]
    data = cv2.imencode(".jpg", pixels[..., ::-1], quality)[1]
    back = cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]
    shadow = "hard" if hard else "soft"
    return Product(
        np.ascontiguousarray(back, np.float32) / 255,
        encode(np.clip(light, 0, 1)).astype(np.float32),
        matte,
        shade,
        f"{kind} {name}, {shadow} shadow",
    )


def _seen(surface: Floats, behind: Floats, matte: Floats) -> bool:
    """Whether the product's outline shows: nearly all of it differs by a sixteenth.

    A white cup before paper of the very same light has no edge that anyone could find.
    """
    solid = (matte > 0.5).astype(np.uint8)
    edge = (solid - cv2.erode(solid, np.ones((5, 5), np.uint8))) > 0
    ratio = (surface[edge] + np.float32(0.01)) / (behind[edge] + np.float32(0.01))
    apart = np.abs(np.log(ratio)).max(1)
    return float((apart > 1 / 16).mean()) > 0.95


def _blurred(plane: Floats, blur: float) -> Floats:
    return cv2.GaussianBlur(plane, (0, 0), blur)


def _paper(dice: Dice, x: Floats, y: Floats) -> Floats:
    white = bool(dice.integers(2))
    tone = dice.uniform(0.6, 0.9) * np.ones(3) if white else dice.uniform(0.25, 0.8, 3)
    fall = 1 + dice.uniform(-0.25, 0.25) * x + dice.uniform(-0.25, 0.25) * y
    fall = fall - dice.uniform(0, 0.35) * (x**2 + (y + 0.1) ** 2)
    return (
        (np.clip(fall, 0.3, None)[..., None] * tone.astype(np.float32))
        .clip(0, 0.97)
        .astype(np.float32)
    )


def _surface(dice: Dice, kind: str, matte: Floats, bump: Floats, x: Floats, y: Floats) -> Floats:
    tone = {
        "coloured": dice.uniform(0.03, 0.6, 3) * (dice.permutation(3) > 0),
        "white": dice.uniform(0.8, 0.95) * np.ones(3),
        "dark": dice.uniform(0.01, 0.05, 3),
        "grey": dice.uniform(0.15, 0.45) * np.ones(3),
    }[kind]
    normal = np.stack([-cv2.Sobel(bump, -1, 1, 0), -cv2.Sobel(bump, -1, 0, 1)], -1) * HEIGHT / 8
    lamp = np.array([dice.uniform(-0.6, 0.6), -0.5, 0.8])
    lamp = (lamp / np.linalg.norm(lamp)).astype(np.float32)
    facing = normal[..., 0] * lamp[0] + normal[..., 1] * lamp[1] + lamp[2]
    facing /= np.sqrt(normal[..., 0] ** 2 + normal[..., 1] ** 2 + 1)
    lit = np.float32(0.18) + np.float32(0.72) * np.clip(facing, 0, 1)
    made = lit[..., None] * (tone + 0.01).astype(np.float32)
    for _ in range(int(dice.integers(0, 4))):
        at, wide, tall = (
            dice.uniform(-0.15, 0.15, 2),
            dice.uniform(0.02, 0.1),
            dice.uniform(0.01, 0.05),
        )
        print_ = (np.abs(x - at[0]) < wide) & (np.abs(y - at[1]) < tall)
        made[print_] = lit[print_][:, None] * dice.uniform(0.02, 0.8, 3)
    return np.clip(made, 0, 1).astype(np.float32)


def _shadow(dice: Dice, matte: Floats, x: Floats, y: Floats, foot: float, hard: bool) -> Floats:
    """The product lies down on the paper away from the lamp, and darkens it where it stands."""
    lean, flat = dice.uniform(-0.9, 0.9), dice.uniform(0.25, 0.5)
    scale = HEIGHT
    rise = (foot - y) / flat
    across = (x - lean * rise) * scale + WIDTH / 2
    down = (foot - rise) * scale + HEIGHT / 2
    cast = cv2.remap(
        matte, across.astype(np.float32), down.astype(np.float32), cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
    )  # fmt: skip
    soft = dice.uniform(0.8, 2) if hard else dice.uniform(9, 20)
    cast = cv2.GaussianBlur(cast, (0, 0), soft) * dice.uniform(0.25, 0.6)
    middle = float(x[matte > 0.5].mean())
    touch = np.exp(-(((x - middle) / 0.2) ** 2) - ((y - foot) / 0.025) ** 2) * 0.35
    return ((1 - cast) * (1 - touch)).astype(np.float32)


def _covered(inside: Floats) -> Floats:
    """A matte from a distance that is above 0 inside, in pixels."""
    return np.clip(inside + 0.5, 0, 1).astype(np.float32)


def _ball(dice: Dice, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    radius = dice.uniform(0.16, 0.28)
    away = np.hypot(x, y) / radius
    bump = np.sqrt(np.clip(1 - away**2, 0, 1)) * radius
    return _covered((1 - away) * radius * HEIGHT), bump.astype(np.float32)


def _bottle(dice: Dice, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    wide, neck = dice.uniform(0.08, 0.13), dice.uniform(0.03, 0.05)
    high, low, shoulder = -0.36, 0.3, dice.uniform(-0.2, -0.1)
    slope = np.clip((y - shoulder) / 0.07 + 0.5, 0, 1)
    half = neck + (wide - neck) * slope * slope * (3 - 2 * slope)
    inside = np.minimum(half - np.abs(x), np.minimum(y - high, low - y))
    bump = np.sqrt(np.clip(half**2 - x**2, 0, 1))
    return _covered(inside * HEIGHT), bump.astype(np.float32)


def _box(dice: Dice, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Three faces of a box; their slopes are what shades them."""
    wide, tall, deep = dice.uniform(0.14, 0.24), dice.uniform(0.12, 0.22), dice.uniform(0.05, 0.1)
    faces = [
        ([(-wide, -tall), (wide - deep, -tall), (wide - deep, tall), (-wide, tall)], (0.1, 0.0)),
        ([(wide - deep, -tall), (wide, -tall - deep), (wide, tall - deep), (wide - deep, tall)],
         (-0.9, 0.0)),
        ([(-wide, -tall), (-wide + deep, -tall - deep), (wide, -tall - deep), (wide - deep, -tall)],
         (0.0, 0.8)),
    ]  # fmt: skip
    matte, bump = np.zeros_like(x), np.zeros_like(x)
    for corners, slope in faces:
        points = (np.array(corners) * HEIGHT + (WIDTH / 2, HEIGHT / 2)) * 16
        face = np.zeros_like(x)
        cv2.fillPoly(face, [np.rint(points).astype(np.int32)], 1.0, cv2.LINE_AA, shift=4)
        matte = np.maximum(matte, face)
        bump = np.where(face > 0.5, slope[0] * x + slope[1] * y, bump)
    return matte, bump.astype(np.float32)


def _cup(dice: Dice, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    wide, tall = dice.uniform(0.13, 0.18), dice.uniform(0.13, 0.2)
    half = wide * (1 - 0.15 * (y + tall) / tall)
    body = np.minimum(half - np.abs(x), tall - np.abs(y))
    handle = 0.022 - np.abs(np.hypot(x - wide, (y + 0.01) / 1.2) - 0.075)
    round_ = np.sqrt(np.clip(half**2 - x**2, 0, 1)) * (body > 0)
    bump = np.maximum(round_, np.sqrt(np.clip(0.022**2 - (0.022 - handle) ** 2, 0, 1)))
    return _covered(np.maximum(body, handle) * HEIGHT), bump.astype(np.float32)


def _ring(dice: Dice, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    radius, thick = dice.uniform(0.15, 0.22), dice.uniform(0.04, 0.07)
    away = thick - np.abs(np.hypot(x, y) - radius)
    bump = np.sqrt(np.clip(thick**2 - (np.hypot(x, y) - radius) ** 2, 0, 1))
    return _covered(away * HEIGHT), bump.astype(np.float32)


def _blob(dice: Dice, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    angle = np.arctan2(y, x)
    edge = dice.uniform(0.18, 0.24) * np.ones_like(x)
    for wave in (2, 3, 5):
        edge = edge + dice.normal(0, 0.025 / wave) * np.cos(wave * angle + dice.uniform(0, 7)) * 2
    away = np.hypot(x, y) / edge
    bump = np.sqrt(np.clip(1 - away**2, 0, 1)) * edge
    return _covered((1 - away) * edge * HEIGHT), bump.astype(np.float32)


SHAPES: dict[str, Callable[[Dice, Floats, Floats], tuple[Floats, Floats]]] = {
    "ball": _ball, "bottle": _bottle, "box": _box, "cup": _cup, "ring": _ring, "blob": _blob,
}  # fmt: skip
