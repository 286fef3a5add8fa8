"""Animals on four legs, seen from the side: horse, bear, elephant, deer."""

from collections.abc import Mapping

from tintype.media.draft.colour import darker, lighter, mix
from tintype.media.draft.subjects.base import Brush, Subject
from tintype.media.draft.svg import circle, ellipse, path, stroke

INK = "#2b2433"


def _leg(
    x: float,
    top: float,
    foot: float,
    wide: float,
    slim: float,
    color: str,
    hoof: str,
    bend: float = 0,
) -> str:
    knee = (top + foot) / 2
    d = (
        f"M{x - wide} {top}L{x + wide} {top}C{x + wide} {knee - 12}"
        f" {x + slim + bend} {knee} {x + slim} {foot - 10}"
    )
    d += (
        f"L{x - slim} {foot - 10}C{x - slim + bend} {knee} {x - wide} {knee - 12} {x - wide} {top}Z"
    )
    return path(d, color) + path(
        f"M{x - slim} {foot - 12}H{x + slim}L{x + slim + 4} {foot}H{x - slim - 1}Z", hoof
    )


def horse(b: Brush) -> str:
    mane = b.accent if b.bound and b.accent != "#f4efe4" else b.dark(0.6)
    far, hoof = b.dark(0.3), darker(b.main, 0.7)
    step = b.rng.uniform(-6, 10)
    out = path("M44 84C22 84 8 108 12 146C14 160 22 166 26 158C28 130 34 112 52 104Z", mane)
    out += _leg(66 - step, 112, 196, 15, 6, far, hoof, -4) + _leg(
        150 + step, 112, 196, 13, 6, far, hoof, 3
    )
    out += path(
        "M40 100C38 80 58 70 84 76C110 82 134 80 152 70C166 58 176"
        " 40 190 24L194 6L204 20C214 26 228 46 236 58"
        "C240 66 234 76 224 74C214 70 206 68 200 66C198 84 194 100"
        " 184 116C172 134 150 138 122 134C94 132 72 140 54 130C44"
        " 124 40 112 40 100Z",
        b.main,
    )
    out += path(
        "M46 118C80 124 120 118 152 118C168 116 180 104 190 92C186"
        " 108 182 118 176 124C160 138 140 137 122 134C94 132 72 140"
        " 54 130C50 127 47 123 46 118Z",
        b.dark(0.2),
    )
    out += _leg(56, 116, 198, 16, 6.5, b.dark(0.06), hoof, -6) + _leg(
        166, 112, 198, 15, 6.5, b.main, hoof, 3
    )
    out += path(
        "M194 10C176 16 158 40 146 74C154 74 160 70 164 64C166 72"
        " 172 70 176 60C180 62 184 54 186 46C190 44 194 34 196 24"
        "Z",
        mane,
    )
    out += path("M194 12C204 14 210 22 212 34C204 32 198 26 194 12Z", mane)
    out += path("M222 56C232 56 238 62 236 68C234 76 226 76 220 72Z", b.dark(0.34))
    return (
        out
        + circle(207, 42, 3.8, INK)
        + circle(208, 41, 1.2, "#ffffff")
        + circle(231, 64, 1.8, INK)
    )


def bear(b: Brush) -> str:
    far, pale, claw = b.dark(0.34), lighter(b.main, 0.4), darker(b.main, 0.6)
    out = ""
    for x in (84, 168):
        out += path(
            f"M{x - 22} 100L{x + 18} 100L{x + 15} 158C{x + 20} 166 {x - 18} 166 {x - 16} 158Z", far
        )
    out += path(
        "M22 104C16 58 56 34 98 40C126 26 156 24 176 40C196 54 200"
        " 84 190 108C184 126 150 134 110 132C70 134 28 136 22 104"
        "Z",
        b.main,
    )
    out += path(
        "M24 110C60 122 140 122 192 98C190 118 160 133 110 132C72 134 32 136 24 110Z", b.dark(0.2)
    )
    for x in (48, 140):
        out += path(
            f"M{x - 24} 92L{x + 24} 92L{x + 17} 158C{x + 22} 168 {x - 22} 168 {x - 18} 158Z",
            b.dark(0.05),
        )
        out += "".join(ellipse(x - 10 + i * 9, 163, 3.6, 3, claw) for i in range(4))
    out += (
        circle(176, 24, 13, b.dark(0.16))
        + circle(176, 25, 6.5, pale)
        + circle(216, 22, 12, b.dark(0.25))
    )
    out += path(
        "M160 58C156 32 176 18 198 20C220 20 232 36 236 54C246 58"
        " 252 66 250 76C246 88 230 90 220 88C196 96 166 86 160 58"
        "Z",
        b.main,
    )
    out += path("M228 52C244 54 254 66 250 76C246 88 230 90 220 87C212 76 214 58 228 52Z", pale)
    out += (
        path("M238 56C250 56 254 64 250 70C244 72 238 66 238 56Z", INK)
        + circle(214, 48, 4.4, INK)
        + circle(215.4, 46.6, 1.5, "#ffffff")
    )
    out += stroke("M246 72C244 80 236 82 230 80", INK, 2.2) + path(
        "M28 74C18 70 14 80 20 86C26 88 30 82 28 74Z", b.dark(0.12)
    )
    return out


def elephant(b: Brush) -> str:
    far, ear, pale = b.dark(0.3), b.dark(0.12), lighter(b.main, 0.3)
    nail = "#efe6d8"
    out = stroke("M22 80C8 96 8 120 14 136", b.dark(0.2), 5) + ellipse(
        14, 140, 4, 8, darker(b.main, 0.5)
    )
    for x in (82, 142):
        out += path(f"M{x - 19} 110H{x + 19}L{x + 17} 190H{x - 17}Z", far)
    out += path(
        "M18 96C14 50 54 26 104 28C140 26 172 44 176 86C180 126 156"
        " 142 106 140C52 144 20 136 18 96Z",
        b.main,
    )
    out += path(
        "M22 114C60 134 130 130 174 98C174 130 154 142 106 140C60 143 28 138 22 114Z", b.dark(0.16)
    )
    for x in (46, 160):
        out += path(
            f"M{x - 23} 104H{x + 22}L{x + 19} 192C{x + 8} 198 {x - 10} 198 {x - 20} 192Z",
            b.dark(0.05),
        )
        out += "".join(ellipse(x - 12 + i * 12, 192, 5, 4.5, nail) for i in range(3))
    raised = b.rng.random() < 0.4
    trunk = (
        "M214 70C232 92 250 84 252 56C253 46 262 46 264 56C268 96 236 124 206 104Z"
        if raised
        else "M220 66C236 92 232 130 236 160C238 172 250 172 254 162L262"
        " 168C258 188 228 190 222 166C216 136 214 118 196 104Z"
    )
    out += path(trunk, b.main)
    out += path(
        "M150 74C148 36 172 16 198 20C226 24 240 50 234 82C230 106"
        " 206 116 186 110C164 106 152 98 150 74Z",
        b.main,
    )
    out += path("M204 104C222 108 238 104 246 92C244 112 220 122 200 112Z", nail)
    out += path("M186 38C160 10 122 20 116 56C112 92 130 122 154 122C176 118 192 92 190 62Z", ear)
    out += path(
        "M180 46C160 26 132 34 128 60C126 86 138 108 154 110C170 106 182 86 182 66Z",
        mix(ear, "#e8a7a0", 0.4),
    )
    return (
        out
        + circle(212, 58, 4.6, INK)
        + circle(213.4, 56.5, 1.5, "#ffffff")
        + stroke("M203 50Q212 44 221 50", pale, 2.4)
    )


def deer(b: Brush) -> str:
    far, pale, hoof = b.dark(0.28), lighter(b.main, 0.62), darker(b.main, 0.72)
    horn = "#7d5a3f"
    out = path("M36 102C24 94 24 112 34 120Z", pale)
    out += _leg(62, 126, 218, 11, 4.2, far, hoof, -3) + _leg(136, 126, 218, 9, 4.2, far, hoof, 3)
    out += stroke(
        "M166 44C160 26 146 20 140 2M158 28C150 26 142 26 134 30M148"
        " 14C154 8 156 4 156 -2M172 44C178 26 190 18 194 0M178 30"
        "C186 28 194 28 202 32M188 14C182 8 180 4 180 -2",
        horn,
        5.5,
    )
    out += path(
        "M34 108C34 94 52 90 78 94C104 98 124 96 138 88C146 78 150"
        " 66 154 54C158 44 172 40 180 46C188 50 200 58 206 66C208"
        " 74 200 78 192 76L176 76C174 92 170 112 158 126C144 142 118"
        " 140 96 138C72 138 52 146 42 136C34 128 34 118 34 108Z",
        b.main,
    )
    out += path("M42 128C70 132 120 132 160 112C160 128 140 141 96 138C72 138 54 146 42 136Z", pale)
    out += _leg(52, 124, 220, 12, 4.6, b.dark(0.05), hoof, -5) + _leg(
        148, 124, 220, 10, 4.6, b.main, hoof, 3
    )
    out += path("M158 50C148 44 136 44 132 50C140 58 150 60 158 56Z", b.dark(0.14)) + path(
        "M190 62C202 62 209 68 206 72C204 78 196 78 190 75Z", pale
    )
    out += path("M202 63C209 64 210 70 205 71C201 70 200 66 202 63Z", INK) + circle(
        178, 57, 3.8, INK
    )
    return out + "".join(
        circle(x, y, 3.2, pale) for x, y in ((66, 104), (80, 110), (94, 105), (58, 114), (108, 110))
    )


SUBJECTS: Mapping[str, Subject] = {
    "horse": Subject(
        horse,
        246,
        200,
        "ground",
        1.7,
        "field",
        ("#8a5534", "#a8703f", "#5f4238", "#d9c3a0"),
        share=0.84,
        seat=0.4,
        seat_x=0.44,
        ridden=0.86,
    ),
    "bear": Subject(
        bear,
        262,
        170,
        "ground",
        1.4,
        "mountains+forest",
        ("#7d5234", "#694630", "#9a6a40"),
        share=0.78,
        seat=0.26,
        seat_x=0.42,
        ridden=0.95,
    ),
    "elephant": Subject(
        elephant,
        272,
        200,
        "ground",
        3.0,
        "desert",
        ("#8d93a3", "#9a95a0", "#7f8ea0"),
        share=0.84,
        seat=0.16,
        seat_x=0.38,
        ridden=0.62,
    ),
    "deer": Subject(
        deer,
        212,
        222,
        "ground",
        1.5,
        "forest",
        ("#b9743f", "#a5673c", "#c4854c"),
        share=0.84,
        seat=0.5,
        seat_x=0.4,
        ridden=0.7,
    ),
}
