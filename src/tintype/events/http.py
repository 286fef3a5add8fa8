"""GET /events: the log itself."""

from typing import Annotated

import msgspec
from litestar import get
from msgspec import Meta

from tintype.api.bodies import read_query
from tintype.api.guard import caller_of, needs
from tintype.api.pages import Page
from tintype.api.paging import TOTAL_MAX
from tintype.api.parts import AnyRequest, parts
from tintype.api.rendering import Answer
from tintype.events import operations, queries
from tintype.events.models import Event


class ListEvents(msgspec.Struct, kw_only=True):
    """Oldest first: `after` is the last event seen; without it, from the log's beginning."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    after: Annotated[str, Meta(max_length=64)] | None = None
    type: Annotated[str, Meta(max_length=64)] | None = None


@get("/events", guards=[needs("webhooks:read")], opt={"query": ListEvents})
async def list_events(request: AnyRequest) -> Answer[Page[Event]]:
    """What happened, oldest first. Ask again with `after` = `next`: nothing is ever skipped."""
    return await _list(request)


@get("/webhooks/events", guards=[needs("webhooks:read")], opt={"query": ListEvents})
async def list_webhook_events(request: AnyRequest) -> Answer[Page[Event]]:
    """The same log under the name that stands beside the webhooks' other paths."""
    return await _list(request)


async def _list(request: AnyRequest) -> Answer[Page[Event]]:
    caller = caller_of(request)
    query = read_query(request, ListEvents)
    async with parts(request).database.reading() as tx:
        found = await operations.page(
            tx, caller, after=query.after, type_=query.type, limit=query.limit + 1
        )
        total = await queries.count(
            tx, caller.organization_id, caller.project_id, query.type, TOTAL_MAX
        )
    shown = found[: query.limit]
    last = shown[-1].id if shown else query.after
    return Answer(Page(shown, total, len(found) > query.limit, last, query.limit, offset=0))


ROUTES = [list_events, list_webhook_events]
