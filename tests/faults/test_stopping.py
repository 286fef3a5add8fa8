"""SIGTERM with long work: what can end ends, the rest goes back, nothing is canceled or lost."""

import signal
import time

import pytest

from support.checks import check_everything
from support.house import House, Tenant
from support.workers import Worker, create, ending, row, until_idle, until_status, working
from tintype.storage import Storage

pytestmark = pytest.mark.slow


async def test_a_stopping_worker_ends_short_work_and_gives_back_long_work(
    shop: House, tenant: Tenant, storage: Storage
) -> None:
    worker = Worker(shop.settings)
    with ending(worker):
        short = await create(shop, tenant, "fox [wait 1]")
        longs = [await create(shop, tenant, f"fox {n} [wait 4]", seed=n) for n in range(2)]
        for work in (short, *longs):
            await until_status(shop, work, "processing")
        queued = await create(shop, tenant)
        begun = time.monotonic()
        worker.send(signal.SIGTERM)
        assert worker.process.wait(15) == 0
        stopped = time.monotonic() - begun
        assert stopped > 1
        assert (await row(shop, short))["status"] == "completed"
        for work in longs:
            found = await row(shop, work)
            assert (found["status"], found["attempts"], found["lease"]) == ("queued", 0, None)
        assert (await row(shop, queued))["status"] == "queued"
        # Given back, not left to a lease: the next worker has it at once.
        async with working(shop.settings):
            for work in longs:
                await until_status(shop, work, "processing")
            await until_idle(shop)
        states = await check_everything(shop.database, storage, runs_cut_short=True)
        assert states == {"completed": 4}
        print(f"stopped in {stopped:.1f} s with a grace of 2 s")


async def test_an_idle_worker_stops_at_once(shop: House, tenant: Tenant) -> None:
    worker = Worker(shop.settings, faulty=False, TINTYPE_WORKER_GRACE_SECONDS="8")
    with ending(worker):
        await until_status(shop, await create(shop, tenant), "completed")
        begun = time.monotonic()
        worker.send(signal.SIGTERM)
        assert worker.process.wait(20) == 0
        assert time.monotonic() - begun < 7, "it did not wait its grace out"


async def test_work_to_be_canceled_is_not_given_back(
    shop: House, tenant: Tenant, storage: Storage
) -> None:
    worker = Worker(shop.settings)
    with ending(worker):
        work = await create(shop, tenant, "fox [deaf 30]")
        await until_status(shop, work, "processing")
        await shop.ask("POST", f"/api/v1/generations/{work}/cancel", key=tenant)
        worker.send(signal.SIGTERM)
        worker.process.wait(10)
        assert (await row(shop, work))["status"] == "canceled"
        await check_everything(shop.database, storage)
