"""What the catalogue says of sketches and films: sizes, prices, and what their engines can do."""

from itertools import product

import pytest

from support.house import House
from tintype.catalog.models import catalog, film_price, film_size_of, model_for, size_of
from tintype.core.errors import ValidationFailed
from tintype.engines.reel import DURATION_SECONDS_DEFAULT, ReelEngine
from tintype.engines.sketch import SketchEngine
from tintype.media.reel import reel
from tintype.media.sketch import studio

RATIOS, RESOLUTIONS = list(catalog().aspect_ratios), list(catalog().film_resolutions)


@pytest.mark.parametrize(("ratio", "resolution"), list(product(RATIOS, RESOLUTIONS)))
def test_films_have_their_ratio_exactly_and_even_sides_that_the_engine_makes(
    ratio: str, resolution: str
) -> None:
    width, height = film_size_of(ratio, resolution)
    across, down = (int(part) for part in ratio.split(":"))
    most = catalog().film_resolutions[resolution]
    assert width * down == height * across
    assert width % 2 == height % 2 == 0
    assert width * height <= most.pixels_max
    assert min(width, height) <= most.short_side
    longer = max(across, down) * most.short_side**2 / min(across, down)
    assert min(width, height) > most.short_side - 8 or longer > most.pixels_max
    reel.check(width, height, 30, 1.0)


def test_the_usual_sizes_are_the_usual_ones() -> None:
    assert film_size_of("16:9", "1080p") == (1920, 1080)
    assert film_size_of("9:16", "720p") == (720, 1280)
    assert film_size_of("1:1", "1080p") == (1080, 1080)
    assert film_size_of("4:3", "720p") == (960, 720)
    for ratio, resolution, field in (("7:3", "720p", "aspect_ratio"), ("1:1", "1K", "resolution")):
        with pytest.raises(ValidationFailed) as refused:
            film_size_of(ratio, resolution)
        assert refused.value.param == field


def test_a_film_costs_by_the_second_begun() -> None:
    model = model_for("video", None)
    length = model.duration_seconds
    assert length is not None
    assert (model.id, length.default) == ("builtin/reel", DURATION_SECONDS_DEFAULT)
    for seconds, begun in ((1, 1), (1.01, 2), (4.5, 5), (60, 60)):
        for resolution, credits in model.credits.items():
            assert film_price(model, resolution, seconds) == begun * credits
    for seconds in (0, 0.99, 60.5, float("inf"), float("nan")):
        with pytest.raises(ValidationFailed, match="1 to 60 seconds"):
            film_price(model, "720p", seconds)
    with pytest.raises(ValidationFailed, match="makes no films"):
        film_price(model_for("text_to_image", None), "720p", 5)


@pytest.mark.parametrize(
    ("kind", "engine"), [("video", ReelEngine(threads=1)), ("sketch_to_photo", SketchEngine(threads=1))]
)  # fmt: skip
def test_the_models_are_what_their_engines_can_do(kind: str, engine) -> None:
    model = model_for(kind, None)
    can = engine.capabilities(model.id)
    assert (model.engine, model.fidelity) == (engine.name, can.fidelity)
    assert model.references_max == can.references_max
    assert model.negative_prompt == can.negative_prompt


@pytest.mark.parametrize("ratio", RATIOS)
def test_every_photo_of_a_sketch_can_be_made(ratio: str) -> None:
    for resolution in model_for("sketch_to_photo", None).credits:
        width, height = size_of(ratio, resolution)
        assert min(width, height) >= studio.SIDE_MIN
        assert max(width, height) <= studio.SIDE_MAX
        assert width * height <= studio.PIXELS_MAX


async def test_the_catalogue_shows_them(idle_house: House) -> None:
    me = await idle_house.tenant()
    models = (await idle_house.ask("GET", "/v1/catalog/models", key=me)).json["data"]
    film = next(model for model in models if model["id"] == "builtin/reel")
    assert film["credits"] == {"720p": 1, "1080p": 2}
    assert film["duration_seconds"] == {"min": 1.0, "max": 60.0, "default": 5.0}
    ratios = (await idle_house.ask("GET", "/v1/catalog/aspect-ratios", key=me)).json["data"]
    wide = next(one for one in ratios if one["id"] == "16:9")
    assert wide["film_sizes"]["720p"] == {"width": 1280, "height": 720}
