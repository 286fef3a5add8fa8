"""The credits that answers tell: what the work costs as it stands, and what is left."""

from typing import Any

import pytest

from support.faulty_engine import engines
from support.house import House, Reply, Tenant, working
from support.images import file

IMAGE = "/api/v1/generate/image"
ONCE = {"Idempotency-Key": "once"}


def told(reply: Reply) -> tuple[str | None, str | None]:
    return reply.headers.get("X-Credits-Used"), reply.headers.get("X-Credits-Remaining")


async def post(house: House, me: Tenant, path: str, body: Any, **headers: str) -> Reply:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await house.ask("POST", f"/api/v1{path}", key=me, json=body, headers=sent)


async def test_a_replay_tells_what_the_work_cost_and_what_is_left_now(house: House) -> None:
    me = await house.tenant(grant=10)
    asks: dict[str, tuple[Any, str]] = {
        "/generate/image": ({"prompt": "a mug", "variants": 2}, "2"),
        "/generations": ({"prompt": "a mug"}, "1"),
        "/generate/bulk": ({"items": [{"prompt": "a fox"}]}, "1"),
        "/text/polish": ({"text": "Its a bag"}, "1"),
    }
    left = 10
    for path, (body, cost) in asks.items():
        once = {"Prefer": "wait=30", "Idempotency_Key": path}
        first = await post(house, me, path, body, **once)
        left -= int(cost)
        assert told(first) == (cost, str(left)), (path, first.body)
        assert first.json["meta"]["credits_remaining"] == left
    for path, (body, cost) in asks.items():
        for once in ({"Idempotency_Key": path}, {"Idempotency_Key": path, "Prefer": "wait=5"}):
            again = await post(house, me, path, body, **once)
            assert again.headers["Idempotent-Replayed"] == "true"
            assert told(again) == (cost, str(left)), (path, again.body)


@pytest.mark.parametrize("path", ["/generations", "/generate/bulk", "/images/jobs"])
async def test_a_replay_of_open_work_tells_what_it_reserves(idle_house: House, path: str) -> None:
    me = await idle_house.tenant(grant=10)
    picture = (await idle_house.upload(me, file("png"))).data["url"]
    body: Any = {
        "/generations": {"prompt": "a fox"}, "/generate/bulk": {"items": [{"prompt": "a fox"}]},
        "/images/jobs": {"mode": "clean", "image_url": picture},
    }[path]  # fmt: skip
    for headers in ({}, {"Prefer": "wait=1"}):
        reply = await post(idle_house, me, path, body, Idempotency_Key="once", **headers)
        assert (reply.status, told(reply)) == (202, ("1", "9")), reply.body
    assert reply.headers["Idempotent-Replayed"] == "true"
    assert reply.headers["Location"].endswith(reply.data.get("id") or reply.data["job_id"])


async def test_work_that_failed_used_nothing_at_first_and_on_replay(idle_house: House) -> None:
    me = await idle_house.tenant(grant=10)
    body = {"prompt": "a mug [raise]", "variants": 3}
    async with working(idle_house.settings, engines()):
        for _ in range(2):
            reply = await idle_house.ask("POST", IMAGE, key=me, json=body, headers=ONCE)
            assert (reply.status, told(reply)) == (502, ("0", "10")), reply.body
    assert reply.headers["Idempotent-Replayed"] == "true"


async def test_the_sandbox_counts_nothing_and_tells_nothing_as_left(house: House) -> None:
    me = await house.tenant(grant=10, livemode=False)
    asks: dict[str, Any] = {
        "/generate/image": {"prompt": "a mug"},
        "/generations": {"prompt": "a mug"},
        "/generate/bulk": {"items": [{"prompt": "a fox"}]},
        "/text/polish": {"text": "Its a bag"},
    }
    for path, body in asks.items():
        for prefer in ("wait=30", "respond-async"):
            reply = await post(house, me, path, body, Prefer=prefer, Idempotency_Key=path)
            assert reply.status < 300, reply.body
            assert told(reply) == ("0", None), path
            assert "credits_remaining" not in reply.json["meta"]
    failed = await post(house, me, "/generate/image", {"prompt": "a mug __rejected__"})
    assert (failed.status, told(failed)) == (422, ("0", None)), failed.body
