"""What sails: sailboat and ship; their lower edge is under water."""

from collections.abc import Mapping

from tintype.media.draft.colour import darker, lighter, mix
from tintype.media.draft.subjects.base import Brush, Subject
from tintype.media.draft.svg import circle, path, rect, stroke


def sailboat(b: Brush) -> str:
    sail = b.accent if not b.bound else b.main
    hull = b.main if not b.bound else (b.accent if b.accent != "#fdf6e8" else "#7a4a33")
    shade = mix(sail, "#6a5f8f", 0.26)
    out = rect(97, 6, 6, 190, "#6b4a38", 2)
    out += path("M108 10C152 60 176 116 184 170C160 176 132 176 108 172Z", sail)
    out += path("M108 10C130 60 140 116 138 174C128 174 118 173 108 172Z", shade)
    out += path("M92 24C84 80 60 134 22 168C46 174 72 174 92 170Z", lighter(sail, 0.2)) + path(
        "M92 24C90 80 84 134 66 173C76 173 84 172 92 170Z", shade
    )
    out += stroke(
        "M112 60C130 58 142 58 154 62M112 110C140 106 158 106 174 112", darker(sail, 0.2), 1.8
    )
    out += path("M103 6L132 13L103 20Z", "#e2574c")
    out += path(
        "M6 184C60 192 140 192 196 178C192 204 176 222 156 226H44C26 222 12 206 6 184Z", hull
    )
    out += path(
        "M10 196C60 204 140 204 192 192C188 210 174 222 156 226H44C28 222 16 212 10 196Z",
        darker(hull, 0.26),
    )
    out += path("M6 184C60 192 140 192 196 178L195 185C140 198 60 198 8 191Z", "#fdf6e8")
    return out


def ship(b: Brush) -> str:
    white, glass = "#fbf7ee", "#5d8fb0"
    red = b.main
    out = path("M114 50L118 10H142L146 50Z", red) + path("M170 50L174 16H196L200 50Z", red)
    for x, y, w in ((116, 18, 28), (173, 23, 24)):
        out += rect(x, y, w, 9, white)
    for i, (x, y, k) in enumerate(((122, -2, 10), (104, -10, 14), (82, -14, 18))):
        out += circle(x, y, k, "#ffffff", opacity=0.8 - i * 0.2)
    out += (
        rect(84, 48, 138, 24, white, 5)
        + rect(62, 70, 186, 24, darker(white, 0.06), 5)
        + rect(40, 92, 226, 18, white, 4)
    )
    out += rect(204, 38, 40, 34, white, 5) + path("M210 44H240L236 56H210Z", glass)
    out += "".join(rect(96 + i * 18, 56, 11, 8, glass, 2) for i in range(6)) + "".join(
        rect(74 + i * 17, 78, 10, 8, glass, 2) for i in range(10)
    )
    out += path(
        "M4 106H296C288 134 272 152 256 160H44C22 156 8 134 4 106Z",
        "#2f3f66" if not b.bound else b.dark(0.1),
    )
    out += path(
        "M8 122H290C282 142 270 154 256 160H44C24 156 12 140 8 122Z",
        darker("#2f3f66" if not b.bound else b.main, 0.3),
    )
    out += path(
        "M24 148H270C266 154 260 158 256 160H44C36 158 30 154 24 148Z",
        red if not b.bound else b.dark(0.5),
    )
    out += "".join(circle(50 + i * 24, 120, 4.6, "#f6e3b0") for i in range(10)) + rect(
        4, 103, 292, 5, white
    )
    return (
        out
        + stroke("M222 38L270 104M222 38V18", "#5a5868", 1.8)
        + path("M222 18L244 23L222 29Z", red)
        + path("M296 106L304 98H280Z", lighter(red, 0.1))
    )


SUBJECTS: Mapping[str, Subject] = {
    "sailboat": Subject(
        sailboat,
        200,
        226,
        "water",
        7.0,
        "sea",
        ("#a8553a", "#2f5f7d", "#d8533f"),
        accents=("#fdf6e8",),
        share=0.76,
    ),
    "ship": Subject(
        ship, 304, 160, "water", 16.0, "sea", ("#d8433f", "#e08a3a", "#2f8f9a"), share=0.82
    ),
}
