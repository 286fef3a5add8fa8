"""A folder for what the processes of one running house tell each other, and others about it.

It lies in the data folder, as `house/<its own name>/`, where nobody tidies up temporary files:

- `metrics/`: the counters of its processes; `worker-ready`: there once the worker takes jobs;
- `address`: where it serves, for commands and workers that were started beside it;
- `standing`: locked (flock) as long as the house stands;
- `lock`: locked by the house and by each of its processes, as long as any of them lives.

A house that was killed leaves its folder behind; a later start removes it, once nobody is in it.
`house/last` is the address that was served last: links stay right while no server runs.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

import msgspec

from tintype.core.errors import Unavailable
from tintype.core.settings import EVERY_ADDRESS, ServerSettings, Settings

_PREFIX: Final = "house-"
_METRICS: Final = "PROMETHEUS_MULTIPROC_DIR"


class Address(msgspec.Struct, frozen=True):
    """Where a house serves: `public_url` is the base of its links."""

    public_url: str
    host: str
    port: int


@contextlib.contextmanager
def made(data: Path) -> Iterator[Path]:
    """A fresh room of this process in the data folder, gone at the end; raises Unavailable."""
    with contextlib.ExitStack() as held:
        try:
            room = _made(_folder(data), held)
        except OSError as fault:
            raise Unavailable(f"{data} can't be used: {fault.strerror or fault}") from fault
        try:
            yield room
        finally:
            shutil.rmtree(room, ignore_errors=True)


def _made(folder: Path, held: contextlib.ExitStack) -> Path:
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.mkdir(exist_ok=True, mode=0o700)
    # Two starts at once must not take each other's new rooms for left ones.
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _sweep(folder)
        room = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder))
        for name, kind in (("lock", fcntl.LOCK_SH), ("standing", fcntl.LOCK_EX)):
            fcntl.flock(held.enter_context((room / name).open("a")), kind)
        (room / "metrics").mkdir()
    return room


def _sweep(folder: Path) -> None:
    for room in folder.glob(f"{_PREFIX}*"):
        # Another user's room, or one in which someone lives: none is ours to remove.
        with contextlib.suppress(OSError), (room / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(room, ignore_errors=True)


def environment(room: Path) -> dict[str, str]:
    """What the processes of the house have to know of their room."""
    return {_METRICS: str(room / "metrics")}


@contextlib.contextmanager
def joined() -> Iterator[None]:
    """Keep this process's room, if it was given one, though the house be killed meanwhile."""
    given = os.environ.get(_METRICS)
    if not given:
        yield
        return
    with (Path(given).parent / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


def announce(room: Path, settings: Settings) -> None:
    """Tell where this house serves, as soon as its port is its own."""
    _write(room / "address", settings)


def remember(settings: Settings) -> None:
    """Tell it for the time after this house, too."""
    _write(_folder(settings.folder) / "last", settings)


def serving(data: Path) -> list[Address]:
    """Where the houses that stand on this data folder serve, the latest first."""
    found: list[tuple[float, Address]] = []
    for room in _folder(data).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError), (room / "standing").open() as standing:
            address = _read(room / "address")
            if address is not None and _held(standing):
                found.append(((room / "address").stat().st_mtime, address))
    return [address for _, address in sorted(found, key=lambda it: it[0], reverse=True)]


def at(settings: Settings) -> Address | None:
    """The house of this folder that has the very port that these settings ask for."""
    mine = settings.server
    for it in serving(settings.folder):
        hosts = {mine.host, it.host}
        if it.port == mine.port and (len(hosts) == 1 or hosts & set(EVERY_ADDRESS)):
            return it
    return None


def addressed(settings: Settings) -> Settings:
    """Settings that say nothing of an address get the one that is served, or was served last."""
    server = settings.server
    if server.public_url or server.port != ServerSettings().port or at(settings):
        return settings
    found = next(iter(serving(settings.folder)), _read(_folder(settings.folder) / "last"))
    if found is None:
        return settings
    server = msgspec.structs.replace(server, public_url=found.public_url)
    return msgspec.structs.replace(settings, server=server)


def _folder(data: Path) -> Path:
    return data / "house"


def _held(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _read(file: Path) -> Address | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Address)
    except (OSError, msgspec.DecodeError):
        return None


def _write(file: Path, settings: Settings) -> None:
    """Beside its place, then moved there: it is read at any time."""
    server = settings.server
    address = Address(settings.public_url, server.host, server.port)
    beside = file.with_name(f"{file.name}-{os.getpid()}")
    beside.write_bytes(msgspec.json.encode(address))
    beside.replace(file)
