"""Operators' own catalogue and plans: taken whole, or refused with file, line and field."""

from pathlib import Path

import pytest

from support.house import House
from support.own_files import SHIPPED, SHIPPED_PLANS, own_file
from tintype.accounts.models import Plan, plan_named, plans
from tintype.catalog.models import catalog, model_for
from tintype.cli.prepare import prepare
from tintype.core.errors import EngineUnavailable
from tintype.core.settings import SettingsError, load

MODEL = """
[[models]]
id = "studio/one"
name = "One"
description = "Draws."
engine = "studio"
fidelity = "full"
operations = ["text_to_image"]
references_max = 4
variants_max = 4
negative_prompt = true
prompt_characters_max = 500
credits = { 1K = 3 }
weights = ["lora"]
"""
REST = """
[resolutions]
1K = 1_048_576
[aspect_ratios]
"1:1" = "square"
"""
OWN = f"pixels_max = 16_777_216\n{MODEL}{REST}"


def refused(section: str, file: Path, text: str) -> str:
    with own_file(section, file, text), pytest.raises(SettingsError) as caught:
        (catalog if section == "catalog" else plans)()
    return str(caught.value)


def test_the_shipped_files_are_valid_as_own_ones(tmp_path: Path) -> None:
    before, plans_before = catalog(), plans()
    with own_file("catalog", tmp_path / "c.toml", SHIPPED):
        assert catalog() == before
    with own_file("plans", tmp_path / "p.toml", SHIPPED_PLANS):
        assert plans() == plans_before


def test_an_own_catalogue_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    with own_file("catalog", tmp_path / "c.toml", OWN):
        assert [model.id for model in catalog().models] == ["studio/one"]
        assert model_for("text_to_image", None).weights == ["lora"]
        with pytest.raises(EngineUnavailable, match="catalogue does clean"):
            model_for("clean", None)
    assert model_for("text_to_image", None).id == "builtin/draft"


def test_own_plans_take_the_place_of_the_shipped_ones(tmp_path: Path) -> None:
    text = '[house]\ntrial_credits = 7\nfeatures = ["images"]\nrate_limit = 5\n'
    with own_file("plans", tmp_path / "p.toml", text):
        assert plans() == {"house": Plan(7, frozenset({"images"}), 5)}
    assert plan_named("free").rate_limit == 30


def test_the_settings_file_names_them_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.toml").write_text(OWN)
    (tmp_path / "tintype.toml").write_text('[catalog]\nfile = "mine.toml"\n')
    monkeypatch.chdir(tmp_path)
    assert load({}).catalog.file == "mine.toml"
    catalog.cache_clear()
    try:
        assert [model.id for model in catalog().models] == ["studio/one"]
    finally:
        catalog.cache_clear()


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        (OWN.replace("credits = { 1K = 3 }", 'credits = { 1K = "3" }'), 14, "models[0].credits.1K: expected `int`, got `str`"),
        (OWN.replace("variants_max = 4", "variants_max = 9"), 11, "models[0].variants_max: expected `int` <= 8"),
        (OWN.replace("variants_max", "variant_max"), 11, "models[0].variant_max: is not known; did you mean variants_max?"),
        (OWN.replace("engine = ", "zzz = "), 7, "models[0].zzz: is not known; known are id, name,"),
        (OWN.replace('name = "One"\n', ""), 3, "models[0]: has no `name`"),
        (OWN.replace("studio/one", "mdl_one"), 4, "models[0].id: must be 1 to 64 of"),
        (OWN.replace(MODEL, MODEL + MODEL), 18, "models[1].id: there is another studio/one before it"),
        (OWN.replace('"1:1"', '"16/9"'), 20, "aspect_ratios.16/9: must be of the form"),
        (OWN.replace('weights = ["lora"]', 'weights = ["pickle"]'), 15, "models[0].weights[0]: invalid enum value 'pickle'"),
        (OWN.replace(MODEL, ""), 1, "the file: has no `models`"),
        (OWN.replace("1_048_576", "0"), 18, "resolutions.1K: expected `int` >= 1"),
        ("models = 3\npixels_max = 1\n" + REST, 1, "models: expected `array`, got `int`"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_told_with_its_line(
    tmp_path: Path, text: str, line: int, told: str
) -> None:
    file = tmp_path / "c.toml"
    message = refused("catalog", file, text)
    assert message.startswith(f"Wrong setting catalog.file: {file}, line {line}: {told}"), message


def test_a_wrong_plan_is_told_with_its_name(tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    text = SHIPPED_PLANS.replace("rate_limit = 60\n", 'rate_limit = "60"\n')
    line = text.splitlines().index('rate_limit = "60"') + 1
    message = refused("plans", file, text)
    assert f"{file}, line {line}: starter.rate_limit: expected `int" in message
    message = refused("plans", file, '[free]\ntrial_credits = 1\nfeatures = ["sauna"]')
    assert "line 3: free.features" in message


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    assert "is not valid TOML" in refused("catalog", file, "pixels_max = \n")
    assert "line 1" in refused("catalog", file, "pixels_max = \n")
    with own_file("catalog", file, OWN):
        file.unlink()
        with pytest.raises(SettingsError, match=f"{file} can't be read: No such file"):
            catalog()
        file.write_bytes(b"\xff\xfe")
        with pytest.raises(SettingsError, match="not UTF-8"):
            catalog()


async def test_a_broken_file_stops_the_start(database_url: str, tmp_path: Path) -> None:
    settings = load({}, overrides={"database": {"url": database_url}}, data=str(tmp_path))
    with (
        own_file("catalog", tmp_path / "c.toml", "models = 3"),
        pytest.raises(SettingsError, match=r"catalog\.file: .*c\.toml, line 1: "),
    ):
        await prepare(settings)


async def test_a_plan_that_is_in_use_cannot_be_left_out(idle_house: House, tmp_path: Path) -> None:
    await idle_house.tenant(plan="creator")
    text = SHIPPED_PLANS.replace("[creator]", "[creators]")
    with (
        own_file("plans", tmp_path / "p.toml", text),
        pytest.raises(SettingsError, match=r"plans\.file: organizations have the plan creator"),
    ):
        await prepare(idle_house.settings)
    assert await prepare(idle_house.settings) == "ready"
