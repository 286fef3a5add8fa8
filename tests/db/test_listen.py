"""Wake-ups: to whom they are for, after every lost connection, and at the end to all."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tintype.db.listen import Signals, notify
from tintype.db.pool import Database


@pytest.fixture
async def signals(database_url: str) -> AsyncIterator[Signals]:
    made = Signals(database_url)
    told: asyncio.Queue[str | None] = asyncio.Queue()
    made.watch(told.put_nowait)
    task = asyncio.create_task(made.run())
    async with asyncio.timeout(30):
        assert await told.get() is None  # It listens.
    yield made
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def tell(database: Database, subject: str) -> None:
    async with database.transaction() as tx:
        await notify(tx, subject)


async def woken(event: asyncio.Event, seconds: float = 20) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    event.clear()
    return True


async def test_a_change_wakes_those_who_wait_for_it(database: Database, signals: Signals) -> None:
    async with (
        signals.subscribe("a") as first,
        signals.subscribe("a") as second,
        signals.subscribe("b") as other,
    ):
        await tell(database, "a")
        assert await woken(first)
        assert await woken(second)
        assert not await woken(other, 0.1)


async def test_a_change_is_told_when_it_is_committed(database: Database, signals: Signals) -> None:
    async with signals.subscribe("a") as event:
        async with database.transaction() as tx:
            await notify(tx, "a")
            assert not await woken(event, 0.2)
        assert await woken(event)


async def test_a_lost_connection_is_replaced_at_once_and_wakes_everyone(
    database: Database, signals: Signals, database_url: str
) -> None:
    """What was told meanwhile may be missed, so all look once; after that it works as before."""
    admin = await asyncpg.connect(database_url)
    try:
        for _ in range(2):
            async with signals.subscribe("a") as event:
                assert await admin.fetch(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = 'tintype-listen' AND datname = current_database()"
                )
                assert await woken(event)
                await tell(database, "a")
                assert await woken(event)
    finally:
        await admin.close()


async def test_nobody_is_kept_who_does_not_wait_any_more(signals: Signals) -> None:
    async with signals.subscribe("a"), signals.subscribe("a"):
        assert signals._waiters
    assert not signals._waiters


async def test_closing_wakes_everyone_for_good(signals: Signals) -> None:
    async with signals.subscribe("a") as event:
        signals.close()
        assert await woken(event)
        assert signals.closing.is_set()
