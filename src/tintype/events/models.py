from datetime import datetime
from typing import Any, NamedTuple

import msgspec


class Happened(NamedTuple):
    """One of many events: `data` is JSON already, `webhook_url` hears of this one as well."""

    subject_id: str
    data: bytes
    webhook_url: str | None = None


class Event(msgspec.Struct):
    """Something that happened; `data` is the resource as the API showed it then."""

    id: str
    type: str
    created_at: datetime
    data: dict[str, Any]
    livemode: bool = True
