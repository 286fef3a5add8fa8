"""Signing in and out over HTTP (reliability matrix, rows 7 and 12)."""

import asyncio
import statistics
import time

from argon2 import PasswordHasher

from api.wire import judged
from sessions.people import CHEAP_HASH, PASSWORD, SECRET, bearer, cookie, sign_in, user
from support.house import House, opened, settings_for
from tintype.accounts import operations as accounts
from tintype.audit.operator import SERVER
from tintype.sessions import operations as sessions

ME = "/api/v1/me"


def without_id(reply) -> bytes:
    return reply.body.replace(reply.headers["X-Request-Id"].encode(), b"")


async def test_a_password_opens_a_session_for_both_mounts_and_both_ways(idle_house: House) -> None:
    me = await idle_house.tenant()
    ann = await user(idle_house, me.organization_id)
    reply = await idle_house.ask(
        "POST", "/api/v1/auth/session", json={"email": " ANN@example.com", "password": PASSWORD}
    )
    assert reply.status == 201, reply.body
    made = reply.data
    assert made["token_type"] == "Bearer"
    assert made["user"]["id"] == ann.id
    assert made["organization"]["id"] == me.organization_id
    assert reply.headers["Cache-Control"] == "no-store"
    for mount in ("/api/v1", "/v1"):
        for headers in (bearer(made["token"]), cookie(made["token"])):
            found = await idle_house.ask("GET", f"{mount}/me", headers=headers)
            assert found.status == 200, (headers, found.body)
            body = found.data if mount == "/api/v1" else found.json
            assert (body["type"], body["user"]["email"]) == ("user", "ann@example.com")
            assert body["session"]["csrf_token"] == made["csrf_token"]


async def test_the_cookie_is_for_this_host_alone_and_for_no_script(idle_house: House) -> None:
    me = await idle_house.tenant()
    await user(idle_house, me.organization_id)
    reply = await sign_in(idle_house)
    name, *flags = reply.headers["Set-Cookie"].split("; ")
    assert name == f"tintype_session={reply.data['token']}"
    assert set(flags) == {"Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=604800"}


async def test_off_loopback_the_cookie_wants_tls(database_url: str, tmp_path) -> None:
    settings = settings_for(
        database_url, tmp_path, server={"public_url": "https://studio.example.com"}
    )
    async with opened(settings, with_worker=False) as house:
        me = await house.tenant()
        await user(house, me.organization_id)
        assert "Secure" in (await sign_in(house)).headers["Set-Cookie"].split("; ")


async def test_unknown_address_and_wrong_password_are_one_answer(idle_house: House) -> None:
    me = await idle_house.tenant()
    await user(idle_house, me.organization_id)
    await user(idle_house, me.organization_id, email="outside@example.com", password_hash=None)
    replies = [
        await sign_in(idle_house, password="wrong"),
        await sign_in(idle_house, "nobody@example.com"),
        await sign_in(idle_house, "no address at all"),
        await sign_in(idle_house, "outside@example.com"),
    ]
    assert {reply.status for reply in replies} == {401}
    assert len({without_id(reply) for reply in replies}) == 1
    assert len({tuple(sorted(set(reply.headers) - {"Date"})) for reply in replies}) == 1


async def test_both_take_a_whole_hash_of_time(idle_house: House) -> None:
    """Whether an address is known can't be told from the time it takes."""
    me = await idle_house.tenant()
    hashing = []
    for _ in range(2):
        begun = time.process_time()
        password_hash = PasswordHasher().hash(PASSWORD)
        hashing.append(time.process_time() - begun)
    one_hash = min(hashing)
    await user(idle_house, me.organization_id, password_hash=password_hash)
    await sign_in(idle_house, "first@example.com")  # Makes the hash of nobody's password.
    taken = {"ann@example.com": [], "nobody@example.com": []}
    for _ in range(3):
        for email, seconds in taken.items():
            begun = time.process_time()
            assert (await sign_in(idle_house, email, "wrong password")).status == 401
            seconds.append(time.process_time() - begun)
    for email, seconds in taken.items():
        # Without a hash it would be a hundredth. Counted is the processor's time, not a busy
        # machine's, though two threads that share a core take longer each.
        assert statistics.median(seconds) >= one_hash / 4, (email, seconds, one_hash)


async def test_after_20_wrong_passwords_in_a_minute_even_the_right_one_waits(
    idle_house: House,
) -> None:
    me = await idle_house.tenant()
    await user(idle_house, me.organization_id)
    replies = [await sign_in(idle_house, password=f"wrong {n}") for n in range(20)]
    assert {reply.status for reply in replies} == {401}
    for password in ("wrong", PASSWORD):
        refused = await sign_in(idle_house, password=password)
        assert judged(refused, 429, "RATE_LIMITED") is None, refused.body
        assert 1 <= int(refused.headers["Retry-After"]) <= 61


async def test_the_cap_holds_per_address_and_per_client_over_all_processes(
    database_url: str, tmp_path
) -> None:
    proxied = {"trusted_proxies": ["127.0.0.0/8"]}

    def settings(name: str):
        return settings_for(
            database_url, tmp_path / name, server=proxied, security={"secret": SECRET}
        )

    async with (
        opened(settings("one"), with_worker=False) as first,
        opened(settings("two"), with_worker=False) as second,
    ):
        me = await first.tenant()
        await user(first, me.organization_id)
        houses = (first, second)
        by_email = [
            await sign_in(houses[n % 2], password="wrong",
                          headers={"X-Forwarded-For": f"203.0.113.{n}"})
            for n in range(22)
        ]  # fmt: skip
        assert [reply.status for reply in by_email] == [401] * 20 + [429] * 2
        async with first.database.transaction() as tx:
            for n in range(20):
                # As many attempts as 20 unknown addresses would make, without their hashes.
                await tx.fetchrow("SELECT * FROM take_request($1, 20)", "sign-in:198.51.100.7")
                del n
        by_client = await sign_in(
            second, "bob@example.com", headers={"X-Forwarded-For": "198.51.100.7"}
        )
        assert by_client.status == 429


async def test_right_passwords_do_not_count(idle_house: House) -> None:
    """At one wrong password below the cap, right ones go on working."""
    me = await idle_house.tenant()
    await user(idle_house, me.organization_id)
    counted = await sessions.attempt(idle_house.database, "ann@example.com", "127.0.0.1")
    async with idle_house.database.transaction() as tx:
        for subject in counted.subjects:
            for _ in range(18):
                await tx.fetchrow("SELECT * FROM take_request($1, 20)", subject)
    for _ in range(3):
        assert (await sign_in(idle_house)).status == 201
    assert (await sign_in(idle_house, password="wrong")).status == 401
    assert (await sign_in(idle_house)).status == 429


async def test_a_crowd_at_the_door_is_told_to_come_back(database_url: str, tmp_path) -> None:
    """Each password takes 64 MiB: two are looked at at once, some wait, the rest is refused."""
    settings = settings_for(database_url, tmp_path, server={"trusted_proxies": ["127.0.0.0/8"]})
    async with opened(settings, with_worker=False) as house:
        me = await house.tenant()
        heavy = PasswordHasher(time_cost=1).hash(PASSWORD)
        for n in range(3):
            await user(house, me.organization_id, email=f"u{n}@example.com", password_hash=heavy)
        # From three places and for three users, so that no cap of wrong ones is in the way.
        replies = await asyncio.gather(*(
            sign_in(house, f"u{n % 3}@example.com", "wrong password",
                    headers={"X-Forwarded-For": f"203.0.113.{n % 3}"})
            for n in range(36)
        ))  # fmt: skip
        assert {reply.status for reply in replies} == {401, 429}
        refused = [reply for reply in replies if reply.status == 429]
        assert {reply.error["message"] for reply in refused} == {
            "Too many sign-ins at once; try again shortly."
        }
        assert all(int(reply.headers["Retry-After"]) >= 1 for reply in refused)
        assert (await house.ask("GET", "/healthz")).status == 200


async def test_odd_bodies_are_refused_before_any_hashing(idle_house: House) -> None:
    for body, field in (
        ({"email": "a@b.c", "password": "x" * 1025}, "password"),
        ({"email": "a@b.c", "password": ""}, "password"),
        ({"email": "x" * 321, "password": "x"}, "email"),
        ({"email": "a@b.c"}, "password"),
        ({"email": "a@b.c", "password": "a\x00b"}, "password"),
    ):
        reply = await idle_house.ask("POST", "/api/v1/auth/session", json=body)
        assert judged(reply, 422, "VALIDATION_FAILED") is None, reply.body
        assert reply.error["details"][0]["field"] == field
    plain = await idle_house.ask(
        "POST", "/api/v1/auth/session", data=b'{"email": "a@b.c", "password": "x"}',
        headers={"Content-Type": "text/plain"},
    )  # fmt: skip
    assert plain.status == 415


async def test_signing_out_ends_every_copy_of_the_token_in_every_process(
    database_url: str, tmp_path
) -> None:
    def settings(name: str):
        return settings_for(database_url, tmp_path / name, security={"secret": SECRET})

    async with (
        opened(settings("one"), with_worker=False) as first,
        opened(settings("two"), with_worker=False) as second,
    ):
        me = await first.tenant()
        await user(first, me.organization_id)
        token = (await sign_in(first)).data["token"]
        for house in (first, second):
            assert (await house.ask("GET", ME, headers=bearer(token))).status == 200
        ended = await first.ask("DELETE", "/api/v1/auth/session", headers=cookie(token))
        assert (ended.status, ended.body) == (204, b"")
        assert "tintype_session=;" in ended.headers["Set-Cookie"]
        assert "Max-Age=0" in ended.headers["Set-Cookie"]
        told = time.monotonic()
        for house in (first, second):
            while (await house.ask("GET", ME, headers=bearer(token))).status == 200:
                assert time.monotonic() < told + 10
        replies = [
            await house.ask("GET", ME, headers=way(token))
            for house in (first, second) for way in (bearer, cookie)
        ]  # fmt: skip
        assert {reply.status for reply in replies} == {401}
        again = await first.ask("DELETE", "/api/v1/auth/session", headers=bearer(token))
        assert again.status == 401


async def test_a_key_is_no_session(idle_house: House) -> None:
    me = await idle_house.tenant()
    reply = await idle_house.ask("DELETE", "/api/v1/auth/session", key=me)
    assert judged(reply, 404, "NOT_FOUND") is None, reply.body


async def test_who_may_not_come_in_any_more_is_out_at_once(idle_house: House) -> None:
    me = await idle_house.tenant()
    ann = await user(idle_house, me.organization_id)
    bob = await user(idle_house, me.organization_id, email="bob@example.com")
    tokens = [(await sign_in(idle_house, one.email)).data["token"] for one in (ann, bob)]
    for token in tokens:
        assert (await idle_house.ask("GET", ME, headers=bearer(token))).status == 200
    async with idle_house.database.transaction() as tx:
        await accounts.delete_user(tx, ann, actor=SERVER)
        await sessions.end_all(tx, me.organization_id, bob.id, actor=SERVER)
    deadline = time.monotonic() + 10
    for token in tokens:
        while (await idle_house.ask("GET", ME, headers=bearer(token))).status == 200:
            assert time.monotonic() < deadline
    assert (await sign_in(idle_house, ann.email)).status == 401
    assert (await sign_in(idle_house, bob.email)).status == 201
    async with idle_house.database.transaction() as tx:
        await tx.execute("UPDATE organizations SET suspended_at = now()")
    assert (await sign_in(idle_house, bob.email)).status == 401
    # The address of who was deleted is free again.
    await user(idle_house, me.organization_id, email=ann.email)


async def test_a_password_is_hashed_anew_when_the_parameters_have_changed(
    idle_house: House,
) -> None:
    me = await idle_house.tenant()
    await user(idle_house, me.organization_id)
    assert (await sign_in(idle_house)).status == 201
    async with idle_house.database.reading() as tx:
        kept = await tx.fetchval("SELECT password_hash FROM users")
    assert kept != CHEAP_HASH
    assert not PasswordHasher().check_needs_rehash(kept)
    assert (await sign_in(idle_house)).status == 201


async def test_members_may_not_touch_keys_or_read_their_log(idle_house: House) -> None:
    me = await idle_house.tenant()
    await user(idle_house, me.organization_id, email="mem@example.com", role="member")
    token = (await sign_in(idle_house, "mem@example.com")).data["token"]
    for method, path, scope in (
        ("GET", "/api/v1/api-keys", "keys:read"),
        ("GET", "/api/v1/audit-log", "keys:read"),
        ("DELETE", f"/api/v1/api-keys/{me.key_id}", "keys:write"),
    ):
        reply = await idle_house.ask(method, path, headers=bearer(token))
        assert judged(reply, 403, "FORBIDDEN") is None, reply.body
        assert reply.error["details"] == {"scope": scope}
    made = await idle_house.ask(
        "POST", "/api/v1/generations", headers=bearer(token), json={"prompt": "a fox"}
    )
    assert made.status == 202
    by_cookie = await idle_house.ask(
        "POST", "/api/v1/generations", headers=cookie(token), json={"prompt": "a fox"}
    )
    assert [it.data["source"] for it in (made, by_cookie)] == ["ui", "ui"]
    assert made.data["api_key_id"] is None


async def test_the_organizations_limit_counts_its_sessions_too(idle_house: House) -> None:
    me = await idle_house.tenant(rate_limit=2)
    await user(idle_house, me.organization_id)
    token = (await sign_in(idle_house)).data["token"]
    statuses = [(await idle_house.ask("GET", ME, headers=bearer(token))).status for _ in range(2)]
    assert [*statuses, (await idle_house.ask("GET", ME, key=me)).status] == [200, 200, 429]


async def test_a_password_changed_while_it_is_looked_at_opens_nothing(idle_house: House) -> None:
    """The old password is right when it is verified, and wrong by the time of the session."""
    me = await idle_house.tenant()
    slow = PasswordHasher(time_cost=12).hash(PASSWORD)
    ann = await user(idle_house, me.organization_id, password_hash=slow)
    await sign_in(idle_house, "first@example.com")
    entering = asyncio.create_task(sign_in(idle_house))
    await asyncio.sleep(0.1)
    async with idle_house.database.transaction() as tx:
        await accounts.set_password(tx, ann, CHEAP_HASH, actor=SERVER)
        await sessions.end_all(tx, ann.organization_id, ann.id, actor=SERVER)
    reply = await entering
    assert judged(reply, 503, "UNAVAILABLE") is None, reply.body
    async with idle_house.database.reading() as tx:
        assert await tx.fetchval("SELECT count(*) FROM sessions") == 0
