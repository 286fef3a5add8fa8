"""Events over HTTP: the log page by page, and one generation's life as a live stream."""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec

from support import images as pictures
from support.house import House, Tenant
from tintype.core import ids
from tintype.db.listen import Signals

PNG = pictures.file("png")


async def log(house: House, me: Tenant, query: str = "") -> list[Any]:
    reply = await house.ask("GET", f"/v1/events?limit=100{query}", key=me)
    assert reply.status == 200, reply.body
    return reply.json["data"]


async def queued(house: House, me: Tenant, prompt: str = "a fox") -> str:
    made = await house.ask("POST", "/v1/generations", key=me, json={"prompt": prompt})
    return made.json["id"]


class Frame(msgspec.Struct):
    event: str
    id: str | None
    data: Any


async def frames(answer: aiohttp.ClientResponse) -> AsyncIterator[Frame]:
    """What an EventSource would hand on."""
    fields: dict[str, str] = {}
    async for line in answer.content:
        text = line.decode().rstrip("\n")
        if not text and "data" in fields:
            data = msgspec.json.decode(fields["data"])
            yield Frame(fields.get("event", "message"), fields.get("id"), data)
        if not text:
            fields = {}
            continue
        name, _, value = text.partition(": ")
        fields[name] = value


@contextlib.asynccontextmanager
async def watching(house: House, me: Tenant, generation: str, last_id: str | None = None):
    headers = {"X-API-Key": me.key} | ({"Last-Event-ID": last_id} if last_id else {})
    url = f"{house.base}/v1/generations/{generation}/events"
    async with asyncio.timeout(60), house.session.get(url, headers=headers) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        assert answer.headers["Cache-Control"] == "no-store"
        yield frames(answer)


async def watched(house: House, me: Tenant, generation: str, last_id: str | None = None):
    async with watching(house, me, generation, last_id) as found:
        return [frame async for frame in found]


async def test_a_generations_life_is_in_the_log(house: House) -> None:
    live = await house.tenant()
    test = await house.tenant(organization_id=live.organization_id, livemode=False)
    made = await house.picture(live, alias="@fox")
    found = await log(house, live)
    assert [event["type"] for event in found] == [
        "generation.queued", "generation.processing", "generation.completed",
    ]  # fmt: skip
    assert [event["data"]["status"] for event in found] == ["queued", "processing", "completed"]
    assert {event["data"]["id"] for event in found} == {made["id"]}
    assert {event["livemode"] for event in found} == {True}
    assert all(ids.is_id("evt", event["id"]) for event in found)
    shown = dict(found[-1]["data"])
    assert shown == {name: made[name] for name in shown}
    failed = await house.ask(
        "POST", "/v1/generations", key=test, json={"prompt": "__rejected__"},
        headers={"Prefer": "wait=20"},
    )  # fmt: skip
    found = await log(house, test)
    assert [event["type"] for event in found][-1] == "generation.failed"
    assert found[-1]["data"]["error"] == failed.json["error"]
    assert failed.json["error"]["code"] == "CONTENT_REJECTED"
    assert {event["livemode"] for event in found} == {False}
    image = (await house.upload(live, PNG)).data["id"]
    await house.ask("DELETE", f"/v1/images/{image}", key=live)
    for kind in ("image.uploaded", "image.deleted"):
        (event,) = await log(house, live, f"&type={kind}")
        assert event["data"]["id"] == image


async def test_the_log_is_read_page_by_page(idle_house: House) -> None:
    me, other = await idle_house.tenant(), await idle_house.tenant()
    made = [await queued(idle_house, me) for _ in range(5)]
    await queued(idle_house, other)
    seen: list[Any] = []
    after = ""
    for _ in range(3):
        page = (await idle_house.ask("GET", f"/v1/events?limit=2{after}", key=me)).json
        assert page["total"] == 5
        seen += page["data"]
        after = f"&after={page['next']}"
        assert page["has_more"] == (len(seen) < 5)
    assert [event["data"]["id"] for event in seen] == made
    page = (await idle_house.ask("GET", f"/v1/events?{after[1:]}", key=me)).json
    assert (page["data"], page["next"]) == ([], seen[-1]["id"])
    made.append(await queued(idle_house, me))
    page = (await idle_house.ask("GET", f"/v1/events?{after[1:]}", key=me)).json
    assert [event["data"]["id"] for event in page["data"]] == made[5:]
    envelope = (await idle_house.ask("GET", "/api/v1/events?limit=1", key=me)).json
    assert envelope["meta"]["pagination"]["has_more"] is True
    for bad in ("limit=0", "limit=101", "after=x", f"after={ids.new('evt')}", "typ=x", "offset=1"):
        assert (await idle_house.ask("GET", f"/v1/events?{bad}", key=me)).status == 422, bad
    reader = await idle_house.tenant(scopes=["images:read"])
    assert (await idle_house.ask("GET", "/v1/events", key=reader)).status == 403


async def test_a_stream_tells_the_life_in_order_and_resumes_anywhere(house: House) -> None:
    me = await house.tenant()
    generation = await queued(house, me)
    told = await watched(house, me, generation)
    life = [frame for frame in told if frame.event != "progress"]
    assert [frame.event for frame in life] == [
        "generation.queued", "generation.processing", "generation.completed",
    ]  # fmt: skip
    assert [frame.id for frame in life] == [event["id"] for event in await log(house, me)]
    assert [frame.data["id"] for frame in life] == [frame.id for frame in life]
    assert told[-1].event == "generation.completed"
    assert told[-1].data["data"]["images"][0]["url"]
    progress = [frame for frame in told if frame.event == "progress"]
    assert {frame.id for frame in progress} == {None}
    steps = [frame.data["progress"] for frame in progress]
    assert steps == sorted(set(steps))
    # What has ended is told again from anywhere, without gaps or repeats, and ends at once.
    for number, frame in enumerate(life):
        again = await watched(house, me, generation, frame.id)
        assert [one.id for one in again] == [one.id for one in life[number + 1 :]]
    for odd in ("nonsense", ids.new("evt"), "%00"):
        assert [f.id for f in await watched(house, me, generation, odd)] == [f.id for f in life]


async def test_a_stream_reports_progress_while_the_engine_works(house: House) -> None:
    test = await house.tenant(livemode=False)
    generation = await queued(house, test, "__slow_5s__ a fox")
    told = await watched(house, test, generation)
    steps = [frame.data["progress"] for frame in told if frame.event == "progress"]
    assert len(steps) >= 5
    assert steps == sorted(set(steps))
    assert told[-1].event == "generation.completed"


async def test_a_stream_survives_the_loss_of_every_database_connection(idle_house: House) -> None:
    me = await idle_house.tenant()
    generation = await queued(idle_house, me)
    async with watching(idle_house, me, generation) as stream:
        first = await anext(stream)
        assert first.event == "generation.queued"
        async with idle_house.database.reading() as tx:
            killed = await tx.fetchval(
                """
                SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()
                  AND application_name LIKE 'tintype%'
                """
            )
        assert killed >= 2
        async with asyncio.timeout(60):
            while True:
                path = f"/v1/generations/{generation}/cancel"
                if (await idle_house.ask("POST", path, key=me)).status == 200:
                    break
                await asyncio.sleep(0.1)
        rest = [frame.event async for frame in stream]
    assert [event for event in rest if event != "progress"] == ["generation.canceled"]


async def test_a_stream_ends_when_its_generation_is_deleted(idle_house: House) -> None:
    me = await idle_house.tenant()
    generation = await queued(idle_house, me)
    async with watching(idle_house, me, generation) as stream:
        await anext(stream)
        deleted = await idle_house.ask("DELETE", f"/v1/generations/{generation}", key=me)
        assert deleted.status == 204
        rest = [frame.event async for frame in stream]
    assert [event for event in rest if event != "progress"] == ["generation.canceled"]
    again = await idle_house.ask("GET", f"/v1/generations/{generation}/events", key=me)
    assert again.status == 404


async def test_a_client_that_hangs_up_leaves_nothing_behind(idle_house: House) -> None:
    me = await idle_house.tenant()
    generation = await queued(idle_house, me)

    def waiting() -> int:
        every = [one for one in gc.get_objects() if isinstance(one, Signals)]
        return sum(len(signals._waiters.get(generation, ())) for signals in every)

    async with contextlib.AsyncExitStack() as stack:
        for _ in range(5):
            stream = await stack.enter_async_context(watching(idle_house, me, generation))
            await anext(stream)
        assert waiting() == 5
    for _ in range(30):
        await asyncio.sleep(0.2)
        if not (left := waiting()):
            break
    assert left == 0


async def test_nobody_watches_what_is_not_theirs(idle_house: House) -> None:
    me, other = await idle_house.tenant(), await idle_house.tenant()
    generation = await queued(idle_house, other)
    for path in (generation, ids.new("gen"), "gen_zzz", ids.new("img")):
        answer = await idle_house.ask("GET", f"/v1/generations/{path}/events", key=me)
        assert (answer.status, answer.json["error"]["code"]) == (404, "NOT_FOUND")
