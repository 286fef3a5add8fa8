"""Migrations: killed, run twice, beside a newer schema; and the two files that repeat them."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from importlib import resources

import asyncpg
import pytest
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment

from tintype.db import embedded
from tintype.db.migrate import SchemaTooNew, applied, is_current, migrate, migrations

pytestmark = pytest.mark.slow
_SQL = resources.files("tintype.db")


@pytest.fixture
async def empty_url(cluster: str) -> AsyncIterator[str]:
    """The address of a database with nothing in it."""
    admin = await asyncpg.connect(cluster.replace("/tintype?", "/postgres?"))
    try:
        await admin.execute("DROP DATABASE IF EXISTS empty WITH (FORCE)")
        await admin.execute("CREATE DATABASE empty")
        yield cluster.replace("/tintype?", "/empty?")
        await admin.execute("DROP DATABASE empty WITH (FORCE)")
    finally:
        await admin.close()


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def dump(url: str) -> str:
    """The schema as pg_dump tells it, without what differs from run to run."""
    command = [str(embedded.binary("pg_dump")), "--schema-only", "--no-owner", url]
    made = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, check=True
    )
    lines = made.stdout.splitlines()
    passing = ("\\", "--")
    return "\n".join(
        line for line in lines
        if line and not line.startswith(passing) and "SCHEMA public" not in line
    )  # fmt: skip


async def test_schema_sql_is_what_the_migrations_reach(empty_url: str) -> None:
    await migrate(empty_url)
    await execute(empty_url, "DROP TABLE schema_migrations")
    reached = await dump(empty_url)
    await execute(empty_url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await execute(empty_url, _SQL.joinpath("schema.sql").read_text())
    assert await dump(empty_url) == reached
    assert "CREATE TABLE public.generations" in reached


async def test_the_queues_schema_is_the_installed_pgqueuers_own(empty_url: str) -> None:
    await execute(empty_url, QueryBuilderEnvironment().build_install_query(create_schema=False))
    theirs = await dump(empty_url)
    await execute(empty_url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    queue = next(sql for _, name, sql in migrations() if name.endswith("_queue.sql"))
    await execute(empty_url, queue)
    assert await dump(empty_url) == theirs
    assert "CREATE TABLE public.pgqueuer " in theirs


def test_the_files_are_read_once() -> None:
    assert migrations() is migrations()


async def test_migrating_twice_at_once_and_again_does_it_once(empty_url: str) -> None:
    runs = await asyncio.gather(*(migrate(empty_url) for _ in range(3)))
    names = [name for _, name, _ in migrations()]
    assert sorted(runs, key=len) == [[], [], names]
    assert await migrate(empty_url) == []


async def test_a_killed_migration_is_completed_by_the_next(empty_url: str) -> None:
    """Killed by its lock, its connection and its process: never half a file is left."""
    code = "import asyncio, sys; from tintype.db.migrate import migrate;"
    code += "asyncio.run(migrate(sys.argv[1]))"
    whole = [name for _, name, _ in migrations()]
    for patience in (0.0, 0.01, 0.03, 0.06):
        process = subprocess.Popen(  # noqa: ASYNC220
            [sys.executable, "-c", code, empty_url], stderr=subprocess.DEVNULL
        )
        try:
            await _until_connected(empty_url, process)
            await asyncio.sleep(patience)
        finally:
            process.kill()
            process.wait(10)
        connection = await asyncpg.connect(empty_url)
        try:
            done = list((await applied(connection)).values())
            assert done == whole[: len(done)]
            tables = await connection.fetchval("SELECT to_regclass('generations')")
            assert (tables is not None) == bool(done)
        finally:
            await connection.close()
    await migrate(empty_url)
    connection = await asyncpg.connect(empty_url)
    try:
        assert await is_current(connection)
    finally:
        await connection.close()


async def _until_connected(url: str, process: "subprocess.Popen[bytes]") -> None:
    connection = await asyncpg.connect(url)
    try:
        end = time.monotonic() + 60
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        while await connection.fetchval(query) < 2 and process.poll() is None:
            assert time.monotonic() < end
            await asyncio.sleep(0.002)
    finally:
        await connection.close()


async def test_a_failing_migration_changes_nothing(empty_url: str) -> None:
    await execute(empty_url, "CREATE TABLE users (id text)")
    with pytest.raises(asyncpg.DuplicateTableError):
        await migrate(empty_url)
    connection = await asyncpg.connect(empty_url)
    try:
        assert await applied(connection) == {}
        assert await connection.fetchval("SELECT to_regclass('organizations')") is None
    finally:
        await connection.close()


async def test_a_newer_schema_is_refused_by_name(empty_url: str) -> None:
    await migrate(empty_url)
    await execute(
        empty_url,
        "INSERT INTO schema_migrations (number, name) VALUES (9000, '9000_pre_future.sql')",
    )
    with pytest.raises(SchemaTooNew, match=r"9000_pre_future\.sql"):
        await migrate(empty_url)
