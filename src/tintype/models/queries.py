"""SQL of custom models."""

from collections.abc import Mapping
from typing import Any

from tintype.db.filters import asked_for
from tintype.db.pool import Row, Transaction

_MODEL = (
    "id, organization_id, name, description, kind, base_model, engine, trigger_words, scale,"
    " status, error, source_url, object_key, bytes, sha256, tensors, file_metadata, livemode, meta,"
    " created_at, updated_at"
)
# `q` is a LIKE pattern that is escaped already.
_CONDITIONS = {
    "kind": "kind = {0}",
    "base_model": "base_model = {0}",
    "engine": "engine = {0}",
    "status": "status = {0}",
    "q": """(id ILIKE {0} OR name ILIKE {0} OR description ILIKE {0}
        OR array_to_string(trigger_words, ', ') ILIKE {0})""",
    "after": "id < {0}",
}


async def insert(
    tx: Transaction, model_id: str, organization_id: str, fields: Mapping[str, Any]
) -> Row:
    row = await tx.fetchrow(
        f"""
        INSERT INTO custom_models (id, organization_id, name, description, kind, base_model, engine,
            trigger_words, scale, status, source_url, object_key, bytes, sha256, tensors,
            file_metadata, livemode, meta)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
        RETURNING {_MODEL}
        """,  # noqa: S608
        model_id, organization_id, fields["name"], fields["description"], fields["kind"],
        fields["base_model"], fields["engine"], fields["trigger_words"], fields["scale"],
        fields["status"], fields["source_url"], fields["object_key"], fields["bytes"],
        fields["sha256"], fields["tensors"], fields["file_metadata"], fields["livemode"],
        fields["meta"],
    )  # fmt: skip
    assert row is not None
    return row


async def find(
    tx: Transaction, organization_id: str, model_id: str, *, lock: bool = False
) -> Row | None:
    """One that isn't deleted."""
    return await tx.fetchrow(
        f"""
        SELECT {_MODEL} FROM custom_models
        WHERE organization_id = $1 AND id = $2 AND deleted_at IS NULL
        {"FOR UPDATE" if lock else ""}
        """,  # noqa: S608
        organization_id, model_id,
    )  # fmt: skip


async def stored(tx: Transaction, organization_id: str, model_id: str) -> Row | None:
    """One whose bytes are stored, deleted or not: work that was accepted before goes on."""
    return await tx.fetchrow(
        f"""
        SELECT {_MODEL} FROM custom_models
        WHERE organization_id = $1 AND id = $2 AND status = 'ready'
        """,  # noqa: S608
        organization_id, model_id,
    )  # fmt: skip


async def page(
    tx: Transaction, organization_id: str, filters: Mapping[str, Any], *, offset: int, limit: int
) -> list[Row]:
    where, values = asked_for(_CONDITIONS, filters, 4)
    rows: list[Row] = await tx.fetch(
        f"""
        SELECT {_MODEL} FROM custom_models
        WHERE organization_id = $1 AND deleted_at IS NULL {where}
        ORDER BY id DESC OFFSET $2 LIMIT $3
        """,  # noqa: S608
        organization_id, offset, limit, *values,
    )  # fmt: skip
    return rows


async def count(tx: Transaction, organization_id: str, filters: Mapping[str, Any]) -> int:
    where, values = asked_for(_CONDITIONS, filters, 2)
    found: int = await tx.fetchval(
        f"""
        SELECT count(*) FROM custom_models
        WHERE organization_id = $1 AND deleted_at IS NULL {where}
        """,  # noqa: S608
        organization_id, *values,
    )  # fmt: skip
    return found


async def count_alone(tx: Transaction, organization_id: str) -> int:
    """How many there are; nobody else registers one until the transaction ends."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock(x'6d6f6465'::integer, hashtext($1))", organization_id
    )
    return await count(tx, organization_id, {})


async def soft_delete(tx: Transaction, organization_id: str, model_id: str) -> None:
    await tx.execute(
        """
        UPDATE custom_models SET deleted_at = now(), updated_at = now()
        WHERE organization_id = $1 AND id = $2
        """,
        organization_id, model_id,
    )  # fmt: skip


async def needed(tx: Transaction, keys: list[str]) -> set[str]:
    """Those of the object keys that a model has, or open work that was accepted before it went."""
    rows = await tx.fetch(
        """
        SELECT object_key FROM custom_models m
        WHERE object_key = ANY ($1) AND (deleted_at IS NULL OR EXISTS (
            SELECT FROM generations g
            WHERE g.organization_id = m.organization_id AND g.model = m.id
              AND g.status IN ('queued', 'processing')))
        """,
        keys,
    )
    return {row["object_key"] for row in rows}
