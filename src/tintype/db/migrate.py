"""Numbered migrations, each in one transaction, in order, by one process at a time.

A file's name says when it may run against live servers: `pre` before the new code starts, `post`
after the old code has stopped. `schema.sql` is the whole schema for reading; a test proves that the
migrations reach exactly it.
"""

import functools
import re
from importlib import resources
from typing import Final

import asyncpg

# An arbitrary constant that only this program uses for an advisory lock.
_LOCK: Final = 0x74696E74
_NAME: Final = re.compile(r"(\d{4})_(pre|post)_[a-z0-9_]+\.sql")


class SchemaTooNew(Exception):
    """The database was made by a newer Tintype; this one would damage it."""


@functools.cache
def migrations() -> tuple[tuple[int, str, str], ...]:
    """Every migration as (number, file name, SQL), in order; read once."""
    folder = resources.files("tintype.db").joinpath("migrations")
    return tuple(
        sorted(
            (int(match[1]), entry.name, entry.read_text())
            for entry in folder.iterdir()
            if (match := _NAME.fullmatch(entry.name))
        )
    )


async def applied(connection: asyncpg.Connection) -> dict[int, str]:
    """Numbers and names of what this database has had."""
    if await connection.fetchval("SELECT to_regclass('schema_migrations')") is None:
        return {}
    rows = await connection.fetch("SELECT number, name FROM schema_migrations")
    return {row["number"]: row["name"] for row in rows}


async def migrate(dsn: str) -> list[str]:
    """Bring the database to this version; answer the names of the files that were run.

    Safe to kill at any statement and to run twice at once. Raises SchemaTooNew.
    """
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations (number integer PRIMARY KEY,"
            " name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        done = await applied(connection)
        known = migrations()
        newest = max(number for number, _, _ in known)
        if beyond := [name for number, name in done.items() if number > newest]:
            raise SchemaTooNew(
                "This database has migrations that this version doesn't know"
                f" ({', '.join(beyond)}); start a newer Tintype."
            )
        run = []
        for number, name, sql in known:
            if number in done:
                continue
            async with connection.transaction():
                await connection.execute(sql)
                await connection.execute(
                    "INSERT INTO schema_migrations (number, name) VALUES ($1, $2)", number, name
                )
            run.append(name)
        return run
    finally:
        await connection.close()


async def is_current(connection: asyncpg.Connection) -> bool:
    return set(await applied(connection)) >= {number for number, _, _ in migrations()}
