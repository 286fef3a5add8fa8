"""Workers killed at every step of a job, and jobs that kill their worker."""

import asyncio
import random
import signal
import time

import pytest

from support.checks import check_everything
from support.house import House, Tenant
from support.workers import Worker, create, ending, row, until, until_idle, until_status, working
from tintype.storage import Storage

pytestmark = pytest.mark.slow


async def test_a_job_that_kills_its_process_is_tried_three_times(
    shop: House, tenant: Tenant, storage: Storage
) -> None:
    """Then it fails and its credits come back; its neighbours end well, however it dies."""
    work = await create(shop, tenant, "fox [die after]")
    neighbours = [await create(shop, tenant, f"owl {n}", seed=n) for n in range(2)]
    workers: list[Worker] = []
    end = time.monotonic() + 25
    while (await row(shop, work))["status"] not in {"failed", "completed"}:
        assert time.monotonic() < end
        if not workers or workers[-1].dead:
            workers.append(Worker(shop.settings))  # As the supervisor does.
        await asyncio.sleep(0.05)
    with ending(*workers):
        found = await row(shop, work)
        assert (found["status"], found["attempts"]) == ("failed", 3)
        assert found["error"]["code"] == "PROVIDER_ERROR"
        assert 3 <= len(workers) <= 4
        for neighbour in neighbours:
            await until_status(shop, neighbour, "completed", seconds=20)
        await check_everything(shop.database, storage)


async def test_a_worker_killed_between_storing_and_committing_leaves_no_row(
    shop: House, tenant: Tenant, storage: Storage
) -> None:
    """The account is locked, so the finishing transaction stands between bytes and commit."""
    worker = Worker(shop.settings)
    with ending(worker):
        async with shop.database.transaction() as tx:
            work = await create_without_hold(shop, tenant)
            await tx.execute("SELECT FROM credit_accounts FOR UPDATE")
            masters = shop.settings.folder / "media" / "masters"
            await until(lambda: _any_file(masters), what="stored bytes")
            await asyncio.sleep(0.2)
            worker.kill()
            assert (await row(shop, work))["status"] == "processing"
            assert await tx.fetchval("SELECT count(*) FROM images") == 0
    killed = time.monotonic()
    async with working(shop.settings):
        found = await until_status(shop, work, "completed", seconds=10)
        print(f"done {time.monotonic() - killed:.1f} s after the kill (lease 2 s)")
        assert found["attempts"] == 2
        await check_everything(shop.database, storage)


async def create_without_hold(shop: House, tenant: Tenant) -> str:
    """Only asked for before the account is locked: creating locks it too."""
    return await create(shop, tenant, "fox [wait 0.5]")


async def _any_file(folder: object) -> bool:
    return any(path.is_file() for path in folder.rglob("*"))  # type: ignore[attr-defined]


async def test_workers_killed_at_random_moments_lose_nothing(
    shop: House, tenant: Tenant, storage: Storage
) -> None:
    """The built-in engine and the real entry point, killed while it draws, stores and commits."""
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    sandbox = await shop.tenant(organization_id=tenant.organization_id, livemode=False)
    works = [await create(shop, sandbox, "__slow_5s__ fox")]
    workers = [Worker(shop.settings, faulty=False), Worker(shop.settings, faulty=False)]
    with ending(*workers):
        await until_status(shop, works[0], "processing")
        for n in range(16):
            works.append(await create(shop, tenant, f"fox {n}", seed=n, variants=1 + n % 2))
        for _ in range(4):
            await asyncio.sleep(chance.uniform(0.05, 1.2))
            victim = chance.randrange(2)
            workers[victim].kill()
            workers[victim] = Worker(shop.settings, faulty=False)
    survivor = Worker(shop.settings, faulty=False)
    with ending(survivor, *workers):
        for it in workers:
            it.kill()
        await until_idle(shop, 40)
        states = await check_everything(shop.database, storage)
    extra = sum([(await row(shop, work))["attempts"] - 1 for work in works])
    print(f"{states}, {extra} extra runs")
    # Three kills may meet the same work; it then fails, paid back, as it must.
    assert states["completed"] + states["failed"] == len(works)
    assert states["completed"] >= len(works) - 3


async def test_a_cancel_of_a_dead_workers_work_is_kept(
    shop: House, tenant: Tenant, storage: Storage
) -> None:
    worker = Worker(shop.settings)
    with ending(worker):
        work = await create(shop, tenant, "fox [wait 60]")
        await until_status(shop, work, "processing")
        worker.send(signal.SIGSTOP)
        reply = await shop.ask("POST", f"/api/v1/generations/{work}/cancel", key=tenant)
        assert reply.status == 202
        worker.kill()
        async with working(shop.settings):
            found = await until_status(shop, work, "canceled", "completed", seconds=9)
            assert (found["status"], found["attempts"]) == ("canceled", 1)
            await check_everything(shop.database, storage)
