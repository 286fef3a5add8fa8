"""Assigning and resolving aliases: technical names first, then the flow's, then the project's."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from tintype.aliases import queries
from tintype.aliases.models import TECHNICAL, assignable, normalize
from tintype.core.caller import Caller
from tintype.core.errors import AliasTaken, NotFound, ValidationFailed
from tintype.db.pool import Transaction

ResolvedFrom = Literal["technical", "flow", "project"]
_ATTEMPTS = 5


class Resolved(NamedTuple):
    image_id: str
    resolved_from: ResolvedFrom


async def assign(
    tx: Transaction,
    organization_id: str,
    scope_id: str,
    alias: str,
    image_id: str,
    *,
    only_if_free: bool = False,
) -> str | None:
    """Give the alias to a living image of the organization; answer the image that loses it.

    Raises AliasTaken with `only_if_free`, NotFound for an image that isn't there.
    """
    alias = assignable(alias)
    if image_id not in await queries.living_images(tx, organization_id, [image_id]):
        raise NotFound(f"There is no image {image_id}.")
    for _ in range(_ATTEMPTS):
        before = await queries.holder(tx, organization_id, scope_id, alias)
        if before == image_id:
            return None
        if before is not None:
            if only_if_free:
                raise AliasTaken(f"{alias} names another image.", details={"image_id": before})
            await queries.move(tx, organization_id, scope_id, alias, image_id)
            return before
        if await queries.insert(tx, organization_id, scope_id, alias, image_id):
            return None
    raise AliasTaken(f"{alias} is being assigned by others just now; try again.")


async def set_project_alias(
    tx: Transaction,
    organization_id: str,
    project_id: str | None,
    image_id: str,
    alias: str | None,
    *,
    only_if_free: bool = False,
) -> str | None:
    """Make `alias` the image's one name in its project, or (None) take its name away."""
    scope_id = project_id or ""
    moved_from = None
    kept = None
    if alias is not None:
        kept = assignable(alias)
        moved_from = await assign(
            tx, organization_id, scope_id, kept, image_id, only_if_free=only_if_free
        )
    await queries.delete_of_image(tx, organization_id, image_id, scope_id=scope_id, but=kept)
    return moved_from


async def remove(tx: Transaction, organization_id: str, scope_id: str, alias: str) -> None:
    name = normalize(alias)
    if not await queries.delete(tx, organization_id, scope_id, name):
        raise NotFound(f"There is no alias {name} here.")


async def forget_image(tx: Transaction, organization_id: str, image_id: str) -> None:
    await queries.delete_of_image(tx, organization_id, image_id)


async def forget_scope(tx: Transaction, organization_id: str, scope_id: str) -> None:
    await queries.delete_scope(tx, organization_id, scope_id)


async def of_scopes(
    tx: Transaction, organization_id: str, scope_ids: Iterable[str]
) -> dict[str, dict[str, str]]:
    """Alias maps by scope."""
    maps: dict[str, dict[str, str]] = {scope_id: {} for scope_id in scope_ids}
    for row in await queries.of_scopes(tx, organization_id, list(maps)):
        maps[row["scope_id"]][row["alias"]] = row["image_id"]
    return maps


async def resolve(
    tx: Transaction,
    caller: Caller,
    alias: str,
    *,
    flow_id: str | None,
    project_id: str | None,
    field: str = "alias",
) -> Resolved:
    """The image that an alias names here; flow and project are known to be the caller's.

    Raises NotFound where it names none, ValidationFailed for a technical name without a flow.
    """
    name = normalize(alias, field)
    if name in TECHNICAL:
        if flow_id is None:
            raise ValidationFailed(field, f"{name} needs a flow: give `flow_id`")
        image_id = await queries.technical(
            tx, caller.organization_id, flow_id,
            newest=name != "@first", uploaded_only=name == "@upload",
        )  # fmt: skip
        if image_id is None:
            raise NotFound(f"The flow has no image for {name}.")
        return Resolved(image_id, "technical")
    scopes = [flow_id] if flow_id else []
    scopes.append(project_id or "")
    row = await queries.resolve(tx, caller.organization_id, name, scopes)
    if row is None:
        raise NotFound(f"No image is called {name}.")
    return Resolved(row["image_id"], "flow" if row["scope_id"] == flow_id else "project")
