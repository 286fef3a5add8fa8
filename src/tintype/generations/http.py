"""/generations, and a flow's generations."""

import contextlib

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath
from litestar.response import Stream

from tintype.api.bodies import read_json, read_query
from tintype.api.guard import caller_of, needs
from tintype.api.idempotency import write
from tintype.api.limits import check_meta
from tintype.api.pages import Page, Paging
from tintype.api.paging import cursor, like_pattern
from tintype.api.parts import AnyRequest, parts
from tintype.api.preconditions import only_if_absent
from tintype.api.rendering import Answer
from tintype.api.waiting import cancel_after, wait_seconds
from tintype.billing.quotes import Quote
from tintype.core import ids
from tintype.core.errors import AliasTaken, Conflict, InsufficientCredits, Unavailable
from tintype.db.pool import Transaction
from tintype.events.streaming import stream
from tintype.flows import operations as flows
from tintype.generations import operations
from tintype.generations.answering import links, look, start, wait
from tintype.generations.models import (
    STATUS_WORDS,
    TERMINAL,
    CreateGeneration,
    Generation,
    ListFlowGenerations,
    ListGenerations,
    RetryGeneration,
)
from tintype.generations.submit import Created
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
async def create_generation(request: AnyRequest) -> Answer[Generation] | Answer[Quote]:
    """Ask for pictures from words: 202 with the work, or 201 when `Prefer: wait` saw its end.

    With `If-None-Match: *` an alias that names an image now is ALIAS_TAKEN.
    """
    caller = caller_of(request)
    body = await read_json(request, CreateGeneration)
    check_meta(body.meta)
    deadline = cancel_after(request)

    async def create(tx: Transaction) -> Created:
        return await operations.create(
            tx, caller, links(request, caller), body,
            allow_networks=parts(request).networks, cancel_after=deadline,
            only_if_free=only_if_absent(request),
        )  # fmt: skip

    return await start(request, caller, body, create)


@get("/generations", guards=[needs("images:read", "videos:read")], opt={"query": ListGenerations})
async def list_generations(request: AnyRequest) -> Answer[Page[Generation]]:
    """The history, newest first, with filters."""
    return await _list(request, read_query(request, ListGenerations))


@get(
    "/flows/{flow_id:str}/generations",
    guards=[needs("images:read", "videos:read")],
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
    guards=[needs("images:read", "videos:read")],
    opt={"headers": ["Prefer"]},
)
async def get_generation(request: AnyRequest, generation_id: FromPath[str]) -> Answer[Generation]:
    """One generation with its pictures; `Prefer: wait` holds the answer until it ends."""
    caller = caller_of(request)
    generation_id = ids.parse("gen", generation_id)
    found = await look(request, caller, generation_id)
    seconds = wait_seconds(request)
    if seconds and found.status not in TERMINAL:
        found = await wait(request, caller, generation_id, seconds)
    return Answer(found, credits_used=found.credits_used)


@get(
    "/generations/{generation_id:str}/events",
    guards=[needs("images:read", "videos:read")],
    opt={"media_type": "text/event-stream", "headers": ["Last-Event-ID"]},
)
async def stream_generation(request: AnyRequest, generation_id: FromPath[str]) -> Stream:
    """Server-Sent Events until the generation ends; resumes after `Last-Event-ID`."""
    caller = caller_of(request)
    generation_id = ids.parse("gen", generation_id)
    await look(request, caller, generation_id)

    async def snapshot() -> tuple[bytes, float, bool]:
        found = await look(request, caller, generation_id)
        body = {"id": found.id, "status": found.status, "progress": found.progress}
        return msgspec.json.encode(body), found.progress, found.status in TERMINAL

    return stream(request, caller, generation_id, snapshot)


@post(
    "/generations/{generation_id:str}/retry",
    guards=[needs("images:write", "videos:write")],
    opt={
        "body": RetryGeneration,
        "answers": [201, 202],
        "headers": ["Prefer", "Cancel-After"],
        "errors": [Conflict, InsufficientCredits],
    },
)
async def retry_generation(
    request: AnyRequest, generation_id: FromPath[str]
) -> Answer[Generation] | Answer[Quote]:
    """Make a failed or canceled generation anew; the body overrides its parameters."""
    caller = caller_of(request)
    body = await read_json(request, RetryGeneration, required=False)
    if isinstance(body.meta, dict):
        check_meta(body.meta)
    deadline = cancel_after(request)

    async def create(tx: Transaction) -> Created:
        return await operations.retry(
            tx, caller, links(request, caller), generation_id, body,
            allow_networks=parts(request).networks, cancel_after=deadline,
        )  # fmt: skip

    return await start(request, caller, body, create)


@post(
    "/generations/{generation_id:str}/cancel",
    guards=[needs("images:write", "videos:write")],
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
            found = await wait(request, caller, ids.parse("gen", generation_id), seconds)
            answer.content = found
            answer.status_code = 200 if found.status in TERMINAL else 202
    return answer


@delete(
    "/generations/{generation_id:str}",
    guards=[needs("images:write", "videos:write")],
    status_code=204,
)
async def delete_generation(request: AnyRequest, generation_id: FromPath[str]) -> Answer[None]:
    """Delete the generation and its pictures; running work is canceled first."""
    caller = caller_of(request)

    async def act(tx: Transaction) -> Answer[None]:
        await operations.delete(tx, caller, links(request, caller), generation_id)
        return Answer(None, status=204)

    return await write(request, caller, None, act)


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
        found, total = await operations.page(
            tx, caller, links(request, caller), filters,
            after=after, offset=query.offset, limit=query.limit,
        )  # fmt: skip
    shown, more = found[: query.limit], len(found) > query.limit
    return Answer(
        Page(shown, total, more, shown[-1].id if more else None, query.limit, query.offset)
    )


ROUTES = [
    create_generation, list_generations, list_flow_generations, get_generation, stream_generation,
    retry_generation, cancel_generation, delete_generation,
]  # fmt: skip
