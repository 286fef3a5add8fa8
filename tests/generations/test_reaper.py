"""The reaper: open work that nobody is on is rung for again, ended, or left alone."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from support.checks import check_everything
from support.house import House, Tenant
from support.workers import create, row
from tintype import queue, worker
from tintype.credits import operations as ledger
from tintype.generations import run_queries
from tintype.generations.reaper import reap
from tintype.generations.submit import entrypoint
from tintype.generations.workshop import Workshop

LEASE = UUID(int=1)


@pytest.fixture
async def workshop(idle_house: House) -> AsyncIterator[Workshop]:
    """What a worker has, without its work: nothing runs by itself here."""
    async with worker.opened(idle_house.settings) as made:
        yield made


async def started(house: House, work: str, attempts: int = 1, *, lease_seconds: float = -1) -> None:
    """As if a worker had taken the work, and died if its lease is over."""
    for _ in range(attempts):
        async with house.database.transaction() as tx:
            assert (
                await run_queries.claim(tx, work, LEASE, lease_seconds, 99, {}, alone=False)
                is not None
            )
            await tx.execute(
                "INSERT INTO events (id, organization_id, type, subject_id, livemode, data)"
                " SELECT 'evt_' || gen_random_uuid(), organization_id, 'generation.processing', id,"
                " true, '{}' FROM generations WHERE id = $1",
                work,
            )
            await asyncio.sleep(0.01)


async def change(house: House, statement: str) -> None:
    async with house.database.transaction() as tx:
        await tx.execute(statement)


async def rings(house: House, work: str) -> int:
    async with house.database.reading() as tx:
        found: int = await tx.fetchval(
            "SELECT count(*) FROM pgqueuer WHERE dedupe_key = $1", f"{entrypoint('builtin')}:{work}"
        )
    return found


async def test_work_without_a_ring_is_rung_for_once(idle_house: House, workshop: Workshop) -> None:
    work = await create(idle_house, await idle_house.tenant())
    await change(idle_house, "DELETE FROM pgqueuer")
    await reap(workshop)
    assert await rings(idle_house, work) == 0, "It may be on its way: not due for long enough."
    await change(idle_house, "UPDATE generations SET run_after = now() - interval '11 s'")
    await asyncio.gather(reap(workshop), reap(workshop), reap(workshop))
    assert await rings(idle_house, work) == 1
    await check_everything(idle_house.database, workshop.storage)


async def test_a_dead_workers_work_is_rung_for(idle_house: House, workshop: Workshop) -> None:
    work = await create(idle_house, await idle_house.tenant())
    await started(idle_house, work)
    await change(idle_house, "DELETE FROM pgqueuer")
    await reap(workshop)
    assert await rings(idle_house, work) == 1
    assert (await row(idle_house, work))["status"] == "processing"


async def test_a_living_workers_work_is_left_alone(idle_house: House, workshop: Workshop) -> None:
    work = await create(idle_house, await idle_house.tenant())
    await started(idle_house, work, 3, lease_seconds=-1)
    await change(idle_house, "UPDATE generations SET lease_until = now() + interval '5 s'")
    await change(idle_house, "DELETE FROM pgqueuer")
    assert await reap(workshop) == 0
    assert await rings(idle_house, work) == 0
    assert (await row(idle_house, work))["status"] == "processing"


async def test_work_that_always_dies_fails_and_is_paid_back(
    idle_house: House, workshop: Workshop
) -> None:
    tenant = await idle_house.tenant()
    work = await create(idle_house, tenant)
    await started(idle_house, work, 3)
    await asyncio.gather(reap(workshop), reap(workshop))
    found = await row(idle_house, work)
    assert (found["status"], found["error"]["code"]) == ("failed", "PROVIDER_ERROR")
    assert await check_everything(idle_house.database, workshop.storage) == {"failed": 1}
    async with idle_house.database.reading() as tx:
        assert (await ledger.balance(tx, tenant.organization_id)).available == 1000


async def test_a_dead_workers_work_that_was_to_be_canceled_is_canceled(
    idle_house: House, workshop: Workshop
) -> None:
    tenant = await idle_house.tenant()
    work = await create(idle_house, tenant)
    await started(idle_house, work)
    reply = await idle_house.ask("POST", f"/v1/generations/{work}/cancel", key=tenant)
    assert reply.status == 202
    await reap(workshop)
    assert (await row(idle_house, work))["status"] == "canceled"
    await check_everything(idle_house.database, workshop.storage)


async def test_overdue_work_ends_or_is_told(idle_house: House, workshop: Workshop) -> None:
    tenant = await idle_house.tenant()
    queued, running, timely = [await create(idle_house, tenant) for _ in range(3)]
    await started(idle_house, running, lease_seconds=60)
    async with idle_house.database.transaction() as tx:
        await tx.execute(
            "UPDATE generations SET cancel_at = now() + CASE WHEN id = $1 THEN interval '9 s'"
            " ELSE interval '0' END",
            timely,
        )
    await reap(workshop)
    assert (await row(idle_house, queued))["status"] == "canceled"
    assert (await row(idle_house, running))["cancel_requested_at"] is not None
    assert (await row(idle_house, timely))["cancel_requested_at"] is None


async def test_one_locked_account_does_not_hold_up_the_others(
    idle_house: House, workshop: Workshop
) -> None:
    stuck, free = await idle_house.tenant(), await idle_house.tenant()
    works = [await create(idle_house, stuck), await create(idle_house, free)]
    for work in works:
        await started(idle_house, work, 3)
    async with idle_house.database.transaction() as tx:
        await tx.execute(
            "SELECT FROM credit_accounts WHERE organization_id = $1 FOR UPDATE",
            stuck.organization_id,
        )
        await reap(workshop)
        assert (await row(idle_house, works[0]))["status"] == "processing"
        assert (await row(idle_house, works[1]))["status"] == "failed"
    await reap(workshop)
    assert await check_everything(idle_house.database, workshop.storage) == {"failed": 2}


async def fill_with_a_backlog(house: House, tenant: Tenant) -> None:
    """More than a round looks at: older than anything else, waiting and rung for."""
    async with house.database.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO generations (id, organization_id, source, livemode, kind, status, prompt,
                model, engine, fidelity, aspect_ratio, resolution, width, height, seed, variants,
                credits_reserved, run_after)
            SELECT 'gen_0' || lpad(n::text, 8, '0'), $1, 'api', false, 'text_to_image', 'queued',
                'x', 'm', 'e', 'preview', '1:1', '1K', 64, 64, 1, 1, 0, now() - interval '1 hour'
            FROM generate_series(1, 600) n
            """,
            tenant.organization_id,
        )
        for (work,) in await tx.fetch("SELECT id FROM generations WHERE id < 'gen_00000601'"):
            await queue.enqueue(tx, entrypoint("e"), work)


async def test_a_long_backlog_hides_no_dead_worker(idle_house: House, workshop: Workshop) -> None:
    tenant = await idle_house.tenant()
    dead = await create(idle_house, tenant)
    await fill_with_a_backlog(idle_house, tenant)
    await started(idle_house, dead)
    await change(
        idle_house, f"DELETE FROM pgqueuer WHERE dedupe_key = '{entrypoint('builtin')}:{dead}'"
    )
    await reap(workshop)
    assert await rings(idle_house, dead) == 1


async def test_a_long_backlog_hides_no_lost_ring(idle_house: House, workshop: Workshop) -> None:
    """As where no worker has the backlog's engine, so that it never grows shorter."""
    tenant = await idle_house.tenant()
    lost = await create(idle_house, tenant)
    await fill_with_a_backlog(idle_house, tenant)
    await change(idle_house, f"DELETE FROM pgqueuer WHERE dedupe_key LIKE '%:{lost}'")
    await change(
        idle_house,
        f"UPDATE generations SET run_after = now() - interval '1 minute' WHERE id = '{lost}'",
    )
    await reap(workshop)
    assert await rings(idle_house, lost) == 1
