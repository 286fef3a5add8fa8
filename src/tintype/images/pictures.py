"""Pictures: images of a project, of which a row may come before its bytes, in lines of versions.

Who asks for an enhancement gets its rows at once, reserved; the run fills them, or ends them. A
line is what was made of one original, its root; one approved picture of it is the published one.

Locks: the generation, then images in the order of their ids, which begins with the root.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tintype.core import ids
from tintype.core.caller import Caller
from tintype.core.errors import Conflict, NotFound
from tintype.db.listen import notify
from tintype.db.pool import Row, Transaction
from tintype.events import operations as events
from tintype.images import operations, picture_queries, picture_reads
from tintype.images.intake import StoredPicture
from tintype.images.links import Links
from tintype.images.models import Approval, Image, PictureEvent

VERSIONS_SHOWN_MAX: Final = 200
NO_URLS: Final = Links("", b"")


async def find(tx: Transaction, caller: Caller, picture_id: str, *, lock: bool = False) -> Row:
    """A picture's row, in whatever state; `lock` holds it and its line's root.

    Raises NotFound, also for an image that is in no project.
    """
    wanted = ids.parse("img", picture_id)
    if lock:
        await picture_queries.lock_line(tx, caller.organization_id, wanted)
    row = await picture_reads.find(tx, caller.organization_id, wanted, caller.project_id)
    if row is None:
        raise NotFound(f"There is no picture {picture_id[:80]}.")
    return row


async def reserve(
    tx: Transaction,
    work: Row,
    parent_id: str,
    *,
    instruction: Mapping[str, Any],
) -> list[Row]:
    """A picture in process for each variant of new work on `parent_id`, as the line's next version.

    `work` is the generation's row, whose project is the picture's. The new pictures have the scene
    of their parent, and its focal point where they are not cropped.
    """
    organization_id = work["organization_id"]
    line = await picture_queries.next_version(
        tx, organization_id, parent_id, work["project_id"]
    )  # fmt: skip
    # Who deletes it holds the root as well: from here on it stays.
    parent = await picture_reads.find(tx, organization_id, parent_id, None)
    if parent is None or line is None:
        raise Conflict(f"The picture {parent_id} was deleted.")
    keeps_focus = work["aspect_ratio"] is None
    await picture_queries.reserve(
        tx, organization_id, [ids.new("img") for _ in range(work["variants"])],
        {
            "livemode": work["livemode"], "project_id": work["project_id"],
            "generation_id": work["id"], "parent_id": parent_id, "root_id": line["root_id"],
            "version": line["version"], "prompt": work["prompt"] or None,
            "scene_type": parent["scene_type"], "scene_location": parent["scene_location"],
            "focal_x": parent["focal_x"] if keeps_focus else None,
            "focal_y": parent["focal_y"] if keeps_focus else None,
            "source_instruction": instruction, "meta": work["meta"],
            "webhook_url": work["webhook_url"],
        },
    )  # fmt: skip
    return await of_work(tx, organization_id, work["id"])


async def line_of(
    tx: Transaction, organization_id: str, parent_id: str | None, project_id: str | None
) -> tuple[str | None, int]:
    """Root and version of an image that is made of another one: none and 0 for an original.

    What is made of an image of another project begins a line of its own.
    """
    if parent_id is None:
        return None, 0
    line = await picture_queries.next_version(tx, organization_id, parent_id, project_id)
    return (None, 0) if line is None else (line["root_id"], line["version"])


async def fill(
    tx: Transaction,
    work: Row,
    made: Mapping[int, StoredPicture],
    faults: Sequence[Mapping[str, Any]],
    links: Links,
) -> list[Image]:
    """End a work's pictures: with their bytes, or failed where their variant is among `faults`."""
    organization_id = work["organization_id"]
    filled = []
    for variant, stored in sorted(made.items()):
        row = await picture_queries.fill(
            tx, organization_id, work["id"], variant, stored.fields()
        )  # fmt: skip
        # None where it was deleted meanwhile: the sweeper takes the bytes.
        if row is not None:
            filled.append(operations.to_image(row, links))
            await publish(tx, "picture.completed", row, links, webhook_url=row["webhook_url"])
    for fault in faults:
        error = {"code": fault["code"], "message": fault["message"]}
        await _end(tx, organization_id, work["id"], [fault["variant"]], "failed", error)
    return filled


async def end_of_work(
    tx: Transaction,
    organization_id: str,
    generation_id: str,
    status: str,
    error: Mapping[str, Any] | None,
) -> None:
    """Work failed or was canceled: so are those of its pictures that are still in process."""
    await _end(tx, organization_id, generation_id, None, status, error)


async def forget_unmade(tx: Transaction, organization_id: str, generation_id: str) -> None:
    """Delete those of a work's pictures that have no bytes; what was in process is canceled."""
    await _end(tx, organization_id, generation_id, None, "canceled", None)
    await picture_queries.forget_unmade(tx, organization_id, generation_id)


async def _end(
    tx: Transaction,
    organization_id: str,
    generation_id: str,
    variants: Sequence[int] | None,
    status: str,
    error: Mapping[str, Any] | None,
) -> None:
    rows = await picture_queries.end_of_work(
        tx, organization_id, generation_id, variants, status, error
    )
    for row in rows:
        await publish(tx, "picture.failed", row, NO_URLS, webhook_url=row["webhook_url"])


async def delete(tx: Transaction, caller: Caller, row: Row, links: Links) -> None:
    """Soft, as `images.operations.delete`; one that was in process is canceled, and says so.

    The row is held, as `find` does it.
    """
    organization_id = caller.organization_id
    canceled = await picture_queries.cancel(tx, organization_id, row["id"])
    await operations.forget(tx, organization_id, row["id"])
    if canceled is not None:
        await publish(tx, "picture.failed", canceled, links, webhook_url=canceled["webhook_url"])
    elif row["status"] == "completed":
        await operations.publish(tx, caller, "image.deleted", operations.to_image(row, links))


async def open_works(tx: Transaction, organization_id: str, picture_id: str) -> list[str]:
    """Enhancements under way that start from a picture, or are to make no other living one."""
    return await picture_queries.open_works(tx, organization_id, picture_id)


async def judge(
    tx: Transaction, row: Row, approval: Approval, feedback: str | None, judged_by: str | None
) -> None:
    """Write a verdict on a picture that is held; an approved one becomes its line's published."""
    organization_id = row["organization_id"]
    await picture_queries.judge(tx, organization_id, row["id"], approval, feedback, judged_by)
    if approval == "approved":
        root_id = row["root_id"] or row["id"]
        await picture_queries.select(tx, organization_id, root_id, row["id"])
    else:
        await picture_queries.unselect(tx, organization_id, row["id"])
    await notify(tx, row["id"])


async def selected(tx: Transaction, organization_id: str, project_id: str) -> list[Row]:
    """A project's published pictures: of each line the approved one, oldest line first."""
    return await picture_reads.selected(tx, organization_id, project_id)


async def instruction_of(
    tx: Transaction, organization_id: str, generation_id: str
) -> Mapping[str, Any] | None:
    """What a work's pictures were asked for with, deleted ones too."""
    found: Mapping[str, Any] | None = await picture_queries.instruction_of(
        tx, organization_id, generation_id
    )
    return found


async def of_work(tx: Transaction, organization_id: str, generation_id: str) -> list[Row]:
    """A work's living pictures, in whatever state, by their variants."""
    return await picture_reads.of_work(tx, organization_id, generation_id)


async def versions(tx: Transaction, row: Row) -> list[Row]:
    """The living pictures of a picture's line, the original first."""
    return await picture_reads.versions(
        tx, row["organization_id"], row["root_id"] or row["id"], VERSIONS_SHOWN_MAX
    )


async def page(
    tx: Transaction,
    organization_id: str,
    project_id: str,
    filters: Mapping[str, Any],
    *,
    after: str | None,
    offset: int,
    limit: int,
    most: int,
) -> tuple[list[Row], int]:
    """A project's pictures, newest first, and how many there are in all, at most `most`."""
    asked = {**filters, "after": after}
    rows = await picture_reads.page(
        tx, organization_id, project_id, asked, offset=offset, limit=limit
    )
    return rows, await picture_reads.count(tx, organization_id, project_id, filters, most)


async def publish(
    tx: Transaction, type_: str, row: Row, links: Links, *, webhook_url: str | None = None
) -> None:
    """Tell of a picture, to all endpoints and to the address that its request named."""
    await events.publish(
        tx, row["organization_id"], type_, row["id"], livemode=row["livemode"],
        data=to_event(row, links), webhook_url=webhook_url,
    )  # fmt: skip


def to_event(row: Row, links: Links) -> PictureEvent:
    completed = row["status"] == "completed"
    return PictureEvent(
        id=row["id"],
        project_id=row["project_id"],
        status=row["status"],
        public_url=links.public_url(row["id"], row["format"]) if completed else None,
        version=row["version"],
        subversion=row["subversion"],
        scene_type=row["scene_type"],
        scene_location=row["scene_location"],
        source_instruction=row["source_instruction"],
    )
