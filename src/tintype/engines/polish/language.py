"""Which parts of a text are English enough to be corrected as English.

A sentence is judged by its function words, its letters and how many of its words the dictionary
knows. In doubt it is left alone: an uncorrected fault is a smaller harm than a damaged sentence.
"""

import re
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


def foreign_parts(text: str, unknown: list[Span]) -> list[Span]:
    """Sentences that aren't plainly English; `unknown` are the words no dictionary knows."""
    places = {start for start, _ in unknown}
    return [
        sentence.span()
        for sentence in _SENTENCE.finditer(text)
        if sentence[0].strip() and not _is_english(sentence, places)
    ]


def _is_english(sentence: re.Match[str], unknown: set[int]) -> bool:
    words = [(m.start() + sentence.start(), m[0].replace("’", "'").lower())
             for m in _WORD.finditer(sentence[0])]  # fmt: skip
    if not words:
        return False
    english = sum(word in ENGLISH for _, word in words)
    foreign = sum(word in _FOREIGN for _, word in words)
    marked = sum(not word.isascii() for _, word in words)
    strange = sum(at in unknown for at, _ in words)
    if foreign and foreign >= english:
        return False
    if marked > 1 and marked > _MARKED_SHARE_MAX * len(words):
        return False
    if strange > _UNKNOWN_SHARE_MAX * len(words):
        # A short line of badly spelt English still has its function words.
        return english > foreign and english + 1 >= strange
    return english > 0 or strange == 0 or len(words) < _FEW


def begins(text: str, start: int) -> bool:
    """Whether a sentence or line begins there."""
    return bool(_SENTENCE_BEGINS.search(text[max(0, start - _LOOKBACK) : start])) or start == 0
