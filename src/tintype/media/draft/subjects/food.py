"""Food and vessels: coffee, cake, apple, citrus, pizza, burger, ice cream, bottle, vase."""

import math
from collections.abc import Mapping

from tintype.media.draft.colour import darker, lighter, mix
from tintype.media.draft.shapes import leaf
from tintype.media.draft.subjects.base import Brush, Subject
from tintype.media.draft.svg import circle, ellipse, path, rect, stroke


def coffee(b: Brush) -> str:
    """A cup on its saucer, steaming."""
    brew = "#6b4028"
    out = stroke(
        "M66 52C54 38 76 30 66 10M92 50C80 34 104 26 92 2M118 52C106 38 128 30 118 12",
        "#ffffff",
        6,
        opacity=0.6,
    )
    out += (
        ellipse(92, 166, 88, 15, darker(b.light(0.4), 0.12))
        + ellipse(92, 161, 88, 14, b.light(0.45))
        + ellipse(92, 160, 54, 8, b.dark(0.1))
    )
    out += path("M148 84C188 74 192 132 140 134L144 120C168 118 168 92 146 98Z", b.dark(0.1))
    out += path("M30 66H154C156 112 138 158 112 160H72C46 158 28 112 30 66Z", b.main) + path(
        "M118 66H154C156 112 138 158 112 160H92C116 140 124 104 118 66Z", b.dark(0.18)
    )
    out += (
        ellipse(92, 66, 62, 14, b.light(0.4))
        + ellipse(92, 67, 55, 11, brew)
        + path(
            "M92 73C78 72 70 66 78 63C84 60 90 62 92 65C94 62 100 60 106 63C114 66 106 72 92 73Z",
            "#e8c9a0",
        )
    )
    return out + path("M44 82C46 108 54 132 66 146C50 132 42 108 44 82Z", "#ffffff", opacity=0.5)


def cake(b: Brush) -> str:
    sponge, icing = "#e8b878", b.main
    out = ellipse(100, 188, 98, 13, "#d9d3cb") + ellipse(100, 184, 98, 13, "#f7f2ea")
    out += (
        path("M14 112H186V172C186 190 14 190 14 172Z", sponge)
        + path("M120 112H186V172C186 182 150 186 120 186Z", darker(sponge, 0.14))
        + path("M14 138C60 150 140 150 186 138V148C140 160 60 160 14 148Z", b.light(0.5))
    )
    drip = (
        "M14 108C14 92 186 92 186 108V124C186 136 172 136 170 124"
        "C168 118 160 120 158 130C156 142 142 140 142 128C140 120"
        " 132 122 130 130C128 146 112 144 112 130C110 122 102 124"
        " 100 132C98 142 84 142 84 130C82 122 74 124 72 130C70 146"
        " 54 144 54 130C52 122 44 122 42 128C40 138 28 138 28 126"
        "C26 120 14 128 14 118Z"
    )
    out += path(drip, icing) + ellipse(100, 106, 86, 15, b.light(0.22))
    out += path("M50 62H150V102C150 114 50 114 50 102Z", sponge) + path(
        "M108 62H150V102C150 109 128 112 108 112Z", darker(sponge, 0.14)
    )
    out += path(
        "M50 60C50 48 150 48 150 60V72C150 82 138 82 136 72C134 68"
        " 126 70 124 78C122 88 110 86 110 76C108 70 100 72 98 78C96"
        " 86 84 86 82 76C80 70 74 72 72 78C70 86 50 84 50 70Z",
        icing,
    ) + ellipse(100, 58, 50, 9, b.light(0.22))
    for i, x in enumerate((74, 100, 126)):
        tone = ("#f2c14e", "#5fb0b8", "#e2574c")[i]
        y = 54 + (i == 1) * 4
        out += rect(x - 4, y - 34, 8, 34, tone, 2) + stroke(
            f"M{x - 4} {y - 22}l8 -5M{x - 4} {y - 10}l8 -5", lighter(tone, 0.6), 2
        )
        out += path(
            f"M{x} {y - 52}C{x + 9} {y - 42} {x + 6} {y - 34} {x} {y - 34}"
            f"C{x - 6} {y - 34} {x - 9} {y - 42} {x} {y - 52}Z",
            "#ffb53a",
        ) + path(
            f"M{x} {y - 45}C{x + 4} {y - 40} {x + 3} {y - 35} {x} {y - 35}"
            f"C{x - 3} {y - 35} {x - 4} {y - 40} {x} {y - 45}Z",
            "#fff1b8",
        )
    return out + "".join(
        circle(x, y, 5.4, "#d8335a")
        for x, y in ((30, 104), (60, 112), (140, 112), (170, 104), (100, 115))
    )


def apple(b: Brush) -> str:
    out = path(
        "M75 44C96 26 142 32 142 82C142 126 112 160 92 160C84 160"
        " 80 156 75 156C70 156 66 160 58 160C38 160 8 126 8 82C8 32"
        " 54 26 75 44Z",
        b.main,
    )
    out += path(
        "M112 36C132 42 142 58 142 82C142 126 112 160 92 160C86 160"
        " 82 158 78 157C122 132 132 76 112 36Z",
        b.dark(0.22),
    )
    out += path(
        "M24 74C24 56 36 46 48 46C38 56 32 72 34 94C28 90 24 84 24 74Z", lighter(b.main, 0.55)
    ) + path("M54 42C66 50 84 50 96 42C90 56 60 56 54 42Z", b.dark(0.4))
    return (
        out
        + stroke("M75 48C74 32 80 18 90 8", "#6b4630", 6)
        + leaf(82, 28, -18, 52, 15, "#5fa04f")
        + stroke("M86 27L124 16", darker("#5fa04f", 0.25), 2)
    )


def orange_fruit(b: Brush) -> str:
    rind, flesh = b.main, b.light(0.3)
    out = (
        circle(104, 62, 56, rind)
        + path(
            "M128 11C152 24 160 44 160 62C160 93 135 118 104 118C142 96 150 44 128 11Z", b.dark(0.2)
        )
        + circle(84, 40, 10, b.light(0.5), opacity=0.7)
    )
    out += leaf(104, 10, -30, 46, 13, "#5fa04f") + leaf(104, 10, -150, 34, 10, "#4f8f48")
    out += circle(54, 104, 52, b.dark(0.05)) + circle(54, 104, 46, "#fff3dc")
    for i in range(9):
        a0, a1 = math.radians(i * 40 + 4), math.radians(i * 40 + 36)
        out += path(
            f"M{54 + math.cos((a0 + a1) / 2) * 6:.1f} {104 + math.sin((a0 + a1) / 2) * 6:.1f}"
            f"L{54 + math.cos(a0) * 42:.1f} {104 + math.sin(a0) * 42:.1f}"
            f"A42 42 0 0 1 {54 + math.cos(a1) * 42:.1f} {104 + math.sin(a1) * 42:.1f}"
            "Z",
            flesh if i % 2 else mix(flesh, rind, 0.4),
        )
    return out


def pizza(b: Brush) -> str:
    """A slice, its cheese dripping."""
    cheese, crust, salami = b.main, "#c98443", "#c9433a"
    out = path("M18 46L96 196C100 204 108 204 112 196L188 44Z", cheese) + path(
        "M130 46H188L112 196C110 200 106 202 103 202C122 150 132 98 130 46Z", darker(cheese, 0.12)
    )
    for x, y, k in ((58, 118, 22), (84, 166, 18), (140, 134, 26)):
        out += path(
            f"M{x - 8} {y}C{x - 8} {y + k} {x - 6} {y + k + 8} {x} {y + k + 8}"
            f"C{x + 6} {y + k + 8} {x + 8} {y + k} {x + 8} {y}Z",
            cheese,
        )
    for x, y, k in ((70, 76, 21), (134, 84, 22), (102, 130, 19)):
        out += (
            circle(x, y, k, darker(salami, 0.16))
            + circle(x, y - 1.5, k * 0.9, salami)
            + circle(x - k * 0.3, y - k * 0.3, 3, lighter(salami, 0.4))
            + circle(x + k * 0.3, y + k * 0.2, 2.6, darker(salami, 0.3))
        )
    for x, y, a in ((100, 64, -20), (48, 66, 60), (108, 98, 150), (100, 166, -60), (158, 62, 20)):
        out += leaf(x, y, a, 24, 7, "#4f9a4f")
    out += "".join(
        circle(x, y, 6, "none", stroke="#3a3448", stroke_width=3.6)
        for x, y in ((104, 84), (84, 106), (128, 116))
    )
    return (
        out
        + path(
            "M6 44C0 22 18 8 36 12C80 -4 130 -4 170 12C190 8 206 22 200"
            " 44C196 54 186 56 176 52C130 38 76 38 30 52C20 56 10 54 6"
            " 44Z",
            crust,
        )
        + path("M22 28C70 6 136 6 184 28C136 16 70 16 22 28Z", lighter(crust, 0.35))
    )


def burger(b: Brush) -> str:
    bun, meat, green = b.main, "#6b3f2a", "#6fae4a"
    out = path("M14 124H186C190 150 172 164 150 164H50C28 164 10 150 14 124Z", bun) + path(
        "M120 124H186C190 150 172 164 150 164H104C118 152 122 138 120 124Z", b.dark(0.14)
    )
    out += (
        rect(8, 98, 184, 30, meat, 14)
        + rect(8, 114, 184, 14, darker(meat, 0.25), 7)
        + path("M14 98H186L168 118L150 100L128 122L104 100L80 116L58 100L40 114Z", "#f6c44e")
    )
    out += rect(16, 82, 168, 14, "#d8433f", 7) + path(
        "M4 84C16 70 24 92 40 80C56 70 62 92 80 80C96 70 104 92 120"
        " 80C136 70 144 92 160 80C176 70 188 90 196 84C194 72 180"
        " 68 170 70H30C20 68 6 72 4 84Z",
        green,
    )
    out += (
        path("M12 72C10 28 52 4 100 4C148 4 190 28 188 72C188 78 12 78 12 72Z", bun)
        + path(
            "M128 7C166 16 190 40 188 72C188 76 150 77 116 77C148 60 150 28 128 7Z", b.dark(0.16)
        )
        + path("M30 50C36 30 56 18 76 16C58 26 46 38 42 54Z", b.light(0.4))
    )
    return out + "".join(
        ellipse(x, y, 5, 3.2, "#fdf3d8", transform=f"rotate({t} {x} {y})")
        for x, y, t in (
            (70, 30, 20),
            (100, 20, -10),
            (132, 32, 30),
            (92, 46, 10),
            (122, 54, -30),
            (152, 54, 15),
            (60, 54, -20),
        )
    )


def ice_cream(b: Brush) -> str:
    cone = "#dca15a"
    third = b.accent if b.accent != "#f4efe4" else "#8a5a40"
    out = path("M28 102H112L74 214C72 220 68 220 66 214Z", cone) + path(
        "M84 102H112L74 214C73 217 71 219 69 218C82 180 88 140 84 102Z", darker(cone, 0.18)
    )
    out += stroke(
        "M34 104L92 160M56 104L102 146M84 104L108 126M106 104L48 160M84 104L38 146M56 104L34 124",
        darker(cone, 0.28),
        2.4,
    )
    for x, y, tone in ((46, 76, "#fdf3e0"), (94, 76, third), (70, 40, b.main)):
        out += (
            circle(x, y, 33, tone)
            + path(
                f"M{x + 10} {y - 31}C{x + 30} {y - 24} {x + 36} {y} {x + 30}"
                f" {y + 14}C{x + 24} {y + 28} {x + 12} {y + 34} {x} {y + 33}"
                f"C{x + 22} {y + 16} {x + 26} {y - 12} {x + 10} {y - 31}Z",
                darker(tone, 0.13),
            )
            + circle(x - 12, y - 12, 6, lighter(tone, 0.6), opacity=0.8)
        )
    out += path(
        "M16 96C24 92 34 110 44 100C54 92 60 112 72 102C84 92 90 112"
        " 100 100C108 94 118 104 124 96L118 112H22Z",
        "#fdf3e0",
    )
    return (
        out
        + circle(76, 6, 10, "#d8335a")
        + circle(73, 3, 3, "#ffffff")
        + stroke("M78 -2C82 -12 90 -16 96 -16", "#5a7a3a", 2.6)
    )


def bottle(b: Brush) -> str:
    label = "#f6ecd6"
    out = path(
        "M33 4H57V60C57 78 78 86 78 108V230C78 238 74 240 68 240H22"
        "C16 240 12 238 12 230V108C12 86 33 78 33 60Z",
        b.main,
    )
    out += path(
        "M48 4H57V60C57 78 78 86 78 108V230C78 238 74 240 68 240H54"
        "C64 200 62 130 60 104C56 84 48 78 48 60Z",
        b.dark(0.28),
    ) + path("M22 112C22 104 26 100 30 98V226H22Z", lighter(b.main, 0.5), opacity=0.5)
    out += (
        rect(29, 0, 32, 34, b.accent if b.accent != "#f4efe4" else "#b8323f", 4)
        + rect(12, 132, 66, 66, label)
        + rect(12, 132, 66, 5, "#c9983f")
        + rect(12, 193, 66, 5, "#c9983f")
    )
    return (
        out
        + circle(45, 158, 12, "#8a3a4a")
        + circle(39, 166, 6, "#7a4a8a")
        + circle(51, 166, 6, "#6a3a7a")
        + circle(45, 172, 6, "#8a5a9a")
        + stroke("M26 184H64", "#b9a58a", 3)
        + rect(50, 132, 28, 66, "#1c1440", opacity=0.1)
    )


def vase(b: Brush) -> str:
    band = b.accent if b.accent != "#f4efe4" else lighter(b.main, 0.6)
    out = path(
        "M50 10H96C90 34 96 46 116 66C140 92 136 150 104 186H42C10"
        " 150 6 92 30 66C50 46 56 34 50 10Z",
        b.main,
    ) + path(
        "M80 10H96C90 34 96 46 116 66C140 92 136 150 104 186H74C112"
        " 146 110 90 88 60C78 44 78 28 80 10Z",
        b.dark(0.2),
    )
    out += path("M16 100C50 114 96 114 130 100L131 124C96 138 50 138 15 124Z", band) + stroke(
        "M18 113L30 106L42 122L54 110L66 124L80 110L92 122L104 108L116 118L128 106", b.dark(0.3), 3
    )
    out += ellipse(73, 10, 24, 6, b.dark(0.4)) + stroke(
        "M32 66C8 58 6 34 24 28C36 26 48 30 54 36M114 66C138 58 140 34 122 28C110 26 98 30 92 36",
        b.dark(0.1),
        7,
    )
    return out + path("M34 76C24 94 22 116 28 136C20 116 22 90 34 76Z", "#ffffff", opacity=0.5)


SUBJECTS: Mapping[str, Subject] = {
    "coffee": Subject(
        coffee,
        188,
        182,
        "surface",
        0.14,
        "room",
        ("#e07a5f", "#4f9a94", "#f2ebdd", "#5d79a8", "#e0a63f"),
        share=0.7,
    ),
    "cake": Subject(
        cake,
        200,
        200,
        "surface",
        0.22,
        "studio",
        ("#f29ab0", "#7a4a34", "#b59ae0", "#8fd0c0"),
        share=0.88,
    ),
    "apple": Subject(
        apple, 150, 162, "surface", 0.09, "studio", ("#d8333f", "#8fb83f", "#e2574c"), share=0.74
    ),
    "orange_fruit": Subject(
        orange_fruit, 162, 158, "surface", 0.09, "studio", ("#f0922c", "#f6c83f"), share=0.74
    ),
    "pizza": Subject(pizza, 206, 204, "surface", 0.2, "studio", ("#f6c44e",), share=0.84),
    "burger": Subject(
        burger, 200, 166, "surface", 0.14, "studio", ("#e0a04f", "#d9923f"), share=0.8
    ),
    "ice_cream": Subject(
        ice_cream, 140, 220, "surface", 0.2, "studio", ("#f29ab0", "#a8dcc0", "#f6cf7a"), share=0.86
    ),
    "bottle": Subject(
        bottle,
        90,
        240,
        "surface",
        0.3,
        "studio",
        ("#3f6f4f", "#5a3040", "#2f5f7f"),
        share=0.9,
        turns=False,
    ),
    "vase": Subject(
        vase,
        146,
        188,
        "surface",
        0.35,
        "studio",
        ("#c9705a", "#4f8f9a", "#d9a85a", "#7a6fa8"),
        share=0.84,
    ),
}
