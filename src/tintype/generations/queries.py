"""SQL of generations as clients see them. What a run writes is in `run_queries.py`."""

from collections.abc import Mapping
from typing import Any

from tintype.db.filters import asked_for
from tintype.db.pool import Row, Transaction

GENERATION = """
    id, organization_id, kind, status, progress, prompt, enhanced_prompt, negative_prompt, model,
    engine, fidelity, aspect_ratio, resolution, width, height, seed, variants, sources, mode,
    strength, preset, project_id, flow_id, persona_id, batch_id, retry_of, alias, flow_alias,
    auto_enhance, attempts, source, api_key_id, livemode, credits_reserved, credits_used, hold_id,
    error, meta, webhook_url, created_at, started_at, completed_at, timings, turn, parked,
    duration_seconds, persona_words, faults, batch_index, custom_id, recipe
"""

_COLUMNS = (
    "id", "organization_id", "project_id", "flow_id", "persona_id", "persona_words", "batch_id",
    "retry_of", "api_key_id", "user_id", "source", "livemode", "kind", "status", "mode", "strength",
    "preset", "prompt", "enhanced_prompt", "negative_prompt", "auto_enhance", "model", "engine",
    "fidelity", "aspect_ratio", "resolution", "width", "height", "seed", "variants",
    "duration_seconds", "sources", "alias", "flow_alias", "meta", "webhook_url",
    "credits_reserved", "hold_id", "cancel_at", "parked", "recipe",
)  # fmt: skip
# Deadlines go by the database's clock: `cancel_at` is given as an interval from now.
_VALUES = ", ".join(
    f"now() + ${n}::interval" if name == "cancel_at" else f"${n}"
    for n, name in enumerate(_COLUMNS, 1)
)
# How far the queue of an engine is: the turn of the first that waits for a worker or, where none
# does, of the last that was begun. What waits for another attempt, or for a place of its own
# organization, says nothing of that.
HEAD = """coalesce(
    (SELECT h.turn FROM generations h WHERE h.engine = {engine} AND h.status = 'queued'
       AND NOT h.parked AND h.run_after <= clock_timestamp() ORDER BY h.turn LIMIT 1),
    (SELECT max(h.turn) FROM generations h WHERE h.engine = {engine} AND h.status = 'processing'))
"""
# The next start tag of start-time fair queueing (Goyal, Vin, Cheng 1996) for an organization's
# single work (`single`) or work in batches on an engine: one `step` a variant after its own last,
# but never before the head of the queue. Who has nothing under way comes just before the head: tags
# are even but for those, so that they stay in order among themselves. An engine at rest begins anew
# at 0, and what was done before the oldest that waits is forgotten.
_TURN = f"""(
    SELECT greatest(
        head.turn - 1 + abs(head.turn % 2),
        (SELECT w.turn + {{step}} * w.variants & ~1::bigint FROM generations w
         WHERE w.organization_id = {{organization}} AND w.engine = {{engine}}
           AND w.status = 'queued' AND (w.batch_id IS NULL)::integer = {{single}}::integer
         ORDER BY w.turn DESC LIMIT 1),
        (SELECT CASE WHEN l.created_at >= head.since AND l.engine = {{engine}}
                      AND (l.batch_id IS NULL) = {{single}}
                     THEN l.turn + {{step}} * l.variants & ~1::bigint END
         FROM (SELECT turn, variants, created_at, batch_id, engine FROM generations
               WHERE organization_id = {{organization}} AND deleted_at IS NULL
               ORDER BY id DESC LIMIT 1) l),
        CASE WHEN head.turn IS NULL THEN 0 END)
    FROM (SELECT
        {HEAD} AS turn,
        (SELECT run_after FROM generations
         WHERE engine = {{engine}} AND status = 'queued' AND NOT parked
         ORDER BY run_after LIMIT 1) AS since) head)"""  # noqa: S608
_OWN = _TURN.format(
    step=f"${len(_COLUMNS) + 1}::bigint",
    organization=f"${_COLUMNS.index('organization_id') + 1}",
    engine=f"${_COLUMNS.index('engine') + 1}",
    single=f"(${_COLUMNS.index('batch_id') + 1}::text IS NULL)",
)
_INSERT = (
    f"INSERT INTO generations ({', '.join(_COLUMNS)}, turn)"  # noqa: S608
    f" VALUES ({_VALUES}, {_OWN}) RETURNING {GENERATION}"
)


async def insert(tx: Transaction, fields: Mapping[str, Any], step: int) -> Row:
    """`fields` has every column of `_COLUMNS`, organization_id among them; `cancel_at` from now.

    `step` is how far one variant puts the organization back in the queue: an even number.
    """
    row = await tx.fetchrow(_INSERT, *(fields[name] for name in _COLUMNS), step)
    assert row is not None
    return row


async def next_turn(tx: Transaction, organization_id: str, engine: str, step: int) -> int:
    """The turn of an organization's next work in a batch on an engine."""
    turn = _TURN.format(step="$3::bigint", organization="$1", engine="$2", single="false")
    found: int = await tx.fetchval(f"SELECT {turn}", organization_id, engine, step)
    return found


async def find(
    tx: Transaction,
    organization_id: str,
    generation_id: str,
    project_id: str | None,
    *,
    lock: bool = False,
) -> Row | None:
    """One that isn't deleted; `project_id` is the one that the caller's key is bound to, if any."""
    return await tx.fetchrow(
        f"""
        SELECT {GENERATION} FROM generations
        WHERE organization_id = $1 AND id = $2 AND deleted_at IS NULL
          AND ($3::text IS NULL OR project_id = $3)
        {"FOR UPDATE" if lock else ""}
        """,  # noqa: S608
        organization_id, generation_id, project_id,
    )  # fmt: skip


async def hold_flow_of(tx: Transaction, organization_id: str, generation_id: str) -> None:
    """Keep the work's flow, if it has one, from being deleted."""
    await tx.execute(
        """
        SELECT FROM flows WHERE organization_id = $1 AND id = (
            SELECT flow_id FROM generations WHERE organization_id = $1 AND id = $2)
        FOR KEY SHARE
        """,
        organization_id, generation_id,
    )  # fmt: skip


_CONDITIONS = {
    "status": "status = {0}",
    "kind": "kind = {0}",
    "mode": "mode = {0}",
    "finished": "mode IS NOT NULL AND {0}",
    "flow_id": "flow_id = {0}",
    "project_id": "project_id = {0}",
    "batch_id": "batch_id = {0}",
    "source": "source = {0}",
    "model": "model = {0}",
    "created_after": "created_at > {0}",
    "created_before": "created_at < {0}",
    "q": "(prompt ILIKE {0} OR enhanced_prompt ILIKE {0})",
    "after": "id < {0}",
}


async def page(
    tx: Transaction, organization_id: str, filters: Mapping[str, Any], *, offset: int, limit: int
) -> list[Row]:
    where, values = asked_for(_CONDITIONS, filters, 4)
    rows: list[Row] = await tx.fetch(
        f"""
        SELECT {GENERATION} FROM generations
        WHERE organization_id = $1 AND deleted_at IS NULL {where}
        ORDER BY id DESC OFFSET $2 LIMIT $3
        """,  # noqa: S608
        organization_id, offset, limit, *values,
    )  # fmt: skip
    return rows


async def count(
    tx: Transaction, organization_id: str, filters: Mapping[str, Any], most: int
) -> int:
    where, values = asked_for(_CONDITIONS, filters, 3)
    found: int = await tx.fetchval(
        f"""
        SELECT count(*) FROM (SELECT FROM generations
            WHERE organization_id = $1 AND deleted_at IS NULL {where} LIMIT $2) s
        """,  # noqa: S608
        organization_id, most, *values,
    )  # fmt: skip
    return found


async def soft_delete(tx: Transaction, organization_id: str, generation_id: str) -> None:
    await tx.execute(
        "UPDATE generations SET deleted_at = now() WHERE organization_id = $1 AND id = $2",
        organization_id, generation_id,
    )  # fmt: skip


async def request_cancel(tx: Transaction, organization_id: str, generation_id: str) -> None:
    """Ask the run that has the lease to let go."""
    await tx.execute(
        """
        UPDATE generations SET cancel_requested_at = coalesce(cancel_requested_at, now())
        WHERE organization_id = $1 AND id = $2
        """,
        organization_id, generation_id,
    )  # fmt: skip


async def cancel_queued(tx: Transaction, organization_id: str, generation_id: str) -> Row | None:
    return await tx.fetchrow(
        f"""
        UPDATE generations SET status = 'canceled', parked = false, completed_at = now()
        WHERE organization_id = $1 AND id = $2 AND status = 'queued'
        RETURNING {GENERATION}
        """,  # noqa: S608
        organization_id, generation_id,
    )  # fmt: skip
