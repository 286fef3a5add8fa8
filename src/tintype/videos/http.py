"""Films and posters under /media: whole or in ranges, read from storage as they are sent."""

from collections.abc import AsyncIterator
from typing import Final, NamedTuple, cast

import msgspec
from litestar import asgi
from litestar.types import HTTPScope, Receive, Scope, Send

from tintype.api.bodies import query_of
from tintype.api.hot import Asking, Header, asked
from tintype.api.parts import Parts
from tintype.api.preconditions import etag_matches
from tintype.api.ranges import Part, Unsatisfiable, wanted
from tintype.core import ids
from tintype.core.errors import Forbidden, MethodNotAllowed, NotFound
from tintype.images.delivery import SAFE_HEADERS, admitted
from tintype.storage import MissingObject
from tintype.videos import operations

_MEDIA: Final = "/media/videos"
_MEDIA_TYPES: Final = {"mp4": b"video/mp4", "jpg": b"image/jpeg"}


class VideoQuery(msgspec.Struct):
    """The signature that private videos need."""

    exp: str | None = None
    sig: str | None = None


class _Found(NamedTuple):
    """An object to be sent, and what is said of it."""

    key: str
    size: int
    etag: str
    headers: tuple[Header, ...]


# Mounted, because the framework finds no raw handler by a path with parameters.
@asgi(
    _MEDIA,
    is_mount=True,
    copy_scope=True,
    opt={
        "raw": True,
        "path": _MEDIA + "/{name:str}",
        "query": VideoQuery,
        "media_type": "video/mp4",
        "headers": ["If-None-Match", "Range"],
        "errors": [Forbidden, NotFound],
        "answers": [200, 206, 304, 416],
    },
)
async def deliver_video(scope: Scope, receive: Receive, send: Send) -> None:
    """A film's bytes (`.mp4`), or its poster's (`.jpg`)."""
    del receive
    http = cast("HTTPScope", scope)
    parts: Parts = http["litestar_app"].state.parts
    method = http["method"]
    if method not in {"GET", "HEAD"}:
        raise MethodNotAllowed("This path takes GET.", headers={"Allow": "GET, HEAD"})
    name = http["path"].strip("/")
    found = await _find(parts, name, http["query_string"])
    await _send(parts, found, asked(http, f"{_MEDIA}/{name}"), send, method)


async def _find(parts: Parts, name: str, query_string: bytes) -> _Found:
    stem, _, extension = name.rpartition(".")
    if extension not in _MEDIA_TYPES:
        raise NotFound("There is nothing at this path.")
    query = query_of(query_string, VideoQuery)
    async with parts.database.reading() as connection:
        row = await operations.deliverable(connection, ids.parse("vid", stem))
    if row is None:
        raise NotFound(f"There is no video {stem[:80]}.")
    _, cache_control = admitted(row, query.exp, query.sig, "video")
    film = extension == "mp4"
    key = row["object_key"] if film else row["poster_key"]
    try:
        size = row["bytes"] if film else await parts.storage.size(key)
    except MissingObject as fault:
        raise _missing() from fault
    # A poster's key is made of its own hash.
    digest = row["sha256"] if film else key.rpartition("/")[2].partition(".")[0]
    etag = f'"{digest[:32]}"'
    headers = (
        (b"content-type", _MEDIA_TYPES[extension]),
        (b"etag", etag.encode()),
        (b"cache-control", cache_control.encode()),
        *SAFE_HEADERS,
    )
    return _Found(key, size, etag, headers)


async def _send(parts: Parts, found: _Found, asking: Asking, send: Send, method: str) -> None:
    """Whole, as 304, or as one range; the object is open before the answer's head is sent."""
    status, headers, part = _judged(found, asking, method)
    body: AsyncIterator[bytes] | None = None
    if part is not None and method == "GET":
        try:
            body = await parts.storage.part(found.key, part.start, part.end)
        except MissingObject as fault:
            raise _missing() from fault
    await send({"type": "http.response.start", "status": status, "headers": headers})
    if body is not None:
        async for piece in body:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _judged(found: _Found, asking: Asking, method: str) -> tuple[int, list[Header], Part | None]:
    """Status, headers, and the bytes to be sent (RFC 9110 §13 and §14)."""
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


def _missing() -> NotFound:
    return NotFound("The bytes of this video are missing; `tintype doctor` tells more.")


MEDIA_ROUTES = [deliver_video]
