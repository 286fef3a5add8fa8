"""Films as rows: reserved with their work or made with its end, shown beside it, gone with it."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from tintype.api.paging import TOTAL_MAX
from tintype.core import ids
from tintype.core.caller import Caller
from tintype.core.errors import NotFound
from tintype.db.listen import notify
from tintype.db.pool import Row, Transaction
from tintype.events import operations as events
from tintype.images.links import Links
from tintype.videos import queries
from tintype.videos.intake import StoredFilm
from tintype.videos.links import film_url, poster_url, public_url
from tintype.videos.models import Background, Video, VideoFault, Voice


def is_reel(work: Mapping[str, Any]) -> bool:
    """Whether a generation's row is work on a reel: its film is known before it is made."""
    return work["kind"] == "video" and work["recipe"] is not None


async def reserve(tx: Transaction, work: Row) -> str:
    """The row of the film that new work is to make; its id."""
    video_id = ids.new("vid")
    background: Mapping[str, Any] = (work["recipe"] or {}).get("background") or {}
    await queries.reserve(tx, video_id, work, background.get("sound_key"))
    return video_id


async def add(
    tx: Transaction, organization_id: str, film: StoredFilm, fields: dict[str, Any]
) -> Row:
    """Make a film's row, or complete the one that its work reserved.

    `fields` are `project_id`, `generation_id`, `livemode` and `meta`.
    """
    await queries.add(
        tx, film.fields() | fields | {"id": ids.new("vid"), "organization_id": organization_id}
    )
    row = await queries.of_generation(tx, organization_id, fields["generation_id"])
    assert row is not None
    return row


async def find(tx: Transaction, caller: Caller, video_id: str) -> Row:
    """A living video of the caller's, in whatever state. Raises NotFound."""
    wanted = ids.parse("vid", video_id)
    row = await queries.find(tx, caller.organization_id, wanted, caller.project_id)
    if row is None:
        raise NotFound(f"There is no video {video_id[:80]}.")
    return row


async def of_work(tx: Transaction, caller: Caller, generation_id: str) -> Row:
    """The living video of this work, in whatever state. Raises NotFound."""
    row = await queries.of_generation(tx, caller.organization_id, generation_id)
    if row is None or row["deleted_at"] is not None:
        raise NotFound(f"The video of {generation_id} is deleted.")
    return row


async def page(
    tx: Transaction,
    caller: Caller,
    filters: Mapping[str, Any],
    *,
    after: str | None,
    offset: int,
    limit: int,
) -> tuple[list[Row], int]:
    """Newest first, one more than `limit` where there is more, and how many there are in all.

    `filters` are `project_id`, known to be the caller's, and `status`.
    """
    rows = await queries.page(
        tx, caller.organization_id, {**filters, "after": after}, offset=offset, limit=limit + 1
    )
    return rows, await queries.count(tx, caller.organization_id, filters, TOTAL_MAX)


async def of_generations(
    tx: Transaction, organization_id: str, generation_ids: Sequence[str], links: Links
) -> dict[str, Video]:
    """The living, stored film of each generation that has one; no query for none."""
    if not generation_ids:
        return {}
    rows = await queries.of_generations(tx, organization_id, list(generation_ids))
    return {row["generation_id"]: to_video(row, links) for row in rows}


async def completed_of_project(tx: Transaction, organization_id: str, project_id: str) -> list[Row]:
    """A project's stored films, oldest first."""
    return await queries.completed_of_project(tx, organization_id, project_id)


async def forget_of_generation(tx: Transaction, organization_id: str, generation_id: str) -> None:
    """End the URLs of the generation's film, if it has one. The row and the bytes stay."""
    video_id = await queries.soft_delete(tx, organization_id, generation_id)
    if video_id is not None:
        await notify(tx, video_id)


async def tell(
    tx: Transaction, work: Row, type_: Literal["video.completed", "video.failed"], links: Links
) -> None:
    """Say how work on a film ended, which the row shows by now; nothing where no film is known.

    The address that a reel's request named is told of its video; of other films it hears from the
    generation.
    """
    row = await queries.of_generation(tx, work["organization_id"], work["id"])
    if row is None:
        return
    await events.publish(
        tx, row["organization_id"], type_, row["id"], livemode=row["livemode"],
        data=to_video(row, links),
        webhook_url=row["webhook_url"] if is_reel(work) else None,
    )  # fmt: skip


async def deliverable(tx: Transaction, video_id: str) -> Row | None:
    """What delivery needs of a living film of any organization."""
    return await queries.deliverable(tx, video_id)


async def referenced_keys(tx: Transaction, keys: list[str]) -> set[str]:
    """Those of the object keys that rows name; for the sweeper."""
    return await queries.referenced_keys(tx, keys)


def to_video(row: Row, links: Links) -> Video:
    stored = row["object_key"] is not None
    recipe: Mapping[str, Any] = row["recipe"] or {}
    error: Mapping[str, Any] | None = row["error"] if row["status"] == "failed" else None
    voice, background = recipe.get("voice"), recipe.get("background")
    return Video(
        id=row["id"],
        status=row["status"],
        progress=round(row["progress"], 3),
        title=recipe.get("title"),
        public_url=public_url(links, row["id"]) if stored else None,
        url=film_url(links, row["id"]) if stored else None,
        poster_url=poster_url(links, row["id"]) if stored else None,
        width=row["width"],
        height=row["height"],
        # As it was asked for: the work's column is of single precision.
        duration_seconds=round(row["duration_seconds"], 6),
        fps=row["fps"],
        has_sound=row["has_sound"],
        bytes=row["bytes"],
        sha256=row["sha256"],
        project_id=row["project_id"],
        generation_id=row["generation_id"],
        picture_ids=[it["image_id"] for it in row["sources"] if it.get("image_id")],
        captions=list(recipe.get("captions", ())),
        transition=recipe.get("transition"),
        voice=None if voice is None else msgspec.convert(voice, Voice),
        background=None if background is None else msgspec.convert(background, Background),
        aspect_ratio=row["aspect_ratio"],
        resolution=row["resolution"],
        model=row["model"],
        seed=row["seed"],
        credits_reserved=row["credits_reserved"],
        credits_used=row["credits_used"],
        error=None if error is None else VideoFault(error["code"], error["message"]),
        livemode=row["livemode"],
        meta=row["meta"],
        webhook_url=row["webhook_url"],
        created_at=row["created_at"],
        completed_at=row["completed_at"],
    )
