"""`limit`, `offset` and `after` on every list, newest first."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from tintype.api.pages import Page, Paging
from tintype.core import ids
from tintype.core.errors import NotFound, ValidationFailed
from tintype.db.pool import Row

T = TypeVar("T")
# Totals are exact up to here: counting more would make a page's cost grow with the library.
TOTAL_MAX: Final = 10_000


def cursor(paging: Paging, kind: ids.Kind) -> str | None:
    """The id to page after. Only its time counts, so a deleted row's id works and leaks nothing."""
    if paging.after is None:
        return None
    if paging.offset:
        raise ValidationFailed("after", "can't be combined with `offset`")
    try:
        return ids.parse(kind, paging.after)
    except NotFound:
        raise ValidationFailed(
            "after", f"must be the id of an item of this list ({kind}_…)"
        ) from None


def page(rows: Sequence[Row], total: int, paging: Paging, build: Callable[[Any], T]) -> Page[T]:
    """Make a page of rows fetched with `limit + 1`."""
    shown = rows[: paging.limit]
    more = len(rows) > paging.limit
    return Page(
        items=[build(row) for row in shown],
        total=total,
        has_more=more,
        next=shown[-1]["id"] if more else None,
        limit=paging.limit,
        offset=paging.offset,
    )


def like_pattern(text: str | None) -> str | None:
    r"""A search for the text as it stands: its %, _ and \ mean themselves."""
    if text is None:
        return None
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
