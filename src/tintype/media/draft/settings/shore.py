"""The near bank of a lake, a river or the sea: land in the foreground for what doesn't swim."""

from itertools import pairwise

from tintype.media.draft.colour import darker, lighter, mix
from tintype.media.draft.settings.ground import grass, tufts
from tintype.media.draft.shapes import conifer, leaf
from tintype.media.draft.stage import Stage
from tintype.media.draft.svg import Point, ellipse, group, num, path, smooth, stroke

# Where the water's edge runs, as shares of the depth: at the high end, midway, at the low end.
_EDGE = (0.34, 0.42, 0.56, 0.67, 0.73)


def high_side(st: Stage) -> float:
    """The end where the bank rises, 0 left or 1 right: away from the light."""
    return 0.0 if st.light.sun_x > 0.5 else 1.0


def reflection(st: Stage, land: str) -> str:
    """What stands behind the water, upside down in it."""
    low = st.h - st.horizon
    view = st.clip(path(f"M0 {num(st.horizon)}H{num(st.w)}V{num(st.h)}H0Z", "#000000"))
    k = min(0.5, low * 0.8 / (st.s * 0.5))
    mirrored = group(land, transform=f"translate(0 {num(st.horizon * (1 + k))}) scale(1 {num(-k)})")
    return group(mirrored, clip_path=view, fill_opacity=0.24)


def bank(st: Stage, *, sheltered: bool) -> str:
    """Grass that comes down to the water over a strip of shingle; firs and reeds by a lake."""
    r, low = st.rng, st.h - st.horizon
    green = grass(st)
    edge = _edge(st)
    pebble = "#b9a88d" if sheltered else "#e6cf9f"
    pebble = st.depth("#cfd8e0" if st.scene.snowy else pebble, 0.04)
    out = _land(st, edge, -10, lighter(st.water or st.light.haze, 0.5), 0.6)
    out += _land(st, edge, 0, pebble)
    out += _pebbles(st, edge, pebble)
    far = st.depth(green, 0.06)
    out += _land(st, edge, low * 0.05, st.linear((0, lighter(far, 0.22)), (1, far)))
    if sheltered and st.scene.shows("trees"):
        out += _firs(st, edge)
    near = st.depth(mix(green, "#2f5d46", 0.3), 0)
    rolls = [(x, y + low * (0.17 + 0.03 * (i % 2))) for i, (x, y) in enumerate(edge)]
    out += _land(st, rolls, 0, st.linear((0, lighter(near, 0.16)), (1, mix(near, "#1f3a48", 0.25))))
    out += tufts(st, green, st.horizon + low * 0.78)
    if sheltered and not st.scene.snowy:
        x, y = edge[3] if r.random() < 0.5 else edge[4]
        out += _reeds(st, x + st.s * r.uniform(-0.05, 0.1), y + low * 0.05)
    return out


def _edge(st: Stage) -> list[Point]:
    r, low = st.rng, st.h - st.horizon
    points = []
    for i, share in enumerate(_EDGE):
        across = -0.06 + 1.12 * i / (len(_EDGE) - 1)
        x = st.w * (across if high_side(st) == 0 else 1 - across)
        points.append((x, st.horizon + low * (share + r.uniform(-0.015, 0.015))))
    return points


def _land(
    st: Stage, edge: list[Point], lower: float, paint: str, opacity: float | None = None
) -> str:
    moved = [(x, y + lower) for x, y in edge]
    last, first = moved[-1][0], moved[0][0]
    bottom = num(st.h + 20)
    d = smooth(moved) + f"L{num(last)} {bottom}L{num(first)} {bottom}Z"
    return path(d, paint, opacity=opacity)


def _pebbles(st: Stage, edge: list[Point], tone: str) -> str:
    r, out = st.rng, ""
    for (x0, y0), (x1, y1) in pairwise(edge):
        for _ in range(round(7 * st.w / st.s)):
            t = r.random()
            k = r.uniform(3, 10)
            x, y = x0 + (x1 - x0) * t, y0 + (y1 - y0) * t + r.uniform(4, 18)
            color = mix(tone, r.choice(["#6f6678", "#efe4d0", "#8a7f78"]), 0.45)
            out += ellipse(x, y, k, k * 0.5, color)
    (x0, y0), (x1, y1) = edge[2], edge[3]
    for t, k in ((0.2, 30.0), (0.34, 19.0), (0.86, 24.0)):
        x, y = x0 + (x1 - x0) * t, y0 + (y1 - y0) * t + 4
        stone = st.depth("#8a8694", 0.06)
        out += path(
            f"M{num(x - k)} {num(y + k * 0.35)}C{num(x - k)} {num(y - k * 0.5)} {num(x - k * 0.2)}"
            f" {num(y - k * 0.75)} {num(x + k * 0.3)} {num(y - k * 0.5)}"
            f"C{num(x + k)} {num(y - k * 0.3)} {num(x + k)} {num(y + k * 0.35)} {num(x + k)}"
            f" {num(y + k * 0.35)}Z",
            st.linear((0, lighter(stone, 0.25)), (1, darker(stone, 0.3))),
        )
    return out


def _firs(st: Stage, edge: list[Point]) -> str:
    """Two or three firs where the bank is highest, which frame the view."""
    r = st.rng
    snow = st.depth("#eef3f7", 0.05) if st.scene.snowy else None
    out = ""
    side = -1 if high_side(st) == 0 else 1
    rim = st.w * high_side(st)
    for away, size in ((0.13, 0.3), (-0.005, 0.52), (0.07, 0.42)):
        x = rim - side * st.s * (away + r.uniform(-0.012, 0.012))
        y = edge[0][1] + (st.h - st.horizon) * (0.1 + 0.12 * size)
        color = st.depth(mix("#2f5f50", "#1c2f48", 0.3 if size > 0.4 else 0.12), 0.1)
        out += conifer(x, y, st.s * size * r.uniform(0.92, 1.08), color, snow)
    return out


def _reeds(st: Stage, x: float, y: float) -> str:
    r, out = st.rng, ""
    green = st.depth("#4f7a4a" if "autumn" not in st.scene.weather else "#a3793f", 0)
    for i in range(12):
        k = st.s * r.uniform(0.06, 0.13)
        at = x + (i - 6) * st.s * 0.009
        out += leaf(
            at,
            y,
            -90 + (i - 6) * 3.2 + r.uniform(-4, 4),
            k,
            4.5,
            mix(green, "#20383a", 0.06 * (i % 4)),
        )
    for i in (-2, 1, 3):
        k = st.s * r.uniform(0.1, 0.14)
        at = x + i * st.s * 0.014
        out += stroke(f"M{num(at)} {num(y)}l{num(i * 2)} {num(-k)}", darker(green, 0.1), 3)
        head = f"M{num(at + i * 2)} {num(y - k)}l{num(i * 0.6)} {num(-st.s * 0.026)}"
        out += stroke(head, st.depth("#6b4630", 0), 9)
    return out
