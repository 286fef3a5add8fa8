from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tintype.aliases.models import AliasText


class Flow(msgspec.Struct, kw_only=True):
    """A chain of generations with aliases of its own; the counts are computed when asked."""

    id: str
    object: Literal["flow"] = "flow"
    project_id: str | None
    meta: dict[str, Any]
    aliases: dict[str, str]
    generation_count: int
    image_count: int
    livemode: bool
    created_at: datetime
    updated_at: datetime


class NamedFlow(Flow, kw_only=True):
    """A flow after names were put; `alias_moved_from` tells which images lost theirs, by alias."""

    alias_moved_from: dict[str, str]


class CreateFlow(msgspec.Struct, kw_only=True):
    meta: dict[str, Any] = {}
    project_id: str | None = None
    aliases: Annotated[dict[AliasText, str], Meta(max_length=100)] = {}


class PutAliases(msgspec.Struct, kw_only=True):
    """Alias to image id; merged into what the flow has."""

    aliases: Annotated[dict[AliasText, str], Meta(min_length=1, max_length=100)]
