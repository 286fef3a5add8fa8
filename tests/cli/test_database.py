"""Dumps and restores, with real programs on real databases."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from cli.process import tintype
from tintype.cli.dumping import _without_password
from tintype.db.migrate import migrate


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
