"""The retouching engine: a picture enhanced by a recipe of steps. No weights, no network.

The first reference is the picture, and a second one is what the step `match` follows. The prompt
is what a generative engine would be told; here the recipe in `extra` says it all. The sandbox gets
the same pixels as a live job, without a mark: they are the client's own.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, cast

from tintype.engines.base import Blob, Capabilities, EngineFault, Job, Output, Watch
from tintype.engines.threads import Run, Threads
from tintype.media.inspect import Limits
from tintype.media.retouch.retouch import retouch
from tintype.media.stopping import Stopped
from tintype.media.vips import MEDIA_TYPES, sniff

MODEL: Final = "builtin/retouch"
_REFERENCES_MAX: Final = 2
_VARIANT_MAX: Final = 1_000
_POINT: Final = 2
_MISSED: Final[Mapping[str, str]] = {
    "sky": "no sky was found for sure, so it is as it was",
    "lawn": "no grass was found for sure, so it is as it was",
    "season": "nothing green was found for sure, so the season is as it was",
}


class RetouchEngine:
    """Implements `Engine`. `threads` bounds how many pictures are retouched at once.

    `limits` are those of what is taken in, so that whatever is in the library can be enhanced.
    """

    name = "retouch"

    def __init__(self, *, threads: int, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._threads = Threads(threads, work="retouching", stopped=Stopped)

    def capabilities(self, model: str) -> Capabilities:
        """Raises `EngineFault` UNSUPPORTED for a model that isn't this engine's."""
        if model != MODEL:
            raise EngineFault("UNSUPPORTED", "The retouching engine has no such model.")
        return Capabilities(
            operations=frozenset({"enhance"}),
            fidelity="full",
            progress="steps",
            cancel="step",
            seed="stable",
            references_max=_REFERENCES_MAX,
            pixels_max=self._limits.pixels_max,
            ready_to_store=True,
        )

    async def open(self) -> None:
        self._threads.open()

    async def run(self, job: Job, watch: Watch) -> Output:
        if job.operation not in self.capabilities(job.model).operations:
            raise EngineFault("UNSUPPORTED", f"{job.model} does no {job.operation}.")
        if not 1 <= len(job.references) <= _REFERENCES_MAX:
            raise EngineFault(
                "INVALID_REQUEST", "Enhancing takes one picture, and at most one to match."
            )
        run = Run(job, watch)
        missed: list[str] = []
        work = partial(
            retouch,
            job.references[0].data,
            _steps(job.extra),
            width=job.width,
            height=job.height,
            focal_point=_focal_point(job.extra),
            reference=job.references[1].data if len(job.references) > 1 else None,
            seed=job.seed,
            variant=_variant(job.extra),
            limits=self._limits,
            canceled=run.over,
            progress=run.progress,
            missed=missed.append,
        )
        run.stop_if_due()
        made = await self._threads.run(run, work)
        run.progress(1.0)
        notes = tuple(_MISSED[step] for step in missed)
        return Output(media=(Blob(made, _media_type(made)),), notes=notes)

    async def ping(self) -> str:
        return f"{MODEL}: {self._threads.count} at once"

    async def close(self) -> None:
        """Lets running work end; it stops for nothing less than its own cancellation."""
        await self._threads.close()


def _steps(extra: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    steps = extra.get("steps", [])
    if not isinstance(steps, list | tuple):
        raise EngineFault("INVALID_REQUEST", "The steps must be a list.")
    return cast("Sequence[Mapping[str, object]]", steps)


def _variant(extra: Mapping[str, object]) -> int:
    variant = extra.get("variant", 0)
    if isinstance(variant, bool) or not isinstance(variant, int):
        raise EngineFault("INVALID_REQUEST", "The variant must be a whole number.")
    if not 0 <= variant <= _VARIANT_MAX:
        raise EngineFault("INVALID_REQUEST", f"The variant must be 0 to {_VARIANT_MAX}.")
    return variant


def _focal_point(extra: Mapping[str, object]) -> tuple[float, float] | None:
    point: Any = extra.get("focal_point")
    if point is None:
        return None
    fits = (
        isinstance(point, list | tuple)
        and len(point) == _POINT
        and all(isinstance(at, int | float) and not isinstance(at, bool) for at in point)
    )
    if not fits:
        raise EngineFault("INVALID_REQUEST", "The focal point must be two numbers from 0 to 1.")
    return float(point[0]), float(point[1])


def _media_type(data: bytes) -> str:
    kind = sniff(data)
    if kind is None:
        raise EngineFault("PROVIDER_ERROR", "Retouching gave no picture.", retryable=True)
    return MEDIA_TYPES[kind]
