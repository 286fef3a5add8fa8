"""The public door of the reels: shots in, a film and its poster out.

A reel is a timeline of shots, each a camera move over a picture. They have equal shares of the
frames and follow one another by cuts. A shot's picture is opened when its first frame is due, so
memory holds one picture at a time, and the encoder's few frames, however long the reel is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from tintype.media.reel.bounds import check_frames
from tintype.media.reel.film import blank, filming, planes_of, still
from tintype.media.reel.moves import Move, Point, chosen_move
from tintype.media.reel.plate import source
from tintype.media.reel.sound import Sound
from tintype.media.reel.take import Take, prepared
from tintype.media.stopping import Stopped

SECONDS_MIN, SECONDS_MAX = 1.0, 60.0
SHOTS_MAX: Final = 60
_ENCODED: Final = 0.97
"""The share of the progress when every frame is added; closing the file has the rest."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture and how the camera moves over it.

    `focal_point` is (x, y), 0 to 1 of its sides, and stays in the middle of the frame; None looks
    for what the picture shows, to aim at and to keep whole. `move` None lets the seed choose one
    that suits the picture.
    """

    picture: bytes
    focal_point: Point | None = None
    move: Move | None = None


@dataclass(frozen=True, slots=True)
class Reel:
    """`video` is MP4, `poster` a JPEG of the first shot's key view, both of this size."""

    video: bytes
    poster: bytes
    frames: int
    duration_seconds: float
    width: int
    height: int
    fps: int


def _never() -> bool:
    return False


def _unheard(_done: float) -> None:
    return None


def reel(
    shots: Sequence[Shot],
    *,
    width: int,
    height: int,
    fps: int,
    duration_seconds: float,
    seed: int,
    sound: Sound | None = None,
    canceled: Callable[[], bool] = _never,
    progress: Callable[[float], None] = _unheard,
) -> Reel:
    """A film of exactly this size and of `duration_seconds`, to the nearest frame.

    The same arguments give the same bytes, on any processor for which OpenCV rounds alike. Raises
    ValueError for values outside the limits above, what `inspect` raises for what is no picture,
    ValidationFailed for a damaged one, and Stopped when `canceled`, asked before each frame, says
    so.
    """
    check(width, height, fps, duration_seconds)
    _check_shots(shots)
    frames = round(duration_seconds * fps)
    poster = b""
    with filming(width, height, fps, frames, sound) as film:
        for number, shot in enumerate(shots):
            first, end = (frames * cut // len(shots) for cut in (number, number + 1))
            take = _prepared(shot, width, height, (end - first) / fps, seed + number, canceled)
            poster = poster or _poster(take, width, height)
            for index in range(end - first):
                if canceled():
                    raise Stopped
                take.draw(index / max(1, end - first - 1), film.planes())
                film.add(cut=index == 0)
                progress(_ENCODED * (first + index + 1) / frames)
            del take  # Before the next picture is opened.
        if canceled():
            raise Stopped
        video = film.finish()
    progress(1.0)
    return Reel(video, poster, frames, frames / fps, width, height, fps)


def check(width: int, height: int, fps: int, duration_seconds: float) -> None:
    """Refuse by ValueError what `reel` would, before a picture is drawn for it."""
    check_frames(width, height, fps)
    if not SECONDS_MIN <= duration_seconds <= SECONDS_MAX:
        raise ValueError(f"A reel lasts {SECONDS_MIN:g} to {SECONDS_MAX:g} seconds.")


def _check_shots(shots: Sequence[Shot]) -> None:
    if not 1 <= len(shots) <= SHOTS_MAX:
        raise ValueError(f"A reel has 1 to {SHOTS_MAX} shots.")
    for shot in shots:
        if shot.focal_point and not all(0 <= part <= 1 for part in shot.focal_point):
            raise ValueError("A focal point is two numbers from 0 to 1.")


def _prepared(
    shot: Shot, width: int, height: int, seconds: float, seed: int, canceled: Callable[[], bool]
) -> Take:
    picture = source(shot.picture)
    move = shot.move or chosen_move(picture.size, (float(width), float(height)), seed)
    return prepared(
        picture,
        move,
        shot.focal_point,
        width=width,
        height=height,
        seconds=seconds,
        seed=seed,
        canceled=canceled,
    )


def _poster(take: Take, width: int, height: int) -> bytes:
    """The take's key view, before the encoder lost anything."""
    frame = blank(width, height)
    take.draw(take.key_time, planes_of(frame))
    return still(frame)
