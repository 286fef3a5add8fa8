"""Colours as `#rrggbb` text, and the few ways in which drawings change them."""

import colorsys
import re
from collections.abc import Callable

_HEX = re.compile(r"#[0-9a-fA-F]{6}\b")

# Shadows lean to violet and lights to cream, which keeps a flat drawing from looking dirty.
SHADOW, LIGHT = "#1c1440", "#fff4da"


def rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def from_rgb(r: float, g: float, b: float) -> str:
    return "#" + "".join(f"{min(255, max(0, round(v))):02x}" for v in (r, g, b))


def mix(a: str, b: str, share: float) -> str:
    """`a` with `share` (0 to 1) of `b`."""
    return from_rgb(*(x + (y - x) * share for x, y in zip(rgb(a), rgb(b), strict=True)))


def darker(color: str, share: float = 0.22) -> str:
    return mix(color, SHADOW, share)


def lighter(color: str, share: float = 0.25) -> str:
    return mix(color, LIGHT, share)


def luma(color: str) -> float:
    """Perceived lightness, 0 to 1 (Rec. 601 weights)."""
    r, g, b = rgb(color)
    return (0.299 * r + 0.587 * g + 0.114 * b) / 255


def multiplied(color: str, by: str) -> str:
    return from_rgb(*(x * y / 255 for x, y in zip(rgb(color), rgb(by), strict=True)))


def shifted(
    color: str, *, hue: float = 0, saturation: float = 1, value: float = 1, lift: float = 0
) -> str:
    """Turn the hue (in turns), scale saturation and value, then lift towards white."""
    h, s, v = colorsys.rgb_to_hsv(*(c / 255 for c in rgb(color)))
    r, g, b = colorsys.hsv_to_rgb((h + hue) % 1, min(1, s * saturation), min(1, v * value))
    return mix(from_rgb(r * 255, g * 255, b * 255), "#ffffff", lift)


def recolored(markup: str, change: Callable[[str], str]) -> str:
    """Every colour in `markup` replaced by `change(colour)`."""
    seen: dict[str, str] = {}

    def swap(found: re.Match[str]) -> str:
        color = found.group(0)
        if color not in seen:
            seen[color] = change(color)
        return seen[color]

    return _HEX.sub(swap, markup)
