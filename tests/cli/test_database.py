"""Dumps and restores, with real programs on real databases."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from cli.process import tintype
from support.house import settings_for
from tintype.cli.dumping import _without_password
from tintype.cli.prepare import prepare
from tintype.core.caller import SCOPES, Caller
from tintype.core.settings import SettingsError
from tintype.db import embedded
from tintype.db.migrate import migrate
from tintype.db.pool import connect
from tintype.events import operations as events


@pytest.fixture
async def empty_url(cluster: str) -> AsyncIterator[str]:
    """A database without a schema."""
    admin = await asyncpg.connect(cluster.replace("/tintype?", "/postgres?"))
    await admin.execute("CREATE DATABASE empty")
    try:
        yield cluster.replace("/tintype?", "/empty?")
    finally:
        await admin.execute("DROP DATABASE empty WITH (FORCE)")
        await admin.close()


async def asked(url: str, question: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def test_a_dump_is_restored_whole_or_not_at_all(database_url, empty_url, tmp_path) -> None:
    org = tintype("org", "create", "--name", "Nord", "--plan", "pro", url=database_url).json["id"]
    file = tmp_path / "house.dump"
    assert tintype("db", "dump", file, url=database_url).code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert tintype("db", "dump", file, url=database_url).code == 2  # It exists.

    restored = tintype("db", "restore", file, url=empty_url)
    assert restored.json == {"organizations": 2, "images": 0}, restored.err
    assert await asked(empty_url, f"SELECT name FROM organizations WHERE id = '{org}'") == "Nord"
    assert await migrate(empty_url) == []
    refused = tintype("db", "restore", file, url=empty_url)
    assert (refused.code, "--force" in refused.err) == (2, True)

    await asked(empty_url, "UPDATE organizations SET name = 'kept' RETURNING 1")
    broken = tmp_path / "broken.dump"
    broken.write_bytes(file.read_bytes()[:-1500])
    torn = tintype("db", "restore", broken, "--force", url=empty_url)
    assert (torn.code, "not restored" in torn.err) == (2, True)
    assert await asked(empty_url, "SELECT count(*) FROM organizations WHERE name = 'kept'") == 2

    assert tintype("db", "restore", file, "--force", url=empty_url).code == 0
    assert await asked(empty_url, "SELECT count(*) FROM organizations WHERE name = 'kept'") == 0


async def log_of(url: str, organization_id: str) -> list[str]:
    """What the organization's members see of its log."""
    connection = await asyncpg.connect(url)
    try:
        caller = Caller(organization_id, "pro", frozenset(SCOPES), True, "api")
        rows = await events.page(connection, caller, after=None, type_=None, limit=100)
        return [event.type for event in rows]
    finally:
        await connection.close()


async def unread(url: str) -> list[str]:
    """The types of the events that webhooks have still to be made of."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT e.type FROM events e, webhook_cursor c WHERE (e.xid, e.position) >"
            " (c.xid, c.position) ORDER BY e.xid, e.position"
        )
        return [row["type"] for row in rows]
    finally:
        await connection.close()


async def write_events(url: str, organization_id: str, *types: str) -> None:
    made = await connect(url, size=1, wait_seconds=5)
    for type_ in types:
        async with made.transaction() as tx:
            await events.publish(tx, organization_id, type_, "gen_1", livemode=True, data={})
    await made.close()


@pytest.mark.slow
async def test_the_event_log_is_whole_in_a_cluster_that_has_counted_less(
    database_url, tmp_path
) -> None:
    org = tintype("org", "create", "--name", "Nord", "--plan", "pro", url=database_url).json["id"]
    await write_events(database_url, org, "a.one", "a.two")
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "DO $$ BEGIN FOR n IN 1..20000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$"
    )
    await connection.close()
    await write_events(database_url, org, "a.three")
    assert tintype("db", "dump", tmp_path / "dump", url=database_url).code == 0
    folder = tmp_path / "data"
    done = tintype("db", "restore", tmp_path / "dump", "--data", folder)
    assert done.code == 0, done.err
    url = embedded.start(folder)
    try:
        assert await log_of(url, org) == ["a.one", "a.two", "a.three"]
        await write_events(url, org, "a.four")
        assert await log_of(url, org) == ["a.one", "a.two", "a.three", "a.four"]
        # Webhooks go on with what they had not been sent for: nothing was read before the dump.
        assert await unread(url) == ["a.one", "a.two", "a.three", "a.four"]
    finally:
        embedded.stop(folder)


async def test_a_start_takes_over_events_of_a_cluster_that_has_counted_further(
    database_url, tmp_path
) -> None:
    """As pg_dump alone moves them: with the numbers of the cluster that wrote them."""
    org, other = (
        tintype("org", "create", "--name", name, "--plan", "pro", url=database_url).json["id"]
        for name in ("Nord", "Other")
    )
    await write_events(database_url, org, "a.one", "a.two", "a.three")
    await write_events(database_url, other, "a.own")
    # The first has a number that this cluster's own count has passed already.
    for at, number in enumerate(("700", "9000000", "9000001")):
        await asked(
            database_url,
            f"UPDATE events SET xid = '{number}' WHERE id = (SELECT id FROM events"
            f" WHERE organization_id = '{org}' ORDER BY position OFFSET {at} LIMIT 1) RETURNING 1",
        )
    await write_events(database_url, org, "a.four")
    # All but the last of the other cluster's had been read for webhooks.
    await asked(database_url, "UPDATE webhook_cursor SET (xid, position) = "
                "(SELECT xid, position FROM events WHERE xid = '9000000') RETURNING 1")  # fmt: skip
    untouched = f"SELECT xid::text FROM events WHERE organization_id = '{other}'"
    before = await asked(database_url, untouched)
    assert await log_of(database_url, org) == ["a.one", "a.four"]
    for _ in range(2):
        assert await prepare(settings_for(database_url, tmp_path)) == "ready"
        assert await log_of(database_url, org) == ["a.one", "a.two", "a.three", "a.four"]
    assert (await unread(database_url))[:1] == ["a.three"]
    assert "a.four" in await unread(database_url)
    await write_events(database_url, org, "a.five")
    assert (await log_of(database_url, org))[-2:] == ["a.four", "a.five"]
    assert await asked(database_url, untouched) == before


async def test_a_server_with_another_secret_does_not_start(database_url, tmp_path) -> None:
    """It would hold secrets that it can't open; told apart from one whose secret was changed."""
    first, other = tmp_path / "first", tmp_path / "other"
    assert await prepare(settings_for(database_url, first)) == "new"
    with pytest.raises(SettingsError, match=r"security\.secret"):
        await prepare(settings_for(database_url, other))
    known = (first / "secret.key").read_text().strip()
    changed = {"secret": "x" * 40, "previous_secrets": [known]}
    assert await prepare(settings_for(database_url, other, security=changed)) == "new"
    # From here on the changed one is the database's own.
    assert await prepare(settings_for(database_url, other, security={"secret": "x" * 40})) == "new"
    with pytest.raises(SettingsError, match="forget-secret"):
        await prepare(settings_for(database_url, first))
    assert tintype("db", "forget-secret", url=database_url).json == {"forgotten": True}
    assert await prepare(settings_for(database_url, first)) == "new"


async def test_a_newer_dump_and_a_database_in_use_are_refused(
    database_url, empty_url, tmp_path
) -> None:
    file = tmp_path / "newer.dump"
    await asked(
        database_url, "INSERT INTO schema_migrations VALUES (9999, '9999_pre_x.sql') RETURNING 1"
    )
    assert tintype("db", "dump", file, url=database_url).code == 0
    newer = tintype("db", "restore", file, url=empty_url)
    assert (newer.code, "newer Tintype" in newer.err) == (2, True)
    assert await asked(empty_url, "SELECT to_regclass('organizations')") is None

    connection = await asyncpg.connect(empty_url)
    try:
        used = tintype("db", "restore", file, "--force", url=empty_url)
    finally:
        await connection.close()
    assert (used.code, "stop Tintype first" in used.err) == (2, True)


def test_a_file_that_is_no_dump_is_refused(tmp_path) -> None:
    (tmp_path / "x").write_text("hello")
    done = tintype("db", "restore", tmp_path / "x", "--data", tmp_path / "data")
    assert (done.code, "is no dump" in done.err) == (2, True)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("url", "address", "password"),
    [
        ("postgresql://me:h%40sh@db:5433/x?sslmode=require",
         "postgresql://me@db:5433/x?sslmode=require", "h@sh"),
        ("postgresql://db/x?user=me&password=hush", "postgresql://db/x?user=me", "hush"),
        ("postgresql://postgres@/x?host=%2Fa%20b", "postgresql://postgres@/x?host=%2Fa%20b", None),
    ],
)  # fmt: skip
def test_no_password_stands_in_the_list_of_processes(url, address, password) -> None:
    told, environment = _without_password(url)
    assert told == address
    assert environment.get("PGPASSWORD") == password
