"""Strokes become lines one pixel wide, and lines that stop short of each other are joined.

A hand leaves gaps where lines should meet. Each loose end looks ahead along its own direction for
another loose end or for a line to meet; the nearest that lies best in its way is taken, and a
curve that keeps both directions closes the gap. How far an end may look grows with the drawing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tintype.media.finish.frame import Bytes

Points = NDArray[np.float64]

_WEIGHTS: Final = ((1, 2, 4), (128, 0, 8), (64, 32, 16))
_PASSES_MAX: Final = 80
_ENDS_MAX: Final = 500
_AHEAD: Final = 0.35
_STRAIGHT: Final = 0.6


@dataclass(frozen=True, slots=True)
class Join:
    """A gap between `start` and `end` (x, y) and the directions in which the lines point."""

    start: Points
    end: Points
    out: Points
    into: Points


def thinned(mask: Bytes) -> Bytes:
    """The strokes' centre lines, one pixel wide (Zhang and Suen 1984); 1 on a line, else 0."""
    lines = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    kernel = np.array(_WEIGHTS, np.float32)
    for _ in range(_PASSES_MAX):
        before = cv2.countNonZero(lines)
        for table in _tables():
            around: Any = cv2.filter2D(lines, cv2.CV_8U, kernel, borderType=cv2.BORDER_CONSTANT)
            lines = cv2.bitwise_and(lines, cv2.LUT(around, table))
        if cv2.countNonZero(lines) == before:
            break
    return np.ascontiguousarray(lines[1:-1, 1:-1])


@cache
def _tables() -> tuple[Bytes, Bytes]:
    """For each neighbourhood whether its pixel stays (1), in the two half steps of a pass."""
    first = np.ones(256, np.uint8)
    second = np.ones(256, np.uint8)
    for code in range(256):
        # Clockwise from the upper left; the method's own order begins at the top.
        ring = [code >> bit & 1 for bit in range(8)]
        top, right, low, left = ring[1], ring[3], ring[5], ring[7]
        if not 2 <= sum(ring) <= 6 or _crossings(ring) != 1:  # noqa: PLR2004
            continue
        if not (top and right and low) and not (right and low and left):
            first[code] = 0
        if not (top and right and left) and not (top and low and left):
            second[code] = 0
    return first, second


def _crossings(ring: list[int]) -> int:
    return sum(1 for a, b in zip(ring, ring[1:] + ring[:1], strict=True) if not a and b)


@cache
def _is_end() -> Bytes:
    """For each neighbourhood whether a line ends there."""
    ends = np.zeros(256, np.uint8)
    for code in range(256):
        ring = [code >> bit & 1 for bit in range(8)]
        if _crossings(ring) == 1 and sum(ring) <= 2:  # noqa: PLR2004
            ends[code] = 1
    return ends


def loose_ends(lines: Bytes) -> Points:
    """Where lines stop, as rows of (x, y); the topmost of them where there are very many."""
    around: Any = cv2.filter2D(
        lines, cv2.CV_8U, np.array(_WEIGHTS, np.float32), borderType=cv2.BORDER_CONSTANT
    )
    rows, columns = np.nonzero(cv2.bitwise_and(cv2.LUT(around, _is_end()), lines))
    return np.stack((columns, rows), 1).astype(np.float64)[:_ENDS_MAX]


def directions(lines: Bytes, ends: Points, reach: int) -> Points:
    """The unit vector in which the line at each end points; zero for a dot."""
    out = np.zeros_like(ends)
    for i, (x, y) in enumerate(ends.astype(int)):
        left, top = max(0, x - reach), max(0, y - reach)
        window = lines[top : y + reach + 1, left : x + reach + 1]
        _, labels = cv2.connectedComponents(window, connectivity=8)
        rows, columns = np.nonzero(labels == labels[y - top, x - left])
        away = np.array([x - left - columns.mean(), y - top - rows.mean()])
        length = float(np.hypot(*away))
        if length > 1:
            out[i] = away / length
    return out


def joins(lines: Bytes, reach: float, width: float, *, strict: bool) -> list[Join]:
    """The gaps to close, the surest first; each loose end is used once.

    `reach` and `width` (of a stroke) are in pixels. `strict` takes only what lies straight ahead,
    for a reach so far that anything else would be a guess.
    """
    ends = loose_ends(lines)
    if not len(ends):
        return []
    ways = directions(lines, ends, round(3 * width + 8))
    found = sorted(
        (*_pairs(ends, ways, reach, width, strict=strict),
         *_meetings(lines, ends, ways, reach, strict=strict)),
        key=lambda candidate: candidate[0],
    )  # fmt: skip
    used: set[int] = set()
    chosen = []
    for _, numbers, join in found:
        if not used.intersection(numbers):
            used.update(numbers)
            chosen.append(join)
    return chosen


_Candidate = tuple[float, tuple[int, ...], Join]


def _pairs(
    ends: Points, ways: Points, reach: float, width: float, *, strict: bool
) -> Iterator[_Candidate]:
    """Two loose ends that may be one line."""
    gap = ends[None, :, :] - ends[:, None, :]
    length = np.hypot(gap[..., 0], gap[..., 1])
    unit = gap / np.maximum(length, 1e-9)[..., None]
    ahead = np.einsum("ik,ijk->ij", ways, unit)
    along = ahead + ahead.T
    cost = length * (1.6 - 0.3 * along)
    near = (cost < reach) | (length < 2 * width)
    if strict:
        near &= along > 2 * _STRAIGHT
    for i, j in zip(*np.nonzero(np.triu(near, 1)), strict=True):
        yield float(cost[i, j]), (int(i), int(j)), Join(ends[i], ends[j], ways[i], -ways[j])


def _meetings(
    lines: Bytes, ends: Points, ways: Points, reach: float, *, strict: bool
) -> Iterator[_Candidate]:
    """A loose end that stops short of a line."""
    far = int(reach / 1.25)
    for i, (x, y) in enumerate(ends.astype(int)):
        left, top = max(0, x - far), max(0, y - far)
        rows, columns = np.nonzero(lines[top : y + far + 1, left : x + far + 1])
        gap = np.stack((columns + left - x, rows + top - y), 1).astype(np.float64)
        length = np.hypot(gap[:, 0], gap[:, 1])
        ahead = (gap @ ways[i]) / np.maximum(length, 1e-9)
        # Behind it lies its own line.
        cost = np.where(ahead > (_STRAIGHT if strict else _AHEAD), length, np.inf)
        cost = 1.25 * cost * (1.5 - 0.5 * ahead)
        if cost.size and (best := int(np.argmin(cost))) >= 0 and cost[best] < reach:
            to = gap[best] + (x, y)
            way = gap[best] / length[best]
            yield float(cost[best]), (i,), Join(ends[i], to, ways[i], way)


def joined(mask: Bytes, found: list[Join], width: float) -> Bytes:
    """The strokes with the gaps drawn in, as wide as the strokes are."""
    out = mask.copy()
    t = np.linspace(0, 1, 17)[:, None]
    for join in found:
        pull = float(np.hypot(*(join.end - join.start)))
        line = (
            (2 * t**3 - 3 * t**2 + 1) * join.start
            + (t**3 - 2 * t**2 + t) * pull * join.out
            + (3 * t**2 - 2 * t**3) * join.end
            + (t**3 - t**2) * pull * join.into
        )
        points = np.rint(line).astype(np.int32)
        cv2.polylines(out, [points], False, 1, max(2, round(width)), cv2.LINE_8)
    return out
