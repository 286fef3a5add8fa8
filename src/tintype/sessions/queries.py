"""SQL of sessions."""

from datetime import timedelta
from typing import Final

from tintype.db.pool import Row, Transaction

_PRUNE_BATCH: Final = 1000


async def insert(
    tx: Transaction,
    session_id: str,
    organization_id: str,
    user_id: str,
    *,
    address: str,
    user_agent: str,
    life: timedelta,
) -> Row:
    row = await tx.fetchrow(
        """
        INSERT INTO sessions (id, organization_id, user_id, address, user_agent, expires_at)
        VALUES ($1, $2, $3, $4, $5, now() + $6)
        RETURNING id, organization_id, user_id, created_at, expires_at
        """,
        session_id, organization_id, user_id, address, user_agent, life,
    )  # fmt: skip
    assert row is not None
    return row


async def authenticate(tx: Transaction, session_id: str, user_id: str) -> Row | None:
    """Before a tenant is known: the session that a verified token names, if it still stands."""
    return await tx.fetchrow(
        """
        SELECT s.id, s.expires_at, u.id AS user_id, u.role, s.organization_id, o.plan,
            o.rate_limit, o.queue_weight, o.features, o.operator, o.private_media, o.signing_secret
        FROM sessions s
        JOIN users u ON u.id = s.user_id AND u.organization_id = s.organization_id
        JOIN organizations o ON o.id = s.organization_id
        WHERE s.id = $1 AND s.user_id = $2 AND s.revoked_at IS NULL AND s.expires_at > now()
          AND u.deleted_at IS NULL AND o.suspended_at IS NULL
        """,
        session_id, user_id,
    )  # fmt: skip


async def end(
    tx: Transaction, organization_id: str, *, session_id: str | None = None,
    user_id: str | None = None,
) -> list[Row]:  # fmt: skip
    """End a session, or all of a user's; those that were open, with their user's e-mail address."""
    rows: list[Row] = await tx.fetch(
        """
        UPDATE sessions s SET revoked_at = now() FROM users u
        WHERE s.organization_id = $1 AND (s.id = $2 OR s.user_id = $3) AND s.revoked_at IS NULL
          AND s.expires_at > now() AND u.id = s.user_id AND u.organization_id = $1
        RETURNING s.id, u.email
        """,
        organization_id, session_id, user_id,
    )  # fmt: skip
    return rows


async def touch(tx: Transaction, session_ids: list[str]) -> None:
    """Note that sessions were used; any tenant's, by the server itself."""
    await tx.execute(
        """
        UPDATE sessions SET last_seen_at = now() WHERE id IN (
            SELECT id FROM sessions WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE)
        """,
        session_ids,
    )


async def return_attempt(tx: Transaction, subject: str) -> None:
    """Take back an attempt that was counted: it was none."""
    await tx.execute("SELECT return_request($1)", subject)


async def prune(tx: Transaction) -> bool:
    """Forget sessions that ended 30 days ago. True when there may be more than this batch."""
    status = await tx.execute(
        """
        DELETE FROM sessions WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM sessions WHERE expires_at < now() - interval '30 days' LIMIT $1))
        """,
        _PRUNE_BATCH,
    )
    return bool(status == f"DELETE {_PRUNE_BATCH}")
