"""SQL of runs: claim, renew, finish. Every write after the claim says whose lease it writes under.

A run is the server's own, for any tenant: it starts from an id that the queue rang with. Zero rows
from a write mean that the lease is lost; the run stops and discards what it made.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from tintype.db.pool import Row, Transaction
from tintype.generations.queries import GENERATION, HEAD
from tintype.queue import rings_in_sql

_CANCELED = """(cancel_requested_at IS NOT NULL
    OR coalesce(cancel_at <= clock_timestamp(), false))"""


# Places of an organization are judged one claim after the other; the key has 2 x 32 bits, where the
# locks of others have 64.
_TURN_AT_PLACES = "pg_advisory_xact_lock(hashtext('places'), hashtext({0}))"
PLACES = "coalesce(p.concurrency, ({limits}::jsonb ->> p.plan)::integer)"
_RUNNING = """(SELECT count(*) FROM generations r
    WHERE r.organization_id = {0} AND r.status = 'processing' AND r.id <> {1})"""


async def places(tx: Transaction, generation_id: str, limits: Mapping[str, int]) -> Row | None:
    """The work's organization and how many jobs of it may run at once, None for any number.

    `limits` are those of plans that have one; the sandbox goes by its organization's terms. Where
    there is a limit, other claims and releases of places wait from here until the commit.
    """
    return await tx.fetchrow(
        f"""
        SELECT o.id AS organization_id, {PLACES.format(limits="$2")} AS places,
               CASE WHEN {PLACES.format(limits="$2")} IS NOT NULL
                    THEN {_TURN_AT_PLACES.format("o.id")} END
        FROM generations g
        JOIN organizations o ON o.id = g.organization_id
        JOIN organizations p ON p.id = coalesce(o.sandbox_of, o.id)
        WHERE g.id = $1
        """,  # noqa: S608
        generation_id, limits,
    )  # fmt: skip


# What a run needs to know of its organization.
_ORGANIZATION = """
    (SELECT private_media FROM organizations o WHERE o.id = g.organization_id) AS private_media,
    (SELECT signing_secret FROM organizations o WHERE o.id = g.organization_id) AS signing_secret
"""
_PLACES_OF_WORK = f"""(SELECT {PLACES.format(limits="$5")} FROM organizations o
    JOIN organizations p ON p.id = coalesce(o.sandbox_of, o.id) WHERE o.id = g.organization_id)"""  # noqa: S608
_IN_TURN = f"""{_RUNNING.format("g.organization_id", "g.id")}
    < coalesce({_PLACES_OF_WORK}, 2147483647)"""


async def claim(
    tx: Transaction,
    generation_id: str,
    lease: UUID,
    lease_seconds: float,
    attempts_max: int,
    limits: Mapping[str, int],
    *,
    alone: bool,
    in_turn: bool = False,
) -> Row | None:
    """Take queued work, or work whose last run let its lease run out; count the attempt.

    The last attempt after a run that died is only for a run that is `alone` in its process. Work of
    an organization with a number of places is taken only `in_turn` (see `places`), and where one
    of them is free.
    """
    # Words rather than parameters: with those PostgreSQL would plan it anew each time.
    dead = "" if alone else "AND attempts < $4 - 1"
    room = _IN_TURN if in_turn else f"{_PLACES_OF_WORK} IS NULL"
    return await tx.fetchrow(
        f"""
        UPDATE generations g SET status = 'processing', lease = $2, parked = false,
            lease_until = clock_timestamp() + make_interval(secs => $3),
            attempts = attempts + 1, started_at = coalesce(started_at, clock_timestamp())
        WHERE id = $1 AND attempts < $4 AND cancel_requested_at IS NULL
          AND (cancel_at IS NULL OR cancel_at > clock_timestamp())
          AND (status = 'queued' AND run_after <= clock_timestamp()
               OR status = 'processing' AND lease_until < clock_timestamp() {dead})
          AND {room}
        RETURNING {GENERATION}, {_ORGANIZATION}
        """,  # noqa: S608
        generation_id, lease, lease_seconds, attempts_max, limits,
    )  # fmt: skip


async def standing(tx: Transaction, generation_id: str, places: int | None) -> Row | None:
    """Why a claim found nothing. `wait` is how long until the work is due, or its lease over.

    `full` says that all of its organization's `places` are taken.
    """
    return await tx.fetchrow(
        f"""
        SELECT organization_id, engine, status, attempts, parked, {_CANCELED} AS canceled,
               greatest(coalesce(lease_until, run_after) - clock_timestamp(), interval '0') AS wait,
               coalesce({_RUNNING.format("g.organization_id", "g.id")} >= $2::integer, false)
                   AS full
        FROM generations g WHERE id = $1
        """,  # noqa: S608
        generation_id, places,
    )  # fmt: skip


async def park(tx: Transaction, generation_id: str) -> Row | None:
    """Let queued work wait, without a ring, for a place of its organization; how it stands then."""
    return await tx.fetchrow(
        "UPDATE generations SET parked = true WHERE id = $1 AND status = 'queued'"
        " RETURNING status, attempts, parked, false AS canceled, interval '0' AS wait",
        generation_id,
    )


async def unpark(tx: Transaction, organization_id: str, places: int | None, most: int) -> list[Row]:
    """The organization's next work for the places that nothing runs in and nothing is rung for.

    It comes back into the queue at its head's turn: what waited for its own organization's sake
    must not overtake others. The caller holds the organization's turn at its places.
    """
    rows: list[Row] = await tx.fetch(
        f"""
        UPDATE generations g SET parked = false, run_after = now(),
            turn = greatest(turn, {HEAD.format(engine="g.engine")})
        WHERE id = ANY (ARRAY(
            SELECT id FROM generations WHERE organization_id = $1 AND parked ORDER BY turn, id
            LIMIT greatest(0, least($3, $2::integer
                - {_RUNNING.format("$1", "''")}
                - (SELECT count(*) FROM (SELECT FROM generations
                    WHERE organization_id = $1 AND status = 'queued' AND NOT parked
                      AND run_after <= clock_timestamp() LIMIT $3) rung)))
            FOR UPDATE SKIP LOCKED))
        RETURNING id, engine, turn
        """,  # noqa: S608
        organization_id, places, most,
    )  # fmt: skip
    return rows


async def places_of(tx: Transaction, organization_id: str, limits: Mapping[str, int]) -> int | None:
    """As `places`, of an organization."""
    found: int | None = await tx.fetchval(
        f"""
        SELECT {PLACES.format(limits="$2")} FROM organizations o
        JOIN organizations p ON p.id = coalesce(o.sandbox_of, o.id),
            {_TURN_AT_PLACES.format("$1")}
        WHERE o.id = $1
        """,  # noqa: S608
        organization_id, limits,
    )  # fmt: skip
    return found


async def parking(tx: Transaction) -> list[str]:
    """Organizations of which work is parked."""
    rows = await tx.fetch("SELECT DISTINCT organization_id FROM generations WHERE parked")
    return [row["organization_id"] for row in rows]


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


async def complete(
    tx: Transaction,
    generation_id: str,
    lease: UUID,
    *,
    credits_used: int,
    timings: dict[str, int],
    faults: list[dict[str, Any]],
    width: int,
    height: int,
    notes: list[str],
) -> Row | None:
    """End work that is not to be canceled; None where it is, or where the lease is lost.

    `width` and `height` are for work that learnt its size only from the picture. `notes` join
    those of its recipe, if it has one.
    """
    return await tx.fetchrow(
        f"""
        UPDATE generations SET status = 'completed', progress = 1, credits_used = $3, timings = $4,
            faults = $5, width = coalesce(width, $6), height = coalesce(height, $7),
            recipe = CASE WHEN $8::jsonb = '[]' THEN recipe ELSE jsonb_set(
                recipe, '{{notes}}', coalesce(recipe -> 'notes', '[]') || $8
            ) END,
            lease = NULL, lease_until = NULL, error = NULL, completed_at = clock_timestamp()
        WHERE id = $1 AND lease = $2 AND status = 'processing' AND NOT {_CANCELED}
        RETURNING {GENERATION}
        """,  # noqa: S608
        generation_id, lease, credits_used, timings, faults, width, height, notes,
    )  # fmt: skip


async def charge(tx: Transaction, generation_id: str, credits_used: int) -> Row:
    """Let work that this transaction has completed cost something else."""
    row = await tx.fetchrow(
        f"UPDATE generations SET credits_used = $2 WHERE id = $1 RETURNING {GENERATION}",  # noqa: S608
        generation_id, credits_used,
    )  # fmt: skip
    assert row is not None
    return row


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
            parked = false, completed_at = clock_timestamp()
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
) -> str | None:
    """Return work to the queue, unless it is to be canceled; answer its engine if it was returned.

    `uncounted` where the attempt was cut short by a shutdown. The delay counts from the
    transaction's begin, as that of the ring does. The ring stays as urgent as it was, but the turn
    is the head's now: an old one would pass for how far the queue is.
    """
    engine: str | None = await tx.fetchval(
        f"""
        UPDATE generations g SET status = 'queued', lease = NULL, lease_until = NULL, error = $4,
            run_after = now() + $3, progress = 0,
            turn = greatest(turn, {HEAD.format(engine="g.engine")}),
            attempts = attempts - CASE WHEN $5 THEN 1 ELSE 0 END
        WHERE id = $1 AND lease = $2 AND status = 'processing' AND cancel_requested_at IS NULL
        RETURNING engine
        """,  # noqa: S608
        generation_id, lease, delay, error, uncounted,
    )  # fmt: skip
    return engine


async def expired(tx: Transaction, most: int) -> list[Row]:
    """Started work whose run let its lease run out."""
    rows: list[Row] = await tx.fetch(
        """
        SELECT id, organization_id, engine, turn, status, attempts,
               cancel_requested_at IS NOT NULL AS canceled
        FROM generations WHERE status = 'processing' AND lease_until < clock_timestamp()
        ORDER BY lease_until LIMIT $1
        """,
        most,
    )
    return rows


async def waiting(tx: Transaction, quiet_seconds: float, most: int) -> list[Row]:
    """Queued work that has been due for a while and has no ring: it was lost. Longest first."""
    rows: list[Row] = await tx.fetch(
        f"""
        SELECT id, organization_id, engine, turn, status, attempts,
               cancel_requested_at IS NOT NULL AS canceled
        FROM generations
        WHERE status = 'queued' AND NOT parked
          AND run_after < clock_timestamp() - make_interval(secs => $1)
          AND NOT {rings_in_sql("'generation.' || generations.engine", "generations.id")}
        ORDER BY run_after LIMIT $2
        """,  # noqa: S608
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
