"""Assigning and resolving aliases: technical names first, then the flow's, then the project's.

Whoever gives names locks the images first, then the scope: writers of one scope take turns, so
two that swap names wait for each other instead of ending in a deadlock.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from tintype.aliases import queries
from tintype.aliases.models import TECHNICAL, assignable, normalize
from tintype.core.caller import Caller
from tintype.core.errors import AliasTaken, NotFound, ValidationFailed
from tintype.db.pool import Transaction

ResolvedFrom = Literal["technical", "flow", "project"]


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

    In a project an image has one name: another one that it had there ends. In a flow it may have
    several. Raises AliasTaken with `only_if_free`, NotFound for an image that isn't there.
    """
    alias = assignable(alias)
    if image_id not in await queries.living_images(tx, organization_id, [image_id], None):
        raise NotFound(f"There is no image {image_id}.")
    await queries.take_turn(tx, organization_id, scope_id)
    if not scope_id.startswith("flw_"):
        await queries.delete_of_image(tx, organization_id, image_id, scope_id=scope_id, but=alias)
    return await _give(tx, organization_id, scope_id, alias, image_id, only_if_free=only_if_free)


async def assign_all(
    tx: Transaction,
    organization_id: str,
    scope_id: str,
    images: Mapping[str, str],
    *,
    within_project: str | None,
    only_if_free: bool = False,
) -> dict[str, str]:
    """Give each alias (in its stored form) to its image in a flow; all of them or none.

    Answers the images that lost an alias, by alias. Images must be of `within_project`, where that
    is given. Raises ValidationFailed for `aliases.<alias>` where there is no such image, and
    AliasTaken.
    """
    living = await queries.living_images(
        tx, organization_id, sorted(set(images.values())), within_project
    )
    for alias, image_id in images.items():
        if image_id not in living:
            raise ValidationFailed(f"aliases.{alias}", "there is no such image")
    await queries.take_turn(tx, organization_id, scope_id)
    moved = {}
    for alias, image_id in images.items():
        before = await _give(
            tx, organization_id, scope_id, alias, image_id, only_if_free=only_if_free
        )
        if before is not None:
            moved[alias] = before
    return moved


async def _give(
    tx: Transaction,
    organization_id: str,
    scope_id: str,
    alias: str,
    image_id: str,
    *,
    only_if_free: bool,
) -> str | None:
    """The image that lost the alias. It is this transaction's turn in the scope."""
    before = await queries.holder(tx, organization_id, scope_id, alias)
    if before == image_id:
        return None
    if before is None:
        await queries.insert(tx, organization_id, scope_id, alias, image_id)
        return None
    if only_if_free:
        raise AliasTaken(f"{alias} names another image.", details={"image_id": before})
    await queries.move(tx, organization_id, scope_id, alias, image_id)
    return before


async def require_free(
    tx: Transaction, organization_id: str, scope_id: str, alias: str | None
) -> None:
    """Raise AliasTaken where the alias (if there is one) names an image now."""
    if alias is None:
        return
    before = await queries.holder(tx, organization_id, scope_id, alias)
    if before is not None:
        raise AliasTaken(f"{alias} names another image.", details={"image_id": before})


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
    if alias is None:
        await queries.delete_of_image(tx, organization_id, image_id, scope_id=scope_id)
        return None
    return await assign(tx, organization_id, scope_id, alias, image_id, only_if_free=only_if_free)


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
