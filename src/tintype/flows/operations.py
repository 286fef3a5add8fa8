"""Flows: made, listed, named into, deleted."""

from collections.abc import Sequence
from typing import Any

import msgspec

from tintype.aliases import operations as aliases
from tintype.aliases.models import assignable
from tintype.core import ids
from tintype.core.caller import Caller
from tintype.core.errors import NotFound, ValidationFailed
from tintype.db.pool import Row, Transaction
from tintype.flows import queries
from tintype.flows.models import Flow, NamedFlow
from tintype.projects import operations as projects


async def create(
    tx: Transaction,
    caller: Caller,
    *,
    meta: dict[str, Any],
    project_id: str | None,
    alias_map: dict[str, str],
) -> Flow:
    flow_id = await start(
        tx, caller, project_id=await projects.chosen(tx, caller, project_id), meta=meta
    )
    if alias_map:
        await put_aliases(tx, caller, flow_id, alias_map)
    return await get(tx, caller, flow_id)


async def start(
    tx: Transaction, caller: Caller, *, project_id: str | None, meta: dict[str, Any]
) -> str:
    """Make a flow in a project that is known to be the caller's; answer its id."""
    flow_id = ids.new("flw")
    await queries.insert(
        tx, flow_id, caller.organization_id, project_id, livemode=caller.livemode, meta=meta
    )
    return flow_id


async def get(tx: Transaction, caller: Caller, flow_id: str) -> Flow:
    row = await _row(tx, caller, flow_id)
    return (await with_aliases(tx, caller, [row]))[0]


async def with_aliases(tx: Transaction, caller: Caller, rows: Sequence[Row]) -> list[Flow]:
    maps = await aliases.of_scopes(tx, caller.organization_id, [row["id"] for row in rows])
    return [to_flow(row, maps[row["id"]]) for row in rows]


async def chosen(
    tx: Transaction,
    caller: Caller,
    flow_id: str | None,
    project_id: str | None,
    *,
    to_add: bool = True,
) -> tuple[str | None, str | None]:
    """Flow and project of new work, checked to be the caller's and to agree; refused as fields.

    The flow can't be deleted before the transaction ends, unless nothing is `to_add`.
    """
    project = await projects.chosen(tx, caller, project_id)
    if flow_id is None:
        return None, project
    try:
        wanted = ids.parse("flw", flow_id)
    except NotFound as fault:
        raise ValidationFailed("flow_id", "there is no such flow") from fault
    row = await queries.project_of(tx, caller.organization_id, wanted, to_add=to_add)
    if row is None or (caller.project_id and row["project_id"] != caller.project_id):
        raise ValidationFailed("flow_id", "there is no such flow")
    if project_id is not None and row["project_id"] != project:
        raise ValidationFailed("project_id", "is not the project of this flow")
    return wanted, row["project_id"]


async def put_aliases(
    tx: Transaction,
    caller: Caller,
    flow_id: str,
    alias_map: dict[str, str],
    *,
    only_if_free: bool = False,
) -> NamedFlow:
    """Merge names into the flow's map; all of them or none."""
    row = await _row(tx, caller, flow_id)
    images: dict[str, str] = {}
    for text, image in alias_map.items():
        alias = assignable(text, f"aliases.{text}")
        if alias in images:
            raise ValidationFailed("aliases", "two names differ only by case")
        try:
            images[alias] = ids.parse("img", image)
        except NotFound as fault:
            raise ValidationFailed(f"aliases.{text}", "there is no such image") from fault
    await queries.lock(tx, caller.organization_id, row["id"])
    moved = await aliases.assign_all(
        tx, caller.organization_id, row["id"], images,
        within_project=caller.project_id, only_if_free=only_if_free,
    )  # fmt: skip
    await queries.touch(tx, caller.organization_id, row["id"])
    flow = await get(tx, caller, row["id"])
    return NamedFlow(**msgspec.structs.asdict(flow), alias_moved_from=moved)


async def remove_alias(tx: Transaction, caller: Caller, flow_id: str, alias: str) -> None:
    row = await _row(tx, caller, flow_id)
    await queries.lock(tx, caller.organization_id, row["id"])
    try:
        await aliases.remove(tx, caller.organization_id, row["id"], alias)
    except ValidationFailed as fault:
        raise NotFound(f"There is no alias {alias[:70]} here.") from fault
    await queries.touch(tx, caller.organization_id, row["id"])


async def delete(tx: Transaction, caller: Caller, flow_id: str) -> None:
    row = await _row(tx, caller, flow_id)
    # The lock comes first, so that nobody names into the flow after its names are gone. Then rows
    # go in the order in which everyone locks them: generations and images, which the foreign keys
    # part from the flow, then names. The other way round, deleting one of those could deadlock.
    await queries.lock(tx, caller.organization_id, row["id"])
    await queries.delete(tx, caller.organization_id, row["id"])
    await aliases.forget_scope(tx, caller.organization_id, row["id"])


async def _row(tx: Transaction, caller: Caller, flow_id: str) -> Row:
    row = await queries.find(tx, caller.organization_id, ids.parse("flw", flow_id))
    if row is None or (caller.project_id and row["project_id"] != caller.project_id):
        raise NotFound(f"There is no flow {flow_id[:80]}.")
    return row


def to_flow(row: Row, alias_map: dict[str, str]) -> Flow:
    return Flow(
        id=row["id"],
        project_id=row["project_id"],
        meta=row["meta"],
        aliases=alias_map,
        generation_count=row["generation_count"],
        image_count=row["image_count"],
        livemode=row["livemode"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
