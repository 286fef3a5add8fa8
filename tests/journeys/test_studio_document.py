"""The requests, the shapes and the error codes of the studio's document, as they stand there."""

import asyncio
import re
from dataclasses import dataclass

import aiohttp
import pytest

from media.sketch.drawings import mug, page, png
from support import images
from support.faulty_engine import engines
from support.house import House, Reply, Tenant, working
from tintype.accounts import operations as accounts
from tintype.accounts.passwords import hash_password

MOUNTS = ("/api/v1", "/v1")
# What programs send says "api", what the browser's own cookie brings says "ui".
SOURCES = {"key": "api", "token": "ui", "cookie": "ui"}
LIMITS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
GENERATION_ID = re.compile(r"gen_[0-9a-hjkmnp-tv-z]{26}")
REQUEST_ID = re.compile(r"req_[0-9a-hjkmnp-tv-z]{26}")


@dataclass(frozen=True)
class Client:
    """Someone who asks on one mount: with a key, a session's token, or that token as a cookie."""

    house: House
    mount: str
    who: dict[str, str]

    async def ask(self, method: str, path: str, **more) -> Reply:
        headers = more.pop("headers", {}) | self.who
        return await self.house.ask(method, self.mount + path, headers=headers, **more)

    def resource(self, reply: Reply):
        return reply.json["data"] if self.mount == "/api/v1" else reply.json


async def client(house: House, mount: str, tenant: Tenant, way: str) -> Client:
    if way == "key":
        return Client(house, mount, {"Authorization": f"Bearer {tenant.key}"})
    async with house.database.transaction() as tx:
        await accounts.create_user(
            tx, tenant.organization_id, email="ada@example.com", role="administrator",
            password_hash=hash_password("correct horse"),
        )  # fmt: skip
    signed = await house.ask(
        "POST", "/v1/auth/session", json={"email": "ada@example.com", "password": "correct horse"}
    )
    assert signed.json["token"].startswith("eyJ")
    token = signed.json["token"]
    if way == "token":
        return Client(house, mount, {"Authorization": f"Bearer {token}"})
    return Client(house, mount, {"Cookie": f"tintype_session={token}"})


@pytest.mark.parametrize("mount", MOUNTS)
@pytest.mark.parametrize("way", SOURCES)
async def test_every_endpoint_answers_keys_and_sessions(house: House, mount: str, way: str) -> None:
    """The table of endpoints; all that is made says who asked, and how many requests are left."""
    tenant = await house.tenant(plan="pro", grant=8000)
    me = await client(house, mount, tenant, way)
    replies, works = [], []

    photo = await me.ask("POST", "/generate/image", json={"prompt": "a silk scarf on marble"})
    assert photo.status == 200
    works.append(me.resource(photo))

    video = await me.ask(
        "POST", "/generate/video",
        json={"prompt": "a silk scarf, slow push in", "duration_seconds": 1},
    )  # fmt: skip
    assert video.status == 202
    works.append(me.resource(video))
    assert video.headers["Location"] == f"{mount}/generations/{works[-1]['id']}"

    form = aiohttp.FormData()
    sketch = png(page(mug(), side=300))
    form.add_field("image", sketch, filename="mug.png", content_type="image/png")
    form.add_field("prompt", "a blue ceramic mug")
    drawn = await me.ask("POST", "/sketch-to-photo", data=form)
    assert (drawn.status, me.resource(drawn)["status"]) == (200, "completed")
    works.append(me.resource(drawn))

    bulk = await me.ask(
        "POST", "/generate/bulk",
        json={"items": [{"prompt": "a scarf"}, {"prompt": "a belt"}],
              "defaults": {"aspect_ratio": "4:3"}},
    )  # fmt: skip
    assert (bulk.status, me.resource(bulk)["total"]) == (202, 2)

    listed = await me.ask("GET", "/generations?limit=100")
    assert listed.status == 200
    assert {work["id"] for work in works} <= {work["id"] for work in listed.json["data"]}
    assert len(listed.json["data"]) == 5
    for work in listed.json["data"]:
        assert work["source"] == SOURCES[way]
        assert work["api_key_id"] == (tenant.key_id if way == "key" else None)

    detail = await me.ask("GET", f"/generations/{works[1]['id']}", headers={"Prefer": "wait=60"})
    assert me.resource(detail)["status"] == "completed"
    assert me.resource(detail)["output_url"].endswith(".mp4")
    replies += [photo, video, drawn, bulk, listed, detail]

    for path in ("/credits/balance", "/personas", "/models"):
        found = await me.ask("GET", path)
        assert found.status == 200, path
        replies.append(found)
    assert me.resource(replies[-3])["plan"] == "pro"
    assert "builtin/draft" in {model["id"] for model in replies[-1].json["data"]}
    for reply in replies:
        assert reply.headers["X-RateLimit-Limit"] == "300"
        assert int(reply.headers["X-RateLimit-Remaining"]) < 300
        assert int(reply.headers["X-RateLimit-Reset"]) > 1_700_000_000


async def test_the_success_shape_is_the_documents(house: House) -> None:
    me = await client(house, "/api/v1", await house.tenant(plan="pro", grant=8000), "key")
    made = await me.ask(
        "POST", "/generate/image", json={"prompt": "a silk scarf on marble", "resolution": "2K"}
    )
    assert made.status == 200
    assert set(made.json) == {"data", "meta", "error"}
    data, meta = made.json["data"], made.json["meta"]
    assert GENERATION_ID.fullmatch(data["id"])
    assert data["status"] == "completed"
    assert data["output_url"].startswith(house.settings.public_url)
    picture = await house.ask("GET", data["output_url"].removeprefix(house.settings.public_url))
    assert images.opened(picture.body).width == data["width"]
    assert data["credits_used"] == 2
    assert REQUEST_ID.fullmatch(meta.pop("request_id"))
    assert meta == {"credits_used": 2, "credits_remaining": 7998}
    assert made.json["error"] is None
    detail = await me.ask("GET", f"/generations/{data['id']}")
    assert detail.data == data
    assert detail.json["meta"]["credits_used"] == 2
    balance = await me.ask("GET", "/credits/balance")
    assert (balance.data["balance"], balance.data["available"]) == (7998, 7998)


def refused(reply: Reply, status: int, code: str) -> dict:
    """The error of an enveloped answer, whose shape is the document's."""
    assert reply.status == status, reply.body
    assert set(reply.json) == {"data", "meta", "error"}
    assert reply.json["data"] is None
    assert set(reply.json["meta"]) == {"request_id"}
    assert REQUEST_ID.fullmatch(reply.json["meta"]["request_id"])
    error = reply.json["error"]
    assert set(error) == {"code", "message", "details"}
    assert error["code"] == code
    assert error["message"]
    return error


PHOTO = {"prompt": "a silk scarf on marble"}


async def test_too_few_credits_say_how_many_are_needed_and_there(idle_house: House) -> None:
    me = await client(idle_house, "/api/v1", await idle_house.tenant(plan="pro", grant=2), "key")
    drawn = (await me.ask("POST", "/images/upload", data=_sketch())).data["id"]
    asked = [
        ("/generate/image", PHOTO | {"variants": 5}, 5),
        ("/generate/video", PHOTO | {"duration_seconds": 5}, 5),
        ("/generate/bulk", {"items": [PHOTO] * 5}, 5),
        ("/sketch-to-photo", {"image": drawn, "prompt": "a mug", "variants": 2}, 4),
    ]
    for path, body, required in asked:
        error = refused(await me.ask("POST", path, json=body), 402, "INSUFFICIENT_CREDITS")
        assert error["message"] == "Credit balance too low for this operation."
        assert error["details"] == {"required": required, "available": 2}
    assert (await me.ask("GET", "/generations")).json["data"] == []


def _sketch() -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("file", png(page(mug(), side=200)), filename="s.png", content_type="image/png")
    return form


async def test_no_key_and_no_session_is_unauthorized(idle_house: House) -> None:
    for headers in (
        {}, {"Authorization": "Bearer tt_live_xxxxxxxxxxxx"}, {"Authorization": "Bearer eyJhbGci"},
    ):  # fmt: skip
        for method, path in (("POST", "/generate/image"), ("POST", "/generate/bulk"),
                             ("GET", "/generations"), ("GET", "/credits/balance")):  # fmt: skip
            body = PHOTO if method == "POST" else None
            answer = await idle_house.ask(method, f"/api/v1{path}", headers=headers, json=body)
            refused(answer, 401, "UNAUTHORIZED")


@pytest.mark.parametrize("way", SOURCES)
async def test_what_the_plan_lacks_is_forbidden_by_name(idle_house: House, way: str) -> None:
    me = await client(idle_house, "/api/v1", await idle_house.tenant(plan="starter"), way)
    for path, body, feature in (
        ("/generate/video", PHOTO, "video"),
        ("/generate/bulk", {"items": [PHOTO]}, "bulk"),
        ("/personas", {"name": "Mira"}, "personas"),
    ):
        error = refused(await me.ask("POST", path, json=body), 403, "FORBIDDEN")
        assert error["details"] == {"feature": feature, "plan": "starter"}


async def test_anothers_work_is_not_found(house: House) -> None:
    mine, other = await house.tenant(), await house.tenant()
    theirs = await house.picture(other)
    me = await client(house, "/api/v1", mine, "key")
    unknown = theirs["id"][:-4] + "aaaa"
    there, nowhere = [
        refused(await me.ask("GET", f"/generations/{one}"), 404, "NOT_FOUND")
        for one in (theirs["id"], unknown)
    ]
    assert there["message"].replace(theirs["id"], unknown) == nowhere["message"]


async def test_a_starters_sixty_first_request_is_limited(idle_house: House) -> None:
    me = await client(idle_house, "/api/v1", await idle_house.tenant(plan="starter"), "key")
    left = []
    for _ in range(60):
        answer = await me.ask("GET", "/credits/balance")
        assert answer.status == 200
        left.append(int(answer.headers["X-RateLimit-Remaining"]))
    assert left == list(range(59, -1, -1))
    answer = await me.ask("POST", "/generate/image", json=PHOTO)
    refused(answer, 429, "RATE_LIMITED")
    assert {name: answer.headers[name] for name in LIMITS[:2]} == {
        "X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "0",
    }  # fmt: skip
    assert 1 <= int(answer.headers["Retry-After"]) <= 61
    assert int(answer.headers["X-RateLimit-Reset"]) > 1_700_000_000


@pytest.mark.parametrize("mount", MOUNTS)
async def test_a_providers_error_gives_the_credits_back(idle_house: House, mount: str) -> None:
    tenant = await idle_house.tenant(plan="pro", grant=20)
    me = await client(idle_house, mount, tenant, "key")
    async with working(idle_house.settings, engines()):
        answer = await me.ask("POST", "/generate/image", json={"prompt": "[raise]", "variants": 4})
    assert (answer.status, answer.error["code"]) == (502, "PROVIDER_ERROR")
    if mount == "/api/v1":
        refused(answer, 502, "PROVIDER_ERROR")
    details = answer.error["details"]
    assert details["credits_refunded"] == 4
    found = me.resource(await me.ask("GET", f"/generations/{details['generation_id']}"))
    assert (found["status"], found["credits_used"]) == ("failed", 0)
    balance = me.resource(await me.ask("GET", "/credits/balance"))
    assert (balance["balance"], balance["reserved"], balance["available"]) == (20, 0, 20)


async def test_every_answer_tells_what_is_left_of_the_minute(idle_house: House) -> None:
    """Those that were refused too; one without a caller counts for nobody, and tells nothing."""
    me = await client(idle_house, "/api/v1", await idle_house.tenant(plan="starter"), "key")
    asked = [
        ("GET", "/generations", None, 200), ("GET", "/nowhere", None, 404),
        ("GET", "/generations/gen_1", None, 404), ("POST", "/generate/video", PHOTO, 403),
        ("POST", "/generate/image", {"prompt": ""}, 422), ("DELETE", "/generations", None, 405),
        ("POST", "/generate/image", PHOTO | {"variants": 8, "resolution": "4K"}, 202),
    ]  # fmt: skip
    for method, path, body, status in asked:
        answer = await me.ask(method, path, json=body, headers={"Prefer": "respond-async"})
        assert answer.status == status, (method, path, answer.body)
        if status != 405 and path != "/nowhere":
            assert all(name in answer.headers for name in LIMITS), (method, path)
    counted = await asyncio.gather(*(me.ask("GET", "/generations") for _ in range(3)))
    assert len({one.headers["X-RateLimit-Remaining"] for one in counted}) == 3
