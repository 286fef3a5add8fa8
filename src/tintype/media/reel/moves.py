"""The camera moves: a table of what each does, the words that ask for one, and its path.

A move is described without a picture (`MOVES`); `path_of` fits it to a picture, a frame and a
focal point. The picture always covers the frame, and a given focal point stays within the frame's
central part. Where a focal point lies too near the picture's edge for that, the frame comes as
near as the edge allows; both win over the move that was asked for.
"""

import math
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from tintype.media.reel.path import Path, Window

Move = Literal[
    "push_in", "pull_out", "pan_left", "pan_right", "pan_up", "pan_down", "drift", "orbit"
]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Key:
    """A view of a move: `closer` in steps of `_closeness`, the shift of the frame in travels."""

    closer: float = 0.0
    right: float = 0.0
    down: float = 0.0


@dataclass(frozen=True, slots=True)
class Course:
    """The views a move goes through, and the time (0 to 1) of the one that its poster shows."""

    keys: tuple[Key, ...]
    poster: float


MOVES: Final[Mapping[Move, Course]] = {
    "push_in": Course((Key(), Key(closer=1)), poster=0),
    "pull_out": Course((Key(closer=1), Key()), poster=1),
    "pan_left": Course((Key(right=0.5), Key(right=-0.5)), poster=0.5),
    "pan_right": Course((Key(right=-0.5), Key(right=0.5)), poster=0.5),
    "pan_up": Course((Key(down=0.5), Key(down=-0.5)), poster=0.5),
    "pan_down": Course((Key(down=-0.5), Key(down=0.5)), poster=0.5),
    "drift": Course((Key(0.1, -0.4, 0.3), Key(0.4, 0.4, -0.3)), poster=0.5),
    "orbit": Course((Key(0.1, -0.5, 0.3), Key(0.9, 0, -0.5), Key(0.1, 0.5, 0.3)), poster=0.5),
}
CENTRAL: Final = 0.6
"""The share of the frame's width and height, around its middle, that holds the focal point."""
TRAVEL_MAX: Final = 4.0
"""How far a pan goes at most, in frames."""
_CLOSER_A_SECOND: Final = 0.04  # As a natural logarithm: 5 seconds push in by a factor of 1.22.
_CLOSER_MIN, _CLOSER_MAX = 0.08, 0.36
_TRAVEL_A_SECOND: Final = 0.1  # Frames; faster looks hurried.
_LONG: Final = 0.5  # Frames that a picture is longer than the frame, to be panned over unasked.
_AIR: Final = 0.04  # Of a thing's length, kept free at its ends where there is room.
_STILL: Final = 0.03  # Frames; less than that is no pan.

_SLOWLY = r"(?:[\s-]+(?:slow(?:ly)?|gent(?:le|ly)))?[\s-]+"
_TO = r"(?:to\s+|towards?\s+)?(?:the\s+)?"
_PAN = rf"(?:pan|truck|track|tilt|crane)(?:s|ning|ing)?{_SLOWLY}{_TO}"
WORDS: Final[tuple[tuple[str, Move], ...]] = (
    (rf"(?:zoom|push|dolly)(?:s|es|ing)?{_SLOWLY}(?:in|closer)", "push_in"),
    (rf"(?:zoom|pull|dolly)(?:s|es|ing)?{_SLOWLY}(?:out|back|away)", "pull_out"),
    (rf"{_PAN}left(?:wards?)?", "pan_left"),
    (rf"{_PAN}right(?:wards?)?", "pan_right"),
    (rf"{_PAN}up(?:wards?)?", "pan_up"),
    (rf"{_PAN}down(?:wards?)?", "pan_down"),
    (r"camera\s+drift(?:s|ing)?|drifting\s+camera", "drift"),
    (r"camera\s+(?:orbits?|orbiting|circles?|circling)|orbit\s+shot|orbiting\s+camera", "orbit"),
)
"""What a prompt says for each move; the earliest in the prompt counts."""
_PATTERNS: Final = tuple(
    (re.compile(rf"\b(?:{words})\b", re.IGNORECASE), move) for words, move in WORDS
)


def asked_move(prompt: str) -> Move | None:
    """The camera move that the prompt's words ask for, if any."""
    found = [(match.start(), move) for words, move in _PATTERNS if (match := words.search(prompt))]
    return min(found)[1] if found else None


def without_moves(prompt: str) -> str:
    """The prompt without what it says of the camera, for whoever draws what is in the picture."""
    for words, _ in _PATTERNS:
        prompt = words.sub(" ", prompt)
    return prompt


def chosen_move(picture: Point, frame: Point, seed: int) -> Move:
    """A move for a picture and a frame of these sizes: a long picture is panned over."""
    wide, high = covering(picture, frame)
    moves: tuple[Move, ...] = ("push_in", "pull_out", "drift", "orbit", "pan_left", "pan_right")
    if picture[0] / wide - 1 > _LONG:
        moves = ("pan_left", "pan_right")
    elif picture[1] / high - 1 > _LONG:
        moves = ("pan_up", "pan_down")
    return moves[int(random.Random(f"move {seed}").random() * len(moves))]


def path_of(
    move: Move,
    *,
    picture: Point,
    frame: Point,
    focal: Point,
    held: bool,
    seconds: float,
    seed: int,
    thing: Window | None = None,
) -> Path:
    """The path of a move over a picture of these sizes, `focal` being 0 to 1 of its sides.

    A `held` focal point stays in the frame's central part; else a pan over a long picture may
    leave it behind. A `thing` (0 to 1 too) that the frame holds stays whole: the camera goes as
    far and as close as that allows, but comes closer by some percent where nothing else is left.
    Of one that is larger the frame shows as much as it can hold.
    The seed varies how far the camera goes, and the side that a drift or an orbit begins on.
    """
    dice = random.Random(f"path {seed}")
    amount = dice.uniform(0.85, 1.0)
    side = 1.0 if dice.random() < 1 / 2 or move not in {"drift", "orbit"} else -1.0
    wanted = amount * min(max(_CLOSER_A_SECOND * seconds, _CLOSER_MIN), _CLOSER_MAX)
    wide, high = covering(picture, frame)
    keys = MOVES[move].keys
    axes = (
        _axis(picture[0], wide, focal[0], (thing.left, thing.right) if thing else None),
        _axis(picture[1], high, focal[1], (thing.top, thing.bottom) if thing else None),
    )
    base = _base(keys, axes, wanted)
    most = max(key.closer for key in keys)
    closeness = min(wanted, _left(axes, base) / most) if most else wanted
    travel = amount * min(max(_TRAVEL_A_SECOND * seconds, _CLOSER_MIN), TRAVEL_MAX)

    def window(key: Key, scale: float) -> Window:
        return Window(
            axes[0].start(wide / scale, side * key.right * travel, held),
            axes[1].start(high / scale, key.down * travel, held),
            wide / scale,
            high / scale,
        )

    windows = tuple(window(key, base * math.exp(key.closer * closeness)) for key in keys)
    if _still(windows):
        # A move that is held back comes closer instead, so that it is one.
        left = _left(axes, 1.0)
        if left < math.inf:
            closest = window(Key(), math.exp(min(wanted, max(left, _STILL))))
            if keys[0].closer > keys[-1].closer:
                return Path((closest, window(keys[-1], 1.0)))
            return Path((window(keys[0], 1.0), closest))
        closer = base * math.exp((keys[-1].closer + 1) * closeness)
        windows = (*windows[:-1], window(keys[-1], closer))
    return Path(windows)


@dataclass(frozen=True, slots=True)
class _Axis:
    """One direction: the picture's length, the widest window's, where to look, and the thing.

    All are pixels of the picture. `whole` says that the widest window holds the thing.
    """

    picture: float
    cover: float
    focal: float
    thing: Point | None

    @property
    def whole(self) -> bool:
        return self.thing is not None and self.long <= self.cover

    @property
    def long(self) -> float:
        return self.thing[1] - self.thing[0] if self.thing else 0.0

    def start(self, size: float, shift: float, held: bool) -> float:
        """Where a window of `size` begins, `shift` windows off the focal point.

        It lies within the picture. Where there is a thing, it holds the thing, or lies within it
        where it is too small for that. Both ends of a move keep their distance at those bounds:
        its middle gives way, not its length, unless there is too little room.
        """
        low, top = 0.0, self.picture - size
        if self.thing:
            first, last = sorted((self.thing[0], self.thing[1] - size))
            low, top = min(max(first, low), top), max(min(last, top), low)
        way = min(max(shift * size, (low - top) / 2), (top - low) / 2)
        middle = min(max(self.focal - size / 2, low + abs(way)), top - abs(way))
        start = middle + way
        if held:
            margin = (1 - CENTRAL) / 2 * size
            start = min(max(start, self.focal - size + margin), self.focal - margin)
        return min(max(start, 0.0), self.picture - size)


def _axis(picture: float, cover: float, focal: float, thing: Point | None) -> _Axis:
    """A direction with the focal point and the thing's ends, 0 to 1 of the picture there."""
    if thing is None:
        return _Axis(picture, cover, focal * picture, None)
    first, last = thing[0] * picture, thing[1] * picture
    if last - first > cover:
        return _Axis(picture, cover, focal * picture, (first, last))
    air = min(_AIR * (last - first), 0.2 * (cover - (last - first)))
    # What is seen whole looks right in the middle, wherever its weight lies.
    return _Axis(picture, cover, (first + last) / 2, (first - air, last + air))


def _base(keys: tuple[Key, ...], axes: tuple[_Axis, _Axis], closeness: float) -> float:
    """How much closer than the widest window a move is, so that it has a way to go.

    A picture of the frame's own shape leaves none. Half of what a whole thing leaves is given.
    """
    base = 1.0
    for axis, moved in zip(
        axes, (any(key.right for key in keys), any(key.down for key in keys)), strict=True
    ):
        if moved:
            base = max(base, (1 + closeness) * axis.cover / axis.picture)
    for axis in axes:
        if axis.whole:
            base = min(base, max(1.0, 2 * axis.cover / (axis.cover + axis.long)))
    return base


def _left(axes: tuple[_Axis, _Axis], base: float) -> float:
    """How much closer than `base`, as a logarithm, still holds what the widest window does."""
    rooms = [math.log(axis.cover / axis.long / base) for axis in axes if axis.whole]
    return max(0.0, min(rooms, default=math.inf))


def _still(windows: tuple[Window, ...]) -> bool:
    first, last = windows[0], windows[-1]
    nearness = _STILL * first.width
    return (
        abs(last.left - first.left) < nearness
        and abs(last.top - first.top) < nearness
        and abs(last.width - first.width) < nearness
    )


def covering(picture: Point, frame: Point) -> Point:
    """Width and height of the largest window of the frame's shape within the picture."""
    scale = min(picture[0] / frame[0], picture[1] / frame[1])
    return frame[0] * scale, frame[1] * scale
