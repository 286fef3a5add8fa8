"""The first contact with the database: whether it is there, and its schema is this version's."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Final, Literal

import asyncpg

from tintype.core.errors import Conflict, Unavailable
from tintype.core.settings import Settings, SettingsError
from tintype.db import migrate
from tintype.db.pool import Database, connect

SchemaState = Literal["new", "older", "current", "newer"]
_POOL_SIZE: Final = 4
_CONNECT_SECONDS: Final = 10.0


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
    connection = await asyncpg.connect(url, timeout=_CONNECT_SECONDS)
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
    except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError) as fault:
        raise SettingsError("database.url: the server refuses this user or password") from fault
    except asyncpg.InvalidCatalogNameError as fault:
        raise SettingsError("database.url: the server has no such database") from fault
    except (asyncpg.ClientConfigurationError, ValueError) as fault:
        raise SettingsError(
            "database.url: it must look like postgresql://user@host/name"
        ) from fault
    except (OSError, TimeoutError, asyncpg.PostgresConnectionError) as fault:
        whose = "of database.url " if settings.database.url else ""
        raise Unavailable(f"The database {whose}can't be reached.") from fault
    except asyncpg.CannotConnectNowError as fault:
        raise Unavailable("The database is starting or stopping.") from fault
