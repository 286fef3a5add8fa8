"""How much of an action a picture had, and a recipe with so much of each."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tintype.catalog.actions import Action, actions, steps_of
from tintype.catalog.merging import merged
from tintype.media.retouch.steps import STEPS, Number, checked
from tintype.media.retouch.vary import varied

WHOLE: Final = 100
"""The catalogue's own, in percent."""
_LEAST, _MOST = 25, 200
# Crooked is crooked by one angle, and a cast is gone or not: there is no more or less to want.
_ALL_OR_NOTHING: Final = frozenset(
    {"straighten", "lens", "white_balance", "match", "denoise", "white_background"}
)
# A strength that was approved a few times counts beside as many of the catalogue's own.
_PRIOR: Final = 4
_WANTED: Final = (0.5, 1.5)
_GRID: Final = 0.05


def strengths_of(
    action_ids: Sequence[str], steps: Sequence[Mapping[str, Any]], variant: int, seed: int
) -> dict[str, int]:
    """Of each action how much a variant of this recipe had, in percent of the catalogue's.

    An action with nothing to measure, or one that has left the catalogue, counts as whole.
    """
    known = [action for name in action_ids if (action := actions().by_id.get(name))]
    usual = _amounts(steps_of(known))
    made = _amounts(varied(checked(steps), variant, seed))
    found = dict.fromkeys(action_ids, WHOLE)
    for action in known:
        shares = [
            made[step["step"]] / usual[step["step"]] for step in action.steps
            if usual.get(step["step"]) and step["step"] in made
        ]  # fmt: skip
        if shares:
            percent = round(WHOLE * sum(shares) / len(shares))
            found[action.id] = max(_LEAST, min(_MOST, percent))
    return found


def wanted_strength(total_percent: int, count: int) -> float:
    """What to do of an action of which `count` approved pictures had `total_percent` altogether."""
    mean = (_PRIOR * WHOLE + total_percent) / (_PRIOR + count) / WHOLE
    low, high = _WANTED
    return round(round(max(low, min(high, mean)) / _GRID) * _GRID, 2)


def steps_for(
    chosen: Sequence[Action], strengths: Mapping[str, float], more: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """One recipe of these actions, so much of each, and of `more` steps."""
    scaled = [
        _scaled(step, strengths.get(action.id, 1.0)) for action in chosen for step in action.steps
    ]
    return merged([*scaled, *more])


def _scaled(step: Mapping[str, Any], strength: float) -> dict[str, Any]:
    (whole,) = checked([step])
    key = _main(whole)
    if key is not None:
        parameter = STEPS[whole["step"]][key]
        assert isinstance(parameter, Number)
        amount = max(parameter.low, min(parameter.high, whole[key] * strength))
        whole[key] = round(amount, 4)
    return whole


def _amounts(steps: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """By step, where there is a more or less."""
    return {
        step["step"]: step[key] for step in steps if (key := _main(step)) is not None
    }  # fmt: skip


def _main(step: Mapping[str, Any]) -> str | None:
    """The parameter that says how much."""
    if step["step"] in _ALL_OR_NOTHING:
        return None
    return next((key for key in ("stops", "amount") if step.get(key) is not None), None)
