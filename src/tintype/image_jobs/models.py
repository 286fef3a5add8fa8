from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tintype.aliases.models import AliasText
from tintype.api.pages import Paging
from tintype.generations.models import (
    SEED_MAX,
    Fault,
    Mode,
    Prompt,
    Short,
    Status,
    StatusWord,
    Strength,
    WebhookUrl,
)
from tintype.images.references import Reference
from tintype.media.vips import Format


class Upload(msgspec.Struct, kw_only=True):
    """A stored picture; `image_url` works in every job, without going over the network.

    `flow_id` is the flow that a name in a flow was made in; `alias_moved_from` the image that lost
    its name to this one.
    """

    id: str
    object: Literal["upload"] = "upload"
    image_url: str
    width: int
    height: int
    bytes: int
    format: Format
    alias: str | None
    project_id: str | None
    flow_id: str | None
    alias_moved_from: str | None
    created_at: datetime


class CreateImageJob(msgspec.Struct, kw_only=True):
    """`image_url` is a URL, an upload's URL, an image's id or an alias.

    `strength` 0 changes nothing (what is fetched from a URL is encoded once, as an upload is), 1 is
    the full effect. `preset` is one of the mode's,
    as the catalog's models list them.
    """

    mode: Mode
    image_url: Reference
    strength: Strength = 1.0
    preset: Short | None = None
    seed: Annotated[int, Meta(ge=0, le=SEED_MAX)] | None = None
    flow_id: Short | None = None
    project_id: Short | None = None
    alias: AliasText | None = None
    flow_alias: AliasText | None = None
    meta: dict[str, Any] = {}
    webhook_url: WebhookUrl | None = None
    dry_run: bool = False
    quote_id: Short | None = None


class GenerateImageJob(msgspec.Struct, kw_only=True):
    """Words to a picture, then `mode` with its `strength` and `preset`, in one job.

    *Clean* leaves drawings as they are, so *realistic* is what is done unless you say otherwise.
    `aspect_ratio` and `resolution` that are left out are the project's, else 1:1 and 1K.
    """

    prompt: Prompt
    mode: Mode = "realistic"
    strength: Strength = 1.0
    preset: Short | None = None
    aspect_ratio: Short | None = None
    resolution: Short | None = None
    model: Short | None = None
    seed: Annotated[int, Meta(ge=0, le=SEED_MAX)] | None = None
    reference_images: Annotated[list[Reference], Meta(max_length=64)] = []
    auto_enhance: bool = False
    negative_prompt: Prompt | None = None
    flow_id: Short | None = None
    project_id: Short | None = None
    alias: AliasText | None = None
    flow_alias: AliasText | None = None
    meta: dict[str, Any] = {}
    webhook_url: WebhookUrl | None = None
    dry_run: bool = False
    quote_id: Short | None = None


class ListImageJobs(Paging, kw_only=True):
    """`status` takes other systems' words too, as the list of generations does."""

    status: StatusWord | None = None
    mode: Mode | None = None


class ImageJob(msgspec.Struct, kw_only=True):
    """A generation as a job: `job_id` is the generation's id.

    `image_url` is what a clean or realistic job starts from, `prompt` what a generated one does.
    """

    job_id: str
    object: Literal["image_job"] = "image_job"
    status: Status
    progress: float
    mode: Mode
    strength: float
    preset: str | None
    image_url: str | None
    prompt: str | None
    seed: int
    width: int | None
    height: int | None
    result_url: str | None
    image_id: str | None
    project_id: str | None
    flow_id: str | None
    alias: str | None
    flow_alias: str | None
    retry_of: str | None
    credits_reserved: int
    credits_used: int
    error: Fault | None
    livemode: bool
    meta: dict[str, Any]
    webhook_url: str | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
