"""The rolling 60 s limit of an organization, counted in PostgreSQL over all processes."""

from typing import Final

from tintype.api import queries
from tintype.api.exchange import Exchange
from tintype.core.errors import RateLimited
from tintype.db.pool import Database

# So many unknown keys of one client address in 60 s are answered 401, further ones 429. Each costs
# two queries all the same, one to look it up and one to count it: this tells of guessing, to the
# client and in the log, and keeps no load off.
_UNKNOWN_KEYS_MAX: Final = 120


async def count(database: Database, exchange: Exchange, subject: str, limit: int) -> None:
    """Count one request; set the answer's headers; raise RateLimited when the window is full."""
    async with database.reading() as connection:
        row = await queries.take_request(connection, subject, limit)
    exchange.headers["X-RateLimit-Limit"] = str(limit)
    exchange.headers["X-RateLimit-Remaining"] = str(row["remaining"])
    exchange.headers["X-RateLimit-Reset"] = str(row["reset_at"])
    if not row["allowed"]:
        raise RateLimited(
            f"This organization's plan allows {limit} requests in 60 seconds.",
            retry_after_seconds=row["wait_seconds"],
        )


async def count_attempt(database: Database, subject: str, limit: int) -> None:
    """Count an attempt to sign in; raise RateLimited when `limit` stand in 60 seconds."""
    async with database.reading() as connection:
        row = await queries.take_request(connection, subject, limit)
    if not row["allowed"]:
        raise RateLimited(
            "Too many wrong passwords; try again later.", retry_after_seconds=row["wait_seconds"]
        )


async def count_unknown_key(database: Database, address: str) -> None:
    """Count a wrong key of a client address; raise RateLimited when there were too many."""
    async with database.reading() as connection:
        row = await queries.take_request(connection, f"unknown-key:{address}", _UNKNOWN_KEYS_MAX)
    if not row["allowed"]:
        raise RateLimited(
            f"Too many unknown keys from {address}.", retry_after_seconds=row["wait_seconds"]
        )
