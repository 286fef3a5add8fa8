"""What drives: truck, car, bus, bicycle, train."""

import math
from collections.abc import Mapping

from tintype.media.draft.colour import darker, lighter
from tintype.media.draft.subjects.base import Brush, Subject
from tintype.media.draft.svg import circle, path, rect, stroke

GLASS, TYRE, METAL = "#bfe0ea", "#2a2935", "#d5d9df"


def wheel(x: float, y: float, r: float) -> str:
    out = (
        circle(x, y, r, TYRE)
        + circle(x, y, r * 0.58, METAL)
        + circle(x, y, r * 0.48, darker(METAL, 0.3))
    )
    for i in range(5):
        a = math.radians(72 * i - 90)
        out += circle(x + math.cos(a) * r * 0.3, y + math.sin(a) * r * 0.3, r * 0.08, METAL)
    return out + circle(x, y, r * 0.14, METAL)


def _lamps(x: float, y: float) -> str:
    return rect(x, y, 9, 13, "#fff1b8", 4)


def truck(b: Brush) -> str:
    box = b.accent
    out = rect(14, 112, 276, 14, "#3b3a48", 3)
    out += rect(4, 14, 190, 102, box, 5) + rect(4, 82, 190, 34, darker(box, 0.1), 5)
    out += rect(4, 62, 190, 20, b.main) + rect(4, 14, 190, 8, lighter(box, 0.5), 4)
    out += "".join(rect(24 + i * 28, 24, 2.4, 88, darker(box, 0.2), opacity=0.5) for i in range(6))
    out += path(
        "M202 116V40C202 32 206 28 214 28H246C256 28 262 34 268 46"
        "L280 72C292 74 298 80 298 90V116Z",
        b.main,
    )
    out += path("M202 92H298V116H202Z", b.dark(0.2)) + path(
        "M202 40C202 32 206 28 214 28H246C252 28 256 30 260 35H202Z", b.light(0.25)
    )
    out += path("M220 42H246C250 42 253 45 256 50L266 72H220Z", GLASS) + path(
        "M232 42H244L230 72H220V60Z", "#ffffff", opacity=0.45
    )
    out += rect(214, 80, 22, 4, b.dark(0.4), 2) + stroke("M242 34V112", b.dark(0.3), 1.6)
    out += _lamps(288, 88) + rect(284, 104, 18, 10, METAL, 3) + rect(196, 18, 6, 88, "#5a5868", 2)
    for x in (46, 82, 254):
        out += circle(x, 124, 27, b.dark(0.45) if x > 200 else "#33323f")
        out += wheel(x, 126, 23)
    return out


def car(b: Brush) -> str:
    out = path("M70 46C86 18 100 10 128 10H152C176 10 190 26 204 48Z", b.dark(0.1))
    out += path("M84 46C94 26 104 18 122 18H130V46Z", GLASS) + path(
        "M138 18H152C170 18 180 30 190 46H138Z", GLASS
    )
    out += path("M108 18H120L100 46H88Z", "#ffffff", opacity=0.4) + path(
        "M156 18H164L148 46H140Z", "#ffffff", opacity=0.4
    )
    out += path(
        "M8 70C8 54 20 48 40 46L72 44H204C226 46 246 54 250 66C252"
        " 72 252 84 248 90H12C8 86 8 78 8 70Z",
        b.main,
    )
    out += path("M9 74H251C252 82 251 87 248 90H12C9 87 8 81 9 74Z", b.dark(0.26)) + path(
        "M30 50L72 46H204C214 47 224 50 232 53H24Z", b.light(0.28)
    )
    out += (
        stroke("M134 48V86M96 48V86", b.dark(0.3), 1.6)
        + rect(106, 56, 16, 4, b.dark(0.4), 2)
        + rect(146, 56, 16, 4, b.dark(0.4), 2)
    )
    out += (
        path("M238 56C246 58 250 62 251 68H240Z", "#fff1b8")
        + path("M10 58H20V68H8C8 64 8 61 10 58Z", "#e8604f")
        + rect(236, 82, 18, 7, METAL, 3)
        + rect(4, 82, 16, 7, METAL, 3)
    )
    for x in (62, 200):
        out += circle(x, 86, 26, b.dark(0.5)) + wheel(x, 88, 22)
    return out


def bus(b: Brush) -> str:
    out = path("M6 118V30C6 16 14 8 28 8H270C286 8 292 14 294 28L298 90V118Z", b.main)
    out += (
        path("M6 88H298V118H6Z", b.accent)
        + rect(6, 84, 292, 5, b.dark(0.3))
        + path("M6 28C6 16 14 8 28 8H270C282 8 288 12 292 20H9Z", b.light(0.3))
    )
    for i in range(5):
        x = 18 + i * 44
        out += rect(x, 30, 38, 40, GLASS, 5) + path(
            f"M{x + 12} 30H{x + 24}L{x + 8} 70H{x}V58Z", "#ffffff", opacity=0.35
        )
    out += (
        rect(240, 28, 28, 88, darker(GLASS, 0.16), 3)
        + stroke("M254 30V114", b.dark(0.2), 2)
        + path("M274 30H290L294 72H274Z", GLASS)
    )
    out += _lamps(289, 96) + rect(4, 96, 7, 14, "#e8604f", 3) + rect(284, 112, 18, 9, METAL, 3)
    for x in (66, 212):
        out += circle(x, 118, 28, b.dark(0.5)) + wheel(x, 120, 24)
    return out


def bicycle(b: Brush) -> str:
    out = ""
    for x in (52, 178):
        out += circle(x, 104, 44, "none", stroke=TYRE, stroke_width=6) + circle(
            x, 104, 39, "none", stroke=METAL, stroke_width=2
        )
        for i in range(12):
            a = math.radians(30 * i)
            out += stroke(
                f"M{x} 104L{x + math.cos(a) * 38:.1f} {104 + math.sin(a) * 38:.1f}", "#a6abb5", 1
            )
        out += circle(x, 104, 5, METAL)
    frame = "M52 104L94 48H158L112 104ZM112 104L88 34M178 104L154 30"
    out += stroke(frame, b.main, 7) + stroke("M52 104H112", b.dark(0.2), 5)
    out += circle(112, 104, 12, "none", stroke="#4a4856", stroke_width=4) + stroke(
        "M112 104L122 124M114 126H132", "#4a4856", 4.5
    )
    out += path("M68 30C80 24 98 26 106 32C100 38 84 38 70 36Z", "#5f4032")
    out += stroke("M154 30L150 18C160 12 176 14 182 24", "#4a4856", 5) + stroke(
        "M176 20L184 28", "#5f4032", 7
    )
    basket = "#c9975a"
    out += path("M162 40H204L198 68H168Z", basket) + stroke(
        "M164 48H202M166 58H200M176 40L178 68M190 40L188 68", darker(basket, 0.3), 1.8
    )
    for x, y, c in ((170, 36, "#ef7f8a"), (182, 32, "#f6cf5a"), (194, 36, "#ffffff")):
        out += circle(x, y, 8, c) + circle(x, y, 3, "#e8993a")
    return out + stroke("M14 92A46 46 0 0 1 60 60", b.dark(0.1), 4)


def train(b: Brush) -> str:
    """A steam engine with its tender."""
    dark, brass = "#34323f", "#e3b24f"
    out = ""
    for i, (x, y, k) in enumerate(((236, 8, 13), (214, -6, 18), (184, -16, 24), (146, -22, 30))):
        out += circle(x, y, k, "#ffffff", opacity=0.85 - i * 0.15)
    out += (
        rect(4, 62, 76, 58, b.dark(0.2), 4)
        + path("M8 62C20 44 64 46 78 62Z", "#2b2a33")
        + rect(4, 80, 76, 6, brass)
    )
    out += (
        rect(92, 34, 66, 88, b.main, 3)
        + rect(84, 22, 82, 15, b.dark(0.35), 6)
        + rect(104, 46, 40, 34, GLASS, 4)
        + rect(92, 88, 66, 6, brass)
    )
    out += rect(156, 54, 104, 52, dark, 10) + rect(158, 54, 100, 16, lighter(dark, 0.22), 8)
    out += (
        "".join(rect(x, 54, 5, 52, brass) for x in (176, 206, 236))
        + circle(262, 80, 27, b.main)
        + circle(262, 80, 18, b.dark(0.2))
        + circle(262, 80, 6, brass)
    )
    out += (
        path("M226 54L222 24H250L246 54Z", dark)
        + rect(218, 16, 36, 11, b.dark(0.1), 3)
        + path("M184 54C184 40 204 40 204 54Z", brass)
    )
    out += (
        circle(276, 50, 9, "#fff1b8")
        + rect(80, 114, 206, 10, "#4a4856", 3)
        + path("M276 112L304 142H266Z", b.dark(0.25))
    )
    for x, r in ((24, 16), (60, 16), (116, 24), (170, 24), (232, 17), (264, 14)):
        out += (
            circle(x, 144 - r, r, TYRE)
            + circle(x, 144 - r, r * 0.76, b.dark(0.1))
            + circle(x, 144 - r, r * 0.58, "#4a4856")
            + circle(x, 144 - r, r * 0.2, brass)
        )
    return out + stroke("M116 122H230", METAL, 5)


SUBJECTS: Mapping[str, Subject] = {
    "truck": Subject(
        truck,
        304,
        150,
        "road",
        3.2,
        "mountains+road",
        ("#d8433f", "#2f7fa8", "#e8953a", "#3f8f6a"),
        accents=("#f4efe4",),
        share=0.86,
        seat=0.1,
    ),
    "car": Subject(
        car,
        256,
        112,
        "road",
        1.5,
        "city+road",
        ("#d8433f", "#2f8fa0", "#f0b53c", "#4a72b8", "#e8e2d6"),
        share=0.78,
        seat=0.1,
    ),
    "bus": Subject(
        bus, 304, 146, "road", 3.2, "city", ("#f0b53c", "#d8433f", "#3f8fb8"), share=0.84, seat=0.06
    ),
    "bicycle": Subject(
        bicycle,
        226,
        150,
        "road",
        1.1,
        "city",
        ("#2f9a9a", "#d8533f", "#3f6fb0", "#e8a13a"),
        share=0.74,
        seat=0.22,
    ),
    "train": Subject(
        train,
        306,
        146,
        "road",
        3.4,
        "mountains+field",
        ("#b8402f", "#2f6f5a", "#2f5f8f"),
        share=0.88,
    ),
}
