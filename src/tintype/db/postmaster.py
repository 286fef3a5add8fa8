"""What can be known of a PostgreSQL server from the outside, without a client library.

`postmaster.pid` outlives a killed server, its pid may by then belong to anyone, and a killed server
whose parent does not wait for it stays as a zombie that still counts as a living pid. So the file
is believed only together with the process it names.
"""

import os
import socket
import struct
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

State = Literal["ready", "starting", "stopping", "stopped"]
Greeting = Literal["welcome", "not yet", "no such database"]

PORT = 5432  # Only a part of the socket's name: no server of ours listens on TCP.

_STATUS_LINE = 7
_STATES: dict[str, State] = {"ready": "ready", "standby": "ready", "stopping": "stopping"}
_PROTOCOL_3 = 196608
_INVALID_CATALOG_NAME = "3D000"


class EmbeddedDatabaseError(RuntimeError):
    """The embedded database doesn't run; the message says why and, where it helps, what to do."""


@dataclass(frozen=True)
class Process:
    """A process as the system knows it; `started` and the pid together are never used twice."""

    name: str
    zombie: bool
    started: str


@dataclass(frozen=True)
class Postmaster:
    """The first process of a running server."""

    pid: int
    state: State


def process(pid: int) -> Process | None:
    """The process with that pid; None: there is none."""
    try:
        line = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None if Path("/proc/self/stat").exists() else process_by_ps(pid)
    head, _, tail = line.rpartition(")")
    fields = tail.split()
    return Process(head.partition("(")[2], fields[0] in "ZX", fields[19])


def process_by_ps(pid: int) -> Process | None:
    """As `process`, for systems without /proc (macOS)."""
    command = ["ps", "-p", str(pid), "-o", "stat=", "-o", "lstart=", "-o", "comm="]
    found = subprocess.run(  # noqa: S603 - Our own words.
        command,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.defpath, "LC_ALL": "C"},
    ).stdout.split(None, 6)
    if not found:
        return None
    return Process(Path(found[6].strip()).name, found[0].startswith("Z"), "-".join(found[1:6]))


def reap(pid: int) -> None:
    """Take a zombie away if it is a child of ours (as PID 1 we get every orphan)."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def find(pgdata: Path) -> Postmaster | None:
    """The server that runs in `pgdata`; None: no server does, whatever files say."""
    try:
        lines = (pgdata / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        pid = abs(int(lines[0]))
    except (FileNotFoundError, IndexError, ValueError):
        return None
    found = process(pid)
    if found is None or found.name != "postgres":
        return None
    if found.zombie:
        reap(pid)
        return None
    if not _works_in(pid, pgdata):
        return None
    status = lines[_STATUS_LINE].strip() if len(lines) > _STATUS_LINE else "starting"
    return Postmaster(pid, _STATES.get(status, "starting"))


def clear_leftovers(pgdata: Path, sockets: Path) -> None:
    """Remove a dead server's files that name a pid which is alive again; call only when stopped.

    PostgreSQL clears up after a dead pid by itself, but takes any live one for a running server.
    It still refuses by itself while processes of the dead server hold its shared memory.
    """
    for leftover in (pgdata / "postmaster.pid", sockets / f".s.PGSQL.{PORT}.lock"):
        with suppress(FileNotFoundError, IndexError, ValueError):
            pid = abs(int(leftover.read_text(encoding="utf-8").splitlines()[0]))
            if process(pid) is not None:
                leftover.unlink()


def greet(sockets: Path, database: str, user: str, *, seconds: float) -> Greeting:
    """Open and close one session, to learn whether `database` takes connections."""
    words = f"user\0{user}\0database\0{database}\0\0".encode()
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(seconds)
            line.connect(str(sockets / f".s.PGSQL.{PORT}"))
            line.sendall(struct.pack("!II", len(words) + 8, _PROTOCOL_3) + words)
            while True:
                kind, length = struct.unpack("!cI", _read(line, 5))
                body = _read(line, length - 4)
                if kind == b"Z":
                    line.sendall(b"X\0\0\0\4")
                    return "welcome"
                if kind == b"E":
                    codes = {part[:1]: part[1:].decode() for part in body.split(b"\0")}
                    missing = codes.get(b"C") == _INVALID_CATALOG_NAME
                    return "no such database" if missing else "not yet"
    except OSError:
        return "not yet"


def _read(line: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = line.recv(size - len(data))
        if not more:
            raise ConnectionResetError
        data += more
    return data


def _works_in(pid: int, pgdata: Path) -> bool:
    """Whether the process has `pgdata` as its working folder, as every server process has."""
    try:
        return Path(f"/proc/{pid}/cwd").samefile(pgdata)
    except PermissionError:
        return False  # Another user's process: ours runs as us, or we are root.
    except OSError:
        if Path("/proc/self/stat").exists():
            return False
    command = ["ps", "-p", str(pid), "-o", "command="]
    found = subprocess.run(  # noqa: S603 - Our own words.
        command, capture_output=True, text=True, check=False
    ).stdout
    return f"-D {pgdata} " in found
