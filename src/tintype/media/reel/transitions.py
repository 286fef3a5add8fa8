"""How one scene becomes the next, and when: the timeline of a reel, and the frames of a transition.

Every scene has an equal share of the film. A transition lies around the moment where two shares
meet, half of it in each, so it shortens nothing. Both cameras go on moving in it. A slide and a
push show as many columns of both pictures as one frame has, so they draw no more than a frame;
only a fade draws two.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from tintype.media.reel.bounds import Transition
from tintype.media.reel.colour import Planes
from tintype.media.reel.path import eased
from tintype.media.reel.take import Take

SECONDS: Final = 0.7
"""How long a transition takes; in short shares it is shorter."""
SHARE_MAX: Final = 0.4
"""The most that a transition takes of a scene's share."""
_LAG: Final = 0.25
"""How far the old picture gives way to one that slides over it, in frames."""
_SLIVER: Final = 16  # Columns; fewer are not drawn.
_SHADOW: Final = (0.04, 0.45)
"""Of the frame's width, and how much light it takes at the edge that throws it."""
_BLACK: Final = 16  # Of Y.


@dataclass(frozen=True, slots=True)
class Span:
    """Frames of a scene: seen from `first` on, alone from `alone`, leaving from `leaving`.

    It is gone at `end`. Its share, in which its words are shown, is from `begin` up to `over`.
    """

    first: int
    begin: int
    alone: int
    leaving: int
    over: int
    end: int

    def time(self, frame: int) -> float:
        """The share, 0 to 1, of its time on the screen that has passed at a frame of the film."""
        return (frame - self.first) / max(1, self.end - self.first - 1)

    def left(self, frame: int) -> float:
        """The share, more than 0 and less than 1, of its leaving that has passed."""
        return (frame - self.leaving + 1) / (self.end - self.leaving + 1)


def timeline(frames: int, scenes: int, fps: int, transition: Transition) -> list[Span]:
    """When each scene is seen, in a film of so many frames."""
    cuts = [frames * cut // scenes for cut in range(scenes + 1)]
    least = min(cuts[number + 1] - cuts[number] for number in range(scenes))
    long = 0 if transition == "cut" else min(round(SECONDS * fps), int(SHARE_MAX * least))
    before, after = long // 2, long - long // 2
    spans = []
    for number in range(scenes):
        begin, over = cuts[number], cuts[number + 1]
        first, alone = (begin, begin) if number == 0 else (begin - before, begin + after)
        last = number == scenes - 1
        leaving, end = (over, over) if last else (over - before, over + after)
        spans.append(Span(first, begin, alone, leaving, over, end))
    return spans


def draw_between(
    transition: Transition,
    old: tuple[Take, float],
    new: tuple[Take, float],
    done: float,
    planes: Planes,
    room: Planes,
) -> None:
    """Draw a frame of a transition of which the share `done` (0 to 1) has passed.

    Both takes come with their times. `room` is a frame's planes to draw in.
    """
    way = eased(done)
    match transition:
        case "fade":
            old[0].draw(old[1], planes)
            new[0].draw(new[1], room)
            for plane, other in zip(planes, room, strict=True):
                cv2.addWeighted(plane, 1 - way, other, way, 0, plane)
        case "slide" | "push":
            _draw_side_by_side(transition, old, new, way, planes)
        case "cut":
            (new if done >= 1 / 2 else old)[0].draw((new if done >= 1 / 2 else old)[1], planes)


def _draw_side_by_side(
    transition: Transition,
    old: tuple[Take, float],
    new: tuple[Take, float],
    way: float,
    planes: Planes,
) -> None:
    """The new picture's first columns, come in from the right, and what is left of the old."""
    width = planes[0].shape[1]
    edge = _even(width * (1 - way))
    edge = 0 if edge < _SLIVER else width if edge > width - _SLIVER else edge
    if edge:
        moved = width - edge if transition == "push" else _even(_LAG * (width - edge))
        old[0].draw_columns(old[1], _columns(planes, 0, edge), moved, width)
    if edge < width:
        new[0].draw_columns(new[1], _columns(planes, edge, width), 0, width)
        if edge and transition == "slide":
            _shade(planes, edge)


def _shade(planes: Planes, edge: int) -> None:
    """The shadow that a picture throws on the one that it slides over, to the left of its edge."""
    share, dark = _SHADOW
    wide = min(edge, round(share * planes[0].shape[1]))
    light = planes[0][:, edge - wide : edge]
    falling = 1 - dark * np.linspace(0, 1, wide, dtype=np.float32) ** 2
    light[:] = np.rint(_BLACK + (light - np.float32(_BLACK)) * falling).astype(np.uint8)


def _columns(planes: Planes, first: int, end: int) -> Planes:
    luma, blue, red = planes
    half = slice(first // 2, end // 2)
    return luma[:, first:end], blue[:, half], red[:, half]


def _even(columns: float) -> int:
    return round(columns / 2) * 2
