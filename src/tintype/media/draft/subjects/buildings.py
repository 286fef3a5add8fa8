"""Buildings: house, castle, lighthouse, skyscraper, bridge, windmill."""

from collections.abc import Mapping

from tintype.media.draft.colour import darker, lighter, mix
from tintype.media.draft.subjects.base import Brush, Subject
from tintype.media.draft.svg import circle, ellipse, path, polygon, rect, stroke

PANE = "#9fd0e0"  # Becomes lamp light when lamps are on.


def _window(x: float, y: float, w: float, h: float, frame: str) -> str:
    out = rect(x - 3, y - 3, w + 6, h + 6, frame, 2) + rect(x, y, w, h, PANE)
    return out + rect(x + w / 2 - 1.2, y, 2.4, h, frame) + rect(x, y + h / 2 - 1.2, w, 2.4, frame)


def house(b: Brush) -> str:
    roof = (
        b.accent
        if b.accent != "#f4efe4"
        else b.rng.choice(("#b8503c", "#8a4a4a", "#4f6f80", "#a8653a"))
    )
    wall, frame = b.main, "#fbf6ea"
    out = rect(150, 14, 24, 54, darker(roof, 0.2)) + rect(146, 10, 32, 9, darker(roof, 0.4), 2)
    out += "".join(
        circle(x, y, k, "#ffffff", opacity=0.6)
        for x, y, k in ((164, -4, 8), (174, -18, 11), (188, -36, 14))
    )
    out += polygon([(30, 88), (110, 22), (190, 88), (190, 198), (30, 198)], wall) + polygon(
        [(110, 22), (190, 88), (190, 198), (128, 198)], darker(wall, 0.1)
    )
    out += path("M110 4L212 90L202 102L110 26L18 102L8 90Z", roof) + path(
        "M110 4L212 90L202 102L110 26Z", darker(roof, 0.2)
    )
    out += (
        _window(46, 116, 34, 40, frame)
        + _window(142, 116, 34, 40, frame)
        + circle(110, 70, 15, frame)
        + circle(110, 70, 11.5, PANE)
    )
    out += (
        path("M92 198V142C92 124 128 124 128 142V198Z", frame)
        + path("M96 198V144C96 130 124 130 124 144V198Z", darker(roof, 0.1))
        + circle(119, 170, 2.6, "#f2c14e")
        + rect(86, 194, 48, 7, "#b9a794", 2)
    )
    green = "#5f9150"
    for x, k in ((40, 15), (60, 12), (160, 13), (182, 16)):
        out += ellipse(x, 192, k, k * 0.75, green if x < 100 else darker(green, 0.15))
    return out + "".join(
        circle(x, 186, 3, c)
        for x, c in ((36, "#f08a9a"), (48, "#ffffff"), (164, "#f6cf5a"), (184, "#f08a9a"))
    )


def castle(b: Brush) -> str:
    stone, roof = (
        b.main,
        b.accent if b.accent != "#f4efe4" else b.rng.choice(("#b8463f", "#3f6f9a", "#7a558f")),
    )
    dark = darker(stone, 0.2)

    def tower(x: float, top: float, w: float, flag: str) -> str:
        t = (
            rect(x, top, w, 236 - top, stone)
            + rect(x + w * 0.6, top, w * 0.4, 236 - top, dark)
            + rect(x - 5, top - 6, w + 10, 14, lighter(stone, 0.2))
        )
        cone = w * 1.35
        t += path(
            f"M{x - 8} {top - 5}L{x + w / 2} {top - cone - 5}L{x + w + 8} {top - 5}Z", roof
        ) + path(
            f"M{x + w / 2} {top - cone - 5}L{x + w + 8} {top - 5}H{x + w * 0.55}Z",
            darker(roof, 0.22),
        )
        tip = top - cone - 5
        t += stroke(f"M{x + w / 2} {tip}V{tip - 22}", "#5a4a4a", 2) + path(
            f"M{x + w / 2} {tip - 22}L{x + w / 2 + 22} {tip - 16}L{x + w / 2} {tip - 9}Z", flag
        )
        return t + path(f"M{x + w / 2 - 6} {top + 44}V{top + 30}a6 6 0 0 1 12 0V{top + 44}Z", PANE)

    out = (
        tower(108, 74, 44, "#f2c14e")
        + rect(30, 146, 200, 90, stone)
        + rect(130, 146, 100, 90, darker(stone, 0.1))
    )
    out += "".join(
        rect(32 + i * 25, 134, 15, 15, stone if i < 4 else darker(stone, 0.1)) for i in range(8)
    )
    out += tower(12, 112, 42, roof) + tower(206, 112, 42, roof)
    out += path("M104 236V190C104 162 156 162 156 190V236Z", lighter(stone, 0.22)) + path(
        "M111 236V192C111 170 149 170 149 192V236Z", "#5a3d30"
    )
    out += stroke("M124 176V236M137 176V236", "#3f2a24", 2) + "".join(
        path(f"M{x} 196V184a6 6 0 0 1 12 0V196Z", PANE) for x in (72, 176)
    )
    return out + "".join(
        rect(x, y, 13, 6, dark, 1)
        for x, y in (
            (64, 214),
            (84, 166),
            (178, 218),
            (162, 162),
            (22, 170),
            (220, 182),
            (120, 108),
        )
    )


def _beam(side: int) -> str:
    """Light from the lantern that is spent before it ends: beams on one another, ever shorter."""
    reach, layers = 200.0, 22
    out = ""
    for n in range(1, layers + 1):
        far = reach * (n / layers) ** 1.3
        ends = [(70 + side * far, 44 - 0.19 * far), (70 + side * far, 44 + 0.116 * far)]
        out += polygon([(70, 44), *ends], "#fff1b8", opacity=0.024)
    return out


def lighthouse(b: Brush) -> str:
    white, red = "#fbf6ea", b.main
    rock = "#6a6478"
    out = _beam(-1) + _beam(1)
    out += path("M50 84H90L102 250H38Z", white)
    out += (
        path("M48 112H92L94 142H46Z", red)
        + path("M43.5 176H96.5L99 206H41Z", red)
        + path("M76 84H90L102 250H80Z", "#1c1440", opacity=0.16)
    )
    out += (
        rect(42, 76, 56, 10, darker(red, 0.35), 2)
        + rect(54, 36, 32, 40, "#3a3f52", 3)
        + rect(57, 40, 26, 32, "#fff1b8", 2)
        + stroke("M66 38V74M75 38V74", "#3a3f52", 2)
    )
    out += (
        path("M48 38C52 16 88 16 92 38Z", red)
        + rect(67, 8, 6, 14, darker(red, 0.3), 2)
        + stroke("M42 66V76M54 66V76M86 66V76M98 66V76M42 66H98", "#3a3f52", 2)
    )
    out += (
        path("M62 250V226C62 214 78 214 78 226V250Z", darker(red, 0.4))
        + rect(64, 152, 11, 15, PANE, 5)
        + rect(66, 94, 10, 13, PANE, 5)
    )
    out += (
        path("M-14 284C-8 262 14 252 34 250C56 238 92 240 108 250C132 252 148 266 154 284Z", rock)
        + path("M70 284C74 262 96 250 108 250C132 252 148 266 154 284Z", darker(rock, 0.22))
        + path("M-4 270C10 258 24 254 36 253C28 262 16 270 -4 270Z", lighter(rock, 0.25))
    )
    return out


def skyscraper(b: Brush) -> str:
    side = b.dark(0.24)
    out = (
        rect(58, 0, 4, 40, "#4a4a5a", 2)
        + polygon([(36, 62), (60, 30), (84, 62)], b.light(0.2))
        + polygon([(60, 30), (84, 62), (60, 62)], side)
    )
    out += (
        rect(24, 60, 40, 230, b.main)
        + rect(60, 60, 36, 230, side)
        + rect(8, 116, 56, 174, b.light(0.1))
        + rect(60, 116, 52, 174, b.dark(0.3))
    )
    for row in range(13):
        for col in range(5):
            if row > 3 or 0 < col < 4:
                x = 14 + col * 20
                lit = b.rng.random() < 0.68
                out += rect(x, 70 + row * 16.4, 12, 9, PANE if lit else b.dark(0.45), 1)
    return (
        out
        + rect(0, 284, 120, 8, darker(b.main, 0.4))
        + rect(48, 266, 24, 24, PANE)
        + rect(42, 260, 36, 5, b.light(0.4))
    )


def bridge(b: Brush) -> str:
    """A suspension bridge."""
    tone, dark = b.main, b.dark(0.3)
    out = ""
    for x in (92, 288):
        out += path(f"M{x} 6H{x + 20}L{x + 24} 160H{x - 4}Z", tone) + path(
            f"M{x + 12} 6H{x + 20}L{x + 24} 160H{x + 14}Z", dark
        )
        out += "".join(rect(x - 1, y, 22, 8, dark, 1) for y in (22, 56)) + rect(
            x - 12, 148, 44, 16, "#8a8494", 2
        )
    out += stroke("M-30 96Q60 80 102 8M102 8C150 112 248 112 298 8M298 8Q340 80 430 96", tone, 5)
    hang = ""
    for i in range(1, 16):
        t = i / 16
        y = 8 * (1 - t) ** 3 + 3 * 112 * t * (1 - t) ** 2 + 3 * 112 * t * t * (1 - t) + 8 * t**3
        across = 102 + 196 * (3 * t * (1 - t) ** 2 * 0.245 + 3 * t * t * (1 - t) * 0.745 + t**3)
        hang += f"M{across:.1f} {y:.1f}V108"
    for i in range(1, 6):
        hang += f"M{102 - i * 20} {8 + i * 15.6:.1f}V108M{298 + i * 20} {8 + i * 15.6:.1f}V108"
    out += stroke(hang, tone, 1.8) + rect(-30, 106, 460, 12, tone) + rect(-30, 116, 460, 7, dark)
    return out + stroke("M-30 106H430", lighter(tone, 0.4), 2)


def windmill(b: Brush) -> str:
    wall, cap = mix("#f4ead6", b.main, 0.25 if not b.bound else 0.9), "#8a4a3a"
    out = (
        path("M64 108H126L140 248H50Z", wall)
        + path("M100 108H126L140 248H108Z", darker(wall, 0.14))
        + path("M56 112C60 80 130 80 134 112Z", cap)
    )
    out += (
        path("M82 248V214C82 200 108 200 108 214V248Z", darker(cap, 0.1))
        + rect(86, 140, 18, 22, PANE, 8)
        + rect(88, 178, 15, 18, PANE, 7)
    )
    turn = b.rng.uniform(10, 40)
    for i in range(4):
        blade = (
            stroke("M0 0V-104", "#5a4030", 5)
            + rect(3, -102, 25, 74, "#fbf3e2")
            + stroke("M3 -84H28M3 -66H28M3 -48H28M15 -102V-28", "#b09a80", 1.8)
        )
        out += f'<g transform="translate(95 92) rotate({turn + 90 * i:.1f})">{blade}</g>'
    return out + circle(95, 92, 8, "#4a3428") + rect(40, 242, 110, 8, "#a08f80", 3)


SUBJECTS: Mapping[str, Subject] = {
    "house": Subject(
        house,
        220,
        200,
        "ground",
        7.0,
        "hills+field",
        ("#f2dfc0", "#e8b48f", "#bcd3cf", "#f0cf8a", "#d9a79a"),
        share=0.76,
    ),
    "castle": Subject(
        castle,
        260,
        238,
        "ground",
        24.0,
        "mountains+field",
        ("#cfc2b2", "#bdb6c2", "#d9c3a5"),
        share=0.84,
    ),
    "lighthouse": Subject(
        lighthouse,
        140,
        284,
        "water",
        24.0,
        "sea",
        ("#d8433f", "#2f6f9a", "#e08a3a"),
        share=0.9,
        turns=False,
    ),
    "skyscraper": Subject(
        skyscraper,
        120,
        292,
        "ground",
        60.0,
        "city",
        ("#5d88b0", "#8a7fb0", "#5fa09a", "#c98a6a"),
        share=0.94,
    ),
    "bridge": Subject(
        bridge,
        400,
        164,
        "water",
        30.0,
        "city+sea",
        ("#c9503a", "#d96a3f", "#7a8aa0"),
        share=0.95,
        turns=False,
    ),
    "windmill": Subject(
        windmill, 190, 250, "ground", 14.0, "field", ("#d9a06a", "#b9c9c0", "#e0b8a0"), share=0.86
    ),
}
