"""A published project as a page: HTML that works without its script, under a strict policy.

Nothing is loaded but the page's own media: style and script stand in it, named by their hashes in
the policy. What differs from page to page (colours, shapes, placeholders) is a style of its own.
"""

import base64
import functools
import hashlib
import re
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final
from urllib.parse import urlsplit

import jinja2
from markupsafe import Markup

from tintype import __version__
from tintype.publishing import addresses
from tintype.publishing.addresses import FULL, Addresses, widths
from tintype.publishing.colors import CONTRAST_SHAPE, readable
from tintype.publishing.models import PagePicture, PageVideo, Published, Shown, Snapshot

# The grounds of page.css, on which an organization's colours must be readable.
_GROUNDS: Final = {"light": "#fbfaf8", "dark": "#131313"}
_TILE_SIZES: Final = "(min-width: 75rem) 38rem, (min-width: 40rem) 50vw, 100vw"
_FIRST_SIZES: Final = "(min-width: 82rem) 82rem, 100vw"
_PAIR_SIZES: Final = "(min-width: 68rem) 40rem, 100vw"
_SUMMARY_CHARACTERS: Final = 200
_LOGO: Final = 480
_MINUTE: Final = 60
_NOTHING: Final = "'none'"
_MAIL: Final = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}(?<![.-])")


@dataclass(frozen=True, slots=True)
class Rendered:
    """HTML and the policy under which a browser shows it."""

    body: bytes
    policy: str


@dataclass(frozen=True, slots=True)
class _Sized:
    """An image at its addresses; `cut` is the size to which it is cut, if it is."""

    image: Shown
    at: Addresses
    cut: tuple[int, int] | None = None

    @property
    def width(self) -> int:
        return self.cut[0] if self.cut else self.image.width

    @property
    def height(self) -> int:
        return self.cut[1] if self.cut else self.image.height

    @property
    def src(self) -> str:
        return self._url("jpg", min(960, self.width))

    @property
    def full(self) -> str:
        return self._url("jpg", min(FULL, self.width))

    @property
    def logo(self) -> str:
        """Small, and what lies behind it shows where it is transparent."""
        return self._url("webp", min(_LOGO, self.width))

    def srcset(self, kind: str) -> str:
        return ", ".join(f"{self._url(kind, wide)} {wide}w" for wide in self._widths())

    def _widths(self) -> list[int]:
        if self.cut is None:
            return widths(self.image)
        return [wide for wide in widths(self.image) if wide <= self.cut[0]] or [self.cut[0]]

    def _url(self, kind: str, wide: int) -> str:
        if self.cut is None:
            return self.at.image(self.image, kind, wide)
        return self.at.cut(self.image, kind, wide, max(1, round(wide * self.cut[1] / self.cut[0])))


def render(base_url: str, page: Published) -> Rendered:
    """The page of one revision."""
    here, whole, snapshot = (
        addresses.local(base_url, page), addresses.whole(base_url, page), page.snapshot
    )  # fmt: skip
    pictures = [_tile(here, picture) for picture in snapshot.pictures]
    compared = [
        _pair(here, picture, picture.before)
        for picture in snapshot.pictures if picture.before is not None
    ]  # fmt: skip
    films = [_film(here, snapshot, video) for video in snapshot.videos]
    own_css = _own_css(snapshot, compared)
    brand = snapshot.brand
    fields = {
        "revision": page.revision,
        "noindex": page.noindex,
        "name": snapshot.name,
        "title": f"{snapshot.name} · {brand.name}" if brand.name else snapshot.name,
        "summary": _summary(snapshot),
        "paragraphs": [it.strip() for it in (snapshot.description or "").split("\n") if it.strip()],
        "counts": counts(snapshot),
        "brand": brand,
        "logo": None if brand.logo is None else _Sized(brand.logo, here),
        "website_shown": _bare(brand.website),
        "contact": _linked(brand.contact or ""),
        "url": whole.page,
        "manifest": here.manifest(),
        "card": whole.card() if snapshot.pictures or snapshot.videos else None,
        "pictures": pictures,
        "compared": compared,
        "films": films,
        "films_first": snapshot.output == "video",
        "enhanced": any(picture.enhanced for picture in snapshot.pictures),
        "first_sizes": _FIRST_SIZES,
        "tile_sizes": _TILE_SIZES,
        "pair_sizes": _PAIR_SIZES,
        "own_css": _ours(own_css),
    }
    return _rendered("page.html", fields, [_text("page.css"), own_css], [_text("page.js")])


def render_missing() -> Rendered:
    """What is told of an address that shows nothing."""
    return _rendered("missing.html", {}, [_text("page.css")], [])


def counts(snapshot: Snapshot) -> str:
    """How much there is to see, in words."""
    said = []
    for number, one, many in (
        (len(snapshot.pictures), "picture", "pictures"), (len(snapshot.videos), "film", "films")
    ):  # fmt: skip
        if number:
            said.append(f"{number} {one if number == 1 else many}")
    return " · ".join(said)


def _tile(at: Addresses, picture: PagePicture) -> dict[str, Any]:
    return {
        "image": _Sized(picture.image, at), "alt": picture.alt, "caption": picture.caption,
        "enhanced": picture.enhanced,
    }  # fmt: skip


def _pair(at: Addresses, picture: PagePicture, before: Shown) -> dict[str, Any]:
    """Both in the shape of the later one, to which the original may have been cut."""
    shape = picture.image.width / picture.image.height
    wide = min(before.width, picture.image.width)
    high = max(1, round(wide / shape))
    same = before.width * picture.image.height == before.height * picture.image.width
    return _tile(at, picture) | {"before": _Sized(before, at, None if same else (wide, high))}


def _film(at: Addresses, snapshot: Snapshot, video: PageVideo) -> dict[str, Any]:
    seconds = round(video.duration_seconds)
    return {
        "src": at.film(video.id), "poster": at.poster(video.id), "width": video.width,
        "height": video.height, "label": video.title or snapshot.name,
        "length": f"{seconds // _MINUTE}:{seconds % _MINUTE:02d}", "has_sound": video.has_sound,
    }  # fmt: skip


def _own_css(snapshot: Snapshot, compared: list[dict[str, Any]]) -> str:
    """Colours as they are readable on each ground; shapes and placeholders, by the figures' ids."""
    rules = []
    for scheme, ground in _GROUNDS.items():
        said = [
            f"--{name}:{readable(color, ground, *least)}"
            for name, color, least in (
                ("primary", snapshot.brand.primary, ()),
                ("accent", snapshot.brand.accent, (CONTRAST_SHAPE,)),
            ) if color
        ]  # fmt: skip
        if said:
            rules.append(f"@media (prefers-color-scheme:{scheme}){{:root{{{';'.join(said)}}}}}")
    for number, picture in enumerate(snapshot.pictures, start=1):
        image = picture.image
        rules.append(f"#t{number}{{--r:{_ratio(image.width, image.height)}}}")
        if image.focal_point is not None:
            x, y = (f"{100 * it:.1f}%" for it in image.focal_point)
            rules.append(f"#t{number} img{{object-position:{x} {y}}}")
        if image.placeholder is not None:
            url = f"data:image/webp;base64,{image.placeholder}"
            rules.append(f"#t{number} a{{background-image:url({url})}}")
    for number, it in enumerate(compared, start=1):
        image = it["image"]
        rules.append(f"#c{number}{{--r:{_ratio(image.width, image.height)}}}")
    for number, video in enumerate(snapshot.videos, start=1):
        rules.append(f"#f{number}{{--r:{_ratio(video.width, video.height)}}}")
    return "".join(rules)


def _ratio(width: int, height: int) -> str:
    return f"{width / height:.4f}"


def _summary(snapshot: Snapshot) -> str:
    """For search engines and share cards: the description's beginning, else what there is."""
    words = " ".join((snapshot.description or "").split())
    if len(words) > _SUMMARY_CHARACTERS:
        words = words[: _SUMMARY_CHARACTERS - 1].rsplit(" ", 1)[0] + "…"
    return words or counts(snapshot)


def _bare(website: str | None) -> str:
    if website is None:
        return ""
    parts = urlsplit(website)
    return f"{parts.netloc}{parts.path}".rstrip("/")


def _linked(contact: str) -> list[tuple[str, str | None]]:
    """The text in pieces, e-mail addresses with their link."""
    pieces: list[tuple[str, str | None]] = []
    end = 0
    for found in _MAIL.finditer(contact):
        pieces += [(contact[end : found.start()], None), (found[0], f"mailto:{found[0]}")]
        end = found.end()
    return [it for it in [*pieces, (contact[end:], None)] if it[0]]


def _rendered(
    template: str, fields: dict[str, Any], styles: list[str], scripts: list[str]
) -> Rendered:
    shared = {"css": _ours(_text("page.css")), "script": _ours(_text("page.js"))}
    body = _environment().get_template(template).render(page=fields | shared)
    policy = "; ".join([
        "default-src 'none'",
        "img-src 'self' data:",
        "media-src 'self'",
        f"style-src {' '.join(map(_hashed, styles))}",
        f"script-src {' '.join(map(_hashed, scripts)) or _NOTHING}",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    ])  # fmt: skip
    return Rendered(body.encode(), policy)


def _ours(text: str) -> Markup:
    """Text that goes into the page as it is: none of it is a client's but what has a fixed form."""
    return Markup(text)  # noqa: S704


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("tintype.publishing"), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=True,
    )  # fmt: skip


@functools.cache
def _text(name: str) -> str:
    return resources.files("tintype.publishing").joinpath("templates", name).read_text("utf-8")


@functools.cache
def version() -> str:
    """Changes with what pages look like, so that a browser asks for them anew."""
    names = ("page.html", "page.css", "page.js")
    made = "\0".join([__version__, *map(_text, names)])
    return hashlib.sha256(made.encode()).hexdigest()[:16]


def _hashed(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
