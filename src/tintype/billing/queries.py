"""SQL of what a key may spend."""

from tintype.db.pool import Row, Transaction


async def caps(tx: Transaction, organization_id: str, key_id: str) -> Row | None:
    """The key's caps, in credits, and the clock that decides which day and month it is."""
    return await tx.fetchrow(
        """
        SELECT cap_day, cap_month, clock_timestamp() AT TIME ZONE 'UTC' AS now
        FROM api_keys WHERE organization_id = $1 AND id = $2
        """,
        organization_id, key_id,
    )  # fmt: skip
