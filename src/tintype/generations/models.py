"""The unit of work: what a client asks for, what it sees, and the states it moves through."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from tintype.aliases.models import AliasText
from tintype.api.pages import Paging
from tintype.images.models import Image
from tintype.images.references import Reference, ReferenceView
from tintype.videos.models import Video

Kind = Literal[
    "text_to_image", "edit", "clean", "realistic", "sketch_to_photo", "enhancement", "video"
]
Status = Literal["queued", "processing", "completed", "failed", "canceled"]
StatusWord = Literal[
    "queued", "processing", "completed", "failed", "canceled", "success", "pending", "error"
]
# Words of the systems that clients come from, accepted in filters.
STATUS_WORDS: Final[dict[str, Status]] = {
    "queued": "queued", "processing": "processing", "completed": "completed", "failed": "failed",
    "canceled": "canceled", "success": "completed", "pending": "queued", "error": "failed",
}  # fmt: skip
TERMINAL: Final[frozenset[Status]] = frozenset({"completed", "failed", "canceled"})

SEED_MAX: Final = 2**63 - 1
Mode = Literal["clean", "realistic"]
Strength = Annotated[float, Meta(ge=0, le=1)]
# Work that finishes a given picture, where others make one.
FINISHING: Final[frozenset[Kind]] = frozenset({"clean", "realistic"})
# A prompt's limit is the model's own, checked in the operation; this bounds what is decoded.
Prompt = Annotated[str, Meta(min_length=1, max_length=32_000)]
Short = Annotated[str, Meta(min_length=1, max_length=64)]
WebhookUrl = Annotated[str, Meta(min_length=1, max_length=2048)]
Moment = Annotated[datetime, Meta(tz=True)]


class Fault(msgspec.Struct):
    code: str
    message: str


class VariantFault(msgspec.Struct):
    """Why a variant is missing, counted from 0."""

    variant: int
    code: str
    message: str


class Generation(msgspec.Struct, kw_only=True):
    """Work and its outcome. Credits are reserved until it ends, then used or given back.

    Where only some variants could be made, `faults` tells of the others: they cost nothing.
    Work that finishes a given picture has no prompt, ratio and resolution, and its size at the end.
    """

    id: str
    object: Literal["generation"] = "generation"
    kind: Kind
    status: Status
    progress: float
    prompt: str
    enhanced_prompt: str | None
    negative_prompt: str | None
    model: str
    engine: str
    fidelity: Literal["preview", "full"]
    aspect_ratio: str | None
    resolution: str | None
    width: int | None
    height: int | None
    seed: int
    variants: int
    duration_seconds: float | None
    references: list[ReferenceView]
    mode: Mode | None
    strength: float | None
    preset: str | None
    project_id: str | None
    flow_id: str | None
    persona_id: str | None
    batch_id: str | None
    custom_id: str | None
    retry_of: str | None
    alias: str | None
    flow_alias: str | None
    attempts: int
    source: str
    api_key_id: str | None
    livemode: bool
    credits_reserved: int
    credits_used: int
    images: list[Image]
    video: Video | None
    image_id: str | None
    output_url: str | None
    error: Fault | None
    faults: list[VariantFault]
    meta: dict[str, Any]
    webhook_url: str | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    timings: dict[str, int]


class Finishing(msgspec.Struct, frozen=True, kw_only=True):
    """How a picture is finished: `preset` is one of the model's, None for its own default."""

    mode: Mode
    strength: Strength = 1.0
    preset: str | None = None


class CreateGeneration(msgspec.Struct, kw_only=True):
    """`alias`/`assign_alias` and `flow_alias`/`assign_flow_alias` are two names of one field.

    `aspect_ratio` and `resolution` that are left out are the project's, else 1:1 and 1K.
    `dry_run` asks for the price only; the `quote_id` of its answer makes that price binding.
    """

    prompt: Prompt
    aspect_ratio: Short | None = None
    resolution: Short | None = None
    model: Short | None = None
    seed: Annotated[int, Meta(ge=0, le=SEED_MAX)] | None = None
    variants: Annotated[int, Meta(ge=1, le=8)] = 1
    reference_images: Annotated[list[Reference], Meta(max_length=64)] = []
    flow_id: Short | None = None
    project_id: Short | None = None
    alias: AliasText | None = None
    assign_alias: AliasText | None = None
    flow_alias: AliasText | None = None
    assign_flow_alias: AliasText | None = None
    auto_enhance: bool = False
    persona_id: Short | None = None
    negative_prompt: Prompt | None = None
    meta: dict[str, Any] = {}
    webhook_url: WebhookUrl | None = None
    dry_run: bool = False
    quote_id: Short | None = None


class RetryGeneration(msgspec.Struct, kw_only=True):
    """Overrides of the failed generation's parameters; what is left out is taken over."""

    prompt: Prompt | msgspec.UnsetType = msgspec.UNSET
    aspect_ratio: Short | msgspec.UnsetType = msgspec.UNSET
    resolution: Short | msgspec.UnsetType = msgspec.UNSET
    model: Short | msgspec.UnsetType = msgspec.UNSET
    seed: Annotated[int, Meta(ge=0, le=SEED_MAX)] | msgspec.UnsetType = msgspec.UNSET
    variants: Annotated[int, Meta(ge=1, le=8)] | msgspec.UnsetType = msgspec.UNSET
    reference_images: Annotated[list[Reference], Meta(max_length=64)] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    auto_enhance: bool | msgspec.UnsetType = msgspec.UNSET
    negative_prompt: Prompt | msgspec.UnsetType | None = msgspec.UNSET
    meta: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    webhook_url: WebhookUrl | msgspec.UnsetType | None = msgspec.UNSET
    dry_run: bool = False
    quote_id: Short | None = None


class ListFlowGenerations(Paging, kw_only=True):
    """`q` is looked for in prompt and enhanced prompt; `status` takes other systems' words too."""

    status: StatusWord | None = None
    kind: Kind | None = None
    project_id: Short | None = None
    batch_id: Short | None = None
    source: Literal["api", "ui", "cli", "live", "mcp"] | None = None
    model: Short | None = None
    created_after: Moment | None = None
    created_before: Moment | None = None
    q: Annotated[str, Meta(min_length=1, max_length=200)] | None = None


class ListGenerations(ListFlowGenerations, kw_only=True):
    """As a flow's list, over all flows or one."""

    flow_id: Short | None = None
