"""Work whose runs keep dying makes its last attempt alone, so that it takes no others with it.

A job that kills its process takes along whatever runs beside it, and nobody can tell which of them
it was. Without this, the innocent would use up their attempts together with the guilty one.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Gate:
    """Many runs of one process together, or one alone; who waits to be alone goes first."""

    def __init__(self) -> None:
        self._inside = 0
        self._loners = 0
        self._changed = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        async with self._changed:
            await self._changed.wait_for(lambda: not self._loners)
            self._inside += 1
        try:
            yield
        finally:
            await self._leave()

    @contextlib.asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        self._loners += 1
        try:
            async with self._changed:
                await self._changed.wait_for(lambda: not self._inside)
                self._inside += 1
            try:
                yield
            finally:
                await self._leave()
        finally:
            self._loners -= 1
            async with self._changed:
                self._changed.notify_all()

    async def _leave(self) -> None:
        async with self._changed:
            self._inside -= 1
            self._changed.notify_all()
