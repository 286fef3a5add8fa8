"""/generate/bulk and /batches: many generations at once, from acceptance to the list of results."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final, TypeVar

import msgspec
from litestar import get, post
from litestar.params import FromPath
from litestar.response import Stream

from tintype.accounts.models import require_feature
from tintype.api.accepting import VARY
from tintype.api.bodies import query_of, read_bytes, read_query
from tintype.api.guard import caller_of, needs
from tintype.api.idempotency import write
from tintype.api.multipart import read_form
from tintype.api.pages import Page, Paging
from tintype.api.paging import cursor
from tintype.api.parts import AnyRequest, parts
from tintype.api.rendering import Answer
from tintype.api.waiting import cancel_after, wait_in_place, wait_seconds
from tintype.batches import operations as batches
from tintype.batches.models import Batch, ListBatches
from tintype.billing import operations as billing
from tintype.billing import quotes
from tintype.billing.quotes import Quote
from tintype.bulk import operations, reading
from tintype.bulk.exporting import CSV, File, file_type, lines
from tintype.bulk.models import BatchResult, BulkTerms, CreateBatch, Entry, ListBatchResults
from tintype.core import ids
from tintype.core.caller import Caller
from tintype.core.errors import Conflict, InsufficientCredits, Unavailable, UnsupportedMediaType
from tintype.db.pool import Transaction
from tintype.events.streaming import stream
from tintype.generations import batching
from tintype.generations.answering import links, quote
from tintype.generations.models import STATUS_WORDS, StatusWord
from tintype.generations.places import release

T = TypeVar("T")
BYTES_MAX: Final = 16_000_000
_JSONL: Final = frozenset({
    "application/jsonl", "application/x-ndjson", "application/ndjson", "application/x-jsonlines",
})  # fmt: skip
_ROWS_AT_ONCE: Final = 250


class FileQuery(msgspec.Struct, kw_only=True):
    """Of results as a file, which has them all."""

    status: StatusWord | None = None


class _Nothing(msgspec.Struct):
    """A body says everything: a query beside it would be overlooked."""


@post(
    "/generate/bulk",
    guards=[needs("images:write")],
    opt={
        "body": CreateBatch,
        "query": BulkTerms,
        "form": BulkTerms,
        "lines": "One item of `items` a line; the other fields stand in the query.",
        "answers": [201, 202],
        "headers": ["Prefer", "Cancel-After"],
        "errors": [InsufficientCredits],
        "example": {
            "defaults": {"aspect_ratio": "4:5", "meta": {"season": "spring"}},
            "items": [
                {"custom_id": "sku-1", "prompt": "a linen shirt on a marble table"},
                {"custom_id": "sku-2", "prompt": "a leather belt on a marble table"},
            ],
        },
    },
)
async def create_batch(request: AnyRequest) -> Answer[Batch] | Answer[Quote]:
    """Ask for up to 10,000 generations at once: 202 with the batch, or nothing at all.

    All items are right and paid for, or none is accepted. Also as JSONL, one item a line: as the
    `file` of a form, or as the body (`application/jsonl`) with the other fields in the query.
    """
    caller = caller_of(request)
    require_feature(caller, "bulk")
    seconds, deadline = wait_seconds(request), cancel_after(request)
    terms, entries = await _read(request)

    async def create(tx: Transaction) -> operations.Made:
        return await operations.create(
            tx, caller, links(request, caller), terms, entries,
            allow_networks=parts(request).networks, cancel_after=deadline,
        )  # fmt: skip

    if quotes.only_price(terms):
        return Answer(await quote(request, caller, create))

    async def act(tx: Transaction) -> Answer[Batch]:
        made = await create(tx)
        left = await billing.left(tx, caller) if made.available is None else made.available
        return _told(request, made.batch, left)

    async def reattach(batch_id: str) -> Answer[Batch]:
        found = await _look(request, caller, batch_id)
        async with parts(request).database.reading() as tx:
            return _told(request, found, await billing.left(tx, caller))

    payload = [terms, [(entry.ask, entry.wrong) for entry in entries]]
    answer = await write(
        request, caller, payload, act, work_id=lambda made: made.id, reattach=reattach
    )
    if not seconds or answer.content.ended:
        return answer
    # The batch is committed: whatever the database does now, the client must learn of it.
    with contextlib.suppress(Unavailable):
        found = await _wait(request, caller, answer.content.id, seconds)
        async with parts(request).database.reading() as tx:
            now = _told(request, found, await billing.left(tx, caller))
        now.headers |= answer.headers
        return now
    return answer


@get("/batches", guards=[needs("images:read")], opt={"query": ListBatches})
async def list_batches(request: AnyRequest) -> Answer[Page[Batch]]:
    """The batches, newest first."""
    asked = read_query(request, ListBatches)
    async with parts(request).database.reading() as tx:
        found, total = await batches.page(
            tx, caller_of(request), {"open": asked.open},
            after=cursor(asked, "bat"), offset=asked.offset, limit=asked.limit,
        )  # fmt: skip
    return Answer(_page(found, total, asked, lambda it: it.id))


@get("/batches/{batch_id:str}", guards=[needs("images:read")], opt={"headers": ["Prefer"]})
async def get_batch(request: AnyRequest, batch_id: FromPath[str]) -> Answer[Batch]:
    """One batch by its counts; `Prefer: wait` holds the answer until its last item has ended."""
    caller = caller_of(request)
    found = await _look(request, caller, batch_id)
    seconds = wait_seconds(request)
    if seconds and not found.ended:
        found = await _wait(request, caller, found.id, seconds)
    return Answer(found, credits_used=found.credits_used)


@get(
    "/batches/{batch_id:str}/results",
    guards=[needs("images:read")],
    opt={"query": ListBatchResults},
)
async def list_batch_results(
    request: AnyRequest, batch_id: FromPath[str]
) -> Answer[Page[BatchResult]]:
    """What became of each item, in their order, also of those that have not ended.

    With `Accept: text/csv` or `application/jsonl` a file of all of them.
    """
    caller = caller_of(request)
    batch = await _look(request, caller, batch_id)
    media_type = file_type(request)
    if media_type is not None:
        only = read_query(request, FileQuery).status
        pages = _pages(request, caller, batch.id, only)
        ending = "csv" if media_type == CSV else "jsonl"
        return File(lines(pages, media_type), media_type, f"{batch.id}.{ending}")
    asked = read_query(request, ListBatchResults)
    after = cursor(asked, "gen")
    status = STATUS_WORDS[asked.status] if asked.status else None
    async with parts(request).database.reading() as tx:
        found = await operations.results(
            tx, caller, links(request, caller), batch.id,
            status=status, after=after, offset=asked.offset, limit=asked.limit + 1,
        )  # fmt: skip
        total = await batching.count(tx, caller, batch.id, status)
    return Answer(_page(found, total, asked, lambda it: it.generation_id), headers=VARY)


@get(
    "/batches/{batch_id:str}/events",
    guards=[needs("images:read")],
    opt={"media_type": "text/event-stream", "headers": ["Last-Event-ID"]},
)
async def stream_batch(request: AnyRequest, batch_id: FromPath[str]) -> Stream:
    """Server-Sent Events until the last item has ended: the counts as they grow, then the end."""
    caller = caller_of(request)
    batch_id = ids.parse("bat", batch_id)
    await _look(request, caller, batch_id)

    async def snapshot() -> tuple[bytes, float, bool]:
        found = await _look(request, caller, batch_id)
        done = (found.completed + found.failed + found.canceled) / found.total
        return msgspec.json.encode(found), done, found.ended

    return stream(request, caller, batch_id, snapshot)


@post(
    "/batches/{batch_id:str}/cancel",
    guards=[needs("images:write")],
    opt={"answers": [200, 202], "headers": ["Prefer"], "errors": [Conflict]},
)
async def cancel_batch(request: AnyRequest, batch_id: FromPath[str]) -> Answer[Batch]:
    """Cancel what has not started: 200 where nothing runs, 202 where items go on to their end."""
    caller = caller_of(request)

    async def act(tx: Transaction) -> Answer[Batch]:
        batch = await operations.cancel(tx, caller, batch_id)
        return Answer(batch, status=200 if batch.ended else 202)

    seconds = wait_seconds(request)
    answer = await write(request, caller, None, act)
    with contextlib.suppress(Unavailable):
        # Other work of the organization may have waited for the places of what was canceled.
        await release(parts(request).database, caller.organization_id)
        if seconds and answer.status_code == 202:  # noqa: PLR2004
            found = await _wait(request, caller, ids.parse("bat", batch_id), seconds)
            answer.content = found
            answer.status_code = 200 if found.ended else 202
    return answer


async def _read(request: AnyRequest) -> tuple[BulkTerms, list[Entry]]:
    """The request in one of its three forms; what takes tenths of a second is done in a thread."""
    most = max(BYTES_MAX, parts(request).settings.server.body_bytes_max)
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent == "multipart/form-data":
        query_of(request.scope["query_string"], _Nothing)
        upload, terms = await read_form(request, BulkTerms, file_bytes_max=most)
        return terms, await asyncio.to_thread(reading.from_lines, upload.data, terms)
    if "content-encoding" in request.headers:
        raise UnsupportedMediaType("Send the body not compressed.")
    if sent in _JSONL:
        terms = read_query(request, BulkTerms)
        data = await read_bytes(request, most)
        return terms, await asyncio.to_thread(reading.from_lines, data, terms)
    if sent != "application/json" and not sent.endswith("+json"):
        raise UnsupportedMediaType(
            "Send the items as application/json, as application/jsonl, or as a form with a file."
        )
    query_of(request.scope["query_string"], _Nothing)
    return await asyncio.to_thread(reading.from_json, await read_bytes(request, most))


def _told(request: AnyRequest, batch: Batch, left: int | None) -> Answer[Batch]:
    mount = "/api/v1" if request.scope["path"].startswith("/api/") else "/v1"
    return Answer(
        batch,
        status=201 if batch.ended else 202,
        headers={"Location": f"{mount}/batches/{batch.id}"},
        credits_used=batch.credits_used if batch.ended else batch.credits_reserved,
        credits_remaining=left,
    )


async def _look(request: AnyRequest, caller: Caller, batch_id: str) -> Batch:
    async with parts(request).database.reading() as tx:
        return await batches.get(tx, caller, batch_id)


async def _wait(request: AnyRequest, caller: Caller, batch_id: str, seconds: int) -> Batch:
    """The batch at its end, or as it is when the time is over or too many wait already."""
    return await wait_in_place(
        request, caller.organization_id, batch_id, seconds,
        lambda: _look(request, caller, batch_id), lambda found: found.ended,
    )  # fmt: skip


def _page(found: Sequence[T], total: int, asked: Paging, name: Callable[[T], str]) -> Page[T]:
    """Of what was fetched with `limit + 1`."""
    shown = list(found[: asked.limit])
    more = len(found) > asked.limit
    return Page(shown, total, more, name(shown[-1]) if more else None, asked.limit, asked.offset)


async def _pages(
    request: AnyRequest, caller: Caller, batch_id: str, only: StatusWord | None
) -> AsyncIterator[Sequence[BatchResult]]:
    """All results, some at a time; no connection is held while the client takes them."""
    status = STATUS_WORDS[only] if only else None
    own_links = links(request, caller)
    after: str | None = None
    while True:
        async with parts(request).database.reading() as tx:
            found = await operations.results(
                tx, caller, own_links, batch_id, status=status, after=after, limit=_ROWS_AT_ONCE
            )
        if found:
            yield found
        if len(found) < _ROWS_AT_ONCE:
            return
        after = found[-1].generation_id


ROUTES = [
    create_batch, list_batches, get_batch, list_batch_results, stream_batch, cancel_batch,
]  # fmt: skip
