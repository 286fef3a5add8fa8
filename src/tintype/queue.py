"""The only door to PgQueuer. The queue rings, it doesn't remember: a job is an entrypoint and an id.

A job may be lost and may run twice at once; the work's row and its lease decide what counts. One
queue row exists per work at a time (`dedupe_key`), and a duplicate is skipped without harm to the
caller's transaction.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Final

from pgqueuer import PgQueuer
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job

from tintype.core import log
from tintype.db.pool import Database, Transaction, dedicated_connection

Run = Callable[[str], Awaitable[timedelta | None]]

HEARTBEAT_SECONDS: Final = 15
# Retries that fall due and rings whose NOTIFY was lost are found by looking, this often.
_POLL_SECONDS: Final = 1
_RESTART_SECONDS: Final = 1.0
_BATCH: Final = 2
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


async def ring_again(tx: Transaction, entrypoint: str, work_id: str) -> None:
    """Let another worker have a job that this process holds and will not end."""
    status = await tx.execute(
        """
        UPDATE pgqueuer SET status = 'queued', queue_manager_id = NULL, slot = NULL,
            execute_after = now(), updated = now()
        WHERE dedupe_key = $1 AND status IN ('queued', 'picked')
        """,
        f"{entrypoint}:{work_id}",
    )
    if status == "UPDATE 0":
        await enqueue(tx, entrypoint, work_id)


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


async def prune(tx: Transaction) -> None:
    """PgQueuer never prunes its log; keep a week, in bounded batches."""
    await tx.execute(
        "DELETE FROM pgqueuer_log WHERE id = ANY (ARRAY(SELECT id FROM pgqueuer_log"
        " WHERE created < now() - interval '7 days' LIMIT 5000))"
    )


class Consumer:
    """Takes jobs until told to stop, through any number of lost connections.

    `stop()` ends the taking; jobs that run go on. Never cancel `run()`: PgQueuer would delete the
    rows of running jobs. After a grace the process exits hard, and leases run out.
    """

    def __init__(self, database: Database, jobs: Mapping[str, Run], concurrency: int) -> None:
        self._database = database
        self._jobs = jobs
        self._concurrency = concurrency
        self._slots = asyncio.Semaphore(concurrency)
        self._stopping = asyncio.Event()
        self._current: PgQueuer | None = None
        self.running: set[str] = set()

    def stop(self) -> None:
        self._stopping.set()
        if self._current is not None:
            self._current.shutdown.set()

    async def run(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._consume()
            except Exception as fault:  # noqa: BLE001  Whatever ended it, the taking goes on.
                _log.warning("queue connection lost", fault=type(fault).__name__)
            if not self._stopping.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_RESTART_SECONDS):
                        await self._stopping.wait()

    async def _consume(self) -> None:
        # One connection of its own: over a pool, PgQueuer's first health probe may overtake its
        # LISTEN and then take the listener for dead.
        connection = await dedicated_connection(self._database.dsn)
        try:
            queuer = PgQueuer(AsyncpgDriver(connection))
            self._current = queuer
            for name, run in self._jobs.items():
                queuer.entrypoint(name)(self._bind(run))
            if self._stopping.is_set():
                return
            await queuer.run(
                dequeue_timeout=timedelta(seconds=_POLL_SECONDS),
                batch_size=_BATCH,
                # PgQueuer wants twice the batch at least; the semaphore holds the true limit.
                max_concurrent_tasks=max(2 * _BATCH, self._concurrency),
                shutdown_on_listener_failure=True,
                heartbeat_timeout=timedelta(seconds=HEARTBEAT_SECONDS),
            )
        finally:
            connection.terminate()

    def _bind(self, run: Run) -> Callable[[Job], Awaitable[None]]:
        async def entrypoint(job: Job) -> None:
            work_id = (job.payload or b"").decode()
            async with self._slots:
                self.running.add(work_id)
                try:
                    again = await run(work_id)
                finally:
                    self.running.discard(work_id)
            if again is not None:
                raise RetryRequested(delay=again, reason="retry")

        return entrypoint
