from datetime import datetime
from typing import Any

import msgspec


class Event(msgspec.Struct):
    """Something that happened; `data` is the resource as the API showed it then."""

    id: str
    type: str
    created_at: datetime
    data: dict[str, Any]
    livemode: bool = True
