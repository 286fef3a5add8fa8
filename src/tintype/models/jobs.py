"""What the worker runs for custom models: fetches, and the rings for those whose ring was lost."""

from functools import partial
from typing import Final

from tintype import queue
from tintype.models import run_queries
from tintype.models.fetching import Loader, fetch
from tintype.models.operations import ENTRYPOINT
from tintype.queue import Run

# A fetch waits for a stranger's server most of the time, and must not take a picture's place.
_PLACES: Final = 2
_RUNG_AT_ONCE: Final = 100
EVERY_SECONDS: Final = 30.0


def jobs(loader: Loader) -> dict[str, Run]:
    work: Run = partial(fetch, loader)
    return {ENTRYPOINT: work}


def places() -> dict[str, int]:
    return {ENTRYPOINT: _PLACES}


async def ring_the_lost(loader: Loader) -> None:
    """A job may be lost; a ring that is there already is no second one."""
    async with loader.runner.database.transaction() as tx:
        for model_id in await run_queries.waiting(tx, _RUNG_AT_ONCE):
            await queue.enqueue(tx, ENTRYPOINT, model_id)
