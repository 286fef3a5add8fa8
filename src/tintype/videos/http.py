"""Films and posters under /media: whole or in ranges, read from storage as they are sent."""

from typing import Final, cast

import msgspec
from litestar import asgi
from litestar.types import HTTPScope, Receive, Scope, Send

from tintype.api.bodies import query_of
from tintype.api.hot import asked
from tintype.api.objects import StoredBytes, opened
from tintype.api.parts import Parts
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
    give = await opened(parts.storage, found, asked(http, f"{_MEDIA}/{name}"), method)
    await give(send)


async def _find(parts: Parts, name: str, query_string: bytes) -> StoredBytes:
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
    return StoredBytes(key, size, etag, headers)


def _missing() -> NotFound:
    return NotFound("The bytes of this video are missing; `tintype doctor` tells more.")


MEDIA_ROUTES = [deliver_video]
