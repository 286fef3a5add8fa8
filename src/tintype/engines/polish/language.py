"""Which parts of a text are English enough to be corrected as English.

A sentence is judged by its function words, its letters and how many of its words the dictionary
knows. In doubt it is left alone: an uncorrected fault is a smaller harm than a damaged sentence.
"""

import re
from collections.abc import Callable
from typing import Final

from tintype.engines.polish.masks import Span
from tintype.engines.polish.words import listed

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_SENTENCE: Final = re.compile(r"[^\n.!?。！？]*+[.!?。！？\n]*+")
ENGLISH: Final = listed("english")
_FOREIGN: Final = listed("foreign")
_SENTENCE_BEGINS: Final = re.compile(r"(?:^|\n|[.!?][\"'”’)]*\s)\s*[\"'“‘(]*$")
_LOOKBACK: Final = 40
_UNKNOWN_SHARE_MAX: Final = 0.5
_MARKED_SHARE_MAX: Final = 0.25
_FEW: Final = 3


def foreign_parts(text: str, knows: Callable[[str], bool]) -> list[Span]:
    """Sentences that aren't plainly English; `knows` says whether the dictionary has a word."""
    return [
        sentence.span()
        for sentence in _SENTENCE.finditer(text)
        if sentence[0].strip() and not _is_english(sentence[0], knows)
    ]


def _is_english(sentence: str, knows: Callable[[str], bool]) -> bool:
    written = _WORD.findall(sentence)
    words = [word.replace("’", "'").lower() for word in written]
    if not words:
        return False
    english = sum(word in ENGLISH for word in words)
    foreign = sum(word in _FOREIGN for word in words)
    marked = sum(not word.isascii() for word in words)
    if foreign and foreign >= english:
        return False
    if marked > 1 and marked > _MARKED_SHARE_MAX * len(words):
        return False
    strange = sum(not knows(word) for word in written)
    if strange > _UNKNOWN_SHARE_MAX * len(words):
        # A short line of badly spelt English still has its function words.
        return english > foreign and english + 1 >= strange
    return english > 0 or strange == 0 or len(words) < _FEW


def begins(text: str, start: int) -> bool:
    """Whether a sentence or line begins there."""
    return bool(_SENTENCE_BEGINS.search(text[max(0, start - _LOOKBACK) : start])) or start == 0
