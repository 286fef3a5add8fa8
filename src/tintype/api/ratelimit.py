"""The rolling 60 s limit of an organization, counted in PostgreSQL over all processes."""

from tintype.api import queries
from tintype.api.exchange import Exchange
from tintype.core.errors import RateLimited
from tintype.db.pool import Database


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
