"""The one door to stored bytes: a local folder or a bucket (S3, GCS, Azure) behind one interface.

Bytes come before rows: when `put` returns, the object survives a power cut, so a row that names
it may be committed. In a folder that takes the four steps of `durable.py`, of which obstore's local
store does only two (it never fsyncs). In a bucket the service's answer is the promise.

`put_stream` is for what is too large for memory. Its bucket takes parts, and a process that is
killed in between leaves them there unseen: docs/storage.md names the rule that removes them.
"""

import asyncio
import errno
import functools
import re
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, TypeVar
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError as BucketError
from obstore.store import LocalStore, ObjectStore, from_url

from tintype import durable
from tintype.core.errors import Unavailable

KEY_CHARACTERS_MAX = 512
PROBE_SECONDS_MAX = 2.0
REUSE_SECONDS_MAX = 600.0  # Younger objects in a bucket are no sweeper's prey, see `put_once`.

# Parts of a bucket's object, of which it takes 10,000; two lie in memory at a time.
_PART_BYTES = 8 * 2**20
_PARTS_AT_ONCE = 2
_PIECE_BYTES = 256 * 1024
_SEGMENT = r"[A-Za-z0-9_][A-Za-z0-9._=-]{0,199}"
_KEY = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*")
_BUCKET_SCHEMES = ("s3", "gs", "az")
_FULL = (errno.ENOSPC, errno.EDQUOT)

_T = TypeVar("_T")


class MissingObject(Exception):
    """No object lies under this key. Callers decide what that means to a client."""

    def __init__(self, key: str) -> None:
        super().__init__(f"no stored object {key!r}")
        self.key = key


class StoredObject(NamedTuple):
    key: str
    size_bytes: int
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class Storage:
    """An open store. `root` is its folder, or None for a bucket; `url` holds no credentials.

    Keys are made by our own code: ASCII segments of letters, digits and `._=-`, joined by `/`.
    Any other key is a programming fault and raises `ValueError` before anything is touched.
    Every method raises `Unavailable` when the storage is full, away or refuses us.
    """

    url: str
    root: Path | None
    store: ObjectStore

    async def put(self, key: str, data: bytes) -> None:
        """Stores `data` under `key`, replacing what lies there; durable when it returns.

        Readers see the old object or the new one, never a part of it.
        """
        path = self.local_path(key)
        if path is not None and self.root is not None:
            await _guarded(asyncio.to_thread(durable.write, self.root, path, data))
        else:
            # One request, not parts: a killed process leaves no invisible parts to pay for.
            await _guarded(obstore.put_async(self.store, key, data, use_multipart=False))

    async def put_once(self, key: str, data: bytes) -> bool:
        """Like `put` for keys derived from the content: writes only what isn't there yet.

        True means that it wrote. An object of the same size is taken for the same bytes, made
        durable (its writer may have died before that) and made young again, so that a sweeper of
        old orphans doesn't take it before its row is there. A bucket can't make an object young,
        so one older than `REUSE_SECONDS_MAX` is written again.
        """
        path = self.local_path(key)
        if path is not None and self.root is not None:
            return await _guarded(asyncio.to_thread(durable.write_once, self.root, path, data))
        kept = await self._is_young(key, len(data))
        if not kept:
            await self.put(key, data)
        return not kept

    async def put_stream(self, key: str, pieces: AsyncIterator[bytes]) -> None:
        """Like `put` for what comes in pieces, few of which are in memory at a time.

        What `pieces` raises is raised here, and nothing lies under `key` then.
        """
        path = self.local_path(key)
        if path is not None and self.root is not None:
            await _write_pieces(self.root, path, pieces)
            return
        broken: list[Exception] = []

        async def watched() -> AsyncIterator[bytes]:
            try:
                async for piece in pieces:
                    yield piece
            except Exception as fault:
                broken.append(fault)
                raise

        try:
            await _guarded(
                obstore.put_async(
                    self.store, key, watched(), use_multipart=True,
                    chunk_size=_PART_BYTES, max_concurrency=_PARTS_AT_ONCE,
                )
            )  # fmt: skip
        finally:
            if broken:  # The bucket's client tells it in words of its own.
                raise broken[0]

    async def _is_young(self, key: str, size_bytes: int) -> bool:
        try:
            found = await self.stat(key)
        except MissingObject:
            return False
        age = datetime.now(UTC) - found.modified_at
        return found.size_bytes == size_bytes and age < timedelta(seconds=REUSE_SECONDS_MAX)

    async def get(self, key: str) -> bytes:
        """The whole object; raises `MissingObject`."""
        _checked(key)
        return await _guarded(_read(self.store, key), key)

    async def part(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Bytes `start` up to `end` of an object, to be read piece by piece as they are needed.

        It is open when this returns; raises `MissingObject`.
        """
        options: obstore.GetOptions = {"range": (start, end)}
        found = await _guarded(obstore.get_async(self.store, _checked(key), options=options), key)
        return _pieces(found.stream(min_chunk_size=_PIECE_BYTES))

    async def stat(self, key: str) -> StoredObject:
        """Size in bytes and time of the last write; raises `MissingObject`."""
        meta = await _guarded(obstore.head_async(self.store, _checked(key)), key)
        return StoredObject(key, meta["size"], meta["last_modified"])

    async def size(self, key: str) -> int:
        """Size in bytes; raises `MissingObject`."""
        return (await self.stat(key)).size_bytes

    async def exists(self, key: str) -> bool:
        try:
            await self.stat(key)
        except MissingObject:
            return False
        return True

    async def delete(self, keys: Iterable[str]) -> None:
        """Removes these objects; a key without one is no fault. Not fsynced: a sweep repeats it."""
        paths = [_checked(key) for key in keys]
        if not paths:
            return
        try:
            await _guarded(obstore.delete_async(self.store, paths), "")
        except MissingObject:
            # Some stores stop at the first missing key of a batch; then each goes by itself.
            for path in paths:
                with suppress(MissingObject):
                    await _guarded(obstore.delete_async(self.store, path), path)

    async def list(self, prefix: str = "") -> AsyncIterator[StoredObject]:
        """Every object under `prefix`, which ends at a `/`: `a/b` finds `a/b/c`, not `a/bc`."""
        pages = obstore.list(self.store, _checked(prefix) if prefix else None, chunk_size=1000)
        while page := await _guarded(_next_page(pages)):
            for meta in page:
                yield StoredObject(meta["path"], meta["size"], meta["last_modified"])

    def local_path(self, key: str) -> Path | None:
        """Where the object lies, if it lies in a folder: a decoder reads it without a copy."""
        _checked(key)
        return None if self.root is None else self.root / key

    async def sweep_partial(self, older_than_seconds: float) -> int:
        """Removes half-written files that a killed process left; the number removed.

        A bucket shows none: there a write is one request.
        """
        if self.root is None:
            return 0
        return await _guarded(
            asyncio.to_thread(durable.sweep_partial, self.root, older_than_seconds)
        )

    async def probe(self) -> None:
        """Readiness: raises `Unavailable` unless the storage answers within two seconds."""
        try:
            async with asyncio.timeout(PROBE_SECONDS_MAX):
                if self.root is not None:
                    await _guarded(asyncio.to_thread(durable.check_folder, self.root))
                else:
                    # Listing, as a missing object can't be told from a missing bucket.
                    pages = obstore.list(self.store, "probe", chunk_size=1)
                    await _guarded(_next_page(pages))
        except TimeoutError as slow:
            raise Unavailable("The storage doesn't answer just now.") from slow

    def describe(self) -> str:
        """What and where, for logs and `doctor`; never a credential."""
        return f"bucket {self.url}" if self.root is None else f"folder {self.root}"


def open_storage(url: str, *, retries_max: int = 4, request_seconds_max: float = 60.0) -> Storage:
    """Opens `file:///folder` (made if missing), `s3://bucket/prefix`, `gs://…` or `az://…`.

    Credentials, region and endpoint of a bucket come from the environment, as its own tools read
    them (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`, `GOOGLE_APPLICATION_CREDENTIALS`, …). A request
    that fails by the network or the service is tried `retries_max` times more. Nothing is asked
    of a bucket yet: `probe` does that. Raises `ValueError`, which says what is wrong with `url`.
    """
    parts = urlsplit(url)
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(f"storage.url takes no user, query or fragment: {parts.scheme}://…")
    if parts.scheme == "file":
        return _open_folder(parts.netloc, unquote(parts.path))
    if parts.scheme not in _BUCKET_SCHEMES:
        known = ", ".join(f"{scheme}://" for scheme in ("file", *_BUCKET_SCHEMES))
        raise ValueError(f"storage.url must start with one of {known}; it is {url!r}")
    if not parts.netloc:
        raise ValueError(f"storage.url names no bucket: {url!r}")
    prefix = parts.path.strip("/")
    if prefix and not _KEY.fullmatch(prefix):
        raise ValueError(f"storage.url: a prefix is made of A-Z a-z 0-9 . _ = - and /: {url!r}")
    try:
        store = from_url(
            url.rstrip("/"),
            client_options={
                "allow_http": True,  # The endpoint that the operator names decides the scheme.
                "connect_timeout": timedelta(seconds=5),
                "timeout": timedelta(seconds=request_seconds_max),
            },
            retry_config={
                "max_retries": retries_max,
                "retry_timeout": timedelta(seconds=request_seconds_max),
                "backoff": {
                    "init_backoff": timedelta(milliseconds=100),
                    "max_backoff": timedelta(seconds=2),
                    "base": 2,
                },
            },
        )
    except (BucketError, ValueError) as fault:
        raise ValueError(
            f"storage.url {url!r} can't be opened: {str(fault).partition(chr(10))[0]}"
        ) from fault
    return Storage(url.rstrip("/"), None, store)


def _open_folder(host: str, path: str) -> Storage:
    root = Path(path)
    if host not in {"", "localhost"} or not root.is_absolute() or root == Path("/"):
        raise ValueError("storage.url needs an absolute folder: file:///srv/tintype/media")
    try:
        root.mkdir(parents=True, exist_ok=True)
        root = root.resolve()
        durable.fsync_folder(root.parent)
    except OSError as fault:
        raise ValueError(
            f"storage.url: the folder {root} can't be used: {fault.strerror}"
        ) from fault
    return Storage(root.as_uri(), root, LocalStore(root))


def _checked(key: str) -> str:
    if len(key) > KEY_CHARACTERS_MAX or not _KEY.fullmatch(key):
        raise ValueError(f"not a storage key: {key!r}")
    return key


async def _guarded(work: Awaitable[_T], key: str | None = None) -> _T:
    """Awaits `work`; turns its faults into `MissingObject(key)` or `Unavailable`."""
    try:
        return await work
    except FileNotFoundError as missing:
        if key is None:
            raise Unavailable("The storage can't be reached just now.") from missing
        raise MissingObject(key) from missing
    except (BucketError, OSError) as fault:
        if getattr(fault, "errno", None) in _FULL:
            raise Unavailable("The storage is full; nothing was stored.") from fault
        raise Unavailable("The storage can't be reached just now.") from fault


async def _read(store: ObjectStore, key: str) -> bytes:
    found = await obstore.get_async(store, key)
    return bytes(await found.bytes_async())


async def _pieces(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    while piece := await _guarded(_next_piece(stream)):
        yield piece


async def _next_piece(stream: AsyncIterator[bytes]) -> bytes:
    try:
        return bytes(await anext(stream))
    except StopAsyncIteration:
        return b""


async def _next_page(pages: AsyncIterator[Sequence[_T]]) -> Sequence[_T]:
    try:
        return await anext(pages)
    except StopAsyncIteration:
        return ()


async def _write_pieces(root: Path, target: Path, pieces: AsyncIterator[bytes]) -> None:
    partial = durable.beside(target)
    file = await _guarded(durable.to_its_end(lambda: durable.opened(partial)))
    try:
        async for piece in pieces:
            await _guarded(durable.to_its_end(functools.partial(durable.write_all, file, piece)))
        await _guarded(durable.to_its_end(lambda: durable.settle(root, file, partial, target)))
    except BaseException:
        file.close()
        with suppress(OSError):
            partial.unlink()
        raise
