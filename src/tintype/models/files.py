"""A custom model's bytes as a file beside the worker, for engines that load weights from a path.

Files are named by their content, so what is there under a name was found to be those very bytes.
Runs that use a file hold a lock on it, shared; who makes or removes it holds it alone. The locks
are the kernel's: they end with their process, and hold between the processes of a machine.

A storage in a folder costs no second copy: the file is another name of the stored one, where both
lie on one disk.
"""

import asyncio
import contextlib
import fcntl
import functools
import hashlib
import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO, Final

from tintype.durable import to_its_end, write_all
from tintype.engines.base import EngineFault, Weights
from tintype.models.models import StoredWeights
from tintype.storage import MissingObject, Storage

_POLL_SECONDS: Final = 0.05
_BLOCK_BYTES: Final = 2**20
_SUFFIX: Final = ".safetensors"
_GONE: Final = "model: its file is gone or damaged; register it anew."


@contextlib.asynccontextmanager
async def materialized(
    storage: Storage, folder: Path, stored: StoredWeights, *, bytes_max: int
) -> AsyncIterator[Weights]:
    """The weights as a file that stays while this is open.

    `folder` is the cache: it keeps what was used last, at most `bytes_max` beside what is in use.
    Raises EngineFault where the bytes are gone or aren't those that were registered.
    """
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    path = folder / f"{stored.sha256}{_SUFFIX}"
    while True:
        # Without the lock this is a guess, which decides only about the kind of lock to try for.
        made = await asyncio.to_thread(_is_whole, path, stored.bytes)
        with _lock_of(path).open("a") as lock:
            if _try(lock, fcntl.LOCK_SH if made else fcntl.LOCK_EX) and _is_standing(lock, path):
                if made and await asyncio.to_thread(_is_whole, path, stored.bytes):
                    yield Weights(path, stored.kind, tuple(stored.trigger_words), stored.scale)
                    return
                if not made and not await asyncio.to_thread(_is_whole, path, stored.bytes):
                    await asyncio.to_thread(_make_room, folder, path, bytes_max - stored.bytes)
                    await _make(storage, path, stored)
                continue
        # Somebody makes or removes it. Polled, as waiting in the kernel would take a thread for as
        # long as a download lasts.
        await asyncio.sleep(_POLL_SECONDS)


async def _make(storage: Storage, path: Path, stored: StoredWeights) -> None:
    """Fetch beside its place, compare, move there."""
    beside = path.with_name(f"{path.name}-{secrets.token_hex(4)}")
    try:
        if not await asyncio.to_thread(_link, storage.local_path(stored.object_key), beside):
            await _copy(storage, stored, beside)
        if await asyncio.to_thread(_sha256, beside) != stored.sha256:
            raise EngineFault("INVALID_REQUEST", _GONE)
        await asyncio.to_thread(beside.replace, path)
    except MissingObject as fault:
        raise EngineFault("INVALID_REQUEST", _GONE) from fault
    except OSError as fault:
        raise EngineFault(
            "PROVIDER_ERROR", "The worker has no room for the model's file.", retryable=True
        ) from fault
    finally:
        await asyncio.to_thread(beside.unlink, missing_ok=True)


async def _copy(storage: Storage, stored: StoredWeights, beside: Path) -> None:
    with await asyncio.to_thread(beside.open, "xb", buffering=0) as file:
        async for piece in await storage.part(stored.object_key, 0, stored.bytes):
            await to_its_end(functools.partial(write_all, file, piece))


def _try(lock: IO[str], how: int) -> bool:
    try:
        fcntl.flock(lock.fileno(), how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_standing(lock: IO[str], path: Path) -> bool:
    """Whether it is the lock that others find: who removes a file removes its lock as well."""
    try:
        return _lock_of(path).stat().st_ino == os.fstat(lock.fileno()).st_ino
    except FileNotFoundError:
        return False


def _lock_of(path: Path) -> Path:
    """Also of what is being made beside it."""
    return path.with_name(f"{path.name.partition('.')[0]}.lock")


def _is_whole(path: Path, size_bytes: int) -> bool:
    """Whether it is there; its time is that of its last use."""
    try:
        if path.stat().st_size != size_bytes:
            return False
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _link(source: Path | None, beside: Path) -> bool:
    """Whether it could be had as another name of a stored file."""
    if source is None:
        return False
    try:
        os.link(source, beside)
    except FileNotFoundError as fault:
        raise MissingObject(source.name) from fault
    except OSError:  # Another disk, or a file system without links.
        return False
    return True


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _make_room(folder: Path, mine: Path, bytes_left: int) -> None:
    """Remove what was used longest ago until at most so much is left; what is in use stays.

    What a killed process left half made goes, too. `mine` is locked by the caller.
    """
    kept = []
    for path in folder.glob(f"*{_SUFFIX}*"):
        with contextlib.suppress(FileNotFoundError):
            found = path.stat()
            kept.append((path.suffix == _SUFFIX, found.st_mtime, found.st_size, path))
    total = sum(size for _, _, size, _ in kept)
    for whole, _, size, path in sorted(kept):
        if whole and total <= bytes_left:
            return
        if _lock_of(path) == _lock_of(mine):
            path.unlink(missing_ok=True)
            total -= size
            continue
        with _lock_of(path).open("a") as lock:
            if _try(lock, fcntl.LOCK_EX) and _is_standing(lock, path):
                path.unlink(missing_ok=True)
                _lock_of(path).unlink(missing_ok=True)
                total -= size
