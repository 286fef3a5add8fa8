"""What is asked of a publish, and what one makes: a snapshot that its page is rendered from."""

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from tintype.media.vips import Format

PICTURES_MAX: Final = 500
VIDEOS_MAX: Final = 50
"""What one page may show."""


class PublishProject(msgspec.Struct, kw_only=True):
    """What is left out is as at the last publish, at first no description and for search engines.

    `noindex` asks search engines to leave the page out.
    """

    description: Annotated[str, Meta(min_length=1, max_length=2000)] | msgspec.UnsetType | None = (
        msgspec.UNSET
    )
    noindex: bool | msgspec.UnsetType = msgspec.UNSET


class PageMediaQuery(msgspec.Struct):
    """The size of a picture, as at `/media/images`."""

    w: str | None = None
    h: str | None = None
    fit: str | None = None
    dpr: str | None = None
    q: str | None = None


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """An image as a page shows it. `placeholder` is a tiny WebP in base64."""

    id: str
    width: int
    height: int
    format: Format
    bytes: int
    thumbhash: str
    focal_point: tuple[float, float] | None = None
    placeholder: str | None = None


class PagePicture(msgspec.Struct, frozen=True, kw_only=True):
    """`before` is the original that the picture was made from; `enhanced` that it was changed."""

    image: Shown
    before: Shown | None = None
    alt: str
    caption: str | None = None
    scene_type: str | None = None
    scene_location: str | None = None
    version: int
    enhanced: bool


class PageVideo(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    title: str | None = None
    width: int
    height: int
    duration_seconds: float
    has_sound: bool
    bytes: int


class Brand(msgspec.Struct, frozen=True, kw_only=True):
    name: str | None = None
    primary: str | None = None
    accent: str | None = None
    logo: Shown | None = None
    website: str | None = None
    contact: str | None = None


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a page says, as it was when it was published."""

    name: str
    description: str | None = None
    output: Literal["picture", "video"]
    noindex: bool
    brand: Brand
    pictures: list[PagePicture]
    videos: list[PageVideo]

    def media_ids(self) -> list[str]:
        """The images and videos in it, each once."""
        images = [it for picture in self.pictures for it in (picture.image, picture.before)]
        found = [image.id for image in (*images, self.brand.logo) if image is not None]
        return list(dict.fromkeys([*found, *(video.id for video in self.videos)]))


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """A project's page as it is now: one revision, without what was deleted since.

    `etag` names all that its bytes depend on. `private` says that its media have addresses of the
    page's own, because they open nowhere else.
    """

    project_id: str
    slug: str
    revision: int
    published_at: datetime
    private: bool
    noindex: bool
    snapshot: Snapshot
    etag: str
