"""What is asked of a text and what comes back. Places are code points of the text that was sent."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

TEXT_CHARACTERS_MAX: Final = 10_000


class PolishText(msgspec.Struct, kw_only=True):
    text: Annotated[str, Meta(min_length=1, max_length=TEXT_CHARACTERS_MAX)]
    tone: Annotated[str, Meta(max_length=40)] | None = None
    locale: Annotated[str, Meta(max_length=40)] | None = None
    max_length: Annotated[int, Meta(ge=1)] | None = None
    dry_run: bool = False
    quote_id: Annotated[str, Meta(min_length=1, max_length=64)] | None = None


class Change(msgspec.Struct):
    """`before`, from `start` to `end`, became `after`. Changes are in order and don't overlap."""

    start: int
    end: int
    before: str
    after: str
    reason: str


class Suggestion(Change):
    """What may be wrong and was left: `options` are wordings to choose from, `after` the first."""

    options: list[str]


class PolishedText(msgspec.Struct, kw_only=True):
    """The changes, made in the text that was sent, give `text` exactly."""

    text: str
    changes: list[Change]
    suggestions: list[Suggestion]
    tone: str
    locale: str
    engine: str
