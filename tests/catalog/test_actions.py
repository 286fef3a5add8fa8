"""The actions: what the catalogue must have, what it refuses, and how recipes become one."""

from itertools import combinations
from pathlib import Path

import pytest

from support.own_files import own_file
from tintype.catalog.actions import (
    ACTIONS_MAX,
    FILES,
    actions,
    chosen,
    conflicts_of,
    fidelity_of,
    prompt_of,
    steps_of,
)
from tintype.catalog.merging import merged
from tintype.catalog.models import model_for
from tintype.catalog.scenes import scenes
from tintype.cli.prepare import prepare
from tintype.core.errors import ValidationFailed
from tintype.core.settings import SettingsError, load
from tintype.media.retouch.steps import NAMES, checked

SHIPPED = Path(__file__).parents[2] / "src" / "tintype" / "catalog" / "actions"
ALL = list(actions().by_id.values())
OWN = """
[groups.house]
name = "House"
description = "Ours."
exclusive = true

[[actions]]
id = "house-soft"
group = "house"
label = "Soft"
description = "Softer."
prompt = "Soften the photo."
fidelity = "full"
words = ["soft as ours"]
steps = [{ step = "contrast", amount = -0.2 }]
"""


def ids(group: str) -> set[str]:
    return {action.id for action in ALL if action.group == group}


def refusal(*names: str) -> ValidationFailed:
    with pytest.raises(ValidationFailed) as refused:
        chosen(names)
    assert refused.value.param == "instruction.actions"
    return refused.value


def test_there_are_enough_in_every_group() -> None:
    assert len(ALL) >= 60
    assert list(actions().groups) == [name.replace("_", "-") for name in FILES]
    assert all(ids(group) for group in actions().groups)
    assert {"interior-style-japandi", "interior-decoration-medium"} <= set(actions().by_id)
    assert {f"interior-decoration-{it}" for it in ("light", "medium", "rich")} == ids(
        "interior-decoration"
    )
    assert {f"declutter-{it}" for it in ("light", "medium", "full")} == ids("declutter")
    assert {f"sky-{it}" for it in ("blue", "sunset", "overcast", "dramatic")} == ids("sky")
    assert {f"season-{it}" for it in ("spring", "summer", "autumn", "winter")} == ids("season")
    assert len(ids("interior-style")) >= 12


def test_ids_begin_with_their_group() -> None:
    assert [action.id for action in ALL if not action.id.startswith(f"{action.group}-")] == []


@pytest.mark.parametrize("field", ["label", "description", "prompt"])
def test_texts_are_whole_and_differ(field: str) -> None:
    told = [getattr(action, field) for action in ALL]
    assert len(set(told)) == len(told)
    assert all(text == text.strip() and text for text in told)
    if field != "label":
        assert [text for text in told if not text.endswith(".") or len(text) < 20] == []


def test_what_the_built_in_engine_must_do_truly_it_does() -> None:
    full = {step["step"] for action in ALL if action.fidelity == "full" for step in action.steps}
    assert {
        "exposure", "shadows", "white_balance", "contrast", "clarity", "denoise", "sharpen", "sky",
        "lawn", "dusk", "straighten", "lens", "white_background",
    } <= full  # fmt: skip


def test_a_preview_says_what_the_built_in_engine_does_not() -> None:
    silent = [
        it.id for it in ALL if it.fidelity == "preview" and "built-in engine" not in it.description
    ]
    assert silent == []


def test_every_step_is_used_but_match_which_is_for_consistency() -> None:
    used = {step["step"] for action in ALL for step in action.steps}
    assert used == set(NAMES) - {"match"}


@pytest.mark.parametrize("action", ALL, ids=lambda action: action.id)
def test_every_recipe_can_be_done_in_the_order_of_work(action: object) -> None:
    steps = action.steps
    assert steps_of([action]) == list(checked(steps))
    assert len({step["step"] for step in steps}) == len(steps), "each kind once"
    order = [NAMES.index(step["step"]) for step in steps]
    assert order, "no recipe is empty"


def test_styles_and_looks_differ_from_each_other() -> None:
    grades = [
        (step["shadows"], step["highlights"])
        for action in ALL for step in action.steps if step["step"] == "grade"
    ]  # fmt: skip
    assert len(set(grades)) == len(grades)


def test_actions_of_one_group_or_slot_exclude_each_other_by_name() -> None:
    told = str(refusal("interior-style-japandi", "light-contrast", "interior-style-boho"))
    assert "interior-style-japandi and interior-style-boho exclude each other" in told
    assert "Interior style" in told
    assert "light-warm and light-cool exclude each other" in str(
        refusal("light-warm", "light-cool")
    )
    assert "sky-blue and dusk-evening exclude" in str(refusal("sky-blue", "dusk-evening"))
    three = refusal("sky-blue", "sky-sunset", "sky-dramatic").details
    assert len(three) == 3, "each pair is told"


def test_conflicts_are_what_is_refused() -> None:
    for one, other in combinations(ALL, 2):
        told = other.id in conflicts_of(one)
        assert told == (one.id in conflicts_of(other))
        if told:
            refusal(one.id, other.id)
        else:
            assert chosen([one.id, other.id]) == [one, other]
    assert all(action.id not in conflicts_of(action) for action in ALL)


def test_unknown_ones_are_refused_with_a_suggestion() -> None:
    assert "did you mean `interior-style-japandi`?" in str(refusal("interior-style-japndi"))
    assert "GET /catalog/actions" in str(refusal("zzzzzz"))
    for name, meant in (("exterior-dusk", "dusk-"), ("winter-season", "season-winter")):
        assert f"did you mean `{meant}" in str(refusal(name)), "the last word says what"
    assert "is given twice" in str(refusal("sky-blue", "sky-blue"))
    both = refusal("interior-style-japndi", "sky-bleu", "light-warm").details
    assert [it["problem"].split("'")[1] for it in both] == ["interior-style-japndi", "sky-bleu"]
    assert len(str(refusal("x" * 5000))) < 300


@pytest.mark.parametrize("count", [0, ACTIONS_MAX + 1])
def test_one_to_eight_may_be_chosen(count: int) -> None:
    names = [action.id for action in ALL if action.group == "light"][:count]
    assert len(names) == count
    assert f"1 to 8 actions, not {count}" in str(refusal(*names))


def test_a_step_of_two_actions_is_done_once_and_stays_in_range() -> None:
    both = steps_of(
        chosen(["light-exposure-lift", "product-appetizing", "interior-style-minimalist"])
    )
    assert [step["step"] for step in both] == [
        name for name in NAMES if name in {step["step"] for step in both}
    ], "each once, in the order of work"
    exposure = next(step for step in both if step["step"] == "exposure")
    parts = [
        step["stops"] for name in ("light-exposure-lift", "product-appetizing", "interior-style-minimalist")
        for step in actions().by_id[name].steps if step["step"] == "exposure"
    ]  # fmt: skip
    assert exposure["stops"] == pytest.approx(sum(parts))


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ({"step": "exposure", "stops": 1.5}, {"step": "exposure", "stops": 1.5}, {"stops": 2}),
        ({"step": "temperature", "amount": 0.5}, {"step": "temperature", "amount": -0.2}, {"amount": 0.3}),
        ({"step": "denoise", "amount": 0.5}, {"step": "denoise", "amount": 0.5}, {"amount": 0.75}),
        ({"step": "denoise", "amount": 1.0}, {"step": "denoise", "amount": 0.5}, {"amount": 1.0}),
        ({"step": "denoise", "amount": 0.0}, {"step": "denoise", "amount": 0.4}, {"amount": 0.4}),
        ({"step": "lens", "amount": 0.5}, {"step": "lens"}, {"amount": None}),
        ({"step": "straighten", "vertical": True, "horizon": False},
         {"step": "straighten", "vertical": False, "horizon": True},
         {"vertical": True, "horizon": True}),
        ({"step": "grade", "shadows": "#000000", "highlights": "#ffffff", "amount": 0.6},
         {"step": "grade", "shadows": "#400000", "highlights": "#ffffff", "amount": 0.2, "saturation": -1},
         {"shadows": "#100000", "highlights": "#ffffff", "amount": 0.68, "contrast": 0, "saturation": -0.2941}),
        ({"step": "grade", "shadows": "#000000", "amount": 0}, {"step": "grade", "shadows": "#202020", "amount": 0},
         {"shadows": "#101010", "highlights": "#808080", "amount": 0, "contrast": 0, "saturation": 0}),
    ],
)  # fmt: skip
def test_amounts_are_joined_by_their_kind(one: dict, other: dict, both: dict) -> None:
    found = merged([one, other])
    assert found == [{"step": one["step"]} | both]
    assert found == list(checked(found))
    assert merged([other, one]) == found, "in either order"


def test_any_eight_that_go_together_make_one_recipe_and_a_prompt_that_models_take() -> None:
    longest = sorted(ALL, key=lambda action: -len(action.prompt))
    picked: list = []
    for action in longest:
        if len(picked) < ACTIONS_MAX and all(action.id not in conflicts_of(it) for it in picked):
            picked.append(action)
    assert len(prompt_of(picked)) <= model_for("text_to_image", None).prompt_characters_max
    assert steps_of(picked) == list(checked(steps_of(picked)))


def test_a_prompt_has_each_action_and_says_once_what_stays() -> None:
    both = chosen(["interior-style-japandi", "interior-decoration-medium"])
    told = prompt_of(both)
    assert all(action.prompt in told for action in both)
    keep = actions().groups["interior-style"].keep
    assert told.count(keep) == 1
    assert told.endswith(keep)


def test_fidelity_is_full_only_where_each_is() -> None:
    assert fidelity_of(chosen(["light-contrast", "sky-blue"])) == "full"
    assert fidelity_of(chosen(["light-contrast", "declutter-full"])) == "preview"


def test_the_shipped_files_in_one_are_valid_as_an_own_one(tmp_path: Path) -> None:
    before = actions()
    text = "\n".join((SHIPPED / f"{name}.toml").read_text() for name in FILES)
    with own_file("catalog", tmp_path / "a.toml", text, "actions_file"):
        assert actions() == before


def test_own_actions_take_the_place_of_the_shipped_ones(tmp_path: Path) -> None:
    with own_file("catalog", tmp_path / "a.toml", OWN, "actions_file"):
        assert list(actions().by_id) == ["house-soft"]
        assert "GET /catalog/actions" in str(refusal("sky-blue"))
        assert actions().by_id["house-soft"].slots == ["house"]
    assert "sky-blue" in actions().by_id


def test_the_settings_file_names_them_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.toml").write_text(OWN)
    (tmp_path / "tintype.toml").write_text('[catalog]\nactions_file = "mine.toml"\n')
    monkeypatch.chdir(tmp_path)
    assert load({}).catalog.actions_file == "mine.toml"
    actions.cache_clear()
    try:
        assert list(actions().by_id) == ["house-soft"]
    finally:
        actions.cache_clear()


SECOND = OWN.split("[[actions]]")[1]


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        (OWN.replace("house-soft", "House Soft"), 8, "actions[0].id: must be 1 to 64 of a-z 0-9, joined by -"),
        (OWN.replace('group = "house"', 'group = "hut"'), 9, "actions[0].group: there is no [hut]"),
        (OWN.replace("contrast", "contrasts"), 15, "actions[0].steps: Step 0: there is no 'contrasts'; known are"),
        (OWN.replace("-0.2", "-2"), 15, "actions[0].steps: Step 0, contrast: amount must be -1 to 1."),
        (OWN.replace("contrast", "match"), 15, "actions[0].steps: match needs a reference picture"),
        (OWN.replace("steps", "step"), 15, "actions[0].step: is not known; did you mean steps?"),
        (OWN.replace('[{ step = "contrast", amount = -0.2 }]', "[]"), 15, "actions[0].steps: expected `array` of length >= 1"),
        (OWN.replace('fidelity = "full"', 'fidelity = "half"'), 13, "actions[0].fidelity: invalid enum value 'half'"),
        (OWN.replace('words = ["', 'scene_types = ["moon", "'), 14, "actions[0].scene_types: there is no moon; known are interior,"),
        (OWN.replace("words =", 'opposite = "house-hard"\nwords ='), 14, "actions[0].opposite: there is no such action"),
        (OWN + "[[actions]]" + SECOND, 17, "actions[1].id: there is another house-soft before it"),
        (OWN + "[[actions]]" + SECOND.replace("house-soft", "house-hard"), 23, "actions[1].words: 'soft as ours' is house-soft's already"),
        ("actions = []\n[groups]\n", 1, "actions: expected `array` of length >= 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_own_file_is_told_with_its_line(
    tmp_path: Path, text: str, line: int, told: str
) -> None:
    file = tmp_path / "a.toml"
    with (
        own_file("catalog", file, text, "actions_file"),
        pytest.raises(SettingsError) as caught,
    ):
        actions()
    start = f"Wrong setting catalog.actions_file: {file}, line {line}: {told}"
    assert str(caught.value).startswith(start), str(caught.value)


async def test_a_broken_own_file_stops_the_start(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    files = {"database": {"url": database_url}, "catalog": {"actions_file": str(file)}}
    settings = load({}, overrides=files, data=str(tmp_path))
    with (
        own_file("catalog", file, "actions = 3", "actions_file"),
        pytest.raises(SettingsError, match=r"catalog\.actions_file: .*a\.toml, line 1: "),
    ):
        await prepare(settings)
    with own_file("catalog", file, OWN, "actions_file"):
        assert await prepare(settings) == "new"


def test_two_looks_that_can_meet_in_one_picture_are_told(tmp_path: Path) -> None:
    text = OWN.replace("exclusive = true", "exclusive = false")
    sky = '[{ step = "sky", look = "blue" }]'
    text = text.replace('[{ step = "contrast", amount = -0.2 }]', sky)
    second = (
        text.split("[[actions]]")[1]
        .replace("house-soft", "house-hard")
        .replace('"soft as ours"', "")
    )
    file = tmp_path / "a.toml"
    with (
        own_file("catalog", file, f"{text}[[actions]]{second}", "actions_file"),
        pytest.raises(SettingsError, match="sky is in house-soft too: the two must share a slot"),
    ):
        actions()
    assert set(scenes()) >= {"interior", "exterior"}
