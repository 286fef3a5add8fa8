"""The addresses of a page's media, in sizes that are ready to be delivered.

Public media are at `/media`, kept by every cache for a year. Private ones open nowhere but below
their page, which is looked at each time: they go with it.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from tintype.media.vips import Format
from tintype.publishing.models import Published, Shown

WIDTHS: Final = (320, 640, 960, 1280, 1920, 2560)
FULL: Final = 2048
"""The width of a picture that is looked at by itself, in pixels, where it has so many."""
FORMATS: Final = ("avif", "webp", "jpg")
_EXTENSIONS: Final[dict[Format, str]] = {
    "jpeg": "jpg", "png": "png", "webp": "webp", "avif": "avif",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Addresses:
    """`base` goes before each path: the server's own address, or what of it is a path."""

    base: str
    media: str
    page: str
    revision: int

    def image(self, image: Shown, extension: str, width: int | None = None) -> str:
        """One that is not enlarged, in the format of that extension."""
        size = "" if width is None or width >= image.width else f"?w={width}"
        return f"{self.media}/images/{image.id}.{extension}{size}"

    def cut(self, image: Shown, extension: str, width: int, height: int) -> str:
        """Cut to a size around its focal point."""
        return f"{self.media}/images/{image.id}.{extension}?w={width}&h={height}"

    def original(self, image: Shown) -> str:
        """The stored picture as it is."""
        return f"{self.media}/images/{image.id}.{_EXTENSIONS[image.format]}"

    def film(self, video_id: str) -> str:
        return f"{self.media}/videos/{video_id}.mp4"

    def poster(self, video_id: str) -> str:
        return f"{self.media}/videos/{video_id}.jpg"

    def manifest(self) -> str:
        return f"{self.page}/manifest.json"

    def card(self) -> str:
        """The picture for where the page's address is shared; it is the revision's own."""
        return f"{self.page}/{self.revision}/card.jpg"


def whole(base_url: str, page: Published) -> Addresses:
    """Addresses for others: with scheme and host."""
    return _addresses(base_url, page)


def local(base_url: str, page: Published) -> Addresses:
    """Addresses for the page itself: under whatever host it was found."""
    return _addresses(urlsplit(base_url).path.rstrip("/"), page)


def _addresses(base: str, page: Published) -> Addresses:
    own = f"{base}/p/{page.slug}"
    media = f"{own}/{page.revision}" if page.private else f"{base}/media"
    return Addresses(base, media, own, page.revision)


def widths(image: Shown, most: int = WIDTHS[-1]) -> list[int]:
    """The widths in which a picture is offered: none larger than it is."""
    own = min(image.width, most)
    return [*(width for width in WIDTHS if width < own), own]
