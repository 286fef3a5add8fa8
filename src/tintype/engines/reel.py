"""The reel engine: a film from one picture, or from a prompt that is drawn first.

It is a preview engine, since a generative model would move what is in the picture; this one moves
the camera. The prompt may name the move. The sandbox's drawings carry the TEST mark, a client's own
picture never does.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from tintype.engines.base import Blob, Capabilities, EngineFault, Job, Output, Watch
from tintype.engines.markers import fail_if_asked, wait_if_asked, without_markers
from tintype.engines.threads import Run, Threads
from tintype.media.draft.draw import DrawingCanceled, draw
from tintype.media.reel.bounds import PIXELS_MAX
from tintype.media.reel.moves import Point, asked_move, without_moves
from tintype.media.reel.reel import Reel, Shot, check, reel
from tintype.media.stopping import Stopped

MODEL: Final = "builtin/reel"
DURATION_SECONDS_DEFAULT: Final = 5.0
FPS_DEFAULT: Final = 30
CAPABILITIES: Final = Capabilities(
    operations=frozenset({"image_to_video"}),
    fidelity="preview",
    progress="steps",
    cancel="step",
    seed="stable",
    negative_prompt=True,
    references_max=1,
    size_step=2,
    pixels_max=PIXELS_MAX,
    ready_to_store=True,
)
_DRAWN_SHARE: Final = 0.1  # Of the progress, where a picture is drawn first.


class ReelEngine:
    """Implements `Engine`. `threads` bounds how many reels are made at once; each fills two cores.

    A job's `extra` has `duration_seconds`, `fps`, and `focal_point` ([x, y] in 0 to 1, or None for
    what draws the eye). The output is the film, then its poster.
    """

    name = "reel"

    def __init__(self, *, threads: int) -> None:
        self._threads = Threads(threads, work="filming", stopped=Stopped)

    def capabilities(self, model: str) -> Capabilities:
        """Raises `EngineFault` UNSUPPORTED for a model that isn't this engine's."""
        if model != MODEL:
            raise EngineFault("UNSUPPORTED", "The reel engine has no such model.")
        return CAPABILITIES

    async def open(self) -> None:
        self._threads.open()

    async def run(self, job: Job, watch: Watch) -> Output:
        can = self.capabilities(job.model)
        if job.operation not in can.operations:
            raise EngineFault("UNSUPPORTED", f"The reel engine does no {job.operation}.")
        if len(job.references) > can.references_max:
            raise EngineFault("INVALID_REQUEST", "A reel is made from one picture at most.")
        run = Run(job, watch)
        run.stop_if_due()
        fail_if_asked(job)
        work = _work(job, run)
        await wait_if_asked(job, run)
        made = await self._threads.run(run, work)
        return Output(media=(Blob(made.video, "video/mp4"), Blob(made.poster, "image/jpeg")))

    async def ping(self) -> str:
        return f"{MODEL}: camera moves over a picture, {self._threads.count} at once"

    async def close(self) -> None:
        """Lets running work end; it stops for nothing less than its own cancellation."""
        await self._threads.close()


def _work(job: Job, run: Run) -> Callable[[], Reel]:
    """The job's work for a thread; what it asks for is checked here, before it waits for one."""
    prompt, fps, seconds = without_markers(job), _fps(job.extra), _seconds(job.extra)
    try:
        check(job.width, job.height, fps, seconds)
    except ValueError as fault:
        raise EngineFault("INVALID_REQUEST", str(fault)) from fault
    filmed = partial(
        reel,
        width=job.width,
        height=job.height,
        fps=fps,
        duration_seconds=seconds,
        seed=job.seed,
        canceled=run.over,
    )
    shot = partial(Shot, focal_point=_focal_point(job.extra), move=asked_move(prompt))
    if job.references:
        return partial(filmed, [shot(job.references[0].data)], progress=run.progress)

    def drawn_and_filmed() -> Reel:
        try:
            picture = draw(
                without_moves(prompt),
                width=job.width,
                height=job.height,
                seed=job.seed,
                test_mark=not job.livemode,
                negative_prompt=job.negative_prompt,
                canceled=run.over,
                progress=lambda done: run.progress(_DRAWN_SHARE * done),
            )
        except DrawingCanceled:
            raise Stopped from None
        return filmed(
            [shot(picture)],
            progress=lambda done: run.progress(_DRAWN_SHARE + (1 - _DRAWN_SHARE) * done),
        )

    return drawn_and_filmed


def _seconds(extra: Mapping[str, object]) -> float:
    seconds = extra.get("duration_seconds", DURATION_SECONDS_DEFAULT)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise EngineFault("INVALID_REQUEST", "The duration must be a number of seconds.")
    return float(seconds)


def _fps(extra: Mapping[str, object]) -> int:
    fps = extra.get("fps", FPS_DEFAULT)
    if isinstance(fps, bool) or not isinstance(fps, int):
        raise EngineFault("INVALID_REQUEST", "The frames a second must be a whole number.")
    return fps


def _focal_point(extra: Mapping[str, object]) -> Point | None:
    match extra.get("focal_point"):
        case None:
            return None
        case [bool(), _] | [_, bool()]:
            pass
        case [int() | float() as x, int() | float() as y]:
            return float(x), float(y)
    raise EngineFault("INVALID_REQUEST", "The focal point must be two numbers from 0 to 1.")
