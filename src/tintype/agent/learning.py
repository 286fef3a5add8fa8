"""What verdicts tell of a taste: which actions make pictures that are approved. Pure mathematics.

Verdicts are about whole pictures, and pictures have several actions. Two explanations are weighed
against each other, as Bayes has it. Either the rater's taste is in the actions: each is liked or
not, a picture in which all are liked is approved at one rate and any other one at a lower rate.
Or it isn't, and every picture is approved at one and the same rate. The rates are not known and
have beta distributions (Gelman et al., Bayesian Data Analysis, ch. 2 and 5): that of any picture
Jeffreys' prior, the other two priors that tell them apart. Where the first explanation holds, a
rejection weighs on the action that explains it, and not on its companions; where a rater says yes
and no at random, the second one holds, and no action stands out.

The likeliest set of liked actions is searched by flips of one and two, and the sets around it are
averaged over. Everything is made of counts in a fixed order: what came first plays no part.
"""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from tintype.agent.beta import Pair, Part, log_beta

_ROUNDS_MAX: Final = 200
_GAIN: Final = 1e-9
# Flips of two are tried among so many actions that are the least certain: it grows by the square.
_PAIRED: Final = 12
_ODDS_MAX: Final = 30.0
# Keeps a logarithm finite where nothing at all speaks for one side.
_TINY: Final = 1e-300


class Trial(NamedTuple):
    """A set of actions, sorted, with how many enhancements by it were approved and rejected."""

    actions: tuple[str, ...]
    approved: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Belief:
    """What is thought of a rater, before verdicts or after them.

    `liked` are log odds by action; an action that isn't there has 0, even odds. Rates of approval:
    `fine` of pictures in which every action is liked, `spoilt` of all others, `whatever` of any
    picture where taste isn't in the actions; `indifferent` are the log odds of that.
    """

    liked: Mapping[str, float] = field(default_factory=dict)
    fine: Pair = (4.0, 1.0)
    spoilt: Pair = (1.0, 4.0)
    whatever: Pair = (0.5, 0.5)
    indifferent: float = 0.0

    def rate(self, actions: Iterable[str]) -> tuple[Part, ...]:
        """The distribution of the rate at which pictures by these actions are approved."""
        indifferent = _probability(self.indifferent)
        liked = math.prod(_probability(self.liked.get(action, 0.0)) for action in actions)
        return (
            Part(indifferent, self.whatever),
            Part((1 - indifferent) * liked, self.fine),
            Part((1 - indifferent) * (1 - liked), self.spoilt),
        )

    def carried(self, odds_max: float, worth: float) -> "Belief":
        """It as a prior for another place, where it counts for no more than this.

        `odds_max` are odds, such as 4 (to 1), and `worth` verdicts.
        """
        most = math.log(odds_max)
        return Belief(
            liked={name: _within(odds, most) for name, odds in self.liked.items()},
            fine=_worth(self.fine, worth), spoilt=_worth(self.spoilt, worth),
            whatever=_worth(self.whatever, worth), indifferent=_within(self.indifferent, most),
        )  # fmt: skip


def learned(trials: Sequence[Trial], before: Belief) -> Belief:
    """What is thought after these verdicts; before any, what was thought before."""
    trials = sorted(trial for trial in trials if trial.actions)
    if not trials:
        return before
    search = _Search(trials, before)
    search.climb()
    return search.belief()


class _Search:
    """A guess at the set of liked actions, and how well it explains the verdicts.

    `score` is the log of prior times likelihood, the rates integrated out. A flip turns liked into
    not liked, or back.
    """

    def __init__(self, trials: Sequence[Trial], before: Belief) -> None:
        self.before = before
        self.trials = trials
        self.names = sorted({name for trial in trials for name in trial.actions})
        place = {name: number for number, name in enumerate(self.names)}
        self.of: list[list[int]] = [[] for _ in self.names]
        for number, trial in enumerate(trials):
            for name in trial.actions:
                self.of[place[name]].append(number)
        self.approved = sum(trial.approved for trial in trials)
        self.rejected = sum(trial.rejected for trial in trials)
        self.odds = [before.liked.get(name, 0.0) for name in self.names]
        self.liked = [self._stands_out(number) for number in range(len(self.names))]
        self.spoilers = [
            sum(not self.liked[place[name]] for name in trial.actions) for trial in trials
        ]
        self.fine = [0, 0]
        for trial, spoilers in zip(trials, self.spoilers, strict=True):
            if not spoilers:
                self.fine[0] += trial.approved
                self.fine[1] += trial.rejected
        self.prior = math.fsum(
            _log_probability(odds if liked else -odds)
            for odds, liked in zip(self.odds, self.liked, strict=True)
        )
        self.score = self._score()

    def _stands_out(self, number: int) -> bool:
        """To begin with: what is approved no less often than pictures are on the whole."""
        approved = sum(self.trials[it].approved for it in self.of[number])
        rejected = sum(self.trials[it].rejected for it in self.of[number])
        whole = self.approved + self.rejected
        return (approved + 0.5) * (whole + 1) >= (self.approved + 0.5) * (approved + rejected + 1)

    def _score(self) -> float:
        approved, rejected = self.fine
        return (
            self.prior
            + _evidence(self.before.fine, approved, rejected)
            + _evidence(self.before.spoilt, self.approved - approved, self.rejected - rejected)
        )

    def flip(self, *numbers: int) -> None:
        for number in numbers:
            step = 1 if self.liked[number] else -1
            for it in self.of[number]:
                was = self.spoilers[it] == 0
                self.spoilers[it] += step
                if was != (self.spoilers[it] == 0):
                    sign = -1 if was else 1
                    self.fine[0] += sign * self.trials[it].approved
                    self.fine[1] += sign * self.trials[it].rejected
            self.prior += -self.odds[number] if self.liked[number] else self.odds[number]
            self.liked[number] = not self.liked[number]
        self.score = self._score()

    def after(self, *numbers: int) -> float:
        """The score that these flips would give."""
        self.flip(*numbers)
        found = self.score
        self.flip(*numbers)
        return found

    def neighbours(self) -> list[tuple[int, ...]]:
        """Every flip of one, and those of two among the least certain."""
        ones = [(number,) for number in range(len(self.names))]
        near = sorted(ones, key=lambda flips: (-self.after(*flips), flips))[:_PAIRED]
        pairs = itertools.combinations(sorted(number for (number,) in near), 2)
        return [*ones, *pairs]

    def climb(self) -> None:
        """To where no neighbour is better: to the best of one flip, and where none is, of two."""
        for _ in range(_ROUNDS_MAX):
            ones = [(number,) for number in range(len(self.names))]
            if not (self._step(ones) or self._step(self.neighbours())):
                return

    def _step(self, choices: Sequence[tuple[int, ...]]) -> bool:
        best = max(choices, key=lambda flips: (self.after(*flips), [-it for it in flips]))
        if self.after(*best) <= self.score + _GAIN:
            return False
        self.flip(*best)
        return True

    def belief(self) -> Belief:
        """The average over the set that was found and those around it."""
        neighbours = self.neighbours()
        scores = [self.score, *(self.after(*flips) for flips in neighbours)]
        top = max(scores)
        weights = [math.exp(score - top) for score in scores]
        whole = math.fsum(weights)
        flipped: list[list[float]] = [[] for _ in self.names]
        for flips, weight in zip(neighbours, weights[1:], strict=True):
            for number in flips:
                flipped[number].append(weight)
        odds = {}
        for number, name in enumerate(self.names):
            other = math.fsum(flipped[number])
            found = math.log(max(whole - other, _TINY)) - math.log(max(other, _TINY))
            odds[name] = _within(found if self.liked[number] else -found, _ODDS_MAX)
        approved, rejected = self.fine
        before = self.before
        indifferent = _log_probability(before.indifferent) + _evidence(
            before.whatever, self.approved, self.rejected
        )
        tasteful = _log_probability(-before.indifferent) + top + math.log(whole)
        return Belief(
            liked={**before.liked, **odds},
            fine=_added(before.fine, approved, rejected),
            spoilt=_added(before.spoilt, self.approved - approved, self.rejected - rejected),
            whatever=_added(before.whatever, self.approved, self.rejected),
            indifferent=_within(indifferent - tasteful, _ODDS_MAX),
        )


def _evidence(prior: Pair, approved: int, rejected: int) -> float:
    """The log probability of these verdicts, in their order, at a rate that is so distributed."""
    return log_beta(*_added(prior, approved, rejected)) - log_beta(*prior)


def _added(pair: Pair, approved: int, rejected: int) -> Pair:
    return pair[0] + approved, pair[1] + rejected


def _worth(pair: Pair, most: float) -> Pair:
    share = min(1.0, most / (pair[0] + pair[1]))
    return pair[0] * share, pair[1] * share


def _within(value: float, most: float) -> float:
    return max(-most, min(most, value))


def _probability(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))


def _log_probability(odds: float) -> float:
    return -math.log1p(math.exp(-odds))
