"""A text under correction, with the places that must come back as they were."""

from typing import Final

from tintype.engines.polish.masks import Span, masks, touches, united
from tintype.engines.polish.mojibake import repaired

CHANGES_MAX: Final = 500


class Draft:
    """One text on its way through the steps. Places are those of `text`, the corrected one.

    After `CHANGES_MAX` changes it takes no more: a text with so many faults isn't prose.
    """

    def __init__(self, original: str) -> None:
        self.edits = repaired(original)
        self.text = self.edits.text
        self._kept: list[Span] = []
        self.keep(masks(self.text))

    def keep(self, spans: list[Span]) -> None:
        """From now on nothing may change in these places."""
        reached = [self.edits.reach(start, end)[:2] for start, end in spans]
        self._kept = united([*self._kept, *reached])

    def is_kept(self, start: int, end: int) -> bool:
        first, last, _ = self.edits.reach(start, end)
        return touches(self._kept, first, last)

    def correct(self, start: int, end: int, after: str, reason: str) -> bool:
        """Make the place `after`, unless it is kept; True where the text has changed."""
        if len(self.edits.items) >= CHANGES_MAX:
            return False
        if self.text[start:end] == after or self.is_kept(start, end):
            return False
        self.edits = self.edits.replaced(start, end, after, reason)
        self.text = self.edits.text
        return True
