"""Whether work leaves the event loop free."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

TRIES = 3


async def stands_still(work: Callable[[], Awaitable[Any]], *, enough: float = 0.25) -> float:
    """The longest time in seconds for which the loop did nothing else while `work` was done.

    The best of three tries, or the first that is below `enough`: a busy machine may stop any
    program for a while, but not each time.
    """
    longest = [await _once(work)]
    while longest[-1] >= enough and len(longest) < TRIES:
        longest.append(await _once(work))
    return min(longest)


async def _once(work: Callable[[], Awaitable[Any]]) -> float:
    task = asyncio.ensure_future(work())
    longest = 0.0
    while not task.done():
        before = time.monotonic()
        await asyncio.sleep(0.002)
        longest = max(longest, time.monotonic() - before)
    await task
    return longest
