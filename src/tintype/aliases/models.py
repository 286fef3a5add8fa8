"""What an alias may look like."""

import re
from typing import Annotated, Final

from msgspec import Meta

from tintype.core.errors import ValidationFailed

TECHNICAL: Final = ("@last", "@first", "@upload")
_FORM: Final = re.compile(r"@[a-z0-9][a-z0-9_-]{0,62}")
# A name in a prompt: not inside a word or an address such as bob@hero.com.
_MENTION: Final = re.compile(r"(?<![\w@.+-])(@+)([\w-]+)")

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
    """The aliases that a prompt names, in order, each once."""
    found: list[str] = []
    for match in _MENTION.finditer(prompt):
        if len(match[1]) > 1:
            raise ValidationFailed("prompt", f"{match[0][:70]} is not an alias; write one @")
        alias = normalize("@" + match[2], "prompt")
        if alias not in found:
            found.append(alias)
    return found
