"""Ending sessions, attempts and their addresses, and what the log tells of it."""

from api.wire import judged
from sessions.people import bearer, sign_in, user
from support.house import House, opened, settings_for
from tintype.audit.operator import SERVER
from tintype.sessions import operations as sessions

ME = "/api/v1/me"
SESSION = "/api/v1/auth/session"


async def test_a_used_idempotency_key_is_no_false_sign_out(idle_house: House) -> None:
    me = await idle_house.tenant()
    await user(idle_house, me.organization_id)
    first, second = [(await sign_in(idle_house)).data["token"] for _ in range(2)]
    once = {"Idempotency-Key": "out"}
    done = await idle_house.ask("DELETE", SESSION, headers=bearer(first) | once)
    assert done.status == 204
    refused = await idle_house.ask("DELETE", SESSION, headers=bearer(second) | once)
    assert judged(refused, 422, "IDEMPOTENCY_MISMATCH") is None, refused.body
    assert (await idle_house.ask("GET", ME, headers=bearer(second))).status == 200
    assert (await idle_house.ask("DELETE", SESSION, headers=bearer(second))).status == 204


async def test_signing_in_takes_no_query(idle_house: House) -> None:
    reply = await idle_house.ask(
        "POST", f"{SESSION}?remember=1", json={"email": "a", "password": "b"}
    )
    assert judged(reply, 422, "VALIDATION_FAILED") is None, reply.body


async def test_every_end_of_a_session_is_in_the_log_with_its_address(idle_house: House) -> None:
    me = await idle_house.tenant()
    ann = await user(idle_house, me.organization_id)
    first, *_ = [(await sign_in(idle_house)).data["token"] for _ in range(3)]
    assert (await idle_house.ask("DELETE", SESSION, headers=bearer(first))).status == 204
    async with idle_house.database.transaction() as tx:
        await sessions.end_all(tx, me.organization_id, ann.id, actor=SERVER)
    log = (await idle_house.ask("GET", "/api/v1/audit-log?action=session.ended", key=me)).data
    assert [it["actor_type"] for it in log] == ["operator", "operator", "user"]
    assert {it["details"]["email"] for it in log} == {"ann@example.com"}
    assert len({it["subject_id"] for it in log}) == 3


async def attempts(house: House) -> dict[str, int]:
    async with house.database.reading() as tx:
        rows = await tx.fetch(
            "SELECT subject, (SELECT sum(n) FROM unnest(counts) n)::int AS total FROM rate_windows"
            " WHERE subject LIKE 'sign-in:%'"
        )
    return {row["subject"]: row["total"] for row in rows}


async def full(house: House, subject: str) -> None:
    async with house.database.transaction() as tx:
        for _ in range(20):
            await tx.fetchrow("SELECT * FROM take_request($1, 20)", subject)


async def test_an_attempt_refused_for_the_address_of_mail_is_not_the_clients(
    idle_house: House,
) -> None:
    """Whoever shares an office with the owner of a besieged address can still sign in."""
    counted = await sessions.attempt(idle_house.database, "ann@example.com", "192.0.2.1")
    by_client, by_mail = counted.subjects
    await full(idle_house, by_mail)
    before = await attempts(idle_house)
    for _ in range(3):
        assert (await sign_in(idle_house)).status == 429
    after = await attempts(idle_house)
    assert after[by_mail] == before[by_mail]
    assert after[by_client] == before[by_client] == 1
    assert after.get("sign-in:127.0.0.1", 0) == 0


async def test_a_client_of_ipv6_is_its_network(database_url: str, tmp_path) -> None:
    settings = settings_for(database_url, tmp_path, server={"trusted_proxies": ["127.0.0.0/8"]})
    async with opened(settings, with_worker=False) as house:
        one = await sessions.attempt(house.database, "a@example.com", "2001:db8:1:2::5")
        await full(house, one.subjects[0])
        for address, status in (("2001:db8:1:2:ffff::1", 429), ("2001:db8:1:3::5", 401)):
            reply = await sign_in(house, "b@example.com", headers={"X-Forwarded-For": address})
            assert reply.status == status, address
