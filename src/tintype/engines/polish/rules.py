"""Corrections of our own: patterns that are wrong in any English sentence.

Each rule says what it finds and what it makes of it. They run before the dictionary, because they
know slips that it takes for words ("wont") or for other words ("adress").
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from tintype.engines.polish.language import begins
from tintype.engines.polish.words import paired

_Make = Callable[[re.Match[str]], str | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """`make` gives what a match, or its group `at`, becomes; None leaves it."""

    pattern: re.Pattern[str]
    make: _Make
    reason: str


@dataclass(frozen=True, slots=True)
class Correction:
    start: int
    end: int
    after: str
    reason: str


def corrections(text: str) -> Iterator[Correction]:
    """What the rules would change; places may overlap."""
    for rule in RULES:
        for match in rule.pattern.finditer(text):
            made = rule.make(match)
            if made is not None:
                start, end = match.span("at" if "at" in match.groupdict() else 0)
                yield Correction(start, end, made, rule.reason)


def cased(like: str, word: str) -> str:
    """`word` with a capital where `like` begins with one."""
    return word[0].upper() + word[1:] if like[:1].isupper() else word


def _words(table: dict[str, str], reason: str) -> Rule:
    """Whole words by a table, in small letters or first in a sentence."""
    either = "|".join(sorted(table, key=len, reverse=True))

    def make(match: re.Match[str]) -> str | None:
        found = match[0]
        first = found[1:].islower() and begins(match.string, match.start())
        if not (found.islower() or first):
            return None
        return cased(found, table[found.lower()])

    return Rule(re.compile(rf"(?<![\w'’.:-])(?:{either})(?![\w'’-])", re.IGNORECASE), make, reason)


def _behind_word(*but: str) -> Callable[[re.Match[str]], str | None]:
    """Remove the place, unless the word before it (group `word`) is one of `but`."""
    return lambda match: None if match["word"].lower() in but else ""


def _at_beginning(made: str) -> _Make:
    """`made`, with the match's capital, where a sentence begins."""
    return lambda m: cased(m[0], made) if begins(m.string, m.start()) else None


def _alone_in_line(match: re.Match[str]) -> str | None:
    """One blank for two, unless the line has more such places: it may be a row of a table."""
    text = match.string
    line = text[text.rfind("\n", 0, match.start()) + 1 :].partition("\n")[0]
    return " " if line.count("  ") == 1 else None


# Not "in in" ("log in in seconds"), "it it", "had had": both may be meant.
_DOUBLED: Final = "the|a|an|and|of|to|from|or|we|our|your|their|my"
_LONELY_I: Final = (
    "am|was|have|had|will|would|can|could|should|think|love|like|want|need|know|hope|feel|just|"
    "really|also|don't|didn't|can't|couldn't|won't|wouldn't|never|always|bought|got|made|use|used"
)
# These can't end a clause, as other prepositions can: "the size you asked for you're getting".
_BEFORE_YOUR: Final = "during|via|per|upon|despite|regarding"
# What nobody is said to be; what may follow it closes the door on "you're email marketing".
_BELONGINGS: Final = (
    "account|address|basket|booking|browser|card|cart|dashboard|delivery|device|email|feedback|"
    "inbox|invoice|name|order|orders|package|parcel|password|patience|payment|phone|photo|photos|"
    "picture|pictures|profile|purchase|receipt|reservation|settings|shipment|subscription|username|"
    "wishlist"
)
_AND_ON: Final = "and|or|for|from|in|on|at|to|with|by|before|after|while|when|again|here|now|today"
_AFTER_TO: Final = (
    "much|many|expensive|easy|late|early|big|small|hot|cold|heavy|long|short|soon|bad"
)
# A subject doesn't stand behind these: "one of these is", "copies of this are".
_SUBJECT: Final = r"(?<!of )(?<!for )(?<!in )(?<!to )(?<!with )(?<!on )(?<!from )(?<!like )(?<!by )"
# Nor does a clause begin anywhere: "the team that helped you was great", "all but these is old".
_CLAUSE: Final = r"(?:^|[.!?:;,][\"”’)]? |(?<=, )(?:and|but) |\b(?:that|because|if|when) )"
# "Press ? for help": the mark is a word.
_SPEAKS_OF_MARKS: Final = ("press", "type", "use", "hit", "enter", "key", "the", "a", "or", "and")
_AS_IS_HIS: Final = r"(?<!his )(?<!her )(?<!its )(?<!my )(?<!our )(?<!your )(?<!their )(?<!the )"

RULES: Final = (
    _words(paired("apostrophes"), "missing apostrophe"),
    _words(paired("first_person"), "the pronoun I is a capital"),
    _words(paired("spellings"), "spelling"),
    _words(paired("two_words"), "two words"),
    Rule(
        re.compile(rf"(?<![\w'’.-]){_AS_IS_HIS}([Ww])ont(?= (?!to\b)[a-z])"),
        lambda m: f"{m[1]}on't",
        "missing apostrophe",
    ),
    Rule(
        re.compile(rf"(?<![\w'’.-])({_DOUBLED})(?P<at>[ \t]{{1,3}}\1)(?![\w'’.-])", re.IGNORECASE),
        # "A A" and "OR or" may be meant; only what reads as one word twice is folded.
        lambda m: "" if m["at"].islower() and m[1][1:] == m[1][1:].lower() else None,
        "doubled word",
    ),
    Rule(
        re.compile(rf"(?<![\w'’.-])i(?= (?:{_LONELY_I})\b)"),
        lambda _: "I",
        "the pronoun I is a capital",
    ),
    Rule(
        re.compile(r"(?P<word>\b[^\W\d_]{1,40})(?P<at> {1,3})(?=,\s|[!?](?:\n|$| [A-Z]))"),
        _behind_word(*_SPEAKS_OF_MARKS),
        "no space before it",
    ),
    Rule(
        re.compile(r"(?P<word>\b[a-z]{2,40})(?P<at> {1,3})(?=\.(?:\n|$| [A-Z]))"),
        _behind_word(*_SPEAKS_OF_MARKS),
        "no space before it",
    ),
    Rule(re.compile(r"(?<=[^\W\d_]|,) {2}(?=[^\W\d_])"), _alone_in_line, "doubled space"),
    Rule(
        re.compile(r"(?<=[a-z] )[a-z']{2,}+(?P<at>,)[a-z']{2,}+(?=[.!?]?(?:\s|$))"),
        lambda _: ", ",
        "a space after the comma",
    ),
    Rule(
        re.compile(r"(?<=[a-z]{3})([.!?])(?=(?:The|It|We|This|You|Our|And|But|They|He|She|If)\b)"),
        lambda m: m[1] + " ",
        "a space after the sentence",
    ),
    Rule(re.compile(r"(?<=[^\W\d_]),,(?=\s)"), lambda _: ",", "doubled comma"),
    Rule(
        re.compile(r"\b([Ss]hould|[Cc]ould|[Ww]ould)(n't)? of\b(?! course)"),
        lambda m: f"{m[1]}{m[2] or ''} have",
        "of for have",
    ),
    Rule(
        re.compile(r"\b([Yy])our(?= (?:going to|gonna|invited (?:to|for)|not going)\b)"),
        lambda m: f"{m[1]}ou're",
        "your for you're",
    ),
    Rule(
        re.compile(r"\b[Yy]our(?= (?:welcome|awesome|invited)(?:[.!,]|$| to\b))"),
        _at_beginning("you're"),
        "your for you're",
    ),
    Rule(
        re.compile(rf"\b(?:{_BEFORE_YOUR}) (?P<at>you're)(?= (?!not|\w+ing\b)\w)"),
        lambda _: "your",
        "you're for your",
    ),
    Rule(
        re.compile(
            rf"(?<=[a-z] )you're(?= (?:{_BELONGINGS})(?:[.,!?]|$|\n| (?:{_AND_ON})\b))",
        ),
        lambda _: "your",
        "you're for your",
    ),
    Rule(
        re.compile(
            rf"\b(?:is|was|are|it's|far|way) (?P<at>to)(?= (?:{_AFTER_TO})(?:[.,!?]|$| to ))"
        ),
        lambda _: "too",
        "to for too",
    ),
    Rule(
        re.compile(rf"\b{_SUBJECT}(?:[Ww]e|[Tt]hey) (?P<at>was)\b(?! (?:ever|as|born))"),
        lambda _: "were",
        "agreement",
    ),
    Rule(
        re.compile(rf"{_CLAUSE}[Yy]ou (?P<at>was)\b(?! (?:ever|as|born))", re.MULTILINE),
        lambda _: "were",
        "agreement",
    ),
    Rule(
        re.compile(r"(?:^|[.!?,] |\b(?:and|but|that) )(?:[Hh]e|[Ss]he|[Ii]t) (?P<at>don't)\b"),
        lambda _: "doesn't",
        "agreement",
    ),
    Rule(
        re.compile(rf"{_CLAUSE}(?P<at>[Tt]his)(?= are\b)", re.MULTILINE),
        lambda m: cased(m["at"], "these"),
        "agreement",
    ),
    Rule(
        re.compile(rf"{_CLAUSE}(?P<at>[Tt]hese)(?= (?:is|was)\b)", re.MULTILINE),
        lambda m: cased(m["at"], "this"),
        "agreement",
    ),
    Rule(
        re.compile(r"\b([Tt]here) (is|was)(?= (?:many(?! an? )|several)\b)"),
        lambda m: f"{m[1]} {'were' if m[2] == 'was' else 'are'}",
        "agreement",
    ),
    Rule(
        re.compile(r"\b(?:to|can't|cannot|won't|don't|didn't|will) (?P<at>loose)"
                   r"(?= (?:weight|money|time|sight|track|hope|your|my|our|it|with|any)\b|[.!?])"),
        lambda _: "lose",
        "loose for lose",
    ),
    Rule(
        # "Its a cappella version", "its a la carte menu".
        re.compile(r"(?<![\w'’.-])([Ii])ts(?= (?:the|a|an|not|been|so|going to|too)\b(?!-))"
                   r"(?! a (?:capp?ella|la|priori|posteriori)\b)"),
        lambda m: f"{m[1]}t's",
        "its or it's",
    ),
)  # fmt: skip
