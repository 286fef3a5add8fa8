from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

from tintype.aliases.models import AliasText
from tintype.aliases.operations import ResolvedFrom
from tintype.api.pages import Paging
from tintype.media.vips import Format

Status = Literal["processing", "completed", "failed", "canceled"]
Approval = Literal["pending", "approved", "rejected"]
# What a picture was asked for with, as it was given.
Instruction: TypeAlias = dict[str, Any]
Share = Annotated[float, Meta(ge=0, le=1)]


class FocalPoint(msgspec.Struct):
    """The point that every crop keeps: shares of width and height from the upper left corner."""

    x: Share
    y: Share


class Image(msgspec.Struct, kw_only=True):
    """A stored picture. `width`, `height`, `bytes` and `sha256` are of the master behind `url`.

    In a project it is one of the project's pictures. `version` 0 is an original; what is made of it
    has `version` 1, 2, … by the requests, and `subversion` is the variant's number in its request.
    `source_instruction` is what the request said, as it was given.
    """

    id: str
    object: Literal["image"] = "image"
    source: Literal["generated", "uploaded"]
    status: Literal["completed"] = "completed"
    public_url: str | None
    url: str
    width: int
    height: int
    format: Format
    bytes: int
    sha256: str
    thumbhash: str
    alias: str | None
    focal_point: FocalPoint | None
    project_id: str | None
    flow_id: str | None
    generation_id: str | None
    parent_id: str | None
    version: int
    subversion: int
    scene_type: str | None
    scene_location: str | None
    approval: Approval
    feedback: str | None
    source_instruction: Instruction | None
    livemode: bool
    meta: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class AssignedImage(Image, kw_only=True):
    """An image after an alias was given to it; `alias_moved_from` is the image that lost it."""

    alias_moved_from: str | None = None


class ResolvedImage(Image, kw_only=True):
    resolved_from: ResolvedFrom


class PictureEvent(msgspec.Struct, kw_only=True):
    """What events of a picture tell, and webhooks post: these nine, in this order.

    `public_url` is null before the picture is completed, and where media are private.
    """

    id: str
    project_id: str | None
    status: Status
    public_url: str | None
    version: int
    subversion: int
    scene_type: str | None
    scene_location: str | None
    source_instruction: Instruction | None


class UploadForm(msgspec.Struct, kw_only=True):
    """The parts of an upload beside `file`; `meta` is JSON text."""

    alias: AliasText | None = None
    flow_id: str | None = None
    flow_alias: AliasText | None = None
    project_id: str | None = None
    meta: dict[str, Any] = {}


class UpdateImage(msgspec.Struct, kw_only=True):
    """What is left out stays as it is; null clears alias and focal point."""

    alias: AliasText | msgspec.UnsetType | None = msgspec.UNSET
    focal_point: FocalPoint | msgspec.UnsetType | None = msgspec.UNSET
    meta: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class SetAlias(msgspec.Struct, kw_only=True):
    alias: AliasText | None


class ListImages(Paging, kw_only=True):
    """`q` is looked for, without case, in the prompt and in the values inside `meta`."""

    source: Literal["generated", "uploaded"] | None = None
    project_id: str | None = None
    flow_id: str | None = None
    alias: AliasText | None = None
    q: Annotated[str, Meta(min_length=1, max_length=200)] | None = None


class ListFlowImages(Paging, kw_only=True):
    source: Literal["generated", "uploaded"] | None = None


class ResolveAlias(msgspec.Struct, kw_only=True):
    flow_id: str | None = None
    project_id: str | None = None
