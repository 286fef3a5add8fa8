"""Flat parts become bodies: for every pixel the slope of a surface seen from the front.

What is no body of revolution (`lathe.py`) swells like a cushion: the height h over a part solves
Poisson's equation, h = sqrt(2 P) with P = 0 on the outline, which makes a ball of a disc and a
tube of a strip; a screening length flattens the middle of what is broad. Inner strokes are cut in
as creases, or fall in folds where the surface is cloth.
"""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np

from tintype.media.finish.frame import Bytes, Floats
from tintype.media.sketch.arrays import blurred, distances, gradient, resized
from tintype.media.sketch.cast import Cast
from tintype.media.sketch.creases import creases
from tintype.media.sketch.lathe import Lathe, lathes
from tintype.media.sketch.materials import Form
from tintype.media.sketch.regions import OUTSIDE, Drawing, Part

_COARSEST: Final = 24
_ROUNDS: Final = (8, 14, 28, 60)
_ROUNDS_COARSE: Final = 200
_CLOTH: Final = frozenset({"weave", "twill", "drape", "pile", "knit"})
"""Textures of what falls in folds where others have a cut line."""
_CROSS: Final = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32)


@dataclass(frozen=True, slots=True)
class Body:
    """The thing's form over the page.

    `slope` (H, W, 2) is how height falls to the right and down where a part is a cushion,
    `crease` what inner lines add to any slope; `shade` (H, W) is the share of the room's light
    that reaches into them, 0 to 1. `lathes` are the turned parts by label.
    """

    slope: Floats
    crease: Floats
    shade: Floats
    lathes: dict[int, Lathe]


def body_of(drawing: Drawing, parts: tuple[Cast, ...], form: Form) -> Body:
    """The slopes and the shade of the whole thing."""
    extent = float(max(drawing.labels.shape))
    flat = form == "slab"
    whole = _swollen(drawing.solid, (0.03 if flat else 0.16) * extent)
    each = _swollen(_interiors(drawing), (0.016 if flat else 0.09) * extent)
    puff = np.ones(max(one.part.label for one in parts) + 1, np.float32)
    cloth = np.zeros(len(puff), np.uint8)
    for one in parts:
        puff[one.part.label] = one.material.puff
        cloth[one.part.label] = one.material.texture in _CLOTH
    slope = (0.42 * whole + 0.5 * each) * puff[drawing.labels][..., None]
    crease, shade = creases(drawing, extent, cloth[drawing.labels])
    return Body(slope, crease, shade, lathes(drawing, parts, form))


def _interiors(drawing: Drawing) -> Bytes:
    """1 inside parts, 0 outside and along the borders between them."""
    labels = drawing.labels
    inside: Bytes = (labels != OUTSIDE).astype(np.uint8)
    inside[:, 1:] &= labels[:, 1:] == labels[:, :-1]
    inside[1:] &= labels[1:] == labels[:-1]
    return inside


def _swollen(inside: Bytes, screening: float) -> Floats:
    """The slope of a cushion over the mask; solved at half size, where nothing is lost."""
    half = resized(inside, inside.shape[1] // 2, inside.shape[0] // 2, cv2.INTER_AREA)
    solved = _poisson(half, screening / 2)
    solved = blurred(solved, 1.2) * half
    height = np.sqrt(2 * solved) + 0.35
    slope = -gradient(solved) / height[..., None]
    return resized(slope, inside.shape[1], inside.shape[0])


def _poisson(mask: Floats, screening: float) -> Floats:
    """P with laplacian(P) = P / screening^2 - 2 inside and 0 outside, from coarse to fine."""
    levels = [mask]
    while min(levels[-1].shape) > _COARSEST:
        last = levels[-1]
        size = (max(1, last.shape[1] // 2), max(1, last.shape[0] // 2))
        small = resized(last, *size, cv2.INTER_AREA)
        # Only what is wholly inside: a thin border must hold at every size.
        levels.append((small > 1 - 1e-3).astype(np.float32))
    solved = np.zeros_like(levels[-1])
    for n in range(len(levels) - 1, -1, -1):
        inside = levels[n]
        step = mask.shape[1] / inside.shape[1]
        solved = resized(solved, inside.shape[1], inside.shape[0])
        gain = inside / np.float32(4 + (step / screening) ** 2)
        source = np.float32(2 * step * step)
        for _ in range(_ROUNDS[n] if n < len(_ROUNDS) else _ROUNDS_COARSE):
            around: Any = cv2.filter2D(solved, -1, _CROSS, borderType=cv2.BORDER_CONSTANT)
            solved = np.asarray((around + source) * gain, np.float32)
    return solved


def hollow(drawing: Drawing, part: Part) -> tuple[Floats, Floats]:
    """Slope and shade of a mouth over the page: the far wall inside, and a bright lip around."""
    rows, columns = drawing.labels.shape
    left, top, right, bottom = part.box
    x = (
        (np.arange(columns, dtype=np.float32)[None, :] - (left + right - 1) / 2)
        * 2
        / (right - left)
    )
    down = (np.arange(rows, dtype=np.float32)[:, None] - top) / (bottom - top)
    across = np.clip(x, -0.97, 0.97)
    wall = np.broadcast_to(-across / np.sqrt(1 - across**2), (rows, columns))
    own = (drawing.labels == part.label).astype(np.uint8)
    depth = distances(own)
    lip = blurred(np.clip(1.6 - depth / max(1.0, 0.9 * drawing.pen), 0, 1), 1.0)
    slope = np.dstack((wall * (1 - lip), -1.1 * lip))
    dark = np.clip(0.62 - 0.34 * down, 0.2, 0.7)
    shade = dark + (1 - dark) * lip
    return np.asarray(slope, np.float32), np.asarray(shade, np.float32)
