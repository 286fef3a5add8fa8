"""GET …/{id}/events: one object's part of the log, as a live stream."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import msgspec
from litestar.response import Stream

from tintype.api.parts import AnyRequest, Parts, parts
from tintype.core.caller import Caller
from tintype.core.errors import NotFound, Unavailable
from tintype.events import operations
from tintype.events.models import Event

_LOOK_SECONDS: Final = 2.0
_COMMENT_SECONDS: Final = 15.0
_AWAY_SECONDS: Final = 0.5


def stream(
    request: AnyRequest,
    caller: Caller,
    subject_id: str,
    snapshot: Callable[[], Awaitable[tuple[bytes, float, bool]]],
) -> Stream:
    """Server-Sent Events of one object until it ends (WHATWG HTML §9.2).

    `snapshot` gives the object as JSON, its progress and whether it has ended. Each event of the
    log carries its id, so `Last-Event-ID` resumes after it; progress has none. Raises RateLimited
    where too many streams are open.
    """
    parts(request).places.require_room(caller.organization_id)
    return Stream(
        _frames(parts(request), caller.organization_id, subject_id,
                request.headers.get("last-event-id"), snapshot),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )  # fmt: skip


async def _frames(
    made: Parts,
    organization_id: str,
    subject_id: str,
    after: str | None,
    snapshot: Callable[[], Awaitable[tuple[bytes, float, bool]]],
) -> AsyncIterator[bytes]:
    yield b"retry: 2000\n\n"
    with made.places.held(organization_id):
        async for frame in _until_ended(made, organization_id, subject_id, after, snapshot):
            yield frame


async def _until_ended(
    made: Parts,
    organization_id: str,
    subject_id: str,
    after: str | None,
    snapshot: Callable[[], Awaitable[tuple[bytes, float, bool]]],
) -> AsyncIterator[bytes]:
    told = -1.0
    quiet = 0.0
    async with made.signals.subscribe(subject_id) as changed:
        while not made.signals.closing.is_set():
            changed.clear()
            try:
                # The snapshot comes first: what it shows to have ended has its events in the log.
                body, progress, ended = await _seen(snapshot)
                async with made.database.reading() as tx:
                    found = await operations.of_subject(tx, organization_id, subject_id, after)
            except Unavailable:
                # The database is away for the moment: nothing is lost, the log is read again.
                await asyncio.sleep(_AWAY_SECONDS)
                continue
            for event in found:
                after = event.id
                yield _frame(event)
            if ended:
                return
            if progress > told:
                told, quiet = progress, 0.0
                yield b"event: progress\ndata: " + body + b"\n\n"
            elif quiet >= _COMMENT_SECONDS:
                quiet = 0.0
                yield b": still here\n\n"
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await changed.wait()
            except TimeoutError:
                quiet += _LOOK_SECONDS


async def _seen(
    snapshot: Callable[[], Awaitable[tuple[bytes, float, bool]]],
) -> tuple[bytes, float, bool]:
    """The snapshot; an object that was deleted while it was watched has ended."""
    try:
        return await snapshot()
    except NotFound:
        return b"", 0.0, True


def _frame(event: Event) -> bytes:
    lines = f"id: {event.id}\nevent: {event.type}\ndata: ".encode()
    return lines + msgspec.json.encode(event) + b"\n\n"
