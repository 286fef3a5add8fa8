"""Keys: made within their maker's rights, ended at once in every process, their use noted."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.house import House, opened, settings_for
from tintype.accounts import operations as accounts
from tintype.core import ids
from tintype.core.caller import SCOPES, Caller
from tintype.core.errors import Forbidden, NotFound, Unavailable, ValidationFailed
from tintype.db.pool import Database
from tintype.keys import operations as keys
from tintype.keys import secrets
from tintype.keys.cache import KeyCache
from tintype.projects import operations as projects
from tintype.projects.models import CreateProject


async def organization(database: Database) -> str:
    async with database.transaction() as tx:
        return (await accounts.create_organization(tx, name="Keys", plan="pro")).id


async def made(database: Database, owner: str, **more: Any) -> Any:
    wanted = {"name": "k", "scopes": ["images:read"], "maker_scopes": SCOPES} | more
    async with database.transaction() as tx:
        return await keys.create(tx, owner, **wanted)


async def project_of(database: Database, owner: str) -> str:
    caller = Caller(owner, "pro", frozenset(SCOPES), livemode=True, source="api")
    async with database.transaction() as tx:
        return (await projects.create(tx, caller, "", CreateProject(name="P"))).id


async def test_a_new_key_shows_its_secret_once(database: Database) -> None:
    owner = await organization(database)
    end = datetime.now(UTC) + timedelta(days=90)
    key = await made(database, owner, name="  Site ", scopes=["images:write", "images:read"],
                     expires_at=end)  # fmt: skip
    assert secrets.is_well_formed(key.secret)
    assert (key.name, key.prefix, key.status) == ("Site", key.secret[:12], "active")
    assert (key.scopes, key.livemode) == (["images:read", "images:write"], True)
    assert key.expires_at == end
    async with database.reading() as tx:
        (shown,) = await keys.keys(tx, owner)
        rows = await tx.fetch("SELECT * FROM api_keys")
    assert "secret" not in shown.__struct_fields__
    assert key.secret not in str([list(row.values()) for row in rows])
    assert rows[0]["secret_sha256"] == secrets.digest(key.secret)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["images:paint"]}, "scopes"),
        ({"expires_at": datetime.now(UTC) - timedelta(seconds=1)}, "expires_at"),
        ({"expires_at": datetime(2999, 1, 1)}, "expires_at"),  # noqa: DTZ001
        ({"project_id": "prj_zzz"}, "project_id"),
        ({"project_id": ids.new("prj")}, "project_id"),
    ],
)
async def test_a_bad_key_is_refused_by_field(
    database: Database, wrong: dict[str, Any], field: str
) -> None:
    owner = await organization(database)
    with pytest.raises(ValidationFailed) as refused:
        await made(database, owner, **wrong)
    assert refused.value.param == field
    async with database.reading() as tx:
        assert await keys.keys(tx, owner) == []


async def test_a_key_can_not_be_bound_to_another_organizations_project(database: Database) -> None:
    mine, other = await organization(database), await organization(database)
    with pytest.raises(ValidationFailed, match="no such project"):
        await made(database, mine, project_id=await project_of(database, other))


async def test_no_key_is_above_its_maker(database: Database) -> None:
    owner = await organization(database)
    with pytest.raises(Forbidden) as refused:
        await made(database, owner, scopes=["keys:write"], maker_scopes=["keys:read"])
    assert refused.value.details == {"scope": "keys:write"}
    first, second = await project_of(database, owner), await project_of(database, owner)
    with pytest.raises(Forbidden):
        await made(database, owner, project_id=second, maker_project_id=first)
    # Unasked, a bound maker's key is bound as its maker is.
    assert (await made(database, owner, maker_project_id=first)).project_id == first
    async with database.transaction() as tx:
        twin = (await accounts.sandbox_of(tx, owner)).id
    with pytest.raises(Forbidden):
        await made(database, twin, livemode=True)
    from_sandbox = await made(database, twin, livemode=False)
    assert from_sandbox.secret.startswith("tt_test_")
    async with database.reading() as tx:
        assert [key.id for key in await keys.keys(tx, twin)] == [from_sandbox.id]


async def test_an_organizations_list_holds_its_sandbox_keys_and_no_others(
    database: Database,
) -> None:
    mine, other = await organization(database), await organization(database)
    live = await made(database, mine)
    test = await made(database, mine, livemode=False)
    foreign = await made(database, other)
    async with database.transaction() as tx:
        assert [(key.id, key.livemode) for key in await keys.keys(tx, mine)] == [
            (test.id, False), (live.id, True),
        ]  # fmt: skip
        with pytest.raises(NotFound):
            await keys.revoke(tx, mine, foreign.id)
        assert (await keys.revoke(tx, mine, test.id)).status == "revoked"
        assert (await keys.revoke(tx, mine, test.id)).status == "revoked"
        with pytest.raises(NotFound):
            await keys.revoke(tx, mine, "key_zzz")


async def test_an_expired_key_says_so_and_opens_nothing(database: Database) -> None:
    owner = await organization(database)
    key = await made(database, owner, expires_at=datetime.now(UTC) + timedelta(seconds=0.3))
    cache = KeyCache(database)
    digest = secrets.digest(key.secret)
    assert await cache.find(digest) is not None
    await asyncio.sleep(0.4)
    assert cache.known(digest) is None
    assert await cache.find(digest) is None
    async with database.reading() as tx:
        assert [found.status for found in await keys.keys(tx, owner)] == ["expired"]


@pytest.mark.parametrize(("text", "seconds"), [("90d", 7_776_000), ("12h", 43_200), ("30m", 1800)])
def test_a_life_is_given_in_days_hours_or_minutes(text: str, seconds: int) -> None:
    left = (keys.expiry(text) - datetime.now(UTC)).total_seconds()
    assert abs(left - seconds) < 5


@pytest.mark.parametrize("text", ["", "90", "0d", "-1d", "1y", "1.5d", "999999d", "9 d", "９d"])
def test_other_lives_are_refused(text: str) -> None:
    with pytest.raises(ValidationFailed):
        keys.expiry(text)


async def test_suspending_an_organization_stops_its_sandbox_too(database: Database) -> None:
    owner = await organization(database)
    found = [await made(database, owner, livemode=mode) for mode in (True, False)]
    async with database.transaction() as tx:
        await tx.execute(
            "UPDATE organizations SET suspended_at = now(), plan = 'free' WHERE id = $1", owner
        )
    for key in found:
        assert await KeyCache(database).find(secrets.digest(key.secret)) is None
    async with database.transaction() as tx:
        await tx.execute("UPDATE organizations SET suspended_at = NULL WHERE id = $1", owner)
    for key in found:
        caller = await KeyCache(database).find(secrets.digest(key.secret))
        assert caller is not None
        assert caller.plan == "free"


async def test_a_row_read_before_a_revocation_is_not_remembered_after_it(
    database: Database,
) -> None:
    """The NOTIFY comes in while the row is on its way."""
    owner = await organization(database)
    key = await made(database, owner)
    cache = KeyCache(database)
    digest = secrets.digest(key.secret)
    finding = asyncio.create_task(cache.find(digest))
    await asyncio.sleep(0)
    cache.forget(key.id)
    assert await finding is not None
    assert cache.known(digest) is None
    assert await cache.find(digest) is not None
    assert cache.known(digest) is not None
    cache.forget(owner)
    assert cache.known(digest) is None


async def test_uses_that_could_not_be_written_are_kept_for_the_next_time(
    database: Database,
) -> None:
    owner = await organization(database)
    key = await made(database, owner)
    cache = KeyCache(database)
    await cache.find(secrets.digest(key.secret))
    async with database.transaction() as tx:
        await tx.execute("SELECT FROM api_keys WHERE id = $1 FOR UPDATE", key.id)
        with pytest.raises(Unavailable):
            await cache.note_uses()
    await cache.note_uses()
    async with database.reading() as tx:
        (shown,) = await keys.keys(tx, owner)
    assert shown.last_used_at is not None


async def test_a_revoked_key_is_forgotten_by_every_process(
    idle_house: House, database_url: str, tmp_path: Path
) -> None:
    settings = settings_for(database_url, tmp_path / "second")
    async with opened(settings, with_worker=False) as second:
        me = await idle_house.tenant()
        other = await idle_house.tenant()
        houses = (idle_house, second)
        for house in houses:
            assert (await house.ask("GET", "/v1/images", key=me)).status == 200
        async with idle_house.database.transaction() as tx:
            await keys.revoke(tx, me.organization_id, me.key_id)
        loop = asyncio.get_running_loop()
        told = loop.time()
        for house in houses:
            while (await house.ask("GET", "/v1/images", key=me)).status == 200:
                assert loop.time() < told + 10
        answers = [await house.ask("GET", "/v1/images", key=me) for house in houses]
        assert [answer.status for answer in answers] == [401, 401]
        unknown = await second.ask("GET", "/v1/images", key=secrets.make(livemode=True))
        bodies = [answer.json["error"] | {"request_id": ""} for answer in (*answers, unknown)]
        assert bodies[0] == bodies[1] == bodies[2]
        assert (await second.ask("GET", "/v1/images", key=other)).status == 200
