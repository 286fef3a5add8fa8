"""Films as rows: made with the end of their work, shown beside it, gone with it."""

from collections.abc import Sequence
from typing import Any

from tintype.core import ids
from tintype.db.listen import notify
from tintype.db.pool import Row, Transaction
from tintype.images.links import Links
from tintype.videos import queries
from tintype.videos.intake import StoredFilm
from tintype.videos.links import film_url, poster_url, public_url
from tintype.videos.models import Video


async def add(
    tx: Transaction, organization_id: str, film: StoredFilm, fields: dict[str, Any]
) -> Row:
    """Make a film's row; `fields` are `project_id`, `generation_id`, `livemode` and `meta`."""
    return await queries.insert(
        tx, film.fields() | fields | {"id": ids.new("vid"), "organization_id": organization_id}
    )


async def of_generations(
    tx: Transaction, organization_id: str, generation_ids: Sequence[str], links: Links
) -> dict[str, Video]:
    """The living film of each generation that has one; no query for none."""
    if not generation_ids:
        return {}
    rows = await queries.of_generations(tx, organization_id, list(generation_ids))
    return {row["generation_id"]: to_video(row, links) for row in rows}


async def forget_of_generation(tx: Transaction, organization_id: str, generation_id: str) -> None:
    """End the URLs of the generation's film, if it has one. The row and the bytes stay."""
    video_id = await queries.soft_delete(tx, organization_id, generation_id)
    if video_id is not None:
        await notify(tx, video_id)


async def deliverable(tx: Transaction, video_id: str) -> Row | None:
    """What delivery needs of a living film of any organization."""
    return await queries.deliverable(tx, video_id)


async def referenced_keys(tx: Transaction, keys: list[str]) -> set[str]:
    """Those of the object keys that rows name; for the sweeper."""
    return await queries.referenced_keys(tx, keys)


def to_video(row: Row, links: Links) -> Video:
    return Video(
        id=row["id"],
        public_url=public_url(links, row["id"]),
        url=film_url(links, row["id"]),
        poster_url=poster_url(links, row["id"]),
        width=row["width"],
        height=row["height"],
        duration_seconds=row["duration_seconds"],
        fps=row["fps"],
        format=row["format"],
        has_sound=row["has_sound"],
        bytes=row["bytes"],
        sha256=row["sha256"],
        project_id=row["project_id"],
        generation_id=row["generation_id"],
        livemode=row["livemode"],
        meta=row["meta"],
        created_at=row["created_at"],
    )
