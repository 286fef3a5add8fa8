"""Work in batches: accepted, canceled and shown many at a time, each statement over all of it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from tintype import queue
from tintype.accounts.models import concurrency_limits
from tintype.batches import operations as batches
from tintype.billing import operations as billing
from tintype.core.caller import Caller
from tintype.credits import operations as credits
from tintype.credits.models import Part
from tintype.db.pool import Row, Transaction
from tintype.events import operations as events
from tintype.events.models import Happened
from tintype.generations import batch_queries, queries, views
from tintype.generations.models import Generation
from tintype.generations.submit import Order, entrypoint, priority, row_of, step_of
from tintype.images.links import Links

# What a row begins with, as the table's defaults have it.
_BEGINNING: Final[Mapping[str, Any]] = {
    "progress": 0.0, "attempts": 0, "credits_used": 0, "error": None, "faults": [], "timings": {},
    "started_at": None, "completed_at": None,
}  # fmt: skip


async def submit_all(
    tx: Transaction,
    caller: Caller,
    batch_id: str,
    orders: Sequence[Order],
    custom_ids: Sequence[str | None],
) -> int | None:
    """Accept all of a batch's work or none; the credits available then, None where all is free.

    The batch is there already. What exceeds the organization's places is parked from the start:
    it is rung for as places fall free. The holds come last, as in `submit`.
    """
    rows = await _rows(tx, caller, batch_id, orders, custom_ids)
    await batch_queries.insert_all(tx, rows)
    begun_at = {"created_at": await batch_queries.begun_at(tx)}
    views_of = (views.to_generation({**_BEGINNING, **begun_at, **row}, []) for row in rows)
    await events.publish_all(
        tx, caller.organization_id, "generation.queued",
        [Happened(it.id, msgspec.json.encode(it)) for it in views_of],
        livemode=caller.livemode, wake=[batch_id],
    )  # fmt: skip
    rung = [row for row in rows if not row["parked"]]
    await queue.enqueue_all(
        tx, {row["id"]: entrypoint(row["engine"]) for row in rung},
        [priority(row["turn"]) for row in rung],
    )  # fmt: skip
    held = await billing.reserve_all(
        tx, caller, batch_id,
        [Part(row["hold_id"] or "", row["id"], row["credits_reserved"]) for row in rows],
    )  # fmt: skip
    return None if held is None else held.available_after


async def _rows(
    tx: Transaction,
    caller: Caller,
    batch_id: str,
    orders: Sequence[Order],
    custom_ids: Sequence[str | None],
) -> list[dict[str, Any]]:
    step = step_of(caller)
    turns = {
        engine: await queries.next_turn(tx, caller.organization_id, engine, step)
        for engine in {str(order.fields["engine"]) for order in orders}
    }
    places = await batch_queries.places(tx, caller.organization_id, concurrency_limits())
    rows = []
    for index, (order, custom_id) in enumerate(zip(orders, custom_ids, strict=True)):
        row, _ = row_of(caller, order, order.cost if caller.livemode else 0)
        turn = turns[row["engine"]]
        row |= {
            "batch_id": batch_id, "batch_index": index, "custom_id": custom_id, "turn": turn,
            "parked": places is not None and index >= places,
        }  # fmt: skip
        rows.append(row)
        # Even, whatever the first one was: odd turns are newcomers', just before the head.
        turns[row["engine"]] = turn + step * row["variants"] & ~1
    return rows


async def cancel_waiting(tx: Transaction, organization_id: str, batch_id: str) -> None:
    """End what no run has taken, all of it at once; the credits come back. What runs goes on."""
    rows = await batch_queries.cancel_waiting(tx, organization_id, batch_id)
    if rows:
        await queue.forget_all(tx, {row["id"]: entrypoint(row["engine"]) for row in rows})
        ended = [views.to_generation(row, []) for row in rows]
        await events.publish_all(
            tx, organization_id, "generation.canceled",
            [Happened(it.id, msgspec.json.encode(it), it.webhook_url) for it in ended],
            livemode=ended[0].livemode, wake=[it.id for it in ended],
        )  # fmt: skip
        holds = [row["hold_id"] for row in rows if row["hold_id"]]
        if holds:
            await credits.release_all(tx, organization_id, holds)
    begun = [row["started_at"] for row in rows if row["started_at"]]
    await batches.tally(
        tx, organization_id, batch_id, "canceled", count=len(rows), asked_to_cancel=True,
        # Some were begun, and waited for another attempt.
        started_at=min(begun, default=None),
    )  # fmt: skip


async def results(
    tx: Transaction,
    caller: Caller,
    links: Links,
    batch_id: str,
    *,
    status: str | None,
    after: str | None,
    offset: int,
    limit: int,
) -> list[tuple[int, Generation]]:
    """A batch's work in the order in which it was asked for, each with its place from 0 on."""
    rows: list[Row] = await batch_queries.results(
        tx, caller.organization_id, batch_id, status, after, offset, limit
    )
    shown = await views.with_images(tx, caller.organization_id, rows, links)
    return [(row["batch_index"], it) for row, it in zip(rows, shown, strict=True)]


async def count(tx: Transaction, caller: Caller, batch_id: str, status: str | None) -> int:
    """How many of them `results` would show in all."""
    return await batch_queries.count(tx, caller.organization_id, batch_id, status)
