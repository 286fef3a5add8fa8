"""Models, sizes and prices: data files with lookups, no engine and no database."""

import functools
import math
import re
from importlib import resources
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from tintype.api.naming import suggestion
from tintype.core.data_file import Wrong, read
from tintype.core.errors import EngineUnavailable, ValidationFailed
from tintype.core.settings import own_file

_SIDE_STEP: Final = 8
_RATIO: Final = re.compile(r"[1-9][0-9]{0,3}:[1-9][0-9]{0,3}")
# A model's id may lie in a path and must not be taken for that of a custom one.
_ID: Final = re.compile(r"(?!mdl_)[a-z0-9][a-z0-9._/-]{0,63}")
# As the engines' registry knows the sandbox's own.
_BUILT_IN: Final = "builtin/"

Weighted = Literal["lora", "checkpoint"]
Natural = Annotated[int, Meta(ge=0)]


class Seconds(msgspec.Struct, frozen=True):
    """How long a model's films may be, and are where nobody says."""

    min: Annotated[float, Meta(ge=0)]
    max: float
    default: float


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """What a model takes and what one picture of it costs, in credits by resolution.

    A model with `duration_seconds` makes films: what it costs is for each second begun.

    `operations` are kinds of generations. A model of "clean" or "realistic" finishes one picture
    at its own size: it takes neither prompt nor aspect ratio, and `presets` are its variations.
    `weights` are the kinds of customers' own weights that it takes.
    """

    id: str
    name: str
    description: str
    engine: str
    fidelity: Literal["preview", "full"]
    operations: list[str]
    presets: list[str] = []
    references_max: Natural
    variants_max: Annotated[int, Meta(ge=1, le=8)]
    negative_prompt: bool
    prompt_characters_max: Natural
    credits: Annotated[dict[str, Natural], Meta(min_length=1)]
    weights: list[Weighted] = []
    duration_seconds: Seconds | None = None

    @property
    def built_in(self) -> bool:
        """Whether the engine that comes with the server runs it, at no cost to the operator."""
        return self.id.startswith(_BUILT_IN)


class AspectRatio(msgspec.Struct, frozen=True):
    id: str
    name: str
    sizes: dict[str, dict[str, int]]
    film_sizes: dict[str, dict[str, int]]


class FilmResolution(msgspec.Struct, frozen=True):
    """A film's shorter side in pixels; where that made more than `pixels_max`, it is smaller."""

    short_side: Annotated[int, Meta(ge=2)]
    pixels_max: Annotated[int, Meta(ge=4)]


class Catalog(msgspec.Struct, frozen=True):
    pixels_max: Annotated[int, Meta(ge=1)]
    models: Annotated[list[Model], Meta(min_length=1)]
    resolutions: Annotated[dict[str, Annotated[int, Meta(ge=1)]], Meta(min_length=1)]
    aspect_ratios: Annotated[dict[str, str], Meta(min_length=1)]
    film_resolutions: dict[str, FilmResolution] = {}


@functools.cache
def catalog() -> Catalog:
    """The operator's file (`catalog.file`), or `models.toml`. Raises SettingsError."""
    shipped = resources.files("tintype.catalog").joinpath("models.toml")
    return read("catalog.file", own_file("catalog"), shipped, Catalog, _check)


def _check(found: Catalog) -> None:
    seen: set[str] = set()
    for number, model in enumerate(found.models):
        if not _ID.fullmatch(model.id):
            raise Wrong(
                ("models", number, "id"), "must be 1 to 64 of a-z 0-9 . _ - /, and not mdl_…"
            )
        if model.id in seen:
            raise Wrong(("models", number, "id"), f"there is another {model.id} before it")
        seen.add(model.id)
    for ratio in found.aspect_ratios:
        if not _RATIO.fullmatch(ratio):
            raise Wrong(("aspect_ratios", ratio), 'must be of the form "16:9"')


def model_for(operation: str, model_id: str | None) -> Model:
    """The model asked for, or the operation's default; refused by name if it can't do it.

    Raises EngineUnavailable where no model of this server does such work.
    """
    models = [model for model in catalog().models if operation in model.operations]
    if not models:
        raise EngineUnavailable(
            f"No model of this server's catalogue does {operation}; add one, with its engine.",
            param="model",
        )
    if model_id is None:
        return models[0]
    for model in models:
        if model.id == model_id:
            return model
    known = [model.id for model in models]
    hint = suggestion(model_id, known) or f"; known are {', '.join(known)}"
    raise ValidationFailed("model", f"there is no model {model_id[:80]!r} for this{hint}")


def default_for(operation: str, *, livemode: bool) -> Model:
    """The model where nobody asks for one; the sandbox is free, so it has built-in ones only.

    Raises EngineUnavailable where no such model does this work.
    """
    if livemode:
        return model_for(operation, None)
    for model in catalog().models:
        if model.built_in and operation in model.operations:
            return model
    raise EngineUnavailable(
        "The sandbox has the built-in engine's models only, and none of this server's catalogue"
        f" does {operation}.",
        param="model",
    )


def size_of(aspect_ratio: str, resolution: str) -> tuple[int, int]:
    """Width and height in pixels: exactly the ratio, sides in steps of 8, nearest to the area.

    The largest area is also a ceiling: above `pixels_max` the next smaller size is taken.
    """
    known = catalog()
    a, b = ratio_of(aspect_ratio)
    if resolution not in known.resolutions:
        raise ValidationFailed("resolution", f"must be one of {', '.join(known.resolutions)}")
    unit = _unit(a, b, resolution)
    while a * b * unit * unit > known.pixels_max:
        unit -= _SIDE_STEP
    return a * unit, b * unit


def size_adjustments(aspect_ratio: str, resolution: str) -> tuple[str, ...]:
    """In words, where a picture is made smaller than its resolution says."""
    width, height = size_of(aspect_ratio, resolution)
    a, b = ratio_of(aspect_ratio)
    unit = _unit(a, b, resolution)
    if width == a * unit:
        return ()
    most = catalog().pixels_max
    size = f"{aspect_ratio} at {resolution} is {width} x {height}, not {a * unit} x {b * unit}"
    return (f"{size}: a picture has at most {most} pixels",)


def _unit(a: int, b: int, resolution: str) -> int:
    """What the ratio's two numbers are multiplied by for the area nearest to the resolution's."""
    step = math.sqrt(catalog().resolutions[resolution] / (a * b)) / _SIDE_STEP
    return max(1, round(step)) * _SIDE_STEP


def film_size_of(aspect_ratio: str, resolution: str) -> tuple[int, int]:
    """Width and height in pixels of a film: exactly the ratio, even sides."""
    known = catalog().film_resolutions
    a, b = ratio_of(aspect_ratio)
    if resolution not in known:
        raise ValidationFailed("resolution", f"must be one of {', '.join(known)}")
    most = known[resolution]
    unit = _film_unit(a, b, most)
    while a * b * unit * unit > most.pixels_max and unit > 2:  # noqa: PLR2004
        unit -= 2
    return a * unit, b * unit


def film_adjustments(aspect_ratio: str, resolution: str) -> tuple[str, ...]:
    """In words, where a film's shorter side is less than its resolution says."""
    width, height = film_size_of(aspect_ratio, resolution)
    most = catalog().film_resolutions[resolution]
    a, b = ratio_of(aspect_ratio)
    if width == a * _film_unit(a, b, most):
        return ()
    size = f"{aspect_ratio} at {resolution} is {width} x {height}"
    return (f"{size}: such a film has at most {most.pixels_max} pixels",)


def _film_unit(a: int, b: int, most: FilmResolution) -> int:
    """What the ratio's two numbers are multiplied by for the resolution's shorter side."""
    return max(2, most.short_side // min(a, b) // 2 * 2)


def ratio_of(aspect_ratio: str) -> tuple[int, int]:
    """The ratio in its smallest whole numbers."""
    known = catalog().aspect_ratios
    if aspect_ratio not in known:
        raise ValidationFailed("aspect_ratio", f"must be one of {', '.join(known)}")
    across, _, down = aspect_ratio.partition(":")
    common = math.gcd(int(across), int(down))
    return int(across) // common, int(down) // common


def price(model: Model, resolution: str, pictures: int) -> int:
    """Credits for `pictures` pictures; refused by name where the model makes no such or so many."""
    if pictures > model.variants_max:
        raise ValidationFailed("variants", f"{model.id} makes at most {model.variants_max} at once")
    return _credits(model, resolution) * pictures


def _credits(model: Model, resolution: str) -> int:
    if resolution not in model.credits:
        raise ValidationFailed("resolution", f"{model.id} makes {', '.join(model.credits)} only")
    return model.credits[resolution]


def film_price(model: Model, resolution: str, seconds: float) -> int:
    """Credits for a film; refused by name where the model makes none of this kind or length."""
    length = model.duration_seconds
    if length is None:
        raise ValidationFailed("model", f"{model.id} makes no films")
    if not length.min <= seconds <= length.max:
        raise ValidationFailed(
            "duration_seconds", f"{model.id} makes {length.min:g} to {length.max:g} seconds"
        )
    return _credits(model, resolution) * math.ceil(seconds)


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
        films = {}
        for resolution in known.film_resolutions:
            width, height = film_size_of(ratio, resolution)
            films[resolution] = {"width": width, "height": height}
        found.append(AspectRatio(ratio, name, sizes, films))
    return found
