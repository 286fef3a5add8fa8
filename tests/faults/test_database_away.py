"""PostgreSQL killed, locked, out of connections or cut off: 503 for a while, and nothing is lost."""

import asyncio
import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest

from support.checks import check_everything
from support.house import House, Tenant, opened, settings_for
from support.workers import create, row, until, until_idle, until_status, working
from tintype.core.errors import Unavailable
from tintype.db import embedded, postmaster
from tintype.db.home import home_of
from tintype.db.migrate import migrate
from tintype.storage import Storage, open_storage

pytestmark = pytest.mark.slow


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[tuple[House, Path]]:
    """A Tintype on a database of its own, which may be killed."""
    folder = Path(tempfile.mkdtemp(prefix="tt"))
    try:
        url = await asyncio.to_thread(embedded.start, folder)
        await migrate(url)
        settings = settings_for(url, tmp_path, worker={"lease_seconds": 8})
        async with opened(settings, with_worker=False) as house:
            yield house, folder
    finally:
        await asyncio.to_thread(embedded.stop, folder)
        shutil.rmtree(folder, ignore_errors=True)


def kill_database(folder: Path) -> None:
    found = postmaster.find(home_of(folder).pgdata)
    assert found is not None
    os.kill(found.pid, signal.SIGKILL)


async def test_a_database_killed_under_load_loses_nothing_that_was_answered(
    own: tuple[House, Path],
) -> None:
    house, folder = own
    tenant = await house.tenant(grant=100_000)
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    answers: list[tuple[int, Any, Any]] = []
    over = asyncio.Event()

    async def load(number: int) -> None:
        while not over.is_set():
            reply = await house.ask(
                "POST", "/api/v1/generations", key=tenant,
                json={"prompt": f"fox {number}", "seed": 1, "resolution": "1K"},
            )  # fmt: skip
            answers.append((reply.status, reply.headers.get("Retry-After"), reply.json))
            await asyncio.sleep(0.1)

    async with working(house.settings) as studio:
        loads = [asyncio.create_task(load(n)) for n in range(3)]
        outages = []
        for _ in range(2):
            await asyncio.sleep(chance.uniform(0.3, 0.9))
            begun = time.monotonic()
            kill_database(folder)
            await asyncio.sleep(0.3)
            assert (await house.ask("GET", "/healthz")).status == 200
            assert (await house.ask("GET", "/readyz")).status == 503
            await asyncio.to_thread(embedded.start, folder)
            await until(lambda: _ready(house), 30, "readiness")
            outages.append(round(time.monotonic() - begun, 1))
        over.set()
        await asyncio.gather(*loads)
        await until_idle(house, 40)
        await check_everything(house.database, studio.storage)
    statuses = {status for status, _, _ in answers}
    print(f"outages {outages} s, {len(answers)} answers: {sorted(statuses)}")
    assert statuses == {202, 503}
    assert all(retry_after for status, retry_after, _ in answers if status == 503)
    async with house.database.reading() as tx:
        there = {r["id"] for r in await tx.fetch("SELECT id FROM generations")}
    assert {body["data"]["id"] for status, _, body in answers if status == 202} <= there


async def _ready(house: House) -> bool:
    return (await house.ask("GET", "/readyz")).status == 200


async def test_a_run_outlives_a_database_that_is_away_for_a_while(
    own: tuple[House, Path],
) -> None:
    """The engine's work is written down when the database is back, not done again."""
    house, folder = own
    tenant = await house.tenant()
    async with working(house.settings) as studio:
        work = await create(house, tenant, "fox [wait 1]")
        await until_status(house, work, "processing")
        kill_database(folder)
        await asyncio.sleep(3)
        await asyncio.to_thread(embedded.start, folder)
        found = await until(lambda: _ended(house, work), 30, "the outcome")
        assert (found["status"], found["attempts"]) == ("completed", 1)
        await until_status(house, await create(house, tenant), "completed")
        await check_everything(house.database, studio.storage)


async def _ended(house: House, work: str) -> Any:
    try:
        found = await row(house, work)
    except Unavailable:
        return None
    return None if found["lease"] else found


async def test_a_stuck_transaction_holds_others_up_for_two_seconds(
    shop: House, tenant: Tenant, storage: Storage
) -> None:
    """Requests are told to come back; a run waits with its pictures and doesn't make them anew."""
    other = await shop.tenant()
    async with working(shop.settings):
        work = await create(shop, tenant, "fox [wait 0.5]")
        async with shop.database.transaction() as tx:
            await tx.execute(
                "SELECT FROM credit_accounts WHERE organization_id = $1 FOR UPDATE",
                tenant.organization_id,
            )
            begun = time.monotonic()
            reply = await shop.ask(
                "POST", "/api/v1/generations", key=tenant, json={"prompt": "fox"}
            )
            waited = time.monotonic() - begun
            assert (reply.status, reply.error["code"]) == (503, "UNAVAILABLE")
            assert reply.headers["Retry-After"]
            assert 1.8 < waited < 14, "a statement may take 15 s, a lock 2 s"
            await until_status(shop, await create(shop, other), "completed")
            assert (await row(shop, work))["status"] == "processing"
        found = await until_status(shop, work, "completed", "failed")
        assert (found["status"], found["attempts"]) == ("completed", 1)
        await check_everything(shop.database, storage)


async def test_without_a_free_connection_the_answer_is_503_and_health_still_answers(
    database_url: str, tmp_path: Path
) -> None:
    settings = settings_for(
        database_url, tmp_path, database={"pool_size": 2, "pool_wait_seconds": 0.4}
    )
    async with opened(settings, with_worker=False) as house:
        tenant = await house.tenant()
        await create(house, tenant)
        ask = {"method": "POST", "path": "/v1/generations", "key": tenant, "json": {"prompt": "x"}}
        async with house.database.transaction() as tx:
            await tx.execute("SELECT FROM credit_accounts FOR UPDATE")
            stuck = [asyncio.create_task(house.ask(**ask)) for _ in range(2)]  # type: ignore[arg-type]
            await asyncio.sleep(0.3)
            reply = await house.ask(**ask)  # type: ignore[arg-type]
            assert (reply.status, bool(reply.headers["Retry-After"])) == (503, True)
            assert not any(it.done() for it in stuck), "it waited for those that wait for a lock"
            assert (await house.ask("GET", "/healthz")).status == 200
        assert {reply.status for reply in await asyncio.gather(*stuck)} <= {202, 503}
        assert (await house.ask(**ask)).status == 202  # type: ignore[arg-type]
        await check_everything(house.database, open_storage(settings.storage_url))


async def test_lost_listeners_heal(
    shop: House, tenant: Tenant, storage: Storage, database_url: str
) -> None:
    """Pick-up, cancel, `Prefer: wait` and the event stream, without a restart."""
    async with working(shop.settings):
        running = await create(shop, tenant, "fox [wait 20]")
        await until_status(shop, running, "processing")
        stream = asyncio.create_task(_read_stream(shop, tenant, running))
        waiting = asyncio.create_task(
            shop.ask("GET", f"/v1/generations/{running}", key=tenant, headers={"Prefer": "wait=15"})
        )
        await asyncio.sleep(0.3)
        assert await _terminate_listeners(database_url) >= 3
        picked = await create(shop, tenant)
        await shop.ask("POST", f"/v1/generations/{running}/cancel", key=tenant)
        await until_status(shop, picked, "completed")
        await until_status(shop, running, "canceled")
        assert (await waiting).json["status"] == "canceled"
        assert "event: generation.canceled" in await stream
        await shop.picture(tenant)
        await check_everything(shop.database, storage)


async def _terminate_listeners(url: str) -> int:
    admin = await asyncpg.connect(url)
    try:
        return len(
            await admin.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'tintype-listen' AND datname = current_database()"
            )
        )
    finally:
        await admin.close()


async def _read_stream(shop: House, tenant: Tenant, work: str) -> str:
    async with shop.session.get(
        f"{shop.base}/v1/generations/{work}/events",
        headers={"X-API-Key": tenant.key},
        timeout=aiohttp.ClientTimeout(total=15),
    ) as answer:
        return (await answer.read()).decode()
