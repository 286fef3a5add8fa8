"""Rooms, products and houses, rendered from a seed with the truth about them.

Surfaces have reflectances (textured, with shading in linear light), one light falls on them, a
sensor adds its noise, and the picture is 8 bits of sRGB. `light` is the colour of the light that
falls: (1, 1, 1) is a picture without a cast. Beside the picture come masks: `neutral` is where the
reflectance is grey, `sky`, `grass` and `leaves` say what they are called for.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np

from support.machine_look import decode, encode
from support.scenes import Dice, Floats, blend, fractal, grid, paint, smooth

WIDTH, HEIGHT = 480, 360
DAYLIGHT = (1.0, 1.0, 1.0)
WOODS = ((0.42, 0.26, 0.14), (0.3, 0.17, 0.09), (0.55, 0.4, 0.25), (0.22, 0.13, 0.08))
FABRICS = ((0.1, 0.16, 0.3), (0.36, 0.1, 0.08), (0.12, 0.25, 0.16), (0.45, 0.36, 0.12),
           (0.3, 0.28, 0.27), (0.5, 0.25, 0.2), (0.2, 0.2, 0.22))  # fmt: skip


@dataclass
class Place:
    """A picture (H, W, 3) of sRGB floats 0 to 1 and masks by name."""

    picture: Floats
    masks: dict[str, np.ndarray] = field(default_factory=dict)


def taken(scene: Floats, dice: Dice, light: tuple[float, float, float]) -> Floats:
    """Reflected light as a camera of 8 bits gives it, exposed so that hardly anything is blown."""
    lit = np.maximum(scene, 0) * np.array(light, np.float32)
    lit = lit * (0.92 / max(0.92, float(np.quantile(lit, 0.995))))
    lit = cv2.GaussianBlur(lit.astype(np.float32), (0, 0), 0.6)
    lit = lit + dice.standard_normal(lit.shape, np.float32) * np.sqrt(lit + 0.002) * 0.008
    return (np.rint(encode(np.clip(lit, 0, 1)) * 255) / 255).astype(np.float32)


def cast(dice: Dice) -> tuple[float, float, float]:
    """The colour of a light between candlelight's half way and a blue sky's, of luminance 1."""
    warm = dice.uniform(-0.3, 0.42)
    green = dice.uniform(-0.05, 0.05)
    colour = np.exp([warm - green / 2, green / 2, -warm * 1.1 - green / 2])
    colour = colour / (colour @ [0.2126, 0.7152, 0.0722])
    return tuple(float(part) for part in colour)


def box(x: Floats, y: Floats, left: float, top: float, right: float, bottom: float) -> Floats:
    inside = np.minimum(np.minimum(x - left, right - x), np.minimum(y - top, bottom - y))
    return smooth(inside.astype(np.float32), 0.003)


def interior(seed: int, light=DAYLIGHT, width: int = WIDTH, height: int = HEIGHT) -> Place:
    """A room: white ceiling, a wall white or painted pale, window, wooden floor, sofa, pictures."""
    dice = np.random.default_rng([seed, 21])
    x, y = grid(width, height)
    h = height / width
    neutral = np.zeros((height, width), np.float32)
    shade = 0.75 + 0.3 * smooth(dice.uniform(0.2, 0.8) - x, 1.2) - 0.12 * (y / h)
    walls = ((0.78, 0.78, 0.78), (0.74, 0.74, 0.74), (0.76, 0.7, 0.6), (0.55, 0.62, 0.66),
             (0.6, 0.64, 0.56), (0.7, 0.62, 0.58))  # fmt: skip
    which = int(dice.integers(len(walls)))
    scene = paint(walls[which], shade * (1 + 0.015 * fractal(dice, width, height, 1.2)))
    wall = np.ones((height, width), np.float32)
    ceiling, floor = h * dice.uniform(0.12, 0.24), h * dice.uniform(0.66, 0.8)
    top = smooth(ceiling - y, 0.004)
    scene = blend(scene, paint((0.84, 0.84, 0.84), shade * 0.95), top)
    neutral = np.maximum(neutral, top)
    grain = fractal(dice, width, height, 1.2, 6.0)
    below = smooth(y - floor, 0.004)
    wood = paint(WOODS[int(dice.integers(len(WOODS)))], shade * (1 + 0.18 * grain))
    scene = blend(scene, wood, below)
    board = box(x, y, -1, floor - 0.022, 2, floor)
    scene = blend(scene, paint((0.82, 0.82, 0.82), shade), board)
    neutral = np.maximum(neutral * (1 - below), board)
    if which < 2:
        neutral = np.maximum(neutral, wall * (1 - below))
    left = dice.uniform(0.06, 0.6)
    frame = box(x, y, left, ceiling + 0.05, left + 0.26, floor - 0.16)
    scene = blend(scene, paint((0.85, 0.85, 0.85), shade * 1.05), frame)
    neutral = np.maximum(neutral, frame)
    glass = box(x, y, left + 0.02, ceiling + 0.07, left + 0.24, floor - 0.18)
    outside = paint((0.62, 0.78, 0.95), 1.1 + 0.12 * fractal(dice, width, height, 1.6))
    scene, neutral = blend(scene, outside, glass), neutral * (1 - glass)
    for _ in range(int(dice.integers(2, 5))):
        at, deep = dice.uniform(0, 0.8), dice.uniform(0.08, 0.2)
        wide = dice.uniform(0.1, 0.34)
        thing = box(x, y, at, floor - deep, at + wide, floor + deep * 0.5)
        cloth = FABRICS[int(dice.integers(len(FABRICS)))]
        folds = 1 + 0.14 * fractal(dice, width, height, 1.1)
        scene = blend(scene, paint(cloth, shade * folds), thing)
        neutral = neutral * (1 - thing)
    return Place(taken(scene, dice, light), {"neutral": neutral > 0.98})


def backdrop(seed: int, light=DAYLIGHT, width: int = WIDTH, height: int = HEIGHT) -> Place:
    """One to three coloured things on a grey to white sweep, with soft shadows."""
    dice = np.random.default_rng([seed, 22])
    x, y = grid(width, height)
    h = height / width
    shade = 0.95 - 0.4 * (y - 0.4 * h) ** 2 - 0.1 * np.abs(x - 0.5)
    scene = paint((dice.uniform(0.45, 0.9),) * 3, shade.astype(np.float32))
    neutral = np.ones((height, width), np.float32)
    for _ in range(int(dice.integers(1, 4))):
        at, foot = dice.uniform(0.2, 0.8), h * dice.uniform(0.7, 0.82)
        wide, tall = dice.uniform(0.06, 0.17), dice.uniform(0.14, 0.4)
        shadow = ((x - at - 0.03) / (wide * 1.8)) ** 2 + ((y - foot) / 0.05) ** 2
        scene = scene * (1 - 0.6 * np.exp(-shadow))[..., None]
        u = (x - at) / wide
        body = smooth(
            np.minimum(wide * (1 - np.abs(u)), np.minimum(y - foot + tall, foot - y)), 0.004
        )
        tint = np.array(FABRICS[int(dice.integers(len(FABRICS)))]) * dice.uniform(0.8, 2.0)
        lit = 0.3 + 0.75 * np.sqrt(np.clip(1 - u**2, 0, 1)) - 0.2 * u
        scene = blend(scene.astype(np.float32), paint(tint, lit.astype(np.float32)), body)
        neutral = neutral * (1 - body)
    return Place(taken(scene, dice, light), {"neutral": neutral > 0.98})


def sky_light(dice: Dice, weather: str, x: Floats, y: Floats, line: float) -> Floats:
    height, width = y.shape
    up = np.clip(1 - y / line, 0, 1)
    if weather.isdigit():
        level = decode(np.float32(int(weather) / 255)) * (1 - 0.1 * up)
        clouds = 1 + 0.02 * fractal(dice, width, height, 2.0, 2.0)
        return paint((0.98, 1.0, 1.03), (level * clouds).astype(np.float32))
    if weather == "white":
        return paint((0.97, 0.98, 1.0), (0.97 - 0.04 * up).astype(np.float32))
    if weather == "grey":
        clouds = 1 + 0.025 * fractal(dice, width, height, 2.0, 2.0)
        return paint((0.76, 0.8, 0.85), (0.95 * clouds).astype(np.float32))
    low, high = np.array((0.6, 0.74, 0.88)), np.array((0.14, 0.32, 0.66))
    blue = (low + (high - low) * up[..., None] ** 0.8).astype(np.float32)
    if weather == "clear":
        return blue
    cover = smooth(fractal(dice, width, height, 1.7, 2.0) - 0.5, 1.2)
    return blend(blue, paint((0.92, 0.93, 0.95), np.ones_like(y)), cover)


WEATHERS = ("clear", "clouds", "white", "grey")


def exterior(seed: int, weather: str = "", width: int = WIDTH, height: int = HEIGHT) -> Place:
    """A house with a roof and windows under a sky, trees behind it, a lawn and a drive before it.

    `weather` is one of WEATHERS, or the code value of an overcast sky, as "170".
    """
    dice = np.random.default_rng([seed, 23])
    weather = weather or WEATHERS[seed % len(WEATHERS)]
    x, y = grid(width, height)
    h = height / width
    line = h * dice.uniform(0.5, 0.62)
    scene = sky_light(dice, weather, x, y, line)
    sky = np.ones((height, width), np.float32)
    rough = fractal(dice, width, height, 0.7)
    foliage = np.clip(0.75 + 0.42 * rough + 0.25 * fractal(dice, width, height, 1.5), 0.1, 2)
    crown = line - h * (0.12 + 0.07 * fractal(dice, width, 8, 1.1)[0][None, :])
    trees = smooth((y - crown + 0.012 * rough).astype(np.float32), 0.006)
    tint = (0.1 * dice.uniform(0.8, 1.3), 0.19, 0.05)
    scene, sky = blend(scene, paint(tint, foliage), trees), sky * (1 - trees)
    leaves = trees.copy()
    left, right = dice.uniform(0.12, 0.25), dice.uniform(0.7, 0.88)
    eaves, base = line - h * dice.uniform(0.22, 0.3), line + h * 0.1
    ridge = eaves - h * dice.uniform(0.12, 0.18)
    slope = (y - ridge) / (eaves - ridge)
    roof = smooth(
        np.minimum(slope * (right - left) / 2 - np.abs(x - (left + right) / 2), eaves - y), 0.003
    )
    tiles = 1 + 0.15 * np.sin(y * 500) + 0.1 * rough
    scene = blend(scene, paint((0.25, 0.12, 0.09), tiles.astype(np.float32)), roof)
    house = box(x, y, left + 0.02, eaves, right - 0.02, base)
    colours = ((0.75, 0.73, 0.7), (0.62, 0.55, 0.42), (0.5, 0.22, 0.15), (0.45, 0.5, 0.55))
    plaster = 1 + 0.03 * fractal(dice, width, height, 0.8)
    wall = colours[int(dice.integers(len(colours)))]
    scene = blend(scene, paint(wall, plaster), house)
    panes = np.zeros_like(x)
    for number in range(4):
        at = left + 0.07 + (right - left - 0.2) * number / 3
        frame = box(x, y, at - 0.006, eaves + 0.042, at + 0.066, eaves + 0.138)
        pane = box(x, y, at, eaves + 0.048, at + 0.06, eaves + 0.132)
        scene = blend(scene, paint((0.85, 0.85, 0.85), np.ones_like(x)), frame)
        glass = paint((0.07, 0.09, 0.11), 1 + 0.3 * fractal(dice, width, height, 1.5))
        scene, panes = blend(scene, glass, pane), np.maximum(panes, pane)
    covered = np.maximum(roof, house)
    sky, leaves = sky * (1 - covered), leaves * (1 - covered)
    ground = smooth((y - base).astype(np.float32), 0.004)
    dry = dice.uniform(0, 0.6) * smooth(fractal(dice, width, height, 1.6), 1.0)
    blades = np.clip(0.85 + 0.3 * fractal(dice, width, height, 0.5), 0.2, 2)
    grass = blend(paint((0.13, 0.22, 0.05), blades), paint((0.3, 0.26, 0.11), blades), dry)
    scene, leaves = blend(scene, grass, ground), leaves * (1 - ground)
    drive = smooth((0.03 + 0.25 * (y - base) - np.abs(x - 0.5)).astype(np.float32), 0.004) * ground
    scene = blend(scene, paint((0.42, 0.42, 0.42), 1 + 0.06 * rough), drive)
    return Place(
        taken(scene, dice, DAYLIGHT),
        {
            "sky": sky > 0.98, "grass": ground * (1 - drive) > 0.98, "leaves": leaves > 0.98,
            "drive": drive > 0.98, "house": house * (1 - panes) > 0.98, "panes": panes > 0.98,
        },
    )  # fmt: skip
