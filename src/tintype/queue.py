"""The only door to PgQueuer. The queue rings, it doesn't remember: a job is a name and an id.

A job may be lost and may run twice at once; the work's row and its lease decide what counts. One
queue row exists per work at a time (`dedupe_key`), and a duplicate is skipped without harm to the
caller's transaction.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import anyio
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job
from pgqueuer.domain.types import QueueEntrypoint
from pgqueuer.ports.repository import EntrypointExecutionParameter

from tintype.core import log
from tintype.core.errors import Unavailable
from tintype.db.pool import Connection, Database, Transaction, dedicated_connection

# Answers a delay when the same ring should come again; None when it is done with.
Run = Callable[[str], Awaitable[timedelta | None]]

# Rings that fall due, and those whose NOTIFY was lost, are found by looking, this often.
_POLL_SECONDS: Final = 1
_RESTART_SECONDS: Final = 1.0
_AGAIN: Final = timedelta(seconds=1)
# Of notices that come so close together one look makes do, where jobs run already.
_GATHER_SECONDS: Final = 0.01
# Endings are written one by one: a job's next ring is dropped as long as its row is there.
_BATCH: Final = 1
_TAKEN_AT_ONCE_MAX: Final = 16
_CHANGED: Final = "table_changed_event"
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


async def enqueue_all(
    tx: Transaction, rings: Mapping[str, str], priorities: Sequence[int] | None = None
) -> None:
    """Ring for many ids, each by its entrypoint, in one statement; as `enqueue` otherwise."""
    work_ids, entrypoints = list(rings), list(rings.values())
    if not work_ids:
        return
    await Queries(AsyncpgDriver(tx)).enqueue(
        entrypoints, [it.encode() for it in work_ids], list(priorities or [0] * len(rings)),
        [None] * len(rings), [f"{name}:{it}" for it, name in rings.items()], on_conflict="skip",
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


async def let_go(tx: Transaction, entrypoint: str, work_id: str) -> None:
    """Give up the ring that this very run answers: whoever rings from now on is heard.

    A run that then looks once more whether there is work can't miss any.
    """
    await tx.execute(
        "DELETE FROM pgqueuer WHERE dedupe_key = $1 AND status IN ('queued', 'picked')",
        f"{entrypoint}:{work_id}",
    )


async def forget(tx: Transaction, entrypoint: str, work_id: str) -> None:
    """Take back the ring for work that has ended without it; a run that has begun is left alone."""
    await tx.execute(
        "DELETE FROM pgqueuer WHERE dedupe_key = $1 AND status = 'queued'",
        f"{entrypoint}:{work_id}",
    )


async def forget_all(tx: Transaction, rings: Mapping[str, str]) -> None:
    """As `forget`, for many ids, each by its entrypoint."""
    await tx.execute(
        "DELETE FROM pgqueuer WHERE dedupe_key = ANY ($1) AND status = 'queued'",
        [f"{name}:{it}" for it, name in rings.items()],
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


def rings_in_sql(entrypoint: str, work_id: str) -> str:
    """A condition: whether there is a job, waiting or running, for these expressions in SQL."""
    return (
        f"EXISTS (SELECT FROM pgqueuer q WHERE q.dedupe_key = {entrypoint} || ':' || {work_id}"
        " AND q.status IN ('queued', 'picked'))"
    )


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

    `concurrency` jobs run at once, of all entrypoints but those in `apart`: each of those has
    places of its own, so that neither kind waits for the other's. Of an entrypoint in `limits` at
    most so many jobs run at once over all consumers. `stop()` sets `stopping`, for jobs that would
    else go on and on.
    """

    def __init__(
        self,
        database: Database,
        jobs: Mapping[str, Run],
        *,
        concurrency: int,
        heartbeat_seconds: float,
        apart: Mapping[str, int] | None = None,
        limits: Mapping[str, int] | None = None,
        stopping: asyncio.Event | None = None,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._concurrency = concurrency
        self._apart = dict(apart or {})
        self._limits = dict(limits or {})
        self._heartbeat = timedelta(seconds=heartbeat_seconds)
        self._stopping = stopping or asyncio.Event()
        # More than one only while jobs of a lost connection end beside its successor's.
        self._takers: list[_Taker] = []

    @property
    def running(self) -> list[str]:
        """Ids of the work that runs now."""
        return [work_id for taker in self._takers for work_id in taker.answering.values()]

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
        taker = _Taker(_Driver(connection), self._room, self._limits)
        for name, run in self._jobs.items():
            taker.entrypoint(name)(_answer(taker, run))
        self._takers.append(taker)
        try:
            if self._stopping.is_set():
                return
            await taker.run(
                dequeue_timeout=timedelta(seconds=_POLL_SECONDS),
                batch_size=_BATCH,
                # `_Taker` holds the limits.
                max_concurrent_tasks=None,
                shutdown_on_listener_failure=True,
                heartbeat_timeout=self._heartbeat,
                log_aggregation_interval=timedelta(0),
            )
        except Exception as fault:  # noqa: BLE001  Whatever ended it, the taking goes on.
            _log.warning("queue connection lost", fault=type(fault).__name__)
        finally:
            self._takers = [it for it in self._takers if it is not taker]
            connection.terminate()

    def _room(self) -> dict[str, int]:
        """Entrypoints of which jobs may be taken, and how many. Lost connections' jobs count."""
        taken = Counter(
            name if name in self._apart else ""
            for taker in self._takers
            for name in taker.entrypoints_taken()
        )
        room = {
            name: self._apart.get(name, self._concurrency)
            - taken[name if name in self._apart else ""]
            for name in self._jobs
        }
        return {name: left for name, left in room.items() if left > 0}


class _Driver(AsyncpgDriver):
    """PgQueuer's driver, which passes on one notice of a change until the queue is looked at.

    PgQueuer looks once for each notice, one after the other, though one look finds all there is.
    Where jobs run already (`busy`), a notice waits a moment for those that come close behind it.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.told = False
        self.busy: Callable[[], bool] = lambda: False

    async def add_listener(
        self, channel: str, callback: Callable[[str | bytes | bytearray], None]
    ) -> None:
        loop = asyncio.get_running_loop()

        def told(payload: str | bytes | bytearray) -> None:
            text = payload if isinstance(payload, str) else payload.decode()
            if _CHANGED in text:
                if self.told:
                    return
                self.told = True
                if self.busy():
                    loop.call_later(_GATHER_SECONDS, callback, payload)
                    return
            callback(payload)

        await super().add_listener(channel, told)


class _Taker(QueueManager):
    """PgQueuer's manager, which takes a job only when it can run at once.

    Jobs are never hoarded: another worker may have room for them now.
    """

    def __init__(
        self, driver: _Driver, room: Callable[[], dict[str, int]], limits: Mapping[str, int]
    ) -> None:
        super().__init__(Queries(driver))
        self.driver = driver
        driver.busy = lambda: bool(self.job_context)
        self.room = room
        self.limits = limits
        self.entrypoint_of: dict[int, str] = {}
        self.answering: dict[int, str] = {}

    def entrypoints_taken(self) -> list[str]:
        """One for each job that was taken and has not ended."""
        return [name for number, name in self.entrypoint_of.items() if number in self.job_context]

    async def _effective_dequeue_timeout(self, dequeue_timeout: timedelta) -> timedelta:
        """PgQueuer's, which asks the queue twice for what is to come, but only while idle.

        The end of a job deletes its row, and the notice of that makes this loop look again.
        """
        if self.job_context:
            return dequeue_timeout
        return await super()._effective_dequeue_timeout(dequeue_timeout)

    async def fetch_jobs(
        self,
        batch_size: int,
        global_concurrency_limit: int | None,
        heartbeat_timeout: timedelta,
    ) -> AsyncGenerator[Job, None]:
        del batch_size
        while not self.shutdown.is_set():
            # From here on a change is news again: what came before is seen by this look.
            self.driver.told = False
            room = self.room()
            if not room:
                return
            jobs = await self.queries.dequeue(
                min(*room.values(), _TAKEN_AT_ONCE_MAX),
                {
                    QueueEntrypoint(name): EntrypointExecutionParameter(
                        concurrency_limit=self.limits.get(name, 0)
                    )
                    for name in sorted(room)
                },
                self.queue_manager_id,
                global_concurrency_limit,
                heartbeat_timeout,
            )
            if not jobs:
                return
            for job in jobs:
                # PgQueuer keeps a job's context from the moment it gets it here to the job's end.
                self.entrypoint_of = {
                    number: name
                    for number, name in self.entrypoint_of.items()
                    if number in self.job_context
                } | {job.id: job.entrypoint}
                yield job


def _answer(taker: _Taker, run: Run) -> Callable[[Job], Awaitable[None]]:
    async def entrypoint(job: Job) -> None:
        work_id = (job.payload or b"").decode()
        taker.answering[job.id] = work_id
        try:
            again = await run(work_id)
        except Unavailable:
            again = _AGAIN
        except Exception as fault:  # noqa: BLE001  Its text may quote a prompt; PgQueuer logs that.
            _log.error("job failed", work=work_id, fault=log.where(fault))
            again = None
        finally:
            del taker.answering[job.id]
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
