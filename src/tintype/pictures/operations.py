"""Pictures of a project: added, found, described, deleted. Images are the library's own."""

import contextlib
from collections.abc import Mapping
from typing import Any

import msgspec

from tintype import queue
from tintype.addresses import Network, check_url
from tintype.agent import operations as agent
from tintype.aliases.models import assignable
from tintype.aliases.operations import require_free
from tintype.api.paging import TOTAL_MAX
from tintype.api.tags import Tags, require_match
from tintype.catalog.scenes import check_scene
from tintype.core.caller import Caller
from tintype.core.errors import Conflict, NotFound, ValidationFailed
from tintype.db.pool import Row, Transaction
from tintype.generations import operations as generations
from tintype.images import operations as images
from tintype.images import originals, pictures, references
from tintype.images.intake import StoredPicture
from tintype.images.links import Links
from tintype.media.retouch.profile import Profile
from tintype.pictures import run_queries, unasked, views
from tintype.pictures.models import (
    AssignedPicture,
    ChangedPicture,
    ChangePicture,
    Picture,
    PictureDetail,
)
from tintype.pictures.run_queries import ENTRYPOINT
from tintype.pictures.sources import URL_FIELD, Said
from tintype.projects import operations as projects


async def add(
    tx: Transaction,
    caller: Caller,
    links: Links,
    project_id: str,
    picture: StoredPicture,
    said: Said,
    *,
    only_if_free: bool,
    look: Profile | None = None,
) -> AssignedPicture:
    """Make the row of an original whose bytes are stored; it is completed at once."""
    row = await originals.add(tx, caller, project_id, picture, said.fields())
    await images.publish(tx, caller, "image.uploaded", images.to_image(row, links))
    return await _added(tx, caller, links, row, said, look, only_if_free=only_if_free)


async def add_from(
    tx: Transaction,
    caller: Caller,
    links: Links,
    project_id: str,
    source: str,
    field: str,
    said: Said,
    *,
    allow_networks: list[Network],
    only_if_free: bool,
    look: Profile | None = None,
) -> AssignedPicture:
    """An original from what `source` names: an image of the library, or a URL to be fetched.

    An image is taken over as it is, under an id of its own. Raises ValidationFailed on `field`.
    """
    if field == URL_FIELD and references.own_image(links, source) is None:
        url = check_url(source, field, allow_networks=allow_networks)
        if only_if_free:
            await require_free(tx, caller.organization_id, project_id, said.alias)
        # Behind as many of others as it has of its own before it: slow ones hold up nobody else.
        before = await run_queries.count_open(tx, caller.organization_id)
        row = await originals.await_bytes(tx, caller, project_id, url, said.fields())
        await queue.enqueue(tx, ENTRYPOINT, row["id"], priority=-before)
        return AssignedPicture(**msgspec.structs.asdict(views.to_picture(row, links)))
    if references.is_elsewhere(links, source):
        raise ValidationFailed(field, "must be an image's id or alias; for addresses use type url")
    image_id = await references.resolve_own(
        tx, caller, links, source, field, project_id=project_id
    )  # fmt: skip
    row = await originals.add_copy(tx, caller, project_id, image_id, said.fields())
    return await _added(tx, caller, links, row, said, look, only_if_free=only_if_free)


async def stored_at(
    tx: Transaction, caller: Caller, links: Links, project_id: str, source: str
) -> str:
    """Where the bytes of an image lie that `add_from` would take; raises what that does."""
    image_id = await references.resolve_own(
        tx, caller, links, source, "source.image", project_id=project_id
    )  # fmt: skip
    stored = await images.stored(tx, caller.organization_id, image_id)
    if stored is None:
        raise ValidationFailed("source.image", "must be an image's id or alias")
    return stored.object_key


async def _added(
    tx: Transaction,
    caller: Caller,
    links: Links,
    row: Row,
    said: Said,
    look: Profile | None,
    *,
    only_if_free: bool,
) -> AssignedPicture:
    moved = None
    if said.alias is not None:
        moved = await originals.name(tx, row, said.alias, only_if_free=only_if_free)
    row = await pictures.find(tx, caller, row["id"])
    await pictures.publish(tx, "picture.completed", row, links, webhook_url=said.webhook_url)
    shown = msgspec.structs.asdict(views.to_picture(row, links))
    await unasked.enhance(tx, caller, links, row, look)
    return AssignedPicture(**shown, alias_moved_from=moved)


async def get(tx: Transaction, caller: Caller, links: Links, picture_id: str) -> PictureDetail:
    row = await pictures.find(tx, caller, picture_id)
    return views.to_detail(row, await pictures.versions(tx, row), links)


async def look(tx: Transaction, caller: Caller, links: Links, picture_id: str) -> Picture:
    """One picture, without its versions."""
    return views.to_picture(await pictures.find(tx, caller, picture_id), links)


async def of_work(
    tx: Transaction, caller: Caller, links: Links, generation_id: str
) -> list[Picture]:
    """An enhancement's pictures, in whatever state, by their variants."""
    rows = await pictures.of_work(tx, caller.organization_id, generation_id)
    return [views.to_picture(row, links) for row in rows]


async def page(
    tx: Transaction,
    caller: Caller,
    project_id: str,
    filters: Mapping[str, Any],
    *,
    after: str | None,
    offset: int,
    limit: int,
) -> tuple[list[Row], int]:
    """Newest first, one more than `limit` where there is more, and how many there are in all."""
    project = await projects.require(tx, caller, project_id)
    return await pictures.page(
        tx, caller.organization_id, project, filters,
        after=after, offset=offset, limit=limit + 1, most=TOTAL_MAX,
    )  # fmt: skip


async def change(
    tx: Transaction,
    caller: Caller,
    links: Links,
    picture_id: str,
    ask: ChangePicture,
    *,
    expected: Tags | None,
    only_if_free: bool,
) -> ChangedPicture:
    """Change what `ask` sets, if the picture is one of those `expected`."""
    row = await pictures.find(tx, caller, picture_id, lock=True)
    before = views.to_picture(row, links)
    require_match(views.own_part(expected), views.own_of(before))
    fields: dict[str, Any] = {
        name: row[name] if (value := getattr(ask, name)) is msgspec.UNSET else value
        for name in ("scene_type", "scene_location", "meta")
    }
    if fields["scene_type"] != row["scene_type"] and ask.scene_location is msgspec.UNSET:
        fields["scene_location"] = None  # A location belongs to its type.
    check_scene(fields["scene_type"], fields["scene_location"])
    focal = before.focal_point if ask.focal_point is msgspec.UNSET else ask.focal_point
    fields |= {"focal_x": focal.x if focal else None, "focal_y": focal.y if focal else None}
    await originals.describe(tx, caller.organization_id, row["id"], fields)
    await agent.describe(
        tx, caller.organization_id, row["id"], fields["scene_type"], fields["scene_location"]
    )
    moved = None
    if ask.alias is not msgspec.UNSET:
        alias = None if ask.alias is None else assignable(ask.alias, "alias")
        images.require_completed(row)
        moved = await originals.name(tx, row, alias, only_if_free=only_if_free)
    detail = await get(tx, caller, links, row["id"])
    return ChangedPicture(**msgspec.structs.asdict(detail), alias_moved_from=moved)


async def delete(
    tx: Transaction, caller: Caller, links: Links, picture_id: str, *, expected: Tags | None
) -> None:
    """Soft, as other images; enhancements of it that are under way are canceled.

    So is the work that makes it, where it is to make no other picture.
    """
    row = await pictures.find(tx, caller, picture_id)
    works = []
    for work in await pictures.open_works(tx, caller.organization_id, row["id"]):
        with contextlib.suppress(NotFound):  # It was deleted meanwhile.
            works.append(await generations.lock(tx, caller, work))
    row = await pictures.find(tx, caller, row["id"], lock=True)
    require_match(views.own_part(expected), views.own_of(views.to_picture(row, links)))
    await queue.forget(tx, ENTRYPOINT, row["id"])
    await pictures.delete(tx, caller, row, links)
    # Last, as it takes the account; the works are held, as everyone holds them before pictures.
    for work in works:
        with contextlib.suppress(Conflict):  # It has ended meanwhile.
            await generations.cancel(tx, caller, work["id"])
