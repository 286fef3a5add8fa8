"""Slow work on one row that the queue rings for, such as fetching from a stranger's server.

A run holds a lease and renews it while the work lasts, so that another takes over when it dies.
What two runs made, only the one whose lease still counts writes down; the other drops it. A fault
that may pass is tried again a few times, ever later. At a stop the work goes back uncounted.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Generic, Protocol, TypeVar
from uuid import UUID, uuid4

from tintype.core import log
from tintype.core.errors import Unavailable
from tintype.core.settings import WorkerSettings
from tintype.db.pool import Database, Row, Transaction
from tintype.fetch import FetchFailed

_GAVE_UP: Final = "The fetch was begun several times and never finished."
_log = log.get("tintype.errands")
_T = TypeVar("_T")


class Failed(Exception):
    """It came to nothing, for a reason that is safe to show; `code` is one of the API's errors."""

    def __init__(self, code: str, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retryable = retryable


class Rows(Protocol):
    """The queries of a table whose rows are worked on so, with `lease`, `lease_until`, `attempts`.

    A module of functions is one. Every write after the claim names the lease.
    """

    async def claim(
        self, tx: Transaction, row_id: str, lease: UUID, lease_seconds: float, /
    ) -> Row | None:
        """Take the work, unless it is over or in other hands; count the attempt."""
        ...

    async def wait(self, tx: Transaction, row_id: str, /) -> timedelta | None:
        """How long until open work may be taken; None where there is none."""
        ...

    async def renew(
        self, tx: Transaction, row_id: str, lease: UUID, lease_seconds: float, /
    ) -> bool:
        """False where the work isn't this run's any more."""
        ...

    async def put_back(
        self, tx: Transaction, row_id: str, lease: UUID, delay: timedelta, /, *, uncounted: bool
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Errand(Generic[_T]):
    """`make` does the work on a claimed row and raises Failed; `keep` and `fail` write its end.

    They end the work in one transaction; `keep` answers False where the lease is lost, and what
    was made then goes to `drop`, where that is needed.
    """

    rows: Rows
    make: Callable[[Row], Awaitable[_T]]
    keep: Callable[[Transaction, Row, UUID, _T], Awaitable[bool]]
    fail: Callable[[Transaction, Row, UUID, Failed], Awaitable[None]]
    drop: Callable[[_T], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class Runner:
    """What every errand needs of its worker; `stopping` is set when the worker ends."""

    worker: WorkerSettings
    database: Database
    stopping: asyncio.Event


def fetch_failed(fault: FetchFailed) -> Failed:
    """What a second try can't mend is the URL's fault, and so the request's."""
    code = "PAYLOAD_TOO_LARGE" if fault.fault == "too_large" else "VALIDATION_FAILED"
    code = "PROVIDER_ERROR" if fault.retryable else code
    return Failed(code, fault.reason, retryable=fault.retryable)


async def run(runner: Runner, errand: Errand[_T], row_id: str) -> timedelta | None:
    """Do the work behind a ring; answer a delay when it should ring once more."""
    lease = uuid4()
    async with runner.database.transaction() as tx:
        row = await errand.rows.claim(tx, row_id, lease, runner.worker.lease_seconds)
        if row is None:
            return await errand.rows.wait(tx, row_id)
    if row["attempts"] > runner.worker.attempts_max:
        await _end(runner, errand, row, lease, Failed("PROVIDER_ERROR", _GAVE_UP, retryable=False))
        return None
    made: list[_T] = []
    try:
        if not await _leased(runner, errand, row, lease, made):
            return timedelta(0) if runner.stopping.is_set() else None
    except Failed as fault:
        return await _faulted(runner, errand, row, lease, fault)
    async with runner.database.transaction() as tx:
        done = await errand.keep(tx, row, lease, made[0])
    if not done and errand.drop is not None:
        await errand.drop(made[0])
    return None


async def _leased(
    runner: Runner, errand: Errand[_T], row: Row, lease: UUID, made: list[_T]
) -> bool:
    """Add to `made` what came of it while the lease was kept; False where this run is to let go."""
    making = asyncio.ensure_future(errand.make(row))
    ending = asyncio.create_task(runner.stopping.wait())
    try:
        while not making.done():
            await asyncio.wait(
                {making, ending},
                timeout=runner.worker.lease_seconds / 3,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if making.done():
                break
            if runner.stopping.is_set():
                await _put_back(runner, errand, row, lease, timedelta(0), uncounted=True)
                return False
            with contextlib.suppress(Unavailable):
                async with runner.database.transaction() as tx:
                    if not await errand.rows.renew(
                        tx, row["id"], lease, runner.worker.lease_seconds
                    ):
                        return False
        made.append(making.result())
        return True
    finally:
        ending.cancel()
        making.cancel()
        await asyncio.gather(making, ending, return_exceptions=True)


async def _faulted(
    runner: Runner, errand: Errand[_T], row: Row, lease: UUID, fault: Failed
) -> timedelta | None:
    """Try again a little later, or fail for good."""
    _log.warning("not fetched", row=row["id"], attempt=row["attempts"], code=fault.code)
    if fault.retryable and row["attempts"] < runner.worker.attempts_max:
        delay = timedelta(seconds=runner.worker.retry_seconds * 2 ** (row["attempts"] - 1))
        await _put_back(runner, errand, row, lease, delay, uncounted=False)
        return delay
    await _end(runner, errand, row, lease, fault)
    return None


async def _put_back(
    runner: Runner,
    errand: Errand[_T],
    row: Row,
    lease: UUID,
    delay: timedelta,
    *,
    uncounted: bool,
) -> None:
    async with runner.database.transaction() as tx:
        await errand.rows.put_back(tx, row["id"], lease, delay, uncounted=uncounted)


async def _end(runner: Runner, errand: Errand[_T], row: Row, lease: UUID, fault: Failed) -> None:
    async with runner.database.transaction() as tx:
        await errand.fail(tx, row, lease, fault)
