"""SQL of runs: claim, renew, finish. Every write after the claim says whose lease it writes under.

A run is the server's own, for any tenant: it starts from an id that the queue rang with. Zero rows
from a write mean that the lease is lost; the run stops and discards what it made.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from tintype.db.pool import Row, Transaction
from tintype.generations.queries import GENERATION

_CANCELED = """(cancel_requested_at IS NOT NULL
    OR coalesce(cancel_at <= clock_timestamp(), false))"""


async def claim(
    tx: Transaction,
    generation_id: str,
    lease: UUID,
    lease_seconds: float,
    attempts_max: int,
    *,
    alone: bool,
) -> Row | None:
    """Take queued work, or work whose last run let its lease run out; count the attempt.

    The last attempt after a run that died is only for a run that is `alone` in its process.
    """
    return await tx.fetchrow(
        f"""
        UPDATE generations SET status = 'processing', lease = $2,
            lease_until = clock_timestamp() + make_interval(secs => $3),
            attempts = attempts + 1, started_at = coalesce(started_at, clock_timestamp())
        WHERE id = $1 AND attempts < $4 AND cancel_requested_at IS NULL
          AND (cancel_at IS NULL OR cancel_at > clock_timestamp())
          AND (status = 'queued' AND run_after <= clock_timestamp()
               OR status = 'processing' AND lease_until < clock_timestamp()
                  AND ($5 OR attempts < $4 - 1))
        RETURNING {GENERATION}
        """,  # noqa: S608
        generation_id, lease, lease_seconds, attempts_max, alone,
    )  # fmt: skip


async def standing(tx: Transaction, generation_id: str) -> Row | None:
    """Why a claim found nothing. `wait` is how long until the work is due, or its lease over."""
    return await tx.fetchrow(
        f"""
        SELECT organization_id, status, attempts, {_CANCELED} AS canceled,
               greatest(coalesce(lease_until, run_after) - clock_timestamp(), interval '0') AS wait
        FROM generations WHERE id = $1
        """,  # noqa: S608
        generation_id,
    )


async def renew(
    tx: Transaction, generation_id: str, lease: UUID, lease_seconds: float, progress: float
) -> Row | None:
    """Keep the lease and tell the progress; None when the lease is lost."""
    return await tx.fetchrow(
        f"""
        UPDATE generations SET lease_until = clock_timestamp() + make_interval(secs => $3),
            progress = greatest(progress, $4)
        WHERE id = $1 AND lease = $2 AND status = 'processing'
        RETURNING {_CANCELED} AS canceled
        """,  # noqa: S608
        generation_id, lease, lease_seconds, progress,
    )  # fmt: skip


async def still_held(tx: Transaction, generation_id: str, lease: UUID) -> Row | None:
    """What `renew` answers, without writing."""
    return await tx.fetchrow(
        f"""
        SELECT {_CANCELED} AS canceled FROM generations
        WHERE id = $1 AND lease = $2 AND status = 'processing'
        """,  # noqa: S608
        generation_id, lease,
    )  # fmt: skip


async def enhanced(tx: Transaction, generation_id: str, lease: UUID, prompt: str) -> bool:
    """Keep the fuller prompt, so that a further attempt draws from the same; False: lease lost."""
    status = await tx.execute(
        """
        UPDATE generations SET enhanced_prompt = $3
        WHERE id = $1 AND lease = $2 AND status = 'processing'
        """,
        generation_id, lease, prompt,
    )  # fmt: skip
    return bool(status == "UPDATE 1")


async def keep_flow(tx: Transaction, organization_id: str, flow_id: str) -> None:
    """Hold off the flow's deletion, which locks the flow before its generations, as we do."""
    await tx.execute(
        "SELECT FROM flows WHERE organization_id = $1 AND id = $2 FOR KEY SHARE",
        organization_id, flow_id,
    )  # fmt: skip


async def lock(tx: Transaction, generation_id: str, lease: UUID) -> Row | None:
    """Hold the row for a finishing transaction; None when the lease is lost."""
    return await tx.fetchrow(
        f"""
        SELECT flow_id, {_CANCELED} AS canceled FROM generations
        WHERE id = $1 AND lease = $2 AND status = 'processing' FOR UPDATE
        """,  # noqa: S608
        generation_id, lease,
    )  # fmt: skip


async def complete(
    tx: Transaction,
    generation_id: str,
    lease: UUID,
    *,
    credits_used: int,
    timings: dict[str, int],
    width: int,
    height: int,
) -> Row | None:
    """`width` and `height` are for work that learnt its size only from the picture."""
    return await tx.fetchrow(
        f"""
        UPDATE generations SET status = 'completed', progress = 1, credits_used = $3, timings = $4,
            width = coalesce(width, $5), height = coalesce(height, $6),
            lease = NULL, lease_until = NULL, error = NULL, completed_at = clock_timestamp()
        WHERE id = $1 AND lease = $2 AND status = 'processing'
        RETURNING {GENERATION}
        """,  # noqa: S608
        generation_id, lease, credits_used, timings, width, height,
    )  # fmt: skip


async def end(
    tx: Transaction,
    generation_id: str,
    lease: UUID | None,
    status: str,
    error: dict[str, Any] | None,
) -> Row | None:
    """Fail or cancel; without a lease, only work that no living run holds."""
    return await tx.fetchrow(
        f"""
        UPDATE generations SET status = $3, error = $4, lease = NULL, lease_until = NULL,
            completed_at = clock_timestamp()
        WHERE id = $1 AND status IN ('queued', 'processing')
          AND (lease = $2 OR $2 IS NULL AND (lease IS NULL OR lease_until < clock_timestamp()))
        RETURNING {GENERATION}
        """,  # noqa: S608
        generation_id, lease, status, error,
    )  # fmt: skip


async def put_back(
    tx: Transaction,
    generation_id: str,
    lease: UUID,
    delay: timedelta,
    error: dict[str, Any] | None,
    *,
    uncounted: bool,
) -> bool:
    """Return work to the queue, unless it is to be canceled.

    `uncounted` where the attempt was cut short by a shutdown. The delay counts from the
    transaction's begin, as that of the ring does.
    """
    status = await tx.execute(
        """
        UPDATE generations SET status = 'queued', lease = NULL, lease_until = NULL, error = $4,
            run_after = now() + $3, progress = 0,
            attempts = attempts - CASE WHEN $5 THEN 1 ELSE 0 END
        WHERE id = $1 AND lease = $2 AND status = 'processing' AND cancel_requested_at IS NULL
        """,
        generation_id, lease, delay, error, uncounted,
    )  # fmt: skip
    return bool(status == "UPDATE 1")


async def expired(tx: Transaction, most: int) -> list[Row]:
    """Started work whose run let its lease run out."""
    rows: list[Row] = await tx.fetch(
        """
        SELECT id, organization_id, status, attempts, cancel_requested_at IS NOT NULL AS canceled
        FROM generations WHERE status = 'processing' AND lease_until < clock_timestamp()
        ORDER BY lease_until LIMIT $1
        """,
        most,
    )
    return rows


async def waiting(tx: Transaction, quiet_seconds: float, most: int) -> list[Row]:
    """Queued work that has been due for a while, longest first: its ring may be lost."""
    rows: list[Row] = await tx.fetch(
        """
        SELECT id, organization_id, status, attempts, cancel_requested_at IS NOT NULL AS canceled
        FROM generations
        WHERE status = 'queued' AND run_after < clock_timestamp() - make_interval(secs => $1)
        ORDER BY run_after LIMIT $2
        """,
        quiet_seconds, most,
    )  # fmt: skip
    return rows


async def overdue(tx: Transaction, most: int) -> list[Row]:
    """Open work whose Cancel-After has passed."""
    rows: list[Row] = await tx.fetch(
        """
        SELECT id, organization_id, status FROM generations
        WHERE cancel_at <= clock_timestamp() AND status IN ('queued', 'processing')
          AND cancel_requested_at IS NULL LIMIT $1
        """,
        most,
    )
    return rows


async def reaper_turn(tx: Transaction) -> bool:
    """One process at a time reaps; the lock ends with the transaction."""
    taken: bool = await tx.fetchval("SELECT pg_try_advisory_xact_lock(x'72656170'::integer)")
    return taken


async def organization(tx: Transaction, organization_id: str) -> Row:
    row = await tx.fetchrow(
        "SELECT private_media, signing_secret FROM organizations WHERE id = $1", organization_id
    )
    assert row is not None
    return row
