"""Pictures like photographs, rendered on the spot: twelve kinds of scene, each from a seed.

No photograph may come along with the tests, so scenes are built the way a photograph is: colours
and light in linear light (surfaces of fractal texture, shading, shadows, haze), then a lens (a
slight blur), a sensor (shot and read noise), a mild tone curve, sRGB and a JPEG. What they share
with photographs is what `clean` measures: detail at every scale, colours of ordinary reflectance,
edges without halos, noise in the flat parts.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from support.machine_look import encode

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Dice = np.random.Generator

WIDTH, HEIGHT = 576, 432


def scene(number: int, width: int = WIDTH, height: int = HEIGHT) -> Bytes:
    """The scene of this number: its kind is `number` modulo twelve, the rest is drawn."""
    dice = np.random.default_rng([number, 7])
    kind = KINDS[number % len(KINDS)]
    return photographed(kind(dice, width, height), dice)


def photographed(light: Floats, dice: Dice) -> Bytes:
    """Lens, sensor, tone curve and JPEG over linear light."""
    light = cv2.GaussianBlur(
        np.maximum(light, 0).astype(np.float32), (0, 0), dice.uniform(0.5, 0.8)
    )
    electrons = dice.uniform(3000, 12000)
    shot = dice.standard_normal(light.shape, np.float32) * np.sqrt(light / electrons)
    read = dice.standard_normal(light.shape, np.float32) * 0.0012
    light = np.maximum(light + shot + read, 0)
    # A shoulder instead of a hard clip, as every camera's rendering has.
    light = np.where(light < 0.7, light, 0.7 + 0.3 * np.tanh((light - 0.7) / 0.3))
    pixels = np.rint(encode(light) * 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 94])
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])


def fractal(dice: Dice, width: int, height: int, slope: float = 1.0, across: float = 1.0) -> Floats:
    """Noise of mean 0 and deviation 1 whose amplitude falls as frequency to the power `slope`.

    `across` stretches it: above 1 its grain runs along the rows.
    """
    high = np.fft.fftfreq(height)[:, None]
    wide = np.fft.rfftfreq(width)[None, :] * across
    distance = np.sqrt(high**2 + wide**2) + 1 / max(width, height)
    phases = np.fft.rfft2(dice.standard_normal((height, width)))
    noise = np.fft.irfft2(phases / distance**slope, (height, width))
    return ((noise - noise.mean()) / noise.std()).astype(np.float32)


def paint(colour: object, shade: Floats) -> Floats:
    """A reflectance times a plane of brightness."""
    return (shade[..., None] * np.asarray(colour, np.float32)).astype(np.float32)


def grid(width: int, height: int) -> tuple[Floats, Floats]:
    """x from 0 to 1 over the width, y in the same unit."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / width
    return x, y


def smooth(edge: Floats, width: float) -> Floats:
    """0 below, 1 above, with a soft step of `width` around 0."""
    return np.clip(edge / width + 0.5, 0, 1).astype(np.float32)


def blend(under: Floats, over: Floats, mask: Floats) -> Floats:
    return (under + (over - under) * mask[..., None]).astype(np.float32)


def colour(dice: Dice, hue: float, spread: float = 0.05, chroma: float = 0.3) -> Floats:
    """An ordinary reflectance near a hue (0 red, 1/3 green, 2/3 blue), never a neon one."""
    turn = 2 * np.pi * (hue + dice.normal(0, spread) - np.array([0, 1 / 3, 2 / 3]))
    pale = dice.uniform(0.5, 1.0) * chroma
    return (dice.uniform(0.25, 0.5) * (1 + 2 * pale * np.cos(turn))).astype(np.float32)


def sky(dice: Dice, width: int, height: int) -> Floats:
    _, y = grid(width, height)
    top = np.array([0.16, 0.29, 0.55]) * dice.uniform(0.7, 1.1)
    low = np.array([0.62, 0.7, 0.78]) * dice.uniform(0.8, 1.1)
    fade = np.clip(y / y.max() * dice.uniform(1.2, 2.2), 0, 1)[..., None]
    clouds = fractal(dice, width, height, 1.7, 0.6) - dice.uniform(0.2, 1.0)
    light = top * (1 - fade) + low * fade
    return blend(light.astype(np.float32), np.full_like(light, 0.85), np.clip(clouds, 0, 0.8))


def mountains(dice: Dice, width: int, height: int) -> Floats:
    _, y = grid(width, height)
    light = sky(dice, width, height)
    hue, layers = dice.uniform(0.08, 0.34), int(dice.integers(3, 6))
    for layer in range(layers):
        near = (layer + 1) / layers
        ridge = fractal(dice, width, 8, 1.5)[0] * 0.04 * (1.3 - near * 0.5)
        mask = smooth(y - (0.24 + 0.42 * near**1.3 + ridge[None, :]), 0.002)
        relief = fractal(dice, width, height, 1.15)
        lit = np.clip(0.6 + 1.2 * np.gradient(relief, axis=1), 0.15, 1.5)
        ground = paint(colour(dice, hue), lit * (1 + 0.2 * fractal(dice, width, height, 0.9)))
        haze = np.array([0.45, 0.53, 0.62]) * (1 - near) * 0.8
        light = blend(light, (ground * near + haze).astype(np.float32), mask)
    return light


def foliage(dice: Dice, width: int, height: int) -> Floats:
    light = paint(colour(dice, 0.28), 0.25 + 0.08 * fractal(dice, width, height, 1.2))
    for number in range(900):
        size = width * 0.05 * (1 - 0.7 * number / 900) * dice.uniform(0.5, 1.3)
        centre = dice.uniform(0, 1, 2) * (width, height)
        turn, lit = dice.uniform(0, np.pi), 0.3 + 0.8 * number / 900 * dice.uniform(0.4, 1.2)
        along = np.linspace(0, 2 * np.pi, 16)
        leaf = np.stack([np.cos(along) * size, np.sin(along) * size * 0.3], 1)
        spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        paint_with = (colour(dice, 0.25, 0.03, 0.4) * lit).tolist()
        cv2.fillPoly(light, [np.rint(leaf @ spin + centre).astype(np.int32)], paint_with)
    return (light * (1 + 0.16 * fractal(dice, width, height, 0.8))[..., None]).astype(np.float32)


def fabric(dice: Dice, width: int, height: int) -> Floats:
    x, y = grid(width, height)
    warp = fractal(dice, width, height, 2.0) * 0.012
    threads = dice.uniform(60, 110)
    weave = np.sin(2 * np.pi * threads * (x + warp)) * np.sin(2 * np.pi * threads * (y - warp))
    folds = np.clip(0.75 + 0.25 * fractal(dice, width, height, 2.2, 0.4), 0.2, 1.4)
    stripes = smooth(
        np.sin(2 * np.pi * dice.uniform(3, 7) * (x + 3 * warp)).astype(np.float32), 0.3
    )
    one, other = colour(dice, dice.uniform()), colour(dice, dice.uniform())
    shade = folds * (1 + 0.14 * weave + 0.12 * fractal(dice, width, height, 0.7))
    return blend(paint(one, shade), paint(other, shade), stripes)


def wood(dice: Dice, width: int, height: int) -> Floats:
    x, y = grid(width, height)
    grain = fractal(dice, width, height, 1.4, 6.0)
    rings = np.sin(40 * y + 3.0 * grain + 6 * fractal(dice, width, height, 2.2, 3.0))
    pores = np.clip(fractal(dice, width, height, 0.6, 9.0) - 1.2, 0, 2)
    boards = np.abs(((y * dice.uniform(4, 7)) % 1) - 0.5) > 0.492
    shade = 0.8 + 0.13 * rings + 0.1 * fractal(dice, width, height, 0.8, 5.0) - 0.18 * pores
    light = paint(colour(dice, 0.08, 0.02, 0.4), np.where(boards, 0.2, shade).astype(np.float32))
    return (light * (1.1 - 0.5 * x)[..., None]).astype(np.float32)


def stones(dice: Dice, width: int, height: int) -> Floats:
    count = int(dice.integers(60, 140))
    points = dice.uniform(0, 1, (count, 2)) * (width, height)
    y, x = np.mgrid[0:height:2, 0:width:2]
    away = (x[..., None] - points[:, 0]) ** 2 + (y[..., None] - points[:, 1]) ** 2
    near = np.sqrt(np.partition(away, 1, axis=-1)[..., :2]).astype(np.float32)
    joint = cv2.resize(near[..., 1] - near[..., 0], (width, height))
    owner = cv2.resize(away.argmin(-1).astype(np.uint8), (width, height), interpolation=0)
    tones = np.stack([colour(dice, 0.09, 0.06, 0.12) for _ in range(256)])
    relief = fractal(dice, width, height, 1.1)
    lit = np.clip(0.9 + 0.9 * np.gradient(relief, axis=0) + 0.16 * relief, 0.1, 2)
    stone = tones[owner] * lit[..., None]
    mortar = paint((0.3, 0.28, 0.25), 1 + 0.2 * fractal(dice, width, height, 0.6))
    return blend(mortar, stone.astype(np.float32), smooth(joint - 5, 4))


def face(dice: Dice, width: int, height: int) -> Floats:
    x, y = grid(width, height)
    middle, radius = (0.5 + dice.uniform(-0.08, 0.08), 0.38), 0.24
    dx, dy = (x - middle[0]) / radius, (y - middle[1]) / radius / 1.25
    inside = 1 - dx**2 - dy**2
    depth = np.sqrt(np.clip(inside, 0, 1))
    light_from = np.array([dice.uniform(-0.7, 0.7), -0.4, 0.8])
    lit = np.clip(dx * light_from[0] + dy * light_from[1] + depth * light_from[2], 0, 1)
    tone = np.array([0.5, 0.3, 0.22]) * dice.uniform(0.35, 1.1) * (1, dice.uniform(0.95, 1.1), 1)
    pores = fractal(dice, width, height, 0.7) * 0.05 + fractal(dice, width, height, 1.5) * 0.06
    blood = 0.06 * fractal(dice, width, height, 2.0)
    skin = (
        paint(tone, (0.25 + 0.9 * lit) * (1 + pores))
        * (1, 1, 1)
        * np.stack([1 + blood, 1 - blood, 1 - blood], -1)
    )
    back = paint(
        colour(dice, dice.uniform(), 0.1, 0.2), 0.6 + 0.12 * fractal(dice, width, height, 2.4)
    )
    back = cv2.GaussianBlur(back, (0, 0), 6)
    light = blend(back, skin.astype(np.float32), smooth(inside.astype(np.float32), 0.03))
    for side in (-0.4, 0.4):
        eye = 1 - ((dx - side) / 0.18) ** 2 - ((dy + 0.12) / 0.07) ** 2
        light = blend(light, paint((0.7, 0.68, 0.66), lit + 0.1), smooth(eye, 0.2))
        iris = 1 - ((dx - side) / 0.07) ** 2 - ((dy + 0.12) / 0.065) ** 2
        light = blend(light, paint((0.06, 0.05, 0.04), lit + 0.2), smooth(iris, 0.2))
    mouth = smooth(1 - (dx / 0.32) ** 2 - ((dy - 0.5) / 0.08) ** 2, 0.3)
    light = blend(light, paint((0.36, 0.14, 0.13), (0.3 + lit) * (1 + pores)), mouth * 0.8)
    hair = smooth(-(dy + 0.55 + 0.15 * fractal(dice, width, 4, 1.5)[0]) - 0.25 * dx**2, 0.08)
    strands = np.clip(0.5 + 0.35 * fractal(dice, height, width, 0.8, 8.0).T, 0.05, 2)
    head = smooth(1.25 - dx**2 - dy**2, 0.05)
    return blend(light, paint(colour(dice, 0.08, 0.03, 0.25) * 0.4, strands), hair * head)


def product(dice: Dice, width: int, height: int) -> Floats:
    x, y = grid(width, height)
    light = paint(np.array([0.66, 0.65, 0.64]), 0.95 - 0.35 * (y - 0.3) ** 2 + 0 * x)
    light *= (1 + 0.012 * fractal(dice, width, height, 0.6))[..., None]
    for number in range(int(dice.integers(2, 5))):
        at, wide, tall = 0.22 + 0.2 * number, dice.uniform(0.05, 0.085), dice.uniform(0.12, 0.26)
        foot = 0.58 + dice.uniform(-0.04, 0.04)
        shadow = ((x - at - 0.05) / (wide * 2.2)) ** 2 + ((y - foot) / 0.035) ** 2
        light *= (1 - 0.55 * np.exp(-shadow * 0.8))[..., None]
        u, v = (x - at) / wide, (y - foot + tall) / tall
        body = smooth(np.minimum(1 - np.abs(u), np.minimum(v, 1 - v) * 4).astype(np.float32), 0.05)
        round_lit = np.clip(0.25 + 0.7 * np.sqrt(np.clip(1 - u**2, 0, 1)) - 0.25 * u, 0.05, 1.4)
        gloss = 0.5 * np.exp(-(((u + 0.45) / 0.07) ** 2))
        grain = 1 + 0.07 * fractal(dice, width, height, 0.9)
        tint = colour(dice, dice.uniform(), 0.1, 0.4)
        surface = paint(tint, round_lit * grain) + gloss[..., None]
        label = smooth(0.18 - np.abs(v - 0.55).astype(np.float32), 0.02)
        lines = (np.sin(v * 160) > 0.4) & (np.abs(u) < 0.6)
        print_ = paint((0.75, 0.73, 0.68), round_lit * np.where(lines, 0.35, 1) * grain)
        light = blend(light, blend(surface.astype(np.float32), print_, label), body)
    return light


def street(dice: Dice, width: int, height: int) -> Floats:
    x, y = grid(width, height)
    light, left = sky(dice, width, height), 0.0
    while left < 1:
        wide, top = dice.uniform(0.12, 0.28), dice.uniform(0.05, 0.3)
        house = smooth(np.minimum(x - left, left + wide - x), 0.003) * smooth(y - top, 0.003)
        rough = 1 + 0.11 * fractal(dice, width, height, 0.9)
        u, v = (x - left) * dice.uniform(22, 34), (y - top) * dice.uniform(18, 26)
        bricks = 1 - 0.22 * (((v * 6) % 1 < 0.14) | ((u * 3 + np.floor(v * 6) % 2 / 2) % 1 < 0.08))
        wall = paint(colour(dice, 0.08, 0.1, 0.25), rough * bricks * dice.uniform(0.5, 1.1))
        panes = ((u % 1 > 0.3) & (u % 1 < 0.75) & (v % 1 > 0.25) & (v % 1 < 0.8)).astype(np.float32)
        glass = paint((0.1, 0.13, 0.17), 0.6 + 0.4 * fractal(dice, width, height, 1.6))
        light = blend(light, blend(wall, glass, cv2.GaussianBlur(panes, (0, 0), 0.6)), house)
        left += wide
    road = paint((0.2, 0.2, 0.2), 0.8 + 0.14 * fractal(dice, width, height, 0.5))
    return blend(light, road, smooth(y - 0.66, 0.003))


def water(dice: Dice, width: int, height: int) -> Floats:
    _, y = grid(width, height)
    light, line = sky(dice, width, height), dice.uniform(0.2, 0.4)
    below = np.clip(y - line, 0.002, 1)
    waves = fractal(dice, width, height, 1.1, 4.0)
    flank = np.gradient(waves, axis=0) * (0.4 + below * 2)
    shine = np.clip(0.45 + 0.45 * flank + 0.1 * waves, 0.03, 1.5)
    sea = paint(np.array([0.13, 0.27, 0.33]) * dice.uniform(0.6, 1.2), shine)
    sparkle = np.clip(flank - 1.4, 0, 1)[..., None] * 0.7
    sand = paint(colour(dice, 0.11, 0.02, 0.25), 1 + 0.16 * fractal(dice, width, height, 0.5))
    shore = smooth(y - 0.62 - 0.03 * fractal(dice, width, 8, 1.6)[0][None, :], 0.01)
    light = blend(light, (sea + sparkle).astype(np.float32), smooth(y - line, 0.003))
    return blend(light, sand, shore)


def night(dice: Dice, width: int, height: int) -> Floats:
    x, y = grid(width, height)
    light = paint((0.012, 0.014, 0.022), 1 + 0.25 * fractal(dice, width, height, 1.2))
    light = blend(light, street(dice, width, height) * 0.07, smooth(y - 0.18, 0.1))
    for _ in range(40):
        at, size = dice.uniform(0, 1, 2) * (1, 0.7), dice.uniform(0.002, 0.012)
        away = np.hypot(x - at[0], y - at[1])
        glow = smooth((size - away).astype(np.float32), 0.002) + 0.08 * np.exp(-away / 0.03)
        light += paint(np.array([1, 0.72, 0.42]) * dice.uniform(0.4, 1.4), glow.astype(np.float32))
    return light


def fruit(dice: Dice, width: int, height: int) -> Floats:
    x, y = grid(width, height)
    light = wood(dice, width, height) * 0.8
    for _ in range(int(dice.integers(4, 8))):
        at, radius = dice.uniform((0.15, 0.2), (0.85, 0.6)), dice.uniform(0.09, 0.15)
        shade = np.hypot(x - at[0] - 0.03, (y - at[1] - radius * 0.8) * 2.2) / radius
        light *= (1 - 0.6 * np.exp(-(shade**3)))[..., None]
        dx, dy = (x - at[0]) / radius, (y - at[1]) / radius
        inside = (1 - dx**2 - dy**2).astype(np.float32)
        depth = np.sqrt(np.clip(inside, 0, 1))
        lit = np.clip(0.16 + 0.9 * (depth * 0.7 - dx * 0.4 - dy * 0.5), 0.06, 1.3)
        peel = 1 + 0.1 * fractal(dice, width, height, 0.8)
        tint = colour(dice, dice.choice([0.02, 0.07, 0.13, 0.24]), 0.02, 0.55)
        gloss = 0.6 * np.exp(-(((dx + 0.35) / 0.12) ** 2) - ((dy + 0.4) / 0.1) ** 2)
        surface = paint(tint, lit * peel) + gloss[..., None]
        light = blend(light, surface.astype(np.float32), smooth(inside, 0.04))
    return light


def meadow(dice: Dice, width: int, height: int) -> Floats:
    _, y = grid(width, height)
    light, line = sky(dice, width, height), dice.uniform(0.2, 0.35)
    blades = fractal(dice, height, width, 0.85, 5.0).T
    grass = paint(colour(dice, 0.22, 0.03, 0.35), np.clip(0.7 + 0.3 * blades, 0.1, 1.8))
    light = blend(light, grass, smooth(y - line - 0.01 * blades, 0.01))
    for _ in range(220):
        depth = dice.uniform(0.02, 1) ** 0.6
        at = (int(dice.uniform(0, width)), int((line + depth * (0.75 - line)) * width))
        bloom = colour(dice, dice.choice([0.0, 0.14, 0.8]), 0.04, 0.5) * dice.uniform(1, 2)
        cv2.circle(light, at, max(1, int(width * 0.009 * depth)), bloom.tolist(), -1, cv2.LINE_AA)
    return (light * (1 + 0.06 * fractal(dice, width, height, 0.7))[..., None]).astype(np.float32)


KINDS: tuple[Callable[[Dice, int, int], Floats], ...] = (
    mountains, foliage, fabric, wood, stones, face, product, street, water, night, fruit, meadow,
)  # fmt: skip
