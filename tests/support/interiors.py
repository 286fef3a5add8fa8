"""Rooms and fronts of houses, drawn through a camera whose tilt is known.

A scene is a list of polygons in the world (metres, y points down), projected through a pinhole
camera that is turned by a yaw, a pitch and a roll, bent by a lens, lit, blurred, given a sensor's
noise and kept as a JPEG. What straightening has to withstand is in it: floor boards that run
towards the camera, leaning books, stairs, plants, lamp arms, rugs that lie askew, curtains that
wave, roofs. `Interior` tells the truth about the camera, which only the judging test may read.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from support.machine_look import encode
from support.scenes import fractal

Floats = NDArray[np.float32]
Wide = NDArray[np.float64]
Dice = np.random.Generator
Polygon = tuple[Wide, Wide]
"""Corners (N, 3) in the world, and a colour in linear light."""

WIDTH, HEIGHT = 800, 600
_NEAR = 0.15
_DOWN = np.array([0.0, 1.0, 0.0])


@dataclass(frozen=True)
class Interior:
    """`pixels` are float32 sRGB, 0..1. Angles in degrees, `focal` in pixels.

    `turn` takes the world to the camera. `bend` is the lens's coefficient of `bent`.
    """

    pixels: Floats
    roll: float
    pitch: float
    focal: float
    turn: Wide
    bend: float

    @property
    def camera(self) -> Wide:
        height, width = self.pixels.shape[:2]
        middle = ((width - 1) / 2, (height - 1) / 2)
        return np.array([[self.focal, 0, middle[0]], [0, self.focal, middle[1]], [0, 0, 1]])

    @property
    def vertical(self) -> Wide:
        """The point (homogeneous) where every plumb line of the picture meets."""
        return self.camera @ self.turn @ _DOWN

    @property
    def horizon(self) -> Wide:
        """The line (homogeneous) at the height of the eye."""
        return np.linalg.inv(self.camera).T @ (self.turn @ _DOWN)


def interior(
    seed: int,
    *,
    roll: float | None = None,
    pitch: float | None = None,
    bend: float = 0.0,
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> Interior:
    """The scene of this seed: three rooms of four, the fourth is a front seen from the street.

    `roll` within 8 degrees and `pitch` within 10 are drawn where they are not given.
    """
    dice = np.random.default_rng([seed, 41])
    roll = dice.uniform(-8, 8) if roll is None else roll
    pitch = dice.uniform(-10, 10) if pitch is None else pitch
    width, height = size if dice.uniform() < 0.75 else size[::-1]
    focal = dice.uniform(0.66, 1.1) * max(width, height)
    outside = seed % 4 == 3
    built: list[Polygon] = []
    loose: list[Polygon] = []
    turn = np.eye(3)
    while not _shows_uprights(built, turn, focal, (width, height)):
        turn = _roll(roll) @ _pitch(pitch) @ _yaw(dice.uniform(-35, 35))
        built, loose = _front(dice) if outside else _room(dice)
    margin = 1.5 if bend else 1.0
    light = _projected(built + loose, turn, focal, (int(width * margin), int(height * margin)))
    if bend:
        light = bent(light, bend, (width, height))
    return Interior(_photographed(light, dice), roll, pitch, focal, turn, bend)


def bent(picture: Floats, bend: float, size: tuple[int, int]) -> Floats:
    """Through a lens: what belongs at radius r is seen at r (1 + bend r^2).

    The radius is 1 in the corner of the middle `size` of the picture. Barrels have a `bend`
    below 0. This is Brown's polynomial and not the model that the lens correction uses.
    """
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    x, y = x - (width - 1) / 2, y - (height - 1) / 2
    seen = np.hypot(x, y) / (np.hypot(width, height) / 2)
    true = seen.copy()
    for _ in range(30):
        true -= (true * (1 + bend * true**2) - seen) / (1 + 3 * bend * true**2)
    grow = np.where(seen > 0, true / np.maximum(seen, 1e-9), 1)
    tall, wide = picture.shape[:2]
    across = (x * grow + (wide - 1) / 2).astype(np.float32)
    down = (y * grow + (tall - 1) / 2).astype(np.float32)
    return cv2.remap(picture, across, down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def _roll(degrees: float) -> Wide:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def _pitch(degrees: float) -> Wide:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def _yaw(degrees: float) -> Wide:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])


def _projected(polygons: list[Polygon], turn: Wide, focal: float, size: tuple[int, int]) -> Floats:
    """Painted in the order of the list, at twice the size and brought down."""
    width, height = size
    light = np.full((height * 2, width * 2, 3), 0.5, np.float32)
    for corners, colour in polygons:
        seen = _clipped(corners @ turn.T)
        if len(seen) < 3:
            continue
        flat = seen[:, :2] / seen[:, 2:] * focal * 2 + (width - 0.5, height - 0.5)
        whole = np.rint(np.clip(flat, -8000, 8000) * 16).astype(np.int32)
        cv2.fillPoly(light, [whole], colour.tolist(), cv2.LINE_AA, shift=4)
    return cv2.resize(light, size, interpolation=cv2.INTER_AREA)


def _shows_uprights(
    polygons: list[Polygon], turn: Wide, focal: float, size: tuple[int, int]
) -> bool:
    """Whether a builder would find his plumb lines in it: at least eight, over half the width.

    Without this the dice now and then point the camera at a blank wall. Furniture may still
    stand before them.
    """
    width, height = size
    places = []
    for corners, _ in polygons:
        for here, there in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            if np.hypot(*(there - here)[[0, 2]]) > 1e-9:
                continue
            seen = np.array([here, there]) @ turn.T
            if seen[:, 2].min() < _NEAR:
                continue
            flat = seen[:, :2] / seen[:, 2:] * focal + (width / 2, height / 2)
            inside = np.clip(flat, 0, (width, height))
            if (
                np.abs(inside - flat)[:, 0].max() == 0
                and abs(np.diff(inside[:, 1])[0]) > height / 8
            ):
                places.append(inside[:, 0].mean())
    return len(places) >= 8 and float(np.ptp(places)) > width / 2


def _clipped(corners: Wide) -> Wide:
    """The part of a polygon that lies before the camera."""
    kept = []
    for here, there in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if here[2] >= _NEAR:
            kept.append(here)
        if (here[2] >= _NEAR) != (there[2] >= _NEAR):
            share = (_NEAR - here[2]) / (there[2] - here[2])
            kept.append(here + share * (there - here))
    return np.array(kept).reshape(-1, 3)


def _photographed(light: Floats, dice: Dice) -> Floats:
    height, width = light.shape[:2]
    lit = np.clip(1 + 0.2 * fractal(dice, width // 8, height // 8, 3.4), 0.3, 2)
    lit = cv2.resize(lit.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    light = cv2.GaussianBlur(light * lit[..., None], (0, 0), dice.uniform(0.5, 0.9))
    shot = dice.standard_normal(light.shape, np.float32) * np.sqrt(np.maximum(light, 0) / 4000)
    light = np.clip(light + shot, 0, 1)
    pixels = np.rint(encode(light) * 255).astype(np.uint8)
    quality = int(dice.integers(78, 95))
    _, data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    back = cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]
    return np.ascontiguousarray(back, np.float32) / 255


def _colour(dice: Dice, low: float = 0.15, high: float = 0.7) -> Wide:
    return dice.uniform(low, high) * (1 + dice.uniform(-0.25, 0.25, 3))


class _Wall:
    """An upright plane: `at` its lower left corner, `along` its level direction."""

    def __init__(self, at: object, along: object, length: float, height: float) -> None:
        self.at = np.asarray(at, float)
        self.along = np.asarray(along, float) / np.linalg.norm(np.asarray(along, float))
        self.length, self.height = length, height

    def shape(self, points: object, colour: Wide) -> Polygon:
        """Points are metres to the right and up."""
        flat = np.asarray(points, float)
        return self.at + flat[:, :1] * self.along - flat[:, 1:] * _DOWN, colour

    def box(self, left: float, low: float, right: float, high: float, colour: Wide) -> Polygon:
        return self.shape([(left, low), (right, low), (right, high), (left, high)], colour)


def _window(wall: _Wall, left: float, low: float, wide: float, tall: float, dice: Dice) -> list:
    frame, pane = _colour(dice, 0.5, 0.9), _colour(dice, 0.1, 0.95)
    made = [wall.box(left, low, left + wide, low + tall, frame)]
    columns, rows = int(dice.integers(1, 4)), int(dice.integers(1, 4))
    for c in range(columns):
        for r in range(rows):
            x, y = left + wide * c / columns + 0.04, low + tall * r / rows + 0.04
            made.append(wall.box(x, y, x + wide / columns - 0.08, y + tall / rows - 0.08, pane))
    return made


def _door(wall: _Wall, left: float, dice: Dice) -> list:
    leaf = _colour(dice, 0.2, 0.8)
    made = [wall.box(left - 0.08, 0, left + 0.98, 2.12, leaf * 1.2)]
    made.append(wall.box(left, 0, left + 0.9, 2.05, leaf))
    for low, high in ((0.2, 0.9), (1.1, 1.9)):
        made.append(wall.box(left + 0.15, low, left + 0.75, high, leaf * 0.85))
    made.append(wall.box(left + 0.8, 0.98, left + 0.86, 1.08, _colour(dice, 0.05, 0.2)))
    return made


def _shelf(wall: _Wall, left: float, dice: Dice) -> list:
    wide, tall = dice.uniform(0.8, 1.4), dice.uniform(1.2, 2.1)
    wood = _colour(dice, 0.15, 0.5)
    made = [wall.box(left, 0, left + wide, tall, wood)]
    for row in range(int(tall / 0.36)):
        floor = 0.05 + row * 0.36
        made.append(wall.box(left + 0.03, floor, left + wide - 0.03, floor + 0.31, wood * 0.5))
        at = left + 0.04
        while at < left + wide - 0.12:
            thick, high = dice.uniform(0.02, 0.06), dice.uniform(0.17, 0.28)
            lean = dice.uniform(0.03, 0.09) if dice.uniform() < 0.25 else 0.0
            corners = [(at, 0), (at + thick, 0), (at + thick + lean, high), (at + lean, high)]
            points = [(x, y + floor) for x, y in corners]
            made.append(wall.shape(points, _colour(dice, 0.05, 0.7)))
            at += thick + lean + (dice.uniform(0.02, 0.15) if dice.uniform() < 0.2 else 0.002)
    return made


def _curtain(wall: _Wall, left: float, dice: Dice) -> list:
    cloth, made = _colour(dice, 0.2, 0.7), []
    high = np.linspace(0.05, 2.3, 9)
    for fold in range(int(dice.integers(4, 9))):
        wave = 0.005 * np.sin(dice.uniform(0, 7) + high * dice.uniform(2, 5))
        sway = left + fold * 0.09 + wave
        points = [*zip(sway, high, strict=True), *zip(sway[::-1] + 0.07, high[::-1], strict=True)]
        made.append(wall.shape(points, cloth * dice.uniform(0.7, 1.2)))
    return made


def _picture(wall: _Wall, left: float, dice: Dice) -> list:
    low, wide, tall = dice.uniform(1.2, 1.6), dice.uniform(0.3, 0.8), dice.uniform(0.3, 0.7)
    askew = np.radians(dice.normal(0, 0.25))
    made = []
    for inset, colour in ((0.0, _colour(dice, 0.05, 0.3)), (0.04, _colour(dice, 0.2, 0.9))):
        corners = np.array(
            [
                (inset, inset),
                (wide - inset, inset),
                (wide - inset, tall - inset),
                (inset, tall - inset),
            ]
        )
        spin = np.array([[np.cos(askew), np.sin(askew)], [-np.sin(askew), np.cos(askew)]])
        made.append(wall.shape(corners @ spin + (left, low), colour))
    slope = dice.uniform(0.1, 0.9)
    hill = [(left + 0.05, low + 0.05), (left + wide - 0.05, low + 0.05),
            (left + wide - 0.05, low + 0.05 + (tall - 0.1) * slope)]  # fmt: skip
    return [*made, wall.shape(hill, _colour(dice, 0.1, 0.6))]


def _stairs(wall: _Wall, left: float, dice: Dice) -> list:
    made, rise = [], dice.uniform(0.55, 0.9)
    rail = _colour(dice, 0.05, 0.4)
    for offset in (0.0, 0.12, 0.9):
        made.append(
            wall.shape(
                [
                    (left, offset),
                    (left + 2, offset + 2 * rise),
                    (left + 2, offset + 2 * rise + 0.06),
                    (left, offset + 0.06),
                ],
                rail,
            )
        )
    return made


def _dressed(wall: _Wall, dice: Dice, paint: Wide) -> list:
    made = [wall.box(0, 0, wall.length, wall.height, paint)]
    made.append(wall.box(0, 0, wall.length, dice.uniform(0.06, 0.14), paint * 1.15))
    at, count = dice.uniform(0.1, 0.6), 0
    while at < wall.length - 1.2:
        what = dice.uniform(0, 0.46) if not count else dice.uniform()
        count += 1
        if what < 0.28:
            wide = min(dice.uniform(0.8, 1.8), wall.length - at - 0.1)
            made += _window(wall, at, dice.uniform(0.4, 1.0), wide, dice.uniform(1.0, 1.4), dice)
            if dice.uniform() < 0.5:
                made += _curtain(wall, at - 0.2, dice)
            at += wide
        elif what < 0.46:
            made += _door(wall, at, dice)
            at += 1
        elif what < 0.66:
            made += _shelf(wall, at, dice)
            at += 1.4
        elif what < 0.72:
            made += _stairs(wall, at, dice)
            at += 2
        else:
            made += _picture(wall, at, dice)
            at += 0.8
        at += dice.uniform(0.1, 0.8)
    return made


def _level(x: tuple[float, float], y: float, z: tuple[float, float], colour: Wide) -> Polygon:
    return np.array([(x[0], y, z[0]), (x[1], y, z[0]), (x[1], y, z[1]), (x[0], y, z[1])]), colour


def _flooring(dice: Dice, half: float, eye: float, depth: float) -> list:
    ground = _colour(dice, 0.15, 0.5)
    made = [_level((-half, half), eye, (-1.5, depth), ground)]
    kind = dice.choice(["boards towards", "boards across", "tiles", "carpet"])
    step = 0.5 if kind == "tiles" else dice.uniform(0.1, 0.22)
    if kind in {"boards towards", "tiles"}:
        for x in np.arange(-half, half, step):
            shade = ground * dice.uniform(0.8, 1.2)
            made.append(_level((x + 0.006, x + step - 0.006), eye, (-1.5, depth), shade))
    if kind in {"boards across", "tiles"}:
        for z in np.arange(-1.4, depth, step):
            near, far = z, (z + step - 0.01 if kind == "boards across" else z + 0.012)
            shade = ground * dice.uniform(0.6, 1.2)
            made.append(_level((-half, half), eye, (near, far), shade))
    if dice.uniform() < 0.6:
        turn = _yaw(dice.uniform(0, 90))[::2, ::2]
        rug = np.array([(-1, -0.7), (1, -0.7), (1, 0.7), (-1, 0.7)]) * dice.uniform(0.6, 1.1)
        for size, colour in ((1.0, _colour(dice)), (0.85, _colour(dice))):
            flat = rug * size @ turn.T + (0, depth * 0.5)
            made.append((np.insert(flat, 1, eye, axis=1), colour))
    return made


def _furniture(dice: Dice, half: float, eye: float, depth: float) -> list:
    """Boxes from far to near, most of them square to the room, with a plant or a lamp by some."""
    made = []
    for z in sorted(dice.uniform(1.4, depth - 0.4, int(dice.integers(2, 6))), reverse=True):
        x, turn = (
            dice.uniform(-half + 0.4, half - 0.4),
            _yaw(dice.choice([0, 0, 90, dice.uniform(0, 90)])),
        )
        wide, deep, tall = dice.uniform(0.2, 0.9), dice.uniform(0.2, 0.5), dice.uniform(0.35, 1.0)
        base = np.array([(-wide, 0, -deep), (wide, 0, -deep), (wide, 0, deep), (-wide, 0, deep)])
        foot = base @ turn.T + (x, eye, z)
        colour = _colour(dice, 0.08, 0.6)
        sides = []
        for side in range(4):
            a, b = foot[side], foot[(side + 1) % 4]
            lift = np.array([0, tall, 0])
            sides.append((float((a + b)[[0, 2]] @ (a + b)[[0, 2]]), [a, b, b - lift, a - lift]))
        for number, (_, face) in enumerate(sorted(sides, key=lambda s: -s[0])):
            made.append((np.array(face), colour * (0.6 + 0.15 * number)))
        made.append((foot - (0, tall, 0), colour * 1.2))
        if dice.uniform() < 0.6:
            made += _plant(dice, np.array([x, eye - tall, z]))
        if dice.uniform() < 0.3:
            made.append(
                _stroke(foot[0], foot[0] + dice.normal(0, 0.5, 3) - (0, 1.2, 0), 0.015, colour)
            )
    return made


def _stroke(start: Wide, end: Wide, thick: float, colour: Wide) -> Polygon:
    across = np.cross(end - start, (0, 0, 1))
    across *= thick / max(np.linalg.norm(across), 1e-6)
    return np.array([start - across, end - across, end + across, start + across]), colour


def _plant(dice: Dice, foot: Wide) -> list:
    made, green = [], np.array([0.1, 0.25, 0.07])
    for _ in range(int(dice.integers(6, 16))):
        at, way = foot, np.array([dice.normal(0, 0.35), -1, 0]) * dice.uniform(0.08, 0.16)
        for _ in range(4):
            made.append(_stroke(at, at + way, 0.012, green * dice.uniform(0.5, 1.6)))
            at, way = at + way, way + np.array([dice.normal(0, 0.03), 0.02, 0])
    return made


def _room(dice: Dice) -> tuple[list[Polygon], list[Polygon]]:
    half, eye, depth = dice.uniform(1.6, 3), dice.uniform(1.1, 1.6), dice.uniform(3.2, 6)
    tall, paint = dice.uniform(2.4, 3), _colour(dice, 0.35, 0.8)
    walls = [
        _Wall((-half, eye, -1.5), (0, 0, 1), depth + 1.5, tall),
        _Wall((half, eye, depth), (0, 0, -1), depth + 1.5, tall),
        _Wall((-half, eye, depth), (1, 0, 0), half * 2, tall),
    ]
    made = [_level((-half, half), eye - tall, (-1.5, depth), _colour(dice, 0.6, 0.9))]
    made += _flooring(dice, half, eye, depth)
    for wall, lit in zip(walls, dice.permutation([0.7, 0.88, 1.1]), strict=True):
        made += _dressed(wall, dice, paint * lit)
    return made, _furniture(dice, half, eye, depth)


def _front(dice: Dice) -> tuple[list[Polygon], list[Polygon]]:
    """A street: two houses side by side with gables, a pavement and a tree."""
    sky = np.array([(-90, -60, 60), (90, -60, 60), (90, 20, 60), (-90, 20, 60)], float)
    made = [
        (sky, np.array([0.5, 0.6, 0.8])),
        _level((-60, 60), 1.6, (0.2, 60), _colour(dice, 0.1, 0.3)),
    ]
    made.append(_level((-60, 60), 1.55, (4, 6), _colour(dice, 0.2, 0.4)))
    at = -9 + dice.uniform(-2, 1)
    while at < 9:
        wide, floors = dice.uniform(4, 8), int(dice.integers(2, 4))
        house = _Wall((at, 1.6, 9), (1, 0, dice.uniform(-0.1, 0.1)), wide, floors * 2.9)
        paint, roof = _colour(dice, 0.25, 0.7), _colour(dice, 0.1, 0.3)
        made.append(house.box(0, 0, wide, house.height, paint))
        gable = [
            (-0.3, house.height),
            (wide + 0.3, house.height),
            (wide / 2, house.height + wide * 0.4),
        ]
        made.append(house.shape(gable, roof))
        count = int(wide / 1.7)
        for floor in range(floors):
            for number in range(count):
                left = (number + 0.25) * wide / count
                made += _window(house, left, floor * 2.9 + 0.9, 0.9, 1.4, dice)
        at += wide + dice.choice([0.0, 0.8])
    trunk = np.array([dice.uniform(-5, 5), 1.6, dice.uniform(5, 7)])
    bark = np.array([0.1, 0.07, 0.05])
    tree = [_stroke(trunk, trunk + (dice.normal(0, 0.5), -3, 0), 0.12, bark)]
    return made, [*tree, *_plant(dice, trunk - (0, 3, 0))]


def without_lines(seed: int, draw: Callable[[Dice, int, int], Floats]) -> Floats:
    """A scene of `support.scenes` that has nothing plumb in it, as this module's pixels."""
    dice = np.random.default_rng([seed, 43])
    return _photographed(draw(dice, WIDTH, HEIGHT), dice)
