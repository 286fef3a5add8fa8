"""The look of pictures that are approved, as numbers, and the few steps that bring a new one near.

A look is only known where it was chosen: where approved pictures differ from rejected ones. Both
are trimmed by a tenth at each end and compared by Yuen's test (Biometrika 61, 1974), which a
lamp in one picture or a dark cellar does not mislead.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from tintype.media.retouch.profile import NAMES, Profile

_TRIMMED: Final = 0.1
# Of 20 and more pictures chance passes this once in 300 times; four numbers are looked at.
_APART: Final = 3.2
# Profiles are no more exact than this, however alike pictures are.
_EXACT: Final = 0.01


class Dial(NamedTuple):
    """How a number of the profile is moved: a step's parameter, and by how much of it for 1."""

    step: str
    parameter: str
    per_unit: float
    most: float
    least: float
    more: str
    less: str
    """What the picture then is, as after "it should be"."""


# By what the steps do to photographs of rooms on average; weaker, so that none overshoots.
DIALS: Final[Mapping[str, Dial]] = {
    "brightness": Dial("exposure", "stops", 6.0, 0.8, 0.1, "brighter", "darker"),
    "warmth": Dial("temperature", "amount", 2.4, 0.4, 0.05, "warmer", "cooler"),
    "contrast": Dial(
        "contrast", "amount", 12.0, 0.4, 0.05, "stronger in contrast", "softer in contrast"
    ),
    "saturation": Dial(
        "saturation", "amount", 5.0, 0.35, 0.05, "richer in colour", "quieter in colour"
    ),
}
_GRID: Final = 0.05


class Look(NamedTuple):
    """One number of the profile: as `wanted`, of approved pictures, and what rejected ones have.

    `spread` is the deviation among the approved; `apart` is Yuen's statistic. `sure` says that
    approved and rejected pictures really differ in it.
    """

    name: str
    wanted: float
    rejected: float
    spread: float
    apart: float
    sure: bool


class Wish(NamedTuple):
    """What a new picture is to get: `step` as a retouching step, in `words`, and why."""

    name: str
    has: float
    wanted: float
    step: dict[str, Any]
    words: str


def looks(approved: Sequence[Profile], rejected: Sequence[Profile], least: int) -> list[Look]:
    """What is known of the numbers that have a dial; nothing with fewer than `least` of either."""
    if len(approved) < least or len(rejected) < least:
        return []
    return [_look(name, approved, rejected) for name in DIALS]


def wishes(known: Sequence[Look], profile: Profile, taken: Collection[str]) -> list[Wish]:
    """The steps that bring a picture of this profile near; none for what is near already.

    Steps in `taken` are done for other reasons, and are left to those.
    """
    made = []
    for look in known:
        dial = DIALS[look.name]
        has = profile[NAMES.index(look.name)]
        off = look.wanted - has
        if not look.sure or dial.step in taken or abs(off) <= look.spread:
            continue
        amount = max(-dial.most, min(dial.most, off * dial.per_unit))
        amount = round(round(amount / _GRID) * _GRID, 2)
        if abs(amount) >= dial.least:
            step = {"step": dial.step, dial.parameter: amount}
            words = dial.more if amount > 0 else dial.less
            made.append(Wish(look.name, has, look.wanted, step, words))
    return made


def in_words(wanted: Sequence[str]) -> str:
    """As in "brighter, warmer and stronger in contrast"."""
    *most, last = wanted
    return f"{', '.join(most)} and {last}" if most else last


def _look(name: str, approved: Sequence[Profile], rejected: Sequence[Profile]) -> Look:
    at = NAMES.index(name)
    wanted, error, spread = _trimmed([profile[at] for profile in approved])
    other, other_error, _ = _trimmed([profile[at] for profile in rejected])
    apart = (wanted - other) / math.sqrt(error + other_error)
    return Look(name, wanted, other, spread, apart, abs(apart) >= _APART)


def _trimmed(values: Sequence[float]) -> tuple[float, float, float]:
    """Trimmed mean, its squared standard error, and the winsorized deviation."""
    ordered = sorted(values)
    count = len(ordered)
    cut = int(count * _TRIMMED)
    kept = ordered[cut : count - cut]
    mean = math.fsum(kept) / len(kept)
    drawn = [min(max(value, kept[0]), kept[-1]) for value in ordered]
    middle = math.fsum(drawn) / count
    squares = math.fsum((value - middle) ** 2 for value in drawn)
    spread = math.sqrt(squares / max(count - 1, 1))
    error = max(squares, count * _EXACT**2) / (len(kept) * max(len(kept) - 1, 1))
    return mean, error, spread
