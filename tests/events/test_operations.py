"""The log's order: a reader that follows `after` sees every event once, whoever commits when."""

import asyncio
import random

import pytest

from tintype.accounts import operations as accounts
from tintype.core import ids
from tintype.core.caller import SCOPES, Caller
from tintype.core.errors import ValidationFailed
from tintype.db.pool import Database, connect
from tintype.events import operations as events


async def caller_of(database: Database) -> Caller:
    async with database.transaction() as tx:
        owner = (await accounts.create_organization(tx, name="Log", plan="pro")).id
    return Caller(owner, "pro", frozenset(SCOPES), livemode=True, source="api")


async def page(database: Database, caller: Caller, after: str | None, limit: int = 100):
    async with database.reading() as tx:
        return await events.page(tx, caller, after=after, type_=None, limit=limit)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_no_event_is_missed_while_many_commit_in_any_order(
    database_url: str, seed: int
) -> None:
    database = await connect(database_url, size=12, wait_seconds=5)
    caller = await caller_of(database)
    chance = random.Random(seed)
    written: set[str] = set()
    delays = [[chance.choice([0, 0, 0.002, 0.03]) for _ in range(30)] for _ in range(8)]

    async def write(name: str, pauses: list[float]) -> None:
        for number, pause in enumerate(pauses):
            async with database.transaction() as tx:
                for part in range(1 + number % 2):
                    data = {"n": f"{name}-{number}-{part}"}
                    await events.publish(
                        tx, caller.organization_id, "x", name, livemode=True, data=data
                    )
                    written.add(data["n"])
                    await asyncio.sleep(pause)

    seen: list[str] = []

    async def follow(writers: asyncio.Task[None]) -> None:
        after = None
        while True:
            over = writers.done()
            found = await page(database, caller, after, limit=7)
            seen.extend(event.data["n"] for event in found)
            if found:
                after = found[-1].id
            elif over:
                return

    async def all_writers() -> None:
        await asyncio.gather(*(write(f"w{n}", pauses) for n, pauses in enumerate(delays)))

    writers = asyncio.create_task(all_writers())
    await follow(writers)
    await writers
    await database.close()
    assert len(seen) == len(set(seen)) == len(written)
    assert set(seen) == written
    for name in range(8):
        own = [text.split("-")[1:] for text in seen if text.startswith(f"w{name}-")]
        assert [[int(part) for part in one] for one in own] == sorted(
            [int(part) for part in one] for one in own
        )


async def test_what_is_not_committed_holds_the_log_back_until_it_ends(database: Database) -> None:
    caller = await caller_of(database)

    async def publish(tx, name: str) -> None:
        await events.publish(tx, caller.organization_id, name, "s", livemode=True, data={})

    early = database.transaction()
    async with early as tx:
        await publish(tx, "early")
        async with database.transaction() as other:
            await publish(other, "late")
        assert await page(database, caller, None) == []
    assert [event.type for event in await page(database, caller, None)] == ["early", "late"]


async def test_an_event_of_a_rolled_back_transaction_never_was(database: Database) -> None:
    caller = await caller_of(database)

    async def fail() -> None:
        async with database.transaction() as tx:
            await events.publish(tx, caller.organization_id, "x", "s", livemode=True, data={})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await page(database, caller, None) == []


async def test_the_cursor_is_an_event_of_ones_own(database: Database) -> None:
    mine, other = await caller_of(database), await caller_of(database)
    for caller in (mine, other):
        async with database.transaction() as tx:
            await events.publish(tx, caller.organization_id, "x", "s", livemode=True, data={})
    (own,) = await page(database, mine, None)
    (foreign,) = await page(database, other, None)
    assert await page(database, mine, own.id) == []
    for after in (foreign.id, ids.new("evt"), "nonsense", ""):
        with pytest.raises(ValidationFailed):
            await page(database, mine, after)


async def test_a_key_of_a_project_reads_that_projects_events(database: Database) -> None:
    caller = await caller_of(database)
    bound = Caller(caller.organization_id, "pro", caller.scopes, livemode=True, source="api",
                   project_id=ids.new("prj"))  # fmt: skip
    for project in (None, bound.project_id, ids.new("prj")):
        async with database.transaction() as tx:
            await events.publish(
                tx, caller.organization_id, "x", "s", livemode=True, data={"project_id": project}
            )
    assert len(await page(database, caller, None)) == 3
    (only,) = await page(database, bound, None)
    assert only.data["project_id"] == bound.project_id
