"""People, faceless in the way of posters: person, couple, dancer, hiker."""

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
}
