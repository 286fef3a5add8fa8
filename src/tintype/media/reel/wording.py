"""Words laid out for a film, by Pango: a scene's title and caption, or why they can't be drawn."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

import numpy as np

from tintype.core.errors import ValidationFailed
from tintype.media.reel.fonts import Pixels, Weight, font, missing
from tintype.media.vips import Image, VipsError

TITLE_MAX, CAPTION_MAX = 120, 300
"""Characters; what doesn't fit into the lines is refused when it is laid out."""
LINES_MAX: Final = 3
SIDE_MARGIN: Final = 0.06
FOOT_MARGIN: Final = 0.07
FOOT_MARGIN_TALL: Final = 0.16
"""Of an upright film's height, where players put their own words and buttons."""
_TALL: Final = 1.2
_SIZE: Final = 0.046
"""A caption's letters by the frame's shorter side; an upright film is looked at on a phone."""
_SIZE_TALL: Final = 0.05
_TITLE: Final = 1.6  # Captions.
_SIZE_MIN: Final = 8.0
_LINE: Final = 1.36
"""A line's height by its letters' size; other scripts may need more."""
_LEADING: Final = 0.1  # Of the size, between lines.
GAP: Final = 0.35
"""Of the size, between title, bar and caption."""
_HEIGHT_MAX: Final = 0.7  # Of the frame, so that something is seen of the picture.
_BAR: Final = (2.4, 0.12)  # Of the size.
_BALANCING: Final = 5  # Steps.
_WIDER: Final = 100  # Pixels between the lines, to count them by.


@dataclass(frozen=True, slots=True)
class Words:
    """What is written over a scene, and the colour ("#rrggbb") of the bar below its title."""

    title: str | None = None
    caption: str | None = None
    accent: str | None = None


def check_words(title: str | None, captions: Sequence[str | None], width: int, height: int) -> None:
    """Raises ValidationFailed, by name, for words that can't be drawn into such a frame.

    They are too long, have control characters, need more lines or letters than there are.
    """
    for number, caption in enumerate(captions):
        block(Words(title if number == 0 else None, caption), number, width, height)


@dataclass(frozen=True, slots=True)
class Part:
    """Drawn words or a bar: RGB and alpha (0 to 255), `inset` rows below the top of `height`."""

    pixels: Pixels
    inset: int
    height: int


def block(words: Words, number: int, width: int, height: int) -> list[Part]:
    """The parts of a scene's block, from the top."""
    size = size_of(width, height)
    parts = []
    if title := _cleaned(words.title, "title", "", TITLE_MAX):
        parts.append(_laid_out(title, "title", "", _TITLE * size, "Bold", width))
        if words.accent:
            parts.append(_bar(words.accent, size))
    name = f"caption {number + 1}: "
    if caption := _cleaned(words.caption, "captions", name, CAPTION_MAX):
        parts.append(_laid_out(caption, "captions", name, size, "Regular", width))
    high = sum(part.height for part in parts) + GAP * size * (len(parts) - 1)
    if parts and high > (_HEIGHT_MAX - foot_of(width, height)) * height:
        field, what = ("captions", name) if caption else ("title", "")
        raise ValidationFailed(field, f"{what}has no room in a frame of {width} x {height}")
    return parts


def _cleaned(text: str | None, field: str, name: str, most: int) -> str:
    """The text in one form of Unicode; the ends of its lines are the only control characters.

    `name` begins what is said of it, where the field has more than one text.
    """
    if text is None:
        return ""
    if len(text) > most:
        raise ValidationFailed(field, f"{name}has {len(text)} characters, at most {most} fit")
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    for letter in text:
        if unicodedata.category(letter) in {"Cc", "Cs"} and letter != "\n":
            raise ValidationFailed(field, f"{name}has the control character U+{ord(letter):04X}")
    return text


def _laid_out(text: str, field: str, name: str, size: float, weight: Weight, width: int) -> Part:
    """Words in lines of about one length, each in the middle; rows count from the first's top."""
    most, leading = round(width * (1 - 2 * SIDE_MARGIN)), round(_LEADING * size)
    try:
        drawn = _text(text, size, weight, most, leading)
        spread = _text(text, size, weight, most, leading + _WIDER)
        lines = 1 + round((spread.height - drawn.height) / _WIDER)
        if lines > LINES_MAX:
            raise ValidationFailed(field, f"{name}needs {lines} lines, at most {LINES_MAX} fit")
        if reason := missing(text):
            raise ValidationFailed(field, f"{name}{reason}")
        if lines > 1:
            within = _narrowest(text, size, weight, most, drawn.height)
            drawn = _text(text, size, weight, within, leading)
        pixels = np.frombuffer(drawn.write_to_memory(), np.uint8)
    except VipsError as fault:
        raise ValidationFailed(field, f"{name}can't be drawn") from fault
    pixels = pixels.reshape(drawn.height, drawn.width, 4)[:, :width]
    # Letters with nothing below the line stand as high as letters with something.
    inset, high = max(0, drawn.yoffset), round(lines * _LINE * size + (lines - 1) * leading)
    return Part(pixels, inset, max(inset + drawn.height, high))


def _narrowest(text: str, size: float, weight: Weight, most: int, height: int) -> int:
    """The least width in which the words need no more lines than in `most`, to a few pixels."""
    leading, low, high = round(_LEADING * size), most // 2, most
    for _ in range(_BALANCING):
        middle = (low + high) // 2
        if _text(text, size, weight, middle, leading).height > height + size / 2:
            low = middle
        else:
            high = middle
    return high


def _text(text: str, size: float, weight: Weight, width: int, leading: int) -> Any:
    """Ink only, its place below the first line's top in `yoffset`; at most `width` wide."""
    return Image.text(
        f'<span foreground="white"{_language(text)}>{escape(text)}</span>',
        font=font(size, weight),
        dpi=72,
        rgba=True,
        align="centre",
        wrap="word-char",
        width=width,
        spacing=leading,
    )


def _language(text: str) -> str:
    """Han characters look different in Chinese and in Japanese; kana tells which it is."""
    names = [unicodedata.name(letter, "") for letter in text if ord(letter) > 0x2E80]  # noqa: PLR2004
    if any(name.startswith(("HIRAGANA", "KATAKANA")) for name in names):
        return ' lang="ja"'
    return ' lang="zh-cn"' if any(name.startswith("CJK") for name in names) else ""


def _bar(accent: str, size: float) -> Part:
    wide, high = (max(2, round(part * size)) for part in _BAR)
    colour = [int(accent[at : at + 2], 16) for at in (1, 3, 5)]
    pixels = np.empty((high, wide, 4), np.uint8)
    pixels[:] = (*colour, 255)
    return Part(pixels, 0, high)


def size_of(width: int, height: int) -> float:
    share = _SIZE_TALL if _is_tall(width, height) else _SIZE
    return max(_SIZE_MIN, share * min(width, height))


def foot_of(width: int, height: int) -> float:
    return FOOT_MARGIN_TALL if _is_tall(width, height) else FOOT_MARGIN


def _is_tall(width: int, height: int) -> bool:
    return height > _TALL * width
