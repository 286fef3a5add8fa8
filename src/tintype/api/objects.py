"""Answers of raw bytes from routes with parameters: from memory, or from storage as it is read."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NamedTuple

from litestar import Litestar, Response
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from tintype.api.hot import Asking, Header, HotAnswer, asked, send_answer
from tintype.api.parts import AnyRequest
from tintype.api.preconditions import etag_matches
from tintype.api.ranges import Part, Unsatisfiable, wanted
from tintype.core.errors import NotFound
from tintype.storage import MissingObject, Storage


class StoredBytes(NamedTuple):
    """An object of the storage, and what is said of it; the ETag stands among the headers too."""

    key: str
    size: int
    etag: str
    headers: tuple[Header, ...]


class Raw(Response[None]):
    """Bytes without an envelope: whole, as 304, or as one range (RFC 9110 §13 and §14)."""

    def __init__(self, give: Callable[[Send], Awaitable[None]]) -> None:
        super().__init__(None)
        self._give = give

    def to_asgi_response(self, app: Litestar | None, request: AnyRequest, **_: Any) -> ASGIResponse:
        del app, request
        return _Given(self._give)


class _Given(ASGIResponse):
    def __init__(self, give: Callable[[Send], Awaitable[None]]) -> None:
        super().__init__()
        self._give = give

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await self._give(send)


def from_memory(request: AnyRequest, answer: HotAnswer) -> Raw:
    asking, method = asked(request.scope), request.method

    async def give(send: Send) -> None:
        await send_answer(answer, asking, send, method=method)

    return Raw(give)


async def from_storage(request: AnyRequest, storage: Storage, found: StoredBytes) -> Raw:
    return Raw(await opened(storage, found, asked(request.scope), request.method))


async def opened(
    storage: Storage, found: StoredBytes, asking: Asking, method: str
) -> Callable[[Send], Awaitable[None]]:
    """What sends the answer; the object is open by then. Raises NotFound where it is gone."""
    status, headers, part = _judged(found, asking, method)
    body: AsyncIterator[bytes] | None = None
    if part is not None and method == "GET":
        try:
            body = await storage.part(found.key, part.start, part.end)
        except MissingObject as fault:
            raise NotFound("The bytes are missing; `tintype doctor` tells more.") from fault

    async def give(send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if body is not None:
            async for piece in body:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return give


def _judged(
    found: StoredBytes, asking: Asking, method: str
) -> tuple[int, list[Header], Part | None]:
    """Status, headers, and the bytes to be sent."""
    if asking.none_match and etag_matches(asking.none_match.decode("latin-1"), found.etag):
        return 304, [*found.headers], None
    part = None
    if method == "GET":
        try:
            part = wanted(asking.byte_range, asking.if_range, found.etag, found.size)
        except Unsatisfiable:
            unsatisfied = (b"content-range", b"bytes */%d" % found.size)
            return 416, [*found.headers, unsatisfied, (b"content-length", b"0")], None
    if part is None:
        length = (b"content-length", b"%d" % found.size)
        return 200, [*found.headers, length], Part(0, found.size)
    length = (b"content-length", b"%d" % (part.end - part.start))
    told = (b"content-range", part.content_range(found.size))
    return 206, [*found.headers, told, length], part
