"""People, faceless in the way of posters: person, couple, dancer, hiker, astronaut, and a robot."""

from collections.abc import Mapping

from tintype.media.draft.colour import darker, lighter, mix
from tintype.media.draft.subjects.base import Brush, Subject
from tintype.media.draft.svg import circle, ellipse, group, path, rect, stroke

INK = "#2b2433"
SKINS = ("#f2c9a5", "#e3a87c", "#c68658", "#8d5a3c", "#6b4230")
HAIRS = ("#2e2230", "#5a3a2a", "#8a4f2c", "#d9a04f", "#b9482f", "#3a3a4a")


def _face(x: float, y: float, skin: str) -> str:
    out = circle(x - 6, y, 2, INK) + circle(x + 7, y, 2, INK)
    out += stroke(f"M{x - 4} {y + 10}Q{x + 1} {y + 14} {x + 6} {y + 10}", darker(skin, 0.5), 2)
    blush = mix(skin, "#e2574c", 0.4)
    return (
        out
        + circle(x - 11, y + 6, 3.4, blush, opacity=0.6)
        + circle(x + 12, y + 6, 3.4, blush, opacity=0.6)
    )


def head(b: Brush, x: float, y: float, skin: str, hair: str, *, long: bool) -> str:
    """A head centred on (x, y) with hair behind and before the face."""
    out = ""
    if long:
        for turn in (-1, 1):
            lock = f"M{x + 24 * turn} {y - 6}C{x + 31 * turn} {y + 20} {x + 30 * turn} {y + 40}"
            lock += f" {x + 21 * turn} {y + 48}C{x + 12 * turn} {y + 46} {x + 11 * turn} {y + 30}"
            out += path(f"{lock} {x + 12 * turn} {y + 6}Z", darker(hair, 0.2))
    out += rect(x - 8, y + 14, 16, 22, darker(skin, 0.16), 6)
    out += ellipse(x, y, 21, 24, skin) + _face(x, y + 3, skin)
    if long:
        return (
            out
            + path(
                f"M{x - 23} {y + 8}C{x - 28} {y - 30} {x + 28} {y - 32} {x + 23}"
                f" {y + 8}C{x + 20} {y - 8} {x + 8} {y - 14} {x - 2} {y - 13}"
                f"C{x - 12} {y - 10} {x - 21} {y - 6} {x - 23} {y + 8}Z",
                hair,
            )
            + (_hat(x, y, b.hat) if b.hat else "")
        )
    if b.hat:
        crop = f"M{x - 22} {y + 4}C{x - 26} {y - 24} {x + 26} {y - 24} {x + 22} {y + 4}"
        return (
            out
            + path(f"{crop}C{x + 16} {y - 8} {x - 16} {y - 8} {x - 22} {y + 4}Z", hair)
            + _hat(x, y, b.hat)
        )
    if b.rng.random() < 0.3:
        return (
            out
            + path(
                f"M{x - 24} {y - 6}C{x - 24} {y - 34} {x + 24} {y - 34} {x + 24} {y - 6}Z",
                b.accent if b.bound else "#d8533f",
            )
            + rect(x - 27, y - 11, 54, 8, b.dark(0.3), 4)
        )
    return out + path(
        f"M{x - 22} {y + 2}C{x - 30} {y - 26} {x - 10} {y - 34} {x + 4}"
        f" {y - 31}C{x + 24} {y - 32} {x + 26} {y - 12} {x + 22} {y + 2}"
        f"C{x + 18} {y - 8} {x + 14} {y - 13} {x + 8} {y - 14}C{x - 4}"
        f" {y - 10} {x - 18} {y - 10} {x - 22} {y + 2}Z",
        hair,
    )


def _hat(x: float, y: float, color: str) -> str:
    """A hat with a brim and a band on a head centred on (x, y)."""
    crown = f"M{x - 22} {y - 13}C{x - 24} {y - 44} {x - 12} {y - 48} {x - 2} {y - 43}"
    crown += f"C{x + 12} {y - 50} {x + 25} {y - 44} {x + 22} {y - 13}Z"
    out = path(crown, color) + path(
        f"M{x - 22} {y - 22}C{x - 8} {y - 17} {x + 8} {y - 17} {x + 22} {y - 22}"
        f"V{y - 11}H{x - 22}Z",
        darker(color, 0.45),
    )
    return out + path(
        f"M{x - 42} {y - 9}C{x - 24} {y - 21} {x + 24} {y - 21} {x + 42} {y - 9}"
        f"C{x + 20} {y - 3} {x - 20} {y - 3} {x - 42} {y - 9}Z",
        darker(color, 0.14),
    )


def _standing(b: Brush, x: float, color: str, *, skirt: bool) -> str:
    """One person around the axis `x`, 240 high, in `color`."""
    r = b.rng
    skin, hair = r.choice(SKINS), r.choice(HAIRS)
    legs = r.choice(("#3a4668", "#5a4a5f", "#42566a", "#6b5a4a"))
    shade = darker(color, 0.18)
    if skirt:
        out = rect(x - 14, 178, 10, 52, skin, 4) + rect(x + 5, 178, 10, 52, darker(skin, 0.1), 4)
    else:
        out = path(f"M{x - 24} 136L{x + 2} 136L{x - 1} 230H{x - 21}Z", legs) + path(
            f"M{x - 2} 136L{x + 24} 136L{x + 21} 230H{x + 2}Z", darker(legs, 0.2)
        )
    for side in (-12, 12):
        out += path(
            f"M{x + side - 10} 226H{x + side + 8}C{x + side + 16} 230 {x + side + 16}"
            f" 238 {x + side + 12} 239H{x + side - 10}Z",
            "#3a2f35",
        )
    out += path(
        f"M{x - 28} 84C{x - 44} 100 {x - 44} 130 {x - 40} 152L{x - 30}"
        f" 152C{x - 28} 130 {x - 24} 116 {x - 20} 104Z",
        lighter(color, 0.12),
    ) + circle(x - 35, 156, 8, skin)
    if skirt:
        out += path(
            f"M{x - 24} 80C{x - 14} 72 {x + 14} 72 {x + 24} 80L{x + 20}"
            f" 124L{x + 38} 186C{x + 14} 196 {x - 14} 196 {x - 38} 186"
            f"L{x - 20} 124Z",
            color,
        )
        out += path(
            f"M{x + 6} 74C{x + 16} 75 {x + 20} 77 {x + 24} 80L{x + 20}"
            f" 124L{x + 38} 186C{x + 28} 191 {x + 18} 193 {x + 10} 193"
            f"C{x + 16} 150 {x + 12} 110 {x + 6} 74Z",
            shade,
        )
    else:
        out += path(
            f"M{x - 28} 82C{x - 16} 72 {x + 16} 72 {x + 28} 82L{x + 26}"
            f" 148C{x + 12} 153 {x - 12} 153 {x - 26} 148Z",
            color,
        )
        out += path(
            f"M{x + 8} 74C{x + 16} 75 {x + 24} 78 {x + 28} 82L{x + 26}"
            f" 148C{x + 18} 151 {x + 12} 152 {x + 6} 152C{x + 16} 124 {x + 14}"
            f" 98 {x + 8} 74Z",
            shade,
        )
    out += path(
        f"M{x + 28} 84C{x + 44} 100 {x + 44} 130 {x + 40} 152L{x + 30}"
        f" 152C{x + 28} 130 {x + 24} 116 {x + 20} 104Z",
        darker(color, 0.1),
    ) + circle(x + 35, 156, 8, darker(skin, 0.1))
    return out + head(b, x, 44, skin, hair, long=skirt or r.random() < 0.1)


def person(b: Brush) -> str:
    return _standing(b, 60, b.main, skirt=b.rng.random() < 0.45)


def woman(b: Brush) -> str:
    return _standing(b, 60, b.main, skirt=True)


def man(b: Brush) -> str:
    return _standing(b, 60, b.main, skirt=False)


def child(b: Brush) -> str:
    """A child with a toy balloon."""
    body = _standing(b, 60, b.main, skirt=b.rng.random() < 0.5)
    return body + _balloon_on_a_string(b)


def _balloon_on_a_string(b: Brush) -> str:
    tone = b.accent if b.accent != "#f4efe4" else "#e2574c"
    out = stroke("M96 156C116 120 92 90 112 52", "#6b5a5a", 1.6)
    out += path("M112 52C92 40 92 6 114 4C136 6 136 40 116 52Z", tone)
    return out + path("M104 16C102 24 103 32 106 38C99 32 98 22 104 16Z", "#ffffff", opacity=0.6)


def couple(b: Brush) -> str:
    other = b.accent if b.accent != "#f4efe4" else "#e8b04a"
    out = group(_standing(b, 56, b.main, skirt=True), transform="translate(0 16) scale(0.935)")
    return out + _standing(b, 128, other, skirt=False)


def dancer(b: Brush) -> str:
    """A ballet pose: arms high, one leg behind."""
    r = b.rng
    skin, hair = r.choice(SKINS), r.choice(HAIRS)
    out = stroke("M88 142C60 152 34 150 10 132", darker(skin, 0.12), 12) + stroke(
        "M16 136L2 126", b.light(0.3), 9
    )
    out += stroke("M92 142C94 176 92 200 92 222", skin, 13) + path(
        "M85 212H99L97 226L93 240L88 226Z", b.light(0.3)
    )
    out += stroke("M80 82C56 68 54 34 76 12", darker(skin, 0.1), 9) + stroke(
        "M100 82C126 70 138 44 150 24", skin, 9
    )
    for i in range(4):
        tone = b.light(0.5 - 0.14 * i) if i % 2 else b.light(0.2)
        out += path(
            f"M{46 + i * 5} {136 - i * 6}C{20 + i * 8} {148 - i * 7} {14 + i * 10}"
            f" {160 - i * 9} {24 + i * 8} {162 - i * 8}C{70} {184 - i * 10}"
            f" {116} {184 - i * 10} {158 - i * 7} {158 - i * 8}C{168 - i * 8}"
            f" {152 - i * 7} {154 - i * 8} {142 - i * 5} {136 - i * 5}"
            f" {134 - i * 5}Z",
            tone,
        )
    out += path(
        "M74 76C84 84 98 84 106 76L104 104L108 134C98 140 82 140 72 134L78 104Z", b.main
    ) + path(
        "M94 81C99 80 103 79 106 76L104 104L108 134C104 137 98 138 94 138C98 118 98 98 94 81Z",
        b.dark(0.2),
    )
    out += (
        rect(84, 58, 12, 20, darker(skin, 0.14), 5)
        + circle(84, 18, 11, darker(hair, 0.15))
        + ellipse(91, 44, 18, 21, skin)
    )
    out += path("M72 46C68 18 108 14 110 40C102 32 90 30 84 32C80 36 76 40 72 46Z", hair)
    return (
        out
        + stroke("M98 46Q101 48 104 46", INK, 1.8)
        + stroke("M96 55Q100 58 103 55", darker(skin, 0.5), 1.8)
        + circle(104, 52, 3, "#e2574c", opacity=0.35)
    )


def hiker(b: Brush) -> str:
    """Walking with a pack and a staff."""
    r = b.rng
    skin, hair = r.choice(SKINS), r.choice(HAIRS)
    pack, trousers = (b.accent if b.accent != "#f4efe4" else "#e0973f"), "#4a5a4f"
    out = stroke("M132 96L118 238", "#7a5638", 5)
    out += path(
        "M60 140L84 140C82 166 66 184 46 224L28 216C42 188 52 166 60 140Z", darker(trousers, 0.22)
    ) + path("M26 214L48 222L44 234L14 228C12 222 18 218 26 214Z", "#4a3028")
    out += path("M66 138L92 138C94 160 100 180 98 228H78C76 196 70 166 66 138Z", trousers) + path(
        "M76 224H100C110 228 114 234 112 239H76Z", "#5a3a2e"
    )
    out += path(
        "M58 76C40 74 24 82 22 104C20 130 26 142 36 146C48 148 58 144 62 138Z", pack
    ) + path("M24 112C34 108 50 108 60 112L61 124C50 120 34 120 24 126Z", darker(pack, 0.25))
    out += rect(18, 66, 44, 15, b.light(0.4), 7) + circle(20, 73.5, 7.5, b.dark(0.2))
    out += path("M62 76C72 70 88 72 94 80L94 142C84 148 70 148 62 142Z", b.main) + path(
        "M82 73C88 74 92 77 94 80L94 142C90 144 86 146 82 146C88 122 88 96 82 73Z", b.dark(0.18)
    )
    out += stroke("M66 80C60 100 62 120 66 138", darker(pack, 0.3), 5)
    out += stroke("M76 88C84 108 100 116 122 114", b.light(0.14), 14) + circle(125, 113, 8, skin)
    out += (
        rect(70, 54, 15, 22, darker(skin, 0.14), 5)
        + ellipse(80, 44, 19, 22, skin)
        + path("M62 52C56 30 66 22 84 24C76 34 72 44 72 54Z", hair)
    )
    out += (
        path("M58 34C62 12 98 10 102 32Z", "#c9975a")
        + path("M48 34C66 26 96 26 116 34C100 40 64 40 48 34Z", "#a8763f")
        + path("M59 29C70 25 90 25 101 29L102 33H58Z", b.main)
    )
    return out + circle(90, 46, 2, INK) + stroke("M86 56Q91 58 95 55", darker(skin, 0.5), 2)


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


_CLOTHES = ("#d8533f", "#2f8f9a", "#e8a13a", "#5d6fb8", "#b8557f")
SUBJECTS: Mapping[str, Subject] = {
    "person": Subject(person, 120, 240, "ground", 1.7, "city", _CLOTHES, bust=0.5, share=0.86),
    "woman": Subject(
        woman, 120, 240, "ground", 1.65, "city", ("#2f8f9a", *_CLOTHES), bust=0.5, share=0.86
    ),
    "man": Subject(
        man, 120, 240, "ground", 1.8, "city", ("#5d6fb8", *_CLOTHES), bust=0.5, share=0.86
    ),
    "child": Subject(
        child,
        136,
        240,
        "ground",
        1.1,
        "field",
        ("#e8a13a", *_CLOTHES),
        face_x=0.441,
        bust=0.5,
        share=0.74,
    ),
    "couple": Subject(couple, 184, 240, "ground", 1.75, "beach", _CLOTHES, bust=0.5, share=0.84),
    "dancer": Subject(
        dancer,
        168,
        240,
        "ground",
        1.7,
        "studio",
        ("#e88aa8", "#8f7fd0", "#e2574c", "#5fa8b8"),
        face_x=0.542,
        bust=0.42,
        share=0.88,
    ),
    "hiker": Subject(
        hiker,
        146,
        240,
        "ground",
        1.8,
        "mountains",
        ("#d8433f", "#2f8f9a", "#e8953a"),
        face_x=0.548,
        bust=0.56,
        share=0.8,
    ),
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
