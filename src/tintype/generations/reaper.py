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
from tintype.generations.studio import Studio
from tintype.generations.submit import ENTRYPOINT

EVERY_SECONDS: Final = 5.0
_QUIET_SECONDS: Final = 10.0
_BATCH: Final = 500
_log = log.get("tintype.reaper")


async def reap(studio: Studio) -> int:
    """One round; answer how many generations were looked after."""
    async with studio.database.transaction() as tx:
        if not await run_queries.reaper_turn(tx):
            return 0
        overdue = await run_queries.overdue(tx, _BATCH)
        forsaken = await run_queries.expired(tx, _BATCH)
        forsaken += await run_queries.waiting(tx, _QUIET_SECONDS, _BATCH)
    for row in overdue:
        await _each(row, partial(_cancel, studio, row))
    ring = []
    for row in forsaken:
        if row["canceled"]:
            await _each(row, partial(run.end, studio, row["id"], None, "canceled", None))
        elif row["attempts"] >= studio.settings.worker.attempts_max:
            await _each(row, partial(_give_up, studio, row))
        else:
            ring.append(row["id"])
    await _ring(studio, ring)
    return len(overdue) + len(forsaken)


async def _each(row: Row, step: Callable[[], Awaitable[object]]) -> None:
    """One work's trouble (a locked account) must not keep the others from being looked after."""
    try:
        await step()
    except TintypeError as fault:
        _log.warning("not reaped yet", generation=row["id"], fault=type(fault).__name__)


async def _cancel(studio: Studio, row: Row) -> None:
    """Queued work ends here, running work is told."""
    if await run.end(studio, row["id"], None, "canceled", None):
        return
    async with studio.database.transaction() as tx:
        await queries.request_cancel(tx, row["organization_id"], row["id"])
        await notify(tx, row["id"])


async def _give_up(studio: Studio, row: Row) -> None:
    if await run.end(studio, row["id"], None, "failed", run.DIED):
        _log.warning("gave up", generation=row["id"])


async def _ring(studio: Studio, generation_ids: list[str]) -> None:
    if not generation_ids:
        return
    async with studio.database.transaction() as tx:
        live = await queue.ringing(tx, ENTRYPOINT, generation_ids)
        for generation_id in sorted(set(generation_ids) - live):
            await queue.enqueue(tx, ENTRYPOINT, generation_id)
            _log.info("rang again", generation=generation_id)
