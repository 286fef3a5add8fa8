"""What a surface is like close up: seeded patterns of colour and of fine relief.

A pattern covers a rectangle of the picture; its period is a share of the thing's height, so a
picture twice the size shows the same thing. `tone` multiplies the colour (1 is unchanged),
`relief` is a height whose slope is added to the body's.
"""

from collections.abc import Callable, Mapping
from typing import Final

import cv2
import numpy as np

from tintype.media.finish.frame import Floats
from tintype.media.sketch.arrays import gradient
from tintype.media.sketch.materials import Texture

Dice = np.random.Generator
Pattern = tuple[Floats, Floats]
"""Tone (H, W) or (H, W, 3), and relief (H, W) in pixels."""


def pattern(name: Texture, shape: tuple[int, int], unit: float, dice: Dice) -> Pattern:
    """`unit` is the thing's height in pixels; `shape` the rectangle's rows and columns."""
    if name == "none":
        return np.ones(shape, np.float32), np.zeros(shape, np.float32)
    return _PATTERNS[name](shape, unit, dice)


def noise(shape: tuple[int, int], cell: tuple[float, float], octaves: int, dice: Dice) -> Floats:
    """Smooth noise of deviation about 1; `cell` is its grain's width and height in pixels."""
    total = np.zeros(shape, np.float32)
    gain, power = 1.0, 0.0
    for _ in range(octaves):
        rows = max(2, int(np.ceil(shape[0] / max(cell[1], 1))) + 3)
        columns = max(2, int(np.ceil(shape[1] / max(cell[0], 1))) + 3)
        if rows * columns > 2 * shape[0] * shape[1] + 64:
            break
        grid = dice.standard_normal((rows, columns), np.float32)
        scale = np.array([[1 / max(cell[0], 1), 0, 1], [0, 1 / max(cell[1], 1), 1]], np.float32)
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        total += gain * cv2.warpAffine(
            grid, scale, (shape[1], shape[0]), flags=flags, borderMode=cv2.BORDER_REFLECT
        )
        power += gain * gain
        gain *= 0.55
        cell = (cell[0] / 2, cell[1] / 2)
    return total / np.float32(max(power, 1e-6) ** 0.5 * 0.75)


def _grid(shape: tuple[int, int]) -> tuple[Floats, Floats]:
    rows = np.arange(shape[0], dtype=np.float32)[:, None]
    columns = np.arange(shape[1], dtype=np.float32)[None, :]
    return columns, rows


def _wood(shape: tuple[int, int], unit: float, dice: Dice) -> Pattern:
    """Growth rings cut along the trunk, fibres and pores; the grain runs along the longer side."""
    upright = shape[0] >= shape[1]
    turned = shape if upright else (shape[1], shape[0])
    across, _ = _grid(turned)
    bend = noise(turned, (unit * 0.3, unit * 1.1), 2, dice)
    wave = across / np.float32(unit * 0.045) + 1.7 * bend
    ring = 0.5 + 0.5 * np.sin(2 * np.pi * wave)
    ring = ring**3
    fibre = noise(turned, (max(1.2, unit * 0.0028), unit * 0.16), 2, dice)
    patch = noise(turned, (unit * 0.25, unit * 0.7), 2, dice)
    pores = np.clip(noise(turned, (max(1.2, unit * 0.002), unit * 0.03), 1, dice) - 1.1, 0, 1)
    tone = 1.08 - 0.34 * ring + 0.055 * fibre + 0.06 * patch - 0.22 * pores
    relief = np.float32(unit * 0.0006) * (0.6 * fibre - 2.0 * pores - 0.8 * ring)
    warmth = np.dstack((tone**0.85, tone, tone**1.25))
    if not upright:
        warmth, relief = np.ascontiguousarray(warmth.transpose(1, 0, 2)), relief.T
    return np.maximum(warmth, 0.05).astype(np.float32), np.ascontiguousarray(relief, np.float32)


def _weave(shape: tuple[int, int], unit: float, dice: Dice) -> Pattern:
    """Linen: threads over and under, each a little thicker or paler than the next."""
    period = max(3.6, unit / 150)
    x, y = _grid(shape)
    slub = noise(shape, (unit * 0.11, period), 1, dice) + noise(
        shape, (period, unit * 0.11), 1, dice
    )
    warp = np.sin(np.pi * x / period + 0.25 * slub)
    weft = np.sin(np.pi * y / period + 0.25 * slub)
    over = np.sign(np.sin(np.pi * x / period)) * np.sign(np.sin(np.pi * y / period))
    thread = np.where(over > 0, np.abs(warp), np.abs(weft)).astype(np.float32)
    cloth = noise(shape, (unit * 0.2, unit * 0.24), 3, dice)
    tone = 0.86 + 0.17 * thread + 0.045 * slub
    return tone.astype(np.float32), (period * 0.22 * thread + unit * 0.0045 * cloth).astype(
        np.float32
    )


def _twill(shape: tuple[int, int], unit: float, dice: Dice) -> Pattern:
    """Denim: a diagonal of dark threads over pale ones, worn unevenly."""
    period = max(3.4, unit / 170)
    x, y = _grid(shape)
    line = 0.5 + 0.5 * np.sin(2 * np.pi * (x + y * 0.62) / (period * 1.5))
    thread = noise(shape, (period * 0.7, period * 5), 1, dice)
    worn = noise(shape, (unit * 0.12, unit * 0.16), 3, dice)
    tone = 0.82 + 0.3 * line + 0.09 * thread + 0.07 * worn
    pale = np.dstack((tone * 1.03, tone, tone * 0.97))
    relief = period * 0.22 * line + unit * 0.004 * worn
    return np.maximum(pale, 0.1).astype(np.float32), relief.astype(np.float32)


def _knit(shape: tuple[int, int], unit: float, dice: Dice) -> Pattern:
    """Stockinette: columns of stitches like small Vs."""
    period = max(9.0, unit / 34)
    x, y = _grid(shape)
    column = x / period
    inside = np.abs(column - np.floor(column) - 0.5) * 2
    row = y / (period * 0.72) + 0.55 * inside
    bead = np.abs(np.sin(np.pi * row)) ** 0.6
    strand = np.sqrt(np.clip(1 - (2 * np.abs(inside - 0.5)) ** 2, 0, 1))
    stitch = (bead * strand).astype(np.float32)
    fuzz = noise(shape, (max(1.3, period * 0.12), max(1.3, period * 0.12)), 2, dice)
    tone = 0.6 + 0.44 * stitch + 0.045 * fuzz
    relief = period * (0.2 * stitch + 0.012 * fuzz)
    return tone.astype(np.float32), relief.astype(np.float32)


def _leather(shape: tuple[int, int], unit: float, dice: Dice) -> Pattern:
    """Pebbled grain: cells with furrows between, and a patina in broad patches."""
    cell = max(3.0, unit * 0.009)
    first = noise(shape, (cell, cell), 1, dice)
    second = noise(shape, (cell * 1.3, cell * 1.3), 1, dice)
    pebbles = np.clip(np.abs(first) + np.abs(second), 0, 1.5)
    patina = noise(shape, (unit * 0.2, unit * 0.2), 3, dice)
    tone = 0.93 + 0.07 * np.clip(pebbles, 0, 1) + 0.07 * patina
    return tone.astype(np.float32), (cell * 0.13 * pebbles + unit * 0.0022 * patina).astype(
        np.float32
    )


def _brushed(shape: tuple[int, int], unit: float, dice: Dice) -> Pattern:
    """Fine scratches around the body."""
    scratches = noise(shape, (unit * 0.35, max(1.2, unit * 0.0016)), 2, dice)
    tone = 1 + 0.02 * scratches
    return tone.astype(np.float32), (unit * 0.00011 * scratches).astype(np.float32)


def _stone(shape: tuple[int, int], unit: float, dice: Dice) -> Pattern:
    coarse = noise(shape, (unit * 0.05, unit * 0.05), 3, dice)
    fine = noise(shape, (max(1.6, unit * 0.004), max(1.6, unit * 0.004)), 2, dice)
    pits = np.clip(fine - 1.3, 0, 1.5)
    tone = 1 + 0.045 * coarse + 0.05 * fine - 0.16 * pits
    return (
        np.maximum(tone, 0.1).astype(np.float32),
        (unit * (0.0012 * coarse + 0.0005 * fine - 0.0016 * pits)).astype(np.float32),
    )


def _marble(shape: tuple[int, int], unit: float, dice: Dice) -> Pattern:
    """Veins where a bent noise crosses zero."""
    bend = noise(shape, (unit * 0.35, unit * 0.35), 4, dice)
    other = noise(shape, (unit * 0.16, unit * 0.22), 4, dice)
    vein = np.exp(-np.abs(bend) * 16) * np.clip(0.7 + 0.6 * other, 0, 1.4)
    thin = np.exp(-np.abs(other + 0.5 * bend) * 26) * 0.5
    cloud = noise(shape, (unit * 0.3, unit * 0.3), 3, dice)
    tone = 1 - 0.5 * vein - 0.26 * thin - 0.035 * cloud
    cool = np.dstack((tone, tone ** np.float32(0.95), tone ** np.float32(0.88)))
    return np.maximum(cool, 0.1).astype(np.float32), np.zeros(shape, np.float32)


def _glaze(shape: tuple[int, int], unit: float, dice: Dice) -> Pattern:
    """A kiln's glaze: never quite even, with a few iron specks."""
    slow = noise(shape, (unit * 0.16, unit * 0.16), 2, dice)
    speck = noise(shape, (max(1.8, unit * 0.0045), max(1.8, unit * 0.0045)), 1, dice)
    tone = 1 + 0.02 * slow - 0.22 * np.clip(speck - 2.7, 0, 1)
    return tone.astype(np.float32), (unit * 0.0016 * slow).astype(np.float32)


def _fibre(shape: tuple[int, int], unit: float, dice: Dice) -> Pattern:
    fine = noise(shape, (max(1.5, unit * 0.006), max(1.5, unit * 0.003)), 2, dice)
    tone = 1 + 0.025 * fine
    return tone.astype(np.float32), (unit * 0.0005 * fine).astype(np.float32)


def _wicker(shape: tuple[int, int], unit: float, dice: Dice) -> Pattern:
    """Straw over and under, in a broad weave."""
    period = max(6.0, unit / 52)
    x, y = _grid(shape)
    odd = np.floor(x / period) % 2
    row = y / (period * 0.55) + 0.5 * odd
    hump = np.sin(np.pi * (x / period - np.floor(x / period))) ** 0.5
    bundle = np.abs(np.sin(np.pi * row)) ** 0.5
    weave = (hump * bundle).astype(np.float32)
    straw = noise(shape, (period * 1.3, max(1.3, period * 0.12)), 2, dice)
    tone = 0.55 + 0.5 * weave + 0.06 * straw
    return np.maximum(tone, 0.2).astype(np.float32), (period * 0.2 * weave).astype(np.float32)


def _leaf(shape: tuple[int, int], unit: float, dice: Dice) -> Pattern:
    slow = noise(shape, (unit * 0.1, unit * 0.16), 3, dice)
    fine = noise(shape, (max(1.5, unit * 0.006), unit * 0.02), 2, dice)
    tone = 1 + 0.09 * slow + 0.04 * fine
    warm = np.dstack((tone**1.6, tone, tone**1.3))
    return warm.astype(np.float32), (unit * (0.003 * slow + 0.0006 * fine)).astype(np.float32)


def _pile(shape: tuple[int, int], unit: float, dice: Dice) -> Pattern:
    """Velvet: brushed one way here and another way there."""
    fine = noise(shape, (max(1.3, unit * 0.0025), max(1.3, unit * 0.005)), 1, dice)
    brushed = noise(shape, (unit * 0.13, unit * 0.13), 3, dice)
    tone = 1 + 0.05 * fine + 0.1 * brushed
    return np.maximum(tone, 0.2).astype(np.float32), (unit * 0.005 * brushed).astype(np.float32)


def _drape(shape: tuple[int, int], unit: float, dice: Dice) -> Pattern:
    """Silk: long soft folds that hang."""
    fold = noise(shape, (unit * 0.075, unit * 0.75), 2, dice)
    thread = noise(shape, (max(1.2, unit * 0.0018), unit * 0.03), 1, dice)
    tone = 1 + 0.012 * thread
    return tone.astype(np.float32), (unit * (0.0075 * fold + 0.00012 * thread)).astype(np.float32)


_PATTERNS: Final[Mapping[Texture, Callable[[tuple[int, int], float, Dice], Pattern]]] = {
    "wood": _wood,
    "weave": _weave,
    "twill": _twill,
    "knit": _knit,
    "leather": _leather,
    "brushed": _brushed,
    "stone": _stone,
    "marble": _marble,
    "glaze": _glaze,
    "fibre": _fibre,
    "wicker": _wicker,
    "leaf": _leaf,
    "pile": _pile,
    "drape": _drape,
}


def slopes(relief: Floats) -> Floats:
    """How a relief falls to the right and down, (H, W, 2)."""
    return -gradient(relief)
