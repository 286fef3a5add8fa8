"""What frames a scene from in front: foliage in its corners, and a ledge for small things."""

from tintype.media.draft.colour import darker, lighter, mix
from tintype.media.draft.settings.backdrop import Where
from tintype.media.draft.shapes import leaf
from tintype.media.draft.stage import Stage
from tintype.media.draft.svg import num, rect, stroke

_LEAFY = frozenset({"field", "forest", "road", "lake", "shore", "coast"})


def foreground(st: Stage, place: Where) -> str:
    """Dark leaves close to the eye, which push everything else back."""
    if place.enclosed or not st.scene.shows("trees") or "minimal" in st.scene.styles:
        return ""
    r = st.rng
    if place.below == "beach" and not st.pictures:
        return _fronds(
            st, r.choice([0.0, 1.0]) if st.light.sun_y > 0.5 else round(1 - st.light.sun_x)
        )
    if place.below not in _LEAFY or {"snowland", "desert"} & set(st.scene.settings):
        return ""
    green = "#2f5d46" if "autumn" not in st.scene.weather else "#8f4a2c"
    tone = st.depth(mix(green, "#1c2340", 0.35), 0)
    out = ""
    for side in r.choice([(0.0, 1.0), (0.0, 1.0), (0.0,), (1.0,)]):
        x, y = st.w * side, st.h + 14
        size = st.s * r.uniform(0.13, 0.19)
        for i in range(11):
            spread = -90 + (i - 5) * 15 + (16 if side == 0 else -16)
            out += leaf(
                x + (i - 5) * size * 0.16,
                y,
                spread + r.uniform(-5, 5),
                size * r.uniform(0.62, 1.05),
                size * 0.085,
                lighter(tone, 0.07) if i % 2 else tone,
            )
    return out


def _fronds(st: Stage, side: float) -> str:
    """Palm leaves that hang into the picture from an upper corner."""
    tone = st.depth("#2f6b4f", 0)
    x, y = st.w * side, -10.0
    turn = 1 if side == 0 else -1
    out = ""
    for i, (dx, dy) in enumerate(((0.34, 0.1), (0.27, 0.21), (0.14, 0.27))):
        ex, ey = x + turn * st.s * dx, y + st.s * dy
        mx, my = x + turn * st.s * dx * 0.62, y + st.s * dy * 0.18
        color = darker(tone, 0.12 * i)
        for k in range(1, 15):
            t = k / 14
            px = (1 - t) ** 2 * x + 2 * t * (1 - t) * mx + t * t * ex
            py = (1 - t) ** 2 * y + 2 * t * (1 - t) * my + t * t * ey
            base = 90 - turn * (18 - 40 * dy)
            out += leaf(px, py, base, st.s * 0.085 * (1.15 - t * 0.7), st.s * 0.008, color)
        out += stroke(f"M{num(x)} {num(y)}Q{num(mx)} {num(my)} {num(ex)} {num(ey)}", color, 5)
    return out


def ledge(st: Stage, foot: float) -> str:
    """A table's edge along the lower border, for a cup or a camera to stand on."""
    wood = st.depth(st.rng.choice(["#a8703f", "#8f5a38", "#b98550"]), 0)
    top, front = foot - st.s * 0.055, foot + st.s * 0.05
    out = rect(
        0, top, st.w, front - top, st.linear((0, lighter(wood, 0.3)), (1, lighter(wood, 0.1)))
    )
    out += rect(
        0,
        front,
        st.w,
        st.h - front + 2,
        st.linear((0, darker(wood, 0.14)), (1, darker(wood, 0.34))),
    )
    out += rect(0, front, st.w, 5, lighter(wood, 0.45), opacity=0.8)
    r = st.rng
    for _ in range(round(7 * st.w / st.s)):
        x, y = r.uniform(-60, st.w), r.uniform(top + 8, front - 6)
        out += rect(x, y, r.uniform(60, 220), 2, darker(wood, 0.2), 1, opacity=0.4)
    return out
