"""What of a text the checker is given to read.

For each word that it doesn't know, the checker searches its whole dictionary for near ones: up to
12 ms of work for each different one, where knowing a word takes 50 µs. So only so many are looked
up; words beyond, and those that stand only where nothing may change, are hidden from it.
"""

import re
from dataclasses import replace
from typing import Final

from tintype.engines.polish.checker import Checker, Dialect, Finding
from tintype.engines.polish.draft import Draft
from tintype.engines.polish.stopping import Ask, go_on

LOOKED_UP_MAX: Final = 100
_LETTERS_MAX: Final = 24  # A longer word takes up to 30 ms, and is hardly a slip of one.
# With known words that the checker searches for too: names in small letters, another English's.
_SEARCHED_MAX: Final = 150
_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
# Short enough for a tenth of a second, after a sentence or line where there is one.
_PART: Final = re.compile(r".{1,1500}(?:\Z|(?<=[.!?\n])\s)|.{1,1500}(?!\w)|.{1,1500}", re.DOTALL)
_PIECE: Final = re.compile(r".{1,150}(?!\w)|.{1,150}", re.DOTALL)
_UNREAD: Final = "\u4e00"  # The checker passes over it, and takes it for no part of a word.


class TooStrange(Exception):
    """So many of the words aren't in the dictionary that the text isn't prose."""


def strangers(draft: Draft, checker: Checker, dialect: Dialect, stopped: Ask) -> frozenset[str]:
    """The unknown words that are not to be looked up, by their spelling; the others now have been.

    Raises TooStrange, and Stopped soon after `stopped` says so.
    """
    unknown: dict[str, bool] = {}  # And whether they stand where something may change.
    for match in _WORD.finditer(draft.text):
        word = match[0]
        if not unknown.get(word) and not checker.knows(word, dialect):
            unknown[word] = len(word) <= _LETTERS_MAX and not draft.is_kept(*match.span())
        go_on(stopped)
    open_ones = [word for word, is_open in unknown.items() if is_open]
    hidden = frozenset(unknown) - frozenset(open_ones[:LOOKED_UP_MAX])
    draft.keep([m.span() for m in _WORD.finditer(draft.text) if m[0] in hidden])
    searched: set[str] = set()
    for piece in _PIECE.findall(without(draft.text, hidden)):
        go_on(stopped)
        searched |= checker.looked_up(piece, dialect)
        if len(searched) > _SEARCHED_MAX:
            raise TooStrange
    return hidden


def findings_in(text: str, checker: Checker, dialect: Dialect, stopped: Ask) -> list[Finding]:
    """What the checker finds in `text`, by place, read in parts; raises Stopped between two."""
    found: list[Finding] = []
    for part in _PART.finditer(text):
        go_on(stopped)
        found += [
            replace(item, start=item.start + part.start(), end=item.end + part.start())
            for item in checker.check(part[0], dialect)
        ]
    return found


def without(text: str, words: frozenset[str]) -> str:
    """`text` with something unreadable for the words, all else in its place."""
    if not words:
        return text
    return _WORD.sub(lambda m: _UNREAD.rjust(len(m[0])) if m[0] in words else m[0], text)
