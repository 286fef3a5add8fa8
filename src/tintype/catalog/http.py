"""GET /catalog/…: what this server supports now."""

from typing import TypeVar

from litestar import get

from tintype.api.bodies import read_query
from tintype.api.guard import caller_of, needs
from tintype.api.pages import Page
from tintype.api.parts import AnyRequest
from tintype.api.rendering import Answer
from tintype.catalog.models import AspectRatio, Model, aspect_ratios, catalog
from tintype.catalog.views import (
    ActionView,
    FormatView,
    ListActions,
    SceneTypeView,
    action_views,
    format_views,
    scene_type_views,
)

T = TypeVar("T")


@get("/catalog/models", guards=[needs("images:read")])
async def list_models() -> Answer[Page[Model]]:
    """Models with their limits, fidelity and credit prices."""
    return Answer(_whole(catalog().models))


@get("/catalog/actions", guards=[needs("images:read")], opt={"query": ListActions})
async def list_actions(request: AnyRequest) -> Answer[Page[ActionView]]:
    """What enhancements can be asked to do, with what the default model makes of it."""
    filters = read_query(request, ListActions)
    return Answer(_whole(action_views(filters, livemode=caller_of(request).livemode)))


@get("/catalog/aspect-ratios", guards=[needs("images:read")])
async def list_aspect_ratios() -> Answer[Page[AspectRatio]]:
    """Aspect ratios, with the size in pixels at each resolution."""
    return Answer(_whole(aspect_ratios()))


@get("/catalog/scene-types", guards=[needs("images:read")])
async def list_scene_types() -> Answer[Page[SceneTypeView]]:
    """What a picture can show: scene types with their locations."""
    return Answer(_whole(scene_type_views()))


@get("/catalog/formats", guards=[needs("images:read")])
async def list_formats() -> Answer[Page[FormatView]]:
    """The formats in which pictures and films are delivered, and their sizes."""
    return Answer(_whole(format_views()))


def _whole(items: list[T]) -> Page[T]:
    return Page(items, len(items), has_more=False, next=None, limit=len(items), offset=0)


ROUTES = [list_models, list_actions, list_aspect_ratios, list_scene_types, list_formats]
