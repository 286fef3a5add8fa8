from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tintype.aliases.models import AliasText
from tintype.aliases.operations import ResolvedFrom
from tintype.api.pages import Paging
from tintype.media.vips import Format

Share = Annotated[float, Meta(ge=0, le=1)]


class FocalPoint(msgspec.Struct):
    """The point that every crop keeps: shares of width and height from the upper left corner."""

    x: Share
    y: Share


class Image(msgspec.Struct, kw_only=True):
    """A stored picture. `width`, `height`, `bytes` and `sha256` are of the master behind `url`."""

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
    livemode: bool
    meta: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class AssignedImage(Image, kw_only=True):
    """An image after an alias was given to it; `alias_moved_from` is the image that lost it."""

    alias_moved_from: str | None = None


class ResolvedImage(Image, kw_only=True):
    resolved_from: ResolvedFrom


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
