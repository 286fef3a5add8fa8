"""The montage engine: pictures in their order become one film, with words, transitions and sound.

It shows the given pictures as they are, so nothing of it is a preview. A client's own pictures
never carry the sandbox's TEST mark.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, TypeVar, get_args

from tintype.core.errors import (
    EngineUnavailable,
    PayloadTooLarge,
    UnsupportedMediaType,
    ValidationFailed,
)
from tintype.engines.base import Blob, Capabilities, EngineFault, Job, Output, Watch
from tintype.engines.markers import fail_if_asked, wait_if_asked
from tintype.engines.threads import Run, Threads
from tintype.media.finish.frame import Floats
from tintype.media.reel.bounds import (
    PIXELS_MAX,
    SCENES_MAX,
    TRANSITIONS,
    Transition,
    check_scenes,
)
from tintype.media.reel.montage import Scene, montage
from tintype.media.reel.moves import Move, Point
from tintype.media.reel.reel import Reel
from tintype.media.sound.soundtrack import soundtrack
from tintype.media.sound.voice import available, speak
from tintype.media.stopping import Stopped

MODEL: Final = "builtin/montage"
DURATION_SECONDS_DEFAULT: Final = 20.0
FPS_DEFAULT: Final = 30
TRANSITION_DEFAULT: Final[Transition] = "fade"
CAPABILITIES: Final = Capabilities(
    operations=frozenset({"reel"}),
    fidelity="full",
    progress="steps",
    cancel="step",
    seed="stable",
    references_max=SCENES_MAX + 1,  # The last may be sound.
    size_step=2,
    pixels_max=PIXELS_MAX,
    ready_to_store=True,
)
_MOVES: Final[tuple[Move, ...]] = get_args(Move)
_SOUND_SHARE: Final = 0.05
"""Of the progress, where there is sound to be made ready."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Heard:
    """What is to be heard: a voice's text and language, and a mood or an audio file under it."""

    voice: tuple[str, str] | None = None
    mood: str | None = None
    audio: bytes | None = None


class MontageEngine:
    """Implements `Engine`. `threads` bounds how many reels are made at once; each fills two cores.

    A job's `references` are the pictures in their order. Its `extra` has `title`, `captions` and
    `focal_points` (an entry or None for each picture, or none at all), `moves` as well,
    `transition`, `duration_seconds`, `fps`, `accent` ("#rrggbb"), `voice` ({"text", "language"})
    and `background` ({"mood"}, or {"audio"}: which of the references is a sound file). Each may be
    left out; but for the duration and `fps`, None is the same. The output is the film, then its
    poster.
    """

    name = "montage"

    def __init__(self, *, threads: int) -> None:
        self._threads = Threads(threads, work="filming", stopped=Stopped)

    def capabilities(self, model: str) -> Capabilities:
        """Raises `EngineFault` UNSUPPORTED for a model that isn't this engine's."""
        if model != MODEL:
            raise EngineFault("UNSUPPORTED", "The montage engine has no such model.")
        return CAPABILITIES

    async def open(self) -> None:
        self._threads.open()

    async def run(self, job: Job, watch: Watch) -> Output:
        can = self.capabilities(job.model)
        if job.operation not in can.operations:
            raise EngineFault("UNSUPPORTED", f"The montage engine does no {job.operation}.")
        run = Run(job, watch)
        run.stop_if_due()
        fail_if_asked(job)
        work = _work(job, run)
        await wait_if_asked(job, run)
        made = await self._threads.run(run, work)
        return Output(media=(Blob(made.video, "video/mp4"), Blob(made.poster, "image/jpeg")))

    async def ping(self) -> str:
        voice = "with voices" if available() else "without voices: espeak-ng is not installed"
        return f"{MODEL}: reels of many pictures, {self._threads.count} at once, {voice}"

    async def close(self) -> None:
        """Lets running work end; it stops for nothing less than its own cancellation."""
        await self._threads.close()


def _work(job: Job, run: Run) -> Callable[[], Reel]:
    """The job's work for a thread; what it asks for is checked here, before it waits for one."""
    heard, pictures = _heard(job)
    scenes = _scenes(job.extra, pictures)
    transition = _one_of(job.extra, "transition", TRANSITIONS) or TRANSITION_DEFAULT
    seconds, fps = _seconds(job.extra), _fps(job.extra)
    accent = _text(job.extra, "accent")
    try:
        check_scenes(len(scenes), transition, job.width, job.height, fps, seconds, accent)
    except ValueError as fault:
        raise EngineFault("INVALID_REQUEST", str(fault)) from fault
    filmed = partial(
        _filmed,
        scenes,
        title=_text(job.extra, "title"),
        transition=transition,
        width=job.width,
        height=job.height,
        fps=fps,
        duration_seconds=seconds,
        seed=job.seed,
        accent=accent,
        canceled=run.over,
    )
    if heard == _Heard():
        return partial(filmed, progress=run.progress)

    def heard_and_filmed() -> Reel:
        sound = _sound(heard, round(seconds * fps) / fps, job.seed, run)
        run.progress(_SOUND_SHARE)
        return filmed(
            soundtrack=sound,
            progress=lambda done: run.progress(_SOUND_SHARE + (1 - _SOUND_SHARE) * done),
        )

    return heard_and_filmed


def _filmed(scenes: Sequence[Scene], **how: Any) -> Reel:
    """As `montage`; what it refuses is a ValueError that names the field."""
    try:
        return montage(scenes, **how)
    except ValidationFailed as fault:
        raise ValueError(fault.message) from fault


def _sound(heard: _Heard, seconds: float, seed: int, run: Run) -> Iterator[Floats]:
    """The sound track; what it is refused for is a ValueError that names the part."""
    try:
        voice = None
        if heard.voice is not None:
            voice = speak(*heard.voice, seconds_max=seconds)
        if run.over():
            raise Stopped
        return soundtrack(
            seconds, mood=heard.mood, audio=heard.audio, voice=voice, seed=seed, canceled=run.over
        )
    except (ValidationFailed, EngineUnavailable) as fault:
        raise ValueError(fault.message) from fault
    except (PayloadTooLarge, UnsupportedMediaType) as fault:
        raise ValueError(f"background: {fault.message}") from fault


def _heard(job: Job) -> tuple[_Heard, list[bytes]]:
    """What is heard, and the references that are pictures: all but a sound file."""
    blobs = [blob.data for blob in job.references]
    heard = _Heard()
    match job.extra.get("background"):
        case None:
            pass
        case {"mood": str() as mood}:
            heard = replace(heard, mood=mood)
        case {"audio": int() as at} if not isinstance(at, bool) and 0 <= at < len(blobs):
            heard = replace(heard, audio=blobs.pop(at))
        case _:
            raise EngineFault("INVALID_REQUEST", "background: must be a mood or an audio file.")
    match job.extra.get("voice"):
        case None:
            pass
        case {"text": str() as text, "language": str() as language}:
            heard = replace(heard, voice=(text, language))
        case _:
            raise EngineFault("INVALID_REQUEST", "voice: must be a text and its language.")
    if heard.voice is not None and not available():
        raise EngineFault(
            "UNSUPPORTED", "voice: this server has no voice; espeak-ng is not installed."
        )
    return heard, blobs


def _scenes(extra: Mapping[str, object], pictures: list[bytes]) -> list[Scene]:
    captions = _each(extra, "captions", len(pictures), _caption)
    points = _each(extra, "focal_points", len(pictures), _focal_point)
    moves = _each(extra, "moves", len(pictures), _move)
    return [
        Scene(picture, point, caption, move)
        for picture, point, caption, move in zip(pictures, points, captions, moves, strict=True)
    ]


def _each(
    extra: Mapping[str, object], name: str, count: int, read: Callable[[object], _T]
) -> list[_T | None]:
    """What `extra` has for each picture, or None for each."""
    given = extra.get(name)
    if given is None or given in ([], ()):
        return [None] * count
    if not isinstance(given, list | tuple) or len(given) != count:
        raise EngineFault("INVALID_REQUEST", f"{name}: must have one entry for each picture.")
    return [None if it is None else read(it) for it in given]


def _caption(given: object) -> str:
    if not isinstance(given, str):
        raise EngineFault("INVALID_REQUEST", "captions: each must be text.")
    return given


def _focal_point(given: object) -> Point:
    match given:
        case [bool(), _] | [_, bool()]:
            pass
        case [int() | float() as x, int() | float() as y]:
            return float(x), float(y)
    raise EngineFault("INVALID_REQUEST", "focal_points: each must be two numbers from 0 to 1.")


def _move(given: object) -> Move:
    for move in _MOVES:
        if move == given:
            return move
    raise EngineFault("INVALID_REQUEST", f"moves: each must be one of {', '.join(_MOVES)}.")


def _one_of(extra: Mapping[str, object], name: str, known: tuple[_T, ...]) -> _T | None:
    given = extra.get(name)
    for one in known:
        if one == given:
            return one
    if given is None:
        return None
    raise EngineFault("INVALID_REQUEST", f"{name}: must be one of {', '.join(map(str, known))}.")


def _seconds(extra: Mapping[str, object]) -> float:
    given = extra.get("duration_seconds", DURATION_SECONDS_DEFAULT)
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise EngineFault("INVALID_REQUEST", "duration_seconds: must be a number.")
    return float(given)


def _fps(extra: Mapping[str, object]) -> int:
    given = extra.get("fps", FPS_DEFAULT)
    if isinstance(given, bool) or not isinstance(given, int):
        raise EngineFault("INVALID_REQUEST", "fps: must be a whole number.")
    return given


def _text(extra: Mapping[str, object], name: str) -> str | None:
    given = extra.get(name)
    if given is None or isinstance(given, str):
        return given
    raise EngineFault("INVALID_REQUEST", f"{name}: must be text.")
