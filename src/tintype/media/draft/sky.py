"""Above the horizon: the sky's gradient, sun, moon, stars, clouds and distant birds."""

import math

from tintype.media.draft.colour import lighter, mix
from tintype.media.draft.stage import Stage
from tintype.media.draft.svg import circle, ellipse, num, path, polygon, rect, smooth, stroke


def sky(st: Stage) -> str:
    light = st.light
    paint = st.linear((0, light.sky[0]), (0.55, light.sky[1]), (1, light.sky[2]))
    out = rect(0, 0, st.w, st.horizon + st.h * 0.06, paint)
    if light.time in {"night", "dusk"} and st.scene.shows("stars") and not _covered(st):
        out += stars(st, 90 if light.time == "night" else 26, st.horizon)
    out += celestial(st)
    if st.scene.shows("clouds") and "clear" not in st.scene.weather:
        out += clouds(st)
    if "storm" in st.scene.weather:
        out += lightning(st)
    return out


def _covered(st: Stage) -> bool:
    return bool(st.scene.weather & {"rain", "storm", "fog", "snowfall"})


def stars(st: Stage, count: int, low: float) -> str:
    r = st.rng
    out = ""
    for _ in range(int(count * max(st.w, st.h) / st.s)):
        x, y = r.random() * st.w, r.random() ** 1.4 * low
        size = r.choice([1.2, 1.6, 2.2, 3.0])
        out += circle(x, y, size, "#fff8e4", opacity=round(r.uniform(0.35, 0.95), 2))
    for _ in range(5):
        x, y, k = r.random() * st.w, r.random() * low * 0.6, r.uniform(5, 10)
        out += sparkle(x, y, k, "#fff8e4")
    return out


def sparkle(x: float, y: float, size: float, color: str) -> str:
    """A four-pointed star."""
    points = []
    for i in range(8):
        radius = size if i % 2 == 0 else size * 0.2
        angle = math.pi / 4 * i
        points.append((x + math.sin(angle) * radius, y - math.cos(angle) * radius))
    return polygon(points, color)


def celestial(st: Stage) -> str:
    light = st.light
    x, y = st.w * light.sun_x, st.horizon * light.sun_y
    if _covered(st):
        return ""
    if light.time == "night":
        return moon(st, x, st.h * 0.17) if st.scene.shows("moon") else ""
    if not st.scene.shows("sun"):
        return ""
    radius = {"day": 62, "dawn": 92, "sunset": 118, "dusk": 96}[light.time]
    glow = st.radial((0, light.sun, 0.75), (0.35, light.sun, 0.32), (1, light.sun, 0))
    return circle(x, y, radius * 4.2, glow) + circle(x, y, radius, light.sun)


def moon(st: Stage, x: float, y: float) -> str:
    glow = st.radial((0, "#e9edff", 0.5), (0.3, "#c9d4ff", 0.22), (1, "#c9d4ff", 0))
    out = circle(x, y, 330, glow) + circle(x, y, 72, "#f8f2d9")
    for dx, dy, r in ((-22, -16, 15), (20, 12, 20), (-8, 34, 9), (26, -30, 8)):
        out += circle(x + dx, y + dy, r, "#e6dcb8")
    return out


def cloud(x: float, y: float, width: float, color: str, belly: str, bumps: list[float]) -> str:
    """A flat-bottomed cloud of round bumps; `belly` shades its lower edge."""
    thick = width * 0.17
    out = rect(x, y - thick, width, thick, color, thick / 2)
    for i, bump in enumerate(bumps):
        share = (i + 0.5) / len(bumps)
        radius = width * (0.09 + 0.13 * math.sin(math.pi * share)) * bump
        middle = y - max(thick * 0.72, radius)
        out += circle(x + width * (0.16 + 0.68 * share), middle, radius, color)
    return out + rect(
        x + width * 0.1, y - thick * 0.42, width * 0.72, thick * 0.42, belly, thick * 0.21
    )


def clouds(st: Stage) -> str:
    r, light = st.rng, st.light
    heavy = bool(st.scene.weather & {"clouds", "storm", "rain", "snowfall"})
    white = {
        "day": "#ffffff",
        "dawn": "#fff1e4",
        "sunset": "#ffd9b8",
        "dusk": "#c7a3bd",
        "night": "#54699f",
    }[light.time]
    if st.scene.weather & {"storm", "rain"}:
        white = mix(white, light.sky[0], 0.55)
    count = round((7 if heavy else r.choice([2, 3, 4])) * max(1.0, st.w / st.s * 0.8))
    out = ""
    for i in range(count):
        share = (i + r.uniform(0.1, 0.9)) / count
        far = r.random()
        width = (130 + 210 * (1 - far)) * (1.35 if heavy else 1)
        y = st.horizon * (0.1 + 0.62 * far + r.uniform(-0.03, 0.03))
        x = share * (st.w + 200) - 100 - width / 2
        tone = mix(white, light.sky[1], 0.18 + 0.5 * far)
        bumps = [r.uniform(0.72, 1.05) for _ in range(r.choice([3, 3, 4]))]
        out += cloud(x, y, width, tone, mix(tone, light.sky[1], 0.22), bumps)
    return out


def birds(st: Stage, count: int) -> str:
    """A loose flock of small strokes, for scale."""
    r = st.rng
    if not st.scene.shows("birds") or _covered(st):
        return ""
    cx = st.w * (0.25 if st.light.sun_x > 0.5 else 0.75) + r.uniform(-40, 40)
    cy = st.horizon * r.uniform(0.3, 0.48)
    color = mix(st.light.sky[0], "#1c2340", 0.45)
    out = ""
    for _ in range(count):
        x, y, k = cx + r.uniform(-110, 110), cy + r.uniform(-45, 45), r.uniform(7, 14)
        d = (
            f"M{num(x - k)} {num(y - k * 0.35)}Q{num(x - k * 0.4)} {num(y - k * 0.5)}"
            f" {num(x)} {num(y)}"
        )
        d += f"Q{num(x + k * 0.4)} {num(y - k * 0.5)} {num(x + k)} {num(y - k * 0.35)}"
        out += stroke(d, color, 2.6)
    return out


def fog_bank(st: Stage, y: float, thickness: float, opacity: float) -> str:
    paint = st.linear((0, st.light.haze, 0), (0.5, st.light.haze, opacity), (1, st.light.haze, 0))
    return rect(0, y - thickness / 2, st.w, thickness, paint)


def weather(st: Stage) -> str:
    """What falls or hangs in front of everything."""
    out = ""
    kinds = st.scene.weather
    if "fog" in kinds:
        out += fog_bank(st, st.h * 0.86, st.h * 0.34, 0.45)
    if kinds & {"rain", "storm"}:
        out += rain(st)
    if "snowfall" in kinds:
        out += snowfall(st)
    return out


def rain(st: Stage) -> str:
    r = st.rng
    d = ""
    for _ in range(int(150 * st.w * st.h / (st.s * st.s))):
        x, y, k = r.uniform(-50, st.w + 50), r.uniform(-50, st.h), r.uniform(24, 58)
        d += f"M{num(x)} {num(y)}l{num(-k * 0.3)} {num(k)}"
    return stroke(d, lighter(st.light.haze, 0.6), 2.6, opacity=0.55)


def snowfall(st: Stage) -> str:
    r = st.rng
    out = ""
    for _ in range(int(170 * st.w * st.h / (st.s * st.s))):
        near = r.random() ** 3
        x, y = r.uniform(0, st.w), r.uniform(0, st.h)
        out += circle(x, y, 2.2 + 7 * near, "#ffffff", opacity=round(0.9 - 0.35 * near, 2))
    return out


def lightning(st: Stage) -> str:
    r = st.rng
    x = st.w * (1 - st.light.sun_x) + r.uniform(-60, 60)
    y = st.horizon * 0.12
    left, right = [(x, y)], [(x + 26, y)]
    steps = 6
    for i in range(1, steps + 1):
        y += st.horizon * 0.78 / steps
        x += r.uniform(14, 46) * (1 if i % 2 else -1)
        width = 20 * (1 - i / steps)
        left.append((x, y))
        right.append((x + width, y - 4))
    glow = st.radial((0, "#fdf6c8", 0.5), (1, "#fdf6c8", 0))
    return ellipse(x, st.horizon * 0.5, 190, st.horizon * 0.5, glow) + polygon(
        left + right[::-1], "#fff7cf"
    )


def wisps(st: Stage, y: float, count: int, color: str, opacity: float) -> str:
    """Long thin streaks of cloud or mist."""
    r = st.rng
    out = ""
    for _ in range(count):
        x, width, yy = r.uniform(-100, st.w), r.uniform(160, 420), y + r.uniform(-26, 26)
        out += rect(x, yy, width, r.uniform(6, 13), color, 6, opacity=opacity)
    return out


def ridge_line(st: Stage, y: float, rise: float, steps: int) -> list[tuple[float, float]]:
    """Points of a rolling line over the whole width, ends included."""
    r = st.rng
    return [(st.w * (i - 0.5) / (steps - 1), y - rise * r.random()) for i in range(steps + 1)]


def rolling(st: Stage, y: float, rise: float, steps: int, fill: str, low: float) -> str:
    """A hill-like band from a rolling line at `y` down to `low`."""
    points = ridge_line(st, y, rise, steps)
    return path(smooth(points) + f"L{num(st.w + 200)} {num(low)}L-200 {num(low)}Z", fill)
