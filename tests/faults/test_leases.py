"""Two runs of one work at once: only the lease's holder writes, whoever comes late changes nothing."""

import asyncio
import signal

import pytest

from support.checks import check_everything
from support.house import House, Tenant
from support.workers import Worker, create, ending, row, until, until_status, working
from tintype import queue
from tintype.generations.run import run
from tintype.generations.submit import entrypoint
from tintype.storage import Storage

pytestmark = pytest.mark.slow


async def test_a_frozen_workers_late_result_changes_nothing(
    shop: House, tenant: Tenant, storage: Storage
) -> None:
    """Frozen mid-engine past its lease, woken after and while another does the work."""
    frozen = Worker(shop.settings)
    with ending(frozen):
        work = await create(shop, tenant, "fox [wait 2.5]", seed=1)
        await until_status(shop, work, "processing")
        frozen.send(signal.SIGSTOP)
        async with working(shop.settings):
            await until(lambda: _attempts(shop, work, 2), what="another to take it")
            frozen.send(signal.SIGCONT)
            found = await until_status(shop, work, "completed", "failed")
            assert (found["status"], found["attempts"]) == ("completed", 2)
            await asyncio.sleep(1.5)
        assert not frozen.dead
        assert await check_everything(shop.database, storage) == {"completed": 1}
        # It is none the worse for it.
        again = await create(shop, tenant, "owl")
        await until_status(shop, again, "completed")


async def _attempts(shop: House, work: str, at_least: int) -> bool:
    return bool((await row(shop, work))["attempts"] >= at_least)


async def test_a_blocked_loop_loses_its_lease_not_the_work(
    shop: House, tenant: Tenant, storage: Storage
) -> None:
    blocked = Worker(shop.settings)
    with ending(blocked):
        work = await create(shop, tenant, "fox [once] [block 4]")
        await until_status(shop, work, "processing")
        async with working(shop.settings):
            found = await until_status(shop, work, "completed", "failed")
            assert (found["status"], found["attempts"]) == ("completed", 2)
            await asyncio.sleep(1.5)
        assert await check_everything(shop.database, storage) == {"completed": 1}


async def test_two_rings_for_one_work_make_one_run(
    shop: House, tenant: Tenant, storage: Storage
) -> None:
    work = await create(shop, tenant, "fox [wait 0.5]")
    async with working(shop.settings) as first, working(shop.settings) as second:
        early = await asyncio.gather(*(run(it, work) for it in (first, second) * 4))
        found = await until_status(shop, work, "completed")
        assert found["attempts"] == 1
        assert all(delay is None or delay.total_seconds() <= 2.1 for delay in early)
        assert await check_everything(shop.database, storage) == {"completed": 1}


async def test_deleted_queue_rows_are_rung_for_again(
    shop: House, tenant: Tenant, storage: Storage
) -> None:
    """Of running work, of a dead worker's work and of work that waits; never two rows of one."""
    doomed = Worker(shop.settings)
    with ending(doomed):
        dead = await create(shop, tenant, "fox [once] [wait 60]")
        await until_status(shop, dead, "processing")
        doomed.kill()
    waiting = await create(shop, tenant)
    async with shop.database.transaction() as tx:
        await tx.execute("DELETE FROM pgqueuer")
        # Due for a while: a ring is taken for lost after ten seconds.
        await tx.execute("UPDATE generations SET run_after = now() - interval '9 s'")
    async with working(shop.settings), working(shop.settings):
        running = await create(shop, tenant, "fox [wait 1]")
        await until_status(shop, running, "processing")
        async with shop.database.transaction() as tx:
            await tx.execute(
                "DELETE FROM pgqueuer WHERE dedupe_key = $1", f"{entrypoint('builtin')}:{running}"
            )
        for work in (running, dead, waiting):
            await until_status(shop, work, "completed", seconds=15)
        async with shop.database.reading() as tx:
            twice = await tx.fetchval(
                "SELECT count(*) FROM (SELECT FROM pgqueuer GROUP BY dedupe_key HAVING count(*) > 1)"
            )
            assert twice == 0
            assert await queue.ringing(tx, entrypoint("builtin"), [running]) == set()
        assert await check_everything(shop.database, storage) == {"completed": 3}


async def test_leases_go_by_the_databases_clock(
    shop: House, tenant: Tenant, storage: Storage
) -> None:
    """A worker in another zone neither steals living work nor gives up its own."""
    elsewhere = Worker(shop.settings, TZ="Asia/Tokyo")
    with ending(elsewhere):
        async with working(shop.settings):
            works = [await create(shop, tenant, f"fox {n} [wait 3]", seed=n) for n in range(6)]
            for work in works:
                found = await until_status(shop, work, "completed", "failed")
                assert (found["status"], found["attempts"]) == ("completed", 1)
            await check_everything(shop.database, storage)
