"""Life in water: fish, whale, dolphin, turtle."""

from collections.abc import Mapping

from tintype.media.draft.colour import darker, lighter
from tintype.media.draft.subjects.base import Brush, Subject
from tintype.media.draft.svg import circle, ellipse, path, stroke

INK = "#2b2433"


def fish(b: Brush) -> str:
    band = b.accent if b.accent != b.main else "#ffffff"
    fin = b.dark(0.16)
    out = path("M56 78C34 50 14 42 4 46C14 66 16 90 6 114C18 118 38 106 58 82Z", fin)
    out += stroke("M48 72L16 58M50 80L16 80M48 86L18 102", b.dark(0.32), 2.2)
    out += path("M88 42C104 14 138 8 160 22C156 34 152 42 146 48Z", fin) + path(
        "M100 116C104 138 120 148 136 146C138 134 136 122 132 114Z", fin
    )
    out += path(
        "M46 80C66 42 118 26 164 42C190 52 208 68 214 80C206 96 188"
        " 110 162 118C118 132 66 118 46 80Z",
        b.main,
    )
    out += path(
        "M52 90C90 112 160 108 212 84C204 98 188 110 162 118C120 130 72 120 52 90Z", b.dark(0.16)
    )
    out += path(
        "M150 38C134 60 134 100 148 122C140 124 132 124 126 124C112"
        " 98 112 60 128 35C136 35 144 36 150 38Z",
        band,
    )
    out += path(
        "M84 47C74 66 74 94 84 113C78 110 72 107 67 103C62 88 62 70 68 57C73 53 78 50 84 47Z", band
    )
    out += path("M150 84C138 78 122 84 116 96C128 106 146 102 154 92Z", b.dark(0.26))
    out += (
        circle(184, 70, 11, "#ffffff")
        + circle(186, 70, 6.4, INK)
        + circle(188, 67.5, 2.2, "#ffffff")
    )
    return (
        out
        + stroke("M212 84C206 90 198 90 192 87", b.dark(0.5), 2.6)
        + stroke("M166 50C174 66 174 92 166 110", b.dark(0.26), 2.4)
    )


def whale(b: Brush) -> str:
    belly = lighter(b.main, 0.66)
    lift = b.rng.uniform(-6, 8)
    out = path(
        f"M48 106C30 96 26 74 34 {54 + lift}C14 {56 + lift} 0 44 2"
        " 28C18 24 34 32 42 44C48 30 62 18 80 22C84 38 72 54 56 58"
        "C54 76 62 88 78 92Z",
        b.dark(0.12),
    )
    out += path(
        "M44 98C70 92 96 76 130 62C176 44 244 48 272 92C284 116 272"
        " 150 232 160C170 172 84 168 52 128C46 118 42 108 44 98Z",
        b.main,
    )
    out += path(
        "M280 110C284 134 268 152 232 160C176 171 104 168 66 142C124 150 220 152 280 110Z", belly
    )
    for i in range(5):
        out += stroke(
            f"M{118 + i * 26} {157 - i * 2}C{150 + i * 24} {158 - i * 4}"
            f" {180 + i * 18} {152 - i * 5} {206 + i * 13} {144 - i * 6}",
            darker(belly, 0.2),
            2,
        )
    out += path("M176 140C164 162 144 178 124 180C126 158 138 140 156 130Z", b.dark(0.24))
    out += (
        stroke("M280 112C268 122 250 126 236 122", b.dark(0.4), 2.8)
        + circle(236, 106, 6, INK)
        + circle(238, 104, 2, "#ffffff")
    )
    out += path("M100 78C130 60 180 50 226 58C190 60 140 68 100 78Z", b.light(0.22))
    spray = "#f2fbff"
    out += stroke(
        "M214 52C214 34 212 22 200 12C192 6 182 10 180 18M214 52C214"
        " 34 218 20 230 12C238 6 248 10 250 20M214 50C214 34 215 20"
        " 215 6",
        spray,
        6,
    )
    return out + "".join(
        circle(x, y, k, spray)
        for x, y, k in ((178, 28, 4), (252, 30, 4), (196, 24, 3), (234, 26, 3), (215, -6, 4))
    )


def dolphin(b: Brush) -> str:
    belly = lighter(b.main, 0.72)
    out = path(
        "M22 138C10 132 0 136 -4 144C8 148 16 152 20 160C18 170 22"
        " 178 32 182C38 170 38 156 36 148Z",
        b.dark(0.2),
    )
    out += path("M128 34C118 18 104 12 90 14C98 26 100 40 98 52Z", b.dark(0.22))
    out += path(
        "M22 146C30 96 72 40 132 34C164 30 190 42 200 56C214 58 226"
        " 66 230 74C222 80 208 80 198 78C180 90 150 86 124 92C86 100"
        " 54 124 36 152Z",
        b.main,
    )
    out += path(
        "M198 78C180 90 150 86 124 92C100 98 78 110 60 124C84 94 120"
        " 78 156 76C174 74 188 76 198 78Z",
        belly,
    )
    out += path("M134 86C134 106 124 122 108 130C104 114 108 98 118 88Z", b.dark(0.3))
    return (
        out
        + circle(186, 60, 4.2, INK)
        + circle(187.2, 58.8, 1.4, "#ffffff")
        + stroke("M228 74C214 74 204 72 196 68", b.dark(0.4), 2.2)
    )


def turtle(b: Brush) -> str:
    skin = lighter("#7fae6a", 0.1)
    shell = b.main
    out = path(
        "M150 116C176 130 190 154 188 178C166 170 140 150 128 128Z", darker(skin, 0.12)
    ) + path("M70 122C58 140 40 150 22 148C28 130 44 114 60 108Z", darker(skin, 0.2))
    out += path("M40 92C28 90 16 94 10 102C22 106 34 106 44 102Z", skin)
    out += path("M168 74C186 50 214 44 232 56C244 66 240 84 224 90C204 98 184 96 170 94Z", skin)
    out += path("M34 98C40 54 84 26 124 32C160 38 182 66 184 98C150 116 70 118 34 98Z", shell)
    out += path(
        "M34 98C70 118 150 116 184 98C184 110 178 118 166 122C126"
        " 134 74 132 46 118C38 112 34 106 34 98Z",
        lighter("#d9c48a", 0.1),
    )
    for d in (
        "M92 44L122 42L136 64L114 82L86 72Z",
        "M70 56L84 76L74 98L46 94C50 78 58 66 70 56Z",
        "M142 62L120 86L130 104L166 98C164 82 156 70 142 62Z",
        "M84 78L112 88L120 106L82 106L76 98Z",
    ):
        out += path(d, b.light(0.2), stroke=b.dark(0.3), stroke_width=2.4)
    out += (
        circle(220, 64, 4.4, INK)
        + circle(221, 63, 1.4, "#ffffff")
        + stroke("M236 78C228 82 220 82 214 80", darker(skin, 0.5), 2.2)
    )
    out += "".join(
        ellipse(x, y, 4, 3, darker(skin, 0.25))
        for x, y in ((196, 70), (204, 82), (160, 138), (172, 152), (48, 126))
    )
    return out


SUBJECTS: Mapping[str, Subject] = {
    "fish": Subject(
        fish,
        218,
        150,
        "deep",
        0.25,
        "underwater",
        ("#ef7d35", "#f2b33d", "#e2574c", "#3f8fd0"),
        accents=("#fdf6ea",),
        share=0.62,
    ),
    "whale": Subject(
        whale,
        284,
        182,
        "water",
        4.0,
        "sea",
        ("#5f93bd", "#6a9fb5", "#6b8fc0"),
        share=0.86,
        sink=0.24,
    ),
    "dolphin": Subject(
        dolphin, 234, 184, "water", 1.6, "sea", ("#5d8fae", "#6a93b8"), share=0.62, sink=0.16
    ),
    "turtle": Subject(
        turtle, 246, 184, "deep", 0.5, "underwater", ("#5a8a54", "#8a7a3f"), share=0.66
    ),
}
