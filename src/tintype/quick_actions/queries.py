"""SQL of quick actions."""

from collections.abc import Mapping
from typing import Any, Final

from tintype.db.filters import asked_for
from tintype.db.pool import Row, Transaction

_ACTION: Final = "id, name, description, prompt, actions, variants, created_at, updated_at"
# `q` is a LIKE pattern that is escaped already.
_CONDITIONS: Final = {
    "after": "id < {0}",
    "q": "(name ILIKE {0} OR description ILIKE {0} OR prompt ILIKE {0})",
}


async def count_alone(tx: Transaction, organization_id: str) -> int:
    """How many there are; nobody else makes one until the transaction ends."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock(x'71756963'::integer, hashtext($1))", organization_id
    )
    found: int = await tx.fetchval(
        "SELECT count(*) FROM quick_actions WHERE organization_id = $1 AND deleted_at IS NULL",
        organization_id,
    )
    return found


async def insert(
    tx: Transaction, action_id: str, organization_id: str, fields: Mapping[str, Any]
) -> Row:
    row = await tx.fetchrow(
        f"""
        INSERT INTO quick_actions (id, organization_id, name, description, prompt, actions,
            variants)
        VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING {_ACTION}
        """,  # noqa: S608
        action_id, organization_id, fields["name"], fields["description"], fields["prompt"],
        fields["actions"], fields["variants"],
    )  # fmt: skip
    assert row is not None
    return row


async def find(
    tx: Transaction, organization_id: str, action_id: str, *, lock: bool = False
) -> Row | None:
    """One that isn't deleted."""
    return await tx.fetchrow(
        f"""
        SELECT {_ACTION} FROM quick_actions
        WHERE organization_id = $1 AND id = $2 AND deleted_at IS NULL {"FOR UPDATE" if lock else ""}
        """,  # noqa: S608
        organization_id, action_id,
    )  # fmt: skip


async def page(
    tx: Transaction, organization_id: str, filters: Mapping[str, Any], *, offset: int, limit: int
) -> list[Row]:
    where, values = asked_for(_CONDITIONS, filters, 4)
    rows: list[Row] = await tx.fetch(
        f"""
        SELECT {_ACTION} FROM quick_actions
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
        SELECT count(*) FROM quick_actions
        WHERE organization_id = $1 AND deleted_at IS NULL {where}
        """,  # noqa: S608
        organization_id, *values,
    )  # fmt: skip
    return found


async def update(
    tx: Transaction, organization_id: str, action_id: str, fields: Mapping[str, Any]
) -> Row:
    """No two versions have one `updated_at`: transactions may overtake each other."""
    row = await tx.fetchrow(
        f"""
        UPDATE quick_actions SET name = $3, description = $4, prompt = $5, actions = $6,
            variants = $7,
            updated_at = greatest(clock_timestamp(), updated_at + interval '1 microsecond')
        WHERE organization_id = $1 AND id = $2 RETURNING {_ACTION}
        """,  # noqa: S608
        organization_id, action_id, fields["name"], fields["description"], fields["prompt"],
        fields["actions"], fields["variants"],
    )  # fmt: skip
    assert row is not None
    return row


async def soft_delete(tx: Transaction, organization_id: str, action_id: str) -> None:
    await tx.execute(
        "UPDATE quick_actions SET deleted_at = now() WHERE organization_id = $1 AND id = $2",
        organization_id, action_id,
    )  # fmt: skip
