"""A run's watch: progress from the engine's threads, a lease kept alive, and reasons to stop."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from typing import Final, Protocol
from uuid import UUID

from tintype.core.errors import TintypeError
from tintype.core.settings import Settings
from tintype.db.listen import Signals, notify
from tintype.db.pool import Database
from tintype.engines.base import EngineFault
from tintype.generations import run_queries

_PROGRESS_STEP: Final = 0.05
_LOOK_SECONDS: Final = 0.5


class LeaseLost(Exception):
    """Another run may be working on this now; nothing of this one counts."""


class RunWatch:
    """Shared by the variants of one run; engines call it from any thread."""

    def __init__(self) -> None:
        self.parts = 1
        self._done: dict[int, float] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self.lost = False
        self.asked_to_cancel = False

    def part(self, number: int) -> "PartWatch":
        return PartWatch(self, number)

    def stop(self) -> None:
        self._stopped.set()

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
            raise EngineFault("CANCELED", "Canceled on request.")


class PartWatch:
    """The `Watch` that an engine gets for one variant."""

    def __init__(self, whole: RunWatch, number: int) -> None:
        self._whole = whole
        self._number = number

    def canceled(self) -> bool:
        return self._whole.is_stopped()

    def progress(self, done: float) -> None:
        self._whole.note(self._number, done)


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

    Raises LeaseLost, or the engine's CANCELED fault, at the block's end.
    """
    task = asyncio.create_task(_renew(holder, generation_id, lease, watch))
    try:
        yield
    except Exception:
        # A run that was told to stop ends for that reason, whatever its engine made of it.
        watch.raise_if_stopped()
        raise
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _renew(holder: Holder, generation_id: str, lease: UUID, watch: RunWatch) -> None:
    """Renew at a third of the lease, at progress, and at once when the work is said to change."""
    seconds = holder.settings.worker.lease_seconds
    loop = asyncio.get_running_loop()
    good_until = loop.time() + seconds
    renewed_at, told = loop.time(), 0.0
    async with holder.signals.subscribe(generation_id) as changed:
        while True:
            woken = await _wait(changed)
            done = watch.share_done()
            due = loop.time() >= renewed_at + seconds / 3
            if not (woken or due or done >= told + _PROGRESS_STEP):
                continue
            try:
                async with holder.database.transaction() as tx:
                    row = await run_queries.renew(tx, generation_id, lease, seconds, done)
                    if row is not None and done >= told + _PROGRESS_STEP:
                        await notify(tx, generation_id)
            except TintypeError:
                # The database is away: go on until the lease is over by our own clock.
                if loop.time() < good_until:
                    continue
                row = None
            if row is None:
                watch.lost = True
                watch.stop()
                return
            renewed_at = loop.time()
            good_until, told = renewed_at + seconds, max(told, done)
            if row["canceled"]:
                watch.asked_to_cancel = True
                watch.stop()


async def _wait(changed: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(_LOOK_SECONDS):
            await changed.wait()
    except TimeoutError:
        return False
    changed.clear()
    return True
