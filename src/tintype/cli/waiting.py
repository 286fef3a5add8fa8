"""Waiting for work to end, and doing it in this process when nobody else takes it.

A lease decides who does the work, so a worker that comes late does no harm.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Final

from tintype import queue, worker
from tintype.cli.house import House
from tintype.core.caller import Caller
from tintype.generations import operations
from tintype.generations.models import TERMINAL, Generation
from tintype.generations.run import give_back, run
from tintype.generations.submit import entrypoint
from tintype.generations.workshop import Workshop
from tintype.images.links import Links

_PATIENCE_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 0.1


class GaveUpWaiting(Exception):
    """The time was over; the work goes on."""


async def finished(
    opened: House, caller: Caller, links: Links, generation_id: str,
    *, seconds: float, note: Callable[[Generation], None],
) -> Generation:  # fmt: skip
    """The generation when it has ended; `note` sees it on the way. Raises GaveUpWaiting.

    What was done here leaves no job behind for a worker to find done.
    """
    began = time.monotonic()
    async with contextlib.AsyncExitStack() as stack:
        own: asyncio.Task[None] | None = None
        done_here = False
        while True:
            async with opened.database.reading() as tx:
                found = await operations.get(tx, caller, links, generation_id)
            note(found)
            if found.status in TERMINAL:
                if done_here:
                    async with opened.database.transaction() as tx:
                        await queue.forget(tx, entrypoint(found.engine), generation_id)
                return found
            passed = time.monotonic() - began
            if passed > seconds:
                raise GaveUpWaiting(
                    f"{generation_id} is still {found.status} after {seconds:g} s; it goes on."
                )
            if own is not None and own.done():
                own.result()
                own = None
            if own is None and found.status == "queued" and passed > _PATIENCE_SECONDS:
                own = await stack.enter_async_context(_working(opened, generation_id))
                done_here = True
            await asyncio.sleep(_LOOK_SECONDS)


@contextlib.asynccontextmanager
async def _working(opened: House, generation_id: str) -> AsyncIterator[asyncio.Task[None]]:
    """Do the work while the block lasts; what is not done by then goes back to the queue."""
    async with worker.opened(opened.settings) as workshop:
        listening = asyncio.create_task(workshop.signals.run())
        working = asyncio.create_task(_work(workshop, generation_id))
        try:
            yield working
        finally:
            if not working.done():
                await give_back(workshop)
            for task in (working, listening):
                task.cancel()
            await asyncio.gather(working, listening, return_exceptions=True)


async def _work(workshop: Workshop, generation_id: str) -> None:
    """Run it, and run it again when it asks for that, as the queue would."""
    while (delay := await run(workshop, generation_id)) is not None:  # noqa: ASYNC110 - A back-off.
        await asyncio.sleep(delay.total_seconds())
