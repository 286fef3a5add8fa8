"""What is learned from verdicts, without a database: tastes found, and none where there is none.

The figures were chosen with seeds below 30,000; the seeds here were held out.
"""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.tastes import (
    FACADE,
    KITCHEN,
    LIVING_ROOM,
    POOL,
    Tasteful,
    Tasteless,
    asked_for,
    by_scene,
    said,
    tasteful,
)
from tintype.agent.choosing import choose, grade, known_of, known_of_all, standing_of
from tintype.agent.learning import Belief, Trial, learned
from tintype.agent.models import Settings

SEEDS = range(700_000, 700_120)
OWN = Settings(mode="auto")
ONE = (LIVING_ROOM,)
HOUSE = (LIVING_ROOM, KITCHEN)


@pytest.mark.parametrize(("scenes", "most"), [(ONE, 2), (ONE, 3), (HOUSE, 2)])
def test_after_40_verdicts_its_choice_is_approved(scenes: tuple, most: int) -> None:
    """By a rater with a taste in half of eight actions, who errs in every tenth verdict."""
    asked = chosen = approved = judged = foul = 0
    for seed in SEEDS:
        rater = tasteful(seed)
        trials = by_scene(said(rater, rater.dice, scenes, most=most))
        for scene in scenes:
            asked += 1
            choice = choose(known_of(trials, scene), OWN)
            if choice is None:
                continue
            chosen += 1
            names = {action.id for action in choice.actions}
            foul += not names <= rater.liked
            for _ in range(10):
                judged += 1
                approved += rater.approves(names)
    assert approved / judged >= 0.8, "with the rater's own errors counted against it"
    assert foul / chosen <= 0.05
    assert chosen / asked >= 0.7


@pytest.mark.parametrize("rate", [0.3, 0.5])
@pytest.mark.parametrize("scenes", [ONE, (LIVING_ROOM, KITCHEN, FACADE)])
def test_a_random_rater_teaches_nothing(rate: float, scenes: tuple) -> None:
    taught = 0
    for seed in SEEDS:
        dice = random.Random(seed)
        trials = by_scene(said(Tasteless(dice, rate), dice, scenes))
        known = known_of_all(trials, trials)
        taught += any(standing_of(it, name, OWN) == "sure" for it in known for name in it.counts)
    assert taught / len(SEEDS) <= 0.05


def test_another_taste_outside_is_no_reason_to_err_there() -> None:
    """Half of the verdicts are on facades, where the rater likes just the other half."""
    foul = chosen = 0
    for seed in SEEDS:
        dice = random.Random(seed)
        liked = frozenset(dice.sample(POOL, len(POOL) // 2))
        raters = {
            LIVING_ROOM: Tasteful(dice, liked), FACADE: Tasteful(dice, frozenset(POOL) - liked)
        }  # fmt: skip
        verdicts = [
            it for scene, rater in raters.items() for it in said(rater, dice, [scene], count=40)
        ]
        for scene, rater in raters.items():
            choice = choose(known_of(by_scene(verdicts), scene), OWN)
            if choice is not None:
                chosen += 1
                foul += not {action.id for action in choice.actions} <= rater.liked
    assert chosen > len(SEEDS)
    assert foul / chosen <= 0.05


def test_one_disliked_action_is_not_held_against_its_companions() -> None:
    """Brighter was rejected as often as approved, but each time something else explains it."""
    trials = [
        Trial(("light-exposure-lift",), 6, 0),
        Trial(("interior-style-boho", "light-exposure-lift"), 0, 6),
        Trial(("interior-style-boho",), 0, 4),
    ]
    known = known_of({LIVING_ROOM: trials}, LIVING_ROOM)
    assert standing_of(known, "light-exposure-lift", OWN) == "sure"
    assert standing_of(known, "interior-style-boho", OWN) == "disliked"
    choice = choose(known, OWN)
    assert choice is not None
    assert [action.id for action in choice.actions] == ["light-exposure-lift"]


def test_of_actions_that_exclude_each_other_the_surer_is_chosen() -> None:
    trials = [
        Trial(("interior-style-boho",), 8, 0),
        Trial(("interior-style-japandi",), 30, 0),
        Trial(("light-warm",), 0, 9),
    ]
    known = known_of({LIVING_ROOM: trials}, LIVING_ROOM)
    standings = {name: standing_of(known, name, OWN) for name in known.counts}
    assert standings["interior-style-boho"] == standings["interior-style-japandi"] == "sure"
    choice = choose(known, OWN)
    assert choice is not None
    assert [action.id for action in choice.actions] == ["interior-style-japandi"]


def test_four_approvals_are_not_enough_and_five_are() -> None:
    found = []
    for count in range(1, 9):
        known = known_of({LIVING_ROOM: [Trial(("light-warm",), count, 0)]}, LIVING_ROOM)
        found.append(standing_of(known, "light-warm", OWN))
    assert found == ["learning"] * 4 + ["sure"] * 4
    demanding = OWN._replace(minimum_judgements=8)
    known = known_of({LIVING_ROOM: [Trial(("light-warm",), 7, 0)]}, LIVING_ROOM)
    assert standing_of(known, "light-warm", demanding) == "learning"


def test_one_room_tells_of_another_until_that_says_otherwise() -> None:
    elsewhere = [Trial(("light-warm",), 30, 1), Trial(("light-cool",), 1, 20)]
    trials = {LIVING_ROOM: elsewhere}
    assert standing_of(known_of(trials, KITCHEN), "light-warm", OWN) == "sure"
    trials[KITCHEN] = [Trial(("light-warm",), 0, 5), Trial(("light-cool",), 5, 0)]
    assert standing_of(known_of(trials, KITCHEN), "light-warm", OWN) != "sure"
    assert standing_of(known_of(trials, LIVING_ROOM), "light-warm", OWN) == "sure"


def test_another_type_alone_makes_nothing_sure() -> None:
    trials = {FACADE: [Trial(("light-warm",), 300, 0)]}
    assert choose(known_of(trials, LIVING_ROOM), OWN) is None


def test_an_action_that_left_the_catalogue_is_not_chosen() -> None:
    known = known_of({LIVING_ROOM: [Trial(("light-of-yore",), 20, 0)]}, LIVING_ROOM)
    assert standing_of(known, "light-of-yore", OWN) == "sure"
    assert choose(known, OWN) is None


def test_actions_for_other_scenes_are_not_chosen() -> None:
    known = known_of({LIVING_ROOM: [Trial(("exterior-lawn",), 20, 0)]}, LIVING_ROOM)
    assert choose(known, OWN) is None


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.integers(2, 60))
def test_the_order_of_verdicts_plays_no_part(seed: int, count: int) -> None:
    dice = random.Random(seed)
    rater = tasteful(seed)
    verdicts = said(rater, dice, (LIVING_ROOM, KITCHEN, FACADE), count=count, most=3)
    mixed = dice.sample(verdicts, count)
    for scene in (LIVING_ROOM, KITCHEN, FACADE):
        one, other = known_of(by_scene(verdicts), scene), known_of(by_scene(mixed), scene)
        assert repr(one.belief) == repr(other.belief)
        assert one.counts == other.counts


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sets(st.sampled_from(POOL), min_size=1, max_size=5),
            st.integers(0, 400), st.integers(0, 400),
        ),
        max_size=12,
    )
)  # fmt: skip
def test_whatever_is_said_rates_are_rates(found: list) -> None:
    trials = [Trial(tuple(sorted(names)), yes, no) for names, yes, no in found]
    known = known_of({LIVING_ROOM: trials}, LIVING_ROOM)
    for name in known.counts:
        it = grade(known, name, OWN)
        assert 0 <= it.rate <= 1
        assert 0 <= it.low <= it.high <= 1


def test_without_verdicts_nothing_changes() -> None:
    assert learned([], Belief()) == Belief()
    assert learned([Trial((), 3, 1)], Belief()) == Belief()


def test_many_actions_in_many_sets_are_still_sorted_out() -> None:
    dice = random.Random(5)
    pool = [f"action-{number}" for number in range(40)]
    liked = frozenset(pool[:20])
    rater = Tasteful(dice, liked)
    verdicts = []
    for _ in range(1200):
        names = tuple(sorted(dice.sample(pool, dice.randint(1, 3))))
        good = rater.approves(names)
        verdicts.append(Trial(names, int(good), int(not good)))
    known = known_of({LIVING_ROOM: verdicts}, LIVING_ROOM)
    sure = {name for name in pool if standing_of(known, name, OWN) == "sure"}
    assert sure == liked


def test_the_rater_that_the_tests_ask_is_as_it_says() -> None:
    rater = tasteful(1)
    liked = next(iter(rater.liked))
    assert 850 <= sum(rater.approves([liked]) for _ in range(1000)) <= 950
    assert all(1 <= len(asked_for(rater.dice, most=3)) <= 3 for _ in range(50))
