"""A published project for programs: its media in sizes that are ready to be delivered."""

from typing import Any, Final

from tintype.publishing import addresses
from tintype.publishing.addresses import FORMATS, Addresses, widths
from tintype.publishing.models import PagePicture, PageVideo, Published, Shown

# What sites and networks ask for; a picture is offered in those that don't enlarge it.
_CUTS: Final = (
    ("wide", 1920, 1080), ("landscape", 1440, 1080), ("square", 1080, 1080),
    ("portrait", 1080, 1350), ("story", 1080, 1920), ("share", 1200, 630),
)  # fmt: skip

Json = dict[str, Any]


def manifest(base_url: str, page: Published) -> Json:
    """All of one revision, with whole URLs."""
    at, snapshot, brand = addresses.whole(base_url, page), page.snapshot, page.snapshot.brand
    return {
        "object": "manifest",
        "project_id": page.project_id,
        "name": snapshot.name,
        "description": snapshot.description,
        "output": snapshot.output,
        "revision": page.revision,
        "published_at": page.published_at,
        "page_url": at.page,
        "card_url": at.card() if snapshot.pictures or snapshot.videos else None,
        "branding": {
            "name": brand.name,
            "colors": {"primary": brand.primary, "accent": brand.accent},
            "logo_url": None if brand.logo is None else at.original(brand.logo),
            "website": brand.website,
            "contact": brand.contact,
        },
        "pictures": [_picture(at, picture) for picture in snapshot.pictures],
        "videos": [_video(at, video) for video in snapshot.videos],
    }


def _picture(at: Addresses, picture: PagePicture) -> Json:
    return {
        **_image(at, picture.image),
        "alt": picture.alt,
        "caption": picture.caption,
        "scene_type": picture.scene_type,
        "scene_location": picture.scene_location,
        "version": picture.version,
        "enhanced": picture.enhanced,
        "cuts": _cuts(at, picture.image),
        "before": None if picture.before is None else _image(at, picture.before),
    }


def _image(at: Addresses, image: Shown) -> Json:
    focal = image.focal_point
    return {
        "id": image.id,
        "width": image.width,
        "height": image.height,
        "format": image.format,
        "bytes": image.bytes,
        "url": at.original(image),
        "focal_point": None if focal is None else {"x": focal[0], "y": focal[1]},
        "thumbhash": image.thumbhash,
        "sizes": _sizes(at, image),
    }


def _sizes(at: Addresses, image: Shown) -> list[Json]:
    return [
        {
            "width": width,
            "height": max(1, round(image.height * width / image.width)),
            "urls": {kind: at.image(image, kind, width) for kind in FORMATS},
        }
        for width in widths(image)
    ]


def _cuts(at: Addresses, image: Shown) -> list[Json]:
    return [
        {
            "name": name, "width": wide, "height": high,
            "urls": {kind: at.cut(image, kind, wide, high) for kind in FORMATS},
        }
        for name, wide, high in _CUTS
        if wide <= image.width and high <= image.height
    ]  # fmt: skip


def _video(at: Addresses, video: PageVideo) -> Json:
    return {
        "id": video.id,
        "title": video.title,
        "width": video.width,
        "height": video.height,
        "duration_seconds": video.duration_seconds,
        "has_sound": video.has_sound,
        "bytes": video.bytes,
        "url": at.film(video.id),
        "poster_url": at.poster(video.id),
    }
