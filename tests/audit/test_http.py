"""The audit log: everything that is done to keys and members stands there, and stays."""

import asyncio
import time

import asyncpg
import pytest

from api.wire import judged
from sessions.people import bearer, sign_in, user
from support.house import House

LOG = "/api/v1/audit-log"
KEYS = "/api/v1/api-keys"


async def log(house: House, tenant, query: str = ""):
    reply = await house.ask("GET", LOG + query, key=tenant)
    assert reply.status == 200, reply.body
    return reply.data


async def test_what_is_done_to_keys_is_told_with_who_and_from_where(idle_house: House) -> None:
    me = await idle_house.tenant()
    body = {"name": "k", "scopes": ["images:read"]}
    agent = {"User-Agent": "agent/" + "x" * 300}
    key_id = (await idle_house.ask("POST", KEYS, key=me, json=body, headers=agent)).data["id"]
    await idle_house.ask("PATCH", f"{KEYS}/{key_id}", key=me, json={"spend_cap": {"day": 3}})
    for _ in range(2):
        await idle_house.ask("DELETE", f"{KEYS}/{key_id}", key=me)
    entries = await log(idle_house, me, f"?subject_id={key_id}")
    assert [it["action"] for it in entries] == [
        "api_key.revoked", "api_key.updated", "api_key.created",
    ]  # fmt: skip
    assert {(it["actor_type"], it["actor_id"]) for it in entries} == {("api_key", me.key_id)}
    assert {it["address"] for it in entries} == {"127.0.0.1"}
    assert len(entries[2]["user_agent"]) == 200
    assert entries[1]["details"] == {"spend_cap": {"day": 3, "month": None}}
    first = await log(idle_house, me, f"?subject_id={me.key_id}")
    assert [it["actor_type"] for it in first] == ["operator"]


async def test_sign_ins_are_told_the_failed_ones_too(idle_house: House) -> None:
    me, other = await idle_house.tenant(), await idle_house.tenant()
    ann = await user(idle_house, me.organization_id)
    await sign_in(idle_house, password="wrong")
    await sign_in(idle_house, "nobody@example.com")
    token = (await sign_in(idle_house)).data["token"]
    await idle_house.ask("DELETE", "/api/v1/auth/session", headers=bearer(token))
    deadline = time.monotonic() + 30
    while len(entries := await log(idle_house, me, f"?actor_id={ann.id}")) < 3:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    assert {it["action"] for it in entries} == {
        "session.refused", "session.created", "session.ended",
    }  # fmt: skip
    assert b"wrong" not in (await idle_house.ask("GET", LOG, key=me)).body
    assert {it["action"] for it in await log(idle_house, other)} == {"api_key.created"}


async def test_filters_pages_and_bounds(idle_house: House) -> None:
    me = await idle_house.tenant()
    for n in range(5):
        await idle_house.ask("POST", KEYS, key=me, json={"name": f"{n}", "scopes": ["images:read"]})
    whole = await log(idle_house, me)
    assert len(whole) == 6
    page = await idle_house.ask("GET", f"{LOG}?limit=4", key=me)
    assert page.json["meta"]["pagination"]["total"] == 6
    rest = await log(idle_house, me, f"?limit=4&after={page.json['meta']['pagination']['next']}")
    assert [it["id"] for it in [*page.data, *rest]] == [it["id"] for it in whole]
    middle = whole[2]["created_at"].replace("+", "%2B")
    assert len(await log(idle_house, me, f"?created_after={middle}")) == 2
    assert len(await log(idle_house, me, f"?created_before={middle}")) == 3
    assert await log(idle_house, me, "?action=user.deleted") == []
    for wrong in ("action=everything", "created_after=yesterday", "after=key_x", "who=me"):
        reply = await idle_house.ask("GET", f"{LOG}?{wrong}", key=me)
        assert judged(reply, 422, "VALIDATION_FAILED") is None, reply.body


async def test_the_sandboxs_acts_stand_in_its_organizations_log(idle_house: House) -> None:
    me = await idle_house.tenant()
    sandbox = await idle_house.tenant(organization_id=me.organization_id, livemode=False)
    made = await idle_house.ask(
        "POST", KEYS, key=sandbox, json={"name": "k", "scopes": ["images:read"]}
    )
    entries = await log(idle_house, me, f"?subject_id={made.data['id']}")
    assert [it["actor_id"] for it in entries] == [sandbox.key_id]
    assert await log(idle_house, sandbox) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET action = 'x'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
    ],
)
async def test_nothing_in_it_is_ever_changed(idle_house: House, statement: str) -> None:
    await idle_house.tenant()
    with pytest.raises(asyncpg.RaiseError, match="never changed"):
        async with idle_house.database.transaction() as tx:
            await tx.execute(statement)


async def test_an_act_that_is_rolled_back_was_none(idle_house: House) -> None:
    me = await idle_house.tenant()
    over = await idle_house.tenant(organization_id=me.organization_id, scopes=["keys:write"])
    body = {"name": "k", "scopes": ["images:read"]}
    assert (await idle_house.ask("POST", KEYS, key=over, json=body)).status == 403
    assert {it["actor_type"] for it in await log(idle_house, me)} == {"operator"}
