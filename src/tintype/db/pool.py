"""The only door to asyncpg: a pool, and `transaction()`, which every edge opens by name."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, TypeAlias

import asyncpg
import msgspec

from tintype.core.errors import TintypeError, Unavailable, ValidationFailed

Row: TypeAlias = asyncpg.Record
Transaction: TypeAlias = asyncpg.pool.PoolConnectionProxy
Connection: TypeAlias = asyncpg.Connection
# A statement waited for a lock longer than `lock_timeout`.
LockNotAvailable = asyncpg.LockNotAvailableError

# Rule: no statement, lock wait or idle transaction may hold others up for long.
_SERVER_SETTINGS = {
    "application_name": "tintype",
    "lock_timeout": "2s",
    "statement_timeout": "15s",
    "idle_in_transaction_session_timeout": "15s",
    "tcp_user_timeout": "10s",
    "timezone": "UTC",
    "jit": "off",
}

# By SQLSTATE: 08 connection, 53 resources, 57P shutdown and crash, 58 I/O, 25006 a standby.
_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresSystemError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InterfaceError,
    # A server killed in the middle of an answer can leave the client's own protocol confused.
    asyncpg.InternalClientError,
    # The database takes no connections: it is being copied or taken down.
    asyncpg.ObjectNotInPrerequisiteStateError,
    ConnectionError,
    FileNotFoundError,
    TimeoutError,
)
# 40 deadlock and its kin; asked first, as a canceled query (57014) is an operator's intervention.
_BUSY = (
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.TransactionRollbackError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)


class Database:
    """A pool of connections; `transaction()` is the only way to write."""

    def __init__(
        self,
        pool: "asyncpg.Pool[asyncpg.Record]",
        dsn: str,
        wait_seconds: float,
        cut_short: set[int],
    ) -> None:
        self.pool = pool
        self.dsn = dsn
        self._wait_seconds = wait_seconds
        self.cut_short = cut_short

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """One short transaction; never hold it over a network call or image work.

        Raises Unavailable when the database is away or too busy, so that nothing of it reaches a
        client as an internal error.
        """
        with translated():
            async with (
                self.pool.acquire(timeout=self._wait_seconds) as connection,
                connection.transaction(),
            ):
                yield connection

    @contextlib.asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Transaction]:
        """A reading transaction of which all statements see one and the same moment."""
        with translated():
            async with (
                self.pool.acquire(timeout=self._wait_seconds) as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                yield connection

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """A connection for single reading statements, without the cost of BEGIN and COMMIT."""
        with translated():
            async with self.pool.acquire(timeout=self._wait_seconds) as connection:
                try:
                    yield connection
                except BaseException:
                    if not connection.is_closed():
                        self.cut_short.add(connection.get_server_pid())
                    raise

    async def close(self) -> None:
        try:
            await self.pool.close()
        except BaseException:
            self.pool.terminate()
            raise


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn database faults into errors that a client can act on."""
    try:
        yield
    except TintypeError:
        raise
    except _BUSY as fault:
        raise Unavailable("The server is busy with this object; try again shortly.") from fault
    except (asyncpg.DataError, asyncpg.UntranslatableCharacterError) as fault:
        raise ValidationFailed("body", "holds a value that can't be stored") from fault
    except _AWAY as fault:
        raise Unavailable from fault


async def connect(dsn: str, *, size: int, wait_seconds: float) -> Database:
    cut_short: set[int] = set()
    pool = await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        timeout=wait_seconds,
        command_timeout=20,
        server_settings=_SERVER_SETTINGS,
        init=_init_connection,
        reset=_reset_of(cut_short),
        # Kept: a new connection looks up types at its first use, 30 ms that a request would wait.
        max_inactive_connection_lifetime=0,
    )
    return Database(pool, dsn, wait_seconds, cut_short)


async def dedicated_connection(dsn: str) -> Connection:
    """A connection outside the pool, for what listens as long as it lives."""
    connection: Connection = await asyncpg.connect(
        dsn,
        timeout=5,
        command_timeout=20,
        server_settings=_SERVER_SETTINGS | {"application_name": "tintype-listen"},
    )
    return connection


async def _init_connection(connection: Connection) -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, schema="pg_catalog", format="text",
            encoder=_encode_json, decoder=msgspec.json.decode,
        )  # fmt: skip


def _reset_of(cut_short: set[int]) -> Callable[[Connection], Awaitable[None]]:
    """What is done before a connection goes back into the pool: nothing, for most.

    A reset costs a round trip, and our connections hold no session state. But asyncpg has the
    server parse a statement before it sends the values with the word that ends the exchange. Where
    it gets no further (a value of the wrong type, a canceled task) the server takes itself to be
    in a transaction. The next one to have the connection would be in it as well: with its locks,
    its `now()`, however long ago, and a BEGIN that may no longer choose its level. `cut_short` has
    the servers' process ids of such connections; any whole query ends what they are in.
    """

    async def reset(connection: Connection) -> None:
        pid = connection.get_server_pid()
        if pid in cut_short:
            cut_short.remove(pid)
            await connection.execute("SELECT")

    return reset


def _encode_json(value: Any) -> str:
    # Text is JSON already: PgQueuer encodes its headers itself, and we store maps and lists only.
    if isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()
