"""What a picture shows, for a camera that was told nothing: where to look, and what to keep whole.

Two kinds of pictures. On plain ground (most of the border follows one even slope of colour) the
thing is whatever differs from that ground: it has a box, and its point is the middle of its mass,
never an edge that happens to be strong. Elsewhere the eye goes to what differs from its wide
neighbourhood and to skin; there is no box then, and a picture that is the same everywhere is
looked at in its middle.
"""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np

from tintype.media.finish.frame import Bytes, Floats
from tintype.media.reel.path import Window

Point = tuple[float, float]

SEEN_WITHIN: Final = 512
"""Pixels of the longer side that a picture is looked at in."""
_SCENE_WITHIN: Final = 128  # Nothing small counts in a scene, and its wide blurs are dear.
_BORDER: Final = 0.035
_PLAIN: Final = 0.6
"""The share of the border that must be ground; a bust may take one side of four, and more."""
_GROUND: Final = 7.0  # CIELAB; paper under a lamp differs by less from an even slope.
_FITTINGS: Final = 8
_THING: Final = 0.3  # Of a pixel's weight: less is a shadow's fringe.
_SAME_PIECE: Final = 0.02  # Of the longer side: a narrower gap parts nothing.
_SIDES_MAX: Final = 2
_PIECE_LEAST: Final = 0.01
_SKIN: Final = 2.0
_FLAT: Final = 2.2
"""How much a scene's salient place must stand out from the rest to be one."""
_REACH: Final = 0.22


@dataclass(frozen=True, slots=True)
class Subject:
    """`point` and `thing` are 0 to 1 of the picture's sides; no `thing` where none is told."""

    point: Point
    thing: Window | None = None


MIDDLE: Final = Subject((0.5, 0.5))


def subject_of(pixels: Bytes, shown: Point) -> Subject:
    """What these pixels (RGB, small) show.

    `shown` is the share of the sides that the film's frame shows at most. Of several things that
    don't fit into it together, the heaviest counts, and whatever fits beside it.
    """
    lab = _floats(cv2.cvtColor(_floats(pixels) / np.float32(255), cv2.COLOR_RGB2LAB))
    off = _off_ground(lab)
    skin = _skin(pixels)
    found = None if off is None else _on_ground(off, off * (1 + (_SKIN - 1) * skin), shown)
    return found or Subject(_salient(lab, skin))


def _off_ground(lab: Floats) -> Floats | None:
    """How surely each pixel is no ground, 0 to 1; None where there is no plain ground.

    An even slope of colour is fitted to the border again and again, each time heeding less what
    lies off it, so that a thing which is cut off by the picture's edge is no ground either.
    """
    rows, columns = lab.shape[:2]
    y, x = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    terms = np.stack([np.ones_like(x), x, y], axis=-1)
    wide = max(2, round(_BORDER * max(rows, columns)))
    border = np.ones((rows, columns), bool)
    border[wide:-wide, wide:-wide] = False
    at, colours = terms[border], np.asarray(lab[border], np.float64)
    slope = np.zeros((3, 3))
    slope[0] = np.median(colours, axis=0)
    for _ in range(_FITTINGS):
        away = np.linalg.norm(colours - at @ slope, axis=1)
        heed = 1 / (1 + np.square(away / _GROUND)) ** 2
        slope = np.linalg.lstsq(at * np.sqrt(heed)[:, None], colours * np.sqrt(heed)[:, None])[0]
    away = np.linalg.norm(colours - at @ slope, axis=1)
    ground = away < _GROUND
    if ground.mean() < _PLAIN:
        return None
    least = 2.5 + 3 * float(np.median(away[ground]))
    differs = np.linalg.norm(lab - terms @ slope, axis=2)
    return _floats(np.clip((differs - least) / 12, 0, 1))


def _on_ground(off: Floats, weight: Floats, shown: Point) -> Subject | None:
    """The thing on the ground; None where it reaches three sides, as a sky or a street does."""
    rows, columns = off.shape
    pieces = _pieces(off, weight)
    if not pieces:
        return MIDDLE
    heavy, middle = pieces[0].mass, np.array([columns, rows]) / 2
    size = float(np.hypot(columns, rows))
    # Of things that weigh the same the one nearer to the middle counts.
    pieces.sort(key=lambda one: one.mass / heavy * (0.3 * one.away(middle) / size - 1))
    left, top, right, bottom = pieces[0].box
    chosen = [pieces[0].number]
    room = shown[0] * columns, shown[1] * rows
    for piece in pieces[1:]:
        wider = min(left, piece.box[0]), max(right, piece.box[2])
        higher = min(top, piece.box[1]), max(bottom, piece.box[3])
        if wider[1] - wider[0] <= max(room[0], right - left) and (
            higher[1] - higher[0] <= max(room[1], bottom - top)
        ):
            (left, right), (top, bottom) = wider, higher
            chosen.append(piece.number)
    if sum((left == 0, top == 0, right == columns, bottom == rows)) > _SIDES_MAX:
        return None
    mass = np.where(np.isin(pieces[0].labels, chosen), weight, 0)
    point = _middle_of(mass)
    box = Window(left / columns, top / rows, (right - left) / columns, (bottom - top) / rows)
    return Subject(point, box)


@dataclass(frozen=True, slots=True)
class _Piece:
    """`box` is left, top, right, bottom in pixels; `labels` has `number` where it is."""

    number: int
    mass: float
    box: tuple[int, int, int, int]
    labels: Any

    def away(self, point: Any) -> float:
        left, top, right, bottom = self.box
        return float(np.hypot((left + right) / 2 - point[0], (top + bottom) / 2 - point[1]))


def _pieces(off: Floats, weight: Floats) -> list[_Piece]:
    """What lies apart on the ground, heaviest first, without specks."""
    solid = (off > _THING).astype(np.uint8)
    gap = round(_SAME_PIECE * max(off.shape)) | 1
    joined = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, np.ones((gap, gap), np.uint8))
    count, labels, _, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    found = []
    for number in range(1, count):
        own = (labels == number) & (solid > 0)
        ys, xs = np.nonzero(own)
        if not ys.size:
            continue
        box = int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1
        found.append(_Piece(number, float(weight[own].sum()), box, labels))
    found.sort(key=lambda one: -one.mass)
    return [one for one in found if one.mass >= _PIECE_LEAST * found[0].mass]


def _salient(lab: Floats, skin: Floats) -> Point:
    """Where the eye goes in a scene: the weighty place that its middle of mass leads to."""
    shrunk = _SCENE_WITHIN / max(lab.shape)
    lab, skin = (
        _floats(cv2.resize(values, None, fx=shrunk, fy=shrunk, interpolation=cv2.INTER_AREA))
        for values in (lab, skin)
    )
    rows, columns = lab.shape[:2]
    side = max(rows, columns)
    near, wide = (_blurred(lab, share * side) for share in (0.02, 0.2))
    stands_out = np.linalg.norm(near - wide, axis=2) * (1 + 2 * (_SKIN - 1) * _blurred(skin, 1.5))
    stands_out = _blurred(stands_out, 0.06 * side)
    usual = float(np.median(stands_out))
    if float(stands_out.max()) < _FLAT * max(usual, 1.0):
        return MIDDLE.point
    weight = np.square(np.maximum(stands_out - usual, 0))
    y, x = np.mgrid[0:rows, 0:columns] + 0.5
    point = _middle_of(weight)
    for _ in range(12):
        away = np.square(x - point[0] * columns) + np.square(y - point[1] * rows)
        point = _middle_of(weight * np.exp(-away / (2 * (_REACH * side) ** 2)))
    return point


def _middle_of(weight: Any) -> Point:
    rows, columns = weight.shape
    total = float(weight.sum())
    if total <= 0:
        return MIDDLE.point
    x = float(weight.sum(axis=0) @ (np.arange(columns) + 0.5)) / total
    y = float(weight.sum(axis=1) @ (np.arange(rows) + 0.5)) / total
    return x / columns, y / rows


def _skin(pixels: Bytes) -> Floats:
    """1 where a pixel has a colour that skin has, in light or shade; 0 elsewhere."""
    luma, red, blue = cv2.split(cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb))
    held = (luma > 50) & (red > 136) & (red < 170) & (blue > 85) & (blue < 122)  # noqa: PLR2004
    return held.astype(np.float32)


def _blurred(values: Any, pixels: float) -> Floats:
    return _floats(cv2.GaussianBlur(_floats(values), (0, 0), max(0.5, pixels)))


def _floats(values: Any) -> Floats:
    return np.asarray(values, np.float32)
