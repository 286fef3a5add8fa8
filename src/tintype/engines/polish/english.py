"""English put right: our own rules, then Harper's findings as far as they can be believed."""

import re
from collections.abc import Mapping
from typing import Final

from tintype.engines.polish.checker import SPELLING, Checker, Dialect, Finding
from tintype.engines.polish.draft import Draft
from tintype.engines.polish.language import begins, foreign_parts
from tintype.engines.polish.reading import TooStrange, findings_in, strangers, without
from tintype.engines.polish.rules import cased, corrections
from tintype.engines.polish.spelling import mended
from tintype.engines.polish.stopping import Ask, go_on
from tintype.engines.polish.words import listed

_PASSES_MAX: Final = 4
# Kinds of findings that are faults, not taste; of the others nothing is applied by itself. Chosen,
# with the lists in `words.toml`, by letting all of Harper's rules read 9,000 published sentences.
_FAULTS: Final = frozenset(
    {"Agreement", "BoundaryError", "Eggcorn", "Grammar", "Malapropism", "Miscellaneous",
     "Nonstandard", "Punctuation", "Spelling", "Typo", "Usage", "WordChoice"}
)  # fmt: skip
_DOUBTED: Final = listed("doubted")
_FIRST_ANSWER: Final = listed("first_answer")
_AT_BEGINNING: Final = listed("at_beginning")
_BEFORE_A_WORD: Final = listed("before_a_word")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_NEXT_WORD: Final = re.compile(r" [a-z]{2,}+(?![\w'’(-])")
_GERUND: Final = re.compile(r" [a-z]+ing\b")  # "its ending" is as right as "it's ending".
# Behind these a pronoun isn't the subject: "items from it are", "all of you is".
_NO_SUBJECT: Final = re.compile(r"\b(?:about|at|by|for|from|in|of|on|than|to|with)\s+\w+\s+$")
_LOOKBACK: Final = 40
_LONG_NAME: Final = 6
_HALF: Final = 3  # Letters of half a compound, at least.
_REASONS: Final = {
    SPELLING: "spelling", "AnA": "a or an", "ThenThan": "then or than", "ToTwoToo": "to or too",
    "ItsContraction": "its or it's", "ItsPossessive": "its or it's", "Miscellaneous": "wording",
    "WordChoice": "wording", "Usage": "wording", "Nonstandard": "wording", "Eggcorn": "wording",
    "Malapropism": "wording", "BoundaryError": "words run together",
}  # fmt: skip
_FIRST_PERSON: Final = frozenset({"I", "I'm", "I've", "I'll", "I'd", "I’m", "I’ve", "I’ll", "I’d"})


def keep_foreign(draft: Draft, checker: Checker, dialect: Dialect, stopped: Ask) -> None:
    """Set aside the sentences that aren't English."""

    def knows(word: str) -> bool:
        go_on(stopped)
        return checker.knows(word, dialect)

    draft.keep(foreign_parts(draft.text, knows))


def apply_rules(draft: Draft, stopped: Ask) -> None:
    """Our own rules, again where one made room for another."""
    for _ in range(_PASSES_MAX):
        go_on(stopped)
        found = sorted(corrections(draft.text), key=lambda c: (c.start, c.end), reverse=True)
        changed, least = False, len(draft.text) + 1
        for item in found:
            go_on(stopped)
            if item.end <= least and draft.correct(item.start, item.end, item.after, item.reason):
                changed, least = True, item.start
        if not changed:
            return


def apply_findings(
    draft: Draft, checker: Checker, dialect: Dialect, stopped: Ask, *, variants: bool
) -> list[Finding]:
    """What Harper finds and can be believed, the smallest places first where they overlap.

    With `variants` a word of another English is given this one's spelling. Answers the findings
    that are left, in places of the draft's present text.
    """
    try:
        unread = strangers(draft, checker, dialect, stopped)
    except TooStrange:
        return []
    for _ in range(_PASSES_MAX):
        findings = findings_in(without(draft.text, unread), checker, dialect, stopped)
        go_on(stopped)
        chosen = _chosen(draft, checker, dialect, findings, variants=variants)
        changed = False
        for found, after in sorted(chosen, key=lambda c: c[0].start, reverse=True):
            go_on(stopped)
            changed |= draft.correct(found.start, found.end, after, reason_of(found))
        if not changed:
            return findings
    return findings_in(without(draft.text, unread), checker, dialect, stopped)


def _chosen(
    draft: Draft, checker: Checker, dialect: Dialect, findings: list[Finding], *, variants: bool
) -> list[tuple[Finding, str]]:
    """The findings to act on, each with what its place becomes; none overlaps another."""
    unknown = _unknown(draft.text, findings)
    others = _others(draft.text, unknown)
    chosen: list[tuple[Finding, str]] = []
    for found in sorted(findings, key=lambda f: (f.end - f.start, f.start)):
        after = _believed(draft, found, unknown)
        if found.rule == SPELLING and found.start not in others:
            after = _spelling(draft, checker, found, dialect, variants=variants)
        if after is not None and not any(
            found.start < other.end and other.start < found.end for other, _ in chosen
        ):
            chosen.append((found, after))
    return chosen


def reason_of(found: Finding) -> str:
    """Some words for a finding: "spelling", "agreement", "its or it's"."""
    return _REASONS.get(found.rule) or _REASONS.get(found.kind) or found.kind.lower()


def _believed(draft: Draft, found: Finding, unknown: Mapping[int, bool]) -> str | None:
    """The wording to put in the finding's place by itself; None to leave the place."""
    if found.rule == SPELLING or found.kind not in _FAULTS or found.rule in _DOUBTED:
        return None
    if not found.options or (len(found.options) > 1 and found.rule not in _FIRST_ANSWER):
        return None
    before, after = draft.text[found.start : found.end], found.options[0]
    only_case = after.lower() == before.lower()
    if not after or only_case or not _may_change(draft, found, unknown):
        return None
    return after


def _may_change(draft: Draft, found: Finding, unknown: Mapping[int, bool]) -> bool:
    """Whether the place and what stands around it are plain enough for the rule."""
    start, end = found.start, found.end
    return not (
        draft.is_kept(start, end)
        or _is_part(draft.text, start, end)
        or _has_name(draft.text, start, end)
        or (found.rule in _AT_BEGINNING and not begins(draft.text, start))
        or (found.rule in _BEFORE_A_WORD and not _before_word(draft, end, unknown))
        or (found.rule == "ItsContraction" and _GERUND.match(draft.text, end))
        or (found.kind == "Agreement" and _NO_SUBJECT.search(draft.text[:start][-_LOOKBACK:]))
    )


def _spelling(
    draft: Draft, checker: Checker, found: Finding, dialect: Dialect, *, variants: bool
) -> str | None:
    """What an unknown word is a slip for; with `variants` what another English's word is here."""
    word = draft.text[found.start : found.end]
    if draft.is_kept(found.start, found.end) or _is_part(draft.text, found.start, found.end):
        return None
    lower = word.lower()
    if not (word.islower() or (word.istitle() and begins(draft.text, found.start))):
        return None
    if checker.knows(lower, dialect):
        usual = next((option for option in found.options if option.isalpha()), None)
        is_name = any(option.lower() == lower for option in found.options)
        return cased(word, usual) if variants and usual and not is_name else None
    after = mended(lower, [option.lower() for option in found.options])
    if after is None or _is_compound(checker, lower, dialect):
        return None
    # Names begin sentences too, and lack letters on purpose; long ones seldom have two swapped.
    swapped = len(word) >= _LONG_NAME and sorted(after) == sorted(lower)
    return cased(word, after) if word.islower() or swapped else None


def _is_compound(checker: Checker, word: str, dialect: Dialect) -> bool:
    """Whether it is two known words in one, such as "moodboard": a term, not a slip."""
    return any(
        checker.knows(f"{word[:at]} {word[at:]}", dialect)
        for at in range(_HALF, len(word) - _HALF + 1)
    )


def _unknown(text: str, findings: list[Finding]) -> dict[int, bool]:
    """The words that no dictionary knows by where they begin, and whether they may be slips."""
    return {
        found.start: mended(text[found.start : found.end].lower(), found.options) is not None
        for found in findings if found.rule == SPELLING
    }  # fmt: skip


def _others(text: str, unknown: Mapping[int, bool]) -> set[int]:
    """The words of runs of unknown ones of which one can't be a slip: another tongue's."""
    others: set[int] = set()
    run: list[int] = []
    for match in [*_WORD.finditer(text), None]:
        if match is not None and match.start() in unknown:
            run.append(match.start())
            continue
        if len(run) > 1 and not all(unknown[start] for start in run):
            others.update(run)
        run = []
    return others


def _is_part(text: str, start: int, end: int) -> bool:
    """Whether the place is a part of something longer: a compound, a domain, a word."""
    around = text[max(0, start - 1) : start] + text[end : end + 1]
    return any(c in "-'’_/&@+" or c.isalnum() for c in around)


def _has_name(text: str, start: int, end: int) -> bool:
    """Whether a word in the place has a capital that the beginning of a sentence doesn't give."""
    for match in _WORD.finditer(text[start:end]):
        word = match[0]
        first = begins(text, start + match.start()) and (len(word) == 1 or word[1:].islower())
        if not (word.islower() or word in _FIRST_PERSON or first):
            return True
    return False


def _before_word(draft: Draft, end: int, unknown: Mapping[int, bool]) -> bool:
    """Whether a word of the dictionary follows, in small letters."""
    match = _NEXT_WORD.match(draft.text, end)
    return (
        match is not None
        and match.start() + 1 not in unknown
        and not draft.is_kept(match.start() + 1, match.end())
    )
