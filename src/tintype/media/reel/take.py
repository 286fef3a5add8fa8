"""A shot ready to be drawn: its camera's path over its opened picture."""

from dataclasses import dataclass

from tintype.media.reel.colour import Planes
from tintype.media.reel.focus import SEEN_WITHIN, Subject, subject_of
from tintype.media.reel.moves import MOVES, Move, Point, covering, path_of
from tintype.media.reel.path import Path, Window
from tintype.media.reel.plate import Plate, Source, glimpse, plate
from tintype.media.stopping import Canceled, Stopped


@dataclass(frozen=True, slots=True)
class Take:
    """Times run from 0, its first frame, to 1, its last."""

    move: Move
    path: Path
    scene: Plate

    @property
    def key_time(self) -> float:
        """When the view is the one by which the move's picture is known best."""
        return MOVES[self.move].poster

    def draw(self, time: float, planes: Planes) -> None:
        self.scene.draw(self.path.at(time), planes)

    def draw_columns(self, time: float, planes: Planes, first: int, width: int) -> None:
        """Fill `planes` with as many columns of a frame of this `width`, from `first` on.

        All three numbers are even.
        """
        whole = self.path.at(time)
        column = whole.width / width
        wide = planes[0].shape[1] * column
        self.scene.draw(Window(whole.left + first * column, whole.top, wide, whole.height), planes)


def prepared(
    picture: Source,
    move: Move,
    focal_point: Point | None,
    *,
    width: int,
    height: int,
    seconds: float,
    seed: int,
    canceled: Canceled,
) -> Take:
    """A take of so many `seconds` for frames of this size.

    Without a focal point it looks for what the picture shows. Raises ValidationFailed for damaged
    pixels, Stopped.
    """
    if canceled():
        raise Stopped
    frame = float(width), float(height)
    found = Subject(focal_point) if focal_point else _found(picture, frame)
    path = path_of(
        move,
        picture=picture.size,
        frame=frame,
        focal=found.point,
        thing=found.thing,
        held=focal_point is not None,
        seconds=seconds,
        seed=seed,
    )
    scene = plate(picture, path.swept(), path.closest(), (width, height), canceled)
    return Take(move, path, scene)


def _found(picture: Source, frame: Point) -> Subject:
    wide, high = covering(picture.size, frame)
    return subject_of(
        glimpse(picture, SEEN_WITHIN), (wide / picture.size[0], high / picture.size[1])
    )
