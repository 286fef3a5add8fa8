"""The built-in engine, failing where a prompt says so: `[die before]`, `[once] [raise]`, …

As a script it is the real worker with this engine, for tests that kill it.
"""

import asyncio
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

from tintype import worker
from tintype.core.settings import load
from tintype.engines.base import Blob, Capabilities, EngineFault, Job, Output, Watch
from tintype.engines.builtin import MODEL, BuiltinEngine
from tintype.engines.registry import Engines

_MARK = re.compile(r"\[([a-z0-9. ]+)\]")
# A PNG's head that promises 30,000 by 30,000 pixels, and nothing behind it.
_HUGE = bytes.fromhex("89504e470d0a1a0a0000000d49484452000075300000753008020000001dc6b1a9")


def engines() -> Engines:
    return Engines({MODEL: FaultyEngine()})


class FaultyEngine:
    """Marks act in the order in which the prompt has them; `[once]`: in the first attempt only."""

    name = "faulty"

    def __init__(self) -> None:
        self._inner = BuiltinEngine(threads=2)

    def capabilities(self, model: str) -> Capabilities:
        return self._inner.capabilities(model)

    async def open(self) -> None:
        await self._inner.open()

    async def ping(self) -> str:
        return "faulty"

    async def close(self) -> None:
        await self._inner.close()

    async def run(self, job: Job, watch: Watch) -> Output:
        marks = _MARK.findall(job.prompt)
        if "once" in marks and job.attempt > 1:
            marks = []
        for mark in marks:
            word, _, number = mark.partition(" ")
            await self._before(mark, word, number, watch)
        output = await self._inner.run(job, watch)
        if "die after" in marks:
            os.kill(os.getpid(), signal.SIGKILL)
        if "half" in marks:
            return Output((Blob(output.media[0].data[:2000], "image/png"),))
        return output if "nothing" not in marks else Output()

    async def _before(self, mark: str, word: str, number: str, watch: Watch) -> None:
        faults: dict[str, Callable[[], None]] = {
            "die before": lambda: os.kill(os.getpid(), signal.SIGKILL),
            "segv": lambda: os.kill(os.getpid(), signal.SIGSEGV),
            "exit": lambda: os._exit(7),
            "raise": lambda: _raise(RuntimeError("a secret of the prompt")),
            "canceled": lambda: _raise(EngineFault("CANCELED", "For no reason.")),
            "late": lambda: _raise(TimeoutError()),
            "refused": lambda: _raise(EngineFault("CONTENT_REJECTED", "Not that.")),
            "busy": lambda: _raise(
                EngineFault("RATE_LIMITED", "Busy.", retryable=True, retry_after_seconds=0.3)
            ),
        }
        if mark in faults:
            faults[mark]()
        elif word == "wait":
            await self._wait(float(number), watch)
        elif word == "block":
            time.sleep(float(number))  # noqa: ASYNC251  The loop stands still: that's the fault.
        elif word == "deaf":
            await asyncio.to_thread(time.sleep, float(number))
        elif word == "hears":
            await asyncio.to_thread(_until_told, watch, Path(os.environ["TT_HEARD"]))

    async def _wait(self, seconds: float, watch: Watch) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if watch.canceled():
                raise EngineFault("CANCELED", "Told to stop.")
            watch.progress(0.5 * (1 - left / seconds))
            await asyncio.sleep(0.02)


class AnswersWith(FaultyEngine):
    """Always gives these bytes."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._data = data

    async def run(self, job: Job, watch: Watch) -> Output:
        return Output((Blob(self._data, "image/png"),))


HOSTILE = {
    "a page": b"<html><img src=http://127.0.0.1/></html>",
    "nothing at all": b"",
    "an SVG": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    "a huge picture": _HUGE,
}


def _raise(fault: Exception) -> None:
    raise fault


def _until_told(watch: Watch, heard: Path) -> None:
    while not watch.canceled():
        time.sleep(0.02)
    heard.touch()


if __name__ == "__main__":
    asyncio.run(worker.run(load(), engines()))
