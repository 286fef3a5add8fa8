"""The bytes of a published page: its HTML, its manifest, its card, and media that open only there.

All of it is looked at anew each time, and most of it answered with 304: what is unpublished is
gone at once, for whoever asks.
"""

import asyncio
import gzip
import hashlib
import re
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from tintype.api.hot import Header, HotAnswer
from tintype.api.objects import StoredBytes
from tintype.api.parts import Parts
from tintype.api.preconditions import etag_matches
from tintype.core import ids
from tintype.core.errors import NotFound
from tintype.images import operations as images
from tintype.images.delivery import (
    SAFE_HEADERS,
    MediaQuery,
    SingleFlight,
    chosen_format,
    hot_answer,
    picture,
)
from tintype.media.share_card import share_card
from tintype.media.variants import FORMATS_BY_EXTENSION
from tintype.publishing import operations
from tintype.publishing.manifest import manifest
from tintype.publishing.models import Published
from tintype.publishing.page import counts, render, render_missing, version
from tintype.storage import MissingObject
from tintype.videos import operations as videos

_ROUTE: Final = "published"
_ANEW: Final = "public, no-cache"
_FILMS: Final = {"mp4": b"video/mp4", "jpg": b"image/jpeg"}
_GZIP: Final = 5
_REFUSED: Final = re.compile(r"q=0(?:\.0{0,3})?\s*$")
_NOTHING: Final = "There is nothing at this path."


class Reader(NamedTuple):
    """What a reader says of itself: the tags of what it has, and the codings that it takes."""

    none_match: str
    accept_encoding: str

    def has(self, etag: str) -> bool:
        return bool(self.none_match) and etag_matches(self.none_match, etag)

    @property
    def takes_gzip(self) -> bool:
        return any(
            coding.strip().lower() == "gzip" and not _REFUSED.search(weight)
            for coding, _, weight in (
                part.partition(";") for part in self.accept_encoding.split(",")
            )
        )


async def shown(parts: Parts, slug: str, revision: int | None = None) -> Published:
    """What an address shows now, or that one of its revisions. Raises NotFound."""
    async with parts.database.reading() as tx:
        return await operations.published(tx, parts.settings.public_url, slug, revision)


async def page(parts: Parts, slug: str, reader: Reader) -> HotAnswer:
    """The HTML of a project's page; none of it for who has it already."""
    found = await shown(parts, slug)
    etag = _tag(found, reader)
    made = None if reader.has(etag) else render(parts.settings.public_url, found)
    more: tuple[Header, ...] = ((b"referrer-policy", b"strict-origin-when-cross-origin"),)
    if made is not None:
        more = ((b"content-security-policy", made.policy.encode()), *more)
    body = b"" if made is None else made.body
    return _text(body, "text/html; charset=utf-8", etag, reader, found, more)


async def page_manifest(parts: Parts, slug: str, reader: Reader) -> HotAnswer:
    """The manifest as JSON; any site's script may read it."""
    found = await shown(parts, slug)
    etag, body = _tag(found, reader), b""
    if not reader.has(etag):
        body = msgspec.json.encode(manifest(parts.settings.public_url, found))
    more = ((b"access-control-allow-origin", b"*"),)
    return _text(body, "application/json", etag, reader, found, more)


def missing() -> tuple[bytes, list[Header]]:
    """Body and headers of the 404 that a browser is shown."""
    made = render_missing()
    return made.body, [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", b"%d" % len(made.body)),
        (b"content-security-policy", made.policy.encode()),
        (b"cache-control", b"no-cache"),
        (b"x-content-type-options", b"nosniff"),
        (b"x-robots-tag", b"noindex"),
    ]


async def image(
    parts: Parts,
    flight: SingleFlight,
    slug: str,
    revision: int,
    name: str,
    query: MediaQuery,
    accept: str,
) -> HotAnswer:
    """A page's picture in any size, as `/media/images` gives it."""
    stem, _, extension = name.rpartition(".")
    if extension not in FORMATS_BY_EXTENSION and extension != "auto":
        raise NotFound(_NOTHING)
    image_id = ids.parse("img", stem)
    async with parts.database.reading() as tx:
        await operations.require_loadable(tx, slug, revision, image_id)
        row = await images.deliverable(tx, image_id)
    if row is None:
        raise NotFound(_NOTHING)
    kind = chosen_format(row, extension, accept)
    body, etag = await picture(parts, flight, row, query, kind)
    return hot_answer(
        _ROUTE, body, kind, etag,
        cache_control=_ANEW, vary=extension == "auto", depends_on=frozenset(), good_until=0,
    )  # fmt: skip


async def film(parts: Parts, slug: str, revision: int, name: str) -> StoredBytes:
    """A page's film (`.mp4`), or its poster (`.jpg`)."""
    stem, _, extension = name.rpartition(".")
    if extension not in _FILMS:
        raise NotFound(_NOTHING)
    video_id = ids.parse("vid", stem)
    async with parts.database.reading() as tx:
        await operations.require_loadable(tx, slug, revision, video_id)
        row = await videos.deliverable(tx, video_id)
    if row is None:
        raise NotFound(_NOTHING)
    key = row["object_key"] if extension == "mp4" else row["poster_key"]
    try:
        size = await parts.storage.size(key)
    except MissingObject as fault:
        raise NotFound("The bytes of this video are missing.") from fault
    # Both keys are made of the content's hash.
    etag = f'"{hashlib.sha256(key.encode()).hexdigest()[:32]}"'
    headers = (
        (b"content-type", _FILMS[extension]), (b"etag", etag.encode()),
        (b"cache-control", _ANEW.encode()), *SAFE_HEADERS,
    )  # fmt: skip
    return StoredBytes(key, size, etag, headers)


async def card(parts: Parts, flight: SingleFlight, slug: str, revision: int) -> HotAnswer:
    """The JPEG that stands for a page where its address is shared; made once a revision."""
    found = await shown(parts, slug, revision)
    snapshot, brand = found.snapshot, found.snapshot.brand
    line = " · ".join(it for it in (counts(snapshot), brand.name) if it)
    cover, key, focal = await _cover(parts, found)
    said = [snapshot.name, line, brand.accent, key, focal]
    digest = hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:32]
    stored = f"derived/{cover}/card-{digest}.jpg"

    async def make() -> bytes:
        try:
            return await parts.storage.get(stored)
        except MissingObject:
            source = parts.storage.local_path(key) or await _read(parts, key)
        body = await asyncio.get_running_loop().run_in_executor(
            parts.pixels, _card, source, focal, snapshot.name, line, brand.accent
        )
        await parts.storage.put(stored, body)
        return body

    body = await flight.do(stored, make)
    return _answer(body, "image/jpeg", f'"{digest}"', ())


async def _cover(parts: Parts, page: Published) -> tuple[str, str, tuple[float, float] | None]:
    """The medium that a card shows: its id, its object and its focal point. Raises NotFound."""
    async with parts.database.reading() as tx:
        for shown_picture in page.snapshot.pictures[:1]:
            row = await images.deliverable(tx, shown_picture.image.id)
            if row is not None:
                return row["id"], row["object_key"], shown_picture.image.focal_point
        for video in page.snapshot.videos[:1]:
            row = await videos.deliverable(tx, video.id)
            if row is not None:
                return row["id"], row["poster_key"], None
    raise NotFound(_NOTHING)


async def _read(parts: Parts, key: str) -> bytes:
    try:
        return await parts.storage.get(key)
    except MissingObject as fault:
        raise NotFound("The bytes of this picture are missing.") from fault


def _card(source: bytes | Path, focal: Any, title: str, line: str, accent: str | None) -> bytes:
    try:
        return share_card(source, focal, title=title, line=line, accent=accent)
    except FileNotFoundError as fault:
        raise NotFound("The bytes of this picture are missing.") from fault


def _tag(page: Published, reader: Reader) -> str:
    """Of the page as this reader gets it: another one for another coding (RFC 9110 §8.8.3)."""
    coding = "-gz" if reader.takes_gzip else ""
    return f'{page.etag[:-1]}-{version()}{coding}"'


def _text(
    body: bytes,
    kind: str,
    etag: str,
    reader: Reader,
    page: Published,
    more: tuple[Header, ...],
) -> HotAnswer:
    """Compressed for who takes that: a page is a tenth of its length then."""
    headers: tuple[Header, ...] = ((b"vary", b"Accept-Encoding"), *more)
    if page.noindex:
        headers = (*headers, (b"x-robots-tag", b"noindex"))
    if reader.takes_gzip and body:
        body = gzip.compress(body, _GZIP, mtime=0)
        headers = (*headers, (b"content-encoding", b"gzip"))
    return _answer(body, kind, etag, headers)


def _answer(body: bytes, kind: str, etag: str, more: tuple[Header, ...]) -> HotAnswer:
    headers = (
        (b"content-type", kind.encode()), (b"etag", etag.encode()),
        (b"cache-control", _ANEW.encode()), (b"x-content-type-options", b"nosniff"),
        (b"cross-origin-resource-policy", b"cross-origin"), *more,
    )  # fmt: skip
    return HotAnswer(_ROUTE, body, headers, etag, frozenset(), 0)
