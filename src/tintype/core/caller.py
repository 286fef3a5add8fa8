"""Who asks: the one value that every operation receives after its transaction."""

from typing import Literal

import msgspec

Source = Literal["api", "ui", "cli", "live", "mcp"]

SCOPES: tuple[str, ...] = (
    "images:read", "images:write", "text:write", "videos:read", "videos:write",
    "projects:read", "projects:write", "credits:read", "credits:write", "keys:read", "keys:write",
    "webhooks:read", "webhooks:write", "agent:write",
)  # fmt: skip


class Caller(msgspec.Struct, frozen=True):
    """An authenticated organization with what it may do.

    `livemode` is false for sandbox keys; their data lives in the organization's sandbox twin, so
    `organization_id` alone keeps both apart. `rate_limit` is requests per rolling 60 s, the
    organization's own or its plan's, or None for no limit; `queue_weight` its share of the queue
    beside others; `features` what it may use, None for just those of its plan. `expires_at_unix`
    is when the credential ends, if it does. `capped` says that the key has a spend cap.
    `signing_secret` signs the organization's URLs; never log a caller.
    """

    organization_id: str
    plan: str
    scopes: frozenset[str]
    livemode: bool
    source: Source
    key_id: str | None = None
    user_id: str | None = None
    project_id: str | None = None
    rate_limit: int | None = None
    queue_weight: int = 1
    features: frozenset[str] | None = None
    expires_at_unix: float | None = None
    private_media: bool = False
    signing_secret: bytes = b""
    capped: bool = False
    session_id: str | None = None
