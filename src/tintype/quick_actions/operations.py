"""Quick actions: enhancements under a name, made once and used on any picture.

They are the organization's. A key that is bound to a project uses them and changes none.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tintype.api.tags import Tags, require_match
from tintype.catalog import actions as catalog
from tintype.core import ids
from tintype.core.caller import Caller
from tintype.core.errors import Conflict, Forbidden, NotFound, ValidationFailed
from tintype.db.pool import Row, Transaction
from tintype.quick_actions import queries
from tintype.quick_actions.models import (
    LIMIT,
    ChangeQuickAction,
    CreateQuickAction,
    QuickAction,
)


async def create(tx: Transaction, caller: Caller, ask: CreateQuickAction) -> QuickAction:
    """Raises Conflict where the organization has as many as it may."""
    _check_unbound(caller)
    fields = _checked(msgspec.structs.asdict(ask))
    if await queries.count_alone(tx, caller.organization_id) >= LIMIT:
        raise Conflict(
            f"An organization has at most {LIMIT} quick actions; delete one first.",
            details={"limit": LIMIT},
        )
    return to_quick_action(await queries.insert(tx, ids.new("qa"), caller.organization_id, fields))


async def get(tx: Transaction, caller: Caller, action_id: str) -> QuickAction:
    return to_quick_action(await _row(tx, caller, action_id))


async def find(tx: Transaction, caller: Caller, action_id: str) -> QuickAction:
    """The quick action that an instruction names; raises ValidationFailed on that field."""
    try:
        return await get(tx, caller, action_id)
    except NotFound as fault:
        raise ValidationFailed(
            "instruction.quick_action_id", "there is no such quick action"
        ) from fault


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

    `filters` are `q`, a LIKE pattern.
    """
    rows = await queries.page(
        tx, caller.organization_id, {**filters, "after": after}, offset=offset, limit=limit + 1
    )
    return rows, await queries.count(tx, caller.organization_id, filters)


async def change(
    tx: Transaction,
    caller: Caller,
    action_id: str,
    ask: ChangeQuickAction,
    *,
    expected: Tags | None,
) -> QuickAction:
    """Change what `ask` sets, if it is one of those `expected`; work under way isn't touched."""
    _check_unbound(caller)
    row = await _row(tx, caller, action_id, lock=True)
    require_match(expected, to_quick_action(row))
    fields = {
        name: row[name] if value is msgspec.UNSET else value
        for name, value in msgspec.structs.asdict(ask).items()
    }
    # Actions that stay were the catalogue's when they were given, and may have left it since.
    judged = _checked(fields, new_actions=ask.actions is not msgspec.UNSET)
    return to_quick_action(await queries.update(tx, caller.organization_id, row["id"], judged))


async def delete(tx: Transaction, caller: Caller, action_id: str, *, expected: Tags | None) -> None:
    _check_unbound(caller)
    row = await _row(tx, caller, action_id, lock=True)
    require_match(expected, to_quick_action(row))
    await queries.soft_delete(tx, caller.organization_id, row["id"])


def to_quick_action(row: Row) -> QuickAction:
    return QuickAction(
        **{name: row[name] for name in QuickAction.__struct_fields__ if name != "object"}
    )


async def _row(tx: Transaction, caller: Caller, action_id: str, *, lock: bool = False) -> Row:
    wanted = ids.parse("qa", action_id)
    row = await queries.find(tx, caller.organization_id, wanted, lock=lock)
    if row is None:
        raise NotFound(f"There is no quick action {action_id[:80]}.")
    return row


def _check_unbound(caller: Caller) -> None:
    if caller.project_id is not None:
        raise Forbidden("This key is bound to a project; quick actions are the organization's.")


def _checked(fields: Mapping[str, Any], *, new_actions: bool = True) -> dict[str, Any]:
    """The fields as they are stored; raises ValidationFailed naming one."""
    made = dict(fields)
    for name in ("name", "description", "prompt"):
        if made[name] is not None:
            made[name] = made[name].strip()
            if not made[name]:
                raise ValidationFailed(name, "must not be blank")
    if made["prompt"] is None and not made["actions"]:
        problem = "give a prompt, actions of the catalogue, or both"
        raise ValidationFailed("prompt", problem, ("actions", problem))
    if new_actions and made["actions"]:
        _check_actions(made["actions"])
    return made


def _check_actions(action_ids: Sequence[str]) -> None:
    """As the catalogue judges an enhancement's, under the name that they have here."""
    try:
        catalog.chosen(action_ids)
    except ValidationFailed as fault:
        faults = [("actions", it["problem"]) for it in fault.details]
        raise ValidationFailed(*faults[0], *faults[1:]) from fault
