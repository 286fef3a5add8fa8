"""Scene types and their locations: what a picture can be said to show."""

import functools
import tomllib
from importlib import resources
from typing import Final

import msgspec

from tintype.api.naming import suggestion
from tintype.core.errors import ValidationFailed

_SHOWN: Final = 80


class SceneType(msgspec.Struct, frozen=True):
    """`locations` are names by id."""

    name: str
    locations: dict[str, str]


@functools.cache
def scenes() -> dict[str, SceneType]:
    """Scene types by id, in the order of `scenes.toml`."""
    text = resources.files("tintype.catalog").joinpath("scenes.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, SceneType])


def check_scene(scene_type: str | None, scene_location: str | None) -> None:
    """Refuse words that the catalogue doesn't know, with the nearest one; None is no word.

    A location is known within its type only. Raises ValidationFailed.
    """
    if scene_type is None:
        if scene_location is not None:
            raise ValidationFailed("scene_location", "needs a `scene_type` to go with")
        return
    found = check_scene_type(scene_type)
    if scene_location is None or scene_location in found.locations:
        return
    owners = [name for name, scene in scenes().items() if scene_location in scene.locations]
    if owners:
        problem = f"is a location of {', '.join(owners)}, not of {scene_type}"
    else:
        problem = f"{scene_location[:_SHOWN]!r} is not a location of {scene_type}"
    hint = suggestion(scene_location, found.locations)
    known = ", ".join(found.locations)
    raise ValidationFailed("scene_location", f"{problem}{hint or f'; known are {known}'}")


def check_scene_filter(scene_type: str | None, scene_location: str | None) -> None:
    """Like `check_scene`, for a filter: a location alone is looked for in all types."""
    if scene_type is not None or scene_location is None:
        check_scene(scene_type, scene_location)
        return
    known = {name for scene in scenes().values() for name in scene.locations}
    if scene_location not in known:
        hint = suggestion(scene_location, sorted(known)) or ""
        problem = f"there is no location {scene_location[:_SHOWN]!r}{hint}"
        raise ValidationFailed("scene_location", problem)


def check_scene_type(scene_type: str) -> SceneType:
    """The type of this id. Raises ValidationFailed under `scene_type`."""
    if scene_type not in scenes():
        hint = suggestion(scene_type, scenes()) or f"; known are {', '.join(scenes())}"
        raise ValidationFailed(
            "scene_type", f"there is no scene type {scene_type[:_SHOWN]!r}{hint}"
        )
    return scenes()[scene_type]
