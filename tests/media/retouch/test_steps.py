from pathlib import Path

import pytest

from tintype.media.retouch.steps import (
    NAMES,
    STEPS,
    STEPS_MAX,
    Choice,
    Colour,
    Flag,
    Number,
    checked,
)
from tintype.media.retouch.vary import varied


def one(step):
    (found,) = checked([step])
    return found


def test_every_step_has_defaults_that_are_allowed():
    for name, parameters in STEPS.items():
        whole = one({"step": name})
        assert set(whole) == {"step", *parameters}
        assert one(whole) == whole


def test_steps_are_done_in_the_order_of_the_table():
    written = [{"step": name} for name in reversed(NAMES)]
    assert [step["step"] for step in checked(written)] == list(NAMES)


def test_equal_steps_stay_in_the_order_they_were_written_in():
    written = [{"step": "exposure", "stops": 0.5}, {"step": "exposure", "stops": -0.2}]
    assert [step["stops"] for step in checked(written)] == [0.5, -0.2]


@pytest.mark.parametrize("name", NAMES)
def test_the_ends_of_every_range_are_allowed_and_nothing_beyond(name):
    for key, parameter in STEPS[name].items():
        if isinstance(parameter, Number):
            for value in (parameter.low, parameter.high):
                assert one({"step": name, key: value})[key] == value
            for value in (parameter.low - 0.01, parameter.high + 0.01, float("nan"), "1", True):
                with pytest.raises(ValueError, match=f"{name}: {key} must be"):
                    checked([{"step": name, key: value}])
        if isinstance(parameter, Choice):
            for value in parameter.of:
                assert one({"step": name, key: value})[key] == value
            for value in ("", None, 3, ["blue"]):
                with pytest.raises(ValueError, match="must be one of"):
                    checked([{"step": name, key: value}])
        if isinstance(parameter, Colour):
            for value in ("#12345", "red", None, 7, "#12345g", "#1234567"):
                with pytest.raises(ValueError, match="colour"):
                    checked([{"step": name, key: value}])
        if isinstance(parameter, Flag):
            for value in (1, "yes", None):
                with pytest.raises(ValueError, match="true or false"):
                    checked([{"step": name, key: value}])


def test_what_may_be_measured_may_be_left_out_or_none():
    assert one({"step": "lens"})["amount"] is None
    assert one({"step": "lens", "amount": None})["amount"] is None
    with pytest.raises(ValueError, match="amount"):
        checked([{"step": "denoise", "amount": None}])


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([{"step": "levitate"}], "there is no 'levitate'"),
        ([{}], "there is no 'None'"),
        ([{"step": ["exposure"]}], "there is no"),
        ([{"step": "exposure", "stop": 1}], "there is no 'stop', only stops"),
        (["exposure"], "Step 0 must be an object"),
        ([{"step": "tint"}, {"step": "tint", "amount": 2}], "Step 1, tint: amount must be -1 to 1"),
        ([{"step": "tint"}] * (STEPS_MAX + 1), "at most"),
    ],
)
def test_what_is_wrong_is_said_by_its_place_and_name(steps, said):
    with pytest.raises(ValueError, match=said):
        checked(steps)


WHOLE = checked([{"step": name} for name in NAMES if name != "match"])


def test_variant_0_is_the_recipe_itself():
    assert varied(WHOLE, 0, 5) == WHOLE


@pytest.mark.parametrize("variant", range(1, 8))
@pytest.mark.parametrize("seed", [0, 1, 2**40 + 7])
def test_a_variant_is_a_recipe_like_any_other(variant, seed):
    made = varied(WHOLE, variant, seed)
    assert checked(made) == made
    assert made == varied(WHOLE, variant, seed)
    assert made != WHOLE


def test_variants_and_seeds_differ():
    recipes = [varied(WHOLE, variant, seed) for variant in range(1, 8) for seed in (1, 2)]
    assert all(one not in recipes[:number] for number, one in enumerate(recipes))


def test_at_the_end_of_a_range_a_variant_turns_back():
    full = checked([{"step": "denoise", "amount": 1.0}, {"step": "exposure", "stops": 2.0}])
    for variant in range(1, 8):
        assert checked(varied(full, variant, 3)) == varied(full, variant, 3)


def test_what_is_crooked_is_turned_alike_in_all_variants():
    steps = checked([{"step": "lens", "amount": 0.4}, {"step": "straighten", "horizon": False}])
    for variant in range(1, 8):
        made = varied(steps, variant, 9)
        assert all(step in made for step in steps)
        assert len(made) > len(steps)


def test_every_step_and_parameter_is_documented_in_the_order_of_work():
    page = Path(__file__).parents[3] / "docs" / "retouching.md"
    rows = [line.split("|") for line in page.read_text().splitlines() if line.startswith("| `")]
    assert [row[1].strip(" `") for row in rows] == list(NAMES)
    for row in rows:
        for key, parameter in STEPS[row[1].strip(" `")].items():
            assert f"`{key}`" in row[2]
            if isinstance(parameter, Choice):
                assert ", ".join(parameter.of) in row[2]
