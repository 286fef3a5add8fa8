"""Figures whose suit is their face: an astronaut and a robot."""

from collections.abc import Mapping

from tintype.media.draft.colour import darker, lighter, mix
from tintype.media.draft.subjects.base import Brush, Subject
from tintype.media.draft.svg import circle, path, rect, stroke


def helmet(suit: str, trim: str) -> str:
    """An astronaut's head, centred on (75, 44)."""
    shade = mix(suit, "#5d5f8f", 0.28)
    out = circle(75, 44, 43, suit) + path(
        "M92 5C112 14 118 30 118 44C118 68 98 87 76 87C104 70 108 32 92 5Z", shade
    )
    out += path(
        "M75 14C100 14 110 30 108 48C106 66 92 74 75 74C58 74 44 66 42 48C40 30 50 14 75 14Z",
        "#22305f",
    )
    out += path(
        "M50 36C54 24 64 20 76 20C62 28 56 40 56 56C50 52 48 44 50 36Z", "#7fc3e8", opacity=0.85
    ) + circle(94, 54, 4, "#ffffff", opacity=0.7)
    return out + rect(28, 36, 10, 22, trim, 4) + rect(112, 36, 10, 22, darker(trim, 0.2), 4)


def astronaut(b: Brush) -> str:
    suit = b.main if b.bound else "#f6f4f0"
    shade, trim = mix(suit, "#5d5f8f", 0.28), b.accent if b.bound else b.main
    out = rect(28, 78, 94, 84, mix(suit, "#5d5f8f", 0.42), 16)
    for x, tone in ((38, suit), (80, shade)):
        out += (
            path(f"M{x} 148H{x + 32}L{x + 32} 204H{x}Z", tone)
            + rect(x - 3, 198, 40, 20, trim, 9)
            + rect(x, 178, 32, 8, trim)
        )
    out += path("M34 88C10 98 4 130 12 154L32 150C30 132 34 118 44 110Z", suit) + circle(
        22, 156, 13, trim
    )
    out += path("M116 88C140 84 152 60 148 40L128 42C130 58 122 70 106 78Z", shade) + circle(
        138, 36, 13, darker(trim, 0.14)
    )
    out += path("M36 84C50 76 100 76 114 84L116 158C96 168 54 168 34 158Z", suit) + path(
        "M90 78C100 79 108 81 114 84L116 158C106 163 96 165 86 166C100 138 100 104 90 78Z", shade
    )
    out += (
        rect(52, 104, 46, 30, mix(suit, "#5d5f8f", 0.5), 6)
        + circle(64, 114, 5, "#e2574c")
        + circle(78, 114, 5, "#f2c14e")
        + rect(58, 124, 32, 5, "#8fd3e8", 2)
    )
    return out + helmet(suit, trim)


def robot_head(b: Brush) -> str:
    """A robot's head and neck, centred on (75, 54), with its antenna."""
    metal, dark, glow = b.main, b.dark(0.3), "#8ff0e6"
    aerial = stroke("M75 24V6", dark, 5) + circle(75, 5, 7, "#f2b43a")
    out = (
        rect(60, 82, 30, 14, dark)
        + rect(26, 22, 98, 64, metal, 20)
        + path(
            "M98 22H104C116 22 124 32 124 42V66C124 78 116 86 104 86H92C106 66 108 44 98 22Z",
            b.dark(0.16),
        )
    )
    out += rect(36, 34, 78, 38, "#22283f", 15) + "".join(
        circle(x, 52, 9, glow) + circle(x, 52, 4.4, "#ffffff") for x in (58, 92)
    )
    return (
        aerial
        + out
        + rect(15, 42, 12, 24, dark, 5)
        + rect(123, 42, 12, 24, b.dark(0.45), 5)
        + rect(36, 26, 40, 4, lighter(metal, 0.5), 2)
        + stroke("M66 66H84", glow, 3)
    )


def robot(b: Brush) -> str:
    metal, dark, glow = b.main, b.dark(0.3), "#8ff0e6"
    out = ""
    for x, tone in ((44, metal), (84, b.dark(0.16))):
        out += rect(x, 168, 22, 34, darker(tone, 0.35), 5) + rect(x - 5, 196, 34, 20, tone, 8)
    out += stroke("M24 110C2 118 -2 142 6 160", dark, 12) + path(
        "M-4 160H18L16 174L10 168H4L-2 174Z", metal
    )
    out += stroke("M126 110C150 104 154 80 146 62", dark, 12) + path(
        "M135 62H157L155 48L149 54H143L137 48Z", b.dark(0.12)
    )
    out += rect(22, 92, 106, 80, metal, 18) + path(
        "M100 92H110C120 92 128 100 128 110V154C128 164 120 172 110 172H92C106 148 108 118 100 92Z",
        b.dark(0.18),
    )
    out += (
        rect(44, 108, 62, 38, b.dark(0.4), 8)
        + stroke("M50 130L62 130L68 116L78 140L84 126L100 126", glow, 3.4)
        + circle(54, 158, 5, "#e2574c")
        + circle(70, 158, 5, "#f2c14e")
        + circle(86, 158, 5, glow)
    )
    return out + robot_head(b)


SUBJECTS: Mapping[str, Subject] = {
    "astronaut": Subject(
        astronaut,
        152,
        220,
        "ground",
        1.9,
        "space",
        ("#e8833a", "#d8433f", "#3f8fd0"),
        bust=0.66,
        share=0.72,
    ),
    "robot": Subject(
        robot,
        150,
        218,
        "ground",
        1.6,
        "city",
        ("#7fa8b8", "#e0a04a", "#b8c2cc", "#d9776a"),
        bust=0.66,
        share=0.76,
    ),
}
