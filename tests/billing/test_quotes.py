"""Quotes: a price without the work, and the price that then binds, once and for ten minutes."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.wire import judged
from support.house import House, Tenant
from support.images import file
from tintype.billing import quotes

MAKE = "/api/v1/generations"
BODY = {"prompt": "a fox", "resolution": "2K", "variants": 2}


async def quoted(house: House, me: Tenant, body: Any = BODY, path: str = MAKE) -> Any:
    reply = await house.ask("POST", path, key=me, json={**body, "dry_run": True})
    assert reply.status == 200, reply.body
    return reply.data


async def use(house: House, me: Tenant, quote_id: str, body: Any = BODY, **headers: str) -> Any:
    return await house.ask(
        "POST", MAKE, key=me, json={**body, "quote_id": quote_id}, headers=headers
    )


async def rows(house: House, *tables: str) -> list[int]:
    async with house.database.reading() as tx:
        return [await tx.fetchval(f"SELECT count(*) FROM {table}") for table in tables]


async def change(house: House, sql: str, *values: Any) -> None:
    async with house.database.transaction() as tx:
        await tx.execute(sql, *values)


async def test_a_quote_says_price_model_and_size_and_nothing_is_made(idle_house: House) -> None:
    me = await idle_house.tenant(grant=10)
    asked = BODY | {"flow_alias": "@hero", "aspect_ratio": "16:9"}
    made = ("generations", "flows", "events", "ledger_entries", "idempotency_keys", "pgqueuer")
    before = await rows(idle_house, *made)
    reply = await idle_house.ask(
        "POST", MAKE, key=me, json=asked | {"dry_run": True}, headers={"Idempotency-Key": "k"}
    )
    assert reply.status == 200, reply.body
    assert await rows(idle_house, *made) == before
    found = dict(reply.data)
    assert found.pop("quote_id").startswith("quo_")
    end = datetime.fromisoformat(found.pop("expires_at"))
    assert timedelta(minutes=5) < end - datetime.now(UTC) < timedelta(minutes=15)
    size = found.pop("size")
    assert size["width"] * 9 == size["height"] * 16
    assert found == {
        "object": "quote", "credits": 4, "model": "builtin/draft", "engine": "builtin",
        "fidelity": "preview", "adjustments": [], "available": 10, "sufficient": True,
    }  # fmt: skip
    real = await idle_house.ask("POST", MAKE, key=me, json=asked, headers={"Idempotency-Key": "k"})
    assert (real.status, real.data["credits_reserved"]) == (202, 4)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"prompt": "quixotic epistemology"}, True),
        ({"prompt": "red and blue at dawn"}, True),
        ({"prompt": "a fox", "negative_prompt": "foxes"}, True),
        ({"prompt": "an epistemic fox"}, False),
        ({"prompt": "at the beach"}, False),
        ({"prompt": "epistemology, like @bag"}, False),
    ],
)
async def test_a_quote_says_where_the_built_in_engine_knows_nothing_of_a_prompt(
    idle_house: House, body: dict[str, str], said: bool
) -> None:
    me = await idle_house.tenant()
    await idle_house.upload(me, file("png"), alias="@bag")
    found = await quoted(idle_house, me, body)
    notes = [text for text in found["adjustments"] if "builtin/draft knows no thing" in text]
    assert len(notes) == said
    assert (await use(idle_house, me, found["quote_id"], body)).status == 202


async def test_every_creating_call_is_quoted(idle_house: House) -> None:
    me = await idle_house.tenant()
    canceled = (await idle_house.ask("POST", MAKE, key=me, json={"prompt": "a fox"})).data["id"]
    await idle_house.ask("POST", f"{MAKE}/{canceled}/cancel", key=me)
    found = await quoted(idle_house, me, {"variants": 3}, f"{MAKE}/{canceled}/retry")
    assert (found["credits"], found["model"]) == (3, "builtin/draft")
    picture = (await idle_house.upload(me, file("png"))).data
    finish = {"mode": "clean", "image_url": picture["url"]}
    found = await quoted(idle_house, me, finish, "/api/v1/images/jobs")
    assert (found["credits"], found["engine"], found["size"]) == (1, "finish", None)
    both = {"prompt": "a mug", "mode": "realistic"}
    assert (await quoted(idle_house, me, both, "/api/v1/images/generate"))["credits"] == 2
    found = await quoted(idle_house, me, {"text": "Its a bag"}, "/api/v1/text/polish")
    assert (found["credits"], found["model"], found["size"]) == (1, "builtin/polish", None)


async def test_studio_and_bulk_are_quoted_and_done_at_that_price(idle_house: House) -> None:
    me = await idle_house.tenant()
    sketch = (await idle_house.upload(me, file("png", 256, 256))).data["id"]
    items = [{"prompt": f"fox {n}", "variants": n} for n in (1, 2, 3)]
    asks = {
        "/generate/image": {"prompt": "a mug", "resolution": "2K"},
        "/generate/video": {"prompt": "a mug", "duration_seconds": 3},
        "/sketch-to-photo": {"prompt": "a steel kettle", "image": sketch},
        "/generate/bulk": {"items": items, "defaults": {"resolution": "4K"}},
    }
    for path, body in asks.items():
        before = await rows(idle_house, "generations", "batches", "ledger_entries", "events")
        found = await quoted(idle_house, me, body, f"/api/v1{path}")
        after = await rows(idle_house, "generations", "batches", "ledger_entries", "events")
        assert after == before, path
        # As if the price had been another one when it was asked for.
        price = found["credits"] + 5
        await change(
            idle_house, "UPDATE quotes SET credits = $2 WHERE id = $1", found["quote_id"], price
        )
        asked = body | {"quote_id": found["quote_id"]}
        headers = {"Prefer": "wait=1"}
        made = await idle_house.ask("POST", f"/api/v1{path}", key=me, json=asked, headers=headers)
        assert (made.status, made.headers["X-Credits-Used"]) == (202, str(price)), made.body
        again = await idle_house.ask("POST", f"/api/v1{path}", key=me, json=asked)
        assert judged(again, 422, "VALIDATION_FAILED", field="quote_id") is None, again.body


async def test_a_dry_run_keeps_to_no_quote(idle_house: House) -> None:
    me = await idle_house.tenant()
    quote_id = (await quoted(idle_house, me))["quote_id"]
    sketch = (await idle_house.upload(me, file("png", 256, 256))).data["id"]
    asks = {
        "/generations": BODY,
        "/generate/image": {"prompt": "a mug"},
        "/generate/video": {"prompt": "a mug"},
        "/sketch-to-photo": {"prompt": "a mug", "image": sketch},
        "/generate/bulk": {"items": [{"prompt": "a fox"}]},
        "/images/jobs": {"mode": "clean", "image_url": sketch},
        "/images/generate": {"prompt": "a mug", "mode": "clean"},
        "/text/polish": {"text": "Its a bag"},
    }
    for path, body in asks.items():
        both = body | {"dry_run": True, "quote_id": quote_id}
        reply = await idle_house.ask("POST", f"/api/v1{path}", key=me, json=both)
        assert judged(reply, 422, "VALIDATION_FAILED", field="quote_id") is None, (path, reply.body)
        assert reply.error["message"] == "quote_id: means nothing in a dry run"
    assert (await use(idle_house, me, quote_id)).status == 202


async def test_what_the_server_changes_is_said(idle_house: House) -> None:
    me = await idle_house.tenant()
    body = {"prompt": "a fox", "resolution": "4K", "aspect_ratio": "21:9"}
    found = await quoted(idle_house, me, body)
    made = (await use(idle_house, me, found["quote_id"], body)).data
    assert found["size"] == {"width": made["width"], "height": made["height"]}
    (told,) = found["adjustments"]
    assert f"{made['width']} x {made['height']}" in told
    assert "16777216 pixels" in told


async def test_what_the_real_call_refuses_a_dry_run_refuses_alike(idle_house: House) -> None:
    me = await idle_house.tenant(plan="free", grant=0)
    for body in (
        {"prompt": " "}, {"prompt": "a", "variants": 9}, {"prompt": "a", "model": "none"},
        {"prompt": "a", "flow_alias": "@hero"}, {"prompt": "@nobody"}, {"prompt": "a", "odd": 1},
        {"prompt": "a", "webhook_url": "http://127.0.0.1/"},
    ):  # fmt: skip
        real = await idle_house.ask("POST", MAKE, key=me, json=body)
        dry = await idle_house.ask("POST", MAKE, key=me, json=body | {"dry_run": True})
        assert (dry.status, dry.error) == (real.status, real.error)
        assert dry.status in {403, 422}, dry.body


async def test_too_few_credits_are_no_fault_of_a_quote_but_of_the_work(idle_house: House) -> None:
    me = await idle_house.tenant(grant=1)
    found = await quoted(idle_house, me)
    assert (found["credits"], found["available"], found["sufficient"]) == (4, 1, False)
    refused = await use(idle_house, me, found["quote_id"])
    assert judged(refused, 402, "INSUFFICIENT_CREDITS") is None, refused.body
    assert refused.error["details"] == {"required": 4, "available": 1}
    await change(
        idle_house, "UPDATE credit_accounts SET balance = 9 WHERE organization_id = $1",
        me.organization_id,
    )  # fmt: skip
    assert (await use(idle_house, me, found["quote_id"])).status == 202, "it was not used up"


async def test_the_price_that_was_said_counts_whatever_it_is_now(idle_house: House) -> None:
    me = await idle_house.tenant(grant=100)
    found = await quoted(idle_house, me)
    # As if the price had been another one when it was asked for.
    await change(idle_house, "UPDATE quotes SET credits = 7")
    made = await use(idle_house, me, found["quote_id"])
    assert (made.status, made.data["credits_reserved"]) == (202, 7)
    assert made.headers["X-Credits-Used"] == "7"
    assert made.json["meta"]["credits_remaining"] == 93


async def test_a_quote_of_other_work_of_others_used_or_old_is_refused_by_name(
    idle_house: House,
) -> None:
    me, other = await idle_house.tenant(), await idle_house.tenant()

    async def refused(quote_id: str, word: str, who: Tenant = me, **more: Any) -> None:
        reply = await use(idle_house, who, quote_id, BODY | more)
        assert judged(reply, 422, "VALIDATION_FAILED", field="quote_id") is None, reply.body
        assert word in reply.error["details"][0]["problem"]

    first = (await quoted(idle_house, me))["quote_id"]
    for no in ("quo_01m7wey10xe58rnehgzmxx0sds", "quo_", "7", first.upper(), me.key_id):
        await refused(no, "no such quote")
    await refused(first, "no such quote", other)
    for more in ({"variants": 1}, {"resolution": "1K"}, {"aspect_ratio": "21:9"}):
        await refused(first, "other work", **more)
    fine = await use(idle_house, me, first, BODY | {"prompt": "a hen", "seed": 4, "meta": {"a": 1}})
    assert fine.status == 202, "the price depends on none of these"
    await refused(first, "used already")
    second = (await quoted(idle_house, me))["quote_id"]
    await change(idle_house, "UPDATE quotes SET expires_at = now() WHERE id = $1", second)
    await refused(second, "expired")


async def test_of_many_who_use_one_quote_at_once_one_does(idle_house: House) -> None:
    me = await idle_house.tenant()
    quote_id = (await quoted(idle_house, me))["quote_id"]
    replies = await asyncio.gather(*(use(idle_house, me, quote_id) for _ in range(6)))
    assert sorted(reply.status for reply in replies) == [202, 422, 422, 422, 422, 422]
    assert (await rows(idle_house, "generations"))[0] == 1


async def test_a_replay_with_a_quote_is_the_same_work(idle_house: House) -> None:
    me = await idle_house.tenant()
    quote_id = (await quoted(idle_house, me))["quote_id"]
    made = [await use(idle_house, me, quote_id, **{"Idempotency-Key": "k"}) for _ in range(3)]
    assert [reply.status for reply in made] == [202, 202, 202]
    assert len({reply.data["id"] for reply in made}) == 1


async def test_a_polished_text_costs_what_was_said(house: House) -> None:
    me = await house.tenant(grant=10)
    path, body = "/api/v1/text/polish", {"text": "Its a nice bag"}
    found = await quoted(house, me, body, path)
    await change(house, "UPDATE quotes SET credits = 3")
    asked = body | {"quote_id": found["quote_id"]}
    made = await house.ask("POST", path, key=me, json=asked)
    assert (made.status, made.headers["X-Credits-Used"]) == (200, "3"), made.body
    assert made.headers["X-Credits-Remaining"] == "7"
    again = await house.ask("POST", path, key=me, json=asked)
    assert judged(again, 422, "VALIDATION_FAILED", field="quote_id") is None, again.body


async def test_the_sandbox_is_quoted_nothing_and_holds_nothing(idle_house: House) -> None:
    me = await idle_house.tenant(livemode=False, grant=0)
    found = await quoted(idle_house, me)
    assert (found["credits"], found["sufficient"]) == (0, True)
    made = await use(idle_house, me, found["quote_id"])
    assert (made.status, made.data["credits_reserved"]) == (202, 0)


@pytest.mark.parametrize(("age", "kept"), [("23 hours", 1), ("25 hours", 0)])
async def test_quotes_are_forgotten_a_day_after_their_end(
    idle_house: House, age: str, kept: int
) -> None:
    await quoted(idle_house, await idle_house.tenant())
    await change(idle_house, f"UPDATE quotes SET expires_at = now() - interval '{age}'")
    async with idle_house.database.transaction() as tx:
        assert not await quotes.prune(tx)
    assert await rows(idle_house, "quotes") == [kept]
