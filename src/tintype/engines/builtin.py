"""The built-in engine: drawings from prompts and prompts made fuller, without weights or network.

It is a preview engine and the sandbox's only one. A sandbox job (`livemode` false) gets the TEST
mark on its pictures and may force every failure by a marker in its prompt (`markers.py`).
"""

from functools import partial

from tintype.engines.base import Blob, Capabilities, EngineFault, Job, Output, Watch
from tintype.engines.markers import fail_if_asked, wait_if_asked, without_markers
from tintype.engines.threads import Run, Threads
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


class BuiltinEngine:
    """Implements `Engine`. `threads` bounds how many drawings are made at once."""

    name = "builtin"

    def __init__(self, *, threads: int) -> None:
        self._threads = Threads(threads, work="drawing", stopped=DrawingCanceled)

    def capabilities(self, model: str) -> Capabilities:
        """Raises `EngineFault` UNSUPPORTED for a model that isn't this engine's."""
        if model != MODEL:
            raise EngineFault("UNSUPPORTED", "The built-in engine has no such model.")
        return CAPABILITIES

    async def open(self) -> None:
        self._threads.open()

    async def run(self, job: Job, watch: Watch) -> Output:
        self._check(job)
        run = Run(job, watch)
        run.stop_if_due()
        fail_if_asked(job)
        if job.operation == "enhance_prompt":
            # The markers stay in: they are for the drawing that follows.
            text = await self._threads.run(run, partial(enhance, job.prompt))
            run.progress(1.0)
            return Output(text=text)
        await wait_if_asked(job, run)
        picture = partial(
            draw,
            without_markers(job),
            width=job.width,
            height=job.height,
            seed=job.seed,
            references=tuple(blob.data for blob in job.references),
            test_mark=not job.livemode,
            negative_prompt=job.negative_prompt,
            canceled=run.over,
            progress=run.progress,
        )
        return Output(media=(Blob(await self._threads.run(run, picture), "image/png"),))

    async def ping(self) -> str:
        return f"{MODEL}: vector drawings, {self._threads.count} at once"

    async def close(self) -> None:
        """Lets running drawings end; they take well under a second."""
        await self._threads.close()

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
