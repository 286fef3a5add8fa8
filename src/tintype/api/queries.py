"""SQL of the request layer: remembered answers and rate windows."""

from typing import Any, Final

from tintype.db.pool import Row, Transaction

_PRUNE_BATCH: Final = 1000


async def limit_lock_wait(tx: Transaction) -> None:
    """Let a twin wait at most 0.9 s for the first request, instead of the pool's 2 s."""
    await tx.execute("SELECT set_config('lock_timeout', '900ms', true)")


async def usual_lock_wait(tx: Transaction) -> None:
    """Back to the pool's own, for the work that follows."""
    await tx.execute("SET LOCAL lock_timeout TO DEFAULT")


async def claim_key(tx: Transaction, organization_id: str, key: str, fingerprint: bytes) -> bool:
    """Take the key for this transaction; False when an answer under it is remembered."""
    row = await tx.fetchrow(
        """
        INSERT INTO idempotency_keys AS k (organization_id, key, fingerprint) VALUES ($1, $2, $3)
        ON CONFLICT (organization_id, key) DO UPDATE
            SET fingerprint = excluded.fingerprint, created_at = now(),
                status = NULL, headers = NULL, body = NULL, work_id = NULL
            WHERE k.created_at < now() - interval '24 hours'
        RETURNING true
        """,
        organization_id, key, fingerprint,
    )  # fmt: skip
    return row is not None


async def remembered(tx: Transaction, organization_id: str, key: str) -> Row | None:
    return await tx.fetchrow(
        """
        SELECT fingerprint, status, headers, body, work_id FROM idempotency_keys
        WHERE organization_id = $1 AND key = $2
        """,
        organization_id, key,
    )  # fmt: skip


async def remember(
    tx: Transaction,
    organization_id: str,
    key: str,
    *,
    status: int,
    headers: dict[str, Any],
    body: bytes,
    work_id: str | None,
) -> None:
    await tx.execute(
        """
        UPDATE idempotency_keys SET status = $3, headers = $4, body = $5, work_id = $6
        WHERE organization_id = $1 AND key = $2
        """,
        organization_id, key, status, headers, body, work_id,
    )  # fmt: skip


async def take_request(tx: Transaction, subject: str, limit: int) -> Row:
    """Count a request of `subject` in its rolling 60 s; the columns are the function's."""
    row = await tx.fetchrow("SELECT * FROM take_request($1, $2)", subject, limit)
    assert row is not None
    return row


async def prune(tx: Transaction) -> bool:
    """Forget answers older than 25 h, a bounded batch of them, and rate windows at rest.

    True when there may be more than this batch.
    """
    await tx.execute("DELETE FROM rate_windows WHERE second < extract(epoch FROM now()) - 120")
    status = await tx.execute(
        """
        DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM idempotency_keys
            WHERE created_at < now() - interval '25 hours' LIMIT $1))
        """,
        _PRUNE_BATCH,
    )
    return bool(status == f"DELETE {_PRUNE_BATCH}")
