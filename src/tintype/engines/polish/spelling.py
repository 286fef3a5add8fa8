"""Whether an unknown word is a slip of the pen for a known one, or simply a word we don't know.

Trade words, names and loans are unknown to any dictionary; the nearest known word is nearly always
wrong for them. So a spelling is mended by itself only where the difference is one that people make
in writing: letters swapped, doubled or not doubled, a vowel for a vowel, a letter lost, a vowel too
many. Anything else is a suggestion.
"""

from collections.abc import Sequence
from typing import Final

from tintype.engines.polish.language import ENGLISH

_VOWELS: Final = frozenset("aeiouy")
_SHORTEST: Final = 4
_LONG: Final = 6  # Letters from which more than a swap is taken for a slip.
_LONGEST: Final = 8  # Letters from which there may be two slips.
_NEVER: Final = 99
_Steps = list[tuple[int, int, int, int]]


def mended(word: str, options: Sequence[str]) -> str | None:
    """The option that `word` is a likely slip for; None where there is none or no certain one."""
    if not (_plain(word) and len(word) >= _SHORTEST):
        return None
    good = sorted(
        (number, place, option)
        for place, option in enumerate(options)
        if _plain(option) and (number := slips(word, option)) is not None
    )
    if not good:
        return None
    rivals = [option for number, _, option in good if number == good[0][0]]
    known = [option for option in rivals if option in ENGLISH]
    if (
        len(word) < _LONG
        and not known
        and (sorted(word) != sorted(rivals[0]) or len(word) == _SHORTEST)
    ):
        return None  # A short word that lacks a letter is as often a name or a term.
    if len(rivals) > 1 and len(word) < _LONG and len(known) != 1:
        return None
    return known[0] if known else rivals[0]


def _plain(word: str) -> bool:
    return word.isascii() and word.islower() and word.isalpha()


def slips(word: str, wanted: str) -> int | None:
    """How many slips lead from `wanted` to `word`; None where it takes another kind of change."""
    allowed = 2 if len(word) >= _LONGEST else 1
    if word[0] != wanted[0] or abs(len(word) - len(wanted)) > allowed:
        return None
    # By place in both words and letters lost or added so far; of those there may be one.
    best = {(0, 0, 0): 0}
    for i in range(len(word) + 1):
        for j in range(len(wanted) + 1):
            for lost in (0, 1):
                if (i, j, lost) not in best:
                    continue
                for di, dj, cost, more in _steps(word, wanted, i, j):
                    there = (i + di, j + dj, lost + more)
                    best[there] = min(best.get(there, _NEVER), best[i, j, lost] + cost)
    found = min(best.get((len(word), len(wanted), lost), _NEVER) for lost in (0, 1))
    return found if found <= allowed else None


def _steps(word: str, wanted: str, i: int, j: int) -> _Steps:
    """The ways on from letter `i` of `word` and letter `j` of `wanted`.

    Each is the letters of both that it takes, its slips, and its letters lost or added.
    """
    a, b = word[i : i + 1], wanted[j : j + 1]
    long = len(word) >= _LONG
    found: _Steps = []
    if a and a == b:
        found.append((1, 1, 0, 0))
    elif a in _VOWELS and b in _VOWELS and long and a and b and i + 1 < len(word):
        found.append((1, 1, 1, 0))
    if len(word) - i > 1 and word[i : i + 2] == wanted[j : j + 2][::-1]:
        found.append((2, 2, 1, 0))
    if i and a:
        if word[i - 1] == a and i > 1:
            found.append((1, 0, 1, 0))
        elif len(word) > _LONG and a in _VOWELS and i + 1 < len(word):
            found.append((1, 0, 1, 1))
    if j and b:
        if wanted[j - 1] == b and j > 1:
            found.append((0, 1, 1, 0))
        elif j + 1 < len(wanted):
            found.append((0, 1, 1, 1))
    return found
