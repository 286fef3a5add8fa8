"""A run's watch: progress from the engine's threads, a lease kept alive, and reasons to stop."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Final, Protocol
from uuid import UUID

from tintype.core import log
from tintype.core.settings import Settings
from tintype.db.listen import Signals, notify
from tintype.db.pool import Database, Row
from tintype.engines.base import EngineFault
from tintype.generations import run_queries

_PROGRESS_STEP: Final = 0.05
_LOOK_SECONDS: Final = 0.5
_OVERTIME_SECONDS: Final = 60.0
_log = log.get("tintype.watch")


class LeaseLost(Exception):
    """Another run may be working on this now; nothing of this one counts."""


def canceled() -> EngineFault:
    return EngineFault("CANCELED", "Canceled on request.")


class RunWatch:
    """Shared by the variants of one run; engines call it from any thread."""

    def __init__(self) -> None:
        self.parts = 1
        self._done: dict[int, float] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self.lost = False
        self.asked_to_cancel = False
        self.overdue = False

    def part(self, number: int) -> "PartWatch":
        return PartWatch(self, number)

    def halves(self, number: int) -> tuple["PartWatch", "PartWatch"]:
        """For a variant that two engines make, one after the other."""
        return PartWatch(self, number, 0.0, 0.5), PartWatch(self, number, 0.5, 0.5)

    def aside(self) -> "PartWatch":
        """For work beside the pictures: it can be stopped, and has no share in the progress."""
        return PartWatch(self, None)

    def stop(self) -> None:
        self._stopped.set()

    def lose(self, lost: bool) -> None:
        if lost:
            self.lost = True
            self.stop()

    def cancel(self) -> None:
        self.asked_to_cancel = True
        self.stop()

    @contextlib.contextmanager
    def ending_after(self, seconds: float) -> Iterator[float]:
        """Stop the engines, threads too, after `seconds`; gives the moment on the loop's clock."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        timer = loop.call_at(deadline, self._expire)
        try:
            yield deadline
        finally:
            timer.cancel()

    def _expire(self) -> None:
        self.overdue = True
        self.stop()

    def is_stopped(self) -> bool:
        return self._stopped.is_set()

    def note(self, number: int, done: float) -> None:
        with self._lock:
            self._done[number] = max(self._done.get(number, 0.0), min(max(done, 0.0), 1.0))

    def share_done(self) -> float:
        """Up to 0.99: only the finishing transaction says 1."""
        with self._lock:
            return min(0.99, sum(self._done.values()) / self.parts)

    def raise_if_stopped(self) -> None:
        if self.lost:
            raise LeaseLost
        if self.asked_to_cancel:
            raise canceled()


class PartWatch:
    """The `Watch` that an engine gets for one variant, or for `share` of it from `begin` on."""

    def __init__(
        self, whole: RunWatch, number: int | None, begin: float = 0.0, share: float = 1.0
    ) -> None:
        self.whole = whole
        self._number = number
        self._begin = begin
        self._share = share

    def canceled(self) -> bool:
        return self.whole.is_stopped()

    def progress(self, done: float) -> None:
        if self._number is not None:
            self.whole.note(self._number, self._begin + self._share * min(max(done, 0.0), 1.0))


@contextlib.asynccontextmanager
async def unless_stopped(watch: RunWatch, deadline: float) -> AsyncIterator[None]:
    """End the block by TimeoutError at the deadline, or soon after the run was told to stop.

    For what comes before an engine has the work: weights and pictures may come for minutes.
    """
    loop = asyncio.get_running_loop()
    limit = asyncio.timeout_at(deadline)
    looking: asyncio.TimerHandle | None = None

    def look() -> None:
        nonlocal looking
        if not watch.is_stopped():
            looking = loop.call_later(_LOOK_SECONDS, look)
        elif not limit.expired():
            limit.reschedule(loop.time())

    async with limit:
        look()
        try:
            yield
        finally:
            if looking is not None:
                looking.cancel()


class Holder(Protocol):
    """What keeping a lease needs of the worker."""

    @property
    def settings(self) -> Settings: ...
    @property
    def database(self) -> Database: ...
    @property
    def signals(self) -> Signals: ...


@contextlib.asynccontextmanager
async def keep_lease(
    holder: Holder, generation_id: str, lease: UUID, watch: RunWatch
) -> AsyncIterator[None]:
    """Renew the lease while the block runs; stop the engine when it is lost or canceled.

    It only tells the watch: the block asks it, and says itself why it ends.
    """
    task = asyncio.create_task(_renew(holder, generation_id, lease, watch))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _renew(holder: Holder, generation_id: str, lease: UUID, watch: RunWatch) -> None:
    """Renew at a third of the lease and at progress; look when the work is said to change."""
    worker = holder.settings.worker
    seconds = worker.lease_seconds
    loop = asyncio.get_running_loop()
    renewed_at = loop.time()
    good_until, told = renewed_at + seconds, 0.0
    # An engine that never returns must not keep its work from others for ever.
    end = renewed_at + worker.job_seconds_max + _OVERTIME_SECONDS
    async with holder.signals.subscribe(generation_id) as changed:
        while not watch.lost:
            woken = await _wait(changed)
            done, now = watch.share_done(), loop.time()
            progress = done >= told + _PROGRESS_STEP and now >= renewed_at + _LOOK_SECONDS
            due = progress or now >= renewed_at + seconds / 3
            if not (woken or due):
                continue
            try:
                row = await _ask(holder, generation_id, lease, done if due else None, progress)
            except Exception as fault:  # noqa: BLE001  A fault of one round is not the lease's end.
                _log.warning("lease not renewed", generation=generation_id, fault=log.where(fault))
                # The database is away: go on until the lease is over by our own clock.
                watch.lose(loop.time() >= good_until)
                continue
            watch.lose(row is None or now >= end)
            if due:
                renewed_at, good_until, told = now, now + seconds, max(told, done)
            if row is not None and row["canceled"]:
                watch.cancel()


async def _ask(
    holder: Holder, generation_id: str, lease: UUID, done: float | None, tell: bool
) -> Row | None:
    if done is None:
        async with holder.database.reading() as connection:
            return await run_queries.still_held(connection, generation_id, lease)
    async with holder.database.transaction() as tx:
        seconds = holder.settings.worker.lease_seconds
        row = await run_queries.renew(tx, generation_id, lease, seconds, done)
        if row is not None and tell:
            await notify(tx, generation_id)
        return row


async def _wait(changed: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(_LOOK_SECONDS):
            await changed.wait()
    except TimeoutError:
        return False
    changed.clear()
    return True
