"""The only door to PgQueuer. The queue rings, it doesn't remember: a job is a name and an id.

A job may be lost and may run twice at once; the work's row and its lease decide what counts. One
queue row exists per work at a time (`dedupe_key`), and a duplicate is skipped without harm to the
caller's transaction.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import anyio
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job

from tintype.core import log
from tintype.core.errors import Unavailable
from tintype.db.pool import Connection, Database, Transaction, dedicated_connection

# Answers a delay when the same ring should come again; None when it is done with.
Run = Callable[[str], Awaitable[timedelta | None]]

# Rings that fall due, and those whose NOTIFY was lost, are found by looking, this often.
_POLL_SECONDS: Final = 1
_RESTART_SECONDS: Final = 1.0
_AGAIN: Final = timedelta(seconds=1)
_BATCH: Final = 1
_PRUNE_BATCH: Final = 5000
_log = log.get("tintype.queue")


async def enqueue(
    tx: Transaction,
    entrypoint: str,
    work_id: str,
    *,
    delay: timedelta | None = None,
    priority: int = 0,
) -> None:
    """Ring for `work_id` when the transaction commits; a second ring while one waits is dropped."""
    await Queries(AsyncpgDriver(tx)).enqueue(
        [entrypoint], [work_id.encode()], [priority], [delay],
        [f"{entrypoint}:{work_id}"], on_conflict="skip",
    )  # fmt: skip


async def ring_again(
    tx: Transaction, entrypoint: str, work_id: str, *, delay: timedelta | None = None
) -> None:
    """Ring anew for work whose ring is being answered by this very run.

    The old row goes: PgQueuer ends rows by their id only, and would take a new ring with the run.
    """
    priority: int | None = await tx.fetchval(
        "DELETE FROM pgqueuer WHERE dedupe_key = $1 AND status IN ('queued', 'picked')"
        " RETURNING priority",
        f"{entrypoint}:{work_id}",
    )
    await enqueue(tx, entrypoint, work_id, delay=delay, priority=priority or 0)


async def forget(tx: Transaction, entrypoint: str, work_id: str) -> None:
    """Take back the ring for work that has ended without it; a run that has begun is left alone."""
    await tx.execute(
        "DELETE FROM pgqueuer WHERE dedupe_key = $1 AND status = 'queued'",
        f"{entrypoint}:{work_id}",
    )


async def depth(tx: Transaction) -> dict[str, int]:
    """Waiting and running jobs by status."""
    rows = await tx.fetch("SELECT status::text, count(*) FROM pgqueuer GROUP BY status")
    return {row["status"]: row["count"] for row in rows}


async def ringing(tx: Transaction, entrypoint: str, work_ids: list[str]) -> set[str]:
    """Those of `work_ids` that have a job waiting or running."""
    keys = [f"{entrypoint}:{work_id}" for work_id in work_ids]
    rows = await tx.fetch(
        "SELECT dedupe_key FROM pgqueuer WHERE dedupe_key = ANY ($1)"
        " AND status IN ('queued', 'picked')",
        keys,
    )
    return {row["dedupe_key"].partition(":")[2] for row in rows}


async def prune(tx: Transaction) -> bool:
    """PgQueuer never prunes its log; keep a week. True when there may be more than this batch."""
    status = await tx.execute(
        "DELETE FROM pgqueuer_log WHERE id = ANY (ARRAY(SELECT id FROM pgqueuer_log"
        " WHERE created < now() - interval '7 days' LIMIT $1))",
        _PRUNE_BATCH,
    )
    return bool(status == f"DELETE {_PRUNE_BATCH}")


class Consumer:
    """Takes jobs until told to stop, through any number of lost connections.

    A job of a process that gave no sign of life for `heartbeat_seconds` is taken again.
    `stop()` ends the taking; jobs that run go on. Never cancel `run()`: PgQueuer would delete the
    rows of running jobs. After a grace the process exits hard, and leases run out.
    """

    def __init__(
        self,
        database: Database,
        jobs: Mapping[str, Run],
        *,
        concurrency: int,
        heartbeat_seconds: float,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._concurrency = concurrency
        self._heartbeat = timedelta(seconds=heartbeat_seconds)
        self._stopping = asyncio.Event()
        # More than one only while jobs of a lost connection end beside its successor's.
        self._takers: list[_Taker] = []

    @property
    def running(self) -> list[str]:
        """Ids of the work that runs now."""
        return [work_id for taker in self._takers for work_id in taker.answering]

    def stop(self) -> None:
        self._stopping.set()
        for taker in self._takers:
            taker.shutdown.set()

    async def run(self) -> None:
        # It writes a traceback for every heartbeat that a lost connection can't carry. What matters
        # of it is logged here.
        logging.getLogger("pgqueuer").setLevel(logging.CRITICAL)
        # PgQueuer makes one of these for each job. The first loads anyio's backend, which takes
        # tens of milliseconds: now, rather than between a job's ring and its start.
        anyio.CancelScope()
        draining: set[asyncio.Task[None]] = set()
        while not self._stopping.is_set():
            try:
                # One connection of its own: over a pool, PgQueuer's first health probe may
                # overtake its LISTEN and then take the listener for dead.
                connection = await dedicated_connection(self._database.dsn)
            except Exception as fault:  # noqa: BLE001  Whatever it was, the next try may work.
                _log.warning("queue connection refused", fault=type(fault).__name__)
            else:
                taking = asyncio.create_task(self._take(connection))
                draining.add(taking)
                taking.add_done_callback(draining.discard)
                await _either(taking, _lost(connection))
            if not self._stopping.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_RESTART_SECONDS):
                        await self._stopping.wait()
        if draining:
            await asyncio.wait(draining)

    async def _take(self, connection: Connection) -> None:
        """Take jobs over this connection; when it is lost, only wait for those taken."""
        taker = _Taker(Queries(AsyncpgDriver(connection)), self._room)
        for name, run in self._jobs.items():
            taker.entrypoint(name)(_answer(taker, run))
        self._takers.append(taker)
        try:
            if self._stopping.is_set():
                return
            await taker.run(
                dequeue_timeout=timedelta(seconds=_POLL_SECONDS),
                batch_size=_BATCH,
                # PgQueuer wants twice the batch at least; `_Taker` holds the true limit.
                max_concurrent_tasks=max(2 * _BATCH, self._concurrency),
                shutdown_on_listener_failure=True,
                heartbeat_timeout=self._heartbeat,
                log_aggregation_interval=timedelta(0),
            )
        except Exception as fault:  # noqa: BLE001  Whatever ended it, the taking goes on.
            _log.warning("queue connection lost", fault=type(fault).__name__)
        finally:
            self._takers = [it for it in self._takers if it is not taker]
            connection.terminate()

    def _room(self, asking: "_Taker") -> int:
        """How many jobs a taker may hold, beside those that run on lost connections."""
        others = sum(len(it.answering) for it in self._takers if it is not asking)
        return self._concurrency - others


class _Taker(QueueManager):
    """PgQueuer's manager, which takes a job only when it can run at once.

    Jobs are never hoarded: another worker may have room for them now.
    """

    def __init__(self, queries: Queries, room: Callable[["_Taker"], int]) -> None:
        super().__init__(queries)
        self.room = room
        self.answering: list[str] = []

    async def fetch_jobs(
        self,
        batch_size: int,
        global_concurrency_limit: int | None,
        heartbeat_timeout: timedelta,
    ) -> AsyncGenerator[Job, None]:
        del global_concurrency_limit
        limit = self.room(self)
        if limit > 0:
            async for job in super().fetch_jobs(batch_size, limit, heartbeat_timeout):
                yield job


def _answer(taker: _Taker, run: Run) -> Callable[[Job], Awaitable[None]]:
    async def entrypoint(job: Job) -> None:
        work_id = (job.payload or b"").decode()
        taker.answering.append(work_id)
        try:
            again = await run(work_id)
        except Unavailable:
            again = _AGAIN
        except Exception as fault:  # noqa: BLE001  Its text may quote a prompt; PgQueuer logs that.
            _log.error("job failed", work=work_id, fault=log.where(fault))
            again = None
        finally:
            taker.answering.remove(work_id)
        if again is not None:
            raise RetryRequested(delay=again, reason="again")

    return entrypoint


async def _lost(connection: Connection) -> None:
    gone = asyncio.Event()

    def note(_: Any) -> None:
        gone.set()

    connection.add_termination_listener(note)
    if not connection.is_closed():
        await gone.wait()


async def _either(taking: asyncio.Task[None], ending: Awaitable[None]) -> None:
    """Until one of them is done; only the second is canceled."""
    other = asyncio.ensure_future(ending)
    await asyncio.wait({taking, other}, return_when=asyncio.FIRST_COMPLETED)
    other.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await other
