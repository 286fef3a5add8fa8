"""What the audit log tells: who did what to a key or a member, when and from where."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from tintype.api.pages import Paging

ActorType = Literal["user", "api_key", "operator"]
Action = Literal[
    "api_key.created", "api_key.updated", "api_key.revoked",
    "session.created", "session.refused", "session.ended",
    "user.created", "user.linked", "user.password_changed", "user.deleted",
    "organization.updated", "organization.granted",
]  # fmt: skip
USER_AGENT_CHARACTERS_MAX: Final = 200
_Moment = Annotated[datetime, Meta(tz=True)]
_Short = Annotated[str, Meta(max_length=64)]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. The operator is who has a shell on the server; `id` is then that account's name."""

    type: ActorType
    id: str | None
    address: str | None = None
    user_agent: str | None = None
    request_id: str | None = None


class AuditEntry(msgspec.Struct):
    """One act. `subject_id` is the key, user or session that it was done to."""

    id: str
    action: Action
    actor_type: ActorType
    actor_id: str | None
    subject_id: str | None
    address: str | None
    user_agent: str | None
    request_id: str | None
    details: dict[str, Any]
    created_at: datetime


class ListAudit(Paging, kw_only=True):
    """Filters: an action, who acted, what it was done to, and when."""

    action: Action | None = None
    actor_id: _Short | None = None
    subject_id: _Short | None = None
    created_after: _Moment | None = None
    created_before: _Moment | None = None
