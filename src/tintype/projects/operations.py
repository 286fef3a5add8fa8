"""Projects: made, found, changed, deleted; and what work in one takes by default.

Deleting is soft. The project is found no more, its page and its manifest are gone, and its keys
end. Its images, films and generations stay in the library, where they say of which project they
were; work that runs goes on to its end.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from tintype.addresses import check_url
from tintype.api.paging import TOTAL_MAX
from tintype.api.tags import Tags, require_match
from tintype.audit.models import Actor
from tintype.catalog.models import catalog
from tintype.core import ids
from tintype.core.caller import Caller
from tintype.core.errors import Forbidden, NotFound, ValidationFailed
from tintype.db.pool import Row, Transaction
from tintype.events import operations as events
from tintype.keys import operations as keys
from tintype.projects import queries
from tintype.projects.models import Branding, ChangeProject, CreateProject, Defaults, Project


async def create(tx: Transaction, caller: Caller, base_url: str, ask: CreateProject) -> Project:
    """Make a project; what it names is checked field by field (ValidationFailed)."""
    if caller.project_id is not None:
        raise Forbidden("This key is bound to a project and can't make others.")
    fields = await _checked(tx, caller, msgspec.structs.asdict(ask))
    row = await queries.insert(tx, ids.new("prj"), caller.organization_id, fields)
    return to_project(row, base_url)


async def get(tx: Transaction, caller: Caller, base_url: str, project_id: str) -> Project:
    """Raises NotFound, also for a project that the caller's key isn't bound to."""
    return to_project(await _row(tx, caller, project_id), base_url)


async def require(tx: Transaction, caller: Caller, project_id: str) -> str:
    """The project's id, where there is such a project; raises NotFound."""
    found: str = (await _row(tx, caller, project_id))["id"]
    return found


async def lock(tx: Transaction, caller: Caller, base_url: str, project_id: str) -> Project:
    """As `get`; until the transaction ends nobody else changes, publishes or deletes it."""
    return to_project(await _row(tx, caller, project_id, lock=True), base_url)


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

    `filters` are `q`, a LIKE pattern, `output` and `status`.
    """
    asked = {**filters, "only": caller.project_id}
    rows = await queries.page(
        tx, caller.organization_id, asked | {"after": after}, offset=offset, limit=limit + 1
    )
    return rows, await queries.count(tx, caller.organization_id, asked, TOTAL_MAX)


async def change(
    tx: Transaction,
    caller: Caller,
    base_url: str,
    project_id: str,
    ask: ChangeProject,
    *,
    expected: Tags | None,
) -> Project:
    """Change what `ask` sets, if the project is one of those `expected`.

    Work that was accepted before keeps the ratio and resolution that it was given.
    """
    row = await _row(tx, caller, project_id, lock=True)
    require_match(expected, to_project(row, base_url))
    said = {name: value for name, value in msgspec.structs.asdict(ask).items()
            if value is not msgspec.UNSET}  # fmt: skip
    kept = {name: row[name] for name in msgspec.structs.asdict(ask)}
    fields = kept | await _checked(tx, caller, said)
    return to_project(await queries.update(tx, caller.organization_id, row["id"], fields), base_url)


async def delete(
    tx: Transaction,
    caller: Caller,
    base_url: str,
    project_id: str,
    *,
    expected: Tags | None,
    actor: Actor,
) -> list[str]:
    """Delete the project, if it is one of those `expected`; answer the ids of the keys that ended.

    Raises Forbidden to a key that is bound to it.
    """
    row = await _row(tx, caller, project_id, lock=True)
    if caller.project_id is not None:
        raise Forbidden("This key is bound to this project and can't delete it.")
    project = to_project(row, base_url)
    require_match(expected, project)
    await queries.soft_delete(tx, caller.organization_id, project.id)
    if project.status == "published":
        gone = msgspec.structs.replace(project, status="draft", public_url=None, published_at=None)
        await events.publish(
            tx, caller.organization_id, "project.unpublished", project.id,
            livemode=caller.livemode, data=gone,
        )  # fmt: skip
    return await keys.revoke_of_project(tx, caller.organization_id, project.id, actor=actor)


async def show(
    tx: Transaction,
    caller: Caller,
    base_url: str,
    project_id: str,
    *,
    publication_id: str,
    slug: str,
) -> Project:
    """Let a locked project's page be that publication; `slug` is its address if it has none yet."""
    row = await queries.show(tx, caller.organization_id, project_id, publication_id, slug)
    return to_project(row, base_url)


async def hide(tx: Transaction, caller: Caller, base_url: str, project_id: str) -> Project:
    """Let a locked project have no page; its address stays its own."""
    return to_project(await queries.hide(tx, caller.organization_id, project_id), base_url)


async def chosen(tx: Transaction, caller: Caller, project_id: str | None) -> str | None:
    """The project of new work: the one asked for, or the key's own; refused as a field."""
    if project_id is None:
        return caller.project_id
    try:
        return await require(tx, caller, project_id)
    except NotFound as fault:
        raise ValidationFailed("project_id", "there is no such project") from fault


async def defaults(tx: Transaction, caller: Caller, project_id: str | None) -> Defaults:
    """What new work in a project that is known to be the caller's takes where it says nothing.

    Work in no project, or in one that was deleted since, takes what everybody does.
    """
    if project_id is None:
        return Defaults()
    row = await queries.find(tx, caller.organization_id, project_id)
    if row is None:
        return Defaults()
    return Defaults(
        output=row["output"], aspect_ratio=row["picture_aspect_ratio"],
        resolution=row["picture_resolution"], consistency_image_id=row["consistency_image_id"],
    )  # fmt: skip


def to_project(row: Row, base_url: str) -> Project:
    """`base_url` is the server's own, `public_url` in the settings."""
    branding, published_at = row["branding"], row["published_at"]
    made = {"object", "status", "branding", "public_url"}
    fields = {name: row[name] for name in Project.__struct_fields__ if name not in made}
    return Project(
        **fields,
        status="draft" if published_at is None else "published",
        branding=None if branding is None else msgspec.convert(branding, Branding),
        public_url=None if published_at is None else f"{base_url}/p/{row['slug']}",
    )


async def _row(tx: Transaction, caller: Caller, project_id: str, *, lock: bool = False) -> Row:
    wanted = ids.parse("prj", project_id)
    row = await queries.find(tx, caller.organization_id, wanted, lock=lock)
    if row is None or caller.project_id not in {None, wanted}:
        raise NotFound(f"There is no project {project_id[:80]}.")
    return row


async def _checked(tx: Transaction, caller: Caller, said: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that a request set, as they are stored; raises ValidationFailed naming one."""
    fields = dict(said)
    if "name" in fields:
        fields["name"] = fields["name"].strip()
        if not fields["name"]:
            raise ValidationFailed("name", "must not be blank")
    known = catalog()
    for field, choices in (
        ("picture_aspect_ratio", known.aspect_ratios), ("picture_resolution", known.resolutions)
    ):  # fmt: skip
        if fields.get(field) is not None and fields[field] not in choices:
            raise ValidationFailed(field, f"must be one of {', '.join(choices)}")
    image_id = fields.get("consistency_image_id")
    if image_id is not None:
        fields["consistency_image_id"] = await _image(tx, caller, image_id, "consistency_image_id")
    branding: Branding | None = fields.get("branding")
    if branding is not None:
        fields["branding"] = msgspec.to_builtins(await _checked_branding(tx, caller, branding))
    return fields


async def _checked_branding(tx: Transaction, caller: Caller, branding: Branding) -> Branding:
    logo, website = branding.logo_image_id, branding.website
    for name in ("name", "contact"):
        text = getattr(branding, name)
        if text is not None and not text.strip():
            raise ValidationFailed(f"branding.{name}", "must not be blank")
    if website is not None:
        website = check_url(website, "branding.website")
    if logo is not None:
        logo = await _image(tx, caller, logo, "branding.logo_image_id")
    return msgspec.structs.replace(branding, logo_image_id=logo, website=website)


async def _image(tx: Transaction, caller: Caller, image_id: str, field: str) -> str:
    """The id of an image of the caller's that has its bytes; raises ValidationFailed."""
    try:
        wanted = ids.parse("img", image_id)
    except NotFound as fault:
        raise ValidationFailed(field, "there is no such image") from fault
    row = await queries.image(tx, caller.organization_id, wanted, caller.project_id)
    if row is None:
        raise ValidationFailed(field, "there is no such image")
    if not row["ready"]:
        raise ValidationFailed(field, "this picture is not completed")
    return wanted
