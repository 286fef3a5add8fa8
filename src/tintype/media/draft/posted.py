"""One or two reference pictures outdoors, on a thing that carries pictures there.

A billboard on two posts, a street's display case or a wall with bills: of moderate size and to one
side, so that the place and its subjects stay in sight. The seed chooses which and where.
"""

from collections.abc import Sequence

from tintype.media.draft.colour import darker, lighter, mix
from tintype.media.draft.pictures import Print, image
from tintype.media.draft.settings.backdrop import Where
from tintype.media.draft.stage import Stage
from tintype.media.draft.svg import circle, ellipse, polygon, rect

PRINTS_MAX = 2
_GAP = 0.05  # Between two prints, as a share of the width that both have.


def is_posted(place: Where, prints: Sequence[Print]) -> bool:
    """Whether these prints stand in the scene instead of hanging above it."""
    return 0 < len(prints) <= PRINTS_MAX and not place.enclosed and not place.watery


def beside(st: Stage) -> bool:
    """Whether there is room for subjects next to the stand; else they are in front of it."""
    return st.w >= st.h * 0.9


def posted(st: Stage, place: Where, prints: Sequence[Print], *, alone: bool) -> str:
    """The stand with its prints; it stands on the side of the light, subjects on the other."""
    r = st.rng
    kinds = ["billboard", "case", "wall"] if place.below == "city" else ["billboard", "case"]
    kind = r.choice(kinds)
    if not alone and not beside(st):
        kind = "billboard"
    aspect = sum(p.aspect for p in prints) * (1 + _GAP * (len(prints) - 1))
    height = st.s * {"billboard": 0.34, "case": 0.36, "wall": 0.34}[kind] * r.uniform(0.94, 1.1)
    most = st.w * (0.56 if alone or not beside(st) else 0.36)
    height = min(height * (1.12 if alone else 1.0), most / aspect)
    width = height * aspect
    share = r.uniform(0.2, 0.8) if alone else (0.78 if st.light.sun_x > 0.5 else 0.22)
    if not alone and not beside(st):
        share = 0.5
    margin = width / 2 + st.s * 0.07
    x = min(max(st.w * share, margin), st.w - margin)
    depth = r.uniform(0.16, 0.34)
    foot = st.horizon + (st.h - st.horizon) * (depth if kind != "case" else depth + 0.16)
    left, top = x - width / 2, _top(st, kind, foot, height, place)
    out = _CARRIERS[kind](st, left, top, width, height, foot)
    for one in prints:
        across = height * one.aspect
        out += image(one, left, top, across, height)
        left += across + (width - height * aspect / (1 + _GAP * (len(prints) - 1))) / max(
            1, len(prints) - 1
        )
    return out + _glow(st, x, top, width)


def _top(st: Stage, kind: str, foot: float, height: float, place: Where) -> float:
    raised = {"billboard": st.s * 0.2, "case": st.s * 0.07, "wall": st.s * 0.1}[kind]
    if place.airborne:
        raised = st.s * 0.1
    return max(st.h * 0.06, foot - raised - height)


def _shade(st: Stage, x: float, foot: float, rx: float) -> str:
    paint = st.radial((0, "#1c1440", 0.36), (1, "#1c1440", 0))
    return ellipse(x, foot, rx, max(10.0, rx * 0.1), paint)


def _billboard(st: Stage, x: float, y: float, w: float, h: float, foot: float) -> str:
    iron = st.depth("#4a4f5e", 0.1)
    k = st.s * 0.014
    out = _shade(st, x + w / 2, foot, w * 0.6)
    for share in (0.2, 0.8):
        at = x + w * share
        out += rect(at - k * 0.7, y + h, k * 1.4, foot - y - h, iron)
        out += rect(at + k * 0.1, y + h, k * 0.6, foot - y - h, darker(iron, 0.25))
        out += rect(at - k * 1.5, foot - k, k * 3, k * 1.2, darker(iron, 0.15), 3)
    for share in (0.25, 0.5, 0.75):
        at = x + w * share
        out += rect(at - 2, y - k * 3, 4, k * 2.2, iron) + rect(
            at - k, y - k * 3.4, k * 2, k, iron, 4
        )
    out += rect(x - k * 1.4, y + h + k, w + k * 2.8, k * 0.8, darker(iron, 0.2))
    out += rect(x - k, y - k, w + k * 2, h + k * 2, iron, 4)
    return out + rect(x - k * 0.4, y - k * 0.4, w + k * 0.8, h + k * 0.8, "#fbf6ea")


def _case(st: Stage, x: float, y: float, w: float, h: float, foot: float) -> str:
    """A display case as it stands on pavements and at trail heads."""
    iron = st.depth("#39404f", 0.05)
    k = st.s * 0.018
    out = _shade(st, x + w / 2, foot, w * 0.75)
    for at in (x - k * 0.6, x + w - k * 0.6):
        out += rect(at, y + h, k * 1.2, foot - y - h, iron)
    out += rect(x - k * 1.6, foot - k * 0.8, w + k * 3.2, k, darker(iron, 0.2), 4)
    out += polygon(
        [
            (x - k * 1.6, y - k),
            (x - k * 0.4, y - k * 2.4),
            (x + w + k * 0.4, y - k * 2.4),
            (x + w + k * 1.6, y - k),
        ],
        lighter(iron, 0.14),
    )
    out += rect(x - k, y - k, w + k * 2, h + k * 2, iron, 6)
    return out + rect(x - k * 0.3, y - k * 0.3, w + k * 0.6, h + k * 0.6, "#fdfaf3")


def _wall(st: Stage, x: float, y: float, w: float, h: float, foot: float) -> str:
    """The side of a low house: bricks, a cornice, the bills pasted on it."""
    r = st.rng
    brick = st.depth(r.choice(["#b5694f", "#a9776a", "#8f6f86"]), 0.08)
    k = st.s * 0.02
    pad = st.s * 0.09
    left, top, width = x - pad, y - pad, w + pad * 2
    out = _shade(st, x + w / 2, foot, width * 0.56)
    out += rect(
        left, top, width, foot - top, st.linear((0, lighter(brick, 0.12)), (1, darker(brick, 0.14)))
    )
    rows = int((foot - top) / k)
    for row in range(1, rows):
        for _ in range(3):
            at = left + r.uniform(0.02, 0.86) * width
            tone = mix(brick, r.choice(["#f3d9c4", "#3a2440"]), 0.16)
            out += rect(at, top + row * k, k * 1.9, k * 0.8, tone, 2)
    out += rect(left - k * 0.6, top - k, width + k * 1.2, k * 1.4, lighter(brick, 0.34), 3)
    out += rect(left, foot - k * 1.4, width, k * 1.4, darker(brick, 0.35))
    out += rect(x - 3, y + 5, w + 14, h + 9, "#1c1440", 2, opacity=0.28)
    return out + rect(x - k * 0.5, y - k * 0.5, w + k, h + k, "#fdfaf3", 2)


def _glow(st: Stage, x: float, top: float, width: float) -> str:
    """Lamps above the stand once lamps are on."""
    if not st.light.lit:
        return ""
    paint = st.radial((0, "#ffe2a0", 0.42), (1, "#ffe2a0", 0))
    out = ""
    for share in (-0.28, 0.28):
        out += circle(x + width * share, top - 6, width * 0.2, paint)
        out += circle(x + width * share, top - 6, 5, "#fff1b8")
    return out


_CARRIERS = {"billboard": _billboard, "case": _case, "wall": _wall}
