"""A project's approved pictures and finished films as they are now, in the words of its page."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tintype.catalog.scenes import scenes
from tintype.core.errors import Conflict
from tintype.db.pool import Row, Transaction
from tintype.images import pictures as lines
from tintype.projects.models import Branding, Colors, Project
from tintype.publishing import queries
from tintype.publishing.models import (
    PICTURES_MAX,
    VIDEOS_MAX,
    Brand,
    PagePicture,
    PageVideo,
    Shown,
    Snapshot,
)
from tintype.videos import operations as videos


async def taken(
    tx: Transaction,
    organization_id: str,
    project: Project,
    *,
    description: str | None,
    noindex: bool,
    placeholders: Mapping[str, str],
) -> Snapshot:
    """The snapshot of a project that is locked; `placeholders` are WebP in base64 by ThumbHash.

    Raises Conflict for a project with nothing to show, or with more than a page may have.
    """
    approved = await lines.selected(tx, organization_id, project.id)
    films = await videos.completed_of_project(tx, organization_id, project.id)
    if not approved and not films:
        raise Conflict(
            "This project has nothing to publish: approve a picture, or make a reel first.",
            details={"pictures": 0, "videos": 0},
        )
    if len(approved) > PICTURES_MAX or len(films) > VIDEOS_MAX:
        raise Conflict(
            f"A page shows at most {PICTURES_MAX} pictures and {VIDEOS_MAX} films; this project has"
            f" {len(approved)} and {len(films)}.",
            details={"pictures": len(approved), "videos": len(films)},
        )
    branding = project.branding or Branding()
    wanted = {row["root_id"] for row in approved if row["root_id"]}
    if branding.logo_image_id is not None:
        wanted.add(branding.logo_image_id)
    others = {row["id"]: row for row in await queries.images(tx, organization_id, sorted(wanted))}
    return Snapshot(
        name=project.name, description=description, output=project.output, noindex=noindex,
        brand=_brand(branding, others),
        pictures=_pictures(project.name, approved, others, placeholders),
        videos=[_video(row) for row in films],
    )  # fmt: skip


def _pictures(
    name: str,
    rows: Sequence[Row],
    originals: Mapping[str, Row],
    placeholders: Mapping[str, str],
) -> list[PagePicture]:
    words = _numbered([_words(row) for row in rows])
    found = []
    for number, (row, said) in enumerate(zip(rows, words, strict=True), start=1):
        original = originals.get(row["root_id"]) if row["root_id"] else None
        caption = _own(row["meta"], "caption") or said
        alt = _own(row["meta"], "alt") or caption or f"{name}, picture {number}"
        found.append(PagePicture(
            image=_shown(row, placeholders.get(row["thumbhash"])),
            before=None if original is None else _shown(original),
            alt=alt, caption=caption, scene_type=row["scene_type"],
            scene_location=row["scene_location"], version=row["version"],
            enhanced=row["version"] > 0,
        ))  # fmt: skip
    return found


def _shown(row: Row, placeholder: str | None = None) -> Shown:
    focal = None
    if row["focal_x"] is not None:
        focal = (round(row["focal_x"], 6), round(row["focal_y"], 6))
    return Shown(
        id=row["id"], width=row["width"], height=row["height"], format=row["format"],
        bytes=row["bytes"], thumbhash=row["thumbhash"], focal_point=focal,
        placeholder=placeholder,
    )  # fmt: skip


def _video(row: Row) -> PageVideo:
    recipe: Mapping[str, Any] = row["recipe"] or {}
    return PageVideo(
        id=row["id"], title=recipe.get("title") or _own(row["meta"], "title"),
        width=row["width"], height=row["height"],
        duration_seconds=round(row["duration_seconds"], 3), has_sound=row["has_sound"],
        bytes=row["bytes"],
    )  # fmt: skip


def _brand(branding: Branding, images: Mapping[str, Row]) -> Brand:
    logo = images.get(branding.logo_image_id or "")
    colors = branding.colors or Colors()
    return Brand(
        name=branding.name, primary=colors.primary, accent=colors.accent,
        logo=None if logo is None else _shown(logo),
        website=branding.website, contact=branding.contact,
    )  # fmt: skip


def _words(row: Row) -> str | None:
    """What the picture is said to show, in the catalogue's words."""
    scene = scenes().get(row["scene_type"] or "")
    if scene is None:
        return None
    return scene.locations.get(row["scene_location"] or "", scene.name)


def _numbered(words: Sequence[str | None]) -> list[str | None]:
    """Words that several pictures share are told apart: Bedroom 1, Bedroom 2."""
    shared = Counter(words)
    seen: Counter[str | None] = Counter()
    found = []
    for word in words:
        seen[word] += 1
        many = word is not None and shared[word] > 1
        found.append(f"{word} {seen[word]}" if many else word)
    return found


def _own(meta: Mapping[str, Any], key: str) -> str | None:
    """A text that the client keeps in the object's own map, if it is one."""
    value = meta.get(key)
    return value.strip()[:300] or None if isinstance(value, str) else None
