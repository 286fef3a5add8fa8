"""SQL of the append-only event log."""

from collections.abc import Sequence
from typing import Any

from tintype.db.pool import Row, Transaction
from tintype.events.models import Happened

_EVENT = "id, type, created_at, data, livemode, subject_id"


async def insert(
    tx: Transaction,
    event_id: str,
    organization_id: str,
    type_: str,
    subject_id: str,
    *,
    livemode: bool,
    data: Any,
    webhook_url: str | None,
    channel: str,
    wanted: str,
) -> None:
    """Write the event and wake its listeners at commit, in one round trip.

    With `webhook_url` those who wait for `wanted` are woken too.
    """
    await tx.execute(
        """
        WITH event AS (
            INSERT INTO events (id, organization_id, type, subject_id, livemode, data, webhook_url)
            VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING subject_id, webhook_url)
        SELECT pg_notify($8, subject_id),
               CASE WHEN webhook_url IS NOT NULL THEN pg_notify($8, $9) END FROM event
        """,
        event_id, organization_id, type_, subject_id, livemode, data, webhook_url, channel, wanted,
    )  # fmt: skip


async def insert_all(
    tx: Transaction,
    event_ids: Sequence[str],
    organization_id: str,
    type_: str,
    happened: Sequence[Happened],
    *,
    livemode: bool,
    channel: str,
    wanted: str,
    wake: Sequence[str],
) -> None:
    """As `insert`, for many events of one type; `wake` are the ids to wake listeners of."""
    await tx.execute(
        """
        INSERT INTO events (id, organization_id, type, subject_id, livemode, data, webhook_url)
        SELECT n.id, $1, $2, n.subject_id, $3, n.data::json, n.webhook_url
        FROM unnest($4::text[], $5::text[], $6::text[], $7::text[])
            WITH ORDINALITY AS n (id, subject_id, data, webhook_url, place)
        ORDER BY n.place
        """,
        organization_id, type_, livemode, event_ids, [it.subject_id for it in happened],
        [it.data.decode() for it in happened], [it.webhook_url for it in happened],
    )  # fmt: skip
    told = [wanted] if any(it.webhook_url for it in happened) else []
    await tx.execute(
        "SELECT pg_notify($1, n.id) FROM unnest($2::text[]) AS n (id)", channel, [*wake, *told]
    )


async def newest(tx: Transaction, organization_id: str) -> str | None:
    found: str | None = await tx.fetchval(
        """
        SELECT id FROM events
        WHERE organization_id = $1 AND xid < pg_snapshot_xmin(pg_current_snapshot())
        ORDER BY xid DESC, position DESC LIMIT 1
        """,
        organization_id,
    )
    return found


async def page(
    tx: Transaction,
    organization_id: str,
    project_id: str | None,
    *,
    after: str | None,
    type_: str | None,
    limit: int,
) -> list[Row]:
    """The log from `after` on, oldest first, up to the oldest transaction still open.

    With `project_id` it is what happened in that project, and to it.
    Stopping there is what makes the cursor safe: nothing can later appear before it.
    """
    rows: list[Row] = await tx.fetch(
        f"""
        SELECT {_EVENT} FROM events
        WHERE organization_id = $1
          AND ($2::text IS NULL OR (xid, position) > (
              SELECT xid, position FROM events WHERE organization_id = $1 AND id = $2))
          AND xid < pg_snapshot_xmin(pg_current_snapshot())
          AND ($3::text IS NULL OR type = $3)
          AND ($4::text IS NULL OR data ->> 'project_id' = $4 OR subject_id = $4)
        ORDER BY xid, position LIMIT $5
        """,  # noqa: S608
        organization_id, after, type_, project_id, limit,
    )  # fmt: skip
    return rows


async def count(
    tx: Transaction, organization_id: str, project_id: str | None, type_: str | None, most: int
) -> int:
    found: int = await tx.fetchval(
        """
        SELECT count(*) FROM (SELECT FROM events
            WHERE organization_id = $1 AND xid < pg_snapshot_xmin(pg_current_snapshot())
              AND ($2::text IS NULL OR type = $2)
              AND ($3::text IS NULL OR data ->> 'project_id' = $3 OR subject_id = $3)
            LIMIT $4) s
        """,
        organization_id, type_, project_id, most,
    )  # fmt: skip
    return found


async def exists(tx: Transaction, organization_id: str, event_id: str) -> bool:
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM events WHERE organization_id = $1 AND id = $2)",
        organization_id, event_id,
    )  # fmt: skip
    return found


async def of_subject(
    tx: Transaction, organization_id: str, subject_id: str, after: str | None
) -> list[Row]:
    """One object's events after a given one, in order; its writers take turns on its row."""
    rows: list[Row] = await tx.fetch(
        f"""
        SELECT {_EVENT} FROM events
        WHERE organization_id = $1 AND subject_id = $2
          AND position > coalesce((SELECT position FROM events
              WHERE organization_id = $1 AND subject_id = $2 AND id = $3), 0)
        ORDER BY position
        """,  # noqa: S608
        organization_id, subject_id, after,
    )  # fmt: skip
    return rows
