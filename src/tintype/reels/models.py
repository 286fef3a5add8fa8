"""Reels on the wire: what is sent to make one, and how they are listed."""

from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from tintype.api.pages import Paging
from tintype.generations.models import SEED_MAX, Short, StatusWord, WebhookUrl
from tintype.media.reel.bounds import SCENES_MAX, Transition
from tintype.videos.models import Voice

RATIO: Final = "16:9"
"""A reel's where neither the request nor its project says."""

Caption: TypeAlias = Annotated[str, Meta(max_length=400)]


class Under(msgspec.Struct, kw_only=True):
    """What is to lie under the film, one of these: music, or a sound file of yours.

    `audio` is the file itself, in base64 or as a data URL; what it is, its bytes say.
    """

    mood: Short | None = None
    audio_url: Annotated[str, Meta(min_length=1, max_length=2048)] | None = None
    audio: Annotated[str, Meta(min_length=1)] | None = None


class CreateVideo(msgspec.Struct, kw_only=True):
    """A reel of a project's approved pictures, in the order of `picture_ids`.

    Left out: all that the project has published, oldest first; a length that suits their number
    and the voice; the project's ratio, or 16:9. `captions` has one entry or null for each picture,
    or is "scene" for what each picture is said to show. `dry_run` asks for the price only; the
    `quote_id` of its answer makes that price binding.
    """

    project_id: Short | None = None
    picture_ids: Annotated[list[Short], Meta(min_length=1, max_length=SCENES_MAX)] | None = None
    title: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    captions: Annotated[list[Caption | None], Meta(max_length=SCENES_MAX)] | Literal["scene"] = []
    duration_seconds: Annotated[float, Meta(ge=0, le=3600)] | None = None
    aspect_ratio: Short | None = None
    resolution: Short = "720p"
    transition: Transition = "fade"
    voice: Voice | None = None
    background: Under | None = None
    model: Short | None = None
    seed: Annotated[int, Meta(ge=0, le=SEED_MAX)] | None = None
    meta: dict[str, Any] = {}
    webhook_url: WebhookUrl | None = None
    dry_run: bool = False
    quote_id: Short | None = None


class ListVideos(Paging, kw_only=True):
    """`status` takes other systems' words too."""

    project_id: Short | None = None
    status: StatusWord | None = None
