"""Style and palette words as maps over every colour of a finished drawing."""

import re
from collections.abc import Callable

from tintype.media.draft.colour import luma, mix, recolored, shifted
from tintype.media.draft.light import COLORS
from tintype.media.draft.stage import Stage
from tintype.media.draft.svg import group, path, rect

Change = Callable[[str], str]


def _vintage(color: str) -> str:
    return mix(shifted(color, saturation=0.84), "#dcb274", 0.2)


def _monochrome(color: str) -> str:
    grey = luma(color)
    tone = 0.5 + (grey - 0.5) * 1.12
    return mix("#16171c", "#fbfaf6", min(1, max(0, tone)))


def _pastel(color: str) -> str:
    return shifted(color, saturation=0.62, value=1.05, lift=0.34)


def _neon(color: str) -> str:
    """Dark tones fall to deep violet, light ones glow between magenta and cyan."""
    light = luma(color)
    glow = mix("#ff2fa0", "#27e7ff", min(1, max(0, (light - 0.25) * 1.5)))
    deep = mix("#0c0628", "#4a1673", min(1, light * 1.6))
    return mix(mix(deep, glow, light**1.1), color, 0.22)


def _vivid(color: str) -> str:
    return shifted(color, saturation=1.4, value=1.06)


def _warm(color: str) -> str:
    return mix(color, "#f08a3c", 0.16)


def _cool(color: str) -> str:
    return mix(shifted(color, saturation=0.9), "#3f7fd0", 0.18)


def _dark(color: str) -> str:
    return mix(shifted(color, value=0.72), "#0e1026", 0.24)


def _watercolor(color: str) -> str:
    return mix(shifted(color, saturation=0.85), "#fdf8ee", 0.26)


def _sketch(color: str) -> str:
    """Paper where it was light, thin washes of grey where it was dark."""
    return mix("#b9b2a6", "#fbf7ee", min(1, luma(color) * 1.35 + 0.12))


_INK = "#3a3632"
_STROKE = re.compile(r'stroke="#[0-9a-f]{6}" stroke-width="([\d.]+)"')
_INKED_WIDTH_MAX = 9.0  # Wider strokes are bodies (a tail, a stem) and stay washes.


def _inked(found: re.Match[str]) -> str:
    width = float(found.group(1))
    if width > _INKED_WIDTH_MAX:
        return found.group(0)
    return f'stroke="{_INK}" stroke-width="{min(width, 3.2):.2f}"'


_CHANGES: tuple[tuple[str, Change], ...] = (
    ("neon", _neon),
    ("dark", _dark),
    ("vivid", _vivid),
    ("warm", _warm),
    ("cool", _cool),
    ("pastel", _pastel),
    ("watercolor", _watercolor),
    ("vintage", _vintage),
    ("monochrome", _monochrome),
    ("sketch", _sketch),
)


def restyled(st: Stage, markup: str) -> str:
    """`markup` in the styles that the scene asks for, its gradients included."""
    styles, tint = st.scene.styles, st.scene.tint
    for name, change in _CHANGES:
        if name in styles:
            markup = recolored(markup, change)
            st.collected[:] = [recolored(g, change) for g in st.collected]
    if tint is not None and not styles & {"monochrome", "sketch"}:
        tone = COLORS[tint]

        def toned(color: str) -> str:
            return mix(color, tone, 0.24)

        markup = recolored(markup, toned)
        st.collected[:] = [recolored(g, toned) for g in st.collected]
    if "sketch" in styles:
        markup = _STROKE.sub(_inked, markup)
        markup = group(markup, stroke=_INK, stroke_width=1.6, stroke_linejoin="round")
    return markup


def border(st: Stage) -> str:
    """The cream margin of a printed poster, for the styles that mean one."""
    if not st.scene.styles & {"vintage", "watercolor"} or not st.scene.shows("frame"):
        return ""
    k = st.s * 0.035
    paper = "#f6ecd8"
    hole = f"M0 0H{st.w:.2f}V{st.h:.2f}H0ZM{k:.2f} {k:.2f}V{st.h - k:.2f}H{st.w - k:.2f}V{k:.2f}Z"
    line = rect(
        k + 7,
        k + 7,
        st.w - 2 * k - 14,
        st.h - 2 * k - 14,
        "none",
        2,
        stroke=paper,
        stroke_width=2.4,
    )
    return path(hole, paper, fill_rule="evenodd") + line
