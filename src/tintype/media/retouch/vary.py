"""Variants of one recipe: the same steps with other strengths, and a mood of their own.

A variant is chosen by eye among its siblings, so each differs from the recipe by more than its
amounts: brighter, warmer, softer. Everything follows from the seed and the variant's number, and
nothing leaves its range.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from tintype.media.retouch.steps import NAMES, STEPS, Number, Step

_MOODS: Final[tuple[tuple[Step, ...], ...]] = (
    ({"step": "exposure", "stops": 0.22}, {"step": "highlights", "amount": -0.15}),
    ({"step": "temperature", "amount": 0.18}, {"step": "vibrance", "amount": 0.08}),
    ({"step": "contrast", "amount": 0.22}, {"step": "clarity", "amount": 0.12}),
    ({"step": "shadows", "amount": 0.28}, {"step": "contrast", "amount": -0.12}),
    ({"step": "temperature", "amount": -0.16}, {"step": "exposure", "stops": 0.08}),
    ({"step": "vibrance", "amount": 0.3}, {"step": "contrast", "amount": 0.06}),
    ({"step": "exposure", "stops": -0.22}, {"step": "contrast", "amount": 0.12}),
)
_GEOMETRY: Final = frozenset({"straighten", "lens"})
"""What is crooked is crooked by one angle: there is nothing to choose from."""
_CORRECTIONS: Final = frozenset({"white_balance", "match", "denoise", "sky", "white_background"})
"""They have a goal, which variants come near to."""


def varied(steps: Sequence[Step], variant: int, seed: int) -> tuple[Step, ...]:
    """Checked steps as variant number `variant` has them; 0 is the recipe itself."""
    if variant == 0:
        return tuple(steps)
    dice = np.random.default_rng([seed & 0xFFFF_FFFF, seed >> 32 & 0xFFFF_FFFF, variant])
    changed = [_changed(step, dice) for step in steps]
    mood = _MOODS[(variant - 1 + seed) % len(_MOODS)]
    share = dice.uniform(0.8, 1.2)
    for nudge in mood:
        _add(changed, nudge, share)
    return tuple(sorted(changed, key=lambda step: NAMES.index(step["step"])))


def _changed(step: Step, dice: np.random.Generator) -> Step:
    name, changed = step["step"], dict(step)
    for key, parameter in STEPS[name].items():
        # Asked for every number, so that what one step takes doesn't change the next one's.
        weaker, stronger = dice.uniform(0.62, 0.85), dice.uniform(1.15, 1.38)
        up = dice.random() < 0.5  # noqa: PLR2004
        value = step[key]
        if not isinstance(parameter, Number) or name in _GEOMETRY or value is None:
            continue
        if name in _CORRECTIONS:
            factor = 0.8 + weaker / 5
        else:
            factor = (
                stronger if up and parameter.low <= value * stronger <= parameter.high else weaker
            )
        changed[key] = round(float(np.clip(value * factor, parameter.low, parameter.high)), 4)
    return changed


def _add(steps: list[Step], nudge: Step, share: float) -> None:
    """Put a mood's step to the one that is there already, or as a new one."""
    name = nudge["step"]
    (key,) = (key for key in nudge if key != "step")
    more = nudge[key] * share
    parameter = STEPS[name][key]
    assert isinstance(parameter, Number)
    for step in steps:
        if step["step"] == name:
            step[key] = round(float(np.clip(step[key] + more, parameter.low, parameter.high)), 4)
            return
    steps.append({"step": name, key: round(float(more), 4)})
