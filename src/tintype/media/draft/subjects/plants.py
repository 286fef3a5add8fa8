"""Plants: tree, pine, palm, flower, bouquet, cactus, mushroom."""

import math
from collections.abc import Mapping

from tintype.media.draft.colour import darker, lighter
from tintype.media.draft.shapes import conifer, leaf
from tintype.media.draft.subjects.base import Brush, Subject
from tintype.media.draft.svg import circle, ellipse, path, rect, stroke


def tree(b: Brush) -> str:
    r, bark = b.rng, "#6b4a36"
    out = path("M88 240C96 210 96 180 94 140H110C110 180 110 210 122 240Z", bark) + path(
        "M104 140H110C110 180 110 210 122 240H108C104 210 104 180 104 140Z", darker(bark, 0.3)
    )
    out += stroke("M100 170C88 156 76 150 66 142M104 160C118 148 130 144 140 134", bark, 8)
    blobs = [
        (52, 112, 44),
        (148, 110, 44),
        (100, 128, 46),
        (70, 66, 46),
        (132, 64, 46),
        (100, 40, 42),
        (100, 88, 54),
    ]
    out += "".join(circle(x + 6, y + 8, k, b.dark(0.3)) for x, y, k in blobs)
    out += "".join(circle(x + r.uniform(-4, 4), y, k, b.main) for x, y, k in blobs)
    out += (
        "".join(circle(x - 10, y - 12, k * 0.62, b.light(0.14)) for x, y, k in blobs[3:6])
        + circle(78, 50, 20, b.light(0.28))
        + circle(44, 100, 17, b.light(0.2))
    )
    if r.random() < 0.4:
        out += "".join(
            circle(x, y, 6.5, "#e2574c")
            for x, y in ((60, 90), (92, 64), (132, 96), (112, 122), (78, 130), (146, 66), (46, 122))
        )
    return out


def pine(b: Brush) -> str:
    return conifer(75, 250, 250, b.main, None)


def palm(b: Brush) -> str:
    bark = "#8a6244"
    out = path("M92 250C94 190 104 130 122 84L134 88C122 134 114 190 116 250Z", bark) + path(
        "M108 250C110 190 118 134 130 87L134 88C122 134 114 190 116 250Z", darker(bark, 0.28)
    )
    for i in range(9):
        t = i / 9
        x = 100 + 22 * t**1.4
        out += stroke(f"M{x - 6} {236 - i * 16}q8 5 17 1", darker(bark, 0.3), 2.4)
    for i, (angle, k) in enumerate(
        (
            (-165, 92),
            (-15, 92),
            (-195, 84),
            (12, 84),
            (-135, 84),
            (-45, 86),
            (-95, 74),
            (-215, 66),
            (34, 68),
        )
    ):
        a = math.radians(angle)
        ex, ey = 128 + math.cos(a) * k, 82 + math.sin(a) * k * 0.72 + k * 0.32
        mx, my = 128 + math.cos(a) * k * 0.62, 82 + math.sin(a) * k * 0.8 - 12
        tone = b.main if i % 2 else b.dark(0.18)
        w = 15
        out += path(
            f"M128 84Q{mx:.1f} {my - w:.1f} {ex:.1f} {ey:.1f}Q{mx:.1f} {my + w:.1f} 128 84Z", tone
        )
        out += stroke(f"M128 84Q{mx:.1f} {my:.1f} {ex:.1f} {ey:.1f}", b.light(0.3), 1.8)
    return out + "".join(
        circle(x, y, 8, c)
        for x, y, c in ((118, 92, "#6b4630"), (134, 95, "#5a3a28"), (126, 100, "#7a5236"))
    )


def flower(b: Brush) -> str:
    r, green = b.rng, "#4f9150"
    kind = r.choice(("daisy", "daisy", "tulip"))
    out = stroke("M66 218C60 180 64 140 62 92", green, 6.5)
    out += leaf(63, 176, -150, 56, 13, darker(green, 0.14)) + leaf(63, 158, -35, 58, 13, green)
    if kind == "tulip":
        out += path(
            "M28 30C20 70 34 98 62 100C90 98 104 70 96 30C86 36 78 44"
            " 74 52C70 36 66 26 62 18C58 26 54 36 50 52C46 44 38 36 28"
            " 30Z",
            b.main,
        )
        return (
            out
            + path("M62 18C54 50 52 80 62 100C72 80 70 50 62 18Z", b.light(0.25))
            + path("M96 30C104 70 90 98 62 100C80 84 84 60 74 52C78 44 86 36 96 30Z", b.dark(0.2))
        )
    for ring, n, k in ((0, 12, 54), (15, 12, 44)):
        for i in range(n):
            out += leaf(62, 62, i * 360 / n + ring, k, 10, b.main if ring else b.dark(0.14))
    return (
        out
        + circle(62, 62, 19, "#e8a53a")
        + circle(62, 62, 13, "#c9822b")
        + "".join(
            circle(62 + math.cos(i) * 15, 62 + math.sin(i) * 15, 2, "#fbe0a0") for i in range(9)
        )
    )


def bouquet(b: Brush) -> str:
    """Flowers in a vase."""
    r, green = b.rng, "#5a9255"
    vase = b.accent if b.accent != "#f4efe4" else "#e9e2d6"
    heads = (
        (80, 34, 24),
        (42, 56, 22),
        (118, 54, 22),
        (62, 78, 21),
        (100, 80, 21),
        (24, 92, 16),
        (136, 92, 16),
    )
    out = "".join(
        stroke(f"M80 150Q{(80 + x) / 2:.1f} {y + 40} {x} {y}", green, 4) for x, y, _ in heads
    )
    for angle in (-160, -20, -130, -50, -175, -5):
        out += leaf(80, 122, angle, 70, 12, green if angle % 20 else darker(green, 0.16))
    tones = (b.main, b.light(0.3), b.dark(0.12), "#f6d27a" if not b.bound else b.light(0.5))
    for i, (x, y, k) in enumerate(heads):
        tone, turn = tones[i % 4], r.uniform(0, 40)
        out += "".join(
            leaf(x, y, turn + j * 45, k, k * 0.34, tone if j % 2 else darker(tone, 0.1))
            for j in range(8)
        ) + circle(x, y, k * 0.3, "#f2b43a" if i % 4 != 3 else "#b8603f")
    out += path(
        "M58 124H102C98 140 116 158 116 182C116 204 104 220 96 222"
        "H64C56 220 44 204 44 182C44 158 62 140 58 124Z",
        vase,
    )
    return (
        out
        + path(
            "M84 124H102C98 140 116 158 116 182C116 204 104 220 96 222H82C100 196 98 156 84 124Z",
            darker(vase, 0.16),
        )
        + rect(54, 120, 52, 8, lighter(vase, 0.5), 4)
        + path("M56 168C52 180 54 196 60 206C54 196 52 180 56 168Z", "#ffffff", opacity=0.6)
    )


def cactus(b: Brush) -> str:
    def limb(d: str, w: float) -> str:
        return (
            stroke(d, b.main, w)
            + stroke(d, b.dark(0.22), w * 0.16, transform="translate(5 0)")
            + stroke(d, b.light(0.22), w * 0.1, transform="translate(-6 0)")
        )

    out = limb("M40 96V120C40 138 52 142 72 142", 22) + limb("M112 66V96C112 112 98 118 78 118", 22)
    out += (
        stroke("M75 40V206", b.main, 40)
        + stroke("M85 40V206M92 52V204", b.dark(0.22), 4)
        + stroke("M66 40V206", b.light(0.2), 4)
        + stroke("M76 34V206", b.dark(0.12), 3)
    )
    spines = "".join(
        f"M{x} {y}l5 -4M{x} {y}l-5 -4"
        for x, y in (
            (66, 60),
            (80, 78),
            (64, 104),
            (84, 130),
            (68, 152),
            (82, 176),
            (40, 104),
            (112, 80),
        )
    )
    out += stroke(spines, "#f6efd8", 1.8)
    for x, y in ((75, 18), (40, 82), (112, 52)):
        out += "".join(
            leaf(x, y + 4, -150 + i * 30, 15, 4.4, "#ef6f8a" if i % 2 else "#f490a4")
            for i in range(5)
        ) + circle(x, y + 3, 4, "#f6cf5a")
    return out + ellipse(75, 208, 42, 8, darker("#c98f5a", 0.1))


def mushroom(b: Brush) -> str:
    stem = "#f4ead8"
    out = path(
        "M58 92H104C102 120 108 142 116 156C104 166 58 166 46 156C54 142 60 120 58 92Z", stem
    ) + path(
        "M86 92H104C102 120 108 142 116 156C108 162 96 164 84 164C96 140 96 116 86 92Z",
        darker(stem, 0.16),
    )
    out += path("M56 104C70 114 92 114 106 104L108 116C92 124 70 124 54 116Z", lighter(stem, 0.5))
    out += path("M4 92C4 40 40 6 81 6C122 6 158 40 158 92C132 106 30 106 4 92Z", b.main) + path(
        "M100 9C136 20 158 50 158 92C144 100 116 103 92 103C128 84 132 40 100 9Z", b.dark(0.16)
    )
    for x, y, k in (
        (52, 46, 14),
        (96, 30, 10),
        (112, 66, 13),
        (74, 78, 9),
        (28, 78, 9),
        (140, 80, 7),
    ):
        out += ellipse(x, y, k, k * 0.85, "#fdf8ee")
    return out + stroke(
        "M30 164q4 -14 -2 -22M38 164q2 -10 10 -16M124 164q-2 -12 4 -20M132 164q4 -8 12 -10",
        "#5f9150",
        4,
    )


_GREENS = ("#5a9a55", "#6aa84f", "#4a8f68")
SUBJECTS: Mapping[str, Subject] = {
    "tree": Subject(
        tree, 200, 240, "ground", 9.0, "hills+field", (*_GREENS, "#8fae4a"), share=0.86
    ),
    "pine": Subject(
        pine,
        150,
        252,
        "ground",
        12.0,
        "mountains+snowland",
        ("#3a7a5a", "#2f6b5a"),
        share=0.86,
        turns=False,
    ),
    "palm": Subject(palm, 230, 252, "ground", 9.0, "beach", ("#4f9a52", "#3f8f62"), share=0.92),
    "flower": Subject(
        flower,
        124,
        220,
        "ground",
        0.5,
        "field",
        ("#ef6f7f", "#f6c33f", "#fdf6ea", "#b07fd0", "#f0924a"),
        share=0.82,
    ),
    "bouquet": Subject(
        bouquet,
        160,
        222,
        "ground",
        0.5,
        "studio",
        ("#ef7f8a", "#b884d0", "#f0924a", "#e2574c"),
        share=0.9,
    ),
    "cactus": Subject(cactus, 150, 216, "ground", 2.5, "desert", ("#4f9a62", "#5a9a78"), share=0.8),
    "mushroom": Subject(
        mushroom, 162, 168, "ground", 0.2, "forest", ("#d8433f", "#c9653f"), share=0.66
    ),
}
