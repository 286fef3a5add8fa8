"""API keys as the API shows and takes them."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tintype.api.pages import Paging
from tintype.credits.models import Usage

Status = Literal["active", "revoked", "expired"]
Mode = Literal["live", "test"]
_Name = Annotated[str, Meta(min_length=1, max_length=200)]
_Credits = Annotated[int, Meta(ge=0, le=10**15)]


class SpendCap(msgspec.Struct):
    """Credits that a key may spend in a UTC day and month, open holds counted; null for no cap."""

    day: _Credits | None = None
    month: _Credits | None = None


class ApiKey(msgspec.Struct):
    """A key without its secret; `prefix` is what may be shown of it."""

    id: str
    name: str
    prefix: str
    scopes: list[str]
    status: Status
    livemode: bool
    project_id: str | None
    spend_cap: SpendCap
    usage: Usage
    expires_at: datetime | None
    last_used_at: datetime | None
    created_at: datetime


class NewApiKey(ApiKey):
    """A key at its creation: the only time that `secret` is shown."""

    secret: str = ""


class CreateApiKey(msgspec.Struct, kw_only=True):
    """`mode` `test` makes a sandbox key; without it the new key is of its maker's kind."""

    name: _Name
    scopes: Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(max_length=64)]
    project_id: Annotated[str, Meta(max_length=64)] | None = None
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None
    mode: Mode | None = None
    spend_cap: SpendCap | None = None


class ChangeSpendCap(msgspec.Struct):
    """A cap that is left out stays, null takes it away."""

    day: _Credits | msgspec.UnsetType | None = msgspec.UNSET
    month: _Credits | msgspec.UnsetType | None = msgspec.UNSET


class ChangeApiKey(msgspec.Struct, kw_only=True):
    """What is left out stays; a `spend_cap` of null takes both caps away."""

    name: _Name | msgspec.UnsetType = msgspec.UNSET
    spend_cap: ChangeSpendCap | msgspec.UnsetType | None = msgspec.UNSET


class ListApiKeys(Paging, kw_only=True):
    status: Status | None = None
