"""Corrections as edits of the text that was sent, so that they can be told and redone by hand.

Checkers see the corrected text and speak of places in it. `Edits` takes each correction in those
places and keeps it in places of the original, joined with what it overlaps: applied in order to
the original, the edits always give the corrected text exactly.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """Original code points `start` to `end` become `after`, for the reasons given."""

    start: int
    end: int
    after: str
    reasons: tuple[str, ...]

    @property
    def growth(self) -> int:
        return len(self.after) - (self.end - self.start)


@dataclass(frozen=True, slots=True)
class Edits:
    """An original text with corrections: in order, apart from each other, each with an effect."""

    original: str
    items: tuple[Edit, ...] = ()

    @property
    def text(self) -> str:
        """The corrected text."""
        pieces, at = [], 0
        for edit in self.items:
            pieces += [self.original[at : edit.start], edit.after]
            at = edit.end
        return "".join([*pieces, self.original[at:]])

    def replaced(self, start: int, end: int, after: str, reason: str) -> "Edits":
        """With `start` to `end` of the corrected text made `after`."""
        before: list[Edit] = []
        joined: list[tuple[Edit, int]] = []  # With where each starts in the corrected text.
        behind: list[Edit] = []
        shift = 0
        for edit in self.items:
            at = edit.start + shift
            until = at + len(edit.after)
            if until < start or (until == start and at < until):
                before.append(edit)
            elif at > end or (at == end and end > start):
                behind.append(edit)
            else:
                joined.append((edit, at))
            shift += edit.growth
        moved = sum(edit.growth for edit in before)
        return Edits(self.original, (*before, *self._join(joined, moved, start, end, after, reason),
                                     *behind))  # fmt: skip

    def _join(
        self,
        joined: list[tuple[Edit, int]],
        moved: int,
        start: int,
        end: int,
        after: str,
        reason: str,
    ) -> Iterable[Edit]:
        """The new correction and those that it touches as one; `moved` is the shift before them."""
        first, last = start - moved, end - moved - sum(edit.growth for edit, _ in joined)
        head = tail = ""
        reasons: tuple[str, ...] = ()
        for edit, at in joined:
            first, last = min(first, edit.start), max(last, edit.end)
            if at < start:
                head = edit.after[: start - at]
            if at + len(edit.after) > end:
                tail = edit.after[end - at :] if at <= end else edit.after
            reasons += edit.reasons
        whole = head + after + tail
        if whole != self.original[first:last]:
            yield Edit(first, last, whole, tuple(dict.fromkeys((*reasons, reason))))

    def reach(self, start: int, end: int) -> tuple[int, int, bool]:
        """A place of the corrected text in the original, and whether no correction touches it.

        Where one does, the place is widened to all that it replaced.
        """
        shift, first, last, clean = 0, None, None, True
        for edit in self.items:
            at = edit.start + shift
            until = at + len(edit.after)
            if at > end or (at == end and (at, until) != (start, start) and start < end):
                break
            shift_behind = shift + edit.growth
            if until > start or (until == start and at == until):
                clean = False
                first = min(edit.start, start - shift) if first is None else first
                last = max(edit.end, end - shift_behind)
            shift = shift_behind
        return (
            start - shift if first is None else first,
            end - shift if last is None else last,
            clean,
        )
