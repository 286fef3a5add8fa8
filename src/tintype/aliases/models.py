"""What an alias may look like."""

import re
import unicodedata
from typing import Annotated, Final

from msgspec import Meta

from tintype.core.errors import ValidationFailed

TECHNICAL: Final = ("@last", "@first", "@upload")
_FORM: Final = re.compile(r"@[a-z0-9][a-z0-9_-]{0,62}")
_MENTION: Final = re.compile(r"(@+)([A-Za-z0-9_-]*)")
# Direction marks that writers of Arabic and Hebrew put around a name; they may follow it.
_DIRECTION_MARKS: Final = "\u061c\u200e\u200f\u2069"

_WORD_CATEGORIES: Final = frozenset({"Lu", "Ll", "Lt", "Nd", "Nl", "No", "Mn", "Mc", "Me"})

AliasText = Annotated[str, Meta(min_length=2, max_length=128, description="such as @hero")]


def normalize(text: str, field: str = "alias") -> str:
    """The stored form of an alias, lower-case ASCII; raises ValidationFailed for anything else."""
    folded = text.lower() if text.isascii() else text
    if not _FORM.fullmatch(folded):
        raise ValidationFailed(
            field, "must be @ and 1 to 63 of a-z, 0-9, _ and -, starting with a letter or digit"
        )
    return folded


def assignable(text: str, field: str = "alias") -> str:
    """As `normalize`, but for names that a client may give: the technical ones are reserved."""
    alias = normalize(text, field)
    if alias in TECHNICAL:
        raise ValidationFailed(field, f"{alias} is reserved; it always names an image of the flow")
    return alias


def mentions(prompt: str) -> list[str]:
    """The aliases that a prompt names, in order, each once; ValidationFailed for a broken one.

    A name is an @ and all of a-z, 0-9, _ and - behind it, in either case. An @ inside a word or an
    address (bob@hero.com) is none, nor one without a letter or digit behind it. Scripts without
    spaces or case may touch a name on both sides (把@hero放在海边, @hero를); a letter that could be
    mistaken for one of the name's own (Cyrillic е, é, full-width ｈ) is refused, never cut off.
    """
    found: list[str] = []
    for match in _MENTION.finditer(prompt):
        before = prompt[match.start() - 1] if match.start() else " "
        if _is_of_word(before) or before in "+.-":
            continue
        end = match.end()
        behind = prompt[end : end + 1]
        while behind and behind in _DIRECTION_MARKS and match[2]:
            end += 1
            behind = prompt[end : end + 1]
        lookalike = bool(behind) and (_is_of_word(behind) or unicodedata.category(behind) == "Cf"
                                      or (behind.isalpha() and not match[2]))  # fmt: skip
        if not lookalike and not match[2][:1].isalnum():
            continue
        if lookalike:
            text = prompt[match.start() : end + 1]
            raise ValidationFailed("prompt", f"{text[-70:]!r} is not an alias: a-z, 0-9, _, - only")
        if len(match[1]) > 1:
            raise ValidationFailed("prompt", f"{match[0][:70]} is not an alias; write one @")
        alias = normalize("@" + match[2], "prompt")
        if alias not in found:
            found.append(alias)
    return found


def _is_of_word(character: str) -> bool:
    """Cased letters, digits and marks of any script, and _: what a Latin name could run on with."""
    return character == "_" or unicodedata.category(character) in _WORD_CATEGORIES
