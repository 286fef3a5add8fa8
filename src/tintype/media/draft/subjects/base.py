"""What a subject is: a drawing in a box of its own, and how it sits in a scene.

A drawing function gets a `Brush` and returns SVG in its box: x from 0 to `width`, y from 0 (top)
to `height` (where it stands), facing right, in daylight colours. Light, depth, mirroring and
styles are applied afterwards to the whole group, so a subject never deals with them.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tintype.media.draft.colour import darker, lighter

Place = Literal["ground", "road", "air", "water", "deep", "surface", "wall"]


@dataclass(frozen=True, slots=True)
class Brush:
    """Seeded randomness and two colours: `main` for the body, `accent` for what trims it."""

    rng: random.Random
    main: str
    accent: str
    bound: bool = False  # The prompt named the colour, so a drawing keeps to it.
    seated: bool = False  # It is on another subject, so it needs no perch of its own.
    hat: str = ""  # The colour of a hat, where the prompt gives one.

    def dark(self, share: float = 0.22) -> str:
        return darker(self.main, share)

    def light(self, share: float = 0.25) -> str:
        return lighter(self.main, share)


@dataclass(frozen=True, slots=True)
class Subject:
    """`metres` is its height in life, `share` the part of the frame it fills as the only subject.

    `seat` is where, from the top of its box (0 to 1), another subject sits on it.
    `home` is the setting it gets when the prompt names none.
    """

    draw: Callable[[Brush], str]
    width: float
    height: float
    place: Place
    metres: float
    home: str
    colors: tuple[str, ...]
    accents: tuple[str, ...] = ("#f4efe4",)
    share: float = 0.8
    seat: float = 0.0
    seat_x: float = 0.5  # Along its width, when it faces right.
    ridden: float = 0.0  # The height of who sits astride it, as a share of its own.
    bust: float = 0.0  # The upper part that a portrait shows; 0 for what has none.
    face_x: float = 0.5  # Where along its width the face is, when it faces right.
    turns: bool = True  # May be mirrored.
    tilt: float = 0.0  # Degrees by which the seed may lean it, nose up.
    sink: float = 0.08  # The part of the height that is under water, for what is in water.
