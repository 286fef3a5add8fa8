"""Balances and ledger entries as the API shows them. All amounts are whole credits."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

EntryType = Literal["grant", "hold", "settle", "release", "adjustment"]
# What a key's usage counts beside credits and requests.
Counted = Literal["image_jobs", "text_requests"]


class Balance(msgspec.Struct):
    """`available` = balance - reserved, the open holds."""

    balance: int
    reserved: int
    available: int


class LedgerEntry(msgspec.Struct):
    """`amount` and `reserved` are the changes that the entry makes to balance and open holds."""

    id: str
    type: EntryType
    amount: int
    reserved: int
    balance_after: int
    available_after: int
    generation_id: str | None
    batch_id: str | None
    api_key_id: str | None
    note: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """One hold of many that are placed together."""

    hold_id: str
    generation_id: str
    amount: int


class Hold(LedgerEntry):
    """A hold as it was placed. Below `low_at` available credits the account is low."""

    low_at: int


class Usage(msgspec.Struct):
    """What a key has used since it was made; `credits` are settled ones."""

    credits: int = 0
    image_jobs: int = 0
    text_requests: int = 0
    requests: int = 0
