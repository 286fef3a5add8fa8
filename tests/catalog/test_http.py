"""The catalog: exact sizes, and the same words in its lists as in what is accepted."""

import math
from itertools import product

import pytest

from support.house import House
from tintype.catalog.models import Model, aspect_ratios, catalog, model_for, price, size_of
from tintype.core.errors import ValidationFailed
from tintype.engines.builtin import MODEL, BuiltinEngine
from tintype.engines.finish import OPERATIONS, PRESETS, FinishEngine
from tintype.engines.of_worker import configured
from tintype.media.draft import draw

RATIOS, RESOLUTIONS = list(catalog().aspect_ratios), list(catalog().resolutions)
SIZES = list(product(RATIOS, RESOLUTIONS))


@pytest.mark.parametrize(("ratio", "resolution"), SIZES)
def test_sizes_are_exact_in_steps_of_8_and_nearest_to_the_area(ratio: str, resolution: str) -> None:
    width, height = size_of(ratio, resolution)
    across, down = (int(part) for part in ratio.split(":"))
    assert width * down == height * across
    assert width % 8 == height % 8 == 0
    area = catalog().resolutions[resolution]
    common = math.gcd(across, down)
    units = [
        unit for unit in range(8, 8192, 8)
        if unit * unit * across * down // common**2 <= catalog().pixels_max
    ]  # fmt: skip
    best = min(units, key=lambda unit: abs(unit * unit * across * down / common**2 - area))
    assert (width, height) == (across // common * best, down // common * best)


@pytest.mark.parametrize(("ratio", "resolution"), SIZES)
def test_every_size_can_be_drawn_by_the_engine_behind_it(ratio: str, resolution: str) -> None:
    width, height = size_of(ratio, resolution)
    can = BuiltinEngine(threads=1).capabilities(MODEL)
    assert width * height <= can.pixels_max
    assert draw.SIDE_MIN <= min(width, height) <= max(width, height) <= draw.SIDE_MAX


def test_models_are_what_their_engine_can_do() -> None:
    model = model_for("text_to_image", None)
    can = BuiltinEngine(threads=1).capabilities(model.id)
    assert model.id == MODEL
    assert set(model.operations) <= can.operations
    assert model.fidelity == can.fidelity
    assert model.references_max == can.references_max
    assert model.negative_prompt == can.negative_prompt
    assert set(model.credits) == set(RESOLUTIONS)
    assert all(credits >= 1 for credits in model.credits.values())
    assert price(model, "2K", 3) == model.credits["2K"] * 3
    with pytest.raises(ValidationFailed, match="at most 8"):
        price(model, "1K", model.variants_max + 1)


@pytest.mark.parametrize("model", [model for model in catalog().models if model.engine == "finish"])
def test_finishing_models_are_what_their_engine_can_do(model: Model) -> None:
    can = FinishEngine(threads=1).capabilities(model.id)
    assert set(model.operations) == can.operations
    assert model.fidelity == can.fidelity
    assert model.references_max == can.references_max == model.variants_max
    assert (model.negative_prompt, model.prompt_characters_max) == (False, 0)
    assert tuple(model.presets) == PRESETS[OPERATIONS[model.id]]
    assert set(model.credits.values()) == {1}
    assert model_for(model.operations[0], None) == model


def test_what_the_catalog_lacks_is_refused_by_name() -> None:
    with pytest.raises(ValidationFailed, match="did you mean `builtin/draft`"):
        model_for("text_to_image", "builtin/drat")
    with pytest.raises(ValidationFailed, match="known are"):
        model_for("text_to_image", "zzz")
    for ratio in ("16:0", "1e9:1", "16/9", "", "1:1 ", "2:2"):
        with pytest.raises(ValidationFailed) as refused:
            size_of(ratio, "1K")
        assert refused.value.param == "aspect_ratio"
    with pytest.raises(ValidationFailed) as refused:
        size_of("1:1", "8K")
    assert refused.value.param == "resolution"


async def test_the_lists_agree_with_what_create_accepts(idle_house: House) -> None:
    me = await idle_house.tenant(grant=10_000)
    models = (await idle_house.ask("GET", "/api/v1/catalog/models", key=me)).data
    ratios = (await idle_house.ask("GET", "/v1/catalog/aspect-ratios", key=me)).json["data"]
    assert [ratio["id"] for ratio in ratios] == RATIOS == [one.id for one in aspect_ratios()]
    drawing = [model for model in models if "text_to_image" in model["operations"]]
    assert [model["id"] for model in drawing] == [MODEL]
    for model, ratio in product(drawing, ratios):
        for resolution, credits in model["credits"].items():
            body = {"prompt": "x", "model": model["id"], "aspect_ratio": ratio["id"],
                    "resolution": resolution, "variants": model["variants_max"]}  # fmt: skip
            made = await idle_house.ask("POST", "/v1/generations", key=me, json=body)
            assert made.status == 202, made.body
            found = made.json
            assert {"width": found["width"], "height": found["height"]} == (
                ratio["sizes"][resolution]
            )
            assert found["credits_reserved"] == credits * model["variants_max"]
            assert (found["engine"], found["fidelity"]) == (model["engine"], model["fidelity"])
    body = {"prompt": "x" * (models[0]["prompt_characters_max"] + 1)}
    refused = await idle_house.ask("POST", "/v1/generations", key=me, json=body)
    assert (refused.status, refused.json["error"]["param"]) == (422, "prompt")


async def test_the_catalog_needs_a_key_that_may_read(idle_house: House) -> None:
    writer = await idle_house.tenant(scopes=["projects:read"])
    for path in ("models", "aspect-ratios"):
        assert (await idle_house.ask("GET", f"/v1/catalog/{path}")).status == 401
        assert (await idle_house.ask("GET", f"/v1/catalog/{path}", key=writer)).status == 403


def test_no_model_promises_weights_that_its_engine_does_not_load() -> None:
    engines = configured(draw_threads=1).by_model
    for model in catalog().models:
        if model.id in engines:
            loaded = engines[model.id].capabilities(model.id).weights
            assert set(model.weights) == loaded, model.id
