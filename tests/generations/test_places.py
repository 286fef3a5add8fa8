"""How many jobs of an organization, and of an engine, run at once over all workers."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest

from support.checks import check_everything
from support.house import House, Tenant, opened, settings_for
from support.workers import create, row, until, until_idle, working
from tintype.engines.base import Capabilities, Job, Output, Watch
from tintype.engines.builtin import MODEL, BuiltinEngine
from tintype.engines.registry import Engines
from tintype.generations.places import release
from tintype.generations.reaper import reap

pytestmark = pytest.mark.slow


class Held:
    """Draws only when let go, and remembers how many drew at once."""

    name = "held"

    def __init__(self) -> None:
        self._inner = BuiltinEngine(threads=1)
        self.go = asyncio.Event()
        self.now = 0
        self.most = 0

    def capabilities(self, model: str) -> Capabilities:
        return self._inner.capabilities(model)

    async def open(self) -> None:
        await self._inner.open()

    async def ping(self) -> str:
        return "held"

    async def close(self) -> None:
        await self._inner.close()

    async def run(self, job: Job, watch: Watch) -> Output:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await self.go.wait()
            return await self._inner.run(job, watch)
        finally:
            self.now -= 1


async def limited(house: House, concurrency: int) -> Tenant:
    tenant = await house.tenant()
    async with house.database.transaction() as tx:
        await tx.execute(
            "UPDATE organizations SET concurrency = $2 WHERE id = $1",
            tenant.organization_id, concurrency,
        )  # fmt: skip
    return tenant


async def parked(house: House, tenant: Tenant) -> int:
    async with house.database.reading() as tx:
        found: int = await tx.fetchval(
            "SELECT count(*) FROM generations WHERE organization_id = $1 AND parked",
            tenant.organization_id,
        )
    return found


async def test_an_organizations_limit_holds_over_workers(idle_house: House) -> None:
    tenant, other = await limited(idle_house, 2), await idle_house.tenant()
    engine = Held()
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(2):
            workshop = await stack.enter_async_context(
                working(idle_house.settings, Engines({MODEL: engine}))
            )
        works = [await create(idle_house, tenant) for _ in range(7)]

        async def settled() -> bool:
            return engine.now == 2 and await parked(idle_house, tenant) == 5

        await until(settled)
        # Others are not held up by those that wait for a place of their own organization.
        await create(idle_house, other)

        async def beside() -> bool:
            return engine.now == 3

        await until(beside)
        engine.go.set()
        await until_idle(idle_house)
        assert engine.most <= 3
        assert {(await row(idle_house, work))["status"] for work in works} == {"completed"}
        await check_everything(idle_house.database, workshop.storage)


async def test_places_fall_to_single_work_before_a_batchs(idle_house: House) -> None:
    tenant = await limited(idle_house, 1)
    engine = Held()
    async with working(idle_house.settings, Engines({MODEL: engine})):
        reply = await idle_house.ask(
            "POST", "/v1/generate/bulk", key=tenant, json={"items": [{"prompt": "a red fox"}] * 4}
        )
        assert reply.status == 202, reply.body

        async def settled() -> bool:
            return engine.now == 1 and await parked(idle_house, tenant) == 3

        await until(settled)
        urgent = await create(idle_house, tenant)

        async def waits() -> bool:
            return await parked(idle_house, tenant) == 4

        await until(waits)
        engine.go.set()
        await until_idle(idle_house)
    async with idle_house.database.reading() as tx:
        begun = [
            row["id"] for row in await tx.fetch("SELECT id FROM generations ORDER BY started_at")
        ]
    assert begun.index(urgent) == 1


async def test_parked_work_is_canceled_at_once(idle_house: House) -> None:
    tenant = await limited(idle_house, 1)
    engine = Held()
    async with working(idle_house.settings, Engines({MODEL: engine})) as workshop:
        for _ in range(2):
            await create(idle_house, tenant)

        async def waits() -> bool:
            return engine.now == 1 and await parked(idle_house, tenant) == 1

        await until(waits)
        async with idle_house.database.reading() as tx:
            work = await tx.fetchval("SELECT id FROM generations WHERE parked")
        reply = await idle_house.ask("POST", f"/v1/generations/{work}/cancel", key=tenant)
        assert (reply.status, reply.json["status"]) == (200, "canceled")
        engine.go.set()
        await until_idle(idle_house)
        await check_everything(idle_house.database, workshop.storage)


async def test_the_reaper_finds_places_that_nobody_rang_for(idle_house: House) -> None:
    """As when a worker dies between the end of a run and the next one's ring."""
    tenant = await limited(idle_house, 1)
    work = await create(idle_house, tenant)
    async with idle_house.database.transaction() as tx:
        await tx.execute("UPDATE generations SET parked = true")
        await tx.execute("DELETE FROM pgqueuer")
    async with working(idle_house.settings) as workshop:
        await reap(workshop)
        await until_idle(idle_house)
    assert (await row(idle_house, work))["status"] == "completed"


async def test_as_many_are_rung_for_as_places_are_free(idle_house: House) -> None:
    tenant = await limited(idle_house, 3)
    for _ in range(6):
        await create(idle_house, tenant)
    async with idle_house.database.transaction() as tx:
        await tx.execute("UPDATE generations SET parked = true")
        await tx.execute("DELETE FROM pgqueuer")
    assert await release(idle_house.database, tenant.organization_id) == 3
    assert await release(idle_house.database, tenant.organization_id) == 0
    async with idle_house.database.transaction() as tx:
        await tx.execute("UPDATE organizations SET concurrency = NULL")
    assert await release(idle_house.database, tenant.organization_id) == 3


async def test_an_engines_limit_holds_over_workers(database_url: str, tmp_path: Path) -> None:
    settings = settings_for(database_url, tmp_path, engines={"concurrency": ["builtin=1"]})
    engine = Held()
    async with contextlib.AsyncExitStack() as stack:
        house: Any = await stack.enter_async_context(opened(settings, with_worker=False))
        for _ in range(2):
            await stack.enter_async_context(working(settings, Engines({MODEL: engine})))
        tenants = [await house.tenant() for _ in range(2)]
        for tenant in tenants:
            await create(house, tenant)

        async def one() -> bool:
            return engine.now == 1

        await until(one)
        await asyncio.sleep(1.2)
        assert engine.most == 1
        engine.go.set()
        await until_idle(house)
    assert engine.most == 1
