"""Animals that sit and look at us: cat, dog, fox, wolf, rabbit, lion, panda."""

from collections.abc import Mapping

from tintype.media.draft.colour import darker, lighter, luma, mix
from tintype.media.draft.subjects.base import Brush, Subject
from tintype.media.draft.svg import circle, ellipse, path, stroke

INK = "#2b2433"


def _mirrored(d: str, axis: float) -> str:
    """Path data with absolute `M x y C …` pairs mirrored at `axis`."""
    out, pair = [], 0
    for token in d.replace(",", " ").split():
        if token.isalpha():
            out.append(token)
            pair = 0
        else:
            out.append(f"{2 * axis - float(token):.2f}" if pair % 2 == 0 else token)
            pair += 1
    return " ".join(out)


def _both(d: str, axis: float, left: str, right: str) -> str:
    return path(d, left) + path(_mirrored(d, axis), right)


def _body(b: Brush, x: float = 80) -> str:
    """A sitting body with two front legs; its right side is in shade."""
    main, shade = b.main, b.dark(0.16)
    out = path(
        f"M {x} 84 C 40 96 26 150 30 186 C 31 198 44 199 52 199 L 108"
        f" 199 C 118 199 129 198 130 186 C 134 150 120 96 {x} 84 Z",
        main,
    )
    out += path(
        f"M {x + 12} 88 C 126 108 133 152 130 186 C 129 198 118 199"
        f" 108 199 L 92 199 C 112 170 112 120 {x + 12} 88 Z",
        shade,
    )
    # Haunches.
    out += path(
        "M 30 188 C 24 160 38 142 52 150 C 60 158 60 190 54 199 L 44 199 C 36 199 31 197 30 188 Z",
        b.light(0.08),
    )
    out += path(
        "M 130 188 C 136 160 122 142 108 150 C 100 158 100 190 106"
        " 199 L 116 199 C 124 199 129 197 130 188 Z",
        b.dark(0.22),
    )
    return out


def _legs(color: str, paw: str) -> str:
    out = ""
    for x in (58, 82):
        out += path(
            f"M {x} 132 L {x + 20} 132 L {x + 19} 188 C {x + 22} 199 {x - 3} 199 {x + 1} 188 Z",
            color,
        )
        out += ellipse(x + 10, 193, 13, 6.5, paw)
    return out


def _eyes(y: float, apart: float, iris: str, size: float = 7) -> str:
    out = ""
    for x in (80 - apart, 80 + apart):
        out += ellipse(x, y, size, size * 1.12, iris) + ellipse(x, y, size * 0.52, size * 0.95, INK)
        out += circle(x + size * 0.3, y - size * 0.38, size * 0.26, "#ffffff")
    return out


def cat(b: Brush) -> str:
    pale = lighter(b.main, 0.62) if luma(b.main) > 0.2 else mix(b.main, "#8a8796", 0.35)
    tail = stroke("M 116 184 C 160 194 172 150 148 124 C 142 116 134 122 138 130", b.dark(0.1), 15)
    tail += stroke("M 148 124 C 142 116 134 122 138 130", pale, 15)
    out = tail + _body(b)
    out += path(
        "M 80 98 C 64 108 56 130 60 150 C 70 160 90 160 100 150 C 104 130 96 108 80 98 Z", pale
    )
    out += _legs(b.light(0.06), pale)
    out += _both("M 44 56 C 34 40 34 18 40 6 C 54 12 66 22 72 32 Z", 80, b.main, b.dark(0.14))
    out += _both("M 48 46 C 42 36 42 24 45 16 C 53 21 60 28 64 34 Z", 80, "#f0a6a0", "#e0948f")
    out += path(
        "M 80 22 C 112 22 126 42 126 62 C 126 86 104 98 80 98 C 56"
        " 98 34 86 34 62 C 34 42 48 22 80 22 Z",
        b.main,
    )
    out += path(
        "M 94 24 C 116 28 126 44 126 62 C 126 84 106 97 84 98 C 112 84 112 44 94 24 Z", b.dark(0.12)
    )
    if b.rng.random() < 0.6 and luma(b.main) > 0.2:
        stripe = b.dark(0.38)
        out += stroke("M 80 24 V 42 M 68 26 L 70 39 M 92 26 L 90 39", stripe, 5)
        out += stroke(
            "M 36 60 L 48 62 M 38 72 L 49 71 M 124 60 L 112 62 M 122 72 L 111 71", stripe, 4
        )
        out += stroke(
            "M 33 160 L 44 158 M 127 160 L 116 158 M 37 138 L 46 140 M 123 138 L 114 140", stripe, 5
        )
    out += ellipse(71, 80, 14, 11, pale) + ellipse(89, 80, 14, 11, pale)
    out += _eyes(60, 20, b.rng.choice(["#9ccb5b", "#f0c64c", "#6fc3c9"]), 8)
    out += path("M 74 71 Q 80 68 86 71 Q 84 78 80 79 Q 76 78 74 71 Z", "#d8727a")
    out += stroke("M 80 79 V 84 M 80 84 Q 74 90 68 86 M 80 84 Q 86 90 92 86", INK, 2.2)
    whisker = "#fffaf0" if luma(b.main) < 0.6 else "#6f6470"
    return out + stroke(
        "M 56 80 L 28 74 M 56 85 L 29 88 M 104 80 L 132 74 M 104 85 L 131 88", whisker, 1.5
    )


def dog(b: Brush) -> str:
    pale = lighter(b.main, 0.68) if luma(b.main) > 0.2 else "#d9a46c"
    ear = b.dark(0.34) if luma(b.main) > 0.2 else darker(b.main, 0.3)
    out = stroke("M 118 186 C 142 184 156 166 154 146", b.dark(0.1), 16)
    out += _body(b)
    out += path(
        "M 80 100 C 62 110 54 136 60 158 C 70 170 90 170 100 158 C 106 136 98 110 80 100 Z", pale
    )
    out += _legs(b.light(0.06), pale)
    out += path(
        "M 80 14 C 108 14 122 34 121 58 C 120 84 104 98 80 98 C 56"
        " 98 40 84 39 58 C 38 34 52 14 80 14 Z",
        b.main,
    )
    out += path(
        "M 94 17 C 114 24 122 40 121 58 C 120 84 104 97 84 98 C 108 80 110 40 94 17 Z", b.dark(0.12)
    )
    out += path("M 80 16 C 74 30 72 48 74 62 L 86 62 C 88 48 86 30 80 16 Z", pale)
    out += ellipse(80, 78, 26, 20, pale)
    out += _both(
        "M 48 24 C 28 20 14 44 18 74 C 20 88 34 90 40 78 C 46 64 48 44 58 26 Z",
        80,
        ear,
        darker(ear, 0.14),
    )
    out += _eyes(52, 19, "#5a3825", 7.5)
    out += path("M 68 66 C 68 60 92 60 92 66 C 92 74 84 78 80 78 C 76 78 68 74 68 66 Z", INK)
    out += ellipse(76, 65, 4, 2, "#7d7486")
    out += path("M 72 88 L 88 88 L 87 101 C 86 109 74 109 73 101 Z", "#e9787e")
    out += stroke("M 80 78 V 86 M 80 86 Q 70 94 60 86 M 80 86 Q 90 94 100 86", INK, 2.6)
    collar = b.accent if b.bound else b.rng.choice(["#d8433f", "#2f8f9d", "#f0b53c"])
    out += path("M 46 96 C 62 112 98 112 114 96 L 116 106 C 98 122 62 122 44 106 Z", collar)
    return out + circle(80, 117, 6.5, "#f4d27a") + circle(80, 118, 2, darker("#f4d27a", 0.4))


def fox(b: Brush) -> str:
    pale = "#fdf6ea" if luma(b.main) < 0.8 else "#ffffff"
    sock = darker(b.main, 0.66)
    out = path(
        "M 112 190 C 150 204 196 176 186 130 C 182 108 170 98 166"
        " 96 C 166 118 156 132 138 144 C 122 156 108 172 112 190 "
        "Z",
        b.dark(0.06),
    )
    out += path(
        "M 166 96 C 172 98 184 112 187 134 C 178 128 166 128 158 126 C 164 118 166 108 166 96 Z",
        pale,
    )
    out += _body(b)
    out += path("M 80 96 C 60 104 54 128 66 158 L 80 174 L 94 158 C 106 128 100 104 80 96 Z", pale)
    out += _legs(sock, darker(sock, 0.2))
    out += _both("M 40 54 C 28 32 28 12 32 0 C 50 8 64 22 72 36 Z", 80, b.main, b.dark(0.14))
    out += _both("M 42 42 C 36 28 36 18 38 12 C 48 18 56 26 62 34 Z", 80, sock, darker(sock, 0.1))
    out += path(
        "M 80 28 C 112 26 128 44 134 66 C 118 72 104 92 80 106 C 56"
        " 92 42 72 26 66 C 32 44 48 26 80 28 Z",
        b.main,
    )
    out += path(
        "M 92 28 C 116 32 128 46 134 66 C 118 72 104 92 82 105 C 100 76 106 50 92 28 Z", b.dark(0.1)
    )
    out += _both(
        "M 26 66 C 46 62 62 66 70 80 L 80 106 C 56 92 42 72 26 66 Z",
        80,
        pale,
        mix(pale, "#9a8ea8", 0.16),
    )
    out += _eyes(62, 21, "#f3c04b", 6.5)
    out += path("M 72 96 Q 80 92 88 96 Q 86 105 80 107 Q 74 105 72 96 Z", INK)
    return out


def rabbit(b: Brush) -> str:
    pale, pink = lighter(b.main, 0.55), "#eda3a0"
    sway = b.rng.uniform(-6, 8)
    out = circle(134, 178, 17, pale)
    for x, lean in ((64, -10), (96, 10 + sway)):
        tip = x + lean
        color = b.main if x < 80 else b.dark(0.12)
        out += path(
            f"M {x - 14} 74 C {tip - 24} 40 {tip - 16} 2 {tip} -14 C {tip + 16}"
            f" 2 {tip + 22} 40 {x + 14} 74 Z",
            color,
        )
        out += path(
            f"M {x - 6} 66 C {tip - 12} 40 {tip - 8} 14 {tip} 2 C {tip + 8}"
            f" 14 {tip + 12} 40 {x + 6} 66 Z",
            pink,
        )
    out += _body(b)
    out += path(
        "M 80 110 C 60 118 52 144 60 166 C 70 178 90 178 100 166 C 108 144 100 118 80 110 Z", pale
    )
    out += _legs(b.light(0.1), pale)
    out += path(
        "M 80 52 C 108 52 120 70 119 88 C 118 108 100 118 80 118 "
        "C 60 118 42 108 41 88 C 40 70 52 52 80 52 Z",
        b.main,
    )
    out += path(
        "M 92 54 C 112 60 120 74 119 88 C 118 108 102 117 84 118 C 106 104 108 72 92 54 Z",
        b.dark(0.1),
    )
    out += ellipse(70, 100, 14, 11, pale) + ellipse(90, 100, 14, 11, pale)
    out += _eyes(82, 20, "#4a3428", 7)
    out += ellipse(54, 98, 7, 4.5, pink, opacity=0.7) + ellipse(106, 98, 7, 4.5, pink, opacity=0.7)
    out += path("M 74 92 Q 80 89 86 92 Q 84 98 80 99 Q 76 98 74 92 Z", "#d8727a")
    return out + stroke("M 80 99 V 105 M 80 105 Q 74 110 69 107 M 80 105 Q 86 110 91 107", INK, 2)


def lion(b: Brush) -> str:
    mane = (
        b.accent
        if b.bound and b.accent != "#f4efe4"
        else darker(mix(b.main, "#a4491f", 0.65), 0.08)
    )
    out = stroke("M 118 188 C 156 192 166 160 158 134", b.dark(0.12), 10) + circle(
        158, 128, 14, mane
    )
    out += _body(b) + _legs(b.light(0.06), lighter(b.main, 0.4))
    for i in range(13):
        turn = i * 360 / 13
        out += ellipse(
            80,
            14,
            21,
            26,
            mane if i % 2 else darker(mane, 0.12),
            transform=f"rotate({turn:.1f} 80 66)",
        )
    out += circle(80, 66, 52, mane)
    out += (
        circle(48, 36, 13, b.main)
        + circle(112, 36, 13, b.dark(0.14))
        + circle(48, 37, 6, mane)
        + circle(112, 37, 6, mane)
    )
    out += ellipse(80, 66, 40, 39, b.main) + path(
        "M 94 30 C 112 36 120 52 120 66 C 120 88 104 104 84 105 C 108 86 108 50 94 30 Z",
        b.dark(0.1),
    )
    pale = lighter(b.main, 0.6)
    out += (
        ellipse(70, 88, 15, 12, pale)
        + ellipse(90, 88, 15, 12, pale)
        + _eyes(60, 18, "#8a5a22", 6.5)
    )
    out += path("M 68 72 Q 80 67 92 72 Q 89 82 80 84 Q 71 82 68 72 Z", "#7a3b34")
    return out + stroke("M 80 84 V 91 M 80 91 Q 72 98 64 93 M 80 91 Q 88 98 96 93", INK, 2.4)


def panda(b: Brush) -> str:
    white, black = (b.main if b.bound else "#fbf8f2"), INK
    shade = mix(white, "#9a95b0", 0.28)
    out = ellipse(80, 146, 60, 56, white) + path(
        "M 96 92 C 140 104 150 160 124 186 C 116 196 100 201 86 202 C 118 176 118 122 96 92 Z",
        shade,
    )
    out += ellipse(34, 190, 24, 17, black) + ellipse(126, 190, 24, 17, black)
    out += ellipse(30, 191, 11, 9, "#5a5064") + ellipse(130, 191, 11, 9, "#5a5064")
    out += path("M 34 112 C 8 124 8 160 24 170 C 38 172 44 146 52 124 Z", black) + path(
        "M 126 112 C 152 124 152 160 136 170 C 122 172 116 146 108 124 Z", black
    )
    out += path("M 30 112 C 60 92 100 92 130 112 L 122 132 C 98 116 62 116 38 132 Z", black)
    out += circle(40, 26, 19, black) + circle(120, 26, 19, black)
    out += path(
        "M 80 10 C 116 10 134 36 132 62 C 130 92 106 106 80 106 C"
        " 54 106 30 92 28 62 C 26 36 44 10 80 10 Z",
        white,
    )
    out += path(
        "M 96 13 C 122 22 134 42 132 62 C 130 92 106 105 84 106 C 114 88 116 40 96 13 Z", shade
    )
    out += ellipse(56, 58, 14, 18, black, transform="rotate(28 56 58)") + ellipse(
        104, 58, 14, 18, black, transform="rotate(-28 104 58)"
    )
    for x in (58, 102):
        out += circle(x, 58, 6, "#ffffff") + circle(x, 59, 3.6, INK)
    out += path("M 70 76 Q 80 71 90 76 Q 87 85 80 86 Q 73 85 70 76 Z", black)
    out += stroke("M 80 86 V 91 M 80 91 Q 73 97 66 92 M 80 91 Q 87 97 94 92", black, 2.4)
    leaf = "#6aa84f"
    out += stroke("M 118 176 L 152 104", "#7fb35c", 7) + path(
        "M 146 116 C 158 106 170 108 178 112 C 168 120 156 122 146 116 Z", leaf
    )
    return out + path(
        "M 150 108 C 146 92 152 82 158 76 C 162 88 160 100 150 108 Z", darker(leaf, 0.15)
    )


SUBJECTS: Mapping[str, Subject] = {
    "cat": Subject(
        cat,
        160,
        200,
        "ground",
        0.35,
        "room",
        ("#e8913f", "#8c8794", "#3a3640", "#d9b48a", "#c97a4a"),
        face_x=0.5,
        bust=0.74,
        share=0.72,
    ),
    "dog": Subject(
        dog,
        160,
        200,
        "ground",
        0.6,
        "field",
        ("#c98a4b", "#e0b070", "#8a5a3c", "#f0e2c8"),
        face_x=0.5,
        bust=0.74,
        share=0.74,
    ),
    "fox": Subject(
        fox,
        190,
        200,
        "ground",
        0.45,
        "forest",
        ("#e2702f", "#d9642b", "#ea8440"),
        face_x=0.421,
        bust=0.74,
        share=0.72,
    ),
    "wolf": Subject(
        fox,
        190,
        200,
        "ground",
        0.8,
        "mountains+forest+snowland",
        ("#7d8799", "#69728a", "#8f8f9c"),
        face_x=0.421,
        bust=0.74,
        share=0.74,
    ),
    "rabbit": Subject(
        rabbit,
        160,
        200,
        "ground",
        0.3,
        "field",
        ("#d8c3a8", "#b9a08a", "#f1ebe2", "#a3928c"),
        face_x=0.5,
        bust=0.74,
        share=0.66,
    ),
    "lion": Subject(
        lion,
        170,
        200,
        "ground",
        1.1,
        "desert",
        ("#e3ad55", "#dca04a"),
        face_x=0.471,
        bust=0.74,
        share=0.78,
    ),
    "panda": Subject(
        panda, 180, 206, "ground", 1.0, "forest", ("#fbf8f2",), face_x=0.444, bust=0.74, share=0.76
    ),
}
