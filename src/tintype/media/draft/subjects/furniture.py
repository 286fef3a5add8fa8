"""Furniture: sofa, chair, lamp, table, bed. Their seats carry other subjects."""

from collections.abc import Mapping

from tintype.media.draft.colour import darker, lighter
from tintype.media.draft.subjects.base import Brush, Subject
from tintype.media.draft.svg import circle, ellipse, path, polygon, rect, stroke

WOOD = "#8a5a3c"


def sofa(b: Brush) -> str:
    out = "".join(path(f"M{x} 122H{x + 12}L{x + 9} 140H{x + 3}Z", WOOD) for x in (30, 240))
    out += path("M30 20C32 4 44 2 60 2H222C238 2 250 4 252 20L256 96H26Z", b.dark(0.12))
    for x in (36, 142):
        out += rect(x, 10, 102, 66, b.main if x < 100 else b.dark(0.06), 14) + rect(
            x + 8, 14, 60, 8, b.light(0.24), 4
        )
    out += path(
        "M0 54C0 34 36 34 38 54L40 96H242L244 54C246 34 282 34 282"
        " 54L276 118C276 126 270 128 264 128H18C12 128 6 126 6 118"
        "Z",
        b.main,
    )
    out += (
        rect(38, 70, 102, 28, b.light(0.18), 9)
        + rect(142, 70, 102, 28, b.light(0.1), 9)
        + rect(36, 96, 210, 32, b.dark(0.16), 5)
    )
    out += (
        path("M244 54C246 34 282 34 282 54L276 118C276 126 270 128 264 128H244Z", b.dark(0.1))
        + ellipse(19, 50, 15, 9, b.light(0.22))
        + ellipse(263, 50, 15, 9, b.light(0.1))
    )
    pillow = (
        b.accent
        if b.accent != "#f4efe4"
        else b.rng.choice(("#f2c14e", "#f0e2c8", "#e07a5f", "#81b29a"))
    )
    out += polygon([(50, 34), (92, 26), (98, 66), (56, 74)], pillow) + stroke(
        "M56 42L92 58M62 66L86 32", darker(pillow, 0.2), 2
    )
    return out


def chair(b: Brush) -> str:
    """An armchair on slim legs."""
    out = stroke("M38 150L26 198M122 150L134 198", WOOD, 7)
    out += path("M24 24C26 6 46 2 80 2C114 2 134 6 136 24L132 110H28Z", b.dark(0.1)) + path(
        "M38 26C40 14 54 12 80 12C106 12 120 14 122 26L118 100H42Z", b.main
    )
    out += (
        circle(62, 40, 3, b.dark(0.4))
        + circle(98, 40, 3, b.dark(0.4))
        + circle(80, 62, 3, b.dark(0.4))
    )
    out += rect(30, 96, 100, 30, b.light(0.2), 12) + path(
        "M8 84C8 70 30 70 32 84L34 122H126L128 84C130 70 152 70 152"
        " 84L146 144C146 154 140 156 132 156H28C20 156 14 154 14 144"
        "Z",
        b.main,
    )
    out += rect(32, 98, 96, 26, b.light(0.24), 10) + path(
        "M128 84C130 70 152 70 152 84L146 144C146 154 140 156 132 156H116C126 136 128 110 128 84Z",
        b.dark(0.16),
    )
    return out


def lamp(b: Brush) -> str:
    glow, brass = "#fff1b8", "#c9983f"
    out = polygon([(22, 78), (98, 78), (150, 236), (-30, 236)], "#ffe9a8", opacity=0.24) + circle(
        60, 70, 86, "#ffe9a8", opacity=0.16
    )
    out += (
        rect(56.5, 76, 7, 150, brass, 3)
        + path("M26 236C28 222 92 222 94 236Z", darker(brass, 0.2))
        + ellipse(60, 78, 36, 7, glow)
    )
    out += (
        path("M36 8H84L104 78C80 86 40 86 16 78Z", b.main)
        + path("M66 8H84L104 78C94 82 82 83 70 84Z", b.dark(0.18))
        + path("M40 8H54L36 82C28 81 22 80 16 78Z", b.light(0.3))
    )
    return out + stroke("M84 82V104", brass, 2) + circle(84, 107, 3.4, brass)


def table(b: Brush) -> str:
    out = ""
    for x, tone in ((34, b.dark(0.1)), (214, b.dark(0.24))):
        out += path(f"M{x} 22H{x + 16}L{x + 12} 128H{x + 4}Z", tone)
    out += path("M60 22H74L70 112H64Z", b.dark(0.4)) + path(
        "M190 22H204L200 112H194Z", b.dark(0.45)
    )
    out += rect(24, 18, 216, 20, b.dark(0.2), 2) + path(
        "M2 8C2 4 6 2 10 2H254C258 2 262 4 262 8V18H2Z", b.main
    )
    return (
        out
        + rect(2, 2, 260, 6, b.light(0.3), 3)
        + stroke("M40 12H120M150 13H210", b.dark(0.2), 1.6)
    )


def bed(b: Brush) -> str:
    linen = "#fbf6ec"
    out = rect(4, 8, 22, 132, WOOD, 8) + rect(278, 66, 18, 74, darker(WOOD, 0.2), 7)
    out += rect(18, 92, 268, 34, darker(WOOD, 0.1), 5) + rect(24, 66, 258, 34, linen, 12)
    out += path(
        "M32 62C34 46 92 44 96 62C98 74 94 78 86 78H42C34 78 30 74 32 62Z", lighter(linen, 0.5)
    ) + path(
        "M66 50C84 50 94 54 96 62C98 74 94 78 86 78H70C80 70 78 58 66 50Z", darker(linen, 0.12)
    )
    out += path(
        "M100 64C160 54 230 58 282 66V112C220 120 150 118 108 112C112 96 110 78 100 64Z", b.main
    ) + path(
        "M106 88C160 98 230 96 282 88V112C220 120 150 118 108 112C110 104 109 96 106 88Z",
        b.dark(0.16),
    )
    out += path(
        "M100 64C108 62 118 61 128 60C136 78 138 96 134 115C124 114"
        " 116 113 108 112C112 96 110 78 100 64Z",
        b.light(0.4),
    )
    return out + rect(26, 124, 12, 20, WOOD, 3) + rect(262, 124, 12, 20, darker(WOOD, 0.2), 3)


SUBJECTS: Mapping[str, Subject] = {
    "sofa": Subject(
        sofa,
        282,
        140,
        "ground",
        0.95,
        "room",
        ("#d9825b", "#3f7d7a", "#5d79a8", "#c9a24a", "#b8606f"),
        share=0.86,
        seat=0.56,
    ),
    "chair": Subject(
        chair,
        160,
        198,
        "ground",
        1.0,
        "room",
        ("#d98a4a", "#3f7d7a", "#8a6fae", "#5d88b0", "#c9584a"),
        share=0.74,
        seat=0.54,
    ),
    "lamp": Subject(
        lamp,
        120,
        238,
        "ground",
        1.6,
        "room",
        ("#e8a04a", "#d9705a", "#4f9a94", "#f0e2c8"),
        share=0.82,
        turns=False,
    ),
    "table": Subject(
        table,
        264,
        130,
        "ground",
        0.8,
        "room",
        ("#b57a4a", "#9a6238", "#c9935a"),
        share=0.8,
        seat=0.03,
    ),
    "bed": Subject(
        bed,
        300,
        144,
        "ground",
        0.8,
        "room",
        ("#5d88b0", "#c9705a", "#6fa08a", "#8f7fb8"),
        share=0.86,
        seat=0.42,
    ),
}
