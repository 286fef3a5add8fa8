"""A text cut to a length: after a sentence if one fits, else after a word, never inside a thing."""

import re
from itertools import takewhile
from typing import Final

from tintype.engines.polish.edits import Edits
from tintype.engines.polish.masks import links, masks

MARK: Final = "…"
REASON: Final = "shortened to max_length"
_SENTENCE_END: Final = re.compile(r"[.!?。！？]+[\"'”’»)\]]*(?=\s|$)|[。！？]")
_WORD_END: Final = re.compile(r"(?<=[^\s,;:–—-])(?=[\s,;:–—]|$)")
# Several code points that are one character to the eye: marks, joiners, selectors, skin tones,
# tags, keycaps, flags, and Hangul syllables in parts.
_CLUSTER: Final = re.compile(
    "(?:[\U0001f1e6-\U0001f1ff]{2}"
    "|\r\n"
    "|[\u1100-\u115f]+[\u1160-\u11a7]*[\u11a8-\u11ff]*"
    "|.)"
    "(?:[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a"
    "\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u0900-\u0903\u093a-\u094f\u0981-\u0983"
    "\u09bc-\u09cd\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
    "\ufe00-\ufe0f\ufe20-\ufe2f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
    "|\u200d.)*",
    re.DOTALL,
)
_SENTENCE_SHARE_MIN: Final = 0.5  # A sentence that keeps less than this of the length isn't enough.


class TooShort(Exception):
    """No cut of that length leaves every link, tag, placeholder and character whole."""


def shortened(edits: Edits, length: int) -> Edits:
    """`edits` with the corrected text at most `length` code points long; raises TooShort."""
    text = edits.text
    if len(text) <= length:
        return edits
    at, mark = _place(text, length)
    if at == 0 and not mark:
        raise TooShort
    return edits.replaced(at, len(text), mark, REASON)


def _place(text: str, length: int) -> tuple[int, str]:
    """Where to cut and what to put there: (0, "") where nothing fits."""
    # What has a look of its own is kept whole if it can be; what is a thing, always.
    wholes, things = masks(text), links(text)
    sentences = [m.end() for m in _SENTENCE_END.finditer(text, 0, length + 2) if m.end() <= length]
    for at in reversed(sentences):
        if at >= _SENTENCE_SHARE_MIN * length and not _inside(wholes, at):
            return at, ""
    room = length - len(MARK)
    words = [m.start() for m in _WORD_END.finditer(text, 0, room + 1) if m.start() <= room]
    for at in reversed(words):
        if at and not _inside(wholes, at):
            return at, MARK
    ends = takewhile(lambda at: at <= room, (m.end() for m in _CLUSTER.finditer(text)))
    for at in reversed(list(ends)):
        if not _inside(things, at):
            return len(text[:at].rstrip()) or at, MARK
    return 0, ""


def _inside(spans: list[tuple[int, int]], at: int) -> bool:
    return any(start < at < end for start, end in spans)
