"""The table of retouching steps: names, parameters, ranges and defaults, in the order of work.

A step is a mapping `{"step": NAME, ...parameters}`, as recipes of the catalogue and jobs of engines
have it. `checked` turns what was written into what is done: every parameter there, of its type and
in its range. Whatever the order in which steps are written, they are done in that of the table.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Step: TypeAlias = dict[str, Any]

STEPS_MAX: Final = 32
"""Steps of one recipe; more than there are kinds, so that two actions may share some."""
_HEX: Final = re.compile(r"#[0-9a-fA-F]{6}")
_NAME_SHOWN: Final = 40


@dataclass(frozen=True, slots=True)
class Number:
    """From `low` to `high`. Without a default it may be left out or None: then it is measured."""

    low: float
    high: float
    default: float | None

    def wrong(self, value: object) -> str | None:
        if value is None and self.default is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"must be a number from {self.low:g} to {self.high:g}"
        if not self.low <= value <= self.high:
            return f"must be {self.low:g} to {self.high:g}"
        return None


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few names."""

    of: tuple[str, ...]
    default: str

    def wrong(self, value: object) -> str | None:
        return None if value in self.of else f"must be one of {', '.join(self.of)}"


@dataclass(frozen=True, slots=True)
class Colour:
    """`#rrggbb`, sRGB."""

    default: str

    def wrong(self, value: object) -> str | None:
        fits = isinstance(value, str) and _HEX.fullmatch(value)
        return None if fits else 'must be a colour of the form "#rrggbb"'


@dataclass(frozen=True, slots=True)
class Flag:
    """Yes or no."""

    default: bool

    def wrong(self, value: object) -> str | None:
        return None if isinstance(value, bool) else "must be true or false"


Parameter: TypeAlias = Number | Choice | Colour | Flag


def _amount(default: float) -> Mapping[str, Parameter]:
    """How much of something, which can't be taken away: 0 is nothing."""
    return {"amount": Number(0, 1, default)}


def _both_ways(default: float) -> Mapping[str, Parameter]:
    """More of something or less of it: 0 is nothing."""
    return {"amount": Number(-1, 1, default)}


STEPS: Final[Mapping[str, Mapping[str, Parameter]]] = {
    # Above 0 takes out barrel distortion, below 0 pincushion. First, for plumb lines are straight.
    "lens": {"amount": Number(-1, 1, None)},
    "straighten": {"vertical": Flag(default=True), "horizon": Flag(default=True)},
    "denoise": _amount(0.5),
    "white_balance": _amount(1.0),
    "match": _amount(1.0),
    # From cool (-1) to warm (1), and from green (-1) to magenta (1).
    "temperature": _both_ways(0.3),
    "tint": _both_ways(0.2),
    "exposure": {"stops": Number(-2, 2, 0.5)},
    "dehaze": _amount(0.5),
    "shadows": _both_ways(0.4),
    "highlights": _both_ways(-0.4),
    "contrast": _both_ways(0.3),
    "clarity": _both_ways(0.3),
    "vibrance": _both_ways(0.3),
    "saturation": _both_ways(0.2),
    "sky": {
        "look": Choice(("blue", "sunset", "overcast", "dramatic"), "blue"),
        "amount": Number(0, 1, 1.0),
    },
    "lawn": _amount(0.7),
    "season": {
        "look": Choice(("spring", "summer", "autumn", "winter"), "summer"),
        "amount": Number(0, 1, 0.8),
    },
    "white_background": {"shadow": Number(0, 1, 0.5)},
    "dusk": _amount(0.8),
    "grade": {
        "shadows": Colour("#808080"),
        "highlights": Colour("#808080"),
        "amount": Number(0, 1, 0.5),
        "contrast": Number(-1, 1, 0.0),
        "saturation": Number(-1, 1, 0.0),
    },
    "glow": _amount(0.3),
    "vignette": _amount(0.3),
    "sharpen": _amount(0.4),
}
"""In the order of work: geometry, noise, white, light, colour, places, looks, and sharpness last.

Where `highlights` is below 0 bright parts get darker and show what is in them; white stays white.
"""

NAMES: Final = tuple(STEPS)


def checked(steps: Sequence[Mapping[str, object]]) -> tuple[Step, ...]:
    """The steps with every parameter, in the order of work.

    Raises ValueError, with a sentence for the client, for a step or parameter that is unknown, of
    another type or out of its range. Equal names stay in the order they were written in.
    """
    if len(steps) > STEPS_MAX:
        raise ValueError(f"There are {len(steps)} steps; at most {STEPS_MAX} are done at once.")
    whole = [_whole(number, step) for number, step in enumerate(steps)]
    return tuple(sorted(whole, key=lambda step: NAMES.index(step["step"])))


def _whole(number: int, step: object) -> Step:
    if not isinstance(step, Mapping):
        raise ValueError(f"Step {number} must be an object.")  # noqa: TRY004 - the one fault
    name = step.get("step")
    if not isinstance(name, str) or name not in STEPS:
        said = str(name)[:_NAME_SHOWN]
        raise ValueError(f"Step {number}: there is no {said!r}; known are {', '.join(NAMES)}.")
    known = STEPS[name]
    for key in step:
        if key != "step" and key not in known:
            said = str(key)[:_NAME_SHOWN]
            raise ValueError(
                f"Step {number}, {name}: there is no {said!r}, only {', '.join(known)}."
            )
    whole: Step = {"step": name}
    for key, parameter in known.items():
        value = step.get(key, parameter.default)
        if problem := parameter.wrong(value):
            raise ValueError(f"Step {number}, {name}: {key} {problem}.")
        whole[key] = value
    return whole
