"""Processor time of processes, out of /proc: what a stage costs, whoever shares the machine."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

from stand import in_database

from tintype.db.pool import Database

_TICKS = os.sysconf("SC_CLK_TCK")


def seconds_of(pid: int) -> float:
    """User and system time of a process and all below it, those that have ended included."""
    return sum(_own(one) for one in _below(pid))


def _own(pid: int) -> float:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    # utime, stime and those of children that were waited for.
    return sum(int(stat[n]) for n in (11, 12, 13, 14)) / _TICKS


def _below(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        for child in children:
            yield from _below(int(child))


def postmaster(url: str) -> int:
    """The process id of the server behind the database at `url`."""

    async def parent(opened: Database) -> int:
        async with opened.reading() as connection:
            backend: int = await connection.fetchval("SELECT pg_backend_pid()")
        stat = await asyncio.to_thread(Path(f"/proc/{backend}/stat").read_text)
        return int(stat.rpartition(")")[2].split()[1])

    return in_database(url, parent)
