"""SQL of the way out: reading the log, ringing, claiming, recording. The server's own, for all.

Every write after a claim says whose claim it writes under. Times are the database's.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from tintype.db.pool import Row, Transaction


async def take_turn(tx: Transaction) -> Row | None:
    """Where the log has been read to; None while another process reads on.

    A cursor from beyond the present is of another database, restored here: its own old events are
    then counted from the beginning of time, in the order of their positions.
    """
    return await tx.fetchrow(
        """
        SELECT CASE WHEN xid < pg_snapshot_xmax(pg_current_snapshot()) THEN xid::text
                    ELSE '3' END AS xid, position
        FROM webhook_cursor FOR UPDATE SKIP LOCKED
        """
    )


async def log_after(tx: Transaction, xid: str, position: int, most: int, silent: str) -> list[Row]:
    """The next events of all organizations, each as often as it has endpoints, but at least once.

    Up to the oldest transaction still open, so that nothing can later appear before the cursor.
    `silent` is a type that is sent to whom it was made for only.
    """
    rows: list[Row] = await tx.fetch(
        """
        WITH page AS MATERIALIZED (
            SELECT id, organization_id, xid, position, type, webhook_url, created_at FROM events
            WHERE (xid, position) > ($1::text::xid8, $2::bigint)
              AND xid < pg_snapshot_xmin(pg_current_snapshot())
            ORDER BY xid, position LIMIT $3)
        SELECT p.id, p.organization_id, p.xid::text, p.position, p.type, p.webhook_url,
               extract(epoch FROM clock_timestamp() - p.created_at)::float8 AS age,
               w.id AS endpoint_id, w.url, w.failing_since IS NOT NULL AS failing
        FROM page p LEFT JOIN webhook_endpoints w
          ON w.organization_id = p.organization_id AND w.disabled_at IS NULL
         AND (p.type = ANY (w.events) OR '*' = ANY (w.events)) AND p.type <> $4
         AND w.created_at <= p.created_at
        ORDER BY p.xid, p.position
        """,
        xid, position, most, silent,
    )  # fmt: skip
    return rows


async def move(tx: Transaction, xid: str, position: int) -> None:
    await tx.execute("UPDATE webhook_cursor SET xid = $1::text::xid8, position = $2", xid, position)


async def standing(tx: Transaction) -> Row:
    """Whether there is anyone to tell, and whether events wait for an older transaction to end."""
    row = await tx.fetchrow(
        """
        SELECT EXISTS (SELECT FROM webhook_endpoints WHERE disabled_at IS NULL) AS endpoints,
               EXISTS (SELECT FROM events
                   WHERE xid >= pg_snapshot_xmin(pg_current_snapshot())) AS behind
        """
    )
    assert row is not None
    return row


async def retried(tx: Transaction, lanes: Sequence[str]) -> set[str]:
    """Those lanes in which something is being tried again."""
    rows = await tx.fetch(
        "SELECT DISTINCT lane FROM webhook_deliveries"
        " WHERE lane = ANY ($1) AND status = 'pending' AND tries > 0",
        lanes,
    )
    return {row["lane"] for row in rows}


async def due_lanes(tx: Transaction, entrypoints: Sequence[str], most: int) -> list[Row]:
    """Lanes with something due and no ring. Each lane costs two looks into one index.

    What an endpoint that is switched off has pending waits for its switching on; `deleted` is one
    that was deleted while the log was read on.
    """
    rows: list[Row] = await tx.fetch(
        """
        WITH RECURSIVE lanes AS (
            (SELECT lane FROM webhook_deliveries WHERE status = 'pending' ORDER BY lane LIMIT 1)
            UNION ALL
            SELECT (SELECT d.lane FROM webhook_deliveries d
                    WHERE d.status = 'pending' AND d.lane > l.lane ORDER BY d.lane LIMIT 1)
            FROM lanes l WHERE l.lane IS NOT NULL)
        SELECT l.lane, w.failing_since IS NOT NULL OR (w.id IS NULL AND EXISTS (
                   SELECT FROM webhook_deliveries d
                   WHERE d.lane = l.lane AND d.status = 'pending' AND d.tries > 0)) AS failing,
               w.id IS NULL AND l.lane ^@ 'whe_' AS deleted
        FROM lanes l LEFT JOIN webhook_endpoints w ON w.id = l.lane
        WHERE l.lane IS NOT NULL AND w.disabled_at IS NULL
          AND EXISTS (SELECT FROM webhook_deliveries d
              WHERE d.lane = l.lane AND d.status = 'pending' AND d.next_attempt_at <= now())
          AND NOT EXISTS (SELECT FROM pgqueuer q, unnest($1::text[]) AS name
              WHERE q.dedupe_key = name || ':' || l.lane AND q.status IN ('queued', 'picked'))
        LIMIT $2
        """,
        entrypoints, most,
    )  # fmt: skip
    return rows


async def wake(tx: Transaction, channel: str, lanes: Sequence[str]) -> None:
    """Tell the runs of these lanes, wherever they are, that there is more to send."""
    await tx.execute("SELECT pg_notify($1, lane) FROM unnest($2::text[]) AS lane", channel, lanes)


async def is_due(tx: Transaction, lane: str) -> bool:
    """Whether there is something to send, and an endpoint that takes it."""
    found: bool = await tx.fetchval(
        """
        SELECT EXISTS (SELECT FROM webhook_deliveries
            WHERE lane = $1 AND status = 'pending' AND next_attempt_at <= now())
          AND (NOT $1::text ^@ 'whe_' OR EXISTS (SELECT FROM webhook_endpoints
            WHERE id = $1 AND disabled_at IS NULL))
        """,
        lane,
    )
    return found


# Where to send and how to sign; an old secret only while it still signs. `healthy`: a further
# success is no news.
_ENDPOINT = """
    SELECT url, secret,
           CASE WHEN previous_until > now() THEN previous_secret END AS previous_secret,
           failing_since IS NULL AND last_success_at > now() - interval '10 seconds' AS healthy
    FROM webhook_endpoints WHERE id = $1 AND disabled_at IS NULL
"""
_REQUEST = """
    SELECT NULL AS url, secret,
           CASE WHEN previous_until > now() THEN previous_secret END AS previous_secret,
           true AS healthy
    FROM webhook_secrets WHERE organization_id = split_part($1, ':', 1)
"""


async def claim(
    tx: Transaction, lane: str, claim_id: UUID, lease_seconds: float, most: int
) -> list[Row]:
    """What is due, the longest first, for as long as the lease, with the place's present state.

    Nothing of an endpoint that is switched off, and nothing where there is no secret yet.
    """
    rows: list[Row] = await tx.fetch(
        f"""
        WITH place AS MATERIALIZED ({_ENDPOINT if lane.startswith("whe_") else _REQUEST}),
        due AS (
            SELECT id FROM webhook_deliveries
            WHERE lane = $1 AND status = 'pending' AND next_attempt_at <= now()
              AND EXISTS (SELECT FROM place)
            ORDER BY next_attempt_at LIMIT $4 FOR UPDATE SKIP LOCKED)
        UPDATE webhook_deliveries d SET claim = $2, url = coalesce(p.url, d.url),
            next_attempt_at = clock_timestamp() + make_interval(secs => $3)
        FROM due, events e, place p WHERE d.id = due.id AND e.id = d.event_id
        RETURNING d.id, d.url, d.tries, d.event_id, d.type, e.created_at, e.data::text AS data,
                  clock_timestamp() AS claimed_at, p.secret, p.previous_secret, p.healthy
        """,  # noqa: S608
        lane, claim_id, lease_seconds, most,
    )  # fmt: skip
    return rows


async def record(
    tx: Transaction,
    claim_id: UUID,
    *,
    ids: Sequence[str],
    started_at: Sequence[object],
    milliseconds: Sequence[int],
    status: Sequence[int | None],
    error: Sequence[str | None],
    answer: Sequence[str],
    outcome: Sequence[str],
    delay: Sequence[timedelta],
) -> int:
    """Write attempts and what follows from each; answer how many were ours to write.

    An outcome is the delivery's status after it; with `pending` it is due again after the delay.
    """
    written: int = await tx.fetchval(
        """
        WITH result AS (
            SELECT * FROM unnest($2::text[], $3::timestamptz[], $4::integer[], $5::smallint[],
                $6::text[], $7::text[], $8::text[], $9::interval[])
                AS r (id, started_at, milliseconds, status, error, answer, outcome, delay)),
        kept AS (
            UPDATE webhook_deliveries d SET attempts = d.attempts + 1, tries = d.tries + 1,
                claim = NULL, status = r.outcome, last_status = r.status, last_error = r.error,
                next_attempt_at = CASE WHEN r.outcome = 'pending' THEN now() + r.delay END,
                ended_at = CASE WHEN r.outcome <> 'pending' THEN now() END
            FROM result r WHERE d.id = r.id AND d.claim = $1 AND d.status = 'pending'
            RETURNING d.id, d.attempts),
        written AS (
            INSERT INTO webhook_attempts
                (delivery_id, number, started_at, milliseconds, status, error, answer)
            SELECT k.id, k.attempts, r.started_at, r.milliseconds, r.status, r.error, r.answer
            FROM kept k JOIN result r ON r.id = k.id RETURNING 1)
        SELECT count(*) FROM written
        """,
        claim_id, ids, started_at, milliseconds, status, error, answer, outcome, delay,
    )  # fmt: skip
    return written


async def mark(
    tx: Transaction,
    endpoint_id: str,
    *,
    succeeded: bool,
    failed: bool,
    gone: bool,
    failing_days: float,
) -> str | None:
    """Keep an endpoint's account of success and failure; answer why it was switched off just now.

    A success is written at most every ten seconds, where it tells nothing new.
    """
    reason: str | None = await tx.fetchval(
        """
        WITH before AS (
            SELECT id, disabled_at IS NOT NULL AS off FROM webhook_endpoints
            WHERE id = $1 AND ($3 OR failing_since IS NOT NULL OR last_success_at IS NULL
                OR last_success_at < now() - interval '10 seconds') FOR UPDATE),
        judged AS (
            UPDATE webhook_endpoints w SET
                last_success_at = CASE WHEN $2 THEN now() ELSE last_success_at END,
                last_failure_at = CASE WHEN $3 THEN now() ELSE last_failure_at END,
                failing_since = CASE WHEN $2 THEN NULL ELSE coalesce(failing_since, now()) END,
                disabled_reason = coalesce(disabled_reason, CASE
                    WHEN $4 THEN 'gone'
                    WHEN NOT $2 AND failing_since <= now() - make_interval(secs => $5)
                        THEN 'failing' END),
                disabled_at = coalesce(disabled_at, CASE
                    WHEN $4 OR (NOT $2 AND failing_since <= now() - make_interval(secs => $5))
                        THEN now() END)
            FROM before b WHERE w.id = b.id RETURNING w.disabled_reason, b.off)
        SELECT disabled_reason FROM judged WHERE NOT off
        """,
        endpoint_id, succeeded, failed, gone, failing_days * 86_400,
    )  # fmt: skip
    return reason


async def hold_up(tx: Transaction, lane: str, error: str, seconds: float) -> None:
    """Put off what is due in a lane and tell why; no attempt is counted."""
    await tx.execute(
        """
        UPDATE webhook_deliveries SET last_error = $2, claim = NULL,
            next_attempt_at = now() + make_interval(secs => $3)
        WHERE lane = $1 AND status = 'pending' AND next_attempt_at <= now()
        """,
        lane, error, seconds,
    )  # fmt: skip


async def give_back(tx: Transaction, lane: str, claim_id: UUID) -> None:
    """What was claimed and not sent to an end is due at once, for another run."""
    await tx.execute(
        """
        UPDATE webhook_deliveries SET claim = NULL, next_attempt_at = now()
        WHERE lane = $1 AND status = 'pending' AND claim = $2
        """,
        lane, claim_id,
    )  # fmt: skip


async def abandon(tx: Transaction, lanes: Sequence[str]) -> None:
    """What is pending for endpoints that were deleted has failed."""
    await tx.execute(
        """
        UPDATE webhook_deliveries SET status = 'failed', last_error = 'endpoint_deleted',
            claim = NULL, next_attempt_at = NULL, ended_at = now()
        WHERE lane = ANY ($1) AND status = 'pending'
        """,
        lanes,
    )


async def prune(tx: Transaction, days: int, most: int) -> bool:
    """Forget old deliveries with their attempts; True when there may be more than this batch."""
    status = await tx.execute(
        """
        DELETE FROM webhook_deliveries WHERE id = ANY (ARRAY(
            SELECT id FROM webhook_deliveries
            WHERE created_at < now() - make_interval(days => $1) LIMIT $2))
        """,
        days, most,
    )  # fmt: skip
    return bool(status == f"DELETE {most}")
