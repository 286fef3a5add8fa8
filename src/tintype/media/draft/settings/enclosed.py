"""Scenes without a horizon: a room, a studio, space, the deep."""

import math

from tintype.media.draft.colour import darker, lighter, mix
from tintype.media.draft.light import COLORS
from tintype.media.draft.settings.far import hills, natural
from tintype.media.draft.sky import celestial, clouds, fog_bank, rain, snowfall, sparkle, stars
from tintype.media.draft.stage import Stage
from tintype.media.draft.svg import (
    circle,
    ellipse,
    group,
    num,
    path,
    polygon,
    rect,
    stroke,
)

_WALLS = (
    ("#e9b99a", "#c8764f", "#2f5d62"),
    ("#a9c4b8", "#7d5a45", "#d9825b"),
    ("#e6d3b3", "#a8714d", "#3f6c7d"),
    ("#9fb8cf", "#8a6148", "#e0a458"),
    ("#dfa8a0", "#8d5a4a", "#416a6a"),
)


def room(st: Stage) -> str:
    """A wall with a window onto the time of day, a floor, a rug, a plant."""
    r = st.rng
    wall, wood, rug = r.choice(_WALLS)
    wall = st.depth(natural(st, "room", wall, 0.8), 0)
    wood = st.depth(wood, 0)
    y = st.horizon
    out = rect(0, 0, st.w, y + 2, st.linear((0, darker(wall, 0.1)), (1, lighter(wall, 0.14))))
    out += rect(0, y, st.w, st.h - y, st.linear((0, lighter(wood, 0.12)), (1, darker(wood, 0.2))))
    for i in range(5):
        yy = y + (st.h - y) * ((i + 1) / 5.5) ** 1.5
        out += rect(0, yy, st.w, 2.2, darker(wood, 0.3), opacity=0.5)
    left = st.light.sun_x < 0.5
    cx = st.w * (0.24 if left else 0.76)
    if not st.pictures:
        half_w, half_h = min(st.w * 0.17, 180), min(y * 0.29, 210)
        out += window(st, cx, y * 0.42, half_w, half_h, lighter(wall, 0.55))
    if not st.light.lit:
        lean = 1 if left else -1
        k = min(st.w * 0.17, 180)
        out += polygon(
            [
                (cx - k * 0.6, y + 6),
                (cx + k * 0.9, y + 6),
                (cx + k * 1.5 + lean * 260, st.h),
                (cx - k * 0.6 + lean * 260, st.h),
            ],
            st.light.sun,
            opacity=0.2,
        )
    out += rect(0, y - 20, st.w, 22, lighter(wall, 0.45)) + rect(0, y, st.w, 5, darker(wood, 0.35))
    ry = y + (st.h - y) * 0.56
    rug = st.depth(rug, 0)
    for k, tone in ((1.0, rug), (0.86, lighter(rug, 0.35)), (0.8, rug)):
        out += ellipse(st.w / 2, ry, min(st.w * 0.42, 560) * k, (st.h - y) * 0.3 * k, tone)
    return out


def window(st: Stage, cx: float, cy: float, half_w: float, half_h: float, frame: str) -> str:
    """A casement showing the scene's own sky over a line of hills."""
    light = st.light
    view = st.clip(rect(cx - half_w, cy - half_h, half_w * 2, half_h * 2, "#000000", 6))
    inner = Stage(
        st.scene, light, st.rng, half_w * 2, half_h * 2, half_h * 1.5, collected=st.collected
    )
    sky = rect(0, 0, inner.w, inner.h, st.linear((0, light.sky[0]), (1, light.sky[2])))
    if light.time in {"night", "dusk"} and st.scene.shows("stars"):
        sky += stars(inner, 22, inner.h * 0.7)
    if light.time != "day":
        sun = group(
            celestial(st),
            transform=f"translate({num(-st.w * light.sun_x * 0.36 + half_w)} 20) scale(0.36)",
        )
        sky += sun
    elif st.scene.shows("clouds"):
        sky += group(clouds(st), transform="scale(0.4)")
    sky += hills(inner, inner.h, rise=half_h * 0.7) + _outside(inner)
    out = rect(cx - half_w - 18, cy - half_h - 18, half_w * 2 + 36, half_h * 2 + 36, frame, 8)
    out += group(
        group(sky, transform=f"translate({num(cx - half_w)} {num(cy - half_h)})"),
        clip_path=view,
    )
    out += rect(cx - 6, cy - half_h, 12, half_h * 2, frame)
    out += rect(cx - half_w, cy - half_h * 0.2, half_w * 2, 10, frame)
    sill = rect(cx - half_w - 34, cy + half_h + 14, half_w * 2 + 68, 18, darker(frame, 0.08), 5)
    return out + sill


def _outside(st: Stage) -> str:
    """The weather as it looks through a window."""
    kinds, out = st.scene.weather, ""
    if "fog" in kinds:
        out += fog_bank(st, st.h * 0.7, st.h * 0.7, 0.8)
    if kinds & {"rain", "storm"}:
        out += rain(st)
    if "snowfall" in kinds:
        out += snowfall(st)
    return out


_STUDIOS = (
    ("#f3c9b5", "#e07a5f", "#f7e8d6"),
    ("#bcd8cf", "#5b9a8b", "#f4efe1"),
    ("#f2d8a0", "#e2a33f", "#fbf2df"),
    ("#c9c5e8", "#8479c0", "#f3effa"),
    ("#bfd7ea", "#5d8fbf", "#f2f6fb"),
    ("#f0c4cb", "#cf6f83", "#fdf0ee"),
)


def portrait(st: Stage) -> str:
    """A plain backdrop, softly lit from the side of the light, darker towards its rim."""
    wall, shape, _ = st.rng.choice(_STUDIOS)
    asked = st.scene.setting_colors.get("studio") or st.scene.tint
    if asked:
        wall, shape = lighter(COLORS[asked], 0.3), COLORS[asked]
    edge = st.depth(mix(shape, "#2b2440", 0.16), 0)
    out = rect(0, 0, st.w, st.h, st.linear((0, edge), (1, darker(edge, 0.14))))
    x = st.w * (0.5 + (st.light.sun_x - 0.5) * 0.4)
    glow = st.depth(lighter(wall, 0.4), 0)
    paint = st.radial((0, glow, 0.95), (0.45, glow, 0.6), (1, glow, 0))
    return out + ellipse(x, st.h * 0.42, st.s * 0.85, st.s * 0.85, paint)


def studio(st: Stage) -> str:
    """A seamless backdrop with an arch and a plinth: room for one thing to be looked at."""
    r = st.rng
    wall, shape, pale = r.choice(_STUDIOS)
    asked = st.scene.setting_colors.get("studio")
    if asked:
        tone = COLORS[asked]
        wall, shape, pale = lighter(tone, 0.12), mix(tone, "#7d7f92", 0.22), lighter(tone, 0.6)
    elif st.scene.tint:
        tone = COLORS[st.scene.tint]
        wall, shape, pale = lighter(tone, 0.5), tone, lighter(tone, 0.8)
    wall, shape, pale = (st.depth(c, 0) for c in (wall, shape, pale))
    y = st.horizon
    out = rect(0, 0, st.w, st.h, st.linear((0, wall), (0.7, lighter(wall, 0.3)), (1, wall)))
    glow = st.radial((0, "#ffffff", 0.5), (1, "#ffffff", 0))
    out += ellipse(st.w * st.light.sun_x, y * 0.35, st.w * 0.55, st.h * 0.5, glow)
    cx, k = st.w / 2, st.s * 0.33
    kind = r.choice(["arch", "circle", "arches"])
    top = y - k * 1.75
    if kind == "circle":
        out += circle(cx, y - k * 0.82, k * 1.12, shape) + circle(
            cx, y - k * 0.82, k * 1.0, lighter(shape, 0.12)
        )
    else:
        widths = (1.0,) if kind == "arch" else (1.16, 0.92)
        for i, m in enumerate(widths):
            tone = lighter(shape, 0.25 * i)
            out += path(
                f"M{num(cx - k * m)} {num(y + 4)}V{num(top + k * (1.15 - m * 0.15))}"
                f"a{num(k * m)} {num(k * m)} 0 0 1 {num(k * 2 * m)} 0V{num(y + 4)}Z",
                tone,
            )
    out += rect(0, y, st.w, st.h - y, st.linear((0, lighter(pale, 0.1)), (1, mix(wall, pale, 0.4))))
    return out


def plinth(st: Stage, cx: float, y: float, half: float) -> str:
    """A round pedestal whose upper face is centred on (cx, y)."""
    tone = mix(st.depth("#fbf6ec", 0), st.light.ambient, 0.1)
    ry = half * 0.17
    side = st.linear(
        (0, darker(tone, 0.05)), (0.55, darker(tone, 0.18)), (1, darker(tone, 0.34)), across=True
    )
    low = y + half * 0.3
    d = (
        f"M{num(cx - half)} {num(y)}V{num(low)}a{num(half)} {num(ry)}"
        f" 0 0 0 {num(half * 2)} 0V{num(y)}Z"
    )
    shadow = st.radial((0, "#2a1c3f", 0.34), (1, "#2a1c3f", 0))
    out = ellipse(cx + half * 0.22, low + ry * 0.7, half * 1.45, ry * 1.6, shadow)
    return out + path(d, side) + ellipse(cx, y, half, ry, lighter(tone, 0.5))


def space(st: Stage) -> str:
    r = st.rng
    deep, glow, other = r.choice(
        (
            ("#0d1030", "#6a3f9c", "#2f7fa8"),
            ("#081a33", "#1f6f8f", "#7a4aa0"),
            ("#180f33", "#a2416f", "#3d4fa8"),
        )
    )
    out = rect(0, 0, st.w, st.h, st.linear((0, deep), (1, mix(deep, glow, 0.35))))
    for color, x, y, k in (
        (glow, st.w * r.uniform(0.1, 0.4), st.h * r.uniform(0.2, 0.5), 1.0),
        (other, st.w * r.uniform(0.6, 0.95), st.h * r.uniform(0.4, 0.8), 0.9),
    ):
        out += ellipse(
            x, y, st.s * 0.75 * k, st.s * 0.5 * k, st.radial((0, color, 0.6), (1, color, 0))
        )
    out += stars(st, 130, st.h)
    for _ in range(6):
        out += sparkle(r.uniform(0, st.w), r.uniform(0, st.h), r.uniform(9, 18), "#fff6d8")
    side = r.choice([0.17, 0.83])
    out += planet(
        st, st.w * side, st.h * r.uniform(0.2, 0.3), st.s * r.uniform(0.09, 0.13), ring=True
    )
    out += planet(st, st.w * (1 - side), st.h * r.uniform(0.68, 0.8), st.s * 0.05, ring=False)
    ground = r.choice(["#b9a7c9", "#d0a58c", "#9fb3c8"])
    y = st.h * 0.87
    out += path(
        f"M-10 {num(y + 26)}Q{num(st.w / 2)} {num(y - 46)} {num(st.w + 10)}"
        f" {num(y + 26)}V{num(st.h + 10)}H-10Z",
        st.linear((0, lighter(ground, 0.3)), (1, mix(ground, deep, 0.5))),
    )
    for _ in range(7):
        x, k = r.uniform(0, st.w), r.uniform(18, 60)
        yy = y + r.uniform(24, st.h * 0.11)
        out += ellipse(x, yy, k, k * 0.24, mix(ground, deep, 0.35)) + ellipse(
            x, yy + 3, k * 0.9, k * 0.19, mix(ground, deep, 0.2)
        )
    return out


def planet(st: Stage, x: float, y: float, radius: float, *, ring: bool) -> str:
    tone = st.rng.choice(["#e8a15c", "#d9737a", "#7fc3c0", "#e3c878"])
    name = st.clip(circle(x, y, radius, "#000000"))
    bands = "".join(
        rect(x - radius, y - radius + radius * 2 * t, radius * 2, radius * h, c, radius * 0.1)
        for t, h, c in (
            (0.16, 0.22, lighter(tone, 0.3)),
            (0.44, 0.16, darker(tone, 0.14)),
            (0.68, 0.26, lighter(tone, 0.16)),
        )
    )
    shade = circle(x + radius * 0.45, y + radius * 0.4, radius * 1.1, "#1a1038", opacity=0.28)
    lit = circle(
        x - radius * 0.5, y - radius * 0.5, radius * 1.2, lighter(tone, 0.25), opacity=0.35
    )
    out = circle(x, y, radius, tone) + group(bands + lit + shade, clip_path=name)
    if ring:
        k = radius * 1.75
        arc = f"M{num(-k)} 0a{num(k)} {num(k * 0.3)} 0 0 0 {num(k * 2)} 0"
        out += group(
            stroke(arc, "#f3dfb8", radius * 0.13)
            + stroke(arc, darker("#f3dfb8", 0.25), radius * 0.03),
            transform=f"translate({num(x)} {num(y)}) rotate(-16)",
        )
    return out


def underwater(st: Stage) -> str:
    r = st.rng
    tone = natural(st, "underwater", r.choice(["#1f8fa8", "#2379b0", "#1f9a97"]))
    dark = mix(tone, "#0b2347", 0.7)
    if st.light.lit:
        tone = mix(tone, "#14275a", 0.5)
    out = rect(0, 0, st.w, st.h, st.linear((0, lighter(tone, 0.5)), (0.4, tone), (1, dark)))
    for _ in range(6):
        x, k = st.w * r.uniform(-0.1, 1.0), r.uniform(30, 90)
        paint = st.linear((0, "#f4fff4", 0.34), (1, "#f4fff4", 0))
        out += polygon(
            [(x, -5), (x + k, -5), (x + k * 2.6 + 130, st.h * 0.85), (x + k + 90, st.h * 0.85)],
            paint,
        )
    for i, far in enumerate((0.45, 0.25)):
        y = st.h * (0.8 + 0.05 * i)
        reef = mix(dark, tone, far)
        d = f"M-10 {num(y)}"
        x = -10.0
        while x < st.w + 10:
            k = r.uniform(60, 150)
            d += f"q{num(k * 0.5)} {num(-r.uniform(30, 120))} {num(k)} {num(r.uniform(-8, 8))}"
            x += k
        out += path(d + f"V{num(st.h + 5)}H-10Z", reef)
    y = st.h * 0.9
    sand = mix("#e9cf9d", tone, 0.3)
    out += path(
        f"M-10 {num(y)}Q{num(st.w * 0.3)} {num(y - 30)} {num(st.w * 0.6)}"
        f" {num(y + 6)}T{num(st.w + 10)} "
        f"{num(y)}V{num(st.h + 5)}H-10Z",
        st.linear((0, sand), (1, mix(sand, dark, 0.45))),
    )
    for side in (0.04, 0.12, 0.86, 0.95):
        out += _weed(st, st.w * side + r.uniform(-20, 20), y + 26, r.uniform(150, 330))
    for _ in range(4):
        out += _coral(st, st.w * r.choice([r.uniform(0.02, 0.26), r.uniform(0.74, 0.98)]), y + 24)
    for _ in range(24):
        k = r.uniform(3, 11)
        x, yy = r.uniform(0, st.w), r.uniform(0, st.h * 0.85)
        out += circle(x, yy, k, "#ffffff", opacity=0.2) + circle(
            x - k * 0.3, yy - k * 0.3, k * 0.28, "#ffffff", opacity=0.6
        )
    return out


def _weed(st: Stage, x: float, y: float, height: float) -> str:
    r = st.rng
    tone = r.choice(["#2f9a6a", "#5aa84a", "#c2557a", "#1f7a6a"])
    out = ""
    for i in range(3):
        sway, k = r.uniform(18, 40) * r.choice([-1, 1]), height * r.uniform(0.6, 1)
        xx = x + (i - 1) * 20
        out += stroke(
            f"M{num(xx)} {num(y)}c{num(sway)} {num(-k * 0.3)} {num(-sway)}"
            f" {num(-k * 0.6)} {num(sway * 0.3)} {num(-k)}",
            mix(tone, "#0f3a5a", 0.15 * i),
            13 - i * 2,
        )
    return out


def _coral(st: Stage, x: float, y: float) -> str:
    r = st.rng
    tone = r.choice(["#f08a6b", "#ef6f8a", "#f2b84b", "#b46fc2"])
    out = ""
    for i in range(5):
        angle = math.radians(-150 + 30 * i + r.uniform(-8, 8))
        k = r.uniform(50, 105)
        bx, by = x + math.cos(angle) * k, y + math.sin(angle) * k
        out += stroke(
            f"M{num(x)} {num(y)}Q{num(x)} {num(y - k * 0.4)} {num(bx)} {num(by)}", tone, 15
        )
        out += circle(bx, by, 11, lighter(tone, 0.25))
    return out
