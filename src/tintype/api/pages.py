"""A list's slice, and the parameters that ask for one. No framework: the worker reads these too."""

from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import Meta

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T]):
    """A list's slice. `total` counts at most `total_max` rows, so it never slows a big list."""

    items: list[T]
    total: int
    has_more: bool
    next: str | None
    limit: int
    offset: int


class Paging(msgspec.Struct, kw_only=True):
    """Query parameters of a list; `after` is the id of the last item seen (any depth)."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    offset: Annotated[int, Meta(ge=0, le=10_000)] = 0
    after: str | None = None
