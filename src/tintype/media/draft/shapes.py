"""Botanical and feathery shapes that settings and subjects share."""

import math

from tintype.media.draft.colour import mix
from tintype.media.draft.svg import num, path, rect


def conifer(x: float, y: float, height: float, color: str, snow: str | None = None) -> str:
    """A fir of four tiers standing at (x, y), its right side shaded."""
    half = height * 0.23
    out = rect(
        x - height * 0.025,
        y - height * 0.12,
        height * 0.05,
        height * 0.13,
        mix(color, "#3a2418", 0.6),
    )
    dark = mix(color, "#0f1c33", 0.22)
    for i in range(4):
        top = y - height * (0.42 + 0.195 * i)
        top = max(top, y - height)
        low = y - height * (0.09 + 0.2 * i)
        w = half * (1 - 0.2 * i)
        out += path(
            f"M{num(x)} {num(top)}L{num(x + w)} {num(low)}Q{num(x)} {num(low + height * 0.035)}"
            " "
            f"{num(x - w)} {num(low)}Z",
            color,
        )
        out += path(
            f"M{num(x)} {num(top)}L{num(x + w)} {num(low)}Q{num(x + w * 0.5)}"
            f" {num(low + height * 0.02)} {num(x + w * 0.12)} {num(low + height * 0.02)}"
            "Z",
            dark,
        )
        if snow:
            out += path(
                f"M{num(x)} {num(top)}L{num(x + w * 0.55)} {num(top + (low - top) * 0.55)}"
                f"L{num(x + w * 0.15)} {num(top + (low - top) * 0.45)}L{num(x - w * 0.2)} "
                f"{num(top + (low - top) * 0.62)}L{num(x - w * 0.5)} {num(top + (low - top) * 0.5)}"
                "Z",
                snow,
            )
    return out


def leaf(x: float, y: float, angle: float, length: float, width: float, color: str) -> str:
    """A feather or leaf from (x, y) in the direction of `angle` (degrees, 0 right, 90 down)."""
    a = math.radians(angle)
    ux, uy = math.cos(a), math.sin(a)
    nx, ny = -uy * width, ux * width
    tip = (x + ux * length, y + uy * length)
    c = [
        (x + ux * length * 0.25 + nx, y + uy * length * 0.25 + ny),
        (x + ux * length * 0.85 + nx * 0.9, y + uy * length * 0.85 + ny * 0.9),
        (x + ux * length * 0.85 - nx * 0.9, y + uy * length * 0.85 - ny * 0.9),
        (x + ux * length * 0.25 - nx, y + uy * length * 0.25 - ny),
    ]
    p = [" ".join(map(num, point)) for point in c]
    return path(
        f"M{num(x)} {num(y)}C{p[0]} {p[1]} {num(tip[0])} {num(tip[1])}"
        f"C{p[2]} {p[3]} {num(x)} {num(y)}Z",
        color,
    )
