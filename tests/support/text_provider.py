"""A text provider of the tests' own, beside the built-in engine, that answers as it is told to."""

import asyncio

from tintype.engines.base import Capabilities, EngineFault, Job, Output, Watch
from tintype.engines.polish.engine import MODEL, PolishEngine
from tintype.engines.registry import Engines

PROVIDED = "house/writer"


class TextProvider:
    """Rewrites every text to `answer`, raises `fault` instead if it has one, and counts its runs."""

    name = "writer"

    def __init__(self) -> None:
        self.answer = "Rewritten."
        self.fault: BaseException | None = None
        self.wait_seconds = 0.0
        self.jobs: list[Job] = []

    def capabilities(self, model: str) -> Capabilities:
        if model != PROVIDED:
            raise EngineFault("UNSUPPORTED", "No such model.")
        return Capabilities(operations=frozenset({"polish_text"}), fidelity="full")

    async def open(self) -> None: ...

    async def run(self, job: Job, watch: Watch) -> Output:
        del watch
        self.jobs.append(job)
        await asyncio.sleep(self.wait_seconds)
        if self.fault is not None:
            raise self.fault
        return Output(text=self.answer)

    async def ping(self) -> str:
        return PROVIDED

    async def close(self) -> None: ...


def with_built_in(provider: TextProvider) -> Engines:
    """Both, the built-in engine first: that a provider takes over must not lie in the order."""
    return Engines({MODEL: PolishEngine(threads=1), PROVIDED: provider})
