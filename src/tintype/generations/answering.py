"""Answers to requests that create work: 202 at once, or its end when the client waits for it."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from tintype.api.idempotency import write
from tintype.api.parts import AnyRequest, parts
from tintype.api.rendering import Answer
from tintype.api.waiting import wait_in_place, wait_seconds
from tintype.billing import operations as billing
from tintype.billing import quotes
from tintype.billing.quotes import Quote, Quoted
from tintype.core.caller import Caller
from tintype.core.errors import Unavailable
from tintype.db.pool import Transaction
from tintype.generations import operations
from tintype.generations.models import TERMINAL, Generation
from tintype.generations.submit import Created
from tintype.images.links import Links, links_of


async def start(
    request: AnyRequest,
    caller: Caller,
    payload: Any,
    create: Callable[[Transaction], Awaitable[Created]],
    *,
    path: str = "/generations",
    wait_default: int = 0,
    ended: int = 201,
) -> Answer[Generation] | Answer[Quote]:
    """Write the work once per Idempotency-Key, then wait for its end if `Prefer` says so.

    202 with its `Location` under `path`, `ended` when its end was seen; `wait_default` seconds are
    waited where the client says nothing. A replay answers the work's present state. Where only the
    price is asked for, 200 with the quote, and nothing else is kept.
    """
    seconds = wait_seconds(request, wait_default)
    if quotes.only_price(payload):
        return Answer(await quote(request, caller, create))
    mount = "/api/v1" if request.scope["path"].startswith("/api/") else "/v1"

    def tell(work: Generation, left: int | None) -> Answer[Generation]:
        over = work.status in TERMINAL
        return Answer(
            work,
            status=ended if over else 202,
            headers={"Location": f"{mount}{path}/{work.id}"},
            credits_used=work.credits_used if over else work.credits_reserved,
            credits_remaining=left,
        )

    async def act(tx: Transaction) -> Answer[Generation]:
        made = await create(tx)
        # The hold says it already; what is free held nothing.
        left = await billing.left(tx, caller) if made.available is None else made.available
        return tell(made.generation, left)

    async def reattach(work_id: str) -> Answer[Generation]:
        found = await look(request, caller, work_id)
        async with parts(request).database.reading() as tx:
            return tell(found, await billing.left(tx, caller))

    answer = await write(
        request, caller, payload, act, work_id=lambda made: made.id, reattach=reattach
    )
    if not seconds or answer.content.status in TERMINAL:
        return answer
    # The work is committed: whatever the database does now, the client must learn of it.
    with contextlib.suppress(Unavailable):
        found = await wait(request, caller, answer.content.id, seconds)
        async with parts(request).database.reading() as tx:
            now = tell(found, await billing.left(tx, caller))
        now.headers |= answer.headers
        return now
    return answer


async def quote(
    request: AnyRequest, caller: Caller, create: Callable[[Transaction], Awaitable[Any]]
) -> Quote:
    """The price of the work that `create` would begin. What it did on the way is undone."""
    database = parts(request).database
    try:
        async with database.transaction() as tx:
            await create(tx)
    except Quoted as trial:
        async with database.transaction() as tx:
            return await quotes.keep(tx, caller, trial.offer)
    raise AssertionError("a dry run ends with its price")


async def wait(request: AnyRequest, caller: Caller, generation_id: str, seconds: int) -> Generation:
    """The generation at its end, or as it is when the time is over or too many wait already."""
    return await wait_in_place(
        request, caller.organization_id, generation_id, seconds,
        lambda: look(request, caller, generation_id), lambda found: found.status in TERMINAL,
    )  # fmt: skip


async def look(request: AnyRequest, caller: Caller, generation_id: str) -> Generation:
    async with parts(request).database.reading() as tx:
        return await operations.get(tx, caller, links(request, caller), generation_id)


def links(request: AnyRequest, caller: Caller) -> Links:
    return links_of(parts(request).settings.public_url, caller)
