import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import asyncpg
import pytest

from api.wire import judged, request, second_process, talk
from support.house import House, opened, settings_for
from tintype.core import ids
from tintype.core.caller import SCOPES
from tintype.keys import operations as keys
from tintype.keys import secrets

LIST = "/api/v1/generations"


async def test_what_is_no_credential_is_refused_in_one_way(idle_house: House) -> None:
    me = await idle_house.tenant()
    wrong = [
        {}, {"Authorization": "Bearer"}, {"Authorization": "Bearer "}, {"Authorization": ""},
        {"Authorization": f"Basic {me.key}"}, {"Authorization": me.key}, {"X-API-Key": ""},
        {"X-API-Key": "tt_live_short"}, {"Authorization": f"Bearer {me.key} {me.key}"},
    ]  # fmt: skip
    for headers in wrong:
        reply = await idle_house.ask("GET", LIST, headers=headers)
        assert judged(reply, 401, "UNAUTHORIZED") is None, (headers, reply.body)
        assert reply.headers["WWW-Authenticate"] == "Bearer"
    in_query = await idle_house.ask("GET", f"{LIST}?api_key={me.key}")
    assert judged(in_query, 401, "UNAUTHORIZED") is None
    for headers in (
        {"Authorization": f"Bearer {me.key}"}, {"authorization": f"bearer {me.key}"},
        {"X-API-Key": me.key}, {"X-API-Key": me.key, "Authorization": f"Bearer {me.key}"},
    ):  # fmt: skip
        assert (await idle_house.ask("GET", LIST, headers=headers)).status == 200


async def test_unknown_revoked_and_expired_keys_get_one_body(idle_house: House) -> None:
    me = await idle_house.tenant()
    revoked = await idle_house.tenant(organization_id=me.organization_id)
    expired = await idle_house.tenant(organization_id=me.organization_id)
    async with idle_house.database.transaction() as tx:
        await keys.revoke(tx, me.organization_id, revoked.key_id)
        await tx.execute(
            "UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id = $1",
            expired.key_id,
        )
    bodies, headers = set(), set()
    for key in (secrets.make(livemode=True), revoked.key, expired.key, "tt_live_nonsense"):
        reply = await idle_house.ask("GET", LIST, key=key)
        assert reply.status == 401
        bodies.add(reply.body.replace(reply.headers["X-Request-Id"].encode(), b""))
        headers.add(tuple(sorted(set(reply.headers) - {"Date"})))
    assert len(bodies) == 1
    assert len(headers) == 1


async def test_a_key_ends_at_its_hour_though_it_is_remembered(idle_house: House) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=1.5)
    me = await idle_house.tenant(expires_at=soon)
    reply = await idle_house.ask("GET", LIST, key=me)
    assert reply.status == 200 or datetime.now(UTC) > soon
    await asyncio.sleep(1.6)
    assert (await idle_house.ask("GET", LIST, key=me)).status == 401


@asynccontextmanager
async def away(cluster: str, database_url: str):
    """This test's database ends every session and takes no new one."""
    name = urlsplit(database_url).path.removeprefix("/")
    admin = await asyncpg.connect(cluster.replace("/tintype?", "/postgres?"))
    try:
        await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
        )
        yield
    finally:
        await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await admin.close()


async def test_a_mistyped_key_needs_no_database(
    idle_house: House, cluster: str, database_url: str
) -> None:
    me = await idle_house.tenant()
    place = len(me.key) - 10
    other = "a" if me.key[place] != "a" else "b"
    mistyped = me.key[:place] + other + me.key[place + 1 :]
    async with away(cluster, database_url):
        asked = [idle_house.ask("GET", LIST, key=mistyped) for _ in range(20)]
        assert {reply.status for reply in await asyncio.gather(*asked)} == {401}
        reply = await idle_house.ask("GET", LIST, key=secrets.make(livemode=True))
        assert reply.status >= 500, "one that is well formed must be looked up"
    assert (await idle_house.ask("GET", LIST, key=me)).status == 200


async def test_two_different_credentials_are_a_bad_request(idle_house: House) -> None:
    me, other = await idle_house.tenant(), await idle_house.tenant()
    both = {"Authorization": f"Bearer {me.key}", "X-API-Key": other.key}
    reply = await idle_house.ask("GET", LIST, headers=both)
    assert judged(reply, 400, "BAD_REQUEST") is None, reply.body
    for header in (f"Authorization: Bearer {me.key}", f"X-API-Key: {me.key}"):
        (reply,) = await talk(idle_house, request("GET", LIST, header, header))
        assert judged(reply, 400, "BAD_REQUEST") is None, reply.body


async def test_odd_header_bytes_are_only_a_wrong_key(idle_house: House) -> None:
    for value in ("\xff\xfe", "x" * 12_000, "tt_live_" + "é" * 36, "tt_live_" + "\u00b2" * 36):
        for header in (f"X-API-Key: {value}", f"Authorization: Bearer {value}"):
            (reply,) = await talk(idle_house, request("GET", LIST, header))
            assert judged(reply, 401, "UNAUTHORIZED") is None, (value[:20], reply.body)


@pytest.mark.slow
async def test_the_server_itself_refuses_huge_headers_and_hears_of_a_revocation(
    idle_house: House,
) -> None:
    me = await idle_house.tenant()
    async with second_process(idle_house, me.key) as other:
        assert (await other.ask("GET", LIST, key=me)).status == 200
        (huge,) = await talk(other, request("GET", LIST, "X-API-Key: " + "x" * 20_000))
        assert huge.status == 431
        async with idle_house.database.transaction() as tx:
            await keys.revoke(tx, me.organization_id, me.key_id)
        loop = asyncio.get_running_loop()
        began = loop.time()
        while (await other.ask("GET", LIST, key=me)).status == 200:
            assert loop.time() - began < 10, "the revocation did not arrive"
            await asyncio.sleep(0.01)


async def test_a_missing_scope_is_named(idle_house: House) -> None:
    rest = [scope for scope in SCOPES if scope != "images:write"]
    reader = await idle_house.tenant(scopes=rest)
    reply = await idle_house.ask("POST", LIST, key=reader, json={"prompt": "a fox"})
    assert judged(reply, 403, "FORBIDDEN") is None
    assert reply.error["details"] == {"scope": "images:write"}
    assert (await idle_house.ask("GET", LIST, key=reader)).status == 200


async def test_a_plan_without_the_feature_is_named(idle_house: House) -> None:
    free = await idle_house.tenant(plan="free")
    reply = await idle_house.ask("POST", "/api/v1/flows", key=free, json={})
    assert judged(reply, 403, "FORBIDDEN") is None
    assert reply.error["details"] == {"feature": "flows", "plan": "free"}


async def test_what_is_anothers_looks_like_what_is_not_there(idle_house: House) -> None:
    """Another organization, the sandbox, and a key bound to another project."""
    me, stranger = await idle_house.tenant(), await idle_house.tenant()
    sandbox = await idle_house.tenant(organization_id=me.organization_id, livemode=False)
    projects = []
    for name in ("one", "two"):
        made = await idle_house.ask("POST", "/api/v1/projects", key=me, json={"name": name})
        projects.append(made.data["id"])
    bound = await idle_house.tenant(organization_id=me.organization_id, project_id=projects[1])
    generation = (await idle_house.ask(
        "POST", LIST, key=me, json={"prompt": "a fox", "project_id": projects[0]})).data  # fmt: skip
    flow = (await idle_house.ask(
        "POST", "/api/v1/flows", key=me, json={"project_id": projects[0]})).data  # fmt: skip
    real = [
        (
            "gen",
            generation["id"],
            ["GET {}", "DELETE {}", "POST {}/cancel", "POST {}/retry", "GET {}/events"],
        ),
        ("flw", flow["id"], ["GET {}", "DELETE {}", "GET {}/generations", "GET {}/images"]),
        ("prj", projects[0], ["GET {}"]),
    ]
    where = {"gen": "generations", "flw": "flows", "prj": "projects"}
    for key in (stranger, sandbox, bound):
        for kind, known, asks in real:
            unknown = ids.new(kind)
            for ask in asks:
                method, _, path = ask.partition(" ")
                answers = []
                for wanted in (known, unknown):
                    target = f"/api/v1/{where[kind]}/" + path.format(wanted)
                    reply = await idle_house.ask(method, target, key=key)
                    assert reply.status == 404, (key, target, reply.body)
                    body = reply.body.replace(reply.headers["X-Request-Id"].encode(), b"")
                    answers.append(body.replace(wanted.encode(), b"ID"))
                assert answers[0] == answers[1], ask
    assert (await idle_house.ask("GET", f"{LIST}/{generation['id']}", key=me)).status == 200


async def test_guessing_keys_is_slowed_per_address(idle_house: House) -> None:
    """And it can't keep out those who hold a key, though they share the address."""
    me = await idle_house.tenant()
    assert (await idle_house.ask("GET", LIST, key=me)).status == 200
    asked = [
        idle_house.ask("GET", LIST, key=secrets.make(livemode=True),
                       headers={"X-Forwarded-For": f"10.0.0.{n}"})
        for n in range(150)
    ]  # fmt: skip
    replies = await asyncio.gather(*asked)
    assert sorted(reply.status for reply in replies) == [401] * 120 + [429] * 30
    refused = next(reply for reply in replies if reply.status == 429)
    assert judged(refused, 429, "RATE_LIMITED") is None
    assert int(refused.headers["Retry-After"]) >= 1
    assert (await idle_house.ask("GET", LIST, key=me)).status == 200


async def test_behind_a_trusted_proxy_the_forwarded_address_counts(
    database_url: str, tmp_path
) -> None:
    proxied = settings_for(database_url, tmp_path, server={"trusted_proxies": ["127.0.0.0/8"]})
    async with opened(proxied, with_worker=False) as house:
        for client in ("203.0.113.1", "203.0.113.2, 203.0.113.3"):
            asked = [
                house.ask("GET", LIST, key=secrets.make(livemode=True),
                          headers={"X-Forwarded-For": client})
                for _ in range(100)
            ]  # fmt: skip
            assert {reply.status for reply in await asyncio.gather(*asked)} == {401}
