"""Wings: eagle, bird, owl, penguin, butterfly."""

from collections.abc import Mapping

from tintype.media.draft.colour import darker, lighter, mix
from tintype.media.draft.shapes import leaf
from tintype.media.draft.subjects.base import Brush, Subject
from tintype.media.draft.svg import circle, ellipse, group, num, path, stroke

INK = "#2b2433"


def _wing(main: str, lift: float) -> str:
    """A left wing spread from the shoulder (150, 92), tip up by `lift`."""
    dark, mid = darker(main, 0.4), darker(main, 0.16)
    wx, wy = 70, 52 - lift * 0.55
    out = ""
    for i in range(8):
        out += leaf(
            wx + i * 3,
            wy + i * 2,
            196 - i * 15 + lift * 0.35,
            84 - i * 2.6,
            7.5,
            dark if i % 2 else darker(main, 0.5),
        )
    for i in range(9):
        t = i / 8
        x, y = wx + 12 + (138 - wx) * t, wy + 4 + (88 - wy) * t
        out += leaf(x, y, 101 - 10 * t, 62 - 8 * t, 8.5, dark if i % 2 else darker(main, 0.46))
    for i in range(10):
        t = i / 9
        x, y = wx - 2 + (140 - wx) * t, wy + (86 - wy) * t
        out += leaf(x, y, 106 - 10 * t, 38 - 4 * t, 8, mid if i % 2 else darker(main, 0.24))
    out += path(
        f"M154 84C132 62 104 {num(wy + 2)} {num(wx + 6)} {num(wy - 12)}"
        f"C{num(wx - 12)} {num(wy - 14)} "
        f"{num(wx - 22)} {num(wy - 4)} {num(wx - 26)} {num(wy + 8)}"
        f"C{num(wx)} {num(wy + 8)} 108 "
        f"{num(wy + 38)} 148 112Z",
        main,
    )
    return out + path(
        f"M154 84C132 62 104 {num(wy + 2)} {num(wx + 6)} {num(wy - 12)}"
        f"C{num(wx - 6)} {num(wy - 13)} "
        f"{num(wx - 14)} {num(wy - 8)} {num(wx - 20)} {num(wy - 2)}"
        f"C{num(wx + 10)} {num(wy - 4)} 112 "
        f"{num(wy + 14)} 152 94Z",
        lighter(main, 0.22),
    )


def eagle(b: Brush) -> str:
    """Soaring, wings spread, seen a little from the front."""
    lift = b.rng.uniform(4, 34)
    white = "#fdf8ee"
    out = ""
    for i in range(5):
        out += leaf(150, 128, 66 + i * 12, 56, 8, white if i % 2 else mix(white, "#8f8aa8", 0.22))
    out += _wing(b.main, lift)
    out += group(_wing(darker(b.main, 0.08), lift), transform="translate(300 0) scale(-1 1)")
    out += path(
        "M150 70C168 74 176 96 168 120C164 134 156 142 150 146C144"
        " 142 136 134 132 120C124 96 132 74 150 70Z",
        darker(b.main, 0.12),
    )
    out += path(
        "M156 74C170 82 175 98 168 120C164 134 156 142 152 145C162 120 162 96 156 74Z",
        darker(b.main, 0.3),
    )
    out += stroke(
        "M141 138L138 152M138 152l-6 5M138 152l1 7M138 152l6 4M159"
        " 138L162 152M162 152l6 5M162 152l-1 7M162 152l-6 4",
        "#eaa93a",
        3.4,
    )
    out += path(
        "M132 88C130 66 136 44 154 42C172 42 178 56 174 68C172 78"
        " 168 88 164 92C160 88 156 96 150 90C146 98 138 86 132 88"
        "Z",
        white,
    )
    out += path(
        "M166 48C176 54 177 64 172 74C170 82 167 88 164 92C162 88"
        " 160 92 157 92C166 78 170 62 166 48Z",
        mix(white, "#8f8aa8", 0.25),
    )
    out += path(
        "M170 54C182 52 194 58 195 70C196 75 194 80 191 82C190 76"
        " 186 72 180 71C174 71 171 69 170 66Z",
        "#f2b436",
    )
    out += path(
        "M172 66C180 66 188 68 191 82C190 76 186 72 180 71C174 71 171 69 172 66Z",
        darker("#f2b436", 0.28),
    )
    return (
        out
        + circle(165, 57, 4, "#f7d264")
        + circle(166, 57, 2.3, INK)
        + stroke("M158 51L170 53", darker(b.main, 0.3), 3)
    )


def bird(b: Brush) -> str:
    """A small bird in flight."""
    belly = lighter(b.main, 0.68)
    up = b.rng.uniform(-12, 12)
    out = "".join(leaf(44, 104, 172 + i * 10, 50, 6, b.dark(0.2 + 0.1 * (i % 2))) for i in range(4))
    out += "".join(
        leaf(104, 88, -112 - up + i * 9, 92 - i * 7, 10, b.dark(0.32 + 0.06 * (i % 2)))
        for i in range(6)
    )
    out += path(
        "M38 108C52 84 92 74 126 78C142 66 166 68 172 86C174 96 170"
        " 104 160 108C150 132 108 140 80 128C62 122 48 114 38 108"
        "Z",
        b.main,
    )
    out += path(
        "M60 116C86 124 120 122 158 104C150 132 108 140 80 128C72 125 66 120 60 116Z", belly
    )
    out += "".join(
        leaf(96, 92, -146 - up + i * 10, 98 - i * 8, 10.5, b.dark(0.12 + 0.08 * (i % 2)))
        for i in range(6)
    )
    out += path("M84 104C88 90 112 82 126 90C118 104 98 112 84 104Z", b.light(0.2))
    out += path("M170 82L192 90L170 96Z", "#f2a33a") + path("M170 90L192 90L170 96Z", "#d9822b")
    return out + circle(155, 84, 4.6, INK) + circle(156.5, 82.5, 1.5, "#ffffff")


def owl(b: Brush) -> str:
    """Front on, upon a branch."""
    pale, dark = lighter(b.main, 0.6), b.dark(0.35)
    out = ""
    if not b.seated:
        out += stroke("M-6 186C40 178 110 182 166 176", "#5d4033", 15)
        out += stroke("M126 180C140 172 150 160 156 150", "#5d4033", 8)
        out += leaf(156, 150, -60, 26, 7, "#6a9a4f") + leaf(148, 162, 0, 26, 7, "#5a8a48")
    out += path(
        "M80 20C120 20 134 56 132 104C130 150 110 186 80 188C50 186"
        " 30 150 28 104C26 56 40 20 80 20Z",
        b.main,
    )
    out += path(
        "M80 92C104 92 114 112 108 140C102 168 92 182 80 184C68 182"
        " 58 168 52 140C46 112 56 92 80 92Z",
        pale,
    )
    for row in range(4):
        for i in range(4 - row % 2):
            x = 62 + i * 12 + (6 if row % 2 else 0)
            out += path(f"M{x - 5} {116 + row * 15}q5 9 10 0q-5 3 -10 0Z", dark)
    for turn, x in ((1, 28), (-1, 132)):
        color = dark if turn == 1 else darker(dark, 0.14)
        out += path(
            f"M{x} 84C{x - 14 * turn} 120 {x - 4 * turn} 160 {x + 24 * turn}"
            f" 176C{x + 34 * turn} 146 {x + 26 * turn} 106 {x} 84Z",
            color,
        )
    out += path("M36 52C30 36 30 18 36 8C50 16 60 24 70 28L56 60Z", b.dark(0.2)) + path(
        "M124 52C130 36 130 18 124 8C110 16 100 24 90 28L104 60Z", b.dark(0.28)
    )
    for x in (58, 102):
        out += (
            circle(x, 62, 27, pale)
            + circle(x, 62, 18, "#f6c244")
            + circle(x, 62, 10.5, INK)
            + circle(x + 4, 57, 3.6, "#ffffff")
        )
    out += path("M72 70L88 70L80 90Z", "#e8993a") + path("M80 70L88 70L80 90Z", "#cf7d28")
    for x in (62, 92):
        out += "".join(ellipse(x + i * 6, 183, 3.6, 8, "#e8993a") for i in range(3))
    return out


def penguin(b: Brush) -> str:
    ink = b.main if b.bound else "#2a3148"
    out = ellipse(58, 192, 22, 9, "#f0a03a") + ellipse(98, 192, 22, 9, "#dd8a2b")
    out += path("M26 92C6 110 2 140 10 156C22 150 30 132 36 118Z", ink) + path(
        "M130 92C150 110 154 140 146 156C134 150 126 132 120 118Z", darker(ink, 0.2)
    )
    out += path(
        "M78 6C110 6 122 34 122 64C134 92 134 150 118 178C108 194"
        " 48 194 38 178C22 150 22 92 34 64C34 34 46 6 78 6Z",
        ink,
    )
    out += path(
        "M78 70C104 70 114 104 112 138C110 170 96 186 78 186C60 186"
        " 46 170 44 138C42 104 52 70 78 70Z",
        "#fdf9f0",
    )
    out += path(
        "M88 71C108 80 114 108 112 138C110 170 98 184 82 186C100 156 102 104 88 71Z", "#dcd8e4"
    )
    out += path(
        "M78 34C64 18 44 30 46 52C48 70 62 80 78 80C94 80 108 70 110 52C112 30 92 18 78 34Z",
        "#fdf9f0",
    )
    out += path(
        "M44 66C52 80 64 86 78 86C92 86 104 80 112 66C106 84 96 92 78 92C60 92 50 84 44 66Z",
        "#f4bd4a",
    )
    for x in (62, 94):
        out += circle(x, 48, 6, INK) + circle(x + 2, 46, 2, "#ffffff")
    return out + path("M66 58Q78 52 90 58Q84 70 78 72Q72 70 66 58Z", "#f0a03a")


def butterfly(b: Brush) -> str:
    rim, spot = darker(b.main, 0.62), lighter(b.main, 0.62)
    half = path("M98 92C70 20 18 4 4 26C-6 46 14 96 94 104Z", rim)
    half += path("M96 92C74 34 30 18 16 32C8 46 26 84 92 98Z", b.main)
    half += path("M94 90C80 52 52 34 36 36C32 50 50 80 92 96Z", b.light(0.34))
    half += path("M94 104C40 104 12 130 22 158C34 184 76 170 98 116Z", rim)
    half += path("M92 108C50 110 26 132 34 152C44 168 74 156 94 116Z", b.dark(0.1))
    half += circle(56, 136, 10, spot) + circle(56, 136, 4.6, rim)
    for x, y, k in (
        (12, 40, 3.6),
        (18, 58, 3.6),
        (30, 74, 3.4),
        (30, 160, 3.2),
        (44, 166, 3.2),
        (22, 26, 3),
    ):
        half += circle(x, y, k, spot)
    out = half + group(half, transform="translate(200 0) scale(-1 1)")
    out += ellipse(100, 106, 6.5, 40, INK) + circle(100, 64, 8.5, INK)
    return (
        out
        + stroke("M97 58C90 40 80 30 70 28M103 58C110 40 120 30 130 28", INK, 2.6)
        + circle(70, 28, 3, INK)
        + circle(130, 28, 3, INK)
    )


SUBJECTS: Mapping[str, Subject] = {
    "eagle": Subject(
        eagle, 300, 170, "air", 0.9, "mountains+lake", ("#6b4630", "#5a3f34", "#7a5236"), share=0.72
    ),
    "bird": Subject(
        bird,
        200,
        150,
        "air",
        0.2,
        "hills+field",
        ("#3f86c4", "#e0604a", "#f0b040", "#5aa28a"),
        share=0.5,
    ),
    "owl": Subject(
        owl,
        160,
        200,
        "ground",
        0.4,
        "forest",
        ("#8a6448", "#9a7a5c", "#7d6a72"),
        bust=0.66,
        share=0.72,
        turns=False,
    ),
    "penguin": Subject(
        penguin, 156, 200, "ground", 0.8, "snowland", ("#2a3148",), bust=0.66, share=0.7
    ),
    "butterfly": Subject(
        butterfly,
        200,
        184,
        "air",
        0.1,
        "field",
        ("#f08a2c", "#3f8fd0", "#d95a8a", "#f2c03c", "#7e5fc0"),
        share=0.5,
        tilt=18.0,
    ),
}
