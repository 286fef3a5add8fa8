"""A text polished: the steps, in their order."""

from dataclasses import dataclass
from typing import Final

from tintype.engines.polish import english
from tintype.engines.polish.checker import SPELLING, Checker, Dialect, Finding
from tintype.engines.polish.draft import Draft
from tintype.engines.polish.edits import Edits
from tintype.engines.polish.stopping import Ask, go_on
from tintype.engines.polish.tone import Tone, speak

_SUGGESTIONS_MAX: Final = 100
_OPTIONS_MAX: Final = 3


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What may be wrong at a place of the original; the first of `options` is the likeliest."""

    start: int
    end: int
    options: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Proof:
    edits: Edits
    suggestions: tuple[Suggestion, ...] = ()


def proofread(
    text: str,
    checker: Checker | None,
    dialect: Dialect | None,
    tone: Tone,
    *,
    variants: bool,
    stopped: Ask,
) -> Proof:
    """Polish `text`; without a dialect it isn't English and only its encoding is repaired.

    `variants`: the dialect was asked for, so another English's spellings are changed to it.
    Raises Stopped soon after `stopped` says so, CheckerFailed where the checker gives up.
    """
    draft = Draft(text)
    if dialect is None or checker is None:
        return Proof(draft.edits)
    go_on(stopped)
    english.keep_foreign(draft, checker, dialect, stopped)
    english.apply_rules(draft, stopped)
    go_on(stopped)
    left = english.apply_findings(draft, checker, dialect, stopped, variants=variants)
    suggestions = _suggestions(draft, left)
    go_on(stopped)
    speak(draft, tone, checker, dialect)
    return Proof(draft.edits, _standing(draft.edits, suggestions))


def _suggestions(draft: Draft, findings: list[Finding]) -> tuple[Suggestion, ...]:
    """Findings that weren't believed, where they speak of the original's own words."""
    made: list[Suggestion] = []
    for found in findings:
        word = draft.text[found.start : found.end]
        if not found.options or draft.is_kept(found.start, found.end):
            continue
        if found.rule == SPELLING and not word.islower():
            continue  # A name: the nearest word of the dictionary is none.
        start, end, clean = draft.edits.reach(found.start, found.end)
        if clean and start < end:
            options = found.options[:_OPTIONS_MAX]
            made.append(Suggestion(start, end, options, english.reason_of(found)))
    return tuple(made[:_SUGGESTIONS_MAX])


def _standing(edits: Edits, suggestions: tuple[Suggestion, ...]) -> tuple[Suggestion, ...]:
    """Those whose words the tone has left as they were."""
    return tuple(
        item for item in suggestions
        if not any(edit.start < item.end and item.start < edit.end for edit in edits.items)
    )  # fmt: skip
