"""Balances and ledger entries as the API shows them. All amounts are whole credits."""

from datetime import datetime
from typing import Literal

import msgspec

EntryType = Literal["grant", "hold", "settle", "release", "adjustment"]


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
    api_key_id: str | None
    note: str | None
    created_at: datetime
