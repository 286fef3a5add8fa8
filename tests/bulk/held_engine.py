"""An engine whose jobs end when the test says so, and which knows in what order they began."""

import asyncio

from support.images import file
from tintype.engines.base import Blob, Capabilities, EngineFault, Job, Output, Watch
from tintype.engines.registry import Engines

MODEL = "builtin/draft"


class HeldEngine:
    name = "held"

    def __init__(self) -> None:
        self.started: list[str] = []
        self.running: set[str] = set()
        self.most = 0
        self._free = asyncio.Semaphore(0)
        self._changed = asyncio.Condition()
        self._picture = Blob(file("png", 8, 8), "image/png")

    def engines(self) -> Engines:
        return Engines({MODEL: self})

    def capabilities(self, model: str) -> Capabilities:
        return Capabilities(frozenset({"text_to_image"}), fidelity="preview", parallel=64)

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def ping(self) -> str:
        return "held"

    async def run(self, job: Job, watch: Watch) -> Output:
        async with self._changed:
            self.started.append(job.prompt)
            self.running.add(job.prompt)
            self.most = max(self.most, len(self.running))
            self._changed.notify_all()
        try:
            await self._free.acquire()
        finally:
            self.running.discard(job.prompt)
        if "refused" in job.prompt:
            raise EngineFault("CONTENT_REJECTED", "=Not that.")
        return Output((self._picture,))

    def let_go(self, jobs: int) -> None:
        """So many jobs may end, in the order in which they began."""
        for _ in range(jobs):
            self._free.release()

    async def until_started(self, jobs: int) -> list[str]:
        """Wait until so many have begun; the prompts of all that have."""
        async with asyncio.timeout(30), self._changed:
            await self._changed.wait_for(lambda: len(self.started) >= jobs)
        return list(self.started)
