"""Things one sells: sneaker, watch, handbag, dress, perfume, guitar, camera, book."""

import math
from collections.abc import Mapping

from tintype.media.draft.colour import darker, lighter, mix
from tintype.media.draft.subjects.base import Brush, Subject
from tintype.media.draft.svg import circle, ellipse, path, polygon, rect, stroke

INK = "#2b2433"
GOLD = "#dcae52"


def sneaker(b: Brush) -> str:
    trim = b.accent if b.bound else b.rng.choice(("#ffffff", "#f6ecd6", "#2f3550"))
    sole = "#fdfaf2"
    out = path(
        "M22 92C14 70 18 38 26 20C44 26 62 28 78 18C96 44 124 62 166"
        " 72C206 80 238 88 246 108C248 116 246 120 244 122H24C20 114"
        " 22 104 22 92Z",
        b.main,
    )
    out += path(
        "M24 96C60 108 180 112 245 108C248 116 246 120 244 122H24C20 114 22 104 24 96Z",
        b.dark(0.18),
    ) + path(
        "M190 78C220 84 242 94 246 110C228 104 206 104 190 112C182 100 182 86 190 78Z",
        b.light(0.28),
    )
    out += path(
        "M26 20C44 26 62 28 78 18C82 24 86 30 92 36C70 46 44 46 23 38C24 32 24 26 26 20Z",
        b.dark(0.32),
    ) + path("M21 56C28 54 40 56 46 66C50 80 46 98 38 106L23 102C20 86 19 70 21 56Z", b.dark(0.1))
    out += path("M74 104C96 104 132 96 158 74L176 78C150 104 116 114 84 112Z", trim)
    for i in range(5):
        x, y = 86 + i * 17, 38 + i * 9
        out += stroke(
            f"M{x} {y}L{x + 15} {y - 10}", trim if trim != "#2f3550" else "#f6ecd6", 5.5
        ) + circle(x, y, 2.6, INK)
    out += (
        path("M16 118H252C256 132 248 142 234 142H34C20 142 12 132 16 118Z", sole)
        + path(
            "M15 130H253C251 138 244 142 234 142H34C24 142 17 138 15 130Z",
            mix(sole, "#7d7aa0", 0.3),
        )
        + rect(18, 122, 232, 4, b.main, 2)
    )
    return out + "".join(
        rect(x, 136, 10, 6, mix(sole, "#7d7aa0", 0.6), 2) for x in range(40, 236, 20)
    )


def watch(b: Brush) -> str:
    strap, case = b.main, GOLD if b.rng.random() < 0.6 else "#c3c9d1"
    face = b.accent if b.bound else b.rng.choice(("#fdfaf2", "#22305f", "#fdfaf2"))
    ink = INK if face == "#fdfaf2" or b.bound else "#fdfaf2"
    out = path("M42 70L48 4C48 0 86 0 86 4L94 70Z", strap) + path(
        "M42 176L48 240C48 246 86 246 86 240L94 176Z", b.dark(0.12)
    )
    out += path("M70 1C80 1 86 2 86 4L94 70H76Z", b.dark(0.22)) + stroke(
        "M54 12L50 60M80 12L86 60M50 186L54 234M86 186L80 234",
        b.light(0.4),
        1.8,
        stroke_dasharray="5 5",
    )
    out += "".join(ellipse(67, y, 3.4, 4.4, b.dark(0.5)) for y in (200, 214, 228))
    out += (
        rect(126, 114, 13, 17, darker(case, 0.2), 4)
        + circle(68, 123, 62, darker(case, 0.25))
        + circle(66, 121, 60, case)
        + circle(67, 122, 50, darker(case, 0.35))
        + circle(67, 122, 48, face)
    )
    for i in range(12):
        a = math.radians(30 * i)
        k = 36 if i % 3 == 0 else 40
        out += stroke(
            f"M{67 + math.sin(a) * k:.1f} {122 - math.cos(a) * k:.1f}L{67 + math.sin(a) * 44:.1f}"
            f" {122 - math.cos(a) * 44:.1f}",
            ink,
            4 if i % 3 == 0 else 2,
        )
    out += (
        stroke("M67 122L48 104", ink, 5)
        + stroke("M67 122L90 94", ink, 3.6)
        + stroke("M60 136L82 152", "#e2574c", 2)
        + circle(67, 122, 4.4, case)
    )
    return out + path(
        "M30 104C38 86 54 78 70 78C52 90 42 106 40 130C32 124 28 114 30 104Z",
        "#ffffff",
        opacity=0.3,
    )


def handbag(b: Brush) -> str:
    out = stroke("M56 76C56 10 146 10 146 76", b.dark(0.34), 9) + path(
        "M18 70H184L198 178C199 188 192 194 184 194H18C10 194 3 188 4 178Z", b.main
    )
    out += (
        path(
            "M130 70H184L198 178C199 188 192 194 184 194H120C140 156 142 110 130 70Z", b.dark(0.16)
        )
        + path("M16 66H186L180 116C176 126 166 130 156 130H46C36 130 26 126 22 116Z", b.light(0.14))
        + path("M130 66H186L180 116C176 126 166 130 156 130H128C136 108 136 86 130 66Z", b.main)
    )
    out += (
        stroke(
            "M28 74L32 112C36 120 40 122 48 122H154C162 122 166 120 170 112L174 74",
            b.dark(0.3),
            1.8,
            stroke_dasharray="6 5",
        )
        + rect(86, 116, 30, 24, GOLD, 5)
        + rect(92, 122, 18, 12, darker(GOLD, 0.3), 3)
    )
    return (
        out
        + circle(56, 74, 7, "none", stroke=GOLD, stroke_width=4)
        + circle(146, 74, 7, "none", stroke=GOLD, stroke_width=4)
        + stroke("M12 180H190", b.dark(0.3), 1.8, stroke_dasharray="6 5")
    )


def dress(b: Brush) -> str:
    """On a tailor's stand."""
    wood, linen = "#8a5f40", "#e9dcc6"
    out = (
        rect(77, 200, 6, 34, wood)
        + path("M46 240C54 228 106 228 114 240Z", wood)
        + path("M70 4C70 -4 90 -4 90 4L92 26H68Z", linen)
        + ellipse(80, 2, 9, 5, wood)
    )
    out += path(
        "M50 24C58 28 64 40 80 40C96 40 102 28 110 24L122 60C112 64"
        " 108 74 108 88C128 120 148 170 154 204C130 218 30 218 6 204"
        "C12 170 32 120 52 88C52 74 48 64 38 60Z",
        b.main,
    )
    out += path(
        "M96 37C102 34 106 27 110 24L122 60C112 64 108 74 108 88C128"
        " 120 148 170 154 204C138 213 114 216 92 216C112 160 110 90"
        " 96 37Z",
        b.dark(0.18),
    )
    out += stroke(
        "M64 96C56 130 44 170 36 206M80 96V214M96 96C106 130 116 170 122 206", b.dark(0.3), 2.4
    ) + path(
        "M52 84C70 92 90 92 108 84L109 97C90 104 70 104 51 97Z",
        b.accent if b.bound else b.dark(0.45),
    )
    return (
        out
        + path(
            "M50 24C58 28 64 40 80 40C96 40 102 28 110 24L114 34C106 48"
            " 94 54 80 54C66 54 54 48 46 34Z",
            b.light(0.32),
        )
        + circle(68, 92, 5, GOLD)
    )


def perfume(b: Brush) -> str:
    glass = lighter(b.main, 0.3)
    out = (
        rect(52, 4, 40, 42, GOLD, 6)
        + rect(76, 4, 16, 42, darker(GOLD, 0.2), 6)
        + rect(58, 44, 28, 12, darker(GOLD, 0.3))
    )
    out += (
        rect(8, 54, 128, 132, glass, 22)
        + rect(18, 84, 108, 92, b.main, 14)
        + path(
            "M96 54H114C126 54 136 64 136 76V164C136 176 126 186 114 186H90C110 150 112 96 96 54Z",
            b.dark(0.18),
            opacity=0.75,
        )
    )
    out += (
        path("M20 84C50 76 90 92 126 82V96H20Z", lighter(b.main, 0.14))
        + rect(42, 104, 60, 46, "#fdf8ee", 3)
        + stroke("M56 118H88M62 128H82M58 138H86", GOLD, 2.6)
    )
    return (
        out
        + path("M20 70C22 62 28 60 34 60V178C26 178 20 174 20 166Z", "#ffffff", opacity=0.5)
        + circle(72, 25, 7, lighter(GOLD, 0.5), opacity=0.7)
    )


def guitar(b: Brush) -> str:
    neck = "#5a3a2a"
    out = path(
        "M60 144C38 144 28 160 34 180C38 194 30 200 20 212C2 236 20"
        " 282 62 282C104 282 122 236 104 212C94 200 86 194 90 180"
        "C96 160 84 144 62 144Z",
        b.dark(0.3),
    ) + path(
        "M60 150C44 150 36 162 41 180C45 196 36 204 27 215C12 236"
        " 26 274 62 274C98 274 112 236 97 215C88 204 79 196 83 180"
        "C88 162 78 150 62 150Z",
        b.main,
    )
    out += (
        path(
            "M74 152C86 156 87 168 83 180C79 196 88 204 97 215C112 236"
            " 98 274 62 274C94 250 92 190 74 152Z",
            b.dark(0.14),
        )
        + circle(62, 204, 18, b.light(0.3))
        + circle(62, 204, 14.5, "#33211c")
        + rect(44, 240, 36, 9, "#4a2f24", 3)
    )
    out += (
        rect(55, 36, 14, 152, neck, 2)
        + path("M50 4H74L72 40H52Z", darker(neck, 0.2))
        + stroke("M55 56H69M55 74H69M55 92H69M55 110H69M55 128H69M55 146H69", GOLD, 1.6)
    )
    return (
        out
        + stroke("M59 10V244M62 10V244M65 10V244", "#f4ecd8", 1)
        + "".join(circle(x, y, 3.6, GOLD) for x in (47, 77) for y in (10, 20, 30))
    )


def camera(b: Brush) -> str:
    body, metal = b.main, "#cfd4da"
    out = (
        rect(74, 8, 70, 30, metal, 8)
        + rect(22, 22, 34, 16, "#4a4856", 4)
        + rect(160, 20, 32, 18, metal, 6)
        + rect(4, 34, 212, 116, metal, 14)
        + rect(4, 58, 212, 68, body, 2)
    )
    out += (
        rect(150, 58, 66, 68, b.dark(0.14))
        + rect(4, 126, 212, 24, darker(metal, 0.18), 10)
        + circle(110, 92, 53, darker(metal, 0.3))
        + circle(110, 92, 48, "#3a3846")
        + circle(110, 92, 36, "#22222e")
        + circle(110, 92, 26, "#2f4f7f")
    )
    return (
        out
        + circle(110, 92, 14, "#16203a")
        + path(
            "M94 78a22 22 0 0 1 24 -6a30 30 0 0 0 -18 24a22 22 0 0 1 -6 -18Z",
            "#9fd8ee",
            opacity=0.8,
        )
        + circle(120, 102, 4, "#ffffff", opacity=0.7)
        + rect(88, 14, 42, 16, "#2a3350", 4)
        + circle(196, 46, 5, "#e2574c")
        + rect(176, 12, 14, 9, "#e2574c", 3)
    )


def book(b: Brush) -> str:
    """Open, with a ribbon."""
    page = "#fdf8ec"
    out = path(
        "M4 40C40 26 76 28 110 44C144 28 180 26 216 40V150C180 138"
        " 144 140 110 154C76 140 40 138 4 150Z",
        b.main,
    ) + path("M110 44C144 28 180 26 216 40V150C180 138 144 140 110 154Z", b.dark(0.2))
    out += (
        path("M14 28C46 18 80 20 110 36V144C80 130 46 128 14 138Z", page)
        + path("M206 28C174 18 140 20 110 36V144C140 130 174 128 206 138Z", darker(page, 0.1))
        + path("M92 28C98 30 104 33 110 36V144C104 141 98 138 92 136Z", darker(page, 0.16))
    )
    lines = "".join(
        f"M28 {44 + i * 14}C52 {38 + i * 14} 74 {40 + i * 14} 94 {48 + i * 14}" for i in range(6)
    )
    out += stroke(lines, "#b8ab9a", 2.6) + "".join(
        stroke(
            f"M126 {48 + i * 14}C146 {40 + i * 14} 168 {38 + i * 14} 192 {44 + i * 14}",
            "#a89c90",
            2.6,
        )
        for i in range(3, 6)
    )
    return (
        out
        + polygon([(134, 74), (156, 42), (172, 64), (180, 54), (192, 70)], "#7fa8b8")
        + circle(184, 42, 6, "#f2b43a")
        + path("M112 40L122 36L124 168L117 160L111 168Z", "#d8433f")
    )


SUBJECTS: Mapping[str, Subject] = {
    "sneaker": Subject(
        sneaker,
        262,
        144,
        "surface",
        0.14,
        "studio",
        ("#e2574c", "#3f8fd0", "#f2b33d", "#4f9a8a", "#7e62b8"),
        share=0.84,
    ),
    "watch": Subject(
        watch,
        140,
        246,
        "surface",
        0.2,
        "studio",
        ("#7a4a34", "#2f3f5f", "#8a3f3f", "#3a3a44"),
        share=0.92,
        turns=False,
    ),
    "handbag": Subject(
        handbag,
        202,
        196,
        "surface",
        0.3,
        "studio",
        ("#c9583f", "#2f7f7a", "#d99a3f", "#8a4a6f", "#5a4a9a"),
        share=0.86,
    ),
    "dress": Subject(
        dress,
        160,
        240,
        "surface",
        1.4,
        "studio",
        ("#d8435a", "#3f7fa8", "#e8a13a", "#3f8f7a", "#8a5fb0"),
        share=0.95,
    ),
    "perfume": Subject(
        perfume,
        144,
        188,
        "surface",
        0.14,
        "studio",
        ("#f0a8b8", "#e8b45a", "#8fc0d8", "#b8a0e0"),
        share=0.86,
    ),
    "guitar": Subject(
        guitar, 124, 284, "surface", 1.0, "room", ("#d98f45", "#b8603a", "#c9a24a"), share=0.9
    ),
    "camera": Subject(
        camera, 220, 152, "surface", 0.12, "studio", ("#3a3846", "#7a4a34", "#2f5f5a"), share=0.8
    ),
    "book": Subject(
        book, 220, 170, "surface", 0.16, "studio", ("#b8433f", "#2f6f8f", "#4f8f5f"), share=0.8
    ),
}
