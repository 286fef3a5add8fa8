"""What flies without wings of its own: airplane, balloon, rocket."""

from collections.abc import Mapping

from tintype.media.draft.colour import darker, lighter, mix
from tintype.media.draft.subjects.base import Brush, Subject
from tintype.media.draft.svg import circle, path, rect, stroke


def airplane(b: Brush) -> str:
    white = b.main if b.bound else "#fbf8f2"
    trim = b.accent if b.bound else b.main
    shade = mix(white, "#76779a", 0.3)
    out = path("M150 62L112 20H134L196 64Z", mix(white, "#76779a", 0.45))
    out += path("M40 66L10 12H38C48 24 62 44 74 56Z", trim) + path(
        "M24 22L10 12H38C44 19 50 27 56 36H30Z", lighter(trim, 0.3)
    )
    out += path(
        "M16 64C60 50 150 48 220 50C262 52 288 64 296 76C288 90 260 96 214 98C140 100 60 88 16 64Z",
        white,
    )
    out += path("M22 68C90 84 220 90 295 74C290 90 260 96 214 98C144 100 64 90 22 68Z", shade)
    out += path("M28 66C100 76 230 80 294 72L295 78C230 87 110 84 40 74Z", trim)
    out += "".join(rect(92 + i * 16, 60, 8, 9, "#3f5f7d", 3.4) for i in range(10))
    out += path("M262 58C274 60 284 64 289 69L266 68Z", "#3f5f7d")
    out += path("M172 82L84 136H110L222 88Z", darker(white, 0.08)) + path(
        "M172 82L84 136H96L190 86Z", lighter(white, 0.5)
    )
    out += path("M132 106h28c8 0 8 18 0 18h-28c-6-4-6-14 0-18Z", trim) + circle(
        160, 115, 7, darker(trim, 0.4)
    )
    return (
        out
        + path("M30 68L4 84H20L66 76Z", shade)
        + stroke("M4 110H54M-20 124H30", "#ffffff", 3, opacity=0.6)
    )


def balloon(b: Brush) -> str:
    other = b.accent if b.accent != b.main else "#f7ecd8"
    third = b.rng.choice([b.light(0.35), b.dark(0.25)])
    out = path(
        "M80 4C130 4 156 40 156 78C156 118 118 148 100 178H60C42 148 4 118 4 78C4 40 30 4 80 4Z",
        b.main,
    )
    out += path(
        "M80 4C34 4 20 46 20 80C22 116 50 148 64 178H72C62 148 44 116 44 78C44 46 54 4 80 4Z", other
    )
    out += path(
        "M80 4C62 4 62 48 62 80C62 116 70 148 74 178H86C90 148 98 116 98 80C98 48 98 4 80 4Z", third
    )
    out += path(
        "M80 4C106 4 116 46 116 78C116 116 98 148 88 178H96C110 148"
        " 138 116 140 80C140 46 126 4 80 4Z",
        other,
    )
    out += path(
        "M100 8C136 16 156 46 156 78C156 118 118 148 100 178H88C104"
        " 148 128 118 130 80C130 50 122 24 100 8Z",
        "#1c1440",
        opacity=0.16,
    )
    out += path(
        "M20 104C60 122 100 122 140 104L134 116C100 132 60 132 26 116Z",
        darker(b.main, 0.3),
        opacity=0.5,
    )
    out += rect(60, 176, 40, 8, b.dark(0.3), 3)
    out += stroke("M64 184L66 204M96 184L94 204M80 184V204", "#5a4638", 1.8)
    wood = "#b07a45"
    out += path("M62 203H98L95 228C95 231 65 231 65 228Z", wood) + rect(
        59, 201, 42, 7, darker(wood, 0.25), 3
    )
    return out + stroke("M64 214H97M65 221H96", darker(wood, 0.3), 1.6)


def rocket(b: Brush) -> str:
    hull = "#f7f4ee" if not b.bound else b.main
    trim = b.main if not b.bound else b.accent
    shade = mix(hull, "#5d5f8f", 0.32)
    out = (
        path("M42 192C30 220 50 240 62 268C74 240 94 220 82 192Z", "#f2912f")
        + path("M49 192C42 214 54 228 62 246C70 228 82 214 75 192Z", "#ffd65a")
        + path("M55 192C52 206 58 216 62 226C66 216 72 206 69 192Z", "#fff6d8")
    )
    out += path("M30 122C6 142 0 172 6 202C18 188 30 182 42 182Z", trim) + path(
        "M94 122C118 142 124 172 118 202C106 188 94 182 82 182Z", darker(trim, 0.22)
    )
    out += path(
        "M62 0C92 26 104 70 102 116C100 148 92 170 84 188H40C32 170"
        " 24 148 22 116C20 70 32 26 62 0Z",
        hull,
    )
    out += path("M66 4C92 30 104 72 102 116C100 148 92 170 84 188H66C84 140 86 60 66 4Z", shade)
    out += path("M62 0C78 14 88 32 94 52H30C36 32 46 14 62 0Z", trim) + path(
        "M66 4C80 16 88 34 94 52H76C76 34 72 18 66 4Z", darker(trim, 0.22)
    )
    out += (
        circle(62, 90, 20, darker(trim, 0.1))
        + circle(62, 90, 14.5, "#8fd3e8")
        + path("M52 82a14 14 0 0 1 16 -5L52 98a14 14 0 0 1 0 -16Z", "#ffffff", opacity=0.5)
    )
    out += rect(24, 136, 76, 7, trim) + path("M56 130H68L72 196H52Z", darker(trim, 0.12))
    return out + rect(42, 184, 40, 11, "#4a4b5f", 4)


SUBJECTS: Mapping[str, Subject] = {
    "airplane": Subject(
        airplane,
        300,
        140,
        "air",
        6.0,
        "sky",
        ("#e0573f", "#2f7fb8", "#f0a83a"),
        share=0.78,
        tilt=-9.0,
    ),
    "balloon": Subject(
        balloon,
        160,
        232,
        "air",
        9.0,
        "hills+field",
        ("#e2574c", "#3f8fb8", "#f0a83a", "#8a5ab0"),
        accents=("#f7ecd8", "#ffd27a"),
        share=0.74,
        turns=False,
    ),
    "rocket": Subject(
        rocket,
        124,
        268,
        "air",
        8.0,
        "space",
        ("#e2574c", "#3f7fd0", "#f0953a"),
        share=0.8,
        tilt=20.0,
    ),
}
