"""GET /catalog/…: what this server supports now."""

from typing import TypeVar

from litestar import get

from tintype.api.guard import needs
from tintype.api.pages import Page
from tintype.api.rendering import Answer
from tintype.catalog.models import AspectRatio, Model, aspect_ratios, catalog

T = TypeVar("T")


@get("/catalog/models", guards=[needs("images:read")])
async def list_models() -> Answer[Page[Model]]:
    """Models with their limits, fidelity and credit prices."""
    return Answer(_whole(catalog().models))


@get("/catalog/aspect-ratios", guards=[needs("images:read")])
async def list_aspect_ratios() -> Answer[Page[AspectRatio]]:
    """Aspect ratios, with the size in pixels at each resolution."""
    return Answer(_whole(aspect_ratios()))


def _whole(items: list[T]) -> Page[T]:
    return Page(items, len(items), has_more=False, next=None, limit=len(items), offset=0)


ROUTES = [list_models, list_aspect_ratios]
