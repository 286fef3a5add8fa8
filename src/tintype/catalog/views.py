"""The catalogue's actions, scene types and formats as the API shows them."""

from typing import Annotated, Final, Literal, get_args

import msgspec
from msgspec import Meta

from tintype.api.naming import suggestion
from tintype.catalog.actions import Action, Fidelity, actions, conflicts_of
from tintype.catalog.models import Model, default_for
from tintype.catalog.scenes import check_scene_type, scenes
from tintype.core.errors import EngineUnavailable, ValidationFailed
from tintype.media.encode import QUALITY_DEFAULT, SIDE_MAX
from tintype.media.variants import (
    DPR_MAX,
    DPR_MIN,
    FORMATS_BY_EXTENSION,
    PIXELS_MAX,
    SIDE_PARAM_MAX,
    Fit,
)

OPERATION: Final = "enhancement"
_TRANSPARENT: Final = {"png", "webp", "avif"}
# Of several endings of one format the first is what links have.
_EXTENSIONS: Final = {kind: ending for ending, kind in reversed(FORMATS_BY_EXTENSION.items())}


class ListActions(msgspec.Struct, kw_only=True):
    """Filters; `fidelity` is that of this server's default model."""

    group: Annotated[str, Meta(max_length=64)] | None = None
    scene_type: Annotated[str, Meta(max_length=64)] | None = None
    fidelity: Fidelity | None = None


class ActionView(msgspec.Struct, frozen=True):
    """What can be asked for, and what `model`, the default here, makes of it and costs.

    `credits` are for one picture by resolution; they and `model` are for enhancements in all, so
    several actions in one request cost no more than one. `conflicts` may not be chosen beside it.
    """

    id: str
    group: str
    group_label: str
    label: str
    description: str
    fidelity: Fidelity
    model: str | None
    credits: dict[str, int]
    scene_types: list[str]
    conflicts: list[str]


class Location(msgspec.Struct, frozen=True):
    id: str
    label: str


class SceneTypeView(msgspec.Struct, frozen=True):
    id: str
    label: str
    locations: list[Location]


class Sizes(msgspec.Struct, frozen=True):
    """What may be asked for; a film is delivered in its own size only and has None instead.

    `side_max` bounds `w` and `h`, times `dpr`, in pixels; `pixels_max` their product.
    """

    fits: list[Fit]
    side_max: int
    pixels_max: int
    dpr_min: float
    dpr_max: float


class FormatView(msgspec.Struct, frozen=True):
    """A form in which media are delivered, at `/media/…/{id}.{id of the format}`."""

    id: str
    kind: Literal["image", "video"]
    media_type: str
    transparency: bool
    quality_default: int | None
    sizes: Sizes | None


def action_views(filters: ListActions, *, livemode: bool) -> list[ActionView]:
    """Raises ValidationFailed for a group or scene type that is unknown."""
    groups = actions().groups
    if filters.group is not None and filters.group not in groups:
        hint = suggestion(filters.group, groups) or f"; known are {', '.join(groups)}"
        raise ValidationFailed("group", f"there is no group {filters.group!r}{hint}")
    if filters.scene_type is not None:
        check_scene_type(filters.scene_type)
    model = _default_model(livemode=livemode)
    views = [_view(action, model) for action in actions().by_id.values()]
    return [
        view for view in views
        if filters.group in {None, view.group}
        and (filters.scene_type is None or filters.scene_type in view.scene_types)
        and filters.fidelity in {None, view.fidelity}
    ]  # fmt: skip


def _default_model(*, livemode: bool) -> Model | None:
    try:
        return default_for(OPERATION, livemode=livemode)
    except EngineUnavailable:
        return None


def _view(action: Action, model: Model | None) -> ActionView:
    # Recipes are the built-in engine's; any other works by the prompt, as well as it does anything.
    recipe = model is None or model.built_in
    return ActionView(
        id=action.id,
        group=action.group,
        group_label=actions().groups[action.group].name,
        label=action.label,
        description=action.description,
        fidelity=action.fidelity if recipe or model is None else model.fidelity,
        model=model.id if model else None,
        credits=dict(model.credits) if model else {},
        scene_types=action.scene_types or list(scenes()),
        conflicts=conflicts_of(action),
    )


def scene_type_views() -> list[SceneTypeView]:
    return [
        SceneTypeView(name, scene.name, [Location(*it) for it in scene.locations.items()])
        for name, scene in scenes().items()
    ]


def format_views() -> list[FormatView]:
    """Pictures' formats, then that of films."""
    pictures = [
        FormatView(
            id=ending,
            kind="image",
            media_type=f"image/{kind}",
            transparency=kind in _TRANSPARENT,
            quality_default=None if kind == "png" else QUALITY_DEFAULT[kind],
            sizes=Sizes(
                fits=list(get_args(Fit)),
                side_max=min(SIDE_PARAM_MAX, SIDE_MAX[kind]),
                pixels_max=PIXELS_MAX,
                dpr_min=DPR_MIN,
                dpr_max=DPR_MAX,
            ),
        )
        for kind, ending in _EXTENSIONS.items()
    ]
    film = FormatView(
        id="mp4",
        kind="video",
        media_type="video/mp4",
        transparency=False,
        quality_default=None,
        sizes=None,
    )
    return [*pictures, film]
