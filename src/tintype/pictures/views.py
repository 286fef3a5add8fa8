"""A picture's row as clients see it, and the tags by which they say which one they saw."""

from typing import Any, Final

from tintype.api.tags import Tags, etag_of
from tintype.db.pool import Row
from tintype.generations.models import Fault
from tintype.images.links import Links
from tintype.images.models import FocalPoint
from tintype.pictures.models import Picture, PictureDetail

_PLAIN: Final = (
    "id", "source", "status", "width", "height", "format", "bytes", "sha256", "thumbhash", "alias",
    "project_id", "flow_id", "generation_id", "parent_id", "version", "subversion", "selected",
    "scene_type", "scene_location", "approval", "feedback", "judged_at", "judged_by",
    "source_instruction", "fidelity", "livemode", "meta", "created_at", "updated_at",
)  # fmt: skip
# What changes without anybody's change: times in signed URLs, and the work's progress.
_PASSING: Final = {"url": None, "public_url": None, "progress": 0.0}


def to_picture(row: Row, links: Links) -> Picture:
    return Picture(**_fields(row, links))


def to_detail(row: Row, versions: list[Row], links: Links) -> PictureDetail:
    return PictureDetail(
        **_fields(row, links), versions=[to_picture(version, links) for version in versions]
    )


def _fields(row: Row, links: Links) -> dict[str, Any]:
    completed = row["status"] == "completed"
    focal, error = None, row["error"]
    if row["focal_x"] is not None:
        # Stored as 4-byte floats: shown as given, not as 0.30000001192092896.
        focal = FocalPoint(round(row["focal_x"], 6), round(row["focal_y"], 6))
    return {
        **{name: row[name] for name in _PLAIN},
        "root_id": row["root_id"] or row["id"],
        "progress": 1.0 if completed else round(row["progress"] or 0.0, 3),
        "public_url": links.public_url(row["id"], row["format"]) if completed else None,
        "url": links.url(row["id"], row["format"]) if completed else None,
        "focal_point": focal,
        "adjustments": row["notes"] or [],
        "error": Fault(error["code"], error["message"]) if error else None,
    }


def tag_of(detail: PictureDetail) -> str:
    """The ETag of a picture's detail, in two parts: of the picture itself, and of all the rest.

    A change is made to the picture: that its line got another version meanwhile is no reason to
    refuse it, but is one to send the detail anew.
    """
    own = etag_of(own_of(detail))
    rest = etag_of([detail.progress, *(own_of(version) for version in detail.versions)])
    return f"{own[:-1]}.{rest[1:]}"


def own_part(tags: Tags | None) -> Tags | None:
    """The tags of `If-Match`, each without its part of what is not the picture's own."""
    if tags is None:
        return None
    return frozenset(f'{tag.partition(".")[0]}"' if "." in tag else tag for tag in tags)


def own_of(picture: Picture) -> Picture:
    """What the first part of the tag is made of: the picture without what passes."""
    fields = {name: getattr(picture, name) for name in Picture.__struct_fields__}
    del fields["object"]
    return Picture(**{**fields, **_PASSING})
