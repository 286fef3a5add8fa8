from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from tintype.api.pages import Paging

LIMIT: Final = 500
"""How many an organization may have."""

Name = Annotated[str, Meta(min_length=1, max_length=120)]
Description = Annotated[str, Meta(min_length=1, max_length=500)]
Prompt = Annotated[str, Meta(min_length=1, max_length=4000)]
ActionIds = Annotated[list[Annotated[str, Meta(min_length=1, max_length=64)]], Meta(max_length=8)]
Variants = Annotated[int, Meta(ge=1, le=8)]


class QuickAction(msgspec.Struct, kw_only=True):
    """An enhancement under a name, for every picture of the organization.

    `variants` is how many pictures it makes where the request doesn't say.
    """

    id: str
    object: Literal["quick_action"] = "quick_action"
    name: str
    description: str | None
    prompt: str | None
    actions: list[str]
    variants: int | None
    created_at: datetime
    updated_at: datetime


class CreateQuickAction(msgspec.Struct, kw_only=True):
    """`prompt` in your own words, `actions` of the catalogue, or both."""

    name: Name
    description: Description | None = None
    prompt: Prompt | None = None
    actions: ActionIds = []
    variants: Variants | None = None


class ChangeQuickAction(msgspec.Struct, kw_only=True):
    """What is left out stays, null clears; `actions` are replaced as a whole."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    description: Description | msgspec.UnsetType | None = msgspec.UNSET
    prompt: Prompt | msgspec.UnsetType | None = msgspec.UNSET
    actions: ActionIds | msgspec.UnsetType = msgspec.UNSET
    variants: Variants | msgspec.UnsetType | None = msgspec.UNSET


class ListQuickActions(Paging, kw_only=True):
    """`q` is looked for, without case, in name, description and prompt."""

    q: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
