"""SQL of what a key may spend, and of quotes."""

from datetime import datetime, timedelta
from typing import Final

from tintype.db.pool import Row, Transaction

_PRUNE_BATCH: Final = 1000


async def caps(tx: Transaction, organization_id: str, key_id: str) -> Row | None:
    """The key's caps, in credits, and the clock that decides which day and month it is."""
    return await tx.fetchrow(
        """
        SELECT cap_day, cap_month, clock_timestamp() AT TIME ZONE 'UTC' AS now
        FROM api_keys WHERE organization_id = $1 AND id = $2
        """,
        organization_id, key_id,
    )  # fmt: skip


async def insert_quote(
    tx: Transaction,
    quote_id: str,
    organization_id: str,
    *,
    digest: bytes,
    price: int,
    life: timedelta,
) -> datetime:
    """When it ends, by the database's clock."""
    expires_at: datetime = await tx.fetchval(
        """
        INSERT INTO quotes (id, organization_id, digest, credits, expires_at)
        VALUES ($1, $2, $3, $4, now() + $5) RETURNING expires_at
        """,
        quote_id, organization_id, digest, price, life,
    )  # fmt: skip
    return expires_at


async def lock_quote(tx: Transaction, organization_id: str, quote_id: str) -> Row | None:
    """Until the commit: of two that use a quote at once, one finds it used."""
    return await tx.fetchrow(
        """
        SELECT digest, credits, used_at, expires_at <= clock_timestamp() AS expired
        FROM quotes WHERE organization_id = $1 AND id = $2 FOR UPDATE
        """,
        organization_id, quote_id,
    )  # fmt: skip


async def use_quote(tx: Transaction, organization_id: str, quote_id: str) -> None:
    await tx.execute(
        "UPDATE quotes SET used_at = now() WHERE organization_id = $1 AND id = $2",
        organization_id, quote_id,
    )  # fmt: skip


async def prune_quotes(tx: Transaction) -> bool:
    """Until then they can say that they were used, or have expired."""
    status = await tx.execute(
        """
        DELETE FROM quotes WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM quotes WHERE expires_at < now() - interval '1 day' LIMIT $1))
        """,
        _PRUNE_BATCH,
    )
    return bool(status == f"DELETE {_PRUNE_BATCH}")
