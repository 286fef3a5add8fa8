"""Lens: straight things that the lens has bent, straight again.

One coefficient says it all, of the division model (Fitzgibbon, 2001): what was seen at radius r
belongs at r / (1 + bend r^2), where 1 is the picture's corner. A barrel has a `bend` below 0.
Found by the plumb line method (Devernay and Faugeras, 2001): long edges are mostly edges of
straight things, and the right coefficient is the one that makes most of them straight. Each edge
votes for its own coefficient, as exactly as its length and its place allow; an arch or the rim of
a lamp votes for another one and is outvoted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from tintype.media.finish.frame import bands, strip_rows
from tintype.media.retouch.edges import Chain, chains
from tintype.media.retouch.lines import Floats, Plane, Wide, reduced
from tintype.media.stopping import Stopped

STRONGEST: Final = 0.25
"""The coefficient of `amount` 1. A wide phone lens without its own correction has about 0.1."""
_FOUND_MAX: Final = 0.3
_CHAIN_MIN: Final = 0.15
_GRID: Final = np.linspace(-_FOUND_MAX, _FOUND_MAX, 121)
_NOISE_PIXELS: Final = 0.12
"""How far the middle of a straight edge may seem to lie off its ends' line, without a lens."""
_WAVE_PIXELS: Final = 0.8
"""An edge whose points stray further from a parabola is no edge of one thing."""
_EDGES_MIN: Final = 5
_AGREE_MIN: Final = 0.5
_ERROR_MAX: Final = 0.08
"""An edge that tells the coefficient no better than this isn't asked."""
_SURE: Final = 4.0
_CHANGE_MIN: Final = 0.004


@dataclass(frozen=True, slots=True)
class Bend:
    """`bend` is the coefficient, `error` its standard error; `edges` agree on it.

    `sure`: whether enough edges agree, and the bend is beyond chance and worth correcting.
    """

    bend: float
    error: float
    edges: int
    sure: bool


def lens(rgb: Floats, amount: float | None = None, *, canceled: Callable[[], bool]) -> Floats:
    """The picture without its lens's distortion; the very same array where there is none.

    `amount` -1..1: above 0 takes out a barrel, below 0 a pincushion; None measures it, and
    changes nothing where the lines don't tell. Raises Stopped when `canceled` says so.
    """
    return unbent(rgb, bend_of(rgb, amount), canceled)


def bend_of(rgb: Floats, amount: float | None = None) -> float:
    """The coefficient that `lens` would take out; 0 where nothing is to be done."""
    if amount is not None:
        return -STRONGEST * amount
    found = measure_bend(rgb)
    return found.bend if found.sure else 0.0


def measure_bend(rgb: Floats) -> Bend:
    """Find out how the lens bends lines from the picture's long edges."""
    votes = [vote for chain in chains(reduced(rgb), _CHAIN_MIN) if (vote := _vote(chain))]
    if len(votes) < _EDGES_MIN:
        return Bend(0.0, 1.0, len(votes), sure=False)
    bends, errors = np.array(votes).T
    # An edge may weigh no more than one that is exact to 0.01, lest one long curtain decide.
    weight = 1 / np.maximum(errors, 0.01) ** 2
    best = 0.0
    for grid, slack in ((_GRID, 0.02), (None, 0.008)):
        tried = best + np.linspace(-0.02, 0.02, 41) if grid is None else grid
        wide = 2.5 * np.hypot(errors, slack)
        near = np.clip(1 - ((tried[:, None] - bends) / wide) ** 2, 0, 1)
        best = float(tried[(near @ np.sqrt(weight)).argmax()])
    strays = np.zeros(len(bends))
    pull = weight
    for _ in range(10):
        strays = (bends - best) / np.hypot(errors, 0.004)
        pull = weight * np.clip(1 - (strays / 3) ** 2, 0, 1) ** 2
        if pull.sum() <= 0:
            return Bend(0.0, 1.0, 0, sure=False)
        best = float((pull * bends).sum() / pull.sum())
    kept = np.abs(strays) < 3  # noqa: PLR2004
    spread = max(1.0, float(np.mean(strays[kept] ** 2)))
    error = float(np.sqrt(spread / pull.sum()))
    agree = float(np.sqrt(weight[kept]).sum() / np.sqrt(weight).sum())
    sure = (
        kept.sum() >= _EDGES_MIN
        and agree >= _AGREE_MIN
        and abs(best) > max(_CHANGE_MIN, _SURE * error)
        and abs(best) < _FOUND_MAX
    )
    return Bend(best, error, int(kept.sum()), sure=bool(sure))


def unbent(plane: Plane, bend: float, canceled: Callable[[], bool]) -> Plane:
    """Colours or alpha without a lens's `bend`, as large as the frame can be filled, in strips.

    Raises Stopped when `canceled` says so.
    """
    if not bend:
        return plane
    height, width = plane.shape[:2]
    half = _half(width, height)
    across = (np.arange(width) - (width - 1) / 2) / half
    scale = _filling(bend, (width - 1) / 2 / half, (height - 1) / 2 / half)
    made = np.empty_like(plane)
    for band in bands(height, strip_rows(width), 0):
        if canceled():
            raise Stopped
        down = (np.arange(band.top, band.bottom) - (height - 1) / 2) / half
        far = (across**2 + down[:, None] ** 2) * scale**2
        grow = scale * _seen(bend, far) * half
        x = np.asarray(across * grow + (width - 1) / 2, np.float32)
        y = np.asarray(down[:, None] * grow + (height - 1) / 2, np.float32)
        made[band.write] = cv2.remap(
            plane, x, y, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REFLECT_101
        )
    if made.dtype != np.uint8:  # Lanczos overshoots; bytes are clipped by OpenCV.
        np.clip(made, 0, 1, out=made)
    return made


def moved(point: tuple[float, float], bend: float, width: int, height: int) -> tuple[float, float]:
    """Where a point of the picture (0..1 from the left and the top) lies after `unbent`."""
    if not bend:
        return point
    half = _half(width, height)
    reach = np.array([width - 1, height - 1]) / 2 / half
    place = (np.asarray(point) * 2 - 1) * reach
    there = place / (1 + bend * float(place @ place)) / _filling(bend, *reach)
    x, y = np.clip((there / reach + 1) / 2, 0, 1)
    return float(x), float(y)


def _half(width: int, height: int) -> float:
    """Half of the diagonal in pixels; of a single pixel, too, it is more than nothing."""
    return max(0.5, float(np.hypot(width - 1, height - 1)) / 2)


def _seen(bend: float, far: Wide) -> Wide:
    """By how much a place at the square radius `far` was drawn nearer or further."""
    # The root of far = seen^2 / (1 + bend seen^2)^2 that is 1 in the middle.
    return np.asarray(2 / (1 + np.sqrt(np.maximum(0, 1 - 4 * bend * far))))


def _filling(bend: float, wide: float, tall: float) -> float:
    """The scale at which the frame is full: by its corners, or by the middles of its sides."""
    scales = []
    for x, y in ((wide, tall), (wide, 0.0), (0.0, tall)):
        scales.append(1 / (1 + bend * (x * x + y * y)))
    return float(min(scales))


def _vote(chain: Chain) -> tuple[float, float] | None:
    """The coefficient that makes one edge straight, and its standard error; None without a say.

    Around a chord, a bend lifts the middle of an edge by a parabola in proportion to itself.
    """
    points = chain.points
    middle = points.mean(0)
    turn = np.linalg.eigh(np.cov((points - middle).T))[1].T
    run, lift = (points - middle) @ turn[1], (points - middle) @ turn[0]
    reach = float(np.ptp(run))
    if reach < _CHAIN_MIN:
        return None
    rule, wave = _parabola(run / (reach / 2), lift)
    if wave > _WAVE_PIXELS * chain.pixel or abs(rule @ lift) > reach / 8:
        return None
    square = np.sum(points**2, 1)

    def bow(bend: float) -> float:
        there = points / (1 + bend * square)[:, None]
        return float(rule @ ((there - middle) @ turn[0]))

    noise = _NOISE_PIXELS * chain.pixel
    slope = (bow(0.02) - bow(-0.02)) / 0.04
    if abs(slope) * _ERROR_MAX < noise:
        return None
    return _root(bow), noise / abs(slope)


def _parabola(unit: Wide, lift: Wide) -> tuple[Wide, float]:
    """The weights that read the height of the middle over the ends, and the points' stray.

    They are those of a least squares parabola over -1..1, without points that lie far off it.
    """
    columns = np.stack([np.ones_like(unit), unit, unit**2], 1)
    weight = np.ones_like(unit)
    rule: Wide = np.zeros((3, len(unit)))
    left = lift
    for _ in range(3):
        pull = (columns * weight[:, None]).T
        rule = np.asarray(np.linalg.solve(pull @ columns + np.eye(3) * 1e-9, pull))
        left = lift - columns @ (rule @ lift)
        typical = max(1e-6, float(np.median(np.abs(left))))
        weight = np.clip(1 - (left / (6 * typical)) ** 2, 0, 1) ** 2
    return -rule[2], float(np.sqrt(np.mean(left**2)))


def _root(bow: Callable[[float], float]) -> float:
    """The bend at which an edge is straight, by secants."""
    low, high = 0.0, 0.02
    at_low, at_high = bow(low), bow(high)
    for _ in range(6):
        if abs(at_high - at_low) < 1e-12:  # noqa: PLR2004
            break
        step = np.clip(-at_high * (high - low) / (at_high - at_low), -0.3, 0.3)
        low, at_low = high, at_high
        high = float(np.clip(high + step, -0.6, 0.6))
        at_high = bow(high)
        if abs(step) < 1e-4:  # noqa: PLR2004
            break
    return high
