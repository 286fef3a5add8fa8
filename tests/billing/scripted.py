"""An engine that does what each prompt says, and a database that dies at a chosen step of a run."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Literal

from support.faulty_engine import FaultyEngine
from support.images import file
from tintype.db.pool import Database, Transaction
from tintype.engines.base import Blob, EngineFault, Job, Output, Watch

_PICTURE = file("png", 16, 16)
# What a variant may come to, the words of a prompt: "ok busy refused" is said to three variants.
WORDS = ("ok", "ok", "ok", "busy", "down", "refused", "raises", "garbage", "waits")
_WAIT_SECONDS = 1.0
Moment = Literal["before", "within", "after"]


class Scripted(FaultyEngine):
    """By the work's seed, which must be 0, each variant knows its number and finds its word."""

    async def run(self, job: Job, watch: Watch) -> Output:
        words = job.prompt.split()
        match words[job.seed % len(words)]:
            case "busy" if job.attempt == 1:
                raise EngineFault("RATE_LIMITED", "Busy.", retryable=True)
            case "down":
                raise EngineFault("PROVIDER_ERROR", "Down.", retryable=True)
            case "refused":
                raise EngineFault("CONTENT_REJECTED", "Not that.")
            case "raises":
                raise RuntimeError("unforeseen")
            case "garbage":
                return Output((Blob(b"<html>", "image/png"),))
            case "waits":
                await _until_canceled(watch)
        return Output((Blob(_PICTURE, "image/png"),))


async def _until_canceled(watch: Watch) -> None:
    end = asyncio.get_running_loop().time() + _WAIT_SECONDS
    while not watch.canceled():
        if asyncio.get_running_loop().time() > end:
            raise EngineFault("TIMEOUT", "Nobody canceled it.")
        await asyncio.sleep(0.01)


class Died(BaseException):
    """The process is gone: nothing that comes after is ever done."""


class Mortal(Database):
    """Goes on to the `step`-th transaction and dies there: before it, within it, or after it.

    Within is before the commit: what it wrote is lost. After is before anybody hears of the commit.
    """

    def __init__(self, whole: Database, step: int, moment: Moment) -> None:
        super().__init__(whole.pool, whole.dsn, 5.0, whole.cut_short)
        self._left = step
        self._moment = moment
        self.dead = False

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        self._left -= 1
        self._die(at="before")
        async with super().transaction() as tx:
            yield tx
            self._die(at="within")
        self._die(at="after")

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        self._die(at=None)
        async with super().reading() as tx:
            yield tx

    def _die(self, at: Moment | None) -> None:
        self.dead = self.dead or (self._left <= 0 and self._moment == at)
        if self.dead:
            raise Died
