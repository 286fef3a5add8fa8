"""An organization's colours, made readable: the contrast of WCAG 2.2, 1.4.3 and 1.4.11."""

from typing import Final

CONTRAST_TEXT: Final = 4.5
CONTRAST_SHAPE: Final = 3.0
_STEPS: Final = 40
_CUT: Final = 0.04045

Channels = tuple[float, float, float]


def contrast(one: str, other: str) -> float:
    """Between two colours as "#rrggbb": 1 for the same, 21 for black and white."""
    lighter, darker = sorted((_luminance(_channels(one)), _luminance(_channels(other))))[::-1]
    return (lighter + 0.05) / (darker + 0.05)


def readable(color: str, ground: str, least: float = CONTRAST_TEXT) -> str:
    """The colour itself, or as little darker or lighter as it must be on that ground."""
    if contrast(color, ground) >= least:
        return color.lower()
    target = 0.0 if _luminance(_channels(ground)) > 0.18 else 1.0  # noqa: PLR2004
    channels = _channels(color)
    for step in range(1, _STEPS + 1):
        share = step / _STEPS
        mixed = _hex(tuple(it + (target - it) * share for it in channels))
        if contrast(mixed, ground) >= least:
            return mixed
    return "#000000" if target == 0 else "#ffffff"


def _channels(color: str) -> Channels:
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _hex(channels: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(it * 255):02x}" for it in channels)


def _luminance(channels: Channels) -> float:
    red, green, blue = (
        it / 12.92 if it <= _CUT else ((it + 0.055) / 1.055) ** 2.4 for it in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
