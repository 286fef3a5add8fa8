"""SQL of batches. The counts of what ended are the batch's own; what runs is counted as it is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tintype.db.filters import asked_for
from tintype.db.pool import Row, Transaction

_BATCH = """
    b.id, b.organization_id, b.project_id, b.api_key_id, b.source, b.livemode, b.name, b.meta,
    b.webhook_url, b.total, b.completed, b.failed, b.canceled, b.credits_reserved, b.credits_used,
    b.created_at, b.cancel_requested_at, b.completed_at
"""
# One statement, so one snapshot: an item is counted among those that run or those that ended. What
# was begun and waits for another attempt says when the batch was begun, too.
_SHOWN = f"""
    SELECT {_BATCH}, begun.processing, least(b.started_at, begun.since) AS started_at
    FROM batches b CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE g.status = 'processing') AS processing,
            min(started_at) AS since
        FROM generations g WHERE g.batch_id = b.id AND g.started_at IS NOT NULL
          AND g.status IN ('queued', 'processing')) begun
"""  # noqa: S608


async def insert(
    tx: Transaction,
    batch_id: str,
    organization_id: str,
    *,
    project_id: str | None,
    api_key_id: str | None,
    user_id: str | None,
    source: str,
    livemode: bool,
    name: str | None,
    meta: dict[str, Any],
    webhook_url: str | None,
    total: int,
    credits_reserved: int,
) -> Row:
    row = await tx.fetchrow(
        f"""
        INSERT INTO batches AS b (id, organization_id, project_id, api_key_id, user_id, source,
            livemode, name, meta, webhook_url, total, credits_reserved)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        RETURNING {_BATCH}, 0 AS processing, b.started_at
        """,  # noqa: S608
        batch_id, organization_id, project_id, api_key_id, user_id, source,
        livemode, name, meta, webhook_url, total, credits_reserved,
    )  # fmt: skip
    assert row is not None
    return row


async def find(
    tx: Transaction, organization_id: str, batch_id: str, project_id: str | None
) -> Row | None:
    """`project_id` is the one that the caller's key is bound to, if any."""
    return await tx.fetchrow(
        f"""
        {_SHOWN} WHERE b.organization_id = $1 AND b.id = $2
          AND ($3::text IS NULL OR b.project_id = $3)
        """,
        organization_id, batch_id, project_id,
    )  # fmt: skip


_CONDITIONS = {
    "project_id": "b.project_id = {0}",
    "open": "(b.completed_at IS NULL) = {0}",
    "after": "b.id < {0}",
}


async def page(
    tx: Transaction, organization_id: str, filters: Mapping[str, Any], *, offset: int, limit: int
) -> list[Row]:
    where, values = asked_for(_CONDITIONS, filters, 4)
    rows: list[Row] = await tx.fetch(
        f"{_SHOWN} WHERE b.organization_id = $1 {where} ORDER BY b.id DESC OFFSET $2 LIMIT $3",
        organization_id, offset, limit, *values,
    )  # fmt: skip
    return rows


async def count(
    tx: Transaction, organization_id: str, filters: Mapping[str, Any], most: int
) -> int:
    where, values = asked_for(_CONDITIONS, filters, 3)
    found: int = await tx.fetchval(
        f"""
        SELECT count(*) FROM (
            SELECT FROM batches b WHERE organization_id = $1 {where} LIMIT $2) s
        """,  # noqa: S608
        organization_id, most, *values,
    )  # fmt: skip
    return found


async def tally(
    tx: Transaction,
    organization_id: str,
    batch_id: str,
    *,
    completed: int,
    failed: int,
    canceled: int,
    credits_used: int,
    started_at: datetime | None,
    asked_to_cancel: bool,
) -> Row | None:
    """Count items that end in this transaction; the last ones end the batch.

    None for a batch that is to be canceled and has ended already.
    """
    return await tx.fetchrow(
        f"""
        UPDATE batches b SET completed = completed + $3, failed = failed + $4,
            canceled = canceled + $5, credits_used = credits_used + $6,
            started_at = least(started_at, $7),
            cancel_requested_at = CASE WHEN $8
                THEN coalesce(cancel_requested_at, clock_timestamp())
                ELSE cancel_requested_at END,
            completed_at = CASE WHEN completed + failed + canceled + $3 + $4 + $5 = total
                THEN clock_timestamp() END
        WHERE organization_id = $1 AND id = $2 AND NOT ($8 AND completed_at IS NOT NULL)
        RETURNING {_BATCH}, 0 AS processing, started_at
        """,  # noqa: S608
        organization_id, batch_id, completed, failed, canceled, credits_used, started_at,
        asked_to_cancel,
    )  # fmt: skip
