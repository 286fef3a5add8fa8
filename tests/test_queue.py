"""The queue: rings are joined to transactions, come once, and survive what a worker may meet."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from support.workers import until
from tintype import queue
from tintype.core.errors import Unavailable
from tintype.db.pool import Database
from tintype.queue import Consumer, Run

pytestmark = pytest.mark.slow


@contextlib.asynccontextmanager
async def consuming(
    database: Database, run: Run, *, concurrency: int = 2, heartbeat: float = 2
) -> AsyncIterator[Consumer]:
    taking = Consumer(database, {"work": run}, concurrency=concurrency, heartbeat_seconds=heartbeat)
    task = asyncio.create_task(taking.run())
    try:
        yield taking
    finally:
        taking.stop()
        async with asyncio.timeout(10):
            await task


async def ring(database: Database, *work_ids: str, **more: Any) -> None:
    async with database.transaction() as tx:
        for work_id in work_ids:
            await queue.enqueue(tx, "work", work_id, **more)


async def rows(database: Database) -> list[Any]:
    async with database.reading() as tx:
        found: list[Any] = await tx.fetch(
            "SELECT status::text, convert_from(payload, 'UTF8') AS work, priority,"
            " execute_after > now() AS later FROM pgqueuer ORDER BY id"
        )
    return found


def noting(seen: list[str]) -> Run:
    async def run(work_id: str) -> timedelta | None:
        seen.append(work_id)
        return None

    return run


def whether(condition: Callable[[], bool]) -> Callable[[], Any]:
    async def ask() -> bool:
        return condition()

    return ask


async def test_a_ring_exists_if_and_when_its_transaction_commits(database: Database) -> None:
    seen: list[str] = []
    async with consuming(database, noting(seen)):
        with contextlib.suppress(ZeroDivisionError):
            async with database.transaction() as tx:
                await queue.enqueue(tx, "work", "a")
                raise ZeroDivisionError
        async with database.transaction() as tx:
            await queue.enqueue(tx, "work", "b")
            await asyncio.sleep(0.2)
            assert seen == []
        await until(whether(lambda: seen == ["b"]))
    assert await rows(database) == []


async def test_a_second_ring_is_dropped_without_harm(database: Database) -> None:
    await ring(database, "a", "a", "b")
    await ring(database, "a")
    assert [row["work"] for row in await rows(database)] == ["a", "b"]
    async with database.reading() as tx:
        assert await queue.ringing(tx, "work", ["a", "b", "c"]) == {"a", "b"}
        assert await queue.depth(tx) == {"queued": 2}


async def test_important_work_goes_first(database: Database) -> None:
    await ring(database, "old")
    await ring(database, "new")
    await ring(database, "urgent", priority=5)
    seen: list[str] = []
    async with consuming(database, noting(seen), concurrency=1):
        await until(whether(lambda: len(seen) == 3))
    assert seen == ["urgent", "old", "new"]


async def test_a_delayed_ring_comes_when_it_is_due(database: Database) -> None:
    loop = asyncio.get_running_loop()
    seen: list[str] = []
    async with consuming(database, noting(seen)):
        begun = loop.time()
        await ring(database, "a", delay=timedelta(seconds=0.6))
        await until(whether(lambda: bool(seen)))
        assert loop.time() - begun >= 0.6


async def test_ringing_again_survives_the_end_of_the_run(database: Database) -> None:
    """PgQueuer ends the row of the run, not the new one; its priority is kept."""
    seen: list[str] = []

    async def run(work_id: str) -> timedelta | None:
        seen.append(work_id)
        if len(seen) == 1:
            async with database.transaction() as tx:
                await queue.ring_again(tx, "work", work_id, delay=timedelta(seconds=2))
        return None

    async def the_runs_own_row_is_gone() -> bool:
        return [row["status"] for row in await rows(database)] == ["queued"]

    async with consuming(database, run):
        await ring(database, "a", priority=3)
        await until(whether(lambda: len(seen) == 1))
        await until(the_runs_own_row_is_gone)
        assert [tuple(row) for row in await rows(database)] == [("queued", "a", 3, True)]
        await until(whether(lambda: len(seen) == 2))
    assert await rows(database) == []


@pytest.mark.parametrize("fault", [Unavailable(), None])
async def test_an_early_ring_and_an_absent_database_ring_again(
    database: Database, fault: Exception | None
) -> None:
    seen: list[str] = []

    async def run(work_id: str) -> timedelta | None:
        seen.append(work_id)
        if len(seen) > 1:
            return None
        if fault:
            raise fault
        return timedelta(seconds=0.1)

    async with consuming(database, run):
        await ring(database, "a")
        await until(whether(lambda: len(seen) == 2))


async def test_a_job_that_raises_is_done_with_and_others_go_on(database: Database) -> None:
    seen: list[str] = []

    async def run(work_id: str) -> timedelta | None:
        seen.append(work_id)
        if work_id == "bad":
            raise RuntimeError("a secret")
        return None

    async with consuming(database, run, concurrency=1):
        await ring(database, "bad", "good")
        await until(whether(lambda: seen == ["bad", "good"]))
    assert await rows(database) == []
    async with database.reading() as tx:
        assert (
            await tx.fetchval("SELECT count(*) FROM pgqueuer_log WHERE traceback IS NOT NULL") == 0
        )


@pytest.mark.parametrize("concurrency", [1, 3])
async def test_no_more_is_taken_than_can_run(database: Database, concurrency: int) -> None:
    """What a busy worker took, an idle one could not have."""
    release = asyncio.Event()
    running: list[str] = []

    async def run(work_id: str) -> timedelta | None:
        running.append(work_id)
        await release.wait()
        return None

    async with consuming(database, run, concurrency=concurrency) as taking:
        await ring(database, *(f"w{n}" for n in range(8)))
        await until(whether(lambda: len(running) == concurrency))
        await asyncio.sleep(0.5)
        assert len(running) == len(taking.running) == concurrency
        async with database.reading() as tx:
            assert (await queue.depth(tx))["picked"] == concurrency
        release.set()
        await until(whether(lambda: len(running) == 8))


async def _cut(database_url: str) -> None:
    admin = await asyncpg.connect(database_url)
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await admin.close()
    # The pool meets its own cut connections one by one.
    await asyncio.sleep(0.2)


async def test_a_lost_connection_stops_neither_the_running_nor_the_taking(
    database: Database, database_url: str
) -> None:
    """A run may take minutes: the free slots must not wait for it."""
    release = asyncio.Event()
    seen: list[str] = []

    async def run(work_id: str) -> timedelta | None:
        seen.append(work_id)
        if work_id == "long":
            await release.wait()
        return None

    async with consuming(database, run, concurrency=3) as taking:
        try:
            await ring(database, "long")
            await until(whether(lambda: seen == ["long"]), what="the first")
            for name in ("a", "b"):
                await _cut(database_url)
                await ring(database, name)
                await until(whether(lambda n=name: n in seen), what=name)
            assert "long" in taking.running
            # The lost connection can't say that "long" lives: its ring comes again, harmlessly.
            await until(whether(lambda: seen.count("long") == 2), what="the second ring")
        finally:
            release.set()


async def test_a_stop_waits_for_what_runs_and_takes_nothing_more(database: Database) -> None:
    seen: list[str] = []
    done: list[str] = []

    async def run(work_id: str) -> timedelta | None:
        seen.append(work_id)
        await asyncio.sleep(0.5)
        done.append(work_id)
        return None

    async with consuming(database, run, concurrency=1) as taking:
        await ring(database, "a", "b")
        await until(whether(lambda: seen == ["a"]))
        taking.stop()
    assert done == ["a"]
    assert [row["work"] for row in await rows(database)] == ["b"]


async def test_the_log_is_pruned_in_batches(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(
            "INSERT INTO pgqueuer_log (created, job_id, status, priority, entrypoint)"
            " SELECT now() - n * interval '1 hour' - interval '1 s', n, 'successful', 0, 'work'"
            " FROM generate_series(1, 5200) n"
        )
        assert await queue.prune(tx)
        assert not await queue.prune(tx)
        assert await tx.fetchval("SELECT count(*) FROM pgqueuer_log") == 7 * 24 - 1
