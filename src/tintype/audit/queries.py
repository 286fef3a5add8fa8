"""SQL of the append-only audit log. What is done in a sandbox stands in its organization's log."""

from collections.abc import Mapping
from typing import Any, Final

from tintype.db.filters import asked_for
from tintype.db.pool import Row, Transaction

_ENTRY = (
    "id, action, actor_type, actor_id, subject_id, address, user_agent, request_id, details,"
    " created_at"
)
_CONDITIONS: Final = {
    "after": "id < {0}",
    "action": "action = {0}",
    "actor_id": "actor_id = {0}",
    "subject_id": "subject_id = {0}",
    "created_after": "created_at > {0}",
    "created_before": "created_at < {0}",
}


async def insert(
    tx: Transaction,
    entry_id: str,
    organization_id: str,
    *,
    actor_type: str,
    actor_id: str | None,
    action: str,
    subject_id: str | None,
    address: str | None,
    user_agent: str | None,
    request_id: str | None,
    details: dict[str, Any],
) -> None:
    await tx.execute(
        """
        INSERT INTO audit_entries (id, organization_id, actor_type, actor_id, action, subject_id,
            address, user_agent, request_id, details)
        SELECT $1, coalesce(sandbox_of, id), $3, $4, $5, $6, $7, $8, $9, $10
        FROM organizations WHERE id = $2
        """,
        entry_id, organization_id, actor_type, actor_id, action, subject_id,
        address, user_agent, request_id, details,
    )  # fmt: skip


async def page(
    tx: Transaction, organization_id: str, filters: Mapping[str, Any], *, offset: int, limit: int
) -> list[Row]:
    where, values = asked_for(_CONDITIONS, filters, 4)
    rows: list[Row] = await tx.fetch(
        f"""
        SELECT {_ENTRY} FROM audit_entries WHERE organization_id = $1 {where}
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
        SELECT count(*) FROM (SELECT FROM audit_entries
            WHERE organization_id = $1 {where} LIMIT $2) s
        """,  # noqa: S608
        organization_id, most, *values,
    )  # fmt: skip
    return found
