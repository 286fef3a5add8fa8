"""Files that survive a power cut, and are seen whole or not at all.

Four steps: write beside the target, fsync the file, rename it into place, fsync every folder from
the target's up to the root. All of it blocks, so it is for threads.

Half-written files carry obstore's own mark, `name#<digits>`. Its listing hides them, and no key
can look like one; `sweep_partial` removes those that a killed process left behind.
"""

import asyncio
import errno
import os
import re
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, TypeVar

_PARTIAL: Final = re.compile(r".+#[0-9]+")
_T = TypeVar("_T")


async def to_its_end(work: Callable[[], _T]) -> _T:
    """In a thread, awaited to its end even if canceled: the file must not be closed under it."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait({running})
        raise


def beside(target: Path) -> Path:
    """Where the bytes for `target` are written first."""
    return target.with_name(f"{target.name}#{secrets.randbelow(10**12)}")


def opened(partial: Path) -> IO[bytes]:
    """A new file in a folder that is made where it is missing."""
    partial.parent.mkdir(parents=True, exist_ok=True)
    return partial.open("xb", buffering=0)


def write_all(file: IO[bytes], data: bytes) -> None:
    """All of it, though an unbuffered file may take less at once."""
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def settle(root: Path, file: IO[bytes], partial: Path, target: Path) -> None:
    """The last three steps, for a file that was written piece by piece."""
    os.fsync(file.fileno())
    file.close()
    partial.replace(target)
    _fsync_up(root, target.parent)


def write(root: Path, target: Path, data: bytes) -> None:
    """All four steps: what lay at `target` is replaced as a whole."""
    partial = beside(target)
    try:
        with opened(partial) as file:
            write_all(file, data)
            os.fsync(file.fileno())
        partial.replace(target)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise
    _fsync_up(root, target.parent)


def write_once(root: Path, target: Path, data: bytes) -> bool:
    """Write what isn't there yet; True where it wrote."""
    if _kept(root, target, len(data)):
        return False
    write(root, target, data)
    return True


def _kept(root: Path, target: Path, size_bytes: int) -> bool:
    """False if the object is missing or of another size; else it is durable and young."""
    try:
        with target.open("rb", buffering=0) as file:
            if os.fstat(file.fileno()).st_size != size_bytes:
                return False
            os.utime(file.fileno())
            os.fsync(file.fileno())
    except FileNotFoundError:
        return False
    _fsync_up(root, target.parent)
    return True


def _fsync_up(root: Path, folder: Path) -> None:
    """Every folder up to the root, new or not: its maker may have died before it was safe."""
    while True:
        fsync_folder(folder)
        if folder == root:
            return
        folder = folder.parent


def fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep_partial(root: Path, older_than_seconds: float) -> int:
    """Remove half-written files of that age; the number removed."""
    newest = time.time() - older_than_seconds
    swept = 0
    for folder, _, names in os.walk(root):
        for name in filter(_PARTIAL.fullmatch, names):
            path = Path(folder, name)
            with suppress(FileNotFoundError):
                if path.stat().st_mtime <= newest:
                    path.unlink()
                    swept += 1
    return swept


def check_folder(root: Path) -> None:
    """Raise OSError unless files can be read, made and listed in it."""
    if not os.access(root, os.R_OK | os.W_OK | os.X_OK):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES), str(root))
