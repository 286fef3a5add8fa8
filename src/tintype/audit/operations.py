"""Writing down who did what, in the transaction that does it, and reading it."""

from collections.abc import Mapping
from typing import Any

from tintype.audit import queries
from tintype.audit.models import Action, Actor, AuditEntry
from tintype.core import ids
from tintype.db.pool import Row, Transaction


async def record(
    tx: Transaction,
    organization_id: str,
    actor: Actor,
    action: Action,
    subject_id: str | None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Append an entry; it stands if and when the act commits. `details` never hold a secret."""
    await queries.insert(
        tx, ids.new("aud"), organization_id,
        actor_type=actor.type, actor_id=actor.id, action=action, subject_id=subject_id,
        address=actor.address, user_agent=actor.user_agent, request_id=actor.request_id,
        details=dict(details or {}),
    )  # fmt: skip


def to_entry(row: Row) -> AuditEntry:
    return AuditEntry(**{name: row[name] for name in AuditEntry.__struct_fields__})
