"""Batches: opened with their items, counted up as these end, told of once when the last one does.

A batch knows nothing of its items but their number: whoever ends one says so in the same
transaction, so that the counts are exact at every commit. The batch's row is locked last, after
the item's and the credit account's.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from tintype.api.paging import TOTAL_MAX
from tintype.batches import queries
from tintype.batches.models import Batch, Outcome, Status
from tintype.core import ids
from tintype.core.caller import Caller
from tintype.core.errors import Conflict, NotFound
from tintype.db.pool import Row, Transaction
from tintype.events import operations as events

COMPLETED: Final = "batch.completed"


async def open(  # noqa: A001  The API's own word.
    tx: Transaction,
    caller: Caller,
    *,
    total: int,
    credits_reserved: int,
    project_id: str | None,
    name: str | None,
    meta: dict[str, Any],
    webhook_url: str | None,
) -> Batch:
    """A batch whose `total` items are inserted by this same transaction."""
    row = await queries.insert(
        tx, ids.new("bat"), caller.organization_id,
        project_id=project_id, api_key_id=caller.key_id, user_id=caller.user_id,
        source=caller.source, livemode=caller.livemode, name=name, meta=meta,
        webhook_url=webhook_url, total=total, credits_reserved=credits_reserved,
    )  # fmt: skip
    return to_batch(row)


async def tally(
    tx: Transaction,
    organization_id: str,
    batch_id: str | None,
    outcome: Outcome,
    credits_used: int = 0,
    *,
    count: int = 1,
    started_at: datetime | None = None,
    asked_to_cancel: bool = False,
) -> None:
    """Count `count` items that this transaction ends; where no batch is given, there is nothing.

    It locks the batch until the commit: make it the last statement. `started_at` is when the item
    was begun, if it was; `asked_to_cancel` says that the whole batch is being canceled, which
    raises Conflict where its last item has ended meanwhile.
    """
    if batch_id is None:
        return
    row = await queries.tally(
        tx, organization_id, batch_id,
        completed=count * (outcome == "completed"), failed=count * (outcome == "failed"),
        canceled=count * (outcome == "canceled"), credits_used=credits_used,
        started_at=started_at, asked_to_cancel=asked_to_cancel,
    )  # fmt: skip
    if row is None:
        assert asked_to_cancel, "an item's batch is there as long as the item"
        raise Conflict("This batch has ended already.")
    if row["completed_at"] is None or not count:
        return
    batch = to_batch(row)
    await events.publish(
        tx, organization_id, COMPLETED, batch.id,
        livemode=batch.livemode, data=batch, webhook_url=batch.webhook_url,
    )  # fmt: skip


async def get(tx: Transaction, caller: Caller, batch_id: str) -> Batch:
    """Raises NotFound, also for a batch outside the project that the caller's key is bound to."""
    wanted = ids.parse("bat", batch_id)
    row = await queries.find(tx, caller.organization_id, wanted, caller.project_id)
    if row is None:
        raise NotFound(f"There is no batch {batch_id[:80]}.")
    return to_batch(row)


async def page(
    tx: Transaction,
    caller: Caller,
    filters: Mapping[str, Any],
    *,
    after: str | None,
    offset: int,
    limit: int,
) -> tuple[list[Batch], int]:
    """Newest first, one more than `limit` where there is more, and how many there are in all."""
    asked = {**filters, "project_id": caller.project_id}
    rows = await queries.page(
        tx, caller.organization_id, asked | {"after": after}, offset=offset, limit=limit + 1
    )
    total = await queries.count(tx, caller.organization_id, asked, TOTAL_MAX)
    return [to_batch(row) for row in rows], total


def to_batch(row: Row) -> Batch:
    ended = row["completed"] + row["failed"] + row["canceled"]
    return Batch(
        id=row["id"],
        status=_status(row, ended),
        name=row["name"],
        total=row["total"],
        queued=row["total"] - ended - row["processing"],
        processing=row["processing"],
        completed=row["completed"],
        failed=row["failed"],
        canceled=row["canceled"],
        credits_reserved=row["credits_reserved"],
        credits_used=row["credits_used"],
        project_id=row["project_id"],
        source=row["source"],
        api_key_id=row["api_key_id"],
        livemode=row["livemode"],
        meta=row["meta"],
        webhook_url=row["webhook_url"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        cancel_requested_at=row["cancel_requested_at"],
        completed_at=row["completed_at"],
    )


def _status(row: Row, ended: int) -> Status:
    if row["completed_at"] is not None:
        asked = row["cancel_requested_at"] is not None and row["canceled"] > 0
        return "canceled" if asked or row["canceled"] == row["total"] else "completed"
    return "processing" if ended or row["started_at"] is not None else "queued"
