"""What lies between the horizon and the lower edge: fields, water, sand, snow, streets, roads."""

from tintype.media.draft.colour import lighter, mix
from tintype.media.draft.settings.far import natural, round_tree
from tintype.media.draft.shapes import conifer
from tintype.media.draft.sky import rolling, wisps
from tintype.media.draft.stage import Stage
from tintype.media.draft.svg import circle, ellipse, group, num, path, polygon, rect, smooth, stroke


def field(st: Stage) -> str:
    """Rolling meadow in three planes with a few flowers."""
    r, y, low = st.rng, st.horizon, st.h - st.horizon
    green = natural(st, "field", grass(st))
    out = rect(0, y - 2, st.w, low + 4, st.depth(green, 0.4))
    for i, far in enumerate((0.32, 0.16, 0.0)):
        top = y + low * (0.07 + 0.26 * i)
        tone = st.depth(mix(green, "#2f5d46", 0.12 * i), far)
        paint = st.linear((0, lighter(tone, 0.2)), (1, mix(tone, "#1f3a48", 0.1)))
        out += rolling(st, top, low * 0.11, 3 + i, paint, st.h + 20)
        if i == 0 and st.scene.shows("trees"):
            for _ in range(round(4 * st.w / st.s)):
                out += round_tree(st, r.uniform(0, st.w), top, r.uniform(26, 50), green, 0.35)
    return out + tufts(st, green, y + low * 0.45)


def grass(st: Stage) -> str:
    weather = st.scene.weather
    if "autumn" in weather:
        return st.rng.choice(["#c7974a", "#b98b45"])
    if st.scene.snowy:
        return "#dfe6ea"
    return st.rng.choice(["#7fae5d", "#8fb45f", "#6fa368", "#9db85c"])


def tufts(st: Stage, green: str, top: float) -> str:
    """Blades of grass, and flowers when the season has them."""
    r = st.rng
    blades, blooms = "", ""
    petals = ["#f6d65a", "#fdfaf0", "#ef8d8d", "#d98fc4"]
    for _ in range(round(46 * st.w / st.s)):
        x, y = r.uniform(0, st.w), top + (st.h - top) * r.random() ** 0.8
        k = 7 + 15 * (y - top) / max(1.0, st.h - top)
        blades += f"M{num(x)} {num(y)}q{num(-k * 0.3)} {num(-k * 0.5)} {num(-k * 0.6)} {num(-k)}"
        blades += f"M{num(x)} {num(y)}q0 {num(-k * 0.6)} {num(k * 0.2)} {num(-k * 1.2)}"
        if r.random() < 0.45 and not st.scene.snowy and "autumn" not in st.scene.weather:
            blooms += circle(x + k * 0.2, y - k * 1.2, k * 0.22, st.depth(r.choice(petals), 0.05))
    return stroke(blades, st.depth(mix(green, "#24523f", 0.45), 0.0), 2.4, opacity=0.75) + blooms


def water(st: Stage, setting: str) -> str:
    """Sea or lake: bands that darken towards us, strokes of light, the sun's path."""
    r, y, low, light = st.rng, st.horizon, st.h - st.horizon, st.light
    blue = natural(st, setting, r.choice(["#2f7f9e", "#2b8a97", "#3674a8"]))
    if "storm" in st.scene.weather:
        blue = mix(blue, "#2c3850", 0.5)
    far = mix(st.depth(blue, 0.34), light.sky[2], 0.25)
    near = st.depth(mix(blue, "#123a63", 0.34), 0)
    out = rect(0, y, st.w, low + 2, st.linear((0, far), (0.35, st.depth(blue, 0.1)), (1, near)))
    st.water = st.depth(blue, 0.08)
    out += _glitter(st)
    crest, deep = lighter(far, 0.5), mix(near, "#0d2747", 0.35)
    for i in range(6):
        t = (i + 0.6) / 6
        yy = y + low * t**1.5
        rise = (5 + 22 * t) * (1.9 if "storm" in st.scene.weather else 1)
        if setting == "sea" and i > 1:
            points = _wave(st, yy, rise)
            tone = mix(st.depth(blue, 0.14), near, t)
            out += path(
                smooth(points) + f"L{num(st.w + 80)} {num(st.h + 9)}L-80 {num(st.h + 9)}Z", tone
            )
            out += stroke(smooth(points), crest, 1.5 + 2.5 * t, opacity=0.5)
        for _ in range(round(7 * st.w / st.s)):
            x, k = r.uniform(0, st.w), (18 + 70 * t) * r.uniform(0.5, 1.3)
            color = crest if r.random() < 0.6 else deep
            out += rect(x, yy + r.uniform(6, 14 + 30 * t), k, 2 + 3.5 * t, color, 3, opacity=0.42)
    return out


def _wave(st: Stage, y: float, rise: float) -> list[tuple[float, float]]:
    r = st.rng
    n = round(9 * st.w / st.s)
    return [
        (-80 + (st.w + 160) * i / n, y + (rise * 0.5 if i % 2 else -rise * 0.5) * r.uniform(0.4, 1))
        for i in range(n + 1)
    ]


def _glitter(st: Stage) -> str:
    if st.scene.weather & {"rain", "storm", "fog", "snowfall"}:
        return ""
    if not st.scene.shows("moon" if st.light.time == "night" else "sun"):
        return ""
    r, x = st.rng, st.w * st.light.sun_x
    out = ""
    for i in range(15):
        t = (i + 0.5) / 15
        width = (150 - 60 * t) * r.uniform(0.35, 1.0) + 26
        out += rect(
            x - width / 2 + r.uniform(-26, 26),
            st.horizon + 5 + (st.h - st.horizon) * t * 0.72,
            width,
            3.5 + 6 * t,
            st.light.sun,
            4,
            opacity=round(0.75 - 0.5 * t, 2),
        )
    return out


def islands(st: Stage) -> str:
    """Low land far out, so that the horizon is not a bare line."""
    r = st.rng
    tone = st.depth("#5d7d83", 0.6)
    out = ""
    for _ in range(r.choice([1, 2])):
        x, k = r.uniform(0.05, 0.95) * st.w, r.uniform(130, 260)
        y, t = st.horizon + 1, r.uniform(34, 70)
        out += path(
            f"M{num(x - k)} {num(y)}q{num(k * 0.4)} {num(-t)} {num(k * 0.8)} {num(-t * 0.8)}"
            f"t{num(k * 0.6)} {num(t * 0.15)}t{num(k * 0.6)} {num(t * 0.65)}Z",
            tone,
        )
    return out


def beach(st: Stage) -> str:
    """Sea behind, a curved tide line with foam, sand in front."""
    r, low = st.rng, st.h - st.horizon
    sand = natural(st, "beach", r.choice(["#f0d9a8", "#f3dcb4", "#ecd0a0"]))
    y = st.horizon + low * 0.36
    bend = r.choice([-1, 1]) * low * 0.12
    d = (
        f"M-20 {num(y + bend)}C{num(st.w * 0.3)} {num(y - bend)} {num(st.w * 0.6)} "
        f"{num(y + bend * 1.3)} {num(st.w + 20)} {num(y - bend * 0.6)}"
    )
    close = f"L{num(st.w + 20)} {num(st.h + 10)}L-20 {num(st.h + 10)}Z"
    tone = st.depth(sand, 0)
    paint = st.linear((0, lighter(tone, 0.15)), (1, mix(tone, "#b9875a", 0.28)))
    out = water(st, "sea")
    out += group(
        path(d + close, st.depth("#cdeae6", 0.05)), transform="translate(0 -22)", fill_opacity=0.55
    )
    out += group(path(d + close, "#ffffff"), transform="translate(0 -7)", fill_opacity=0.9)
    out += group(path(d + close, mix(tone, "#a97f58", 0.35)), transform="translate(0 2)")
    out += group(path(d + close, paint), transform="translate(0 16)")
    for _ in range(round(22 * st.w / st.s)):
        x, yy = r.uniform(0, st.w), st.horizon + low * r.uniform(0.56, 1)
        out += ellipse(x, yy, r.uniform(2, 6), 2.2, mix(tone, "#a0714a", 0.35), opacity=0.6)
    return out


def desert(st: Stage) -> str:
    r, y, low = st.rng, st.horizon, st.h - st.horizon
    sand = natural(st, "desert", r.choice(["#e3a860", "#dd9a63", "#e8b979"]))
    out = ""
    mesa = st.depth(mix(sand, "#a3553f", 0.55), 0.45)
    for _ in range(r.choice([2, 3])):
        x, k, t = r.uniform(0, st.w), r.uniform(90, 170), r.uniform(80, 170)
        out += polygon(
            [(x - k, y + 5), (x - k * 0.72, y - t), (x + k * 0.6, y - t), (x + k, y + 5)], mesa
        )
        out += polygon(
            [(x + k * 0.1, y - t), (x + k * 0.6, y - t), (x + k, y + 5), (x + k * 0.3, y + 5)],
            mix(mesa, "#3a2038", 0.2),
        )
    out += rect(0, y - 1, st.w, low + 2, st.depth(sand, 0.3))
    for i, far in enumerate((0.34, 0.2, 0.08, 0.0)):
        top = y + low * (0.03 + 0.21 * i)
        out += _dune(st, top, low * 0.22, st.depth(mix(sand, "#c4784a", 0.1 * i), far))
    return out


def _dune(st: Stage, y: float, rise: float, tone: str) -> str:
    """A dune with a crest line: one side in light, the other in shade."""
    r = st.rng
    x = st.w * r.uniform(0.2, 0.8)
    right = st.light.sun_x < 0.5
    shade = mix(tone, "#6b3350", 0.24)
    far = st.w + 60
    base = f"M-60 {num(y + rise * 0.6)}Q{num(x * 0.5)} {num(y + rise * 0.5)} {num(x)} {num(y)}"
    out = path(
        base
        + f"Q{num((x + far) / 2)} {num(y + rise * 0.55)} {num(far)} {num(y + rise * 0.4)}"
        + f"L{num(far)} {num(st.h + 9)}L-60 {num(st.h + 9)}Z",
        lighter(tone, 0.14),
    )
    side = far if right else -60
    sway = 130 if right else -130
    return out + path(
        f"M{num(x)} {num(y)}Q{num((x + side) / 2)} {num(y + rise * 0.55)} {num(side)} "
        f"{num(y + rise * (0.4 if right else 0.6))}L{num(side)} {num(st.h + 9)}"
        f"L{num(x + sway)} {num(st.h + 9)}C{num(x - sway * 0.4)} {num(y + rise * 1.6)} "
        f"{num(x + sway * 0.8)} {num(y + rise * 0.7)} {num(x)} {num(y)}Z",
        shade,
    )


def snowland(st: Stage) -> str:
    r, y, low = st.rng, st.horizon, st.h - st.horizon
    white = natural(st, "snowland", "#f3f6fa", 0.5)
    out = rect(0, y - 2, st.w, low + 4, st.depth(white, 0.3))
    for i, far in enumerate((0.28, 0.14, 0.0)):
        top = y + low * (0.1 + 0.27 * i)
        tone = st.depth(white, far)
        paint = st.linear((0, tone), (1, mix(tone, "#7f9fcb", 0.34)))
        if i < 2 and st.scene.shows("trees"):
            for _ in range(round((5 - 2 * i) * st.w / st.s)):
                x = r.uniform(0, st.w)
                if i and abs(x - st.w / 2) < st.s * 0.26:
                    continue
                color = st.depth("#33635c", 0.34 - 0.2 * i)
                out += conifer(x, top + 10, r.uniform(80, 130) * (1 + 0.9 * i), color, tone)
        out += rolling(st, top, low * 0.12, 3 + i, paint, st.h + 20)
    return out


def street(st: Stage) -> str:
    """A city's street: kerb, asphalt with lane marks, and the far pavement."""
    low = st.h - st.horizon
    stone, asphalt = st.depth("#b9b3ad", 0.14), st.depth(_asphalt(st), 0.0)
    y = st.horizon + low * 0.2
    paint = st.linear((0, mix(stone, st.light.haze, 0.3)), (1, stone))
    out = rect(0, st.horizon, st.w, low * 0.22, paint) + lamp_posts(st, y)
    out += rect(0, y, st.w, 9, mix(stone, "#20233f", 0.35))
    paint = st.linear((0, lighter(asphalt, 0.1)), (1, mix(asphalt, "#1a1c38", 0.3)))
    return out + rect(0, y + 9, st.w, st.h - y, paint) + _dashes(st, y + (st.h - y) * 0.84)


def plaza(st: Stage) -> str:
    """A paved square, its joints running to the horizon."""
    low = st.h - st.horizon
    stone = st.depth(natural(st, "city", st.rng.choice(["#cdbfae", "#c2b9c0", "#d3b9a0"]), 0.2), 0)
    paint = st.linear((0, mix(stone, st.light.haze, 0.45)), (1, mix(stone, "#5a4f72", 0.22)))
    out = rect(0, st.horizon, st.w, low + 2, paint)
    joint = mix(stone, "#3a3358", 0.3)
    for i in range(1, 8):
        out += rect(0, st.horizon + low * (i / 7.5) ** 1.8, st.w, 2.2, joint, opacity=0.4)
    middle, lines = st.w / 2, ""
    for i in range(-9, 10):
        x = middle + i * st.s * 0.06
        end = middle + i * st.s * 0.3
        lines += f"M{num(x)} {num(st.horizon)}L{num(end)} {num(st.h)}"
    return out + stroke(lines, joint, 2.2, opacity=0.35) + lamp_posts(st, st.horizon + low * 0.24)


def lamp_posts(st: Stage, foot: float) -> str:
    """A street lamp near each side, shining when lamps are on."""
    iron = st.depth("#34384a", 0.12)
    out = ""
    for x in (st.w * 0.07, st.w * 0.93):
        k = st.s * 0.3
        if st.light.lit:
            out += circle(x, foot - k, 130, st.radial((0, "#ffe2a0", 0.6), (1, "#ffe2a0", 0)))
        out += rect(x - 3.5, foot - k, 7, k, iron) + rect(x - 9, foot - 16, 18, 16, iron, 3)
        out += polygon(
            [
                (x - 15, foot - k - 34),
                (x + 15, foot - k - 34),
                (x + 9, foot - k),
                (x - 9, foot - k),
            ],
            "#ffe9b0" if st.light.lit else st.depth("#dfe9ee", 0.1),
        )
        out += polygon([(x - 19, foot - k - 34), (x, foot - k - 50), (x + 19, foot - k - 34)], iron)
    return out


def _asphalt(st: Stage) -> str:
    return natural(st, "road", natural(st, "city", "#5c6072", 0.15), 0.85)


def _dashes(st: Stage, y: float) -> str:
    out = ""
    x = st.rng.uniform(-120, 0)
    while x < st.w:
        out += polygon(
            [(x + 10, y), (x + 120, y), (x + 112, y + 13), (x, y + 13)], st.depth("#f7ecd2", 0.05)
        )
        x += 230
    return out


def road_across(st: Stage) -> str:
    """A road seen from its side, for what drives on it: verge, rail, asphalt."""
    low = st.h - st.horizon
    top, bottom = st.horizon + low * 0.5, st.horizon + low * 0.94
    asphalt = st.depth(_asphalt(st), 0)
    land = "#d9a060" if "desert" in st.scene.settings else natural(st, "field", grass(st))
    earth = st.depth(mix(land, "#6b5a45", 0.4), 0)
    out = rect(0, top - low * 0.06, st.w, low, earth)
    out += rect(0, top, st.w, bottom - top, st.linear((0, lighter(asphalt, 0.16)), (1, asphalt)))
    out += rect(0, top, st.w, 7, st.depth("#efe6d2", 0.1)) + rect(
        0, bottom - 8, st.w, 8, st.depth("#efe6d2", 0.05)
    )
    rail = st.depth("#d9d5cd", 0.12)
    y = top - low * 0.13
    x = st.rng.uniform(-90, 0)
    posts = ""
    while x < st.w:
        posts += rect(x, y, 9, low * 0.12, mix(rail, "#2b2d4a", 0.4))
        x += 118
    out += posts + rect(0, y, st.w, 17, rail) + rect(0, y + 11, st.w, 6, mix(rail, "#2b2d4a", 0.25))
    return out + _dashes(st, top + (bottom - top) * 0.8)


def road_away(st: Stage) -> str:
    """A road that winds from us to the horizon."""
    r, y, low = st.rng, st.horizon, st.h - st.horizon
    side = r.choice([-1, 1])
    asphalt = st.depth(_asphalt(st), 0.05)
    left, right, middle = [], [], []
    steps = 16
    for i in range(steps + 1):
        t = i / steps
        depth = t**1.9
        sway = side * st.s * 0.17 * (1 - t) ** 0.6 * (1.0 if t > 0.55 else -1.0 + 3.6 * t)
        x, half = st.w * 0.5 + sway, 5 + st.s * 0.26 * depth
        yy = y + low * depth * 1.03
        left.append((x - half, yy))
        right.append((x + half, yy))
        middle.append((x, yy, half))
    edge = smooth(left) + "L" + smooth(right[::-1])[1:] + "Z"
    out = path(edge, asphalt, stroke=st.depth("#efe6d2", 0.1), stroke_width=5)
    for i in range(3, steps, 2):
        (x0, y0, h0), (x1, y1, h1) = middle[i], middle[i + 1]
        out += polygon(
            [
                (x0 - h0 * 0.035, y0),
                (x0 + h0 * 0.035, y0),
                (x1 + h1 * 0.035, y1),
                (x1 - h1 * 0.035, y1),
            ],
            st.depth("#f7ecd2", 0.05),
        )
    return out


def forest_floor(st: Stage) -> str:
    """Moss and a path of light, with trunks and ferns at both sides."""
    r, y, low = st.rng, st.horizon, st.h - st.horizon
    tone = natural(st, "forest", "#5d8a54" if "autumn" not in st.scene.weather else "#b07a3c", 0.4)
    if st.scene.snowy:
        tone = "#e9eff4"
    near = st.depth(mix(tone, "#173a3a", 0.3), 0)
    out = rect(0, y, st.w, low + 2, st.linear((0, st.depth(lighter(tone, 0.25), 0.3)), (1, near)))
    out += rolling(
        st, y + low * 0.3, low * 0.12, 4, st.depth(mix(tone, "#2a5a47", 0.15), 0.06), st.h + 9
    )
    out += wisps(st, y + 12, 4, lighter(st.light.haze, 0.5), 0.4)
    if not st.scene.shows("trees"):
        return out
    bark = st.depth("#5b4436", 0.02)
    for side in (0, 1):
        for i in range(2):
            x = st.w * (0.02 + 0.09 * i) if side == 0 else st.w * (0.98 - 0.09 * i)
            k, base = (40 - 14 * i) * r.uniform(0.9, 1.2), y + low * (0.75 - 0.3 * i)
            out += path(
                f"M{num(x - k * 0.7)} -10L{num(x + k * 0.7)} -10L{num(x + k * 0.85)}"
                f" {num(base - 40)}"
                f"Q{num(x + k)} {num(base)} {num(x + k * 1.9)} {num(base + 12)}L{num(x - k * 1.9)} "
                f"{num(base + 12)}Q{num(x - k)} {num(base)} {num(x - k * 0.85)} {num(base - 40)}Z",
                mix(bark, st.light.haze, 0.22 * i),
            )
    return out + tufts(st, mix(tone, "#2c5a3a", 0.4), y + low * 0.5)
