"""Pictures by URL: fetched by the worker, completed or failed with the reason, and told of."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web

from support import images
from support.house import House, Tenant, working
from support.loopback import raw_serving, serving
from support.pictures import NINE, adding, events, look, project, until_status
from support.receiver import receiving
from support.workers import until
from tintype import queue, worker
from tintype.pictures import jobs, run_queries
from tintype.pictures.fetching import fetch
from tintype.pictures.run_queries import ENTRYPOINT

JPEG = images.file("jpeg", 64, 48)


def answering(data: bytes, status: int = 200) -> Any:
    async def answer(_: Any) -> web.Response:
        return web.Response(body=data, status=status)

    return serving(answer)


async def asked(house: House, me: Tenant, prj: str, url: str, **more: Any) -> Any:
    made = await adding(house, me, prj, {"type": "url", "url": url}, **more)
    assert made.status == 202, made.body
    assert made.json["status"] == "processing"
    return made.json


@pytest.mark.parametrize("mount", ["/api/v1", "/v1"])
async def test_a_url_is_fetched_and_its_end_is_posted(shop: House, mount: str) -> None:
    me = await shop.tenant()
    prj = await project(shop, me)
    async with answering(JPEG) as server, receiving() as receiver:
        body = {
            "source": {"type": "url", "url": server.url("/living-room.jpg")},
            "scene_type": "interior", "scene_location": "living_room",
            "webhook_url": receiver.url("/aixpose/webhook"), "alias": "@living",
        }  # fmt: skip
        made = await shop.ask("POST", f"{mount}/projects/{prj}/pictures", key=me, json=body)
        assert made.status == 202, made.body
        picture = made.data if mount == "/api/v1" else made.json
        assert made.headers["Location"] == f"{mount}/pictures/{picture['id']}"
        assert (picture["status"], picture["url"], picture["width"]) == ("processing", None, None)
        found = await until_status(shop, me, picture["id"], "completed")
        assert (found["width"], found["source"], found["alias"]) == (64, "uploaded", "@living")
        await receiver.until(1)
    (hook,) = receiver.hooks
    assert (hook.path, hook.json["type"]) == ("/aixpose/webhook", "picture.completed")
    assert list(hook.json["data"]) == NINE
    assert hook.json["data"] == {
        "id": picture["id"], "project_id": prj, "status": "completed",
        "public_url": found["public_url"], "version": 0, "subversion": 0,
        "scene_type": "interior", "scene_location": "living_room", "source_instruction": None,
    }  # fmt: skip


async def test_a_client_may_wait_for_its_picture(shop: House) -> None:
    me = await shop.tenant()
    prj = await project(shop, me)
    async with answering(JPEG) as server:
        source = {"type": "url", "url": server.url()}
        waited = {"Prefer": "wait=30", "Idempotency-Key": "w1"}
        made = await adding(shop, me, prj, source, headers=waited)
        assert (made.status, made.json["status"]) == (201, "completed")
        again = await adding(shop, me, prj, source, headers={"Idempotency-Key": "w1"})
        assert (again.status, again.json["id"]) == (201, made.json["id"])
        assert len(server.asked) == 1


async def test_a_picture_in_process_is_told_of_and_not_delivered(idle_shop: House) -> None:
    shop, me = idle_shop, await idle_shop.tenant()
    prj = await project(shop, me)
    picture = await asked(shop, me, prj, "https://cdn.example.com/x.jpg")
    assert (await look(shop, me, picture["id"]))["status"] == "processing"
    image = await shop.ask("GET", f"/v1/images/{picture['id']}", key=me)
    assert (image.status, image.error["code"]) == (409, "NOT_READY")
    assert (await shop.ask("GET", f"/media/images/{picture['id']}.jpg")).status == 404
    assert (await shop.ask("GET", "/v1/images", key=me)).json["total"] == 0
    listed = await shop.ask("GET", f"/v1/projects/{prj}/pictures?status=processing", key=me)
    assert [it["id"] for it in listed.json["data"]] == [picture["id"]]
    for act, body in (
        ("approve", {}), ("enhancements", {"instruction": {"source": "prompt", "prompt": "x"}})
    ):  # fmt: skip
        told = await shop.ask("POST", f"/v1/pictures/{picture['id']}/{act}", key=me, json=body)
        assert (told.status, told.error["code"]) == (409, "NOT_READY")
    asked_for = {"prompt": "a fox", "reference_images": [picture["id"]]}
    refused = await shop.ask("POST", "/v1/generations", key=me, json=asked_for)
    assert (refused.status, refused.error["param"]) == (422, "reference_images[0]")
    assert "in process" in refused.error["message"]
    named = await shop.ask("PATCH", f"/v1/pictures/{picture['id']}", key=me, json={"alias": "@x"})
    assert (named.status, named.error["code"]) == (409, "NOT_READY")


@pytest.mark.parametrize(
    ("data", "status", "code", "told"),
    [
        (b"<html>no picture</html>", 200, "UNSUPPORTED_MEDIA_TYPE", "source.url: The file is not"),
        (JPEG, 404, "VALIDATION_FAILED", "source.url: the server answered 404"),
        (JPEG, 503, "PROVIDER_ERROR", "source.url: the server answered 503"),
        (b"", 200, "VALIDATION_FAILED", "source.url: The file is empty"),
    ],
)
async def test_what_can_not_be_fetched_fails_with_its_reason(
    shop: House, data: bytes, status: int, code: str, told: str
) -> None:
    me = await shop.tenant()
    prj = await project(shop, me)
    async with answering(data, status) as server, receiving() as receiver:
        picture = await asked(shop, me, prj, server.url(), webhook_url=receiver.url())
        found = await until_status(shop, me, picture["id"], "failed")
        assert len(server.asked) == (3 if status == 503 else 1)
        await receiver.until(1)
    assert found["error"]["code"] == code
    assert found["error"]["message"].startswith(told), found["error"]
    assert receiver.hooks[0].json["type"] == "picture.failed"
    assert list(receiver.hooks[0].json["data"]) == NINE
    assert receiver.hooks[0].json["data"]["status"] == "failed"
    for act in ("approve", "reject"):
        judged = await shop.ask("POST", f"/v1/pictures/{picture['id']}/{act}", key=me)
        assert (judged.status, judged.error["code"]) == (409, "CONFLICT")
        assert told in judged.error["message"]
    image = await shop.ask("GET", f"/v1/images/{picture['id']}", key=me)
    assert (image.status, image.error["code"]) == (409, "CONFLICT")


async def test_a_server_that_dies_halfway_is_asked_again_then_given_up(shop: House) -> None:
    me = await shop.tenant()
    prj = await project(shop, me)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 9999999\r\n\r\n"
    async with raw_serving(head, JPEG) as server:
        picture = await asked(shop, me, prj, server.url())
        found = await until_status(shop, me, picture["id"], "failed")
    assert found["error"]["code"] == "PROVIDER_ERROR"
    async with shop.database.reading() as tx:
        row = await tx.fetchrow("SELECT * FROM images WHERE id = $1", picture["id"])
    assert (row["attempts"], row["lease"], row["object_key"]) == (3, None, None)


async def test_a_server_that_recovers_gives_its_picture(shop: House) -> None:
    me = await shop.tenant()
    prj = await project(shop, me)
    faults = [503]

    async def answer(_: Any) -> web.Response:
        return web.Response(status=faults.pop()) if faults else web.Response(body=JPEG)

    async with serving(answer) as server:
        picture = await asked(shop, me, prj, server.url())
        assert (await until_status(shop, me, picture["id"], "completed", "failed"))["width"] == 64


async def test_a_picture_deleted_while_it_is_fetched_stays_deleted(shop: House) -> None:
    me = await shop.tenant()
    prj = await project(shop, me)
    waiting, go = asyncio.Event(), asyncio.Event()

    async def answer(_: Any) -> web.Response:
        waiting.set()
        await go.wait()
        return web.Response(body=JPEG)

    async with serving(answer) as server:
        picture = await asked(shop, me, prj, server.url())
        await waiting.wait()
        assert (await shop.ask("DELETE", f"/v1/pictures/{picture['id']}", key=me)).status == 204
        go.set()
        again = await asked(shop, me, prj, server.url())
        await until_status(shop, me, again["id"], "completed")
    assert (await shop.ask("GET", f"/v1/pictures/{picture['id']}", key=me)).status == 404
    told = [(it["type"], it["data"]["id"]) for it in await events(shop, me, "picture")]
    assert told == [("picture.failed", picture["id"]), ("picture.completed", again["id"])]


async def test_a_dead_workers_fetch_is_taken_over_and_only_one_counts(idle_shop: House) -> None:
    shop, me = idle_shop, await idle_shop.tenant()
    prj = await project(shop, me)
    async with answering(JPEG) as server:
        picture = await asked(shop, me, prj, server.url())
        lost = uuid4()
        async with shop.database.transaction() as tx:
            assert await run_queries.claim(tx, picture["id"], lost, 0.1)
            await queue.forget(tx, ENTRYPOINT, picture["id"])
        async with worker.opened(shop.settings) as workshop:
            collector = worker.collector(workshop)

            async def ripe() -> bool:
                async with shop.database.reading() as tx:
                    return picture["id"] in await run_queries.waiting(tx, 10)

            await until(ripe)
            await jobs.ring_the_lost(collector)
            async with shop.database.reading() as tx:
                assert await queue.ringing(tx, ENTRYPOINT, [picture["id"]])
            assert await fetch(collector, picture["id"]) is None
            # Rung once more, there is nothing left to do.
            assert await fetch(collector, picture["id"]) is None
        async with shop.database.transaction() as tx:
            assert not await run_queries.renew(tx, picture["id"], lost, 5)
            assert not await run_queries.fail(tx, picture["id"], lost, {"code": "x"})
    assert (await look(shop, me, picture["id"]))["status"] == "completed"
    assert len(await events(shop, me, "picture.completed")) == 1


async def test_a_fetch_that_was_begun_too_often_is_given_up(idle_shop: House) -> None:
    shop, me = idle_shop, await idle_shop.tenant()
    picture = await asked(shop, me, await project(shop, me), "https://cdn.example.com/x.jpg")
    async with shop.database.transaction() as tx:
        await tx.execute("UPDATE images SET attempts = 3 WHERE id = $1", picture["id"])
    async with working(shop.settings):
        found = await until_status(shop, me, picture["id"], "failed")
    assert "never finished" in found["error"]["message"]


async def test_one_organizations_many_fetches_hold_up_nobody_elses(idle_shop: House) -> None:
    shop, many, few = idle_shop, await idle_shop.tenant(), await idle_shop.tenant()
    theirs, mine = await project(shop, many), await project(shop, few)
    order: list[str] = []
    free = asyncio.Event()

    async def slowly(request: web.Request) -> web.Response:
        order.append(request.path)
        await free.wait()
        return web.Response(body=JPEG)

    async with serving(slowly) as server:
        for number in range(6):
            await asked(shop, many, theirs, server.url(f"/theirs/{number}"))
        made = await asked(shop, few, mine, server.url("/mine"))
        async with working(shop.settings):

            async def full() -> bool:
                return len(order) == 4

            try:
                await until(full)
                assert "/mine" in order
            finally:
                free.set()
            await until_status(shop, few, made["id"], "completed")

            async def all_done() -> bool:
                return len(order) == 7

            await until(all_done)
