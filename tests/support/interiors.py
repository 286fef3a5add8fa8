"""Rooms and fronts of houses, drawn through a camera whose tilt is known.

A scene is a list of polygons in the world (metres, y points down), projected through a pinhole
camera that is turned by a yaw, a pitch and a roll, bent by a lens, lit, blurred, given a sensor's
noise and kept as a JPEG. `Interior` tells the truth about the camera, which only the judging
test may read.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from support.machine_look import encode
from support.rooms import DOWN, Polygon, front, room, yawed
from support.scenes import fractal

Floats = NDArray[np.float32]
Wide = NDArray[np.float64]
Dice = np.random.Generator

WIDTH, HEIGHT = 800, 600
_NEAR = 0.15


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
        return self.camera @ self.turn @ DOWN

    @property
    def horizon(self) -> Wide:
        """The line (homogeneous) at the height of the eye."""
        return np.linalg.inv(self.camera).T @ (self.turn @ DOWN)


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
        turn = _roll(roll) @ _pitch(pitch) @ yawed(dice.uniform(-35, 35))
        built, loose = front(dice) if outside else room(dice)
    margin = 1.4 if bend < 0 else 1.0
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


def without_lines(seed: int, draw: Callable[[Dice, int, int], Floats]) -> Floats:
    """A scene of `support.scenes` that has nothing plumb in it, as this module's pixels."""
    dice = np.random.default_rng([seed, 43])
    return _photographed(draw(dice, WIDTH, HEIGHT), dice)
