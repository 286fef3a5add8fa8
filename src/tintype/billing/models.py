"""Accounts of credits, their ledger and grants as the API shows and takes them."""

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from tintype.accounts.models import Limits
from tintype.api.pages import Paging
from tintype.credits.models import EntryType
from tintype.credits.operations import AMOUNT_MAX

NOTE_CHARACTERS_MAX: Final = 500
_Moment = Annotated[datetime, Meta(tz=True)]
_Short = Annotated[str, Meta(min_length=1, max_length=64)]


class Account(msgspec.Struct, kw_only=True):
    """`available` = balance - reserved, the credits that open work holds.

    In the sandbox, whose account is its own, all is 0 and nothing costs: it is `unlimited`.
    """

    object: Literal["balance"] = "balance"
    organization_id: str
    balance: int
    reserved: int
    available: int
    unlimited: bool
    plan: str
    features: list[str]
    limits: Limits
    livemode: bool


class ListLedger(Paging, kw_only=True):
    """Filters: a kind of entry, what it is for, whose key it was, and when."""

    type: EntryType | None = None
    generation_id: _Short | None = None
    batch_id: _Short | None = None
    api_key_id: _Short | None = None
    created_after: _Moment | None = None
    created_before: _Moment | None = None


class CreateGrant(msgspec.Struct, kw_only=True):
    """Whole credits for an organization, the caller's own where none is named."""

    amount: Annotated[int, Meta(ge=1, le=AMOUNT_MAX)]
    organization_id: _Short | None = None
    note: Annotated[str, Meta(max_length=NOTE_CHARACTERS_MAX)] | None = None
