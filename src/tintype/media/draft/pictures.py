"""Reference pictures as prints that a scene can hang up: decoded, shrunk, re-encoded.

A reference is decoded once, turned upright and shrunk to what a print needs; from there on it is
our own PNG inside the drawing, so nothing of the original file but its pixels reaches the SVG.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tintype.core.errors import TintypeError
from tintype.media.draft.settings.backdrop import Where
from tintype.media.draft.stage import Stage
from tintype.media.draft.svg import element, group, num, rect, stroke
from tintype.media.inspect import Inspection, Limits, inspect
from tintype.media.vips import VipsError, open_picture

_SIDE_PIXELS_MAX = 1024
_LIMITS = Limits(bytes_max=100_000_000, pixels_max=100_000_000)


@dataclass(frozen=True, slots=True)
class Print:
    """A picture ready to be placed: a data URI of ours and its proportions."""

    uri: str
    aspect: float


def print_of(data: bytes) -> Print:
    """Raises ValueError when `data` is not a picture of a kind and size that we take."""
    try:
        seen = inspect(data, _LIMITS, "reference")
        source = open_picture(data, seen.format, shrink=_shrink(seen))
        small: Any = source.thumbnail_image(
            _SIDE_PIXELS_MAX, height=_SIDE_PIXELS_MAX, size="down"
        ).colourspace("srgb")
        if small.hasalpha():
            small = small.flatten(background=[255, 255, 255])
        encoded: bytes = small.write_to_buffer(".jpg", Q=90, keep="none")
    except (TintypeError, VipsError) as fault:
        raise ValueError("A reference could not be read as a picture.") from fault
    text = base64.b64encode(encoded).decode("ascii")
    return Print(f"data:image/jpeg;base64,{text}", small.width / small.height)


def _shrink(seen: Inspection) -> int:
    """How far the decoder may shrink the picture itself, still larger than a print."""
    spare = max(seen.width, seen.height) // _SIDE_PIXELS_MAX
    return next((k for k in (8, 4, 2) if k <= spare), 1)


def image(one: Print, x: float, y: float, w: float, h: float) -> str:
    """The print's picture in a box, cut to its proportions."""
    return element(
        "image", href=one.uri, x=x, y=y, width=w, height=h, preserveAspectRatio="xMidYMid slice"
    )


def _rows(prints: Sequence[Print], w: float, h: float) -> list[list[Print]]:
    """Split into as many rows as give the largest pictures."""
    best, best_height = 1, 0.0
    for rows in range(1, 5):
        per = -(-len(prints) // rows)
        widths = [sum(p.aspect for p in prints[i : i + per]) for i in range(0, len(prints), per)]
        each = min(h / rows * 0.84, *(w * 0.9 / a for a in widths))
        if each > best_height:
            best, best_height = rows, each
    per = -(-len(prints) // best)
    return [list(prints[i : i + per]) for i in range(0, len(prints), per)]


def hung(st: Stage, place: Where, prints: Sequence[Print], *, alone: bool) -> str:
    """All prints in the scene: the main thing when `alone`, else above the subjects."""
    top = st.h * (0.1 if alone else 0.05)
    bottom = st.h * (0.84 if alone else 0.46)
    margin = st.s * 0.06
    w, h = st.w - 2 * margin, bottom - top
    rows = _rows(prints, w, h)
    pitch = h / len(rows)
    out = ""
    for number, row in enumerate(rows):
        aspects = sum(p.aspect for p in row)
        height = min(pitch * 0.84, w * 0.9 / aspects, st.s * (0.78 if alone else 0.5))
        gap = min(st.s * 0.06, (w - aspects * height) / (len(row) + 1))
        x = (st.w - aspects * height - gap * (len(row) - 1)) / 2
        y = top + pitch * number + (pitch - height) / 2
        if place.enclosed not in {"room", "studio"}:
            out += _line(st, y - height * 0.05)
        for one in row:
            out += _card(st, place, one, x, y, height * one.aspect, height)
            x += height * one.aspect + gap
    return out


def _line(st: Stage, y: float) -> str:
    sag = st.s * 0.012
    color = "#4a3b45"
    return stroke(
        f"M-10 {num(y - sag)}Q{num(st.w / 2)} {num(y + sag)} {num(st.w + 10)} {num(y - sag)}",
        color,
        4,
    )


def _card(st: Stage, place: Where, one: Print, x: float, y: float, w: float, h: float) -> str:
    """One print: framed in a room, taped in a studio, pegged to the line outdoors."""
    k = max(5.0, min(w, h) * 0.045)
    turn = st.rng.uniform(-1.6, 1.6)
    shade = rect(x - k + k * 0.8, y - k + k * 1.2, w + 2 * k, h + 2 * k, "#1c1440", 4, opacity=0.26)
    if place.enclosed == "room":
        wood = "#5a3d2e"
        frame = rect(x - k, y - k, w + 2 * k, h + 2 * k, wood, 3)
        mat = rect(x - k * 0.4, y - k * 0.4, w + k * 0.8, h + k * 0.8, "#fbf6ea")
        return shade + frame + mat + image(one, x, y, w, h)
    body = shade + rect(x - k, y - k, w + 2 * k, h + 2 * k, "#fdfaf3", 3) + image(one, x, y, w, h)
    if place.enclosed == "studio":
        body += rect(x + w / 2 - k * 2.2, y - k * 1.7, k * 4.4, k * 1.5, "#f3dfae", opacity=0.85)
    else:
        for share in (0.16, 0.84):
            body += rect(x + w * share - k * 0.35, y - k * 2.1, k * 0.7, k * 2, "#d9a066", 2)
    cx, cy = x + w / 2, y
    return group(body, transform=f"rotate({num(turn)} {num(cx)} {num(cy)})")
