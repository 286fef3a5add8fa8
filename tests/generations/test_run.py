"""One run of a generation: what ends it, what is written, and what may change beneath it."""

import asyncio
import random
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pyvips
from aiohttp import web

from support.checks import check_everything
from support.faulty_engine import HOSTILE, AnswersWith
from support.house import House, opened, settings_for
from support.loopback import serving
from support.workers import create, row, until, until_status, working
from tintype.engines.builtin import MODEL
from tintype.engines.registry import Engines
from tintype.generations import run_queries
from tintype.generations.workshop import Workshop
from tintype.storage import Storage

pytestmark = pytest.mark.slow
_OTHER = UUID(int=7)


@pytest.fixture
async def workshop(idle_house: House) -> AsyncIterator[Workshop]:
    async with working(idle_house.settings) as made:
        idle_house.workshop = made
        yield made


async def checked(house: House, storage: Storage) -> Any:
    return await check_everything(house.database, storage)


@pytest.mark.parametrize(
    ("mark", "status", "attempts", "code"),
    [
        ("refused", "failed", 1, "CONTENT_REJECTED"),
        ("late", "failed", 1, "PROVIDER_TIMEOUT"),
        ("raise", "failed", 3, "PROVIDER_ERROR"),
        ("busy", "failed", 3, "PROVIDER_ERROR"),
        ("nothing", "failed", 3, "PROVIDER_ERROR"),
        ("canceled", "failed", 3, "PROVIDER_ERROR"),
        ("once] [raise", "completed", 2, None),
        ("once] [busy", "completed", 2, None),
        ("half", "failed", 1, "PROVIDER_ERROR"),
    ],
)
async def test_an_engines_fault_ends_or_is_tried_again(
    idle_house: House, workshop: Workshop, mark: str, status: str, attempts: int, code: str | None
) -> None:
    tenant = await idle_house.tenant()
    found = await until_status(
        idle_house, await create(idle_house, tenant, f"fox [{mark}]"), status, seconds=8
    )
    assert found["attempts"] == attempts
    assert (found["error"] or {}).get("code") == code
    assert "secret" not in str(found["error"])
    await checked(idle_house, workshop.storage)


@pytest.mark.parametrize("kind", HOSTILE)
async def test_an_engines_answer_is_hostile_input(idle_house: House, kind: str) -> None:
    tenant = await idle_house.tenant()
    engines = Engines({MODEL: AnswersWith(HOSTILE[kind])})
    async with working(idle_house.settings, engines) as workshop:
        work = await create(idle_house, tenant)
        found = await until_status(idle_house, work, "failed", "completed")
        assert found["error"]["code"] == "PROVIDER_ERROR"
        await checked(idle_house, workshop.storage)


async def test_variants_share_the_outcome(idle_house: House, workshop: Workshop) -> None:
    tenant = await idle_house.tenant()
    work = await create(idle_house, tenant, variants=3)
    await until_status(idle_house, work, "completed")
    assert await checked(idle_house, workshop.storage) == {"completed": 1}


async def test_a_cancel_ends_running_work_at_once(idle_house: House, workshop: Workshop) -> None:
    tenant = await idle_house.tenant()
    work = await create(idle_house, tenant, "fox [wait 20]")
    await until_status(idle_house, work, "processing")
    reply = await idle_house.ask("POST", f"/api/v1/generations/{work}/cancel", key=tenant)
    assert reply.status == 202
    await until_status(idle_house, work, "canceled")
    await checked(idle_house, workshop.storage)


async def test_a_cancel_is_heard_by_an_engine_that_never_looks(
    idle_house: House, workshop: Workshop
) -> None:
    """It draws on, but what it draws doesn't count."""
    tenant = await idle_house.tenant()
    work = await create(idle_house, tenant, "fox [deaf 1]")
    await until_status(idle_house, work, "processing")
    await idle_house.ask("POST", f"/api/v1/generations/{work}/cancel", key=tenant)
    await until_status(idle_house, work, "canceled")
    await checked(idle_house, workshop.storage)


async def test_a_cancel_is_heard_while_a_slow_server_is_asked(
    database_url: str, tmp_path: Path
) -> None:
    settings = settings_for(
        database_url, tmp_path,
        fetch={"allow_networks": ["127.0.0.2/32"], "seconds_max": 300},
    )  # fmt: skip
    at_last = asyncio.Event()

    async def answer(_: web.Request) -> web.Response:
        await at_last.wait()
        return web.Response()

    async with opened(settings, with_worker=False) as house, serving(answer) as server:
        tenant = await house.tenant()
        async with working(settings) as workshop:
            work = await create(house, tenant, reference_images=[server.url("/slow.png")])

            async def asked() -> bool:
                return bool(server.asked)

            await until(asked)
            await house.ask("POST", f"/api/v1/generations/{work}/cancel", key=tenant)
            try:
                await until_status(house, work, "canceled")
            finally:
                at_last.set()
            await checked(house, workshop.storage)


async def test_a_cancel_answered_while_the_outcome_is_written_still_counts(
    idle_house: House, workshop: Workshop
) -> None:
    tenant = await idle_house.tenant()
    work = await create(idle_house, tenant)
    async with idle_house.database.transaction() as tx:
        # Holds the finishing transaction up, as a cancel's own transaction does.
        found = await until_status(idle_house, work, "processing")
        await tx.fetchrow("SELECT FROM generations WHERE id = $1 FOR UPDATE", found["id"])
        await until(lambda: _a_lock_is_waited_for(idle_house), what="the run to finish")
        await tx.execute(
            "UPDATE generations SET cancel_requested_at = now() WHERE id = $1", found["id"]
        )
    await until_status(idle_house, work, "canceled")
    await checked(idle_house, workshop.storage)


async def _a_lock_is_waited_for(house: House) -> bool:
    async with house.database.reading() as tx:
        return bool(
            await tx.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                " AND datname = current_database() AND query LIKE '%SET status = ''completed''%'"
            )
        )


async def test_cancel_after_ends_running_and_queued_work(
    idle_house: House, workshop: Workshop
) -> None:
    tenant = await idle_house.tenant()
    running = await create(idle_house, tenant, "fox [wait 20]", headers={"Cancel-After": "1s"})
    await until_status(idle_house, running, "processing")
    blocked = [await create(idle_house, tenant, "fox [deaf 3]") for _ in range(3)]
    queued = await create(idle_house, tenant, "fox", headers={"Cancel-After": "1s"})
    await until_status(idle_house, running, "canceled")
    found = await until_status(idle_house, queued, "canceled", "completed")
    assert found["status"] == "canceled" or found["completed_at"] < found["cancel_at"]
    for work in blocked:
        await until_status(idle_house, work, "completed")
    await checked(idle_house, workshop.storage)


async def test_overdue_work_is_never_started(idle_house: House) -> None:
    tenant = await idle_house.tenant()
    work = await create(idle_house, tenant, headers={"Cancel-After": "1s"})
    await asyncio.sleep(1.1)
    async with working(idle_house.settings) as workshop:
        found = await until_status(idle_house, work, "canceled", "completed")
        assert (found["status"], found["attempts"]) == ("canceled", 0)
        await checked(idle_house, workshop.storage)


async def test_a_cancel_between_two_attempts_ends_the_work(
    idle_house: House, workshop: Workshop
) -> None:
    """Asked while the run fails: the work must not wait in the queue for nobody."""
    tenant = await idle_house.tenant()
    work = await create(idle_house, tenant, "fox [deaf 1] [raise]")
    await until_status(idle_house, work, "processing")
    async with idle_house.database.transaction() as tx:
        await tx.execute("UPDATE generations SET cancel_requested_at = now()")
    await until_status(idle_house, work, "canceled")
    await checked(idle_house, workshop.storage)


async def test_deleting_running_work_cancels_it(idle_house: House, workshop: Workshop) -> None:
    tenant = await idle_house.tenant()
    work = await create(idle_house, tenant, "fox [wait 20]")
    await until_status(idle_house, work, "processing")
    reply = await idle_house.ask("DELETE", f"/api/v1/generations/{work}", key=tenant)
    assert reply.status == 204
    await until_status(idle_house, work, "canceled")
    await checked(idle_house, workshop.storage)


async def test_a_flow_deleted_meanwhile_costs_no_attempt(
    idle_house: House, workshop: Workshop
) -> None:
    tenant = await idle_house.tenant()
    work = await create(idle_house, tenant, "fox [wait 1]", flow_alias="@hero")
    flow_id = (await until_status(idle_house, work, "processing"))["flow_id"]
    assert (await idle_house.ask("DELETE", f"/v1/flows/{flow_id}", key=tenant)).status == 204
    found = await until_status(idle_house, work, "completed", "failed")
    assert (found["status"], found["attempts"], found["flow_id"]) == ("completed", 1, None)
    await checked(idle_house, workshop.storage)


async def test_a_reference_deleted_before_the_run_fails_by_name(idle_house: House) -> None:
    tenant = await idle_house.tenant()
    async with working(idle_house.settings):
        first = await create(idle_house, tenant)
        await until_status(idle_house, first, "completed")
        reply = await idle_house.ask("GET", f"/v1/generations/{first}", key=tenant)
    image_id = reply.json["image_id"]
    work = await create(idle_house, tenant, reference_images=[image_id])
    await idle_house.ask("DELETE", f"/v1/images/{image_id}", key=tenant)
    async with working(idle_house.settings) as workshop:
        found = await until_status(idle_house, work, "failed", "completed")
        assert found["error"]["code"] == "VALIDATION_FAILED"
        assert image_id in found["error"]["message"]
        await checked(idle_house, workshop.storage)


@pytest.mark.parametrize("by", ["id", "url"])
async def test_a_jobs_references_are_bounded_together(
    database_url: str, tmp_path: Path, by: str
) -> None:
    """Each is within the limit of one; two fit, three are more than two of the largest."""
    files = [_noise(number) for number in range(3)]
    most = len(files[0]) * 5 // 4
    settings = settings_for(
        database_url, tmp_path, media={"upload_bytes_max": most},
        fetch={"allow_networks": ["127.0.0.2/32"]},
    )  # fmt: skip

    async def give(request: web.Request) -> web.Response:
        return web.Response(body=files[int(request.path[1])], content_type="image/png")

    async with (
        opened(settings, with_worker=False) as house, working(settings), serving(give) as server,
    ):  # fmt: skip
        tenant = await house.tenant()
        references = [server.url(f"/{number}") for number in range(3)]
        if by == "id":
            references = [(await house.upload(tenant, data)).data["id"] for data in files]
        two = await create(house, tenant, reference_images=references[:2])
        three = await create(house, tenant, reference_images=references)
        assert (await until_status(house, two, "failed", "completed"))["error"] is None
        found = await until_status(house, three, "failed", "completed")
        assert (found["status"], found["attempts"]) == ("failed", 1)
        assert found["error"] == {
            "code": "VALIDATION_FAILED",
            "message": f"reference_images: together they have more than {2 * most} bytes",
        }


def _noise(seed: int) -> bytes:
    """A picture that no format makes smaller."""
    side = 560
    pixels = random.Random(seed).randbytes(side * side * 3)
    picture = pyvips.Image.new_from_memory(pixels, side, side, 3, "uchar")
    return bytes(picture.copy(interpretation="srgb").write_to_buffer(".png"))


async def test_the_deadline_reaches_an_engines_thread(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = tmp_path / "heard"
    monkeypatch.setenv("TT_HEARD", str(heard))
    settings = settings_for(database_url, tmp_path, worker={"job_seconds_max": 1})
    async with opened(settings, with_worker=False) as house, working(settings) as workshop:
        tenant = await house.tenant()
        found = await until_status(
            house, await create(house, tenant, "fox [hears]"), "failed", "completed", "canceled"
        )
        assert (found["status"], found["error"]["code"]) == ("failed", "PROVIDER_TIMEOUT")
        await until(partial(asyncio.to_thread, heard.exists), 2, "the thread to hear it")
        await checked(house, workshop.storage)


async def test_a_lease_lost_meanwhile_discards_the_outcome(
    idle_house: House, workshop: Workshop
) -> None:
    tenant = await idle_house.tenant()
    work = await create(idle_house, tenant, "fox [once] [deaf 1.5]")
    await until_status(idle_house, work, "processing")
    async with idle_house.database.transaction() as tx:
        await tx.execute("UPDATE generations SET lease_until = now() - interval '1 s'")
        taken = await run_queries.claim(tx, work, _OTHER, 60, 3, {}, alone=False)
        assert taken is not None
    await asyncio.sleep(2)
    found = await row(idle_house, work)
    assert (found["status"], found["lease"]) == ("processing", _OTHER)
    async with idle_house.database.reading() as tx:
        assert await tx.fetchval("SELECT count(*) FROM images") == 0
