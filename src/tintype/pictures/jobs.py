"""What the worker runs for pictures: fetches, and the rings for those whose ring was lost."""

from functools import partial
from typing import Final

from tintype import queue
from tintype.pictures import run_queries
from tintype.pictures.fetching import Collector, fetch
from tintype.pictures.run_queries import ENTRYPOINT
from tintype.queue import Run

# A fetch waits for a stranger's server most of the time, and must not take an engine's place.
_PLACES: Final = 4
_RUNG_AT_ONCE: Final = 200
EVERY_SECONDS: Final = 30.0


def jobs(collector: Collector) -> dict[str, Run]:
    work: Run = partial(fetch, collector)
    return {ENTRYPOINT: work}


def places() -> dict[str, int]:
    return {ENTRYPOINT: _PLACES}


async def ring_the_lost(collector: Collector) -> None:
    """A job may be lost; a ring that is there already is no second one."""
    async with collector.runner.database.transaction() as tx:
        for picture_id in await run_queries.waiting(tx, _RUNG_AT_ONCE):
            await queue.enqueue(tx, ENTRYPOINT, picture_id)
