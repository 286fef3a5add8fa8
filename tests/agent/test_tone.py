"""Looks learned from approved and rejected pictures, and the steps that they become."""

import random

import cv2
import numpy as np
import pytest

from support.interiors import interior
from tintype.agent.strengths import steps_for, strengths_of, wanted_strength
from tintype.agent.tone import DIALS, Look, in_words, looks, wishes
from tintype.catalog.actions import actions, chosen, steps_of
from tintype.media.retouch.profile import NAMES, Profile, profile
from tintype.media.retouch.retouch import retouch
from tintype.media.retouch.steps import checked

SEEDS = range(710_000, 710_040)
LEAST = 8
BRIGHT, WARM = NAMES.index("brightness"), NAMES.index("warmth")


def photo(seed: int) -> bytes:
    """A small room in some light."""
    pixels = interior(seed, size=(192, 144)).pixels
    _, data = cv2.imencode(".png", (np.clip(pixels, 0, 1)[:, :, ::-1] * 255 + 0.5).astype("uint8"))
    return bytes(data.tobytes())


def done(data: bytes, steps: list) -> bytes:
    return retouch(data, steps, canceled=lambda: False, progress=lambda _: None)


def liked(look: Profile) -> bool:
    return look[WARM] > 0.03 and look[BRIGHT] > 0.7


def drawn(dice: random.Random) -> Profile:
    return tuple(dice.gauss(0.5, 0.1) for _ in NAMES)


def test_a_look_is_known_where_approved_and_rejected_differ() -> None:
    dice = random.Random(SEEDS[0])
    seen = [drawn(dice) for _ in range(60)]
    known = looks([it for it in seen if it[BRIGHT] > 0.5], [it for it in seen if it[BRIGHT] <= 0.5],
                  LEAST)  # fmt: skip
    assert [look.name for look in known if look.sure] == ["brightness"]
    assert known[0].wanted > 0.53
    assert known[0].rejected < 0.47


def test_a_random_rater_teaches_no_look() -> None:
    taught = 0
    for seed in range(720_000, 720_400):
        dice = random.Random(seed)
        seen = [(drawn(dice), dice.random() < 0.5) for _ in range(40)]
        known = looks([it for it, yes in seen if yes], [it for it, yes in seen if not yes], LEAST)
        taught += any(look.sure for look in known)
    assert taught / 400 <= 0.04


def test_few_pictures_of_either_kind_are_no_look() -> None:
    dice = random.Random(3)
    many, few = [drawn(dice) for _ in range(40)], [drawn(dice) for _ in range(LEAST - 1)]
    assert looks(many, few, LEAST) == looks(few, many, LEAST) == []


def test_pictures_that_are_all_alike_are_no_reason_to_divide_by_nothing() -> None:
    same = [(0.5,) * len(NAMES)] * 10
    assert not any(look.sure for look in looks(same, same, LEAST))


def test_one_picture_far_off_changes_little() -> None:
    dice = random.Random(4)
    seen = [drawn(dice) for _ in range(40)]
    approved = [it for it in seen if it[WARM] > 0.5]
    rejected = [it for it in seen if it[WARM] <= 0.5]
    before = {it.name: it.wanted for it in looks(approved, rejected, LEAST)}
    odd = tuple(-1.0 if number == WARM else 0.5 for number in range(len(NAMES)))
    after = {it.name: it.wanted for it in looks([*approved, odd], rejected, LEAST)}
    assert after["warmth"] == pytest.approx(before["warmth"], abs=0.02)


def test_wishes_go_the_right_way_within_safe_bounds() -> None:
    known = [Look(name, 0.6, 0.3, 0.05, 9.0, sure=True) for name in DIALS]
    for has, sign in ((0.0, 1), (0.99, -1)):
        made = wishes(known, (has,) * len(NAMES), ())
        assert [it.name for it in made] == list(DIALS)
        for it in made:
            (key,) = it.step.keys() - {"step"}
            assert sign * it.step[key] > 0
            assert abs(it.step[key]) <= DIALS[it.name].most
            assert checked([it.step])
    assert wishes(known, (0.58,) * len(NAMES), ()) == [], "near enough"
    assert [it.name for it in wishes(known, (0.3,) * len(NAMES), {"exposure", "contrast"})] == [
        "warmth", "saturation",
    ]  # fmt: skip
    unsure = [look._replace(sure=False) for look in known]
    assert wishes(unsure, (0.0,) * len(NAMES), ()) == []


def test_real_pictures_come_to_look_as_the_rater_likes_them() -> None:
    """Rooms in random light, of which the warm and bright ones are approved; then dull new ones."""
    dice = random.Random(SEEDS[0])
    approved, rejected = [], []
    for seed in SEEDS:
        light = [
            {"step": "exposure", "stops": dice.uniform(-1, 0.6)},
            {"step": "temperature", "amount": dice.uniform(-0.5, 0.9)},
        ]
        look = profile(done(photo(seed), light))
        (approved if liked(look) else rejected).append(look)
    known = looks(approved, rejected, LEAST)
    assert {look.name for look in known if look.sure} >= {"brightness", "warmth"}
    wanted = {look.name: look.wanted for look in known}
    before, after = [0.0, 0.0], [0.0, 0.0]
    for seed in range(711_000, 711_010):
        dull = done(photo(seed), [{"step": "exposure", "stops": -0.6}])
        better = done(dull, [it.step for it in wishes(known, profile(dull), ())])
        for sums, data in ((before, dull), (after, better)):
            look = profile(data)
            sums[0] += abs(look[BRIGHT] - wanted["brightness"])
            sums[1] += abs(look[WARM] - wanted["warmth"])
    assert after[0] <= before[0] / 2
    assert after[1] <= before[1] / 2


def test_strengths_are_those_of_the_variant() -> None:
    names = ["light-exposure-lift", "light-warm", "straighten-vertical"]
    steps = steps_of(chosen(names))
    assert strengths_of(names, steps, 0, 7) == dict.fromkeys(names, 100)
    seen = {seed: strengths_of(names, steps, 3, seed) for seed in range(20)}
    assert len({tuple(it.values()) for it in seen.values()}) > 5
    assert all(it["straighten-vertical"] == 100 for it in seen.values())
    assert all(25 <= it["light-exposure-lift"] <= 200 for it in seen.values())
    assert strengths_of(["gone"], steps, 3, 1) == {"gone": 100}


def test_an_approved_strength_is_done_again() -> None:
    assert wanted_strength(0, 0) == 1.0
    assert wanted_strength(60 * 12, 12) == 0.7
    assert wanted_strength(200 * 500, 500) == 1.5, "within bounds"
    lift = actions().by_id["light-exposure-lift"]
    (usual,) = [it for it in steps_for([lift], {}, []) if it["step"] == "exposure"]
    (weak,) = [it for it in steps_for([lift], {lift.id: 0.7}, []) if it["step"] == "exposure"]
    assert weak["stops"] == pytest.approx(0.7 * usual["stops"])
    assert steps_for([lift], {}, []) == steps_of([lift])


@pytest.mark.parametrize("strength", [0.5, 1.5])
def test_every_action_in_every_strength_is_a_recipe(strength: float) -> None:
    for action in actions().by_id.values():
        assert checked(steps_for([action], {action.id: strength}, []))


def test_wishes_are_told_in_a_sentence() -> None:
    assert in_words(["warmer"]) == "warmer"
    more, less = ([getattr(it, way) for it in DIALS.values()] for way in ("more", "less"))
    assert in_words(more) == "brighter, warmer, stronger in contrast and richer in colour"
    assert in_words(less) == "darker, cooler, softer in contrast and quieter in colour"
