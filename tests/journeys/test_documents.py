"""The requests of the documents that the API comes from, as they stand there."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from standardwebhooks import Webhook

from support import images
from support.house import House, opened, settings_for
from support.loopback import serving
from tintype.accounts import operations as accounts
from tintype.accounts.passwords import hash_password

MOUNTS = ("/api/v1", "/v1")


def resource(reply, mount: str):
    return reply.json["data"] if mount == "/api/v1" else reply.json


@pytest.mark.parametrize("mount", MOUNTS)
async def test_every_documented_request_works(house: House, mount: str) -> None:
    me = await house.tenant()

    async def ask(method: str, path: str, **more):
        return await house.ask(method, mount + path, key=me, **more)

    body = {
        "prompt": "A majestic eagle soaring over snow-capped mountains",
        "aspectRatio": "16:9", "alias": "@eagle-hero", "flowAlias": "@hero",
        "autoEnhance": True, "meta": {"tags": ["demo", "nature"]},
    }  # fmt: skip
    made = await ask("POST", "/generations", json=body)
    assert made.status == 202
    generation = resource(made, mount)
    assert made.headers["Location"] == f"{mount}/generations/{generation['id']}"
    assert generation["meta"] == {"tags": ["demo", "nature"]}
    done = resource(
        await ask("GET", f"/generations/{generation['id']}", headers={"Prefer": "wait=30"}), mount
    )
    assert (done["status"], done["images"][0]["alias"]) == ("completed", "@eagle-hero")
    assert done["enhanced_prompt"].startswith(body["prompt"] + ",")
    image, flow = done["image_id"], done["flow_id"]

    second = {"prompt": body["prompt"], "aspectRatio": "16:9", "assignAlias": "@eagle-hero",
              "assignFlowAlias": "@hero", "flowId": flow}  # fmt: skip
    again = resource(
        await ask("POST", "/generations", json=second, headers={"Prefer": "wait=30"}), mount
    )
    assert again["flow_id"] == flow

    listed = await ask("GET", "/generations?limit=20&offset=0&status=success")
    items = listed.json["data"]
    assert [item["id"] for item in items] == [again["id"], done["id"]]

    retried = await ask("POST", f"/generations/{done['id']}/retry")
    assert (retried.status, retried.error["code"]) == (409, "CONFLICT")

    new_flow = await ask("POST", "/flows", json={"meta": {"name": "Product Images Campaign"}})
    assert new_flow.status == 201
    assert len((await ask("GET", "/flows?limit=20&offset=0")).json["data"]) == 2
    found = resource(await ask("GET", f"/flows/{flow}"), mount)
    assert (found["generation_count"], found["image_count"]) == (2, 2)
    assert found["aliases"] == {"@hero": again["image_id"]}
    assert len((await ask("GET", f"/flows/{flow}/generations?limit=20")).json["data"]) == 2
    assert len((await ask("GET", f"/flows/{flow}/images?limit=20")).json["data"]) == 2
    put = await ask("PUT", f"/flows/{flow}/aliases",
                    json={"aliases": {"@hero": image, "@background": again["image_id"]}})  # fmt: skip
    assert resource(put, mount)["aliases"] == {"@hero": image, "@background": again["image_id"]}
    assert (await ask("DELETE", f"/flows/{flow}/aliases/@hero")).status == 204

    uploaded = await _upload(house, me, mount, flow)
    assert uploaded.status == 201
    assert resource(uploaded, mount)["alias"] == "@product-hero"
    generated = await ask("GET", "/images?limit=20&offset=0&source=generated")
    assert len(generated.json["data"]) == 2
    last = resource(await ask("GET", f"/images/resolve/@last?flowId={flow}"), mount)
    assert last["resolved_from"] == "technical"
    assert last["id"] == resource(uploaded, mount)["id"]
    assert resource(await ask("GET", f"/images/{image}"), mount)["width"] == 1408
    changed = resource(await ask("PUT", f"/images/{image}", json={
        "alias": "@new-alias", "focalPoint": {"x": 0.5, "y": 0.3},
        "meta": {"description": "Updated description"}}), mount)  # fmt: skip
    assert changed["focal_point"] == {"x": 0.5, "y": 0.3}
    named = resource(
        await ask("PUT", f"/images/{image}/alias", json={"alias": "@product-hero"}), mount
    )
    assert named["alias_moved_from"] == last["id"]
    assert (await ask("DELETE", f"/images/{image}")).status == 204
    assert (await ask("GET", f"/images/{image}")).status == 404

    assert (await ask("DELETE", f"/flows/{flow}")).status == 204
    kept = resource(await ask("GET", f"/generations/{again['id']}"), mount)
    assert kept["flow_id"] is None
    assert (await ask("DELETE", f"/generations/{again['id']}")).status == 204
    assert (await ask("GET", f"/generations/{again['id']}")).status == 404

    live = "/live?prompt=грузовик едет по горной дороге&aspectRatio=16:9"
    first, repeat = await ask("GET", live), await ask("GET", live)
    assert [r.headers["X-Cache-Status"] for r in (first, repeat)] == ["MISS", "HIT"]
    assert first.body == repeat.body
    assert images.opened(first.body).width == 1408


async def _upload(house: House, me, mount: str, flow: str):
    boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
    lines = [
        f"--{boundary}", 'Content-Disposition: form-data; name="file"; filename="image.png"',
        "Content-Type: image/png", "",
    ]  # fmt: skip
    rest = [
        "", f"--{boundary}", 'Content-Disposition: form-data; name="alias"', "", "@product-hero",
        f"--{boundary}", 'Content-Disposition: form-data; name="flowId"', "", flow,
        f"--{boundary}--", "",
    ]  # fmt: skip
    picture = images.file("png", 64, 48)
    body = "\r\n".join(lines).encode() + b"\r\n" + picture + "\r\n".join(rest).encode()
    return await house.ask("POST", f"{mount}/images/upload", key=me, data=body, headers={
        "Content-Type": f"multipart/form-data; boundary={boundary}"})  # fmt: skip


@pytest.fixture
async def near_house(database_url: str, tmp_path: Path):
    """A house that may reach one loopback network, as `fetch.allow_networks` opens it."""
    settings = settings_for(database_url, tmp_path, fetch={"allow_networks": ["127.0.0.2/32"]})
    async with opened(settings) as made:
        yield made


@pytest.mark.parametrize("mount", MOUNTS)
async def test_every_documented_image_job_request_works(near_house: House, mount: str) -> None:
    """The document's quickstart, with a picture's server and a receiver of its callback."""
    house, called = near_house, asyncio.Queue()
    me = await house.tenant(grant=10)

    async def answer(request: web.Request) -> web.Response:
        if request.method == "POST":
            await called.put((request.headers, await request.read()))
            return web.Response()
        return web.Response(body=images.file("webp", 90, 60), content_type="image/webp")

    async with serving(answer) as server:
        bearer = {"Authorization": f"Bearer {me.key}", "Content-Type": "application/json"}
        body = {"mode": "clean", "image_url": server.url("/image.webp"),
                "webhook_url": server.url("/noaivibe-callback")}  # fmt: skip
        made = await house.ask("POST", f"{mount}/images/jobs", headers=bearer, json=body)
        assert made.status == 202
        job = resource(made, mount)
        assert (job["status"], job["mode"], job["credits_reserved"]) == ("queued", "clean", 1)
        secret = resource(await house.ask("GET", f"{mount}/webhooks/secret", key=me), mount)
        headers, sent = await asyncio.wait_for(called.get(), 20)
    told = Webhook(secret["secret"]).verify(sent, dict(headers))
    assert (told["type"], told["data"]["id"]) == ("generation.completed", job["job_id"])
    assert told["data"]["status"] == "completed"

    polled = resource(await house.ask("GET", f"{mount}/images/jobs/{job['job_id']}", key=me), mount)
    assert (polled["status"], polled["credits_used"]) == ("completed", 1)
    gone_to = await house.ask("GET", f"{mount}/images/jobs/{job['job_id']}/download", key=me)
    assert gone_to.status == 302
    assert gone_to.headers["Location"] == polled["result_url"]

    form = aiohttp.FormData()
    form.add_field("file", images.file("jpeg", 64, 48), filename="a.jpg", content_type="image/jpeg")
    uploaded = await house.ask("POST", f"{mount}/uploads", key=me, data=form)
    assert uploaded.status == 201
    again = await house.ask(
        "POST", f"{mount}/images/jobs", key=me, headers={"Prefer": "wait=30"},
        json={"mode": "realistic", "image_url": resource(uploaded, mount)["image_url"]},
    )  # fmt: skip
    assert (again.status, resource(again, mount)["status"]) == (201, "completed")
    words = await house.ask(
        "POST", f"{mount}/images/generate", key=me, headers={"Prefer": "wait=30"},
        json={"prompt": "a red fox", "mode": "realistic"},
    )  # fmt: skip
    assert resource(words, mount)["status"] == "completed"

    polished = await house.ask(
        "POST", f"{mount}/text/polish", key=me, json={"text": "Their is a new lamp in teh shop."}
    )
    assert polished.status == 200
    assert polished.headers["X-Credits-Used"] == "1"
    assert resource(polished, mount)["changes"] != []

    listed = await house.ask("GET", f"{mount}/api-keys", key=me)
    (mine,) = listed.json["data"]
    assert "secret" not in mine
    assert mine["usage"] | {"requests": 0} == {
        "credits": 5, "image_jobs": 3, "text_requests": 1, "requests": 0,
    }  # fmt: skip
    ended = await house.ask("DELETE", f"{mount}/api-keys/{me.key_id}", key=me)
    assert ended.status in {200, 204}
    assert (await house.ask("GET", f"{mount}/api-keys", key=me)).status == 401


@pytest.mark.parametrize("mount", MOUNTS)
async def test_the_documented_key_is_made_with_a_session(house: House, mount: str) -> None:
    """`curl -H "Cookie: …_session=…"`, without a header that only a browser would need."""
    me = await house.tenant()
    async with house.database.transaction() as tx:
        await accounts.create_user(
            tx, me.organization_id, email="ada@example.com", role="administrator",
            password_hash=hash_password("correct horse"),
        )  # fmt: skip
    signed = await house.ask(
        "POST", f"{mount}/auth/session",
        json={"email": "ada@example.com", "password": "correct horse"},
    )  # fmt: skip
    assert signed.status == 201
    made = await house.ask(
        "POST", f"{mount}/api-keys",
        headers={"Cookie": f"tintype_session={resource(signed, mount)['token']}",
                 "Content-Type": "application/json"},
        json={"name": "agent workflow", "scopes": ["images:write", "images:read", "text:write"]},
    )  # fmt: skip
    assert made.status == 201
    key = resource(made, mount)
    assert key["secret"].startswith("tt_live_")
    assert key["scopes"] == ["images:read", "images:write", "text:write"]
    assert (await house.ask("GET", f"{mount}/me", key=key["secret"])).status == 200
