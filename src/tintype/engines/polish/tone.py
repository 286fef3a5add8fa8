"""Tones: what rules can really do for a register, and nothing that needs understanding.

`neutral` corrects faults only. `professional` writes contractions and slang out, folds repeated
marks and stops shouting. `friendly` contracts where speech does.
"""

import re
from typing import Final, Literal, get_args

from tintype.engines.polish.checker import Checker, Dialect
from tintype.engines.polish.draft import Draft
from tintype.engines.polish.rules import cased
from tintype.engines.polish.words import listed, paired

Tone = Literal["neutral", "professional", "friendly"]
TONES: Final[tuple[Tone, ...]] = get_args(Tone)

_A: Final = r"(?<![\w'’.@#/-])"  # A word begins,
_Z: Final = r"(?![\w'’/-])"  # and ends.
# A contraction can't end a clause, nor take "only": "that's who I am", "it does not only".
_GOES_ON: Final = r"(?= [a-z])(?! (?:only|is|was|and|or|but|to)\b)"
# Behind these a clause may lack its end: "who we are as a brand".
_OPEN: Final = re.compile(
    r"\b(?:who|what|where|when|how|why|as|than|which|whatever|wherever|whoever|all|so|if)\s+$",
    re.IGNORECASE,
)
_LOOKBACK: Final = 20
_SUBJECTS: Final = r"(?! (?:i|you|he|she|it|we|they|this|that|these|those|the|a|an|your|our|my)\b)"

_EXPANDED: Final = paired("expanded")
_IS: Final = paired("expanded_is")
_SLANG: Final = paired("slang")
_CONTRACTED: Final = paired("contracted")
# "it's been" is "it has been": these words follow has, not is.
_HAD: Final = r"(?! (?:been|got|had|become|taken|gone|made|come)\b)"
_SHOUTED: Final = re.compile(r"(?<![\w'’-])[A-Z][A-Z'’]*+(?: [A-Z][A-Z'’]*+){2,}(?![\w-])")
_ACRONYMS: Final = listed("acronyms")
_LONG_SHOUT: Final = 4


def speak(draft: Draft, tone: Tone, checker: Checker, dialect: Dialect) -> None:
    """Give the draft the tone; each change says so in its reason."""
    if tone == "professional":
        _calm(draft, checker, dialect)
        _fold_marks(draft)
        _replace(draft, _SLANG, "", "tone: written out")
        _replace(draft, _EXPANDED, _SUBJECTS, "tone: contraction written out")
        _replace(draft, _IS, _HAD + r"(?! (?:not|n't)\b)", "tone: contraction written out")
    elif tone == "friendly":
        _replace(draft, _CONTRACTED, _GOES_ON, "tone: contracted", contracting=True)


def _replace(
    draft: Draft, table: dict[str, str], behind: str, reason: str, *, contracting: bool = False
) -> None:
    either = "|".join(re.escape(words).replace("'", "['’]") for words in table)
    pattern = re.compile(rf"{_A}(?:{either}){_Z}{behind}", re.IGNORECASE)
    for match in reversed(list(pattern.finditer(draft.text))):
        if contracting and _OPEN.search(
            draft.text[max(0, match.start() - _LOOKBACK) : match.start()]
        ):
            continue
        found = match[0].replace("’", "'")
        if found.islower() or found[0] + found[1:].lower() == found:
            draft.correct(*match.span(), cased(found, table[found.lower()]), reason)


def _fold_marks(draft: Draft) -> None:
    for match in reversed(list(re.finditer(r"(?<=\w)([!?])\1++(?![!?])", draft.text))):
        draft.correct(*match.span(), match[1], "tone: one mark is enough")


def _calm(draft: Draft, checker: Checker, dialect: Dialect) -> None:
    """SHOUTED RUNS of at least four words as a sentence; acronyms and unknown names stay."""
    for match in reversed(list(_SHOUTED.finditer(draft.text))):
        words = match[0].split(" ")
        if len(words) < _LONG_SHOUT:
            continue
        calm = [_calmed(word, checker, dialect) for word in words]
        behind = draft.text[: match.start()].rstrip(" \"'“‘(")
        if not behind or behind[-1] in ".!?:\n":
            calm[0] = calm[0][0].upper() + calm[0][1:]
        draft.correct(*match.span(), " ".join(calm), "tone: no capitals for emphasis")


def _calmed(word: str, checker: Checker, dialect: Dialect) -> str:
    lower = word.lower()
    if word in {"I", *_ACRONYMS}:
        return word
    known = checker.knows(lower, dialect)
    return lower if known else word
