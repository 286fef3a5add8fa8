"""Answers to requests that create work: 202 at once, or its end when the client waits for it."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from tintype.api.idempotency import write
from tintype.api.parts import AnyRequest, parts
from tintype.api.rendering import Answer
from tintype.api.waiting import wait_in_place, wait_seconds
from tintype.core.caller import Caller
from tintype.core.errors import Unavailable
from tintype.credits import operations as credits
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
) -> Answer[Generation]:
    """Write the work once per Idempotency-Key, then wait for its end if `Prefer` says so.

    202 with its `Location` under `path`, 201 when its end was seen. A replay answers the work's
    present state.
    """
    seconds = wait_seconds(request)

    async def act(tx: Transaction) -> Answer[Generation]:
        return _accepted(request, await create(tx), path)

    async def reattach(work_id: str) -> Answer[Generation]:
        found = await look(request, caller, work_id)
        again = _accepted(request, Created(found, None), path)
        if found.status in TERMINAL:
            again.status_code = 201
            again.credits_used = found.credits_used
        return again

    answer = await write(
        request, caller, payload, act, work_id=lambda made: made.id, reattach=reattach
    )
    if not seconds or answer.content.status in TERMINAL:
        return answer
    # The work is committed: whatever the database does now, the client must learn of it.
    with contextlib.suppress(Unavailable):
        found = await wait(request, caller, answer.content.id, seconds)
        if found.status in TERMINAL:
            async with parts(request).database.reading() as tx:
                balance = await credits.balance(tx, caller.organization_id)
            answer.status_code = 201
            answer.credits_used = found.credits_used
            answer.credits_remaining = balance.available
        answer.content = found
    return answer


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


def _accepted(request: AnyRequest, created: Created, path: str) -> Answer[Generation]:
    mount = "/api/v1" if request.scope["path"].startswith("/api/") else "/v1"
    return Answer(
        created.generation,
        status=202,
        headers={"Location": f"{mount}{path}/{created.generation.id}"},
        credits_used=created.generation.credits_reserved,
        credits_remaining=created.available,
    )
