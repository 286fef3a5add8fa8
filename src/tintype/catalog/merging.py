"""Several recipes into one: a kind of step that two of them have is done once."""

from collections.abc import Iterable, Mapping
from typing import Any

from tintype.media.retouch.steps import (
    NAMES,
    STEPS,
    Choice,
    Colour,
    Flag,
    Number,
    Parameter,
    checked,
)


def merged(steps: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The steps with every parameter, each kind once, in the order of work.

    What goes both ways adds up within its range: warmer and a little cooler is a little warmer.
    What only goes one way adds up as layers do, each taking its share of what the others left, so
    that two halves are three quarters. Colours mix by their steps' amounts. Raises ValueError for
    a step that is none.
    """
    whole: dict[str, dict[str, Any]] = {}
    for written in steps:
        (step,) = checked([written])
        name = step["step"]
        whole[name] = _both(name, whole[name], step) if name in whole else step
    return [whole[name] for name in NAMES if name in whole]


def _both(name: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    weights = one.get("amount") or 0.0, other.get("amount") or 0.0
    joined: dict[str, Any] = {"step": name}
    for key, parameter in STEPS[name].items():
        joined[key] = _joined(parameter, one[key], other[key], weights)
    if name == "grade":
        for key in ("contrast", "saturation"):
            joined[key] = _of_shares(one, other, key, joined["amount"])
    return joined


def _of_shares(one: Mapping[str, Any], other: Mapping[str, Any], key: str, amount: float) -> float:
    """A part of two looks of which each counts by its `amount`: what both do, at the joined one."""
    done = one["amount"] * one[key] + other["amount"] * other[key]
    return round(min(1.0, max(-1.0, done / amount)), 4) if amount else 0.0


def _joined(parameter: Parameter, one: Any, other: Any, weights: tuple[float, float]) -> Any:
    match parameter:
        case Number():
            return _added(parameter, one, other)
        case Colour():
            return _mixed(one, other, *weights)
        case Flag():
            return one or other
        case Choice():
            return other


def _added(parameter: Number, one: float | None, other: float | None) -> float | None:
    """Two amounts as one; what is measured where nobody says stays measured."""
    if one is None or other is None:
        return None
    if parameter.low < 0:
        return round(min(parameter.high, max(parameter.low, one + other)), 4)
    span = parameter.high - parameter.low
    left = (parameter.high - one) * (parameter.high - other) / span
    return round(parameter.high - left, 4)


def _mixed(one: str, other: str, weight: float, other_weight: float) -> str:
    """`#rrggbb` between two, nearer to the one that counts more."""
    total = weight + other_weight
    share = other_weight / total if total else 0.5
    channels = (
        round(int(one[at : at + 2], 16) * (1 - share) + int(other[at : at + 2], 16) * share)
        for at in (1, 3, 5)
    )
    return "#" + "".join(f"{channel:02x}" for channel in channels)
