"""Batches: counted exactly once each, whoever ends items at the same time."""

import asyncio
import random

import asyncpg
import pytest

from support.house import House
from tintype.batches import operations
from tintype.batches.models import Batch
from tintype.core.errors import Conflict, NotFound


async def opened(house: House, caller, total: int, **more) -> Batch:
    async with house.database.transaction() as tx:
        return await operations.open(
            tx, caller, **{
                "total": total, "credits_reserved": total, "project_id": None, "name": None,
                "meta": {}, "webhook_url": None,
            } | more,
        )  # fmt: skip


async def found(house: House, caller, batch_id: str) -> Batch:
    async with house.database.reading() as tx:
        return await operations.get(tx, caller, batch_id)


async def ends(house: House, batch_id: str) -> list[dict]:
    async with house.database.reading() as tx:
        rows = await tx.fetch(
            "SELECT data, webhook_url FROM events WHERE type = 'batch.completed'"
            " AND subject_id = $1", batch_id,
        )  # fmt: skip
    return [row["data"] | {"heard_by": row["webhook_url"]} for row in rows]


async def test_items_that_end_at_once_are_counted_once_each(idle_house: House) -> None:
    me = await idle_house.tenant()
    caller = await idle_house.caller(me)
    batch = await opened(idle_house, caller, 60, webhook_url="https://example.com/x")
    outcomes = ["completed"] * 30 + ["failed"] * 20 + ["canceled"] * 10
    random.Random(4).shuffle(outcomes)

    async def end(outcome: str) -> None:
        async with idle_house.database.transaction() as tx:
            used = int(outcome == "completed")
            await operations.tally(tx, caller.organization_id, batch.id, outcome, used)

    assert batch.status == "queued"
    await asyncio.gather(*(end(outcome) for outcome in outcomes[:-1]))
    nearly = await found(idle_house, caller, batch.id)
    assert (nearly.status, nearly.queued, nearly.completed_at) == ("processing", 1, None)
    assert await ends(idle_house, batch.id) == []
    await end(outcomes[-1])
    done = await found(idle_house, caller, batch.id)
    assert (done.completed, done.failed, done.canceled) == (30, 20, 10)
    assert (done.status, done.credits_used) == ("completed", 30)
    (told,) = await ends(idle_house, batch.id)
    assert (told["id"], told["completed"], told["heard_by"]) == (
        batch.id, 30, "https://example.com/x",
    )  # fmt: skip


async def test_an_item_whose_transaction_fails_is_not_counted(idle_house: House) -> None:
    me = await idle_house.tenant()
    caller = await idle_house.caller(me)
    batch = await opened(idle_house, caller, 1)

    async def failing() -> None:
        async with idle_house.database.transaction() as tx:
            await operations.tally(tx, caller.organization_id, batch.id, "completed", 1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await failing()
    assert (await found(idle_house, caller, batch.id)).queued == 1
    assert await ends(idle_house, batch.id) == []


async def test_work_without_a_batch_counts_nowhere(idle_house: House) -> None:
    me = await idle_house.tenant()
    async with idle_house.database.transaction() as tx:
        await operations.tally(tx, me.organization_id, None, "completed", 1)


@pytest.mark.parametrize(
    ("outcomes", "asked", "status"),
    [
        (["completed", "failed"], False, "completed"),
        (["failed", "failed"], False, "completed"),
        (["canceled", "completed"], False, "completed"),
        (["canceled", "canceled"], False, "canceled"),
        (["canceled", "completed"], True, "canceled"),
        (["completed", "completed"], True, "completed"),
    ],
)
async def test_the_status_of_an_ended_batch(
    idle_house: House, outcomes: list, asked: bool, status: str
) -> None:
    """ "canceled" says that a cancellation left something undone."""
    me = await idle_house.tenant()
    caller = await idle_house.caller(me)
    batch = await opened(idle_house, caller, len(outcomes))
    async with idle_house.database.transaction() as tx:
        if asked:
            await operations.tally(
                tx, caller.organization_id, batch.id, "canceled", count=0, asked_to_cancel=True
            )
        for outcome in outcomes:
            await operations.tally(tx, caller.organization_id, batch.id, outcome)
    done = await found(idle_house, caller, batch.id)
    assert (done.status, done.ended) == (status, True)
    assert len(await ends(idle_house, batch.id)) == 1


async def test_a_cancellation_that_comes_too_late_changes_nothing(idle_house: House) -> None:
    me = await idle_house.tenant()
    caller = await idle_house.caller(me)
    batch = await opened(idle_house, caller, 1)
    async with idle_house.database.transaction() as tx:
        await operations.tally(tx, caller.organization_id, batch.id, "completed")
    before = await found(idle_house, caller, batch.id)

    async def late() -> None:
        async with idle_house.database.transaction() as tx:
            await operations.tally(
                tx, caller.organization_id, batch.id, "canceled", count=0, asked_to_cancel=True
            )

    with pytest.raises(Conflict):
        await late()
    assert await found(idle_house, caller, batch.id) == before
    assert len(await ends(idle_house, batch.id)) == 1


async def test_more_ends_than_items_are_impossible(idle_house: House) -> None:
    me = await idle_house.tenant()
    caller = await idle_house.caller(me)
    batch = await opened(idle_house, caller, 1)

    async def twice() -> None:
        async with idle_house.database.transaction() as tx:
            for _ in range(2):
                await operations.tally(tx, caller.organization_id, batch.id, "failed")

    with pytest.raises(asyncpg.CheckViolationError):
        await twice()


async def test_a_batch_of_another_organization_is_unknown(idle_house: House) -> None:
    mine, other = await idle_house.tenant(), await idle_house.tenant()
    batch = await opened(idle_house, await idle_house.caller(mine), 1)
    with pytest.raises(NotFound):
        await found(idle_house, await idle_house.caller(other), batch.id)
