"""/api-keys over HTTP."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

from api.wire import judged
from sessions.people import SECRET, bearer, sign_in, user
from support.house import TENANTS, House, opened, settings_for
from tintype.core import ids
from tintype.core.caller import SCOPES

KEYS = "/api/v1/api-keys"
BODY = {"name": "agent workflow", "scopes": ["images:write", "images:read", "text:write"]}


async def make(house: House, maker, **more):
    return await house.ask("POST", KEYS, key=maker, json=BODY | more)


async def test_a_keys_life_on_both_mounts(idle_house: House) -> None:
    me = await idle_house.tenant()
    made = await make(idle_house, me)
    assert made.status == 201, made.body
    key = made.data
    assert made.headers["Location"] == f"{KEYS}/{key['id']}"
    assert key["secret"].startswith("tt_live_")
    assert key["secret"].startswith(key["prefix"])
    assert key["scopes"] == sorted(BODY["scopes"])
    assert key["usage"] == {"credits": 0, "image_jobs": 0, "text_requests": 0, "requests": 0}
    assert key["spend_cap"] == {"day": None, "month": None}
    works = await idle_house.ask("GET", "/v1/images", key=key["secret"])
    assert works.status == 200
    for path in (KEYS, f"{KEYS}/{key['id']}", "/v1/api-keys", f"/v1/api-keys/{key['id']}"):
        shown = await idle_house.ask("GET", path, key=me)
        assert shown.status == 200
        assert key["secret"].encode() not in shown.body
        assert b'"secret"' not in shown.body
    ended = await idle_house.ask("DELETE", f"{KEYS}/{key['id']}", key=me)
    assert (ended.status, ended.data["status"]) == (200, "revoked")
    assert (await idle_house.ask("GET", "/v1/images", key=key["secret"])).status == 401
    again = await idle_house.ask("DELETE", f"{KEYS}/{key['id']}", key=me)
    assert (again.status, again.data["status"]) == (200, "revoked")
    listed = (await idle_house.ask("GET", KEYS, key=me)).data
    assert [(it["id"], it["status"]) for it in listed] == [
        (key["id"], "revoked"), (me.key_id, "active"),
    ]  # fmt: skip


async def test_no_key_is_above_its_maker(idle_house: House) -> None:
    me = await idle_house.tenant()
    maker = await idle_house.tenant(
        organization_id=me.organization_id, scopes=["keys:write", "images:read"]
    )
    over = await make(idle_house, maker, scopes=["images:read", "images:write"])
    assert judged(over, 403, "FORBIDDEN") is None, over.body
    assert over.error["details"] == {"scope": "images:write"}
    assert (await make(idle_house, maker, scopes=["images:read"])).status == 201
    unable = await make(
        idle_house, await idle_house.tenant(organization_id=me.organization_id,
                                            scopes=[it for it in SCOPES if it != "keys:write"])
    )  # fmt: skip
    assert unable.error["details"] == {"scope": "keys:write"}
    sandbox = await idle_house.tenant(organization_id=me.organization_id, livemode=False)
    live = await make(idle_house, sandbox, mode="live")
    assert judged(live, 403, "FORBIDDEN") is None, live.body
    assert (await make(idle_house, sandbox)).data["livemode"] is False
    assert (await make(idle_house, me, mode="test")).data["secret"].startswith("tt_test_")


async def test_bad_bodies_are_refused_by_field(idle_house: House) -> None:
    me = await idle_house.tenant()
    for wrong, field in (
        ({"name": ""}, "name"), ({"name": "x" * 201}, "name"), ({"name": " "}, "name"),
        ({"name": None}, "name"), ({"scopes": []}, "scopes"), ({"scopes": ["images:paint"]}, "scopes"),
        ({"scopes": "images:read"}, "scopes"), ({"scopes": ["images:read"] * 65}, "scopes"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "2999-01-01T00:00:00"}, "expires_at"), ({"expires_at": "soon"}, "expires_at"),
        ({"mode": "both"}, "mode"), ({"project_id": "prj_x"}, "project_id"),
        ({"spend_cap": {"day": -1}}, "spend_cap.day"), ({"spend_cap": {"month": 1.5}}, "spend_cap.month"),
        ({"spend_cap": {"week": 1}}, "spend_cap.week"), ({"spend_cap": {"day": 10**16}}, "spend_cap.day"),
        ({"secret": "mine"}, "secret"),
    ):  # fmt: skip
        reply = await make(idle_house, me, **wrong)
        assert judged(reply, 422, "VALIDATION_FAILED") is None, (wrong, reply.body)
        assert reply.error["details"][0]["field"].startswith(field), (wrong, reply.body)
    assert len((await idle_house.ask("GET", KEYS, key=me)).data) == 1


async def test_a_key_may_expire_and_be_bound_to_a_project(idle_house: House) -> None:
    me = await idle_house.tenant()
    project = (await idle_house.ask(
        "POST", "/api/v1/projects", key=me, json={"name": "p"})).data["id"]  # fmt: skip
    end = datetime.now(UTC) + timedelta(seconds=2)
    made = (await make(idle_house, me, expiresAt=end.isoformat(), projectId=project)).data
    assert made["project_id"] == project
    reply = await idle_house.ask("GET", "/v1/images", key=made["secret"])
    assert reply.status == 200 or datetime.now(UTC) > end
    await asyncio.sleep(2.1)
    assert (await idle_house.ask("GET", "/v1/images", key=made["secret"])).status == 401
    shown = await idle_house.ask("GET", f"{KEYS}/{made['id']}", key=me)
    assert shown.data["status"] == "expired"


async def test_a_bound_key_sees_its_projects_keys_only(idle_house: House) -> None:
    me = await idle_house.tenant()
    projects = [
        (await idle_house.ask("POST", "/api/v1/projects", key=me, json={"name": name})).data["id"]
        for name in "ab"
    ]
    bound = await idle_house.tenant(organization_id=me.organization_id, project_id=projects[0])
    other = await idle_house.tenant(organization_id=me.organization_id, project_id=projects[1])
    listed = (await idle_house.ask("GET", KEYS, key=bound)).data
    assert [it["id"] for it in listed] == [bound.key_id]
    for method in ("GET", "DELETE", "PATCH"):
        for key_id in (me.key_id, other.key_id, ids.new("key")):
            reply = await idle_house.ask(
                method,
                f"{KEYS}/{key_id}",
                key=bound,
                json={"name": "x"} if method == "PATCH" else None,
            )
            assert judged(reply, 404, "NOT_FOUND") is None, reply.body
    assert (await make(idle_house, bound)).data["project_id"] == projects[0]
    assert (
        judged(await idle_house.ask("GET", "/api/v1/audit-log", key=bound), 403, "FORBIDDEN")
        is None
    )


async def test_anothers_key_is_not_there(idle_house: House) -> None:
    me, other = await idle_house.tenant(), await idle_house.tenant()
    for method in ("GET", "DELETE"):
        bodies = set()
        for key_id in (other.key_id, ids.new("key")):
            reply = await idle_house.ask(method, f"{KEYS}/{key_id}", key=me)
            assert reply.status == 404
            body = reply.body.replace(reply.headers["X-Request-Id"].encode(), b"")
            bodies.add(body.replace(key_id.encode(), b"ID"))
        assert len(bodies) == 1
    assert (await idle_house.ask("GET", KEYS, key=other)).status == 200


async def test_the_list_pages_and_filters(idle_house: House) -> None:
    me = await idle_house.tenant()
    made = [(await make(idle_house, me, name=f"k{n}")).data["id"] for n in range(4)]
    await idle_house.ask("DELETE", f"{KEYS}/{made[1]}", key=me)
    first = await idle_house.ask("GET", f"{KEYS}?limit=2", key=me)
    assert [it["id"] for it in first.data] == [made[3], made[2]]
    pages = first.json["meta"]["pagination"]
    assert (pages["total"], pages["has_more"], pages["next"]) == (5, True, made[2])
    rest = await idle_house.ask("GET", f"{KEYS}?limit=3&after={made[2]}", key=me)
    assert [it["id"] for it in rest.data] == [made[1], made[0], me.key_id]
    assert rest.json["meta"]["pagination"]["has_more"] is False
    revoked = await idle_house.ask("GET", f"{KEYS}?status=revoked", key=me)
    assert [it["id"] for it in revoked.data] == [made[1]]
    assert len((await idle_house.ask("GET", f"{KEYS}?status=active&offset=1", key=me)).data) == 3
    assert (await idle_house.ask("GET", f"{KEYS}?status=gone", key=me)).status == 422


async def test_a_replay_shows_the_secret_again_and_the_database_never_has_it(
    idle_house: House,
) -> None:
    me = await idle_house.tenant()
    once = {"Idempotency-Key": "make-my-key"}
    twins = await asyncio.gather(*(
        idle_house.ask("POST", KEYS, key=me, json=BODY, headers=once) for _ in range(5)
    ))  # fmt: skip
    assert {reply.status for reply in twins} == {201}
    secrets = {reply.data["secret"] for reply in twins}
    assert len(secrets) == 1
    assert sum("Idempotent-Replayed" in reply.headers for reply in twins) == 4
    (secret,) = secrets
    async with idle_house.database.reading() as tx:
        kept = await tx.fetchval("SELECT body FROM idempotency_keys")
        whole = str([dict(row) for table in ("api_keys", "audit_entries", "idempotency_keys")
                     for row in await tx.fetch(f"SELECT * FROM {table}")])  # fmt: skip
    assert secret.encode() not in kept
    assert secret not in whole
    # Another key of the organization can't have it shown by guessing the same request.
    other = await idle_house.tenant(organization_id=me.organization_id)
    reply = await idle_house.ask("POST", KEYS, key=other, json=BODY, headers=once)
    assert judged(reply, 422, "IDEMPOTENCY_MISMATCH") is None, reply.body


async def test_a_replay_after_the_servers_secret_is_lost_shows_nothing(
    database_url: str, tmp_path
) -> None:
    once = {"Idempotency-Key": "make-my-key"}
    me = None
    for secret, status in ((SECRET, 201), (SECRET[::-1], 409)):
        settings = settings_for(database_url, tmp_path, security={"secret": secret})
        async with opened(settings, with_worker=False) as house:
            me = me or await house.tenant()
            reply = await house.ask("POST", KEYS, key=me, json=BODY, headers=once)
            assert reply.status == status, reply.body
    assert judged(reply, 409, "CONFLICT") is None


async def test_a_name_and_caps_may_change_and_nothing_else(idle_house: House) -> None:
    me = await idle_house.tenant()
    key = (await make(idle_house, me, spendCap={"day": 5, "month": 50})).data
    path = f"{KEYS}/{key['id']}"
    renamed = await idle_house.ask("PATCH", path, key=me, json={"name": " shop "})
    assert (renamed.data["name"], renamed.data["spend_cap"]) == ("shop", {"day": 5, "month": 50})
    capped = await idle_house.ask("PATCH", path, key=me, json={"spendCap": {"month": 9}})
    assert (capped.data["name"], capped.data["spend_cap"]) == ("shop", {"day": 5, "month": 9})
    for wrong in ({"scopes": ["images:read"]}, {"name": ""}, {"name": " "}, {"spend_cap": 3}):
        reply = await idle_house.ask("PATCH", path, key=me, json=wrong)
        assert judged(reply, 422, "VALIDATION_FAILED") is None, reply.body


async def test_a_capped_key_can_not_make_itself_free(idle_house: House) -> None:
    me = await idle_house.tenant()
    every = {"scopes": list(TENANTS)}
    capped = (await make(idle_house, me, spend_cap={"day": 1}, **every)).data
    assert judged(await make(idle_house, capped["secret"]), 403, "FORBIDDEN") is None
    path = f"{KEYS}/{capped['id']}"
    reply = await idle_house.ask(
        "PATCH", path, key=capped["secret"], json={"spend_cap": {"day": 100}}
    )
    assert judged(reply, 403, "FORBIDDEN") is None, reply.body
    renamed = await idle_house.ask("PATCH", path, key=capped["secret"], json={"name": "x"})
    assert renamed.status == 200


async def test_a_spent_cap_is_402_and_names_the_cap(house: House) -> None:
    me = await house.tenant()
    key = (await make(house, me, spend_cap={"day": 2, "month": 3})).data["secret"]
    for _ in range(2):
        assert (await house.ask(
            "POST", "/api/v1/generations", key=key, json={"prompt": "a fox"},
            headers={"Prefer": "wait=30"})).status == 201  # fmt: skip
    refused = await house.ask("POST", "/api/v1/generations", key=key, json={"prompt": "a fox"})
    assert judged(refused, 402, "INSUFFICIENT_CREDITS") is None, refused.body
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT00:00:00Z")
    assert refused.error["details"] == {
        "required": 1, "available": 0, "cap": "day", "limit": 2, "used": 2, "resets_at": tomorrow,
    }  # fmt: skip
    assert "2 credits a day" in refused.error["message"]
    assert (await house.picture(me))["status"] == "completed", "other keys have no cap"


async def test_usage_counts_credits_jobs_and_requests(database_url: str, tmp_path) -> None:
    async with opened(settings_for(database_url, tmp_path)) as house:
        me = await house.tenant()
        made = (await make(house, me)).data
        for _ in range(2):
            await house.ask("POST", "/v1/generations", key=made["secret"],
                            json={"prompt": "a fox", "variants": 2},
                            headers={"Prefer": "wait=30"})  # fmt: skip
        failed = await house.ask("POST", "/v1/generations", key=made["secret"], json={"prompt": ""})
        assert failed.status == 422
    # Requests are written every five seconds, and at the stop.
    async with opened(settings_for(database_url, tmp_path), with_worker=False) as house:
        key = (await house.ask("GET", f"{KEYS}/{made['id']}", key=me)).data
        assert key["usage"] == {"credits": 4, "image_jobs": 2, "text_requests": 0, "requests": 3}
        assert key["last_used_at"] is not None
        await house.ask("DELETE", f"{KEYS}/{made['id']}", key=me)
        after = (await house.ask("GET", f"{KEYS}/{made['id']}", key=me)).data
        assert after["usage"] == key["usage"], "it outlives the key"


async def test_the_sandbox_counts_jobs_and_no_credits(house: House) -> None:
    me = await house.tenant()
    sandbox = (await make(house, me, mode="test")).data
    done = await house.ask("POST", "/v1/generations", key=sandbox["secret"],
                           json={"prompt": "a fox"}, headers={"Prefer": "wait=30"})  # fmt: skip
    assert done.status == 201
    usage = (await house.ask("GET", f"{KEYS}/{sandbox['id']}", key=me)).data["usage"]
    assert (usage["credits"], usage["image_jobs"]) == (0, 1)


async def test_an_administrators_session_makes_keys_and_says_who(idle_house: House) -> None:
    me = await idle_house.tenant()
    ann = await user(idle_house, me.organization_id)
    token = (await sign_in(idle_house)).data["token"]
    headers = bearer(token) | {"User-Agent": "test/1"}
    made = await idle_house.ask("POST", KEYS, json=BODY, headers=headers)
    assert made.status == 201
    log = (await idle_house.ask("GET", "/api/v1/audit-log?action=api_key.created", key=me)).data
    entry = next(it for it in log if it["subject_id"] == made.data["id"])
    assert (entry["actor_type"], entry["actor_id"]) == ("user", ann.id)
    assert (entry["address"], entry["user_agent"]) == ("127.0.0.1", "test/1")
    assert entry["request_id"] == made.headers["X-Request-Id"]
    assert entry["details"]["scopes"] == sorted(BODY["scopes"])


async def test_a_new_cap_holds_at_once(idle_house: House) -> None:
    """Also for a key that this process has just let in without one."""
    me = await idle_house.tenant()
    key = (await make(idle_house, me)).data
    ask = {"path": "/api/v1/generations", "key": key["secret"], "json": {"prompt": "a fox"}}
    assert (await idle_house.ask("POST", **ask)).status == 202
    await idle_house.ask("PATCH", f"{KEYS}/{key['id']}", key=me, json={"spend_cap": {"month": 1}})
    deadline = time.monotonic() + 10
    while (reply := await idle_house.ask("POST", **ask)).status == 202:
        assert time.monotonic() < deadline
    assert reply.error["details"]["cap"] == "month"
    await idle_house.ask("PATCH", f"{KEYS}/{key['id']}", key=me, json={"spend_cap": None})
    assert (await idle_house.ask("POST", **ask)).status == 202


async def test_a_cap_that_is_not_named_stays(idle_house: House) -> None:
    me = await idle_house.tenant()
    body = {"name": "agent", "scopes": ["images:read"], "spend_cap": {"day": 2, "month": 40}}
    key = (await idle_house.ask("POST", "/api/v1/api-keys", key=me, json=body)).data
    for change, left in (
        ({"day": 3}, {"day": 3, "month": 40}),
        ({"month": None}, {"day": 3, "month": None}),
        ({}, {"day": 3, "month": None}),
        ({"month": 9}, {"day": 3, "month": 9}),
        (None, {"day": None, "month": None}),
    ):
        path = f"/api/v1/api-keys/{key['id']}"
        changed = await idle_house.ask("PATCH", path, key=me, json={"spend_cap": change})
        assert changed.data["spend_cap"] == left
