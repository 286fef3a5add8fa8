from datetime import datetime
from typing import Literal

import msgspec


class ApiKey(msgspec.Struct):
    """A key without its secret; `prefix` is what may be shown of it."""

    id: str
    name: str
    prefix: str
    scopes: list[str]
    status: Literal["active", "revoked", "expired"]
    livemode: bool
    project_id: str | None
    expires_at: datetime | None
    last_used_at: datetime | None
    created_at: datetime


class NewApiKey(ApiKey):
    """A key at its creation: the only time that `secret` is shown."""

    secret: str = ""
