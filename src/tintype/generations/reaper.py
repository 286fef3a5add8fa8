"""Forsaken work: what a dead worker left, what the queue lost, what ran past its Cancel-After.

The queue may lose a ring and a worker may die at any line; the rows tell what is open. One process
at a time looks (an advisory lock), every few seconds; two that look at once do no harm.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from tintype import queue
from tintype.core import log
from tintype.core.errors import TintypeError
from tintype.db.listen import notify
from tintype.db.pool import Row
from tintype.generations import queries, run, run_queries
from tintype.generations.places import release
from tintype.generations.submit import entrypoint, priority
from tintype.generations.workshop import Workshop

EVERY_SECONDS: Final = 5.0
_QUIET_SECONDS: Final = 10.0
_BATCH: Final = 500
_log = log.get("tintype.reaper")


async def reap(workshop: Workshop) -> int:
    """One round; answer how many generations were looked after."""
    async with workshop.database.transaction() as tx:
        if not await run_queries.reaper_turn(tx):
            return 0
        overdue = await run_queries.overdue(tx, _BATCH)
        forsaken = await run_queries.expired(tx, _BATCH)
        forsaken += await run_queries.waiting(tx, _QUIET_SECONDS, _BATCH)
        parking = await run_queries.parking(tx)
    for row in overdue:
        await _each(row, partial(_cancel, workshop, row))
    ring: list[Row] = []
    for row in forsaken:
        if row["canceled"]:
            await _each(row, partial(run.end, workshop, row["id"], None, "canceled", None))
        elif row["attempts"] >= workshop.settings.worker.attempts_max:
            await _each(row, partial(_give_up, workshop, row))
        else:
            ring.append(row)
    await _ring(workshop, ring)
    for organization_id in parking:
        await release(workshop.database, organization_id)
    return len(overdue) + len(forsaken)


async def _each(row: Row, step: Callable[[], Awaitable[object]]) -> None:
    """One work's trouble (a locked account) must not keep the others from being looked after."""
    try:
        await step()
    except TintypeError as fault:
        _log.warning("not reaped yet", generation=row["id"], fault=type(fault).__name__)


async def _cancel(workshop: Workshop, row: Row) -> None:
    """Queued work ends here, running work is told."""
    if await run.end(workshop, row["id"], None, "canceled", None):
        return
    async with workshop.database.transaction() as tx:
        await queries.request_cancel(tx, row["organization_id"], row["id"])
        await notify(tx, row["id"])


async def _give_up(workshop: Workshop, row: Row) -> None:
    if await run.end(workshop, row["id"], None, "failed", run.DIED):
        _log.warning("gave up", generation=row["id"])


async def _ring(workshop: Workshop, forsaken: list[Row]) -> None:
    by_engine: dict[str, list[Row]] = {}
    for row in sorted(forsaken, key=lambda row: str(row["id"])):
        by_engine.setdefault(row["engine"], []).append(row)
    async with workshop.database.transaction() as tx:
        for engine, rows in by_engine.items():
            name = entrypoint(engine)
            live = await queue.ringing(tx, name, [row["id"] for row in rows])
            for row in rows:
                if row["id"] not in live:
                    await queue.enqueue(tx, name, row["id"], priority=priority(row["turn"]))
                    _log.info("rang again", generation=row["id"])
