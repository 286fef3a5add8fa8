"""Work of which only some variants come out: what is delivered, tried again, told and paid."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pyvips

from support.checks import check_everything, proof
from support.faulty_engine import FaultyEngine
from support.house import House, Tenant, opened, settings_for
from support.workers import create, row, until, until_status, working
from tintype.engines.base import Blob, EngineFault, Job, Output, Watch
from tintype.engines.builtin import MODEL
from tintype.engines.registry import Engines
from tintype.generations.workshop import Workshop

SEED = 100
Fail = Callable[[int, int], EngineFault | float | None]
"""What the variant of this number meets in the attempt of that: a fault, seconds to hang, nothing.
"""


def refused() -> EngineFault:
    return EngineFault("CONTENT_REJECTED", "Not that.")


def busy() -> EngineFault:
    return EngineFault("PROVIDER_ERROR", "Busy.", retryable=True)


class Picky(FaultyEngine):
    """Gives a tiny picture at once, but for the variants that `fail` has something for."""

    def __init__(self, fail: Fail) -> None:
        super().__init__()
        self._fail = fail
        self.tried: list[tuple[int, int]] = []

    async def run(self, job: Job, watch: Watch) -> Output:
        number = job.seed - SEED
        self.tried.append((number, job.attempt))
        match self._fail(number, job.attempt):
            case EngineFault() as fault:
                raise fault
            case float(seconds):
                await asyncio.sleep(seconds)
        # Another colour for each variant, so that none shares another's bytes.
        picture = pyvips.Image.black(16, 16, bands=3).linear([1] * 3, [10 * number, 90, 90])
        data = picture.cast("uchar").copy(interpretation="srgb").pngsave_buffer()
        return Output((Blob(data, "image/png"),))


@asynccontextmanager
async def at_work(house: House, fail: Fail) -> AsyncIterator[tuple[Picky, Workshop]]:
    engine = Picky(fail)
    async with working(house.settings, Engines({MODEL: engine})) as workshop:
        yield engine, workshop


async def four(house: House, tenant: Tenant, **more: Any) -> str:
    return await create(house, tenant, "a fox", variants=4, seed=SEED, resolution="2K", **more)


async def look(house: House, tenant: Tenant, work: str) -> Any:
    return (await house.ask("GET", f"/api/v1/generations/{work}", key=tenant)).data


async def test_two_of_four_are_delivered_and_two_are_paid_for(idle_house: House) -> None:
    tenant = await idle_house.tenant(grant=100)
    async with at_work(idle_house, lambda n, _: refused() if n in {0, 3} else None) as (
        it,
        workshop,
    ):
        work = await four(idle_house, tenant, alias="@hero")
        await until_status(idle_house, work, "completed")
        found = await look(idle_house, tenant, work)
        assert [fault["variant"] for fault in found["faults"]] == [0, 3]
        assert found["faults"][0] == {
            "variant": 0, "code": "CONTENT_REJECTED", "message": "Not that.",
        }  # fmt: skip
        assert len(found["images"]) == 2
        assert (found["credits_reserved"], found["credits_used"], found["error"]) == (8, 4, None)
        assert found["attempts"] == 1
        assert len(it.tried) == 4, "what is refused is not tried again"
        assert found["images"][0]["alias"] == "@hero", "the first that was delivered has the name"
        balance = await idle_house.ask("GET", "/api/v1/credits/balance", key=tenant)
        assert (balance.data["available"], balance.data["reserved"]) == (96, 0)
        events = await idle_house.ask("GET", "/api/v1/events?type=generation.completed", key=tenant)
        assert events.data[0]["data"]["faults"] == found["faults"]
        await check_everything(idle_house.database, workshop.storage)


async def test_the_numbers_of_what_was_delivered_are_kept(idle_house: House) -> None:
    tenant = await idle_house.tenant()
    async with at_work(idle_house, lambda n, _: refused() if n in {0, 2} else None):
        work = await four(idle_house, tenant)
        await until_status(idle_house, work, "completed")
        async with idle_house.database.reading() as tx:
            numbers = await tx.fetch(
                "SELECT variant FROM images WHERE generation_id = $1 ORDER BY variant", work
            )
        assert [it["variant"] for it in numbers] == [1, 3]


async def test_a_passing_fault_of_some_is_tried_again_in_the_same_run(idle_house: House) -> None:
    tenant = await idle_house.tenant()

    def fail(number: int, attempt: int) -> EngineFault | None:
        return busy() if number >= 2 and attempt == 1 else None

    async with at_work(idle_house, fail) as (it, workshop):
        work = await four(idle_house, tenant)
        await until_status(idle_house, work, "completed")
        found = await look(idle_house, tenant, work)
        assert (len(found["images"]), found["faults"], found["credits_used"]) == (4, [], 8)
        assert found["attempts"] == 1
        assert sorted(it.tried) == [(0, 1), (1, 1), (2, 1), (2, 2), (3, 1), (3, 2)]
        await check_everything(idle_house.database, workshop.storage)


async def test_a_lasting_fault_of_some_ends_after_all_attempts(idle_house: House) -> None:
    tenant = await idle_house.tenant()
    async with at_work(idle_house, lambda n, _: busy() if n == 1 else None) as (it, workshop):
        work = await four(idle_house, tenant)
        await until_status(idle_house, work, "completed")
        found = await look(idle_house, tenant, work)
        assert [(fault["variant"], fault["code"]) for fault in found["faults"]] == [
            (1, "PROVIDER_ERROR")
        ]
        assert found["credits_used"] == 6
        assert [tried for tried in it.tried if tried[0] == 1] == [(1, 1), (1, 2), (1, 3)]
        await check_everything(idle_house.database, workshop.storage)


async def test_when_none_comes_out_the_work_is_tried_again_and_then_fails(
    idle_house: House,
) -> None:
    tenant = await idle_house.tenant(grant=10)

    def fail(number: int, _attempt: int) -> EngineFault:
        return refused() if number == 0 else busy()

    async with at_work(idle_house, fail) as (it, workshop):
        work = await four(idle_house, tenant)
        found = await until_status(idle_house, work, "failed")
        assert found["attempts"] == 3, "a fault that may pass counts before one that won't"
        assert found["error"]["code"] == "PROVIDER_ERROR"
        assert len(it.tried) == 12
        assert (found["credits_used"], found["faults"]) == (0, [])
        async with idle_house.database.reading() as tx:
            account = await proof(tx, tenant.organization_id)
        assert (account["balance"], account["reserved"]) == (10, 0)
        await check_everything(idle_house.database, workshop.storage)


async def test_what_hangs_past_the_deadline_does_not_keep_the_others(
    database_url: str, tmp_path: Any
) -> None:
    settings = settings_for(database_url, tmp_path, worker={"job_seconds_max": 4})
    async with opened(settings, with_worker=False) as house:
        tenant = await house.tenant()
        async with at_work(house, lambda n, _: 600.0 if n == 2 else None) as (it, workshop):
            work = await four(house, tenant)
            await until_status(house, work, "completed", seconds=30)
            found = await look(house, tenant, work)
            assert [(fault["variant"], fault["code"]) for fault in found["faults"]] == [
                (2, "PROVIDER_TIMEOUT")
            ]
            assert (len(found["images"]), found["credits_used"]) == (3, 6)
            assert len(it.tried) == 4
            await check_everything(house.database, workshop.storage)


async def test_a_wait_that_the_deadline_would_cut_is_not_begun(
    database_url: str, tmp_path: Any
) -> None:
    """A provider that asks for minutes gets none of them: what there is, is delivered at once."""
    settings = settings_for(database_url, tmp_path, worker={"job_seconds_max": 60})
    later = EngineFault("RATE_LIMITED", "Later.", retryable=True, retry_after_seconds=120)
    async with opened(settings, with_worker=False) as house:
        tenant = await house.tenant()
        async with at_work(house, lambda n, _: later if n == 1 else None) as (it, workshop):
            work = await four(house, tenant)
            found = await until_status(house, work, "completed", seconds=30)
            assert [fault["variant"] for fault in found["faults"]] == [1]
            assert len(it.tried) == 4
            await check_everything(house.database, workshop.storage)


async def test_a_cancel_between_the_tries_ends_the_work_with_nothing_paid(
    database_url: str, tmp_path: Any
) -> None:
    settings = settings_for(database_url, tmp_path, worker={"retry_seconds": 60})
    async with opened(settings, with_worker=False) as house:
        tenant = await house.tenant(grant=10)
        async with at_work(house, lambda n, _: busy() if n == 3 else None) as (it, workshop):
            work = await four(house, tenant)

            async def waits() -> bool:
                return len(it.tried) == 4 and not list(workshop.storage.root.rglob("*#*"))

            await until(waits, what="all to be tried once")
            await house.ask("POST", f"/api/v1/generations/{work}/cancel", key=tenant)
            found = await until_status(house, work, "canceled", seconds=30)
            assert (found["credits_used"], found["faults"]) == (0, [])
            async with house.database.reading() as tx:
                account = await proof(tx, tenant.organization_id)
            assert (account["balance"], account["reserved"]) == (10, 0)
            await check_everything(house.database, workshop.storage)


async def test_one_picture_alone_is_tried_again_by_another_run(idle_house: House) -> None:
    tenant = await idle_house.tenant()
    async with at_work(idle_house, lambda _, attempt: busy() if attempt == 1 else None) as (it, _):
        work = await create(idle_house, tenant, seed=SEED)
        await until_status(idle_house, work, "completed")
        assert (await row(idle_house, work))["attempts"] == 2
        assert it.tried == [(0, 1), (0, 2)]


async def test_the_sandbox_can_force_half_a_result(house: House) -> None:
    sandbox = await house.tenant(livemode=False)
    for marker, code in (("__half_rejected__", "CONTENT_REJECTED"),
                         ("__half_500__", "PROVIDER_ERROR")):  # fmt: skip
        work = await create(house, sandbox, f"{marker} a fox", variants=4, seed=1)
        await until_status(house, work, "completed")
        found = await look(house, sandbox, work)
        assert [(it["variant"], it["code"]) for it in found["faults"]] == [(0, code), (2, code)]
        assert len(found["images"]) == 2
