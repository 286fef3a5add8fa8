"""What a rewritten text changed, word by word, as edits of the text that was sent."""

import difflib
import re
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from tintype.engines.polish.edits import Edit, Edits

_PIECE: Final = re.compile(r"\s+|\w+|[^\w\s]")
_WORK_MAX: Final = 3_000_000  # Pairs of equal pieces: at most some two seconds.


def compared(before: str, after: str, reason: str) -> Edits:
    """The edits that lead from `before` to `after`; each replaces whole words.

    Where too much between them differs for a comparison, all of that is one edit.
    """
    old, new = _PIECE.findall(before), _PIECE.findall(after)
    head = _alike(old, new)
    tail = _alike(old[head:][::-1], new[head:][::-1])
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    places = list(accumulate((len(piece) for piece in old), initial=0))
    edits = [
        Edit(places[head + a], places[head + b], "".join(middle_new[c:d]), (reason,))
        for kind, a, b, c, d in _steps(middle_old, middle_new)
        if kind != "equal"
    ]
    return Edits(before, tuple(edits))


def _alike(one: list[str], other: list[str]) -> int:
    """How many pieces both begin with."""
    both = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(both) if a != b), min(len(one), len(other)))


def _steps(old: list[str], new: list[str]) -> Sequence[tuple[str, int, int, int, int]]:
    # Repeated pieces cost their product; blanks are the most of them.
    counts = Counter(new)
    if sum(counts[piece] for piece in old) > _WORK_MAX:
        return [("replace", 0, len(old), 0, len(new))]
    return difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
