"""Transactions: all or nothing, never for long, and their faults in words for clients."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import asyncpg
import pytest

from tintype.core.errors import NotFound, Unavailable, ValidationFailed
from tintype.db.pool import Database, connect


async def test_a_transaction_is_undone_by_any_exception(database: Database) -> None:
    with contextlib.suppress(NotFound):
        async with database.transaction() as tx:
            await tx.execute("CREATE TABLE words (word text)")
            raise NotFound("There is no such word.")
    async with database.reading() as tx:
        assert await tx.fetchval("SELECT to_regclass('words')") is None


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT pg_terminate_backend(pg_backend_pid())",
        "SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(1)",
        "SET TRANSACTION READ ONLY; CREATE TABLE t (n int)",
        "DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$",
        "DO $$ BEGIN RAISE SQLSTATE '40001'; END $$",
        "DO $$ BEGIN RAISE SQLSTATE '53100'; END $$",
        "DO $$ BEGIN RAISE SQLSTATE '53200'; END $$",
        "DO $$ BEGIN RAISE SQLSTATE '53300'; END $$",
        "DO $$ BEGIN RAISE SQLSTATE '57P03'; END $$",
        "DO $$ BEGIN RAISE SQLSTATE '58030'; END $$",
        "SET LOCAL statement_timeout = '20ms'; SELECT pg_sleep(1)",
    ],
)
async def test_a_database_in_trouble_is_unavailable_not_an_internal_error(
    database: Database, statement: str
) -> None:
    with pytest.raises(Unavailable) as raised:
        async with database.transaction() as tx:
            await tx.execute(statement)
    assert raised.value.headers["Retry-After"]
    async with database.reading() as tx:
        assert await tx.fetchval("SELECT 1") == 1


@pytest.mark.parametrize("value", ["a\0b", "\ud800"])
async def test_what_cannot_be_stored_is_the_clients_fault(database: Database, value: str) -> None:
    with pytest.raises(ValidationFailed):
        async with database.transaction() as tx:
            await tx.fetchval("SELECT $1::text", value)


async def test_a_mistake_of_ours_is_not_hidden(database: Database) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        async with database.transaction() as tx:
            await tx.execute("SELECT FROM nowhere")


async def test_no_lock_is_waited_for_longer_than_two_seconds(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute("LOCK TABLE organizations")
        begun = time.monotonic()
        with pytest.raises(Unavailable):
            async with database.transaction() as other:
                await other.execute("LOCK TABLE organizations")
        assert 1.9 < time.monotonic() - begun < 14


async def test_every_connection_has_the_limits(database: Database) -> None:
    names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "timezone")
    async with database.reading() as tx:
        found = [await tx.fetchval("SELECT current_setting($1)", name) for name in names]
    assert found == ["2s", "15s", "15s", "UTC"]


async def test_without_a_free_connection_it_is_unavailable_in_time(database_url: str) -> None:
    small = await connect(database_url, size=1, wait_seconds=0.2)
    try:
        async with small.transaction():
            begun = time.monotonic()
            with pytest.raises(Unavailable):
                async with small.reading():
                    pass
            assert time.monotonic() - begun < 4
        async with small.reading() as tx:
            assert await tx.fetchval("SELECT 1") == 1
    finally:
        await small.close()


async def test_a_canceled_request_leaves_its_connection_usable(database_url: str) -> None:
    small = await connect(database_url, size=1, wait_seconds=2)

    async def sleep() -> None:
        async with small.transaction() as tx:
            await tx.execute("SELECT pg_sleep(5)")

    try:
        for _ in range(3):
            task = asyncio.create_task(sleep())
            await asyncio.sleep(0.05)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        async with small.reading() as tx:
            assert await tx.fetchval("SELECT 1") == 1
    finally:
        await small.close()


async def test_maps_and_lists_pass_as_json(database: Database) -> None:
    value: dict[str, Any] = {"a": [1, "é\n", None, {"b": 1.5}]}
    async with database.reading() as tx:
        assert await tx.fetchval("SELECT $1::jsonb", value) == value


_COUNTED = "SELECT count(*) FROM generations WHERE id = $1 AND seed = $2"


@pytest.fixture
async def single(database_url: str) -> AsyncIterator[Database]:
    """With one connection, so that whoever asks next gets what the one before has left."""
    made = await connect(database_url, size=1, wait_seconds=5)
    yield made
    await made.close()


async def _left_clean(single: Database, database: Database, since: datetime) -> None:
    """The connection that lies in the pool has no locks, and is in no transaction."""
    async with database.reading() as tx:
        locks = await tx.fetch(
            """
            SELECT relation::regclass FROM pg_locks JOIN pg_stat_activity USING (pid)
            WHERE datname = current_database() AND pid <> pg_backend_pid()
              AND application_name = 'tintype' AND relation IS NOT NULL
            """
        )
    assert locks == []
    async with single.snapshot() as tx:
        assert await tx.fetchval("SELECT now()") >= since


async def _moment(database: Database) -> datetime:
    async with database.reading() as tx:
        found: datetime = await tx.fetchval("SELECT now()")
    return found


async def test_a_refused_value_leaves_no_transaction_behind(
    single: Database, database: Database
) -> None:
    with pytest.raises(ValidationFailed):
        async with single.reading() as tx:
            await tx.fetchval(_COUNTED, "gen_x", "no number")
    await _left_clean(single, database, await _moment(database))


async def test_a_canceled_query_leaves_no_transaction_behind(
    database_url: str, database: Database
) -> None:
    """At whichever of its task's steps it is canceled; most ways the server hears of it by itself."""
    for steps in range(12):
        # A new connection each time: a statement is parsed once in its life.
        single = await connect(database_url, size=1, wait_seconds=5)
        await _moment(single)

        async def ask(single: Database = single) -> None:
            async with single.reading() as tx:
                await tx.fetchval(_COUNTED, "gen_x", 1)

        task = asyncio.create_task(ask())
        for _ in range(steps):
            await asyncio.sleep(0)
        # The loop stands still while the server answers, so the task hears none of it.
        time.sleep(0.05)  # noqa: ASYNC251
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await _left_clean(single, database, await _moment(database))
        await single.close()


async def test_an_absent_server_is_unavailable(database_url: str) -> None:
    made = await connect(database_url, size=2, wait_seconds=1)
    await made.close()
    with pytest.raises(Unavailable):
        async with made.reading():
            pass
    with pytest.raises((OSError, asyncpg.PostgresError)):
        await connect(f"postgresql://x@/none?host=/nowhere-{os.getpid()}", size=1, wait_seconds=1)


async def test_a_snapshot_sees_one_moment_and_writes_nothing(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute("CREATE TABLE t AS SELECT 1 AS n")
    async with database.snapshot() as seen:
        assert await seen.fetchval("SELECT count(*) FROM t") == 1
        async with database.transaction() as tx:
            await tx.execute("INSERT INTO t VALUES (2)")
        assert await seen.fetchval("SELECT count(*) FROM t") == 1
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await seen.execute("INSERT INTO t VALUES (3)")
    async with database.snapshot() as seen:
        assert await seen.fetchval("SELECT count(*) FROM t") == 2
