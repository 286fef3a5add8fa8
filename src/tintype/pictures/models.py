"""Pictures on the wire: what is sent to make, enhance and judge them, and what is shown of them."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from tintype.aliases.models import AliasText
from tintype.api.pages import Paging
from tintype.generations.models import SEED_MAX, Fault, Prompt, Short, WebhookUrl
from tintype.images.models import Approval, FocalPoint, Instruction, Status
from tintype.images.references import Reference
from tintype.media.vips import Format

VARIANTS: Final = 1
"""How many pictures an enhancement makes where nobody says."""
Scene = Annotated[str, Meta(min_length=1, max_length=64)]


class PictureSource(msgspec.Struct, kw_only=True):
    """Where a picture comes from; each type has its own field.

    `url`: an address, fetched by the worker. `base64`: the file itself in `data`, bare or as a data
    URL; what it is, its bytes say, not `media_type`. `image`: one of the library, by id or alias.
    """

    type: Literal["url", "base64", "image"]
    url: Annotated[str, Meta(min_length=1, max_length=2048)] | None = None
    data: Annotated[str, Meta(min_length=1)] | None = None
    media_type: Short | None = None
    image: Reference | None = None


class CreatePicture(msgspec.Struct, kw_only=True):
    """Scene words are those of the catalogue. `webhook_url` hears of this picture's end."""

    source: PictureSource
    scene_type: Scene | None = None
    scene_location: Scene | None = None
    alias: AliasText | None = None
    focal_point: FocalPoint | None = None
    meta: dict[str, Any] = {}
    webhook_url: WebhookUrl | None = None


class PictureForm(msgspec.Struct, kw_only=True):
    """The parts of an upload beside `file`; `focal_point` and `meta` are JSON text."""

    scene_type: Scene | None = None
    scene_location: Scene | None = None
    alias: AliasText | None = None
    focal_point: dict[str, Any] | None = None
    meta: dict[str, Any] = {}
    webhook_url: WebhookUrl | None = None


class ChangePicture(msgspec.Struct, kw_only=True):
    """What is left out stays; null clears, `meta` is replaced as a whole."""

    scene_type: Scene | msgspec.UnsetType | None = msgspec.UNSET
    scene_location: Scene | msgspec.UnsetType | None = msgspec.UNSET
    alias: AliasText | msgspec.UnsetType | None = msgspec.UNSET
    focal_point: FocalPoint | msgspec.UnsetType | None = msgspec.UNSET
    meta: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class ListPictures(Paging, kw_only=True):
    """`root_id` gives a line with its original, `version` 0 the originals."""

    status: Status | None = None
    scene_type: Scene | None = None
    scene_location: Scene | None = None
    approval: Approval | None = None
    parent_id: Short | None = None
    root_id: Short | None = None
    version: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None


class EnhancementInstruction(msgspec.Struct, kw_only=True):
    """What is to be done; each source has its own field.

    `preset`: 1 to 8 `actions` of the catalogue. `prompt`: your words. `quick_action`: the one of
    `quick_action_id`. `consistency`: as the project's reference picture looks, or the one of
    `reference_image_id`, an id or alias. `agent`: what the agent suggests for it now.
    """

    source: Literal["preset", "prompt", "quick_action", "consistency", "agent"]
    actions: Annotated[list[Annotated[str, Meta(max_length=200)]], Meta(max_length=64)] | None = (
        None
    )
    prompt: Prompt | None = None
    quick_action_id: Short | None = None
    reference_image_id: Reference | None = None


class CreateEnhancement(msgspec.Struct, kw_only=True):
    """Ratio and resolution that are left out are the project's, else the picture's own.

    `dry_run` asks for the price only; the `quote_id` of its answer makes that price binding.
    """

    instruction: EnhancementInstruction
    variants: Annotated[int, Meta(ge=1, le=8)] | None = None
    aspect_ratio: Short | None = None
    resolution: Short | None = None
    model: Short | None = None
    seed: Annotated[int, Meta(ge=0, le=SEED_MAX)] | None = None
    meta: dict[str, Any] = {}
    webhook_url: WebhookUrl | None = None
    dry_run: bool = False
    quote_id: Short | None = None


class JudgePicture(msgspec.Struct, kw_only=True):
    feedback: Annotated[str, Meta(max_length=2000)] | None = None


class Picture(msgspec.Struct, kw_only=True):
    """An image of a project. What its bytes tell is null until it is completed.

    An original has `version` 0 and is its own root; `selected` is the line's published picture.
    `fidelity` is "preview" where the engine could only hint at what was asked for, and
    `adjustments` say where it did otherwise. `judged_by` is a key or a user.
    """

    id: str
    object: Literal["picture"] = "picture"
    source: Literal["generated", "uploaded"]
    status: Status
    progress: float
    public_url: str | None
    url: str | None
    width: int | None
    height: int | None
    format: Format | None
    bytes: int | None
    sha256: str | None
    thumbhash: str | None
    alias: str | None
    focal_point: FocalPoint | None
    project_id: str
    flow_id: str | None
    generation_id: str | None
    parent_id: str | None
    root_id: str
    version: int
    subversion: int
    selected: bool
    scene_type: str | None
    scene_location: str | None
    approval: Approval
    feedback: str | None
    judged_at: datetime | None
    judged_by: str | None
    source_instruction: Instruction | None
    fidelity: Literal["preview", "full"] | None
    adjustments: list[str]
    error: Fault | None
    livemode: bool
    meta: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class AssignedPicture(Picture, kw_only=True):
    """A picture after a name was given to it; `alias_moved_from` is the image that lost it."""

    alias_moved_from: str | None = None


class PictureDetail(Picture, kw_only=True):
    """With its line's first 200 `versions`: the original, then what was made of it."""

    versions: list[Picture]


class ChangedPicture(PictureDetail, kw_only=True):
    """A picture after a change; `alias_moved_from` is the image that lost its name to it."""

    alias_moved_from: str | None = None
