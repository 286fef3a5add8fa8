"""Small builders for SVG text: numbers are rounded, attribute values escaped.

No text of a user ever reaches a drawing: builders take numbers, colours and path data made by our
own code, and there is no builder for text.
"""

from collections.abc import Iterable
from html import escape

Point = tuple[float, float]


def num(value: float) -> str:
    """A number as SVG writes it: two decimals at most, no trailing zeros, never an exponent."""
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def _attributes(pairs: dict[str, str | float | None]) -> str:
    parts = []
    for name, value in pairs.items():
        if value is None:
            continue
        text = num(value) if isinstance(value, int | float) else escape(value, quote=True)
        parts.append(f' {name.rstrip("_").replace("_", "-")}="{text}"')
    return "".join(parts)


def element(tag: str, content: str = "", /, **attributes: str | float | None) -> str:
    """One element; `content` must be markup made by these builders."""
    if content:
        return f"<{tag}{_attributes(attributes)}>{content}</{tag}>"
    return f"<{tag}{_attributes(attributes)}/>"


def _shape(tag: str, paints: str, attributes: dict[str, str | float | None]) -> str:
    """A shape whose opacity is that of its paints.

    The `opacity` attribute would make librsvg draw each such shape into a layer of its own, which
    costs four times the time in a large picture.
    """
    opacity = attributes.pop("opacity", None)
    if opacity is not None:
        attributes[f"{paints}_opacity"] = opacity
        if "stroke" in attributes:
            attributes["stroke_opacity"] = opacity
    return element(tag, **attributes)


def path(d: str, fill: str, **attributes: str | float | None) -> str:
    return _shape("path", "fill", {"d": d, "fill": fill, **attributes})


def stroke(d: str, color: str, width: float, **attributes: str | float | None) -> str:
    """An open line with round ends."""
    line: dict[str, str | float | None] = {
        "d": d,
        "fill": "none",
        "stroke": color,
        "stroke_width": width,
        "stroke_linecap": "round",
        "stroke_linejoin": "round",
    }
    return _shape("path", "stroke", {**line, **attributes})


def circle(cx: float, cy: float, r: float, fill: str, **attributes: str | float | None) -> str:
    return _shape("circle", "fill", {"cx": cx, "cy": cy, "r": r, "fill": fill, **attributes})


def ellipse(
    cx: float, cy: float, rx: float, ry: float, fill: str, **attributes: str | float | None
) -> str:
    box: dict[str, str | float | None] = {"cx": cx, "cy": cy, "rx": rx, "ry": ry, "fill": fill}
    return _shape("ellipse", "fill", {**box, **attributes})


def rect(
    x: float,
    y: float,
    width: float,
    height: float,
    fill: str,
    rx: float = 0,
    **attributes: str | float | None,
) -> str:
    box: dict[str, str | float | None] = {
        "x": x,
        "y": y,
        "width": max(width, 0),
        "height": max(height, 0),
        "rx": rx or None,
        "fill": fill,
    }
    return _shape("rect", "fill", {**box, **attributes})


def polygon(points: Iterable[Point], fill: str, **attributes: str | float | None) -> str:
    return path("M" + "L".join(f"{num(x)} {num(y)}" for x, y in points) + "Z", fill, **attributes)


def smooth(points: list[Point]) -> str:
    """Path data of a curve through `points` (Catmull-Rom as cubic Béziers), left open."""
    d = f"M{num(points[0][0])} {num(points[0][1])}"
    for i in range(len(points) - 1):
        before = points[max(i - 1, 0)]
        here, there = points[i], points[i + 1]
        after = points[min(i + 2, len(points) - 1)]
        c1 = (here[0] + (there[0] - before[0]) / 6, here[1] + (there[1] - before[1]) / 6)
        c2 = (there[0] - (after[0] - here[0]) / 6, there[1] - (after[1] - here[1]) / 6)
        d += "C" + " ".join(num(v) for v in (*c1, *c2, *there))
    return d


def group(content: str, **attributes: str | float | None) -> str:
    return element("g", content, **attributes) if content else ""


def placed(content: str, x: float, y: float, scale: float, *, flip: bool) -> str:
    """`content` moved to (x, y), scaled, mirrored when `flip`."""
    sx = -scale if flip else scale
    # Six decimals: a scale is small and rounding it to two would bend proportions.
    move = f"translate({num(x)} {num(y)})"
    return group(content, transform=f"{move} scale({sx:.6f} {scale:.6f})")


def linear(name: str, stops: Iterable[tuple[float, str, float]], *, across: bool = False) -> str:
    """A gradient of (offset, colour, opacity) stops, downward or `across`."""
    return element(
        "linearGradient",
        "".join(
            element("stop", offset=o, stop_color=c, stop_opacity=None if a >= 1 else a)
            for o, c, a in stops
        ),
        id=name,
        x1=0,
        y1=0,
        x2=1 if across else 0,
        y2=0 if across else 1,
    )


def radial(name: str, stops: Iterable[tuple[float, str, float]]) -> str:
    return element(
        "radialGradient",
        "".join(
            element("stop", offset=o, stop_color=c, stop_opacity=None if a >= 1 else a)
            for o, c, a in stops
        ),
        id=name,
    )


def defs(*content: str) -> str:
    return element("defs", "".join(content))
