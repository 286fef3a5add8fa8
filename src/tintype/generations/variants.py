"""All variants of a work, side by side: what some of them lack is tried again, then let go.

A fault of every variant is the work's own: another run tries it again, or it fails. Where some
were made, the others are tried again within this run, and what is missing then is told in faults.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from tintype.core import log
from tintype.core.settings import WorkerSettings
from tintype.db.pool import Row
from tintype.engines.base import EngineFault
from tintype.generations.faults import delay_seconds, judged
from tintype.generations.metrics import attempt_failed
from tintype.generations.watch import RunWatch

_LOOK_SECONDS: Final = 0.05
_log = log.get("tintype.variants")
_T = TypeVar("_T")
MakeOne = Callable[[int, int], Awaitable[_T]]
"""Makes the variant of this number, in the attempt of that one."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[_T]):
    """By the variants' numbers: what was made, at least one, and what went wrong."""

    made: dict[int, _T]
    faults: dict[int, EngineFault]


async def all_of(
    row: Row, worker: WorkerSettings, watch: RunWatch, deadline: float, make_one: MakeOne[_T]
) -> Outcome[_T]:
    """Make the row's variants until `deadline` (of the loop's clock).

    Raises a fault of theirs when none could be made, LeaseLost, and the CANCELED fault.
    """
    made: dict[int, _T] = {}
    faults: dict[int, EngineFault] = {}
    wanted: Sequence[int] = range(row["variants"])
    attempt = row["attempts"]
    while True:
        for number, result in (await _round(wanted, attempt, watch, deadline, make_one)).items():
            if isinstance(result, BaseException):
                faults[number] = judged(result, watch)
            else:
                faults.pop(number, None)
                made[number] = result
        watch.raise_if_stopped()
        wanted = [number for number, fault in sorted(faults.items()) if fault.retryable]
        if not made:
            raise faults[min(wanted or faults)]
        _tell(row, attempt, faults)
        if not wanted or attempt >= worker.attempts_max:
            return Outcome(made, faults)
        seconds = max(delay_seconds(faults[n], attempt, worker.retry_seconds) for n in wanted)
        if not await _pause(seconds, watch, deadline):
            return Outcome(made, faults)
        attempt += 1


async def _round(
    numbers: Sequence[int],
    attempt: int,
    watch: RunWatch,
    deadline: float,
    make_one: MakeOne[_T],
) -> dict[int, _T | BaseException]:
    """Each variant's result, or what it raised; what isn't done at the deadline has timed out."""
    tasks = {
        number: asyncio.ensure_future(make_one(number, attempt)) for number in numbers
    }  # fmt: skip
    try:
        seconds = max(0.0, deadline - asyncio.get_running_loop().time())
        await asyncio.wait(tasks.values(), timeout=seconds)
    finally:
        late = [task for task in tasks.values() if not task.done()]
        if late:
            # The engines' threads outlive the tasks that wait for them; this reaches them.
            watch.stop()
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
    results: dict[int, _T | BaseException] = {}
    for number, task in tasks.items():
        if task.cancelled():
            results[number] = TimeoutError()
        else:
            results[number] = task.exception() or task.result()
    return results


async def _pause(seconds: float, watch: RunWatch, deadline: float) -> bool:
    """Wait; False where the deadline leaves no time for what comes after.

    Raises what stops the run.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    if end >= deadline:
        return False
    while (left := end - loop.time()) > 0:
        await asyncio.sleep(min(left, _LOOK_SECONDS))
        watch.raise_if_stopped()
    return True


def _tell(row: Row, attempt: int, faults: dict[int, EngineFault]) -> None:
    for number, fault in faults.items():
        attempt_failed(row["model"], fault.code)
        _log.warning("variant failed", generation=row["id"], variant=number, attempt=attempt,
                     code=fault.code, cause=log.where(fault.__cause__))  # fmt: skip
