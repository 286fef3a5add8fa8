"""A plan's requests in any rolling 60 seconds, exact over keys, connections and processes."""

import asyncio
import random
import time

import pytest

from api.wire import judged, second_process
from support.house import House
from tintype.accounts import operations as accounts
from tintype.accounts.models import ChangeOrganization
from tintype.api import queries
from tintype.audit.operator import SERVER
from tintype.db.pool import Database
from tintype.keys import secrets

LIST = "/api/v1/generations"
WINDOW = 61  # The current second and the sixty before it.


async def test_the_thirty_first_request_of_the_free_plan_is_refused(idle_house: House) -> None:
    me = await idle_house.tenant(plan="free")
    for left in range(29, -1, -1):
        reply = await idle_house.ask("GET", LIST, key=me)
        assert reply.status == 200
        assert reply.headers["X-RateLimit-Limit"] == "30"
        assert reply.headers["X-RateLimit-Remaining"] == str(left)
    before = int(time.time())
    refused = await idle_house.ask("GET", LIST, key=me)
    assert judged(refused, 429, "RATE_LIMITED") is None
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    wait, reset = int(refused.headers["Retry-After"]), int(refused.headers["X-RateLimit-Reset"])
    assert 1 <= wait <= WINDOW
    assert before - 1 <= reset - wait <= time.time() + 1


async def test_it_is_allowed_again_at_the_stated_second_and_not_before(idle_house: House) -> None:
    me = await idle_house.tenant(plan="free")
    await asyncio.gather(*(idle_house.ask("GET", LIST, key=me) for _ in range(30)))
    await _start_of_a_second()
    refused = await idle_house.ask("GET", LIST, key=me)
    assert refused.status == 429
    wait = int(refused.headers["X-RateLimit-Reset"]) - int(time.time())
    await pass_seconds(idle_house.database, me.organization_id, wait - 1)
    assert (await idle_house.ask("GET", LIST, key=me)).status == 429
    await pass_seconds(idle_house.database, me.organization_id, 1)
    assert (await idle_house.ask("GET", LIST, key=me)).status == 200


@pytest.mark.slow
async def test_three_keys_over_two_processes_share_one_exact_limit(idle_house: House) -> None:
    first = await idle_house.tenant(plan="starter")
    keys = [first] + [
        await idle_house.tenant(organization_id=first.organization_id) for _ in range(2)
    ]
    other = await idle_house.tenant(plan="starter")
    async with second_process(idle_house, first.key) as second:
        asked = [(idle_house, second)[n % 2].ask("GET", LIST, key=keys[n % 3]) for n in range(300)]
        replies = await asyncio.gather(*asked)
    assert sorted(reply.status for reply in replies) == [200] * 60 + [429] * 240
    left = sorted(int(r.headers["X-RateLimit-Remaining"]) for r in replies if r.status == 200)
    assert left == list(range(60)), "each was told a different number"
    assert (await idle_house.ask("GET", LIST, key=other)).status == 200, "others are unaffected"


async def test_every_answer_says_how_many_are_left(idle_house: House) -> None:
    me = await idle_house.tenant(rate_limit=100, scopes=["images:read"])
    asks = [
        ("GET", LIST, None, 200), ("GET", f"{LIST}/gen_x", None, 404), ("GET", f"{LIST}?limit=x", None, 422),
        ("POST", LIST, {"prompt": "a"}, 403), ("GET", "/v1/generations?odd=1", None, 422),
    ]  # fmt: skip
    for number, (method, path, body, status) in enumerate(asks, start=1):
        reply = await idle_house.ask(method, path, key=me, json=body)
        assert reply.status == status, reply.body
        assert reply.headers["X-RateLimit-Limit"] == "100"
        assert reply.headers["X-RateLimit-Remaining"] == str(100 - number)
        assert int(reply.headers["X-RateLimit-Reset"]) >= time.time()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("POST", "/v1/nothing/at/all", 404),
        ("GET", "/nothing", 404),
        ("GET", "/v1//generations", 404),
        ("PUT", LIST, 405),
        ("DELETE", "/v1/live", 405),
    ],
)
async def test_a_request_that_no_route_takes_counts(
    idle_house: House, method: str, path: str, status: int
) -> None:
    me = await idle_house.tenant(rate_limit=2)
    for left in (1, 0):
        reply = await idle_house.ask(method, path, key=me)
        assert reply.status == status
        assert reply.headers["X-RateLimit-Limit"] == "2"
        assert reply.headers["X-RateLimit-Remaining"] == str(left)
        assert ("Allow" in reply.headers) == (status == 405)
    refused = await idle_house.ask(method, path, key=me)
    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) >= 1


async def test_who_is_not_known_is_told_the_same_of_a_path_that_is_not_there(
    idle_house: House,
) -> None:
    for key in (None, "tt_live_wrong", "no.token.this"):
        for method, path, status in (("GET", "/v1/nothing", 404), ("PUT", "/v1/generations", 405)):
            reply = await idle_house.ask(method, path, key=key)
            assert reply.status == status
            assert not [name for name in reply.headers if name.startswith("X-RateLimit")]


async def test_wrong_keys_are_counted_on_paths_that_are_not_there(idle_house: House) -> None:
    wrong = secrets.make(livemode=True)
    statuses = [(await idle_house.ask("GET", "/v1/nothing", key=wrong)).status for _ in range(121)]
    assert statuses == [404] * 120 + [429]
    assert (await idle_house.ask("GET", "/v1/nothing")).status == 404, "no key, no guess"


async def test_what_counts_and_what_does_not(house: House) -> None:
    me = await house.tenant(rate_limit=50)

    async def left() -> int:
        return int((await house.ask("GET", LIST, key=me)).headers["X-RateLimit-Remaining"])

    assert await left() == 49
    for path in ("/healthz", "/readyz", "/openapi.json", "/docs"):
        assert (await house.ask("GET", path, key=me)).status == 200
    assert (await house.ask("GET", LIST, key="tt_live_wrong")).status == 401
    assert await left() == 48
    body, headers = {"prompt": "a fox"}, {"Idempotency-Key": "k", "Prefer": "wait=30"}
    made = await house.ask("POST", LIST, key=me, json=body, headers=headers)
    again = await house.ask("POST", LIST, key=me, json=body, headers=headers)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert await left() == 45, "a replay counts"
    stream = await house.ask("GET", f"{LIST}/{made.data['id']}/events", key=me)
    assert b"generation.completed" in stream.body
    assert await left() == 43, "a stream counts once"
    for spoofed in ("203.0.113.9", "127.0.0.1", ""):
        reply = await house.ask("GET", LIST, key=me, headers={"X-Forwarded-For": spoofed})
        assert reply.status == 200
    assert await left() == 39, "no header gives requests back"


async def test_no_limit_means_no_headers_and_no_count(idle_house: House) -> None:
    me = await idle_house.tenant(plan="enterprise")
    reply = await idle_house.ask("GET", LIST, key=me)
    assert not [name for name in reply.headers if name.startswith("X-RateLimit")]
    async with idle_house.database.reading() as tx:
        assert await tx.fetchval("SELECT count(*) FROM rate_windows") == 0


async def test_the_window_agrees_with_a_list_of_times(database: Database) -> None:
    """Any steps of time: allowed exactly when fewer than the limit lie in the window."""
    dice = random.Random(7)
    limit, passed, times = 5, 0, []
    for _ in range(300):
        step = dice.choice([0, 0, 0, 1, 1, 2, 10, 30, 60, 61, 62, 200])
        async with database.transaction() as tx:
            await _shift(tx, "org_test", step)
            row = await queries.take_request(tx, "org_test", limit)
            second = await tx.fetchval("SELECT second FROM rate_windows WHERE subject = 'org_test'")
        passed += step
        now = second + passed
        inside = [at for at in times if at > now - WINDOW]
        assert row["allowed"] == (len(inside) < limit)
        if row["allowed"]:
            times.append(now)
            inside.append(now)
        assert row["remaining"] == limit - len(inside)
        # When one more fits: at once if there is room, else when the oldest that matters leaves.
        oldest = inside[max(0, len(inside) - limit)]
        assert row["reset_at"] + passed == oldest + WINDOW
        assert 0 <= row["wait_seconds"] <= WINDOW


async def test_a_lowered_limit_and_a_clock_set_back_are_survived(database: Database) -> None:
    async with database.transaction() as tx:
        for _ in range(10):
            assert (await queries.take_request(tx, "org_test", 10))["allowed"]
        lowered = await queries.take_request(tx, "org_test", 3)
        assert (lowered["allowed"], lowered["remaining"]) == (False, 0)
        await tx.execute("UPDATE rate_windows SET second = second + 30")
        ahead = await queries.take_request(tx, "org_test", 100)
        assert ahead["allowed"]
        assert (await queries.take_request(tx, "other", 1))["allowed"]


async def test_a_downgrade_holds_within_the_window_that_is_running(idle_house: House) -> None:
    me = await idle_house.tenant(plan="starter")
    await _start_of_a_second()
    await asyncio.gather(*(idle_house.ask("GET", LIST, key=me) for _ in range(40)))
    async with idle_house.database.transaction() as tx:
        await accounts.change_organization(
            tx, me.organization_id, ChangeOrganization(plan="free"), actor=SERVER
        )
    async with asyncio.timeout(20):
        while (refused := await idle_house.ask("GET", LIST, key=me)).status == 200:
            pass
    assert judged(refused, 429, "RATE_LIMITED") is None
    assert refused.headers["X-RateLimit-Limit"] == "30"
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    # True for the new limit: of over 40 more than 10 must leave the window, and all came at once.
    await pass_seconds(idle_house.database, me.organization_id, int(refused.headers["Retry-After"]))
    assert (await idle_house.ask("GET", LIST, key=me)).status == 200


async def test_after_just_retry_after_seconds_the_request_passes(idle_house: House) -> None:
    """By the wall's clock: the first of three leaves the window while we wait."""
    me = await idle_house.tenant(rate_limit=3)
    for _ in range(3):
        assert (await idle_house.ask("GET", LIST, key=me)).status == 200
    await pass_seconds(idle_house.database, me.organization_id, 57)
    refused = await idle_house.ask("GET", LIST, key=me)
    assert refused.status == 429
    await asyncio.sleep(int(refused.headers["Retry-After"]))
    assert (await idle_house.ask("GET", LIST, key=me)).status == 200


async def test_windows_and_answers_at_rest_are_forgotten(database: Database) -> None:
    async with database.transaction() as tx:
        await queries.take_request(tx, "old", 5)
        await _shift(tx, "old", 300)
        await queries.take_request(tx, "new", 5)
        await queries.prune(tx)
        kept = [row["subject"] for row in await tx.fetch("SELECT subject FROM rate_windows")]
    assert kept == ["new"]


async def pass_seconds(database: Database, subject: str, seconds: int) -> None:
    async with database.transaction() as tx:
        await _shift(tx, subject, seconds)


async def _shift(tx, subject: str, seconds: int) -> None:
    """Move a window into the past, as if that many seconds had passed.

    A bucket's place is its second modulo 61, so the buckets turn with it.
    """
    row = await tx.fetchrow("SELECT second, counts FROM rate_windows WHERE subject = $1", subject)
    if row is None or not seconds:
        return
    counts = [row["counts"][(place + seconds) % WINDOW] for place in range(WINDOW)]
    await tx.execute(
        "UPDATE rate_windows SET second = second - $2, counts = $3 WHERE subject = $1",
        subject, seconds, counts,
    )  # fmt: skip


async def _start_of_a_second() -> None:
    """Wait until a second is young, so that the next few statements fall into it."""
    fraction = time.time() % 1
    if fraction > 0.5:
        await asyncio.sleep(1.01 - fraction)
