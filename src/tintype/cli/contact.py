"""The first contact with the database: whether it is there, and its schema is this version's."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Final, Literal

from tintype.core.errors import Conflict, Unavailable
from tintype.core.settings import Settings, SettingsError
from tintype.db import migrate
from tintype.db.pool import Database, connect, dedicated_connection

SchemaState = Literal["new", "older", "current", "newer"]
_POOL_SIZE: Final = 4
# What a server answers at the door, by PostgreSQL's own codes.
_REFUSALS: Final = {
    "28P01": "the server refuses this user or password",
    "28000": "the server refuses this user or password",
    "3D000": "the server has no such database",
}
_AWAY: Final = ("08", "57P", "53")


@contextlib.asynccontextmanager
async def open_database(settings: Settings, *, upgrade: bool = False) -> AsyncIterator[Database]:
    """A small pool on a database with today's schema.

    A new database gets the schema; one of an older Tintype only with `upgrade`, because servers
    of that version may be running on it. Raises Unavailable, SettingsError, or Conflict for a
    schema of another version.
    """
    url = settings.database.url
    with reached(settings):
        state = await schema_state(url)
        if state == "older" and not upgrade:
            raise Conflict(
                "The database is of an older Tintype; run `tintype db migrate` or start the server."
            )
        if state != "current":
            await migrate.migrate(url)
        database = await connect(
            url, size=_POOL_SIZE, wait_seconds=settings.database.pool_wait_seconds
        )
    try:
        yield database
    finally:
        await database.close()


async def schema_state(url: str) -> SchemaState:
    connection = await dedicated_connection(url)
    try:
        done = set(await migrate.applied(connection))
    finally:
        await connection.close()
    known = {number for number, _, _ in migrate.migrations()}
    if not done:
        return "new"
    if done - known:
        return "newer"
    return "current" if done == known else "older"


@contextlib.contextmanager
def reached(settings: Settings) -> Iterator[None]:
    """Turn what may go wrong at the first contact with the database into one line."""
    try:
        yield
    except migrate.SchemaTooNew as fault:
        raise Conflict(str(fault)) from fault
    except (OSError, TimeoutError) as fault:
        whose = "of database.url " if settings.database.url else ""
        raise Unavailable(f"The database {whose}can't be reached.") from fault
    except ValueError as fault:
        raise SettingsError(
            "database.url: it must look like postgresql://user@host/name"
        ) from fault
    except Exception as fault:
        state = str(getattr(fault, "sqlstate", None) or "")
        if wrong := _REFUSALS.get(state):
            raise SettingsError(f"database.url: {wrong}") from fault
        if state.startswith(_AWAY):
            raise Unavailable("The database is starting, stopping or full.") from fault
        raise
