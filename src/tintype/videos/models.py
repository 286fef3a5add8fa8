from datetime import datetime
from typing import Any, Literal

import msgspec


class Video(msgspec.Struct, kw_only=True):
    """A stored film. `poster_url` is a JPEG of its key view; `duration_seconds` is exact.

    `public_url` is null where media are private; `url` and `poster_url` work for an hour there.
    """

    id: str
    object: Literal["video"] = "video"
    public_url: str | None
    url: str
    poster_url: str
    width: int
    height: int
    duration_seconds: float
    fps: float
    format: Literal["mp4"]
    has_sound: bool
    bytes: int
    sha256: str
    project_id: str | None
    generation_id: str
    livemode: bool
    meta: dict[str, Any]
    created_at: datetime
