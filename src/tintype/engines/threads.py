"""What engines that compute in this process share: a bounded pool, and one run's clock.

Work is handed to a thread with `Run.over` to ask between its steps; however it ends badly, the
caller meets an `EngineFault`.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tintype.core.errors import PayloadTooLarge, UnsupportedMediaType, ValidationFailed
from tintype.engines.base import EngineFault, Job, Watch

_T = TypeVar("_T")


class Run:
    """One run's deadline, its rising progress, and whether it should still go on.

    `floor` is the share of the progress that was reported before the work in the thread began.
    """

    def __init__(self, job: Job, watch: Watch) -> None:
        self._watch = watch
        self._deadline = time.monotonic() + job.deadline_seconds
        self._floor = 0.0
        self.abandoned = False

    def over(self) -> bool:
        """Asked from the work's thread between its steps."""
        return self.abandoned or self._watch.canceled() or time.monotonic() >= self._deadline

    def reason(self) -> EngineFault:
        if self._watch.canceled() or self.abandoned:
            return EngineFault("CANCELED", "The run was canceled.")
        return EngineFault("TIMEOUT", "The run passed its deadline.")

    def stop_if_due(self) -> None:
        if self.over():
            raise self.reason()

    def progress(self, done: float) -> None:
        """Progress of the work in the thread, fitted above what was waited for."""
        self._watch.progress(self._floor + (1 - self._floor) * done)

    async def wait(self, seconds: float, *, share: float, poll_seconds: float) -> None:
        """Let time pass, reporting up to `share` of the progress; stops when the run is over."""
        started = time.monotonic()
        while (passed := time.monotonic() - started) < seconds:
            self.stop_if_due()
            self._floor = share * passed / seconds
            self._watch.progress(self._floor)
            await asyncio.sleep(poll_seconds)


class Threads:
    """At most `count` pieces of work at once, each in a thread of its own.

    `work` names a piece of it for messages ("drawing"), `stopped` is the exception by which it
    ends when `Run.over` said so.
    """

    def __init__(self, count: int, *, work: str, stopped: type[Exception]) -> None:
        if count < 1:
            raise ValueError(f"A {work} needs at least one thread.")
        self.count = count
        self._work = work
        self._stopped = stopped
        self._pool: ThreadPoolExecutor | None = None

    def open(self) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.count, thread_name_prefix=self._work)

    async def close(self) -> None:
        """Lets running work end, and drops what waits."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(pool.shutdown, wait=True, cancel_futures=True)

    async def run(self, run: Run, work: Callable[[], _T]) -> _T:
        """`work` in the pool; every way in which it may end badly as an `EngineFault`."""
        if self._pool is None:
            raise EngineFault("PROVIDER_ERROR", "The engine is not open.", retryable=True)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        except asyncio.CancelledError:
            # The caller went away: the thread sees it at its next step.
            run.abandoned = True
            raise
        except self._stopped:
            raise run.reason() from None
        except ValidationFailed as fault:
            # Without the name of a field: an engine doesn't know what the client's is called.
            problems = [it["problem"] for it in fault.details]
            raise EngineFault("INVALID_REQUEST", "; ".join(problems)) from fault
        except (PayloadTooLarge, UnsupportedMediaType) as fault:
            raise EngineFault("INVALID_REQUEST", fault.message) from fault
        except ValueError as fault:
            raise EngineFault("INVALID_REQUEST", str(fault)) from fault
        except MemoryError as fault:
            raise EngineFault(
                "OUT_OF_MEMORY", f"The {self._work} needs more memory than there is.",
                retryable=True,
            ) from fault  # fmt: skip
        except Exception as fault:
            raise EngineFault("PROVIDER_ERROR", f"The {self._work} failed.", retryable=True) from (
                fault
            )
