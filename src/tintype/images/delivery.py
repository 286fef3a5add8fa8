"""GET /media/images/{id}.{ext}: the master or a derived size, from memory, storage or pixels.

A derived size is made once: simultaneous requests share one rendering in this process, the result
goes into storage under a name made of everything that shaped it, and into memory. Without
parameters the stored master is answered.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from tintype.api.bodies import query_of
from tintype.api.hot import HotAnswer
from tintype.api.parts import Parts
from tintype.core import ids
from tintype.core.errors import NotFound, Unavailable
from tintype.db.pool import Row
from tintype.images import queries
from tintype.images.links import check_signature
from tintype.media.variants import FORMATS_BY_EXTENSION, check, negotiate, parse_variant, render
from tintype.media.vips import MEDIA_TYPES, Format
from tintype.storage import MissingObject

# Renderings wait for a few threads: beyond this, a queue would only hold connections.
_MAKERS_MAX: Final = 128
_MEMORY_SECONDS: Final = 3600.0
# What a private answer says about its age holds to this much when it comes from memory.
_PRIVATE_MEMORY_SECONDS: Final = 60.0
_PRIVATE_CACHE_SECONDS: Final = 3600
_MISSING: Final = "The bytes of this image are missing; `tintype doctor` tells more."
SAFE_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"accept-ranges", b"bytes"),
)


class MediaQuery(msgspec.Struct):
    """Raw texts: `parse_variant` judges them, so that `010` and `1e3` are refused."""

    w: str | None = None
    h: str | None = None
    fit: str | None = None
    dpr: str | None = None
    q: str | None = None
    exp: str | None = None
    sig: str | None = None


class SingleFlight:
    """Lets simultaneous askers of one thing wait for one maker.

    What was made is also given to those who ask while its maker holds it, because it is not yet
    where the next maker would find it.
    """

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Task[bytes]] = {}
        self._held: set[str] = set()

    async def do(self, key: str, make: Callable[[], Awaitable[bytes]]) -> bytes:
        """Raises Unavailable where too many different things are being made already."""
        task = self._running.get(key)
        if task is None:
            if len(self._running) >= _MAKERS_MAX:
                raise Unavailable("Too many pictures are being resized just now; ask again.")
            task = asyncio.ensure_future(make())
            self._running[key] = task
            task.add_done_callback(lambda done: self._ended(key, done))
        # Shielded: one asker that hangs up must not stop the others' picture.
        return await asyncio.shield(task)

    def hold(self, key: str) -> None:
        """Called by a maker at its end; `release` must follow."""
        self._held.add(key)

    def release(self, key: str) -> None:
        self._held.discard(key)
        self._running.pop(key, None)

    def _ended(self, key: str, task: asyncio.Task[bytes]) -> None:
        if key not in self._held and self._running.get(key) is task:
            del self._running[key]


async def answer(
    parts: Parts, flight: SingleFlight, name: str, query_string: bytes, accept: str
) -> HotAnswer:
    """Everything about one request for an image's bytes; raises what its name, size or sig earn."""
    image_id, extension = _parse_name(name)
    query = query_of(query_string, MediaQuery)
    async with parts.database.reading() as connection:
        row = await queries.deliverable(connection, image_id)
    if row is None:
        raise NotFound(f"There is no image {image_id}.")
    memory_seconds, cache_control = admitted(row, query.exp, query.sig)
    good_until = time.monotonic() + memory_seconds
    kind = chosen_format(row, extension, accept)
    body, etag = await picture(parts, flight, row, query, kind)
    return hot_answer(
        "media", body, kind, etag,
        cache_control=cache_control,
        vary=extension == "auto",
        depends_on=frozenset({image_id, row["organization_id"], row["generation_id"] or image_id}),
        good_until=good_until,
    )  # fmt: skip


def admitted(row: Row, exp: str | None, sig: str | None, what: str = "image") -> tuple[float, str]:
    """For how many seconds an answer may stay in memory, and what it says of its age.

    `row` has `id`, `private_media` and `signing_secret`. Raises Forbidden for private media
    without a signature that fits.
    """
    if not row["private_media"]:
        return _MEMORY_SECONDS, "public, max-age=31536000, immutable"
    left = check_signature(row["signing_secret"], row["id"], exp, sig, what) - time.time()
    seconds = max(0, min(_PRIVATE_CACHE_SECONDS, int(left)))
    return min(_PRIVATE_MEMORY_SECONDS, left), f"private, max-age={seconds}"


def hot_answer(
    route: str,
    body: bytes,
    kind: Format,
    etag: str,
    *,
    cache_control: str,
    vary: bool,
    depends_on: frozenset[str],
    good_until: float,
    more: tuple[tuple[bytes, bytes], ...] = (),
) -> HotAnswer:
    headers = (
        (b"content-type", MEDIA_TYPES[kind].encode()),
        (b"etag", etag.encode()),
        (b"cache-control", cache_control.encode()),
        *(((b"vary", b"Accept"),) if vary else ()),
        *SAFE_HEADERS,
        *more,
    )
    return HotAnswer(route, body, headers, etag, depends_on, good_until)


async def picture(
    parts: Parts, flight: SingleFlight, row: Row, query: MediaQuery, kind: Format
) -> tuple[bytes, str]:
    """The bytes and their ETag, for a row of `deliverable`."""
    shaping = (query.w, query.h, query.fit, query.dpr, query.q)
    if all(text is None for text in shaping) and kind == row["format"]:
        return await _stored(parts, row["object_key"]), f'"{row["sha256"][:32]}"'
    variant = parse_variant(
        w=query.w, h=query.h, fit=query.fit, dpr=query.dpr, q=query.q, format=kind
    )
    check(variant, row["width"], row["height"])
    focal_point = None if row["focal_x"] is None else (row["focal_x"], row["focal_y"])
    focal = "" if focal_point is None else f"f{focal_point[0]:.4f}_{focal_point[1]:.4f}-"
    name = f"{focal}{variant.key()}"
    key = f"derived/{row['id']}/{name}"

    async def make() -> bytes:
        try:
            return await parts.storage.get(key)
        except MissingObject:
            source = parts.storage.local_path(row["object_key"]) or await _stored(
                parts, row["object_key"]
            )
        loop = asyncio.get_running_loop()
        try:
            body = await loop.run_in_executor(parts.pixels, render, source, variant, focal_point)
        except FileNotFoundError as fault:
            raise NotFound(_MISSING) from fault
        flight.hold(key)
        parts.background.start(store(body))
        return body

    async def store(body: bytes) -> None:
        try:
            await parts.storage.put(key, body)
        finally:
            flight.release(key)

    etag = f'"{row["sha256"][:16]}-{name}"'
    return await flight.do(key, make), etag


async def _stored(parts: Parts, key: str) -> bytes:
    try:
        return await parts.storage.get(key)
    except MissingObject as fault:
        raise NotFound(_MISSING) from fault


def _parse_name(name: str) -> tuple[str, str]:
    stem, _, extension = name.rpartition(".")
    if extension not in FORMATS_BY_EXTENSION and extension != "auto":
        raise NotFound("There is nothing at this path.")
    return ids.parse("img", stem), extension


def chosen_format(row: Row, extension: str, accept: str) -> Format:
    """The format that a name's ending asks for; `auto` goes by the Accept header."""
    if extension != "auto":
        return FORMATS_BY_EXTENSION[extension]
    return negotiate(accept, has_alpha=row["has_alpha"])
