"""A bulk while it runs: its counts, its cancellation, its end, and others' work beside it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from bulk.asking import account, ask, batch_of, count, items, made
from bulk.held_engine import HeldEngine
from support.house import House, opened, settings_for
from support.workers import create, until, until_status, working
from tintype.accounts import operations as accounts
from tintype.accounts.models import ChangeOrganization, concurrency_limits
from tintype.audit.operator import SERVER
from tintype.generations import run_queries

PLACES = 2


@pytest.fixture
async def waiting_house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """Without a worker, and with settings for one of two places."""
    settings = settings_for(database_url, tmp_path, worker={"concurrency": PLACES})
    async with opened(settings, with_worker=False) as made_house:
        yield made_house


async def change(house: House, tenant: Any, **terms: Any) -> None:
    async with house.database.transaction() as tx:
        await accounts.change_organization(
            tx, tenant.organization_id, ChangeOrganization(**terms), actor=SERVER
        )


async def completed_events(house: House, batch_id: str) -> int:
    return await count(
        house, f"events WHERE type = 'batch.completed' AND subject_id = '{batch_id}'"
    )


async def until_ended(house: House, tenant: Any, batch_id: str) -> Any:
    """Look again and again: `batch_of` checks at every look that the counts add up."""

    async def ended() -> Any:
        found = await batch_of(house, tenant, batch_id)
        return found if found["completed_at"] else None

    return await until(ended, 60, "the batch to end")


async def test_counts_add_up_at_every_look_and_the_end_is_told_once(
    database_url: str, tmp_path: Path
) -> None:
    settings = settings_for(database_url, tmp_path, worker={"concurrency": 8})
    engine = HeldEngine()
    async with opened(settings, with_worker=False) as house:
        me = await house.tenant(grant=100)
        body = {"items": [*items(35), *items(5, prompt="refused")]}
        for n, item in enumerate(body["items"]):
            item["prompt"] += f" {n}"
        batch = await made(house, me, body)
        async with working(settings, engine.engines()), working(settings, engine.engines()):
            engine.let_go(40)
            done = await until_ended(house, me, batch["id"])
        assert (done["status"], done["completed"], done["failed"]) == ("completed", 35, 5)
        assert (done["credits_reserved"], done["credits_used"]) == (40, 35)
        assert await account(house, me) == (65, 0)
        assert await completed_events(house, batch["id"]) == 1
        path = f"/api/v1/batches/{batch['id']}/results"
        failed = await house.ask("GET", path + "?status=error", key=me)
        assert [it["index"] for it in failed.data] == list(range(35, 40))
        assert failed.data[0]["error"] == {"code": "CONTENT_REJECTED", "message": "=Not that."}
        table = await house.ask("GET", path, key=me, headers={"Accept": "text/csv"})
        assert b",CONTENT_REJECTED,'=Not that.\r\n" in table.body


async def test_a_canceled_batch_gives_back_what_had_not_started(waiting_house: House) -> None:
    house, engine = waiting_house, HeldEngine()
    me = await house.tenant(grant=100)
    batch = await made(house, me, {"items": items(10)})
    path = f"/api/v1/batches/{batch['id']}"
    async with working(house.settings, engine.engines()):
        await engine.until_started(PLACES)
        running = await batch_of(house, me, batch["id"])
        assert (running["status"], running["processing"], running["queued"]) == ("processing", 2, 8)
        canceled = await house.ask("POST", path + "/cancel", key=me)
        assert canceled.status == 202, canceled.body
        now = await batch_of(house, me, batch["id"])
        assert (now["status"], now["canceled"], now["processing"]) == ("processing", 8, 2)
        assert now["cancel_requested_at"] is not None
        assert await account(house, me) == (100, 2)
        again = await house.ask("POST", path + "/cancel", key=me)
        assert (again.status, again.data["canceled"]) == (202, 8)
        assert await completed_events(house, batch["id"]) == 0
        engine.let_go(2)
        done = await until_ended(house, me, batch["id"])
    assert (done["status"], done["completed"], done["canceled"]) == ("canceled", 2, 8)
    assert await account(house, me) == (98, 0)
    assert sorted(engine.started) == [item["prompt"] for item in items(2)]
    assert await completed_events(house, batch["id"]) == 1
    assert await count(house, "events WHERE type = 'generation.canceled'") == 8
    over = await house.ask("POST", path + "/cancel", key=me)
    assert (over.status, over.error["code"]) == (409, "CONFLICT")


async def test_a_batch_of_which_nothing_runs_is_canceled_at_once(idle_house: House) -> None:
    me = await idle_house.tenant(grant=400)
    batch = await made(idle_house, me, {"items": items(300, webhook_url="https://example.com/x")})
    path = f"/api/v1/batches/{batch['id']}/cancel"
    first, second = await asyncio.gather(
        idle_house.ask("POST", path, key=me), idle_house.ask("POST", path, key=me)
    )
    assert {first.status, second.status} <= {200, 409}
    done = await batch_of(idle_house, me, batch["id"])
    assert (done["status"], done["canceled"]) == ("canceled", 300)
    assert await account(idle_house, me) == (400, 0)
    assert await completed_events(idle_house, batch["id"]) == 1
    assert await count(idle_house, "ledger_entries WHERE type = 'release'") == 300
    assert await count(idle_house, "pgqueuer") == 0
    told = "events WHERE type = 'generation.canceled' AND webhook_url IS NOT NULL"
    assert await count(idle_house, told) == 300


async def test_a_batch_that_has_begun_stays_so_while_its_item_waits_for_another_attempt(
    idle_house: House,
) -> None:
    me = await idle_house.tenant(grant=10)
    batch = await made(idle_house, me, {"items": items(1)})
    lease, limits = uuid4(), concurrency_limits()
    async with idle_house.database.transaction() as tx:
        work_id = await tx.fetchval("SELECT id FROM generations")
        begun = await run_queries.claim(tx, work_id, lease, 60, 3, limits, alone=False)
        assert begun is not None
    running = await batch_of(idle_house, me, batch["id"])
    async with idle_house.database.transaction() as tx:
        await run_queries.put_back(tx, work_id, lease, timedelta(hours=1), None, uncounted=False)
    waiting = await batch_of(idle_house, me, batch["id"])
    assert (running["status"], running["processing"]) == ("processing", 1)
    assert waiting == running | {"processing": 0, "queued": 1}


async def test_the_ledger_runs_on_through_a_cancellation(idle_house: House) -> None:
    me = await idle_house.tenant(grant=10)
    body = {"items": [{"prompt": "a", "variants": n} for n in (1, 2, 3)]}
    batch = await made(idle_house, me, body)
    await idle_house.ask("POST", f"/api/v1/batches/{batch['id']}/cancel", key=me)
    async with idle_house.database.reading() as tx:
        rows = await tx.fetch(
            "SELECT reserved, available_after FROM ledger_entries ORDER BY position"
        )
    assert [tuple(row) for row in rows] == [
        (0, 10), (1, 9), (2, 7), (3, 4), (-1, 5), (-2, 7), (-3, 10),
    ]  # fmt: skip


async def test_ends_of_every_kind_at_once_add_up(database_url: str, tmp_path: Path) -> None:
    """Runs end, items are canceled and deleted one by one, and the batch is canceled twice."""
    settings = settings_for(database_url, tmp_path, worker={"concurrency": 8})
    engine = HeldEngine()
    async with opened(settings, with_worker=False) as house:
        me = await house.tenant(grant=100)
        batch = await made(house, me, {"items": items(80)})
        path = f"/api/v1/batches/{batch['id']}"
        listed = await house.ask("GET", path + "/results?limit=100", key=me)
        ids = [it["generation_id"] for it in listed.data]

        async def end(method: str, rest: str) -> int:
            return (await house.ask(method, "/api/v1/" + rest, key=me)).status

        async with working(settings, engine.engines()):
            await engine.until_started(8)
            engine.let_go(30)
            statuses = await asyncio.gather(
                *(end("POST", f"generations/{it}/cancel") for it in ids[20:70:3]),
                *(end("DELETE", f"generations/{it}") for it in ids[21:70:3]),
                *(batch_of(house, me, batch["id"]) for _ in range(10)),
                *(end("POST", f"batches/{batch['id']}/cancel") for _ in range(2)),
            )
            engine.let_go(80)
            done = await until_ended(house, me, batch["id"])
        # 503: too many waited for one row; such an answer says to try again.
        assert {it for it in statuses if isinstance(it, int)} <= {200, 202, 204, 409, 503}
        assert done["completed"] + done["canceled"] == 80
        assert await account(house, me) == (100 - done["completed"], 0)
        assert done["credits_used"] == done["completed"]
        assert await completed_events(house, batch["id"]) == 1
        ended = "events WHERE type IN ('generation.completed', 'generation.canceled')"
        assert await count(house, ended) == 80


async def test_items_that_are_canceled_one_by_one_end_the_batch_too(idle_house: House) -> None:
    me = await idle_house.tenant()
    batch = await made(idle_house, me, {"items": items(2)})
    results = await idle_house.ask("GET", f"/api/v1/batches/{batch['id']}/results", key=me)
    for number, result in enumerate(results.data):
        assert (await batch_of(idle_house, me, batch["id"]))["canceled"] == number
        path = f"/api/v1/generations/{result['generation_id']}"
        if number:
            assert (await idle_house.ask("DELETE", path, key=me)).status == 204
        else:
            assert (await idle_house.ask("POST", path + "/cancel", key=me)).status == 200
    done = await batch_of(idle_house, me, batch["id"])
    assert (done["status"], done["canceled"], done["started_at"]) == ("canceled", 2, None)
    assert await completed_events(idle_house, batch["id"]) == 1
    left = await idle_house.ask("GET", f"/api/v1/batches/{batch['id']}/results", key=me)
    assert [it["index"] for it in left.data] == [0], "what was deleted is not shown"


async def test_the_addresses_of_a_batch_and_of_its_items_hear_once_each(
    waiting_house: House,
) -> None:
    house, engine = waiting_house, HeldEngine()
    me = await house.tenant()
    body = {"items": items(2, webhook_url="https://example.com/item"),
            "webhook_url": "https://example.com/batch"}  # fmt: skip
    batch = await made(house, me, body)
    engine.let_go(2)
    async with working(house.settings, engine.engines()):
        await until_ended(house, me, batch["id"])
    async with house.database.reading() as tx:
        rows = await tx.fetch(
            "SELECT type, webhook_url FROM events WHERE webhook_url IS NOT NULL ORDER BY position"
        )
    assert [tuple(row) for row in rows] == [
        ("generation.completed", "https://example.com/item"),
        ("generation.completed", "https://example.com/item"),
        ("batch.completed", "https://example.com/batch"),
    ]


@pytest.mark.parametrize("places", [1, 2])
async def test_another_organizations_single_request_is_next_after_what_runs(
    database_url: str, tmp_path: Path, places: int
) -> None:
    """Of a bulk of 200 only the jobs that run already come before it, and before the next one."""
    settings = settings_for(database_url, tmp_path, worker={"concurrency": places})
    engine = HeldEngine()
    async with opened(settings, with_worker=False) as house:
        bulk, single = await house.tenant(), await house.tenant()
        await made(house, bulk, {"items": items(200)})
        async with working(settings, engine.engines()):
            begun = await engine.until_started(places)
            for number in range(4):
                prompt = f"the single one, {number}"
                work_id = await create(house, single, prompt)
                engine.let_go(1)
                begun = await engine.until_started(len(begun) + 1)
                assert begun[-1] == prompt
                # It ends as the last of those that run now.
                engine.let_go(places)
                await until_status(house, work_id, "completed")
                begun = await engine.until_started(len(begun) + places)
            engine.let_go(200)
            await engine.until_started(204)


async def test_two_bulks_of_two_organizations_take_turns(waiting_house: House) -> None:
    house, engine = waiting_house, HeldEngine()
    first, second = await house.tenant(), await house.tenant()
    await made(house, first, {"items": [{"prompt": f"first {n}"} for n in range(50)]})
    await made(house, second, {"items": [{"prompt": f"second {n}"} for n in range(50)]})
    async with working(house.settings, engine.engines()):
        engine.let_go(38)
        started = (await engine.until_started(40))[:40]
        engine.let_go(62)
        await engine.until_started(100)
    shares = [sum(it.startswith("first") for it in started[n : n + 10]) for n in range(0, 40, 10)]
    assert all(4 <= share <= 6 for share in shares[1:]), shares


async def test_own_single_requests_come_before_the_rest_of_the_own_bulk(
    waiting_house: House,
) -> None:
    house, engine = waiting_house, HeldEngine()
    me = await house.tenant()
    await made(house, me, {"items": items(60)})
    async with working(house.settings, engine.engines()):
        await engine.until_started(PLACES)
        await create(house, me, "mine, at once")
        engine.let_go(10)
        await engine.until_started(PLACES + 10)
        engine.let_go(51)
        await engine.until_started(61)
    assert engine.started.index("mine, at once") < 20


async def test_an_organization_never_has_more_jobs_running_than_its_places(
    database_url: str, tmp_path: Path
) -> None:
    """Over two workers; the rest of its bulk is parked and comes as places fall free."""
    settings = settings_for(database_url, tmp_path, worker={"concurrency": 4})
    engine = HeldEngine()
    async with opened(settings, with_worker=False) as house:
        me, other = await house.tenant(), await house.tenant()
        await change(house, me, concurrency=3)
        batch = await made(house, me, {"items": items(12)})
        assert await count(house, "generations WHERE parked") == 9
        assert await count(house, "pgqueuer") == 3
        async with working(settings, engine.engines()), working(settings, engine.engines()):
            await engine.until_started(3)
            await create(house, other, "the other's")
            await engine.until_started(4)
            assert len(engine.running) == 4
            engine.let_go(13)
            done = await until_ended(house, me, batch["id"])
    assert (done["completed"], engine.most) == (12, 4)


async def test_canceling_a_bulk_lets_parked_work_of_the_organization_go_on(
    waiting_house: House,
) -> None:
    house, engine = waiting_house, HeldEngine()
    me = await house.tenant()
    await change(house, me, concurrency=1)
    first = await made(house, me, {"items": items(3)})
    second = await made(house, me, {"items": [{"prompt": "the second bulk's"}]})
    await house.ask("POST", f"/api/v1/batches/{first['id']}/cancel", key=me)
    async with working(house.settings, engine.engines()):
        engine.let_go(1)
        done = await until_ended(house, me, second["id"])
    assert done["completed"] == 1
    assert engine.started == ["the second bulk's"]


async def test_a_worker_that_stops_in_the_middle_loses_nothing(waiting_house: House) -> None:
    house = waiting_house
    me = await house.tenant(grant=100)
    batch = await made(house, me, {"items": items(6)})
    first, second = HeldEngine(), HeldEngine()
    async with working(house.settings, first.engines()):
        first.let_go(3)
        await first.until_started(5)
        with contextlib.suppress(AssertionError):
            await until_ended_soon(house, me, batch["id"])
        first.let_go(PLACES)
    second.let_go(6)
    async with working(house.settings, second.engines()):
        done = await until_ended(house, me, batch["id"])
    assert (done["status"], done["completed"]) == ("completed", 6)
    assert await account(house, me) == (94, 0)
    assert await completed_events(house, batch["id"]) == 1


async def until_ended_soon(house: House, tenant: Any, batch_id: str) -> None:
    found = await batch_of(house, tenant, batch_id)
    assert found["completed_at"] is not None


async def test_a_plan_that_lost_bulk_lets_running_batches_end(waiting_house: House) -> None:
    house, engine = waiting_house, HeldEngine()
    me = await house.tenant(plan="pro", grant=100)
    batch = await made(house, me, {"items": items(4)})
    await change(house, me, plan="free")

    async def refused() -> bool:
        return (await ask(house, me, {"items": items(1), "dry_run": True})).status == 403

    await until(refused, 30, "the new plan to hold")
    engine.let_go(4)
    async with working(house.settings, engine.engines()):
        done = await until_ended(house, me, batch["id"])
    assert done["completed"] == 4
