"""The library: adding, finding, naming and deleting images."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from tintype.accounts.models import require_feature
from tintype.aliases import operations as aliases
from tintype.aliases.models import assignable
from tintype.core import ids
from tintype.core.caller import Caller
from tintype.core.errors import Conflict, NotFound, NotReady, ValidationFailed
from tintype.db.listen import notify
from tintype.db.pool import Row, Transaction
from tintype.events import operations as events
from tintype.flows import operations as flows
from tintype.images import picture_queries, queries
from tintype.images.intake import StoredPicture
from tintype.images.links import Links
from tintype.images.models import (
    AssignedImage,
    FocalPoint,
    Image,
    ResolvedImage,
    UpdateImage,
    UploadForm,
)


def check_names(form: UploadForm) -> None:
    """Refuse names that could never be given, before any pixel is touched."""
    for field, alias in (("alias", form.alias), ("flow_alias", form.flow_alias)):
        if alias is not None:
            assignable(alias, field)


async def add_upload(
    tx: Transaction,
    caller: Caller,
    links: Links,
    picture: StoredPicture,
    form: UploadForm,
    *,
    only_if_free: bool,
) -> AssignedImage:
    """Make the row of an uploaded picture, and give it the names that were asked for."""
    flow_id, project_id = await flows.chosen(tx, caller, form.flow_id, form.project_id)
    if form.flow_alias is not None and flow_id is None:
        require_feature(caller, "flows")
        flow_id = await flows.start(tx, caller, project_id=project_id, meta={})
    row = await queries.insert(
        tx, ids.new("img"), caller.organization_id,
        picture.fields() | {
            "source": "uploaded", "livemode": caller.livemode, "project_id": project_id,
            "flow_id": flow_id, "generation_id": None, "variant": 0, "prompt": None,
            "parent_id": None, "root_id": None, "version": 0, "meta": form.meta,
        },
    )  # fmt: skip
    moved = None
    if form.alias is not None:
        moved = await aliases.set_project_alias(
            tx, caller.organization_id, project_id, row["id"], form.alias, only_if_free=only_if_free
        )
    if form.flow_alias is not None:
        assert flow_id is not None
        moved = await aliases.assign(
            tx, caller.organization_id, flow_id, form.flow_alias, row["id"],
            only_if_free=only_if_free,
        ) or moved  # fmt: skip
    image = await _assigned(tx, caller, links, row["id"], moved)
    await publish(tx, caller, "image.uploaded", image)
    return image


async def add_generated(
    tx: Transaction,
    organization_id: str,
    picture: StoredPicture,
    fields: dict[str, Any],
) -> Row:
    """Make the row of a generated picture."""
    return await queries.insert(
        tx,
        ids.new("img"),
        organization_id,
        picture.fields()
        | {"source": "generated", "parent_id": None, "root_id": None, "version": 0}
        | fields,
    )


async def get(tx: Transaction, caller: Caller, links: Links, image_id: str) -> Image:
    return to_image(await _row(tx, caller, image_id), links)


async def require(tx: Transaction, caller: Caller, image_id: str) -> str:
    """The image's id, where there is such an image; raises NotFound, NotReady and Conflict."""
    row = await _row(tx, caller, image_id)
    found: str = row["id"]
    return found


async def known(tx: Transaction, caller: Caller, image_ids: list[str]) -> list[str]:
    """Those of `image_ids` that are images of the caller's."""
    return await queries.known(tx, caller.organization_id, image_ids, caller.project_id)


async def update(
    tx: Transaction,
    caller: Caller,
    links: Links,
    image_id: str,
    change: UpdateImage,
    *,
    only_if_free: bool,
) -> AssignedImage:
    """Change alias, focal point or meta; what `change` leaves unset stays."""
    row = await _row(tx, caller, image_id, lock=True)
    focal = change.focal_point
    if focal is msgspec.UNSET:
        focal_x, focal_y = row["focal_x"], row["focal_y"]
    else:
        focal_x, focal_y = (focal.x, focal.y) if focal else (None, None)
    await queries.update(
        tx, caller.organization_id, row["id"], focal_x=focal_x, focal_y=focal_y,
        meta=row["meta"] if change.meta is msgspec.UNSET else change.meta,
    )  # fmt: skip
    moved = None
    if change.alias is not msgspec.UNSET:
        moved = await aliases.set_project_alias(
            tx, caller.organization_id, row["project_id"], row["id"], change.alias,
            only_if_free=only_if_free,
        )  # fmt: skip
    await notify(tx, row["id"])
    return await _assigned(tx, caller, links, row["id"], moved)


async def resolve(
    tx: Transaction,
    caller: Caller,
    links: Links,
    alias: str,
    *,
    flow_id: str | None,
    project_id: str | None,
) -> ResolvedImage:
    """The image that an alias names: technical, then the flow's, then the project's.

    Raises NotFound where it names none, or where flow or project aren't the caller's.
    """
    try:
        flow, project = await flows.chosen(tx, caller, flow_id, project_id, to_add=False)
    except ValidationFailed as fault:
        raise NotFound(f"There is no such place: {fault.message}.") from fault
    found = await aliases.resolve(tx, caller, alias, flow_id=flow, project_id=project)
    row = await _row(tx, caller, found.image_id)
    return ResolvedImage(**_fields(row, links), resolved_from=found.resolved_from)


async def delete(tx: Transaction, caller: Caller, links: Links, image_id: str) -> None:
    """Soft: the row and the bytes stay, its names and URLs end."""
    await picture_queries.lock_line(tx, caller.organization_id, ids.parse("img", image_id))
    row = await _row(tx, caller, image_id, lock=True)
    await forget(tx, caller.organization_id, row["id"])
    await publish(tx, caller, "image.deleted", to_image(row, links))


async def forget(tx: Transaction, organization_id: str, image_id: str) -> None:
    if await queries.soft_delete(tx, organization_id, image_id):
        await picture_queries.unselect(tx, organization_id, image_id)
        await aliases.forget_image(tx, organization_id, image_id)
        await notify(tx, image_id)


async def publish(tx: Transaction, caller: Caller, type_: str, image: Image) -> None:
    await events.publish(
        tx, caller.organization_id, type_, image.id, livemode=caller.livemode, data=image
    )


class Stored(NamedTuple):
    """Where a living image's master lies, and the point that crops of it keep."""

    object_key: str
    format: str
    focal_point: tuple[float, float] | None


async def stored(tx: Transaction, organization_id: str, image_id: str) -> Stored | None:
    row = await queries.find(tx, organization_id, image_id, None)
    if row is None or row["status"] != "completed":
        return None
    focal = None if row["focal_x"] is None else (row["focal_x"], row["focal_y"])
    return Stored(row["object_key"], row["format"], focal)


async def deliverable(tx: Transaction, image_id: str) -> Row | None:
    """What delivery needs of a living image of any organization."""
    return await queries.deliverable(tx, image_id)


async def lock_of_generation(tx: Transaction, organization_id: str, generation_id: str) -> None:
    """Hold a generation's images, in the order that everybody takes them, before their names."""
    await queries.lock_of_generation(tx, organization_id, generation_id)


async def of_generations(
    tx: Transaction, organization_id: str, generation_ids: Sequence[str], links: Links
) -> dict[str, list[Image]]:
    """The living pictures of each generation, in the order of their variants."""
    found: dict[str, list[Image]] = {generation_id: [] for generation_id in generation_ids}
    if found:
        for row in await queries.of_generations(tx, organization_id, list(found)):
            found[row["generation_id"]].append(to_image(row, links))
    return found


async def _assigned(
    tx: Transaction, caller: Caller, links: Links, image_id: str, moved: str | None
) -> AssignedImage:
    row = await _row(tx, caller, image_id)
    return AssignedImage(**_fields(row, links), alias_moved_from=moved)


async def _row(tx: Transaction, caller: Caller, image_id: str, *, lock: bool = False) -> Row:
    wanted = ids.parse("img", image_id)
    row = await queries.find(tx, caller.organization_id, wanted, caller.project_id, lock=lock)
    if row is None:
        raise NotFound(f"There is no image {image_id[:80]}.")
    require_completed(row)
    return row


def require_completed(row: Row) -> None:
    """Raise NotReady for an image in process, Conflict for one that came to nothing."""
    if row["status"] == "processing":
        raise NotReady(
            f"The image {row['id']} is still in process; ask again shortly.",
            details={"status": "processing"}, headers={"Retry-After": "2"},
        )  # fmt: skip
    if row["status"] != "completed":
        why = f": {row['error']['message']}" if row["error"] else "."
        raise Conflict(
            f"The image {row['id']} is {row['status']}{why}",
            details={"status": row["status"], "error": row["error"]},
        )


def to_image(row: Row, links: Links) -> Image:
    return Image(**_fields(row, links))


def _fields(row: Row, links: Links) -> dict[str, Any]:
    focal = None
    if row["focal_x"] is not None:
        # Stored as 4-byte floats: shown as given, not as 0.30000001192092896.
        focal = FocalPoint(round(row["focal_x"], 6), round(row["focal_y"], 6))
    return {
        "id": row["id"],
        "source": row["source"],
        "public_url": links.public_url(row["id"], row["format"]),
        "url": links.url(row["id"], row["format"]),
        "width": row["width"],
        "height": row["height"],
        "format": row["format"],
        "bytes": row["bytes"],
        "sha256": row["sha256"],
        "thumbhash": row["thumbhash"],
        "alias": row["alias"],
        "focal_point": focal,
        "project_id": row["project_id"],
        "flow_id": row["flow_id"],
        "generation_id": row["generation_id"],
        "parent_id": row["parent_id"],
        "version": row["version"],
        "subversion": row["subversion"],
        "scene_type": row["scene_type"],
        "scene_location": row["scene_location"],
        "approval": row["approval"],
        "feedback": row["feedback"],
        "source_instruction": row["source_instruction"],
        "livemode": row["livemode"],
        "meta": row["meta"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }
