"""The built-in engine: drawings from prompts and prompts made fuller, without weights or network.

It is a preview engine and the sandbox's only one. A sandbox job (`livemode` false) gets the TEST
mark on its pictures and may force every failure by a marker anywhere in its prompt; a live job's
prompt is never searched for markers.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from tintype.engines.base import Blob, Capabilities, EngineFault, Job, Output, Watch
from tintype.media.draft.draw import (
    PIXELS_MAX,
    REFERENCES_MAX,
    SIDE_MAX,
    SIDE_MIN,
    DrawingCanceled,
    draw,
)
from tintype.media.draft.enhance import enhance

MODEL = "builtin/draft"
CAPABILITIES = Capabilities(
    operations=frozenset({"text_to_image", "enhance_prompt"}),
    fidelity="preview",
    progress="steps",
    cancel="step",
    seed="stable",
    negative_prompt=True,
    references_max=REFERENCES_MAX,
    pixels_max=PIXELS_MAX,
)
MAGIC: Mapping[str, str] = {
    "__provider_500__": "Every attempt fails as a provider's own fault; retried, then failed.",
    "__rejected__": "Refused by the engine's content rules; not retried.",
    "__timeout__": "The engine took too long; not retried.",
    "__flaky__": "The first attempt fails as a provider's fault, the next one works.",
    "__slow_5s__": "Five seconds of reported progress before the drawing.",
}
_SLOW_SECONDS = 5.0
_SLOW_SHARE = 0.9  # Of the progress that is reported; the drawing has the rest.
_POLL_SECONDS = 0.05
_T = TypeVar("_T")


class BuiltinEngine:
    """Implements `Engine`. `threads` bounds how many drawings are made at once."""

    name = "builtin"

    def __init__(self, *, threads: int) -> None:
        if threads < 1:
            raise ValueError("The built-in engine needs at least one thread.")
        self._threads = threads
        self._pool: ThreadPoolExecutor | None = None

    def capabilities(self, model: str) -> Capabilities:
        """Raises `EngineFault` UNSUPPORTED for a model that isn't this engine's."""
        if model != MODEL:
            raise EngineFault("UNSUPPORTED", "The built-in engine has no such model.")
        return CAPABILITIES

    async def open(self) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="draft")

    async def run(self, job: Job, watch: Watch) -> Output:
        self._check(job)
        run = _Run(job, watch)
        run.stop_if_due()
        if not job.livemode:
            _forced_failure(job)
        if job.operation == "enhance_prompt":
            # The markers stay in: they are for the drawing that follows.
            text = await self._off_loop(run, partial(enhance, job.prompt))
            run.progress(1.0)
            return Output(text=text)
        prompt = job.prompt
        if not job.livemode:
            if "__slow_5s__" in prompt:
                await run.wait(_SLOW_SECONDS)
            for marker in MAGIC:
                prompt = prompt.replace(marker, " ")
        picture = partial(
            draw,
            prompt,
            width=job.width,
            height=job.height,
            seed=job.seed,
            references=tuple(blob.data for blob in job.references),
            test_mark=not job.livemode,
            negative_prompt=job.negative_prompt,
            canceled=run.over,
            progress=run.progress,
        )
        return Output(media=(Blob(await self._off_loop(run, picture), "image/png"),))

    async def ping(self) -> str:
        return f"{MODEL}: vector drawings, {self._threads} at once"

    async def close(self) -> None:
        """Lets running drawings end; they take well under a second."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(pool.shutdown, wait=True, cancel_futures=True)

    def _check(self, job: Job) -> None:
        can = self.capabilities(job.model)
        if job.operation not in can.operations:
            raise EngineFault("UNSUPPORTED", f"The built-in engine does no {job.operation}.")
        if job.operation == "enhance_prompt":
            return
        if not (SIDE_MIN <= job.width <= SIDE_MAX and SIDE_MIN <= job.height <= SIDE_MAX):
            raise EngineFault(
                "INVALID_REQUEST", f"Each side must be {SIDE_MIN} to {SIDE_MAX} pixels."
            )
        if job.width * job.height > can.pixels_max:
            raise EngineFault("INVALID_REQUEST", f"At most {can.pixels_max} pixels can be drawn.")
        if len(job.references) > can.references_max:
            raise EngineFault(
                "INVALID_REQUEST", f"At most {can.references_max} references can be shown."
            )

    async def _off_loop(self, run: "_Run", work: Callable[[], _T]) -> _T:
        """`work` in the pool; every way in which it may end badly as an `EngineFault`."""
        if self._pool is None:
            raise EngineFault("PROVIDER_ERROR", "The built-in engine is not open.", retryable=True)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        except asyncio.CancelledError:
            # The caller went away: the thread sees it at its next step.
            run.abandoned = True
            raise
        except DrawingCanceled:
            raise run.reason() from None
        except ValueError as fault:
            raise EngineFault("INVALID_REQUEST", str(fault)) from fault
        except MemoryError as fault:
            raise EngineFault(
                "OUT_OF_MEMORY", "The drawing needs more memory than there is.", retryable=True
            ) from fault
        except Exception as fault:
            raise EngineFault("PROVIDER_ERROR", "The drawing failed.", retryable=True) from fault


class _Run:
    """One run's clock, its rising progress, and whether it should still go on."""

    def __init__(self, job: Job, watch: Watch) -> None:
        self._watch = watch
        self._deadline = time.monotonic() + job.deadline_seconds
        self._floor = 0.0
        self.abandoned = False

    def over(self) -> bool:
        """Asked from the drawing's thread between its steps."""
        return self.abandoned or self._watch.canceled() or time.monotonic() >= self._deadline

    def reason(self) -> EngineFault:
        if self._watch.canceled() or self.abandoned:
            return EngineFault("CANCELED", "The run was canceled.")
        return EngineFault("TIMEOUT", "The run passed its deadline.")

    def stop_if_due(self) -> None:
        if self.over():
            raise self.reason()

    def progress(self, done: float) -> None:
        """Progress of the drawing, fitted above what a forced delay has reported."""
        self._watch.progress(self._floor + (1 - self._floor) * done)

    async def wait(self, seconds: float) -> None:
        started = time.monotonic()
        while (passed := time.monotonic() - started) < seconds:
            self.stop_if_due()
            self._floor = _SLOW_SHARE * passed / seconds
            self._watch.progress(self._floor)
            await asyncio.sleep(_POLL_SECONDS)


def _forced_failure(job: Job) -> None:
    """The fault that a sandbox prompt asks for by its marker."""
    if "__provider_500__" in job.prompt:
        raise EngineFault("PROVIDER_ERROR", "A forced provider fault.", retryable=True)
    if "__rejected__" in job.prompt:
        raise EngineFault("CONTENT_REJECTED", "A forced refusal of the content.")
    if "__timeout__" in job.prompt:
        raise EngineFault("TIMEOUT", "A forced timeout.")
    if "__flaky__" in job.prompt and job.attempt == 1:
        raise EngineFault("PROVIDER_ERROR", "A forced fault of the first attempt.", retryable=True)
