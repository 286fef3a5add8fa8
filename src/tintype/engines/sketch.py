"""The sketch engine: a drawn thing as a studio photograph, without weights or network.

It is a preview engine: what it makes is worked out from the drawing's own lines, so it is exact
in outline and plain in everything that a sketch doesn't show. A sandbox job gets the TEST mark.
"""

from functools import partial
from typing import Final

from tintype.engines.base import Blob, Capabilities, EngineFault, Job, Output, Watch
from tintype.engines.markers import fail_if_asked, wait_if_asked, without_markers
from tintype.engines.threads import Run, Threads
from tintype.media.sketch.studio import PIXELS_MAX, SIDE_MAX, SIDE_MIN, sketch_to_photo
from tintype.media.stopping import Stopped

MODEL: Final = "builtin/sketch"
CAPABILITIES: Final = Capabilities(
    operations=frozenset({"sketch_to_photo"}),
    fidelity="preview",
    progress="steps",
    cancel="step",
    seed="stable",
    references_max=1,
    pixels_max=PIXELS_MAX,
    ready_to_store=True,
)


class SketchEngine:
    """Implements `Engine`. `threads` bounds how many sketches are worked on at once."""

    name = "sketch"

    def __init__(self, *, threads: int) -> None:
        self._threads = Threads(threads, work="sketch", stopped=Stopped)

    def capabilities(self, model: str) -> Capabilities:
        """Raises `EngineFault` UNSUPPORTED for a model that isn't this engine's."""
        if model != MODEL:
            raise EngineFault("UNSUPPORTED", "The sketch engine has no such model.")
        return CAPABILITIES

    async def open(self) -> None:
        self._threads.open()

    async def run(self, job: Job, watch: Watch) -> Output:
        self._check(job)
        run = Run(job, watch)
        run.stop_if_due()
        fail_if_asked(job)
        await wait_if_asked(job, run)
        work = partial(
            sketch_to_photo,
            job.references[0].data,
            without_markers(job),
            width=job.width,
            height=job.height,
            seed=job.seed,
            test_mark=not job.livemode,
            canceled=run.over,
            progress=run.progress,
        )
        return Output(media=(Blob(await self._threads.run(run, work), "image/png"),))

    async def ping(self) -> str:
        return f"{MODEL}: studio pictures of sketches, {self._threads.count} at once"

    async def close(self) -> None:
        """Lets running work end; it takes a second or two."""
        await self._threads.close()

    def _check(self, job: Job) -> None:
        can = self.capabilities(job.model)
        if job.operation not in can.operations:
            raise EngineFault("UNSUPPORTED", f"The sketch engine does no {job.operation}.")
        if not (SIDE_MIN <= job.width <= SIDE_MAX and SIDE_MIN <= job.height <= SIDE_MAX):
            raise EngineFault(
                "INVALID_REQUEST", f"Each side must be {SIDE_MIN} to {SIDE_MAX} pixels."
            )
        if job.width * job.height > can.pixels_max:
            raise EngineFault("INVALID_REQUEST", f"At most {can.pixels_max} pixels can be made.")
        if len(job.references) != 1:
            raise EngineFault("INVALID_REQUEST", "A sketch is exactly one picture.")
