"""SQL of work in batches: many rows in one statement each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from tintype.db.pool import Row, Transaction
from tintype.generations.queries import GENERATION
from tintype.generations.run_queries import PLACES

# What new work of a batch has, by column and type; the others have their defaults.
_TYPES: Final = {
    "id": "text", "organization_id": "text", "project_id": "text", "flow_id": "text",
    "persona_id": "text", "persona_words": "text", "batch_id": "text", "batch_index": "integer",
    "custom_id": "text", "retry_of": "text", "api_key_id": "text", "user_id": "text",
    "source": "text", "livemode": "boolean", "kind": "text", "status": "text", "mode": "text",
    "strength": "real", "preset": "text", "prompt": "text", "enhanced_prompt": "text",
    "negative_prompt": "text", "auto_enhance": "boolean", "model": "text", "engine": "text",
    "fidelity": "text", "aspect_ratio": "text", "resolution": "text", "width": "integer",
    "height": "integer", "seed": "bigint", "variants": "smallint", "duration_seconds": "real",
    "sources": "jsonb", "alias": "text", "flow_alias": "text", "meta": "jsonb",
    "webhook_url": "text", "credits_reserved": "bigint", "hold_id": "text", "parked": "boolean",
    "turn": "bigint", "cancel_at": "interval",
}  # fmt: skip
COLUMNS: Final = frozenset(_TYPES)


async def insert_all(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert new work; every row has all of `COLUMNS`.

    A value that all rows share is sent once, the others as an array a column: one statement of
    some forty parameters, however many rows.
    """
    assert len({row["organization_id"] for row in rows}) == 1, "a batch is one organization's"
    values: list[Any] = []
    names: list[str] = []
    shown: list[str] = []
    arrays: list[str] = []
    for name, type_ in _TYPES.items():
        column = [row[name] for row in rows]
        # Ids are as many as rows, also where there is one row only.
        shared = name != "id" and all(value == column[0] for value in column)
        if type_ == "jsonb":
            sent = column[:1] if shared else column
            column = [msgspec.json.encode(value).decode() for value in sent]
        values.append(column[0] if shared else column)
        number = len(values)
        # Deadlines go by the database's clock: `cancel_at` is given as an interval from now.
        clock = "now() + " if type_ == "interval" else ""
        if shared:
            shown.append(f"{clock}${number}::{type_}")
        else:
            # An array of JSON has no codec of its own.
            arrays.append(f"${number}::{'text' if type_ == 'jsonb' else type_}[]")
            names.append(name)
            shown.append(f"{clock}n.{name}::{type_}")
    await tx.execute(
        f"""
        INSERT INTO generations ({", ".join(_TYPES)})
        SELECT {", ".join(shown)} FROM unnest({", ".join(arrays)}) AS n ({", ".join(names)})
        """,  # noqa: S608
        *values,
    )


async def begun_at(tx: Transaction) -> datetime:
    """When the transaction began: the `created_at` of what it inserts."""
    found: datetime = await tx.fetchval("SELECT now()")
    return found


async def places(tx: Transaction, organization_id: str, limits: Mapping[str, int]) -> int | None:
    """How many jobs of the organization may run at once, None for any number.

    `limits` are those of plans that have one; the sandbox goes by its organization's terms.
    """
    found: int | None = await tx.fetchval(
        f"""
        SELECT {PLACES.format(limits="$2")} FROM organizations o
        JOIN organizations p ON p.id = coalesce(o.sandbox_of, o.id)
        WHERE o.id = $1
        """,  # noqa: S608
        organization_id, limits,
    )  # fmt: skip
    return found


async def cancel_waiting(tx: Transaction, organization_id: str, batch_id: str) -> list[Row]:
    """End what no run has taken; those that cancel at once lock the rows in one order."""
    rows: list[Row] = await tx.fetch(
        f"""
        UPDATE generations SET status = 'canceled', parked = false, completed_at = now()
        WHERE organization_id = $1 AND id = ANY (ARRAY(
            SELECT id FROM generations
            WHERE organization_id = $1 AND batch_id = $2 AND status = 'queued'
            ORDER BY id FOR UPDATE))
        RETURNING {GENERATION}
        """,  # noqa: S608
        organization_id, batch_id,
    )  # fmt: skip
    return rows


async def results(
    tx: Transaction,
    organization_id: str,
    batch_id: str,
    status: str | None,
    after: str | None,
    offset: int,
    limit: int,
) -> list[Row]:
    """A batch's work that isn't deleted, in the order in which it was asked for."""
    rows: list[Row] = await tx.fetch(
        f"""
        SELECT {GENERATION} FROM generations
        WHERE organization_id = $1 AND batch_id = $2 AND deleted_at IS NULL
          AND ($3::text IS NULL OR status = $3) AND id > coalesce($4, '')
        ORDER BY id OFFSET $5 LIMIT $6
        """,  # noqa: S608
        organization_id, batch_id, status, after, offset, limit,
    )  # fmt: skip
    return rows


async def count(tx: Transaction, organization_id: str, batch_id: str, status: str | None) -> int:
    found: int = await tx.fetchval(
        """
        SELECT count(*) FROM generations
        WHERE organization_id = $1 AND batch_id = $2 AND deleted_at IS NULL
          AND ($3::text IS NULL OR status = $3)
        """,
        organization_id, batch_id, status,
    )  # fmt: skip
    return found
