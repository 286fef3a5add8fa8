from datetime import datetime
from typing import Annotated, Any, Final, Literal, NamedTuple

import msgspec
from msgspec import Meta

from tintype.api.pages import Paging

ASPECT_RATIO: Final = "1:1"
RESOLUTION: Final = "1K"
"""What pictures have where neither the request nor its project says."""

Output = Literal["picture", "video"]
Status = Literal["draft", "published"]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Short = Annotated[str, Meta(min_length=1, max_length=64)]
Color = Annotated[str, Meta(pattern="^#[0-9a-fA-F]{6}$")]


class Colors(msgspec.Struct, kw_only=True):
    """As `#rrggbb`: `primary` for buttons and links, `accent` for small marks beside them."""

    primary: Color | None = None
    accent: Color | None = None


class Branding(msgspec.Struct, kw_only=True):
    """Whose project it is, on its public page."""

    name: Annotated[str, Meta(min_length=1, max_length=120)] | None = None
    colors: Colors | None = None
    logo_image_id: Short | None = None
    website: Annotated[str, Meta(min_length=1, max_length=2048)] | None = None
    contact: Annotated[str, Meta(min_length=1, max_length=300)] | None = None


class Project(msgspec.Struct, kw_only=True):
    """A listing, property or campaign that groups work, with what that work takes by default.

    `public_url` is its page while it is published.
    """

    id: str
    object: Literal["project"] = "project"
    name: str
    status: Status
    output: Output
    picture_aspect_ratio: str | None
    picture_resolution: str | None
    consistency_image_id: str | None
    branding: Branding | None
    public_url: str | None
    published_at: datetime | None
    meta: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class CreateProject(msgspec.Struct, kw_only=True):
    """`picture_aspect_ratio` and `picture_resolution` are those of new pictures in the project.

    Enhancements for consistency match `consistency_image_id`.
    """

    name: Name
    output: Output = "picture"
    picture_aspect_ratio: Short | None = None
    picture_resolution: Short | None = None
    consistency_image_id: Short | None = None
    branding: Branding | None = None
    meta: dict[str, Any] = {}


class ChangeProject(msgspec.Struct, kw_only=True):
    """What is left out stays, null clears; `branding` and `meta` are replaced as a whole."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    output: Output | msgspec.UnsetType = msgspec.UNSET
    picture_aspect_ratio: Short | msgspec.UnsetType | None = msgspec.UNSET
    picture_resolution: Short | msgspec.UnsetType | None = msgspec.UNSET
    consistency_image_id: Short | msgspec.UnsetType | None = msgspec.UNSET
    branding: Branding | msgspec.UnsetType | None = msgspec.UNSET
    meta: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class ListProjects(Paging, kw_only=True):
    """`q` is looked for, without case, in the name."""

    q: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    output: Output | None = None
    status: Status | None = None


class Defaults(NamedTuple):
    """What work in a project takes where its request leaves it out; None where nobody says."""

    output: Output = "picture"
    aspect_ratio: str | None = None
    resolution: str | None = None
    consistency_image_id: str | None = None

    def size(self, aspect_ratio: str | None, resolution: str | None) -> tuple[str, str]:
        """Ratio and resolution of new pictures: as asked, else the project's, else everybody's."""
        return (
            aspect_ratio or self.aspect_ratio or ASPECT_RATIO,
            resolution or self.resolution or RESOLUTION,
        )
