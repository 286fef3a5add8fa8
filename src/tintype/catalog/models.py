"""Models, sizes and prices: data files with lookups, no engine and no database."""

import functools
import math
import tomllib
from importlib import resources
from typing import Any, Final, Literal

import msgspec

from tintype.api.naming import suggestion
from tintype.core.errors import ValidationFailed

_SIDE_STEP: Final = 8


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """What a model takes and what one picture of it costs, in credits by resolution.

    `operations` are kinds of generations. A model of "clean" or "realistic" finishes one picture
    at its own size: it takes neither prompt nor aspect ratio, and `presets` are its variations.
    """

    id: str
    name: str
    description: str
    engine: str
    fidelity: Literal["preview", "full"]
    operations: list[str]
    presets: list[str] = []
    references_max: int
    variants_max: int
    negative_prompt: bool
    prompt_characters_max: int
    credits: dict[str, int]


class AspectRatio(msgspec.Struct, frozen=True):
    id: str
    name: str
    sizes: dict[str, dict[str, int]]


class Catalog(msgspec.Struct, frozen=True):
    pixels_max: int
    models: list[Model]
    resolutions: dict[str, int]
    aspect_ratios: dict[str, str]


@functools.cache
def catalog() -> Catalog:
    text = resources.files("tintype.catalog").joinpath("models.toml").read_text()
    raw: Any = tomllib.loads(text)
    return msgspec.convert(raw, Catalog)


def model_for(operation: str, model_id: str | None) -> Model:
    """The model asked for, or the operation's default; refused by name if it can't do it."""
    models = [model for model in catalog().models if operation in model.operations]
    if model_id is None:
        return models[0]
    for model in models:
        if model.id == model_id:
            return model
    known = [model.id for model in models]
    hint = suggestion(model_id, known) or f"; known are {', '.join(known)}"
    raise ValidationFailed("model", f"there is no model {model_id[:80]!r} for this{hint}")


def size_of(aspect_ratio: str, resolution: str) -> tuple[int, int]:
    """Width and height in pixels: exactly the ratio, sides in steps of 8, nearest to the area.

    The largest area is also a ceiling: above `pixels_max` the next smaller size is taken.
    """
    known = catalog()
    if aspect_ratio not in known.aspect_ratios:
        raise ValidationFailed("aspect_ratio", f"must be one of {', '.join(known.aspect_ratios)}")
    if resolution not in known.resolutions:
        raise ValidationFailed("resolution", f"must be one of {', '.join(known.resolutions)}")
    across, _, down = aspect_ratio.partition(":")
    common = math.gcd(int(across), int(down))
    a, b = int(across) // common, int(down) // common
    step = math.sqrt(known.resolutions[resolution] / (a * b)) / _SIDE_STEP
    unit = max(1, round(step)) * _SIDE_STEP
    while a * b * unit * unit > known.pixels_max:
        unit -= _SIDE_STEP
    return a * unit, b * unit


def price(model: Model, resolution: str, pictures: int) -> int:
    """Credits for `pictures` pictures; refused by name where the model makes no such or so many."""
    if pictures > model.variants_max:
        raise ValidationFailed("variants", f"{model.id} makes at most {model.variants_max} at once")
    if resolution not in model.credits:
        raise ValidationFailed("resolution", f"{model.id} makes {', '.join(model.credits)} only")
    return model.credits[resolution] * pictures


def flat_price(model: Model) -> int:
    """Credits for one picture of a model that finishes given ones: its size doesn't count."""
    return max(model.credits.values())


def aspect_ratios() -> list[AspectRatio]:
    known = catalog()
    found = []
    for ratio, name in known.aspect_ratios.items():
        sizes = {}
        for resolution in known.resolutions:
            width, height = size_of(ratio, resolution)
            sizes[resolution] = {"width": width, "height": height}
        found.append(AspectRatio(ratio, name, sizes))
    return found
