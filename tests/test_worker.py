"""A worker's opening and its chores."""

import asyncpg
import pytest

from support.faulty_engine import FaultyEngine
from support.house import House, settings_for
from support.workers import until, working
from tintype import worker
from tintype.engines.base import EngineFault
from tintype.engines.builtin import MODEL
from tintype.engines.registry import Engines


async def test_all_answers_that_are_old_are_forgotten_in_one_round(idle_house: House) -> None:
    me = await idle_house.tenant()
    async with idle_house.database.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO idempotency_keys (organization_id, key, fingerprint, created_at)
            SELECT $1, 'k' || n, '', now() - CASE WHEN n > 2500 THEN interval '24 hours'
                ELSE interval '26 hours' END FROM generate_series(1, 2510) n
            """,
            me.organization_id,
        )

    async def old_ones_gone() -> bool:
        async with idle_house.database.reading() as tx:
            found: int = await tx.fetchval("SELECT count(*) FROM idempotency_keys")
        return found == 10

    async with working(idle_house.settings):
        await until(old_ones_gone, what="2,500 old answers to be gone")


class Unopenable(FaultyEngine):
    async def open(self) -> None:
        raise EngineFault("BAD_CREDENTIALS", "no key")


async def test_a_worker_whose_engine_does_not_open_leaves_no_connection(
    database_url: str, tmp_path
) -> None:
    settings = settings_for(database_url, tmp_path)
    with pytest.raises(EngineFault) as fault:
        async with worker.opened(settings, Engines({MODEL: Unopenable()})):
            pass
    watching = await asyncpg.connect(database_url)

    async def alone() -> bool:
        others: int = await watching.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name LIKE 'tintype%'"
        )
        return others == 0

    try:
        await until(alone, what="the pool to be closed")
    finally:
        await watching.close()
    assert fault.value.code == "BAD_CREDENTIALS"
