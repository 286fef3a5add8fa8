"""Sketches drawn on the spot: things as pen strokes, and the many ways a page is handed in.

A thing is a list of strokes on a page of 1,000 by 1,000; a stroke is a curve through its points.
"""

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Stroke = NDArray[np.float64]
PAGE = 1000
_FINE = 16  # OpenCV draws at sixteenths of a pixel.


def curve(*points: tuple[float, float], closed: bool = False) -> Stroke:
    """A smooth line through the points (centripetal enough for a hand's drawing)."""
    given = np.array(points, float)
    if closed:
        padded = np.vstack((given[-1], given, given[:2]))
    else:
        first, last = 2 * given[0] - given[1], 2 * given[-1] - given[-2]
        padded = np.vstack((first, given, last))
    out = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        t = np.linspace(0, 1, 24, endpoint=False)[:, None]
        out.append(
            0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2
                   + (3 * b - a - 3 * c + d) * t**3)
        )  # fmt: skip
    end = given[:1] if closed else given[-1:]
    return np.vstack((*out, end))


def line(*points: tuple[float, float], closed: bool = False) -> Stroke:
    """Straight pieces from point to point."""
    given = np.array([*points, points[0]] if closed else points, float)
    pieces = [
        a + (b - a) * np.linspace(0, 1, 24, endpoint=False)[:, None] for a, b in pairwise(given)
    ]
    return np.vstack((*pieces, given[-1:]))


def oval(x: float, y: float, rx: float, ry: float, start: float = 0, end: float = 360) -> Stroke:
    turn = np.radians(np.linspace(start, end, 96))
    return np.stack((x + rx * np.cos(turn), y + ry * np.sin(turn)), 1)


def mug() -> list[Stroke]:
    """Body, rim and a handle of two arcs: the space inside the handle is no part of it."""
    return [
        oval(430, 300, 190, 44),
        line((240, 300), (252, 690)),
        line((620, 300), (608, 690)),
        oval(430, 690, 178, 44, 0, 180),
        curve((618, 380), (700, 360), (770, 410), (775, 490), (735, 570), (660, 610), (611, 605)),
        curve((617, 430), (680, 415), (722, 445), (724, 492), (698, 540), (650, 563), (613, 560)),
    ]


def bottle() -> list[Stroke]:
    return [
        line((455, 190), (455, 130), (545, 130), (545, 190)),
        line((448, 190), (552, 190), (552, 225), (448, 225), closed=True),
        curve((460, 225), (460, 330), (440, 390), (380, 450), (365, 520), (365, 800), (380, 850)),
        curve((540, 225), (540, 330), (560, 390), (620, 450), (635, 520), (635, 800), (620, 850)),
        curve((380, 850), (500, 868), (620, 850)),
        line((366, 560), (634, 560)),
        line((366, 730), (634, 730)),
    ]


def dress() -> list[Stroke]:
    return [
        curve((430, 150), (420, 200), (385, 240), (390, 300), (415, 400)),
        curve((570, 150), (580, 200), (615, 240), (610, 300), (585, 400)),
        curve((430, 150), (450, 215), (500, 240), (550, 215), (570, 150)),
        line((415, 400), (585, 400)),
        line((412, 440), (588, 440)),
        line((415, 400), (412, 440)),
        line((585, 400), (588, 440)),
        curve((412, 440), (370, 580), (310, 720), (250, 880)),
        curve((588, 440), (630, 580), (690, 720), (750, 880)),
        curve((250, 880), (330, 905), (400, 885), (500, 910), (600, 885), (670, 905), (750, 880)),
        curve((450, 520), (430, 650), (405, 800)),
        curve((545, 520), (565, 660), (600, 800)),
        curve((500, 480), (498, 600), (505, 700)),
    ]


def shoe() -> list[Stroke]:
    return [
        curve((180, 420), (210, 390), (270, 380), (330, 385)),
        curve((330, 385), (390, 450), (470, 500), (580, 530), (720, 560), (820, 600), (850, 660)),
        curve((180, 420), (165, 500), (160, 580), (165, 660)),
        line((165, 660), (850, 660)),
        curve((165, 660), (150, 690), (160, 725), (200, 730)),
        line((200, 730), (820, 730)),
        curve((820, 730), (865, 725), (870, 690), (850, 660)),
        curve((600, 535), (580, 600), (610, 658)),
        curve((330, 385), (310, 470), (340, 560), (440, 600), (590, 605)),
        line((400, 455), (375, 500)),
        line((450, 490), (425, 540)),
        line((505, 512), (485, 565)),
        curve((170, 520), (230, 530), (260, 590), (262, 658)),
    ]


def lamp() -> list[Stroke]:
    return [
        line((400, 180), (600, 180), (700, 440), (300, 440), closed=True),
        line((488, 442), (485, 780)),
        line((512, 442), (515, 780)),
        curve((485, 780), (400, 795), (350, 820), (345, 850)),
        curve((515, 780), (600, 795), (650, 820), (655, 850)),
        curve((345, 850), (500, 866), (655, 850)),
    ]


def handbag() -> list[Stroke]:
    return [
        curve((250, 470), (225, 600), (205, 740), (210, 830)),
        curve((750, 470), (775, 600), (795, 740), (790, 830)),
        curve((210, 830), (500, 850), (790, 830)),
        line((250, 470), (750, 470)),
        curve((250, 470), (270, 590), (370, 632), (465, 643)),
        curve((535, 643), (630, 632), (730, 590), (750, 470)),
        line((465, 610), (535, 610), (535, 690), (465, 690), closed=True),
        curve((330, 468), (345, 300), (420, 200), (500, 190), (580, 200), (655, 300), (670, 468)),
        curve((372, 468), (385, 320), (440, 240), (500, 232), (560, 240), (615, 320), (628, 468)),
    ]


def chair() -> list[Stroke]:
    """Drawn as hands do it: strokes stop short of each other at the corners."""
    return [
        curve((330, 140), (335, 330), (345, 508)),
        line((345, 134), (660, 134)),
        curve((670, 142), (665, 330), (655, 508)),
        line((380, 196), (620, 196)),
        line((622, 206), (616, 496)),
        line((378, 206), (384, 496)),
        line((388, 504), (612, 504)),
        line((345, 522), (652, 522)),
        line((338, 530), (282, 606)),
        line((660, 530), (720, 606)),
        line((286, 614), (716, 614)),
        line((722, 622), (722, 650)),
        line((716, 656), (286, 656)),
        line((280, 650), (280, 620)),
        line((300, 664), (288, 900)),
        line((296, 906), (322, 906)),
        line((328, 900), (340, 664)),
        line((662, 664), (676, 900)),
        line((682, 906), (706, 906)),
        line((714, 900), (702, 664)),
    ]


def vase() -> list[Stroke]:
    return [
        oval(500, 210, 90, 22),
        curve((410, 210), (432, 300), (420, 380), (330, 500), (300, 640), (350, 780), (420, 850)),
        curve((590, 210), (568, 300), (580, 380), (670, 500), (700, 640), (650, 780), (580, 850)),
        curve((420, 850), (500, 868), (580, 850)),
        curve((312, 570), (500, 610), (688, 570)),
        curve((302, 650), (500, 692), (698, 650)),
    ]


def teapot() -> list[Stroke]:
    return [
        curve((330, 380), (240, 470), (230, 620), (320, 740)),
        curve((590, 380), (680, 470), (690, 620), (600, 740)),
        curve((320, 740), (460, 765), (600, 740)),
        curve((330, 380), (460, 405), (590, 380)),
        curve((330, 380), (360, 320), (460, 300), (560, 320), (590, 380)),
        oval(460, 270, 34, 32),
        curve((672, 520), (740, 500), (760, 420), (800, 370)),
        curve((800, 370), (830, 366), (850, 384)),
        curve((850, 384), (820, 470), (790, 590), (662, 640)),
        curve((250, 460), (150, 430), (110, 520), (150, 620), (250, 650)),
        curve((240, 505), (180, 485), (160, 530), (185, 590), (240, 605)),
    ]


def armchair() -> list[Stroke]:
    return [
        curve((280, 500), (270, 330), (300, 220), (400, 190), (600, 190), (700, 220), (730, 330),
              (720, 500)),
        curve((340, 590), (330, 470), (270, 430), (205, 450), (180, 520), (200, 760)),
        curve((660, 590), (670, 470), (730, 430), (795, 450), (820, 520), (800, 760)),
        curve((340, 590), (500, 570), (660, 590)),
        curve((332, 665), (500, 650), (668, 665)),
        line((340, 590), (332, 665)),
        line((660, 590), (668, 665)),
        line((332, 665), (330, 760)),
        line((668, 665), (670, 760)),
        line((200, 760), (800, 760)),
        line((235, 762), (245, 860), (275, 860), (285, 762)),
        line((715, 762), (725, 860), (755, 860), (765, 762)),
    ]  # fmt: skip


def car() -> list[Stroke]:
    return [
        curve((110, 600), (105, 540), (140, 500), (250, 480), (330, 390), (430, 350), (600, 350),
              (690, 400), (760, 475), (860, 500), (900, 550), (895, 600)),
        line((110, 600), (190, 600)),
        line((360, 600), (640, 600)),
        line((810, 600), (895, 600)),
        oval(275, 605, 86, 86),
        oval(725, 605, 86, 86),
        oval(275, 605, 46, 46),
        oval(725, 605, 46, 46),
        curve((300, 475), (355, 405), (430, 380), (480, 378)),
        line((480, 378), (482, 475), (300, 475)),
        curve((520, 378), (600, 380), (660, 410), (715, 475)),
        line((715, 475), (518, 475), (520, 378)),
        line((500, 478), (505, 598)),
    ]  # fmt: skip


def cactus() -> list[Stroke]:
    return [
        line((350, 640), (650, 640), (650, 700), (350, 700), closed=True),
        line((372, 700), (405, 880), (595, 880), (628, 700)),
        curve((430, 640), (425, 400), (430, 250), (500, 190), (570, 250), (575, 400), (570, 640)),
        curve((428, 520), (330, 530), (290, 480), (290, 400), (320, 370), (350, 400), (355, 450),
              (427, 452)),
        curve((573, 480), (660, 480), (690, 430), (690, 350), (720, 325), (750, 350), (750, 470),
              (690, 545), (572, 548)),
        curve((475, 300), (470, 450), (474, 600)),
        curve((525, 300), (530, 450), (526, 600)),
    ]  # fmt: skip


def perfume() -> list[Stroke]:
    return [
        line((420, 170), (580, 170), (580, 300), (420, 300), closed=True),
        line((450, 302), (450, 350), (550, 350), (550, 302)),
        curve((450, 350), (330, 355), (300, 400), (300, 520), (300, 800), (330, 850), (500, 852),
              (670, 850), (700, 800), (700, 520), (700, 400), (670, 355), (550, 350)),
        line((380, 520), (620, 520), (620, 690), (380, 690), closed=True),
    ]  # fmt: skip


def hat() -> list[Stroke]:
    return [
        curve((330, 600), (335, 450), (380, 340), (450, 330), (500, 355), (550, 330), (620, 340),
              (665, 450), (670, 600)),
        curve((330, 600), (200, 590), (110, 620), (130, 670), (300, 730), (500, 745), (700, 730),
              (870, 670), (890, 620), (800, 590), (670, 600)),
        curve((330, 600), (500, 640), (670, 600)),
        curve((331, 535), (500, 575), (669, 535)),
    ]  # fmt: skip


def page(
    strokes: Sequence[Stroke],
    *,
    side: int = 800,
    pen: float = 5,
    ink: tuple[int, int, int] = (38, 38, 44),
    paper: tuple[int, int, int] = (255, 255, 255),
    wobble: float = 0,
    times: int = 1,
    seed: int = 5,
) -> Bytes:
    """The strokes on paper, RGB. `pen` and `wobble` are in pixels of the 1,000-pixel page.

    `times` is how often the hand goes over each stroke, each time a little differently.
    """
    dice = np.random.default_rng(seed)
    canvas = np.zeros((side * 2, side * 2), np.uint8)
    scale = side * 2 / PAGE
    for stroke in strokes:
        for _ in range(times):
            points = stroke
            if wobble:
                noise = dice.standard_normal((len(stroke) + 60, 2))
                slow = cv2.GaussianBlur(noise, (1, 0), sigmaX=0.1, sigmaY=9)[30:-30]
                points = stroke + slow / slow.std() * wobble
            fixed = np.rint(points * scale * _FINE).astype(np.int32)
            cv2.polylines(canvas, [fixed], False, 255, max(1, round(pen * scale)), cv2.LINE_AA, 4)
    share = cv2.resize(canvas, (side, side), interpolation=cv2.INTER_AREA)[..., None] / 255.0
    return np.rint(np.array(paper) * (1 - share) + np.array(ink) * share).astype(np.uint8)


def silhouette(strokes: Sequence[Stroke], *, side: int, pen: float = 5) -> Bytes:
    """Ink and all that it encloses, 0 or 255: the drawing's outline filled."""
    drawn = page(strokes, side=side, pen=pen)[..., 0] < 128
    free = np.pad((~drawn).astype(np.uint8), 1, constant_values=1)
    cv2.floodFill(free, None, (0, 0), 2)
    return np.where(free[1:-1, 1:-1] == 2, 0, 255).astype(np.uint8)


def pencil(strokes: Sequence[Stroke], *, side: int = 900) -> Bytes:
    """Grey pencil on paper, photographed in the light of one window: a strong fall of light."""
    dice = np.random.default_rng(3)
    drawn = page(strokes, side=side, pen=5, ink=(110, 110, 116), paper=(238, 234, 226))
    grain = cv2.GaussianBlur(dice.standard_normal((side, side)), (0, 0), 1.2)[..., None] * 6
    across = np.linspace(1.0, 0.45, side)[None, :, None]
    down = np.linspace(1.0, 0.75, side)[:, None, None]
    lit = (drawn + grain) * across * down + dice.standard_normal((side, side, 3)) * 2.5
    return np.clip(np.rint(lit), 0, 255).astype(np.uint8)


def png(pixels: Bytes) -> bytes:
    """RGB or RGBA as PNG."""
    order = cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR
    return cv2.imencode(".png", cv2.cvtColor(pixels, order))[1].tobytes()


def rgb(data: bytes) -> Bytes:
    return np.ascontiguousarray(cv2.imdecode(np.frombuffer(data, np.uint8), 1)[..., ::-1])
