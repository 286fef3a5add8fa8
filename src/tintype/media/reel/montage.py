"""The public door of reels of many pictures: scenes in, one film and its poster out.

Pictures come in their order, each under a camera move, with words at its foot, and become one
another by a transition. A picture is opened while the one before it is shown, by a thread of its
own, and let go when it has left: memory holds two pictures, however long the film is. Sound is
asked for as the frames need it.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from tintype.core.errors import PayloadTooLarge, UnsupportedMediaType, ValidationFailed
from tintype.media.finish.frame import Floats
from tintype.media.reel.bounds import SCENES_MAX, Transition, check_scenes
from tintype.media.reel.captions import Overlay, overlay
from tintype.media.reel.colour import Planes
from tintype.media.reel.film import blank, filming, planes_of, still
from tintype.media.reel.moves import Move, Point, chosen_move
from tintype.media.reel.path import eased
from tintype.media.reel.plate import Source, source
from tintype.media.reel.reel import Reel
from tintype.media.reel.sound import Blocks
from tintype.media.reel.take import Take, prepared
from tintype.media.reel.transitions import Span, draw_between, timeline
from tintype.media.reel.wording import Words, check_words
from tintype.media.stopping import Canceled, Progress, Stopped

_WORDS_SECONDS: Final = 0.45
_WORDS_SHARE: Final = 0.25
"""How long words take to come and to go, and the most that it is of their scene."""
_ENCODED: Final = 0.97
"""The share of the progress when every frame is added; closing the file has the rest."""
_TRIES: Final = 8


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture, what is written under it, and how the camera moves over it.

    `focal_point` is (x, y), 0 to 1 of its sides; None looks for what the picture shows. `move` None
    lets the seed choose one that suits the picture, other than the one before where it can.
    """

    picture: bytes
    focal_point: Point | None = None
    caption: str | None = None
    move: Move | None = None


def _never() -> bool:
    return False


def _unheard(_done: float) -> None:
    return None


def montage(
    scenes: Sequence[Scene],
    *,
    title: str | None,
    transition: Transition,
    width: int,
    height: int,
    fps: int,
    duration_seconds: float,
    seed: int,
    soundtrack: Iterator[Floats] | None = None,
    accent: str | None = None,
    canceled: Canceled = _never,
    progress: Progress = _unheard,
) -> Reel:
    """A film of exactly this size and of `duration_seconds`, to the nearest frame.

    The poster is the first scene with its words. `soundtrack` is as in `sound.Blocks`, `accent` the
    colour ("#rrggbb") of the bar below the title. The same arguments, on a machine with the same
    fonts, give the same bytes. Raises ValueError for values outside the limits above,
    ValidationFailed for words that can't be drawn and for a damaged picture, and
    UnsupportedMediaType for what is no picture; they name the caption and the picture, counted from
    1. Raises Stopped when `canceled`, asked before each frame, says so.
    """
    check_scenes(len(scenes), transition, width, height, fps, duration_seconds, accent)
    frames = round(duration_seconds * fps)
    spans = timeline(frames, len(scenes), fps, transition)
    script = _script(scenes, spans, title, accent, (width, height), fps, seed, canceled)
    poster = b""
    room = planes_of(blank(width, height))
    sound = None if soundtrack is None else Blocks(soundtrack)
    with filming(width, height, fps, frames, sound) as film:
        for frame, now, then in _seen(script):
            if canceled():
                raise Stopped
            poster = poster or _poster(now, width, height)
            planes = film.planes()
            if then is None:
                now.take.draw(now.span.time(frame), planes)
            else:
                old, new = ((it.take, it.span.time(frame)) for it in (now, then))
                draw_between(transition, old, new, now.span.left(frame), planes, room)
            (then if then and frame >= then.span.begin else now).write(frame, planes)
            film.add(cut=transition == "cut" and frame == now.span.first)
            progress(_ENCODED * (frame + 1) / frames)
        if canceled():
            raise Stopped
        video = film.finish()
    progress(1.0)
    return Reel(video, poster, frames, frames / fps, width, height, fps)


@dataclass(frozen=True, slots=True)
class _Stage:
    """A scene on the screen. `coming` is how many frames its words take to come and to go."""

    span: Span
    take: Take
    words: Overlay | None
    coming: int
    last: bool

    def write(self, frame: int, planes: Planes) -> None:
        """Draw the words as they are at a frame of the film; the last ones stay to its end."""
        if self.words is None:
            return
        come = (frame - self.span.begin + 1) / self.coming
        going = 1.0 if self.last else (self.span.over - frame) / self.coming
        self.words.draw(planes, eased(min(come, going, 1.0)))


@dataclass(frozen=True, slots=True)
class _Script:
    """All that is known before a picture's pixels are: the scenes, each with what is its own."""

    scenes: Sequence[Scene]
    spans: Sequence[Span]
    pictures: Sequence[Source]
    moves: Sequence[Move]
    words: Sequence[Words]
    size: tuple[int, int]
    fps: int
    seed: int
    canceled: Canceled

    def opened(self, number: int) -> _Stage:
        span = self.spans[number]
        with _named(number):
            take = prepared(
                self.pictures[number],
                self.moves[number],
                self.scenes[number].focal_point,
                width=self.size[0],
                height=self.size[1],
                seconds=(span.end - span.first) / self.fps,
                seed=self.seed + number,
                canceled=self.canceled,
            )
        words = overlay(self.words[number], number, *self.size)
        coming = min(_WORDS_SECONDS * self.fps, _WORDS_SHARE * (span.over - span.begin))
        last = number + 1 == len(self.spans)
        return _Stage(span, take, words, max(1, round(coming)), last)


def _script(
    scenes: Sequence[Scene],
    spans: Sequence[Span],
    title: str | None,
    accent: str | None,
    size: tuple[int, int],
    fps: int,
    seed: int,
    canceled: Canceled,
) -> _Script:
    """Whatever is wrong with words and pictures is found here, but for damaged pixels."""
    check_words(title, [scene.caption for scene in scenes], *size)
    pictures: list[Source] = []
    moves: list[Move] = []
    for number, scene in enumerate(scenes):
        if scene.focal_point and not all(0 <= part <= 1 for part in scene.focal_point):
            raise ValueError(f"picture {number + 1}: a focal point is two numbers from 0 to 1.")
        with _named(number):
            pictures.append(source(scene.picture))
        before = moves[-1] if moves else None
        moves.append(scene.move or _move(pictures[-1], size, seed + number, before))
    words = [
        Words(None if number else title, scene.caption, accent)
        for number, scene in enumerate(scenes)
    ]
    return _Script(scenes, spans, pictures, moves, words, size, fps, seed, canceled)


def _move(picture: Source, size: tuple[int, int], seed: int, before: Move | None) -> Move:
    """A move that suits the picture, and isn't the one `before` unless nothing else does."""
    frame = float(size[0]), float(size[1])
    tries = [chosen_move(picture.size, frame, seed + SCENES_MAX * again) for again in range(_TRIES)]
    return next((move for move in tries if move != before), tries[0])


def _seen(script: _Script) -> Iterator[tuple[int, _Stage, _Stage | None]]:
    """Every frame of the film: its number, the scene that is seen, and the one that is coming.

    A scene is opened while the one before it is seen alone.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="opening") as ahead:
        now = script.opened(0)
        for number, span in enumerate(script.spans):
            is_last = number + 1 == len(script.spans)
            coming = None if is_last else ahead.submit(script.opened, number + 1)
            for frame in range(span.alone, span.leaving):
                yield frame, now, None
            if coming is not None:
                then = coming.result()
                for frame in range(span.leaving, span.end):
                    yield frame, now, then
                now = then


@contextmanager
def _named(number: int) -> Iterator[None]:
    """Say which picture a fault is about."""
    name = f"picture {number + 1}"
    try:
        yield
    except ValidationFailed as fault:
        problems = "; ".join(it["problem"] for it in fault.details)
        raise ValidationFailed("pictures", f"{name}: {problems}") from fault
    except UnsupportedMediaType as fault:
        raise UnsupportedMediaType(f"{name}: {fault.message}") from fault
    except PayloadTooLarge as fault:
        raise PayloadTooLarge(f"{name}: {fault.message}") from fault
    except ValueError as fault:
        raise ValueError(f"{name}: {fault}") from fault


def _poster(stage: _Stage, width: int, height: int) -> bytes:
    """The first scene's key view with its words, before the encoder lost anything."""
    frame = blank(width, height)
    planes = planes_of(frame)
    stage.take.draw(stage.take.key_time, planes)
    if stage.words is not None:
        stage.words.draw(planes, 1.0)
    return still(frame)
