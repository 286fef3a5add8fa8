"""The finishing engine: a picture made cleaner, or given a camera's look. No weights, no network.

It takes one picture and gives it back in its own format, size and transparency. The sandbox gets
the same pixels as a live job, without a mark: they are the client's own.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, cast

from tintype.engines.base import Blob, Capabilities, EngineFault, Job, Operation, Output, Watch
from tintype.engines.threads import Run, Threads
from tintype.media.finish.camera import CAMERAS, DEFAULT, TABLE
from tintype.media.finish.clean import clean
from tintype.media.finish.clean_plan import CLEAN_PRESETS, Preset
from tintype.media.finish.realistic import realistic
from tintype.media.inspect import Limits
from tintype.media.stopping import Stopped
from tintype.media.vips import MEDIA_TYPES, sniff

OPERATIONS: Final[Mapping[str, Operation]] = {
    "builtin/clean": "clean",
    "builtin/realistic": "realistic",
}
PRESETS: Final[Mapping[Operation, tuple[str, ...]]] = {
    "clean": CLEAN_PRESETS,
    "realistic": CAMERAS,
}
STRENGTH_DEFAULT: Final = 1.0


class FinishEngine:
    """Implements `Engine`. `threads` bounds how many pictures are finished at once.

    `limits` are those of what is taken in, so that whatever is in the library can be finished.
    """

    name = "finish"

    def __init__(self, *, threads: int, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._threads = Threads(threads, work="finishing", stopped=Stopped)

    def capabilities(self, model: str) -> Capabilities:
        """Raises `EngineFault` UNSUPPORTED for a model that isn't this engine's."""
        if model not in OPERATIONS:
            raise EngineFault("UNSUPPORTED", "The finishing engine has no such model.")
        return Capabilities(
            operations=frozenset({OPERATIONS[model]}),
            fidelity="full",
            progress="steps",
            cancel="step",
            seed="stable",
            references_max=1,
            pixels_max=self._limits.pixels_max,
            ready_to_store=True,
        )

    async def open(self) -> None:
        self._threads.open()

    async def run(self, job: Job, watch: Watch) -> Output:
        if job.operation not in self.capabilities(job.model).operations:
            raise EngineFault("UNSUPPORTED", f"{job.model} does no {job.operation}.")
        source = _source(job)
        run = Run(job, watch)
        run.stop_if_due()
        finished = await self._threads.run(run, _work(job, source, run, self._limits))
        run.progress(1.0)
        return Output(media=(Blob(finished, _media_type(finished)),))

    async def ping(self) -> str:
        return f"{', '.join(OPERATIONS)}: {self._threads.count} at once"

    async def close(self) -> None:
        """Lets running work end; it stops for nothing less than its own cancellation."""
        await self._threads.close()


def _source(job: Job) -> bytes:
    if len(job.references) != 1:
        raise EngineFault("INVALID_REQUEST", "Finishing takes exactly one picture.")
    return job.references[0].data


def _work(job: Job, source: bytes, run: Run, limits: Limits) -> Callable[[], bytes]:
    """The job's work for a thread; its extras are checked here, before it waits for one."""
    preset = _preset(job)
    finishing: Callable[..., bytes]
    if job.operation == "clean":
        finishing = partial(clean, source, preset=cast("Preset | None", preset))
    else:
        finishing = partial(realistic, source, camera=TABLE[preset or DEFAULT])
    return partial(
        finishing,
        strength=_strength(job),
        seed=job.seed,
        canceled=run.over,
        progress=run.progress,
        limits=limits,
    )


def _strength(job: Job) -> float:
    strength = job.extra.get("strength", STRENGTH_DEFAULT)
    if isinstance(strength, bool) or not isinstance(strength, int | float):
        raise EngineFault("INVALID_REQUEST", "The strength must be a number from 0 to 1.")
    if not 0 <= strength <= 1:
        raise EngineFault("INVALID_REQUEST", "The strength must be 0 to 1.")
    return float(strength)


def _preset(job: Job) -> str | None:
    preset = job.extra.get("preset")
    known = PRESETS[job.operation]
    if preset is None:
        return None
    if not isinstance(preset, str) or preset not in known:
        raise EngineFault("INVALID_REQUEST", f"The preset must be one of {', '.join(known)}.")
    return preset


def _media_type(data: bytes) -> str:
    kind = sniff(data)
    if kind is None:
        raise EngineFault("PROVIDER_ERROR", "Finishing gave no picture.", retryable=True)
    return MEDIA_TYPES[kind]
