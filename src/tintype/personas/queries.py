"""SQL of personas."""

from collections.abc import Mapping
from typing import Any

from tintype.db.filters import asked_for
from tintype.db.pool import Row, Transaction

_PERSONA = (
    "id, name, description, attributes, reference_images, project_id, livemode, meta, created_at,"
    " updated_at"
)
# `q` is a LIKE pattern that is escaped already.
_CONDITIONS = {
    "project_id": "project_id = {0}",
    "q": """(name ILIKE {0} OR description ILIKE {0} OR EXISTS (
        SELECT FROM json_each_text(attributes) a WHERE a.value ILIKE {0}))""",
    "after": "id < {0}",
}


async def insert(
    tx: Transaction, persona_id: str, organization_id: str, fields: Mapping[str, Any]
) -> Row:
    row = await tx.fetchrow(
        f"""
        INSERT INTO personas (id, organization_id, project_id, name, description, attributes,
            reference_images, livemode, meta)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING {_PERSONA}
        """,  # noqa: S608
        persona_id, organization_id, fields["project_id"], fields["name"], fields["description"],
        fields["attributes"], fields["reference_images"], fields["livemode"], fields["meta"],
    )  # fmt: skip
    assert row is not None
    return row


async def find(
    tx: Transaction,
    organization_id: str,
    persona_id: str,
    project_id: str | None,
    *,
    lock: bool = False,
) -> Row | None:
    """One that isn't deleted; `project_id` is the one that the caller's key is bound to, if any."""
    return await tx.fetchrow(
        f"""
        SELECT {_PERSONA} FROM personas
        WHERE organization_id = $1 AND id = $2 AND deleted_at IS NULL
          AND ($3::text IS NULL OR project_id = $3)
        {"FOR UPDATE" if lock else ""}
        """,  # noqa: S608
        organization_id, persona_id, project_id,
    )  # fmt: skip


async def page(
    tx: Transaction, organization_id: str, filters: Mapping[str, Any], *, offset: int, limit: int
) -> list[Row]:
    where, values = asked_for(_CONDITIONS, filters, 4)
    rows: list[Row] = await tx.fetch(
        f"""
        SELECT {_PERSONA} FROM personas
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
        SELECT count(*) FROM (SELECT FROM personas
            WHERE organization_id = $1 AND deleted_at IS NULL {where} LIMIT $2) s
        """,  # noqa: S608
        organization_id, most, *values,
    )  # fmt: skip
    return found


async def update(
    tx: Transaction, organization_id: str, persona_id: str, fields: Mapping[str, Any]
) -> Row:
    row = await tx.fetchrow(
        f"""
        UPDATE personas SET name = $3, description = $4, attributes = $5, reference_images = $6,
            meta = $7, updated_at = now()
        WHERE organization_id = $1 AND id = $2 RETURNING {_PERSONA}
        """,  # noqa: S608
        organization_id, persona_id, fields["name"], fields["description"], fields["attributes"],
        fields["reference_images"], fields["meta"],
    )  # fmt: skip
    assert row is not None
    return row


async def soft_delete(tx: Transaction, organization_id: str, persona_id: str) -> None:
    await tx.execute(
        "UPDATE personas SET deleted_at = now() WHERE organization_id = $1 AND id = $2",
        organization_id, persona_id,
    )  # fmt: skip
