"""Where the camera looks, and how it gets there: windows on a picture, and paths between them.

A path is a Bézier curve whose control points are windows of the frame's shape. Every window on it
is a weighted mean of the control windows, and what must hold for a window (it lies within the
picture; the focal point lies within its central part) is linear in its place and size. So what
holds for the control windows holds for every frame between them: nothing is clamped on the way,
which would be a jerk. Lengths are pixels of the picture, in floating point.
"""

import math
from dataclasses import dataclass
from typing import Final

EASE_SHARE: Final = 0.3
"""Of a path's time: how long it takes to get up to speed, and again to come to rest."""
_SAME_SIZE: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Window:
    """What one frame shows of the picture."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height


@dataclass(frozen=True, slots=True)
class Path:
    """Two control windows make a straight path, three a bent one."""

    windows: tuple[Window, ...]

    def at(self, time: float) -> Window:
        """The window at `time`, 0 (begin) to 1 (end), eased at both ends."""
        done = eased(time)
        match self.windows:
            case (first, last):
                done = _steady_zoom(done, last.width / first.width)
                weights: tuple[float, ...] = (1 - done, done)
            case (_, _, _):
                weights = ((1 - done) ** 2, 2 * done * (1 - done), done**2)
            case _:
                raise ValueError("A path has two or three control windows.")
        return _mean(self.windows, weights)

    def swept(self) -> Window:
        """The smallest rectangle that holds every window on the path."""
        left = min(window.left for window in self.windows)
        top = min(window.top for window in self.windows)
        right = max(window.right for window in self.windows)
        bottom = max(window.bottom for window in self.windows)
        return Window(left, top, right - left, bottom - top)

    def closest(self) -> float:
        """The width of the smallest control window: the most that the picture is enlarged."""
        return min(window.width for window in self.windows)


def eased(time: float) -> float:
    """The share of the way that is done at `time`; both run from 0 to 1.

    The speed rises along a smoothstep, stays, and falls along one, so neither speed nor
    acceleration jumps anywhere.
    """
    time = min(max(time, 0.0), 1.0)
    if time > 1 - EASE_SHARE:
        return 1.0 - eased(1.0 - time)
    speed = 1 / (1 - EASE_SHARE)
    if time >= EASE_SHARE:
        return speed * (time - EASE_SHARE / 2)
    # The integral of 3x² - 2x³.
    part = time / EASE_SHARE
    return speed * EASE_SHARE * (part**3 - part**4 / 2)


def _steady_zoom(done: float, ratio: float) -> float:
    """The weight of the last window that makes the size grow by equal factors in equal steps."""
    if abs(ratio - 1) < _SAME_SIZE:
        return done
    return math.expm1(done * math.log(ratio)) / (ratio - 1)


def _mean(windows: tuple[Window, ...], weights: tuple[float, ...]) -> Window:
    pairs = list(zip(windows, weights, strict=True))
    return Window(
        left=sum(window.left * weight for window, weight in pairs),
        top=sum(window.top * weight for window, weight in pairs),
        width=sum(window.width * weight for window, weight in pairs),
        height=sum(window.height * weight for window, weight in pairs),
    )
