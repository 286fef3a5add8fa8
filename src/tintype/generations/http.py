"""/generations, and a flow's generations."""

import contextlib

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath
from litestar.response import Stream

from tintype.api.bodies import read_json, read_query
from tintype.api.idempotency import Act, write
from tintype.api.limits import check_meta
from tintype.api.pages import Page, Paging
from tintype.api.paging import TOTAL_MAX, cursor, like_pattern
from tintype.api.parts import AnyRequest, parts
from tintype.api.preconditions import only_if_absent
from tintype.api.rendering import Answer
from tintype.api.waiting import cancel_after, wait_seconds, wait_until
from tintype.core import ids
from tintype.core.caller import Caller
from tintype.core.errors import AliasTaken, Conflict, InsufficientCredits, Unavailable
from tintype.credits import operations as credits
from tintype.db.pool import Transaction
from tintype.events.streaming import stream
from tintype.flows import operations as flows
from tintype.generations import operations, queries, views
from tintype.generations.models import (
    STATUS_WORDS,
    TERMINAL,
    CreateGeneration,
    Generation,
    ListFlowGenerations,
    ListGenerations,
    RetryGeneration,
)
from tintype.images.links import Links, links_of
from tintype.keys.auth import caller_of, needs
from tintype.projects import operations as projects


@post(
    "/generations",
    guards=[needs("images:write")],
    opt={
        "body": CreateGeneration,
        "answers": [201, 202],
        "headers": ["Prefer", "Cancel-After", "If-None-Match"],
        "errors": [InsufficientCredits, AliasTaken],
        "example": {
            "prompt": "A majestic eagle soaring over snow-capped mountains",
            "aspect_ratio": "16:9",
            "alias": "@eagle-hero",
        },
    },
)
async def create_generation(request: AnyRequest) -> Answer[Generation]:
    """Ask for pictures from words: 202 with the work, or 201 when `Prefer: wait` saw its end.

    With `If-None-Match: *` an alias that names an image now is ALIAS_TAKEN.
    """
    caller = caller_of(request)
    body = await read_json(request, CreateGeneration)
    check_meta(body.meta)
    deadline = cancel_after(request)
    seconds = wait_seconds(request)

    async def act(tx: Transaction) -> Answer[Generation]:
        created = await operations.create(
            tx, caller, _links(request, caller), body,
            allow_networks=parts(request).networks, cancel_after=deadline,
            only_if_free=only_if_absent(request),
        )  # fmt: skip
        return accepted(request, created)

    return await _start(request, caller, body, act, seconds)


@get("/generations", guards=[needs("images:read")], opt={"query": ListGenerations})
async def list_generations(request: AnyRequest) -> Answer[Page[Generation]]:
    """The history, newest first, with filters."""
    return await _list(request, read_query(request, ListGenerations))


@get(
    "/flows/{flow_id:str}/generations",
    guards=[needs("images:read")],
    opt={"query": ListFlowGenerations},
)
async def list_flow_generations(
    request: AnyRequest, flow_id: FromPath[str]
) -> Answer[Page[Generation]]:
    """A flow's generations, newest first."""
    asked = read_query(request, ListFlowGenerations)
    async with parts(request).database.reading() as tx:
        flow = await flows.get(tx, caller_of(request), flow_id)
    return await _list(request, ListGenerations(**msgspec.structs.asdict(asked), flow_id=flow.id))


@get(
    "/generations/{generation_id:str}",
    guards=[needs("images:read")],
    opt={"headers": ["Prefer"]},
)
async def get_generation(request: AnyRequest, generation_id: FromPath[str]) -> Answer[Generation]:
    """One generation with its pictures; `Prefer: wait` holds the answer until it ends."""
    caller = caller_of(request)
    generation_id = ids.parse("gen", generation_id)
    found = await _look(request, caller, generation_id)
    seconds = wait_seconds(request)
    if seconds and found.status not in TERMINAL:
        found = await _wait(request, caller, generation_id, seconds)
    return Answer(found, credits_used=found.credits_used)


@get(
    "/generations/{generation_id:str}/events",
    guards=[needs("images:read")],
    opt={"media_type": "text/event-stream", "headers": ["Last-Event-ID"]},
)
async def stream_generation(request: AnyRequest, generation_id: FromPath[str]) -> Stream:
    """Server-Sent Events until the generation ends; resumes after `Last-Event-ID`."""
    caller = caller_of(request)
    generation_id = ids.parse("gen", generation_id)
    await _look(request, caller, generation_id)

    async def snapshot() -> tuple[bytes, float, bool]:
        found = await _look(request, caller, generation_id)
        body = {"id": found.id, "status": found.status, "progress": found.progress}
        return msgspec.json.encode(body), found.progress, found.status in TERMINAL

    return stream(request, caller, generation_id, snapshot)


@post(
    "/generations/{generation_id:str}/retry",
    guards=[needs("images:write")],
    opt={
        "body": RetryGeneration,
        "answers": [201, 202],
        "headers": ["Prefer", "Cancel-After"],
        "errors": [Conflict, InsufficientCredits],
    },
)
async def retry_generation(request: AnyRequest, generation_id: FromPath[str]) -> Answer[Generation]:
    """Make a failed or canceled generation anew; the body overrides its parameters."""
    caller = caller_of(request)
    body = await read_json(request, RetryGeneration, required=False)
    if isinstance(body.meta, dict):
        check_meta(body.meta)
    deadline = cancel_after(request)
    seconds = wait_seconds(request)

    async def act(tx: Transaction) -> Answer[Generation]:
        created = await operations.retry(
            tx, caller, _links(request, caller), generation_id, body,
            allow_networks=parts(request).networks, cancel_after=deadline,
        )  # fmt: skip
        return accepted(request, created)

    return await _start(request, caller, body, act, seconds)


@post(
    "/generations/{generation_id:str}/cancel",
    guards=[needs("images:write")],
    opt={"answers": [200, 202], "headers": ["Prefer"], "errors": [Conflict]},
)
async def cancel_generation(
    request: AnyRequest, generation_id: FromPath[str]
) -> Answer[Generation]:
    """Cancel: queued work at once (200), running work as soon as its engine lets go (202)."""
    caller = caller_of(request)

    async def act(tx: Transaction) -> Answer[Generation]:
        generation = await operations.cancel(tx, caller, generation_id)
        return Answer(generation, status=200 if generation.status in TERMINAL else 202)

    seconds = wait_seconds(request)
    answer = await write(request, caller, None, act)
    if seconds and answer.status_code == 202:  # noqa: PLR2004
        with contextlib.suppress(Unavailable):
            found = await _wait(request, caller, ids.parse("gen", generation_id), seconds)
            answer.content = found
            answer.status_code = 200 if found.status in TERMINAL else 202
    return answer


@delete("/generations/{generation_id:str}", guards=[needs("images:write")], status_code=204)
async def delete_generation(request: AnyRequest, generation_id: FromPath[str]) -> Answer[None]:
    """Delete the generation and its pictures; running work is canceled first."""
    caller = caller_of(request)

    async def act(tx: Transaction) -> Answer[None]:
        await operations.delete(tx, caller, _links(request, caller), generation_id)
        return Answer(None, status=204)

    return await write(request, caller, None, act)


def accepted(request: AnyRequest, created: operations.Created) -> Answer[Generation]:
    prefix = "/api/v1" if request.scope["path"].startswith("/api/") else "/v1"
    return Answer(
        created.generation,
        status=202,
        headers={"Location": f"{prefix}/generations/{created.generation.id}"},
        credits_used=created.generation.credits_reserved,
        credits_remaining=created.available,
    )


async def _start(
    request: AnyRequest,
    caller: Caller,
    body: CreateGeneration | RetryGeneration,
    act: Act[Generation],
    seconds: int,
) -> Answer[Generation]:
    """Write the work once, then wait for its end if that was asked."""

    async def reattach(work_id: str) -> Answer[Generation]:
        found = await _look(request, caller, work_id)
        again = accepted(request, operations.Created(found, None))
        if found.status in TERMINAL:
            again.status_code = 201
            again.credits_used = found.credits_used
        return again

    answer = await write(
        request, caller, body, act, work_id=lambda made: made.id, reattach=reattach
    )
    if not seconds or answer.content.status in TERMINAL:
        return answer
    # The work is committed: whatever the database does now, the client must learn of it.
    with contextlib.suppress(Unavailable):
        found = await _wait(request, caller, answer.content.id, seconds)
        if found.status in TERMINAL:
            async with parts(request).database.reading() as tx:
                balance = await credits.balance(tx, caller.organization_id)
            answer.status_code = 201
            answer.credits_used = found.credits_used
            answer.credits_remaining = balance.available
        answer.content = found
    return answer


async def _wait(
    request: AnyRequest, caller: Caller, generation_id: str, seconds: int
) -> Generation:
    """The generation at its end, or as it is when the time is over or too many wait already."""
    places = parts(request).places
    if not places.has_room(caller.organization_id):
        return await _look(request, caller, generation_id)
    with places.held(caller.organization_id):
        return await wait_until(
            parts(request).signals,
            generation_id,
            seconds,
            look=lambda: _look(request, caller, generation_id),
            done=lambda found: found.status in TERMINAL,
        )


async def _look(request: AnyRequest, caller: Caller, generation_id: str) -> Generation:
    async with parts(request).database.reading() as tx:
        return await operations.get(tx, caller, _links(request, caller), generation_id)


async def _list(request: AnyRequest, query: ListGenerations) -> Answer[Page[Generation]]:
    caller = caller_of(request)
    after = cursor(Paging(limit=query.limit, offset=query.offset, after=query.after), "gen")
    filters = {
        "status": STATUS_WORDS[query.status] if query.status else None,
        "kind": query.kind, "batch_id": query.batch_id, "source": query.source,
        "model": query.model, "created_after": query.created_after,
        "created_before": query.created_before, "q": like_pattern(query.q),
    }  # fmt: skip
    async with parts(request).database.reading() as tx:
        flow_id, _ = await flows.chosen(tx, caller, query.flow_id, None, to_add=False)
        filters["flow_id"] = flow_id
        filters["project_id"] = await projects.chosen(tx, caller, query.project_id)
        rows = await queries.page(
            tx, caller.organization_id, filters | {"after": after},
            offset=query.offset, limit=query.limit + 1,
        )  # fmt: skip
        total = await queries.count(tx, caller.organization_id, filters, TOTAL_MAX)
        shown = await views.with_images(
            tx, caller.organization_id, rows[: query.limit], _links(request, caller)
        )
    more = len(rows) > query.limit
    return Answer(
        Page(shown, total, more, shown[-1].id if more else None, query.limit, query.offset)
    )


def _links(request: AnyRequest, caller: Caller) -> Links:
    return links_of(parts(request).settings.public_url, caller)


ROUTES = [
    create_generation, list_generations, list_flow_generations, get_generation, stream_generation,
    retry_generation, cancel_generation, delete_generation,
]  # fmt: skip
