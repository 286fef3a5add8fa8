"""SQL of the doctor and the start, which look over all organizations at once."""

from collections.abc import Callable
from typing import Final

from tintype.db.pool import Row, Transaction

_TAKE_OVER_SECONDS: Final = 3600.0
# Where sealed values lie: table, column, and which of its rows have one.
_SEALED: Final = (
    ("webhook_endpoints", "secret", "true"),
    ("webhook_endpoints", "previous_secret", "previous_secret IS NOT NULL"),
    ("webhook_secrets", "secret", "true"),
    ("webhook_secrets", "previous_secret", "previous_secret IS NOT NULL"),
    ("idempotency_keys", "body", "headers ->> 'sealed' = 'true'"),
)


async def clock(tx: Transaction) -> float:
    """The database's clock, in seconds since 1970."""
    found: float = await tx.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8")
    return found


async def others(tx: Transaction) -> int:
    """How many sessions of other Tintype processes there are."""
    found: int = await tx.fetchval(
        """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'tintype-listen'
        """
    )
    return found


async def work(tx: Transaction, late_seconds: float) -> Row:
    """Open work by state, the oldest that waits, and what nobody has looked after for long."""
    row = await tx.fetchrow(
        """
        SELECT count(*) FILTER (WHERE status = 'queued') AS queued,
               count(*) FILTER (WHERE status = 'processing') AS processing,
               coalesce(extract(epoch FROM clock_timestamp() - min(run_after)
                   FILTER (WHERE status = 'queued' AND run_after < clock_timestamp())), 0)::float8
                   AS oldest_seconds,
               count(*) FILTER (WHERE
                   status = 'processing'
                       AND lease_until < clock_timestamp() - make_interval(secs => $1)
                   OR status = 'queued'
                       AND run_after < clock_timestamp() - make_interval(secs => $1)) AS late
        FROM generations WHERE status IN ('queued', 'processing')
        """,
        late_seconds,
    )
    assert row is not None
    return row


async def idle_jobs(tx: Transaction, late_seconds: float) -> int:
    """Jobs that have waited for long though their work has ended or is gone."""
    found: int = await tx.fetchval(
        """
        SELECT count(*) FROM pgqueuer q
        WHERE q.status = 'queued' AND q.entrypoint ^@ 'generation.'
          AND q.created < clock_timestamp() - make_interval(secs => $1)
          AND NOT EXISTS (
              SELECT FROM generations g
              WHERE g.id = convert_from(q.payload, 'UTF8') AND g.status IN ('queued', 'processing'))
        """,
        late_seconds,
    )
    return found


async def accounts(tx: Transaction) -> int:
    found: int = await tx.fetchval("SELECT count(*) FROM credit_accounts")
    return found


async def unproven_accounts(tx: Transaction) -> list[Row]:
    """Accounts that differ from what their ledger adds up to, or organizations without one."""
    rows: list[Row] = await tx.fetch(
        """
        SELECT o.id AS organization_id, a.balance, a.reserved,
               s.balance AS ledger_balance, s.reserved AS ledger_reserved
        FROM organizations o
        LEFT JOIN credit_accounts a ON a.organization_id = o.id
        LEFT JOIN (
            SELECT organization_id, sum(amount)::bigint AS balance,
                   sum(reserved)::bigint AS reserved
            FROM ledger_entries GROUP BY organization_id) s ON s.organization_id = o.id
        WHERE a.organization_id IS NULL
           OR (a.balance, a.reserved) <> (coalesce(s.balance, 0), coalesce(s.reserved, 0))
        ORDER BY o.id
        """
    )
    return rows


async def holds_without_work(tx: Transaction) -> int:
    """Open holds whose generation has ended: credits that nobody will give back."""
    found: int = await tx.fetchval(
        """
        SELECT count(*) FROM ledger_entries h
        JOIN generations g ON g.id = h.generation_id
        WHERE h.type = 'hold' AND g.status NOT IN ('queued', 'processing')
          AND NOT EXISTS (SELECT FROM ledger_entries e WHERE e.hold_id = h.id)
        """
    )
    return found


async def objects(tx: Transaction, after: str, most: int) -> list[Row]:
    """Images and films with the objects that they name, deleted ones too: their bytes stay."""
    rows: list[Row] = await tx.fetch(
        """
        SELECT * FROM (
            SELECT id, object_key, original_key AS beside_key, bytes FROM images
            WHERE object_key IS NOT NULL
            UNION ALL SELECT id, object_key, poster_key, bytes FROM videos
            WHERE object_key IS NOT NULL) media
        WHERE id > $1 ORDER BY id LIMIT $2
        """,
        after, most,
    )  # fmt: skip
    return rows


async def take_over_events(tx: Transaction) -> None:
    """Make visible what another cluster wrote, in a database that was moved with pg_dump alone.

    No transaction that is seen here can have a number that this cluster hasn't given out yet, so
    the event is of a cluster that counted further, and so are all of its organization before it.
    With one number below all that run, they are seen again, in the order of `position`.
    """
    # Once in a database's life, and as long as its log needs.
    await tx.execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
    # Webhooks' place in the log: before the first event that had not been read for them.
    await tx.execute(
        """
        UPDATE webhook_cursor c SET xid = '3'::xid8, position = coalesce(
            (SELECT min(e.position) - 1 FROM events e
             WHERE (e.xid, e.position) > (c.xid, c.position)),
            (SELECT max(e.position) FROM events e), 0)
        WHERE c.xid >= pg_snapshot_xmax(pg_current_snapshot())
        """,
        timeout=_TAKE_OVER_SECONDS,
    )
    await tx.execute(
        """
        UPDATE events e SET xid = '3'::xid8
        FROM organizations o, LATERAL (
            SELECT max(f.position) AS position FROM events f
            WHERE f.organization_id = o.id AND f.xid >= pg_snapshot_xmax(pg_current_snapshot())) s
        WHERE e.organization_id = o.id AND e.position <= s.position AND e.xid <> '3'::xid8
        """,
        timeout=_TAKE_OVER_SECONDS,
    )


async def vault_mark(tx: Transaction, own: str) -> str:
    """The mark of the secret that the database's secrets are sealed with; at first our own.

    Of two first starts at once the later sees the earlier one's.
    """
    found: str = await tx.fetchval(
        """
        INSERT INTO vault_mark (mark) VALUES ($1)
        ON CONFLICT (single) DO UPDATE SET mark = vault_mark.mark RETURNING mark
        """,
        own,
    )
    return found


async def set_vault_mark(tx: Transaction, own: str) -> None:
    await tx.execute("UPDATE vault_mark SET mark = $1 WHERE mark <> $1", own)


async def reseal(tx: Transaction, resealed: Callable[[bytes], bytes | None]) -> None:
    """Put every stored secret through `resealed`; None leaves one as it is."""
    # As many as there are endpoints, and a day's new keys.
    await tx.execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
    for table, column, condition in _SEALED:
        rows = await tx.fetch(
            f"SELECT ctid, {column} AS sealed FROM {table} WHERE {condition} FOR UPDATE",  # noqa: S608
            timeout=_TAKE_OVER_SECONDS,
        )
        for row in rows:
            fresh = resealed(row["sealed"])
            if fresh is not None:
                await tx.execute(
                    f"UPDATE {table} SET {column} = $2 WHERE ctid = $1",  # noqa: S608
                    row["ctid"], fresh,
                )  # fmt: skip


async def has_members(tx: Transaction, organization_id: str) -> bool:
    """Whether there is this organization; a sandbox twin's members are its organization's."""
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM organizations WHERE id = $1 AND sandbox_of IS NULL)",
        organization_id,
    )
    return found


async def forget_vault_mark(tx: Transaction) -> None:
    await tx.execute("DELETE FROM vault_mark")


async def plans_in_use(tx: Transaction) -> set[str]:
    """Names of the plans that organizations have."""
    rows = await tx.fetch("SELECT DISTINCT plan FROM organizations")
    return {row["plan"] for row in rows}
