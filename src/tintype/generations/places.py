"""Places: how many jobs of one organization run at once, over all workers.

A claim that finds no free place parks its work, which then has no ring; a run that ends rings the
next one. Both take turns at the organization, so none is forgotten; what a worker's death forgets,
the reaper finds.
"""

from typing import Final

from tintype import queue
from tintype.accounts.models import concurrency_limits
from tintype.db.pool import Database
from tintype.generations import run_queries
from tintype.generations.submit import entrypoint, priority

_AT_ONCE_MAX: Final = 500


async def release(database: Database, organization_id: str) -> int:
    """Ring for the organization's parked work, as much as there are free places; answer how much.

    Raises Unavailable.
    """
    async with database.transaction() as tx:
        places = await run_queries.places_of(tx, organization_id, concurrency_limits())
        rows = await run_queries.unpark(tx, organization_id, places, _AT_ONCE_MAX)
        await queue.enqueue_all(
            tx, {row["id"]: entrypoint(row["engine"]) for row in rows},
            [priority(row["turn"]) for row in rows],
        )  # fmt: skip
    return len(rows)
