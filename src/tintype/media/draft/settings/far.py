"""Backdrops that stand on the horizon: mountains, hills, forest, city."""

import itertools

from tintype.media.draft.colour import lighter, mix
from tintype.media.draft.light import COLORS
from tintype.media.draft.shapes import conifer
from tintype.media.draft.sky import rolling, wisps
from tintype.media.draft.stage import Stage
from tintype.media.draft.svg import Point, group, num, path, polygon, rect


def natural(st: Stage, setting: str, color: str, share: float = 0.75) -> str:
    """A setting's own colour, led towards the one the prompt gave it."""
    asked = st.scene.setting_colors.get(setting)
    return mix(color, COLORS[asked], share) if asked else color


def peak(st: Stage, apex: Point, half: float, base: float, rock: str, snow: float) -> str:
    """One mountain: a lit and a shaded face parted by a jagged edge, and a cap of `snow` (0-1)."""
    r = st.rng
    x, top = apex
    rise = base - top
    n = 9
    sun_left = st.light.sun_x * st.w < x
    left, middle, right = [apex], [apex], [apex]
    drift = x
    for k in range(1, n + 1):
        t = k / n
        jut = half * 0.07 * (1 - t * 0.6)
        left.append((x - half * t + r.uniform(-jut, jut), top + rise * t))
        right.append((x + half * t + r.uniform(-jut, jut), top + rise * t))
        drift += half * r.uniform(-0.11, 0.15) * (1 if sun_left else -1)
        middle.append((drift, top + rise * t))
    lit, shade = lighter(rock, 0.16), mix(rock, "#1f2450", 0.26)
    a, b = (lit, shade) if sun_left else (shade, lit)
    out = polygon(left + middle[::-1], a) + polygon(middle + right[::-1], b)
    if snow > 0:
        # Snow outshines the light that falls on it, so that it reads as snow at any hour.
        white = mix(st.depth("#fdfbf6", 0.04), "#fdfbf6", 0.5 if not st.light.lit else 0.15)
        out += _snow(st, left, middle, snow, white if sun_left else mix(white, rock, 0.34))
        out += _snow(st, middle, right, snow, mix(white, rock, 0.34) if sun_left else white)
    return out


def _snow(st: Stage, one: list[Point], two: list[Point], share: float, color: str) -> str:
    """Snow between two edges from the apex down, ending in fingers."""
    r = st.rng
    depth = max(2, round(share * (len(one) - 1)))
    a, b = one[: depth + 1], two[: depth + 1]
    teeth = []
    (x0, y0), (x1, y1) = b[-1], a[-1]
    drop = abs(a[-1][1] - a[0][1])
    count = 4
    for i in range(1, count):
        t = i / count
        reach = drop * (r.uniform(0.1, 0.3) if i % 2 else -r.uniform(0.12, 0.3))
        teeth.append((x0 + (x1 - x0) * t, y0 + (y1 - y0) * t + reach))
    return polygon([*a, *teeth[::-1], *b[::-1]], color)


def _range(st: Stage, base: float, rise: float, peaks: int) -> list[Point]:
    """The outline of a distant range: uneven peaks with a shoulder, valleys half way between."""
    r = st.rng
    tops = [
        (st.w * (i + r.uniform(0.2, 0.8)) / peaks, base - rise * r.uniform(0.55, 1.0))
        for i in range(-1, peaks + 1)
    ]
    points: list[Point] = [(tops[0][0], base)]
    for (x0, y0), (x1, y1) in itertools.pairwise(tops):
        low = base - (base - max(y0, y1)) * r.uniform(0.4, 0.62)
        shoulder = r.uniform(0.3, 0.45)
        points += [(x0, y0), (x0 + (x1 - x0) * shoulder * 0.6, y0 + (low - y0) * shoulder)]
        points.append((x0 + (x1 - x0) * r.uniform(0.42, 0.6), low))
    return [*points, tops[-1], (tops[-1][0], base)]


def mountains(st: Stage, base: float, *, rise: float) -> str:
    """Two hazy ranges, then a few faceted peaks, mist between them."""
    r = st.rng
    tone = natural(st, "mountains", r.choice(["#5b6f96", "#6a6a94", "#5d7a86", "#76688a"]))
    if "autumn" in st.scene.weather:
        tone = mix(tone, "#8b5f4d", 0.3)
    snow = 0.44 if "snowcap" in st.scene.weather or "snowland" in st.scene.settings else 0.0
    if not snow and st.scene.shows("snowcap"):
        snow = r.choice([0.0, 0.24, 0.3])
    out = ""
    for level, far in enumerate((0.74, 0.52)):
        points = _range(st, base, rise * (0.86 - 0.16 * level), round(5 * st.w / st.s) + 1 + level)
        out += polygon(points, st.depth(tone, far))
    out += wisps(st, base - rise * 0.42, 4, lighter(st.light.haze, 0.4), 0.5)
    count = max(2, round(2.6 * st.w / st.s))
    order = sorted(range(count), key=lambda _: r.random())
    depths = [0.3, 0.22, 0.14]
    for turn, i in enumerate(order):
        x = st.w * (i + 0.5 + r.uniform(-0.22, 0.22)) / count
        height = rise * r.uniform(0.72, 1.06) * (0.86 if turn else 1.06)
        rock = st.depth(tone, depths[min(turn, 2)])
        out += peak(st, (x, base - height), height * r.uniform(0.72, 0.95), base + 12, rock, snow)
    paint = st.linear((0, st.light.haze, 0), (1, st.light.haze, 0.85))
    return out + rect(0, base - rise * 0.34, st.w, rise * 0.34 + 14, paint)


def hills(st: Stage, base: float, *, rise: float) -> str:
    r = st.rng
    green = natural(st, "hills", _season(st, r.choice(["#6f9a62", "#7fa568", "#5f9273"])))
    out = ""
    for i, far in enumerate((0.72, 0.5, 0.3)):
        y = base - rise * (0.62 - 0.27 * i)
        out += rolling(st, y, rise * 0.42, 4 + i, st.depth(green, far), base + 30)
        if i == 1 and st.scene.shows("trees"):
            out += "".join(
                round_tree(st, r.uniform(0, st.w), y - rise * 0.08, r.uniform(16, 30), green, far)
                for _ in range(round(7 * st.w / st.s))
            )
    return out


def _season(st: Stage, green: str) -> str:
    weather = st.scene.weather
    if "autumn" in weather:
        return mix(green, "#d98a3d", 0.68)
    if st.scene.snowy:
        return mix(green, "#e8eef2", 0.82)
    if "spring" in weather:
        return mix(green, "#a8cf6a", 0.4)
    return green


def round_tree(st: Stage, x: float, y: float, size: float, green: str, far: float) -> str:
    leaf = st.depth(mix(green, "#2c5a46", 0.5), far)
    return rect(x - size * 0.07, y - size * 0.5, size * 0.14, size * 0.6, leaf) + path(
        f"M{num(x)} {num(y - size * 1.6)}c{num(size * 0.6)} 0 {num(size * 0.6)}"
        f" {num(size * 1.2)} 0 "
        f"{num(size * 1.2)}c{num(-size * 0.6)} 0 {num(-size * 0.6)} {num(-size * 1.2)} 0 "
        f"{num(-size * 1.2)}Z",
        leaf,
    )


def forest(st: Stage, base: float, *, rise: float) -> str:
    """Rows of firs, paler with distance; broad trunks close by are the ground's business."""
    r = st.rng
    green = natural(st, "forest", _forest_green(st))
    snowy = st.scene.snowy or "snowcap" in st.scene.weather
    out = ""
    for far, share in ((0.66, 0.8), (0.42, 0.95), (0.2, 1.05)):
        color = st.depth(green, far)
        count = round(13 * st.w / st.s * (1.3 - share * 0.3))
        row = ""
        for i in range(count):
            x = st.w * (i + r.uniform(0.1, 0.9)) / count
            height = rise * share * r.uniform(0.62, 1.0)
            snow = st.depth("#f6f8fa", far * 0.8) if snowy else None
            row += conifer(x, base + (1 - far) * 26, height, color, snow)
        out += row + rect(0, base - 6 + (1 - far) * 20, st.w, 60, color)
        out += rect(
            0,
            base - rise * 0.45,
            st.w,
            rise * 0.5 + 30,
            st.linear((0, st.light.haze, 0), (1, st.light.haze, 0.4)),
        )
    return out


def _forest_green(st: Stage) -> str:
    if "autumn" in st.scene.weather:
        return st.rng.choice(["#b5652c", "#c58a32", "#a4512f"])
    return st.rng.choice(["#2f6b54", "#3a7352", "#2b6264"])


def city(st: Stage, base: float, *, rise: float) -> str:
    """Three skylines; the nearest has windows, which shine when lamps are on."""
    r = st.rng
    tone = natural(st, "city", r.choice(["#56658f", "#6d5f86", "#4d6f83", "#7a6472"]))
    out = ""
    for level, far in enumerate((0.72, 0.46, 0.16)):
        x = -30.0
        while x < st.w + 20:
            width = r.uniform(52, 96) * (0.8 + 0.2 * level)
            height = rise * r.uniform(0.5, 1.0) * (1.12 - 0.2 * level)
            warm = mix(
                tone, r.choice(["#c0705a", "#d9a066", "#4f6d9a"]), 0.3 if level == 2 else 0.1
            )
            out += tower(st, x, base + 8, width, height, st.depth(warm, far), level)
            x += width + r.uniform(-8, 14)
        if level < 2:
            paint = st.linear((0, st.light.haze, 0), (1, st.light.haze, 0.5))
            out += rect(0, base - rise * 0.5, st.w, rise * 0.5 + 8, paint)
    return out


def tower(
    st: Stage, x: float, base: float, width: float, height: float, color: str, level: int
) -> str:
    r = st.rng
    top = base - height
    roof = r.choice(["flat", "flat", "step", "spire", "slant"])
    shade = mix(color, "#161b3d", 0.2)
    right = st.light.sun_x < 0.5
    out = rect(x, top, width, height, color)
    out += rect(x + width * 0.62 if right else x, top, width * 0.38, height, shade)
    if roof == "step":
        out += rect(x + width * 0.18, top - width * 0.3, width * 0.64, width * 0.32, color)
        out += rect(x + width * 0.46, top - width * 0.7, width * 0.08, width * 0.42, shade)
    elif roof == "spire":
        out += polygon(
            [(x, top + 1), (x + width / 2, top - width * 0.62), (x + width, top + 1)], shade
        )
    elif roof == "slant":
        out += polygon([(x, top + 1), (x + width, top - width * 0.4), (x + width, top + 1)], color)
    if level < 1:
        return out
    lit = "#ffd98a" if st.light.lit else lighter(color, 0.4)
    dim = mix(color, "#101633", 0.3)
    columns = max(2, int(width // 19))
    gap = width / columns
    panes_on, panes_off = "", ""
    y = top + 14
    while y < base - 18:
        for i in range(columns):
            pane = rect(x + gap * i + gap * 0.26, y, gap * 0.48, 11, "none")
            cell = pane.replace(' fill="none"', "")
            if r.random() < (0.55 if st.light.lit else 0.35):
                panes_on += cell
            else:
                panes_off += cell
        y += 23
    on = group(panes_on, fill=lit, fill_opacity=0.95 if level == 2 else 0.5)
    return out + on + group(panes_off, fill=dim, fill_opacity=0.55 if level == 2 else 0.3)
