"""Originals: pictures that are given, with their bytes, or with where the bytes are to be fetched.

What a client says of one (`said`): scene_type, scene_location, focal_x, focal_y, meta, webhook_url,
alias_wanted.
"""

from collections.abc import Mapping
from typing import Any

from tintype.aliases import operations as aliases
from tintype.core import ids
from tintype.core.caller import Caller
from tintype.core.errors import NotFound
from tintype.db.listen import notify
from tintype.db.pool import Row, Transaction
from tintype.images import picture_queries, picture_reads, pictures, queries
from tintype.images.intake import StoredPicture
from tintype.images.links import Links


async def add(
    tx: Transaction,
    caller: Caller,
    project_id: str,
    picture: StoredPicture,
    said: Mapping[str, Any],
) -> Row:
    """The row of an original whose bytes are stored; of the caller's project."""
    row = await queries.insert(
        tx, ids.new("img"), caller.organization_id,
        picture.fields() | {
            "source": "uploaded", "livemode": caller.livemode, "project_id": project_id,
            "flow_id": None, "generation_id": None, "variant": 0, "prompt": None,
            "parent_id": None, "root_id": None, "version": 0, "meta": said["meta"],
        },
    )  # fmt: skip
    await picture_queries.describe(tx, caller.organization_id, row["id"], said)
    return await pictures.find(tx, caller, row["id"])


async def add_copy(
    tx: Transaction, caller: Caller, project_id: str, image_id: str, said: Mapping[str, Any]
) -> Row:
    """An original of its own with another image's bytes, which is its parent; `said` as in `add`.

    Raises NotFound where that one is gone.
    """
    new_id = ids.new("img")
    organization_id = caller.organization_id
    if not await picture_queries.copy(tx, organization_id, new_id, image_id, project_id):
        raise NotFound(f"There is no image {image_id}.")
    await picture_queries.describe(tx, organization_id, new_id, said)
    return await pictures.find(tx, caller, new_id)


async def await_bytes(
    tx: Transaction, caller: Caller, project_id: str, source_url: str, said: Mapping[str, Any]
) -> Row:
    """The row of an original that a worker is to fetch; `said` as in `add`."""
    image_id = ids.new("img")
    fields = {
        "focal_x": None, "focal_y": None, "webhook_url": None, "alias_wanted": None, **said,
        "livemode": caller.livemode, "project_id": project_id, "source_url": source_url,
    }  # fmt: skip
    await picture_queries.insert(tx, caller.organization_id, image_id, fields)
    return await pictures.find(tx, caller, image_id)


async def completed(
    tx: Transaction, organization_id: str, picture_id: str, alias: str | None, links: Links
) -> None:
    """Tell that a picture's bytes are there, and give it the name that it was to have."""
    row = await picture_reads.find(tx, organization_id, picture_id, None)
    assert row is not None
    if alias is not None:
        await name(tx, row, alias)
    await pictures.publish(tx, "picture.completed", row, links, webhook_url=row["webhook_url"])


async def failed(tx: Transaction, organization_id: str, picture_id: str) -> None:
    """Tell that a picture's bytes will not come."""
    row = await picture_reads.find(tx, organization_id, picture_id, None)
    assert row is not None
    await pictures.publish(
        tx, "picture.failed", row, pictures.NO_URLS, webhook_url=row["webhook_url"]
    )


async def describe(
    tx: Transaction, organization_id: str, picture_id: str, said: Mapping[str, Any]
) -> None:
    """Change what a client says of a picture; `said` is all of it."""
    await picture_queries.describe(tx, organization_id, picture_id, said)
    await notify(tx, picture_id)


async def name(
    tx: Transaction, row: Row, alias: str | None, *, only_if_free: bool = False
) -> str | None:
    """Give a completed picture its name in the project; the image that lost it."""
    return await aliases.set_project_alias(
        tx, row["organization_id"], row["project_id"], row["id"], alias, only_if_free=only_if_free
    )
