"""From verdicts by scene to what is known of a scene, and what is chosen for a picture of it.

A scene is a type and a location in it. What is known elsewhere is where it begins: of other types
a little, of other locations of its type nearly all; its own verdicts then say how it differs.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from tintype.agent import beta
from tintype.agent.learning import Belief, Trial, learned
from tintype.agent.models import Settings, Standing
from tintype.catalog.actions import ACTIONS_MAX, Action, actions

Scene = tuple[str | None, str | None]
Trials = Mapping[Scene, Sequence[Trial]]

_DOUBT: Final = 0.05
"""The probability of being wrong that is accepted, on either side."""
_DISLIKED: Final = 0.5
# Elsewhere makes nothing sure, but a hint; other rooms of a house nearly do.
_OTHER_TYPE: Final = (4.0, 6.0)
_OTHER_LOCATION: Final = (49.0, 20.0)


class Counts(NamedTuple):
    """Enhancements by an action: in the scene, and in other locations of its type."""

    approved: int = 0
    rejected: int = 0
    nearby_approved: int = 0
    nearby_rejected: int = 0


class Known(NamedTuple):
    """What is known of a scene."""

    scene: Scene
    belief: Belief
    counts: Mapping[str, Counts]


class Grade(NamedTuple):
    """Where an action stands; the rate is of approvals of pictures by it alone."""

    action: str
    standing: Standing
    rate: float
    low: float
    high: float


class Choice(NamedTuple):
    """Actions that are done together, the surest first, and the rate expected of them."""

    actions: list[Action]
    rate: float


def by_scene(rows: Iterable[Mapping[str, Any]]) -> dict[Scene, list[Trial]]:
    """Rows of `queries.trials`."""
    found: dict[Scene, list[Trial]] = defaultdict(list)
    for row in rows:
        scene = (row["scene_type"], row["scene_location"])
        found[scene].append(Trial(tuple(row["actions"]), row["approved"], row["rejected"]))
    return dict(found)


def known_of(trials: Trials, scene: Scene) -> Known:
    kind, location = scene
    return _known(trials, scene, _nearby(trials, kind, location), elsewhere(trials, kind))


def known_of_all(trials: Trials, scenes: Iterable[Scene]) -> list[Known]:
    """The same of each; what is known elsewhere is worked out once for each type."""
    begun: dict[str | None, Belief] = {}
    found = []
    for kind, location in scenes:
        if kind not in begun:
            begun[kind] = elsewhere(trials, kind)
        near = _nearby(trials, kind, location)
        found.append(_known(trials, (kind, location), near, begun[kind]))
    return found


def elsewhere(trials: Trials, kind: str | None) -> Belief:
    """What scenes of other types tell of this one."""
    others = _pooled(it for scene, those in trials.items() if scene[0] != kind for it in those)
    return learned(others, Belief()).carried(*_OTHER_TYPE)


def standing_of(known: Known, action: str, settings: Settings) -> Standing:
    if sum(known.counts.get(action, Counts())) < settings.minimum_judgements:
        return "learning"
    mixture = known.belief.rate([action])
    if beta.below(mixture, settings.minimum_rate) <= _DOUBT:
        return "sure"
    return "disliked" if beta.below(mixture, _DISLIKED) >= 1 - _DOUBT else "learning"


def grade(known: Known, action: str, settings: Settings) -> Grade:
    mixture = known.belief.rate([action])
    standing = standing_of(known, action, settings)
    low, high = beta.quantile(mixture, _DOUBT), beta.quantile(mixture, 1 - _DOUBT)
    return Grade(action, standing, beta.mean(mixture), low, high)


def choose(known: Known, settings: Settings) -> Choice | None:
    """What it is sure of, as far as it fits together; None where that is nothing.

    Of two actions that exclude each other the surer one is taken, and no more are than can be
    expected to be approved together.
    """
    catalogue = actions().by_id
    sure = [
        grade(known, name, settings) for name in sorted(known.counts)
        if name in catalogue and standing_of(known, name, settings) == "sure"
    ]  # fmt: skip
    sure.sort(key=lambda it: (-round(it.low, 6), -sum(known.counts[it.action]), it.action))
    kind = known.scene[0]
    chosen: list[Action] = []
    taken: set[str] = set()
    for it in sure:
        action = catalogue[it.action]
        made_for = not kind or not action.scene_types or kind in action.scene_types
        if len(chosen) == ACTIONS_MAX or not made_for or taken & set(action.slots):
            continue
        together = beta.mean(known.belief.rate([*(one.id for one in chosen), action.id]))
        if together >= settings.minimum_rate:
            chosen.append(action)
            taken |= set(action.slots)
    if not chosen:
        return None
    return Choice(chosen, beta.mean(known.belief.rate(action.id for action in chosen)))


def _nearby(trials: Trials, kind: str | None, location: str | None) -> list[Trial]:
    return _pooled(
        it for scene, those in trials.items()
        if scene[0] == kind and scene[1] != location for it in those
    )  # fmt: skip


def _known(trials: Trials, scene: Scene, near: list[Trial], begun: Belief) -> Known:
    own = _pooled(trials.get(scene, ()))
    belief = learned(own, learned(near, begun).carried(*_OTHER_LOCATION))
    return Known(scene, belief, _counts(own, near))


def _pooled(trials: Iterable[Trial]) -> list[Trial]:
    """Each set of actions once."""
    sums: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0])
    for trial in trials:
        sums[trial.actions][0] += trial.approved
        sums[trial.actions][1] += trial.rejected
    return [Trial(names, *sums[names]) for names in sorted(sums)]


def _counts(own: Sequence[Trial], near: Sequence[Trial]) -> dict[str, Counts]:
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for offset, trials in ((0, own), (2, near)):
        for trial in trials:
            for name in trial.actions:
                sums[name][offset] += trial.approved
                sums[name][offset + 1] += trial.rejected
    return {name: Counts(*sums[name]) for name in sorted(sums)}
