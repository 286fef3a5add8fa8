from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

VideoStatus = Literal["queued", "processing", "completed", "failed", "canceled"]


class Voice(msgspec.Struct, kw_only=True):
    """A text that is spoken over the film; `language` as in `en-US` or `pl`."""

    text: Annotated[str, Meta(min_length=1, max_length=2000)]
    language: Annotated[str, Meta(min_length=2, max_length=40)]


class Background(msgspec.Struct, kw_only=True):
    """What lies under the film: music of a `mood`, the sound file at `audio_url`, or one sent."""

    mood: str | None = None
    audio_url: str | None = None
    audio_sha256: str | None = None


class VideoFault(msgspec.Struct):
    code: str
    message: str


class Video(msgspec.Struct, kw_only=True):
    """A film: stored, or on its way to be. Without an end yet, it has no `url` and no bytes.

    `poster_url` is a JPEG of its key view, `duration_seconds` is exact. `public_url` is null where
    media are private; `url` and `poster_url` work for an hour there. `title`, `captions`,
    `transition`, `voice` and `background` are those of a reel; `picture_ids` are the library's
    pictures that it was made from, in their order.
    """

    id: str
    object: Literal["video"] = "video"
    status: VideoStatus
    progress: float
    title: str | None
    public_url: str | None
    url: str | None
    poster_url: str | None
    width: int
    height: int
    duration_seconds: float
    fps: float | None
    format: Literal["mp4"] = "mp4"
    has_sound: bool | None
    bytes: int | None
    sha256: str | None
    project_id: str | None
    generation_id: str
    picture_ids: list[str]
    captions: list[str | None]
    transition: str | None
    voice: Voice | None
    background: Background | None
    aspect_ratio: str | None
    resolution: str | None
    model: str
    seed: int
    credits_reserved: int
    credits_used: int
    error: VideoFault | None
    livemode: bool
    meta: dict[str, Any]
    webhook_url: str | None
    created_at: datetime
    completed_at: datetime | None
