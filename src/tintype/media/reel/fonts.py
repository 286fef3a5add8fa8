"""Which letters this machine can draw, and in what: libvips' text, that is Pango and HarfBuzz.

Latin, Greek, Cyrillic, Devanagari, Arabic, Hebrew and Thai come from packages that are installed
with us, so they look alike on every machine, and are there on one without any fonts. Everything
else is looked for among the machine's own.

Pango draws a box with a letter's number where it has no font for it. Whether a letter is such a
box is seen by drawing it: all boxes have the same size and the same rim, which no letter has. That
asks Pango itself, where reading fonts' tables would only guess what it chooses.
"""

import functools
import unicodedata
from collections.abc import Mapping
from importlib import resources
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from tintype.media.vips import Image, VipsError

Pixels = NDArray[np.uint8]
Weight = Literal["Regular", "Bold"]

_PACKAGED: Final = (
    ("fontpkg_noto_sans", "NotoSans[wdth,wght].ttf", "Noto Sans"),
    ("fontpkg_noto_sans_arabic", "NotoSansArabic[wdth,wght].ttf", "Noto Sans Arabic"),
    ("fontpkg_noto_sans_thai", "NotoSansThai[wdth,wght].ttf", "Noto Sans Thai"),
    ("fontpkg_heebo", "Heebo[wght].ttf", "Heebo"),
)
_LOOKED_AT: Final = 40  # Pixels.
# Numbers that stand for no letter in any font, of four digits and of six.
_NO_LETTERS: Final = ("\ufdd0", "\U0010fffe")
_LETTERS_KNOWN: Final = 8192
_EMOJI_FROM: Final = 0x1F000

_CJK: Final = "fonts-noto-cjk"
_PACKAGES: Final[Mapping[str, tuple[str, str]]] = {
    "CJK": ("Chinese characters", _CJK),
    "HIRAGANA": ("Japanese", _CJK),
    "KATAKANA": ("Japanese", _CJK),
    "HANGUL": ("Korean", _CJK),
    "BOPOMOFO": ("Bopomofo", _CJK),
    "IDEOGRAPHIC": ("Chinese punctuation", _CJK),
    "FULLWIDTH": ("full-width letters", _CJK),
}
_OTHERS: Final = "fonts-noto-core"


def font(pixels: float, weight: Weight) -> str:
    """The description, for libvips, of letters of this size; the packaged ones come first."""
    _add_packaged()
    families = ",".join(family for _, _, family in _PACKAGED)
    return f"{families},sans {weight} {pixels:g}px"


def missing(text: str) -> str | None:
    """What this machine can't draw of a text, as a reason with the remedy; None for nothing.

    The text has no control characters.
    """
    for letter in dict.fromkeys(text):
        if not (letter.isascii() or _is_drawn(letter)):
            return _reason(letter)
    return None


def _reason(letter: str) -> str:
    kind = unicodedata.category(letter)
    if kind in {"Cn", "Co"}:
        return f"U+{ord(letter):04X} is no letter of any script"
    if ord(letter) >= _EMOJI_FROM and kind in {"So", "Sk"}:
        return _no_font("emoji", "fonts-noto-color-emoji")
    word = unicodedata.name(letter, "").split(" ")[0]
    if word in _PACKAGES:
        return _no_font(*_PACKAGES[word])
    if kind.startswith(("L", "M")):
        return _no_font(word.title(), _OTHERS)
    return _no_font(f"the character {letter}", _OTHERS)


def _no_font(what: str, package: str) -> str:
    return f"this machine has no font for {what}; install {package}"


@functools.lru_cache(_LETTERS_KNOWN)
def _is_drawn(letter: str) -> bool:
    """Takes a millisecond, and the process's fonts stay what they are."""
    drawn = _drawn(letter)
    return drawn is None or not any(
        drawn.shape == box.shape and np.array_equal(_rim(drawn), _rim(box)) for box in _boxes()
    )


@functools.cache
def _boxes() -> tuple[Pixels, ...]:
    return tuple(box for letter in _NO_LETTERS if (box := _drawn(letter)) is not None)


def _drawn(letter: str) -> Pixels | None:
    """How a letter looks by itself; None where it leaves no ink, as spaces and joiners do."""
    try:
        image = Image.text(letter, font=font(_LOOKED_AT, "Regular"), dpi=72)
    except VipsError:
        return None
    pixels = np.frombuffer(image.write_to_memory(), np.uint8)
    return pixels.reshape(image.height, image.width)


def _rim(drawn: Pixels) -> Pixels:
    return np.concatenate([drawn[0], drawn[-1], drawn[:, 0], drawn[:, -1]])


@functools.cache
def _add_packaged() -> None:
    """Add the packaged fonts to those of the process, as libvips keeps them: for good."""
    for package, name, _ in _PACKAGED:
        with resources.as_file(resources.files(package) / "files" / name) as path:
            Image.text("a", fontfile=str(path), dpi=72)
