"""What stands in the rooms of `support.interiors`, and along its street, as polygons.

What straightening has to withstand is in it: floor boards that run towards the camera, leaning
books, stairs, plants, lamp arms, rugs and furniture that stand askew, pictures that hang askew
(by a quarter of a degree), curtains that wave, roofs.
"""

import numpy as np
from numpy.typing import NDArray

Wide = NDArray[np.float64]
Dice = np.random.Generator
Polygon = tuple[Wide, Wide]
"""Corners (N, 3) in the world (metres, y points down), and a colour in linear light."""

DOWN = np.array([0.0, 1.0, 0.0])


def yawed(degrees: float) -> Wide:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])


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
        return self.at + flat[:, :1] * self.along - flat[:, 1:] * DOWN, colour

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
        turn = yawed(dice.uniform(0, 90))[::2, ::2]
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
            yawed(dice.choice([0, 0, 90, dice.uniform(0, 90)])),
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


def room(dice: Dice) -> tuple[list[Polygon], list[Polygon]]:
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


def front(dice: Dice) -> tuple[list[Polygon], list[Polygon]]:
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
    tree = [_stroke(trunk, trunk + np.array([dice.normal(0, 0.5), -3, 0]), 0.12, bark)]
    return made, [*tree, *_plant(dice, trunk - (0, 3, 0))]
