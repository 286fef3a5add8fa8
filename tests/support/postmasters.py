"""Servers of PostgreSQL and processes that start them, for tests that look at and kill them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import asyncpg

from tintype.db import postmaster
from tintype.db.home import home_of

SLEEP = "import os, sys, time; os.setuid(int(sys.argv[1])); time.sleep(60)"

START = """
import os, sys, time
from pathlib import Path
from tintype.db import embedded
for change in (os.setgid, os.setuid) if len(sys.argv) > 2 else ():
    change(int(sys.argv[2]))
embedded.start(Path(sys.argv[1]), wait_seconds=30)
print("started", flush=True)
sys.stdin.read()
print(embedded.stop(Path(sys.argv[1])), flush=True)
"""


def kill_all(folder: Path) -> None:
    for pid in server_processes(folder):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until(lambda: not server_processes(folder))


def server_processes(folder: Path) -> list[int]:
    """Every process of the server of `folder`, found by its working folder."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    data = os.fspath(home_of(folder).pgdata)
    return [pid for pid in pids if _link(f"/proc/{pid}/cwd") == data]


def _link(path: str) -> str | None:
    try:
        return str(Path(path).readlink())
    except OSError:
        return None


def postmaster_pid(folder: Path) -> int:
    found = postmaster.find(home_of(folder).pgdata)
    assert found is not None
    return found.pid


def kill_server(folder: Path) -> None:
    """kill -9 of the whole server, its first process first."""
    os.kill(postmaster_pid(folder), signal.SIGKILL)
    kill_all(folder)


def starter(code: str, *words: object, **options: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code, *(str(word) for word in words)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )


def said_by(process: "subprocess.Popen[str]") -> str:
    """The next line that a starter prints."""
    assert process.stdout is not None
    return process.stdout.readline()


def run(*command: object, **options: object) -> "subprocess.CompletedProcess[str]":
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True, text=True, check=False, **options)


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


async def ask(dsn: str, *statements: str) -> object:
    """The answer of the last statement, on a connection of its own."""
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            answer = await connection.fetchval(statement)
        return answer
    finally:
        await connection.close()


def called(folder: Path, title: str) -> list[int]:
    return [pid for pid in server_processes(folder) if f"postgres: {title}" in command_of(pid)]


def parent_of(pid: int) -> int | None:
    """The parent's id; None for a process that has ended meanwhile."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


def command_of(pid: int) -> str:
    """Empty for a process that has just ended, as PostgreSQL's own short ones do."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
