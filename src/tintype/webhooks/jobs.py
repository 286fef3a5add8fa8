"""What the worker runs for webhooks: a run for each lane that was rung for, and two loops."""

from collections.abc import Coroutine
from functools import partial
from typing import Any, Final

from tintype.db.pool import Transaction
from tintype.queue import Run
from tintype.webhooks import run_queries
from tintype.webhooks.courier import Courier
from tintype.webhooks.fanout import FAILING, PROMPT, read_the_log, ring_what_is_due
from tintype.webhooks.sending import work

_KEPT_DAYS: Final = 30
_PRUNE_BATCH: Final = 1000


def jobs(courier: Courier) -> dict[str, Run]:
    prompt: Run = partial(work, courier, PROMPT)
    failing: Run = partial(work, courier, FAILING)
    return {PROMPT: prompt, FAILING: failing}


def places(courier: Courier) -> dict[str, int]:
    """How many lanes of each kind a worker works through at once."""
    return {PROMPT: courier.settings.places, FAILING: courier.settings.places}


def loops(courier: Courier) -> list[Coroutine[Any, Any, None]]:
    """What goes on beside the jobs for as long as the worker lives."""
    return [read_the_log(courier), ring_what_is_due(courier)]


async def prune(tx: Transaction) -> bool:
    """Forget what was sent long ago; True when there may be more than this batch."""
    return await run_queries.prune(tx, _KEPT_DAYS, _PRUNE_BATCH)
