"""The picture that stands for a page where its address is shared: 1200 x 630, with its name."""

import unicodedata
from html import escape
from pathlib import Path
from typing import Any, Final

import numpy as np

from tintype.media.encode import encode
from tintype.media.reel.fonts import Weight, font, missing
from tintype.media.variants import Variant, render
from tintype.media.vips import Image, VipsError, open_picture

WIDTH: Final = 1200
HEIGHT: Final = 630
"""What the networks that show such cards ask for."""
_QUALITY: Final = 85
_MARGIN: Final = 64
_TITLE_SIZES: Final = (64, 52, 42)  # The first in which the name needs two lines at most.
_LINES: Final = 2
_LINE_HEIGHT: Final = 1.45  # By the letters' size; other scripts need more than Latin.
_SMALL: Final = 28
_GAP: Final = 18
_BAR: Final = (96, 8)
_SHADE: Final = 0.78  # Of the light that is taken at the foot.
_RAMP: Final = 150  # Pixels above the words in which the shade begins.


def share_card(
    cover: bytes | Path,
    focal_point: tuple[float, float] | None,
    *,
    title: str,
    line: str,
    accent: str | None,
) -> bytes:
    """A JPEG of the cover picture with the title and a smaller line below it.

    `accent` ("#rrggbb") is the colour of a bar above them. What this machine has no letters for is
    left out, so that a card shows no boxes.
    """
    cut = render(cover, Variant(WIDTH, HEIGHT, "cover", 1.0, None, "png"), focal_point)
    picture: Any = open_picture(cut, "png")
    if picture.hasalpha():
        picture = picture.flatten(background=255)
    parts = [part for part in (_title(title), _line(line)) if part is not None]
    if parts:
        high = sum(part.height for part in parts) + _GAP * (len(parts) - 1)
        top = HEIGHT - _MARGIN - high
        picture = _shaded(picture, top)
        if accent is not None:
            picture = picture.draw_rect(
                _colour(accent), _MARGIN, top - _GAP - _BAR[1], *_BAR, fill=True
            )
        for part in parts:
            picture = picture.composite2(part, "over", x=_MARGIN, y=top).extract_band(0, n=3)
            top += part.height + _GAP
    return encode(picture, "jpeg", _QUALITY)


def _title(text: str) -> Any:
    for size in _TITLE_SIZES:
        drawn = _text(text, size, "Bold")
        if drawn is None or drawn.height <= _LINES * _LINE_HEIGHT * size:
            return drawn
    # Longer than any card has room for: its beginning.
    return drawn.crop(0, 0, drawn.width, round(_LINES * _LINE_HEIGHT * _TITLE_SIZES[-1]))


def _line(text: str) -> Any:
    drawn = _text(text, _SMALL, "Regular")
    if drawn is None:
        return None
    return drawn.crop(0, 0, drawn.width, min(drawn.height, round(_LINE_HEIGHT * _SMALL)))


def _text(text: str, size: int, weight: Weight) -> Any:
    """The words in white, on nothing; None where there are none that can be drawn."""
    clean = " ".join("".join(letter for letter in text if _can_be_drawn(letter)).split())
    if not clean:
        return None
    try:
        return Image.text(
            f'<span foreground="white">{escape(clean)}</span>', font=font(size, weight), dpi=72,
            rgba=True, wrap="word-char", width=WIDTH - 2 * _MARGIN,
        ).copy_memory()  # fmt: skip
    except VipsError:
        return None


def _can_be_drawn(letter: str) -> bool:
    """A letter, a space, or one of the signs between them that some scripts need to be read."""
    known = letter.isprintable() or letter.isspace() or unicodedata.category(letter) == "Cf"
    return known and not missing(letter)


def _shaded(picture: Any, top: int) -> Any:
    """Darker towards the foot, so that white letters stand out from any picture."""
    rise = np.clip((np.arange(HEIGHT) - (top - _RAMP)) / _RAMP, 0, 1)
    kept = 1 - _SHADE * rise * rise * (3 - 2 * rise)
    column = np.repeat(kept[:, None], WIDTH, axis=1).astype(np.float32)
    shade: Any = Image.new_from_memory(column.tobytes(), WIDTH, HEIGHT, 1, "float")
    return (picture * shade).cast("uchar").copy(interpretation="srgb")


def _colour(accent: str) -> list[int]:
    return [int(accent[at : at + 2], 16) for at in (1, 3, 5)]
