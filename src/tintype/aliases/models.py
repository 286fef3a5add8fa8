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

# Too short a text is refused with the other bad ones, by `normalize`, in its words.
AliasText = Annotated[str, Meta(max_length=128, description="such as @hero")]


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
        if _inside_word(prompt, match.start()):
            continue
        stray = _stray(prompt, match.end(), bool(match[2]))
        if not stray and not match[2][:1].isalnum():
            continue
        if stray:
            text = (match[0] + stray)[-70:]
            raise ValidationFailed("prompt", f"{text!r} is not an alias: a-z, 0-9, _ and - only")
        if len(match[1]) > 1:
            raise ValidationFailed("prompt", f"{match[0][:70]} is not an alias; write one @")
        alias = normalize("@" + match[2], "prompt")
        if alias not in found:
            found.append(alias)
    return found


def _inside_word(prompt: str, at: int) -> bool:
    """Whether what stands before an @ makes it part of a word or of an address."""
    while at and unicodedata.category(prompt[at - 1])[0] == "M":
        at -= 1
    return at > 0 and (prompt[at - 1] in "_.+-" or _is_of_word(prompt[at - 1]))


def _stray(prompt: str, end: int, named: bool) -> str:
    """The character behind a name that makes it another one than it seems, or nothing."""
    while named and prompt[end : end + 1] and prompt[end] in _DIRECTION_MARKS:
        end += 1
    behind = prompt[end : end + 1]
    if not behind:
        return ""
    odd = _is_of_word(behind) or unicodedata.category(behind) in {"Mn", "Mc", "Me", "Cf"}
    # An @ before a letter that no name can begin with was meant as a name.
    return behind if odd or (behind.isalpha() and not named) else ""


def _is_of_word(character: str) -> bool:
    """Cased letters and digits of any script: what a name could seem to run on with."""
    return unicodedata.category(character) in {"Lu", "Ll", "Lt", "Nd", "Nl", "No"}
