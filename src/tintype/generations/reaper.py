"""Forsaken work: what a dead worker left, what the queue lost, what ran past its Cancel-After.

The queue may lose a ring and a worker may die at any line; the rows tell what is open. One process
at a time looks (an advisory lock), every few seconds.
"""

from typing import Final

from tintype import queue
from tintype.core import log
from tintype.db.listen import notify
from tintype.generations import operations, queries, run, run_queries

EVERY_SECONDS: Final = 5.0
_QUIET_SECONDS: Final = 10.0
_BATCH: Final = 500
_log = log.get("tintype.reaper")
_DIED: Final = {
    "code": "PROVIDER_ERROR",
    "message": "The work was started several times and never finished; its credits were given back.",
}


async def reap(studio: run.Studio) -> int:
    """One round; answer how many generations were looked after."""
    async with studio.database.transaction() as tx:
        if not await run_queries.reaper_turn(tx):
            return 0
        overdue = await run_queries.overdue(tx, _BATCH)
        for row in overdue:
            await _cancel(tx, row)
        forsaken = await run_queries.forsaken(tx, _QUIET_SECONDS, _BATCH)
    used_up = []
    ring = []
    for row in forsaken:
        if row["canceled"]:
            await run.end(studio, row["id"], None, "canceled", None)
        elif (
            row["attempts"] >= studio.settings.worker.attempts_max and row["status"] == "processing"
        ):
            used_up.append(row["id"])
        else:
            ring.append(row["id"])
    for generation_id in used_up:
        if await run.end(studio, generation_id, None, "failed", _DIED):
            _log.warning("gave up", generation=generation_id)
    if ring:
        async with studio.database.transaction() as tx:
            live = await queue.ringing(tx, operations.ENTRYPOINT, ring)
            for generation_id in sorted(set(ring) - live):
                await queue.enqueue(tx, operations.ENTRYPOINT, generation_id)
                _log.info("rang again", generation=generation_id)
    return len(overdue) + len(forsaken)


async def _cancel(tx: operations.Transaction, row: operations.Row) -> None:
    locked = await queries.find(tx, row["organization_id"], row["id"], None, lock=True)
    if locked is None or locked["status"] not in {"queued", "processing"}:
        return
    if locked["status"] == "queued":
        await operations.cancel_queued(tx, row["organization_id"], row["id"])
        return
    await queries.request_cancel(tx, row["organization_id"], row["id"])
    await notify(tx, row["id"])
