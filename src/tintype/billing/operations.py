"""Between work that costs credits and the ledger: the caps of keys, usage, and `credits.low`.

A cap is judged under the lock that every hold of the organization takes, so that no two holds can
both fit into what was left for one.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final

from tintype.billing import queries
from tintype.core import ids
from tintype.core.caller import Caller
from tintype.core.errors import InsufficientCredits, SpendCapReached
from tintype.credits import operations as credits
from tintype.credits.models import Counted, Hold, LedgerEntry, Part
from tintype.db.pool import Transaction
from tintype.events import operations as events

LOW: Final = "credits.low"


async def left(tx: Transaction, caller: Caller) -> int | None:
    """The credits that are available now; None in the sandbox, where nothing is counted."""
    if not caller.livemode:
        return None
    return (await credits.balance(tx, caller.organization_id)).available


async def require(tx: Transaction, caller: Caller, amount: int) -> None:
    """Refuse before any work what could not be paid after it; `charge` still decides.

    Raises InsufficientCredits, and SpendCapReached where a cap of the caller's key is in the way.
    It locks nothing.
    """
    if not amount:
        return
    if caller.capped and caller.key_id is not None:
        await _within_caps(tx, caller.organization_id, caller.key_id, amount)
    have = await credits.balance(tx, caller.organization_id)
    if have.available < amount:
        raise InsufficientCredits(amount, have.available)


async def reserve(
    tx: Transaction,
    caller: Caller,
    hold_id: str | None,
    amount: int,
    *,
    generation_id: str,
    counts: Counted = "image_jobs",
) -> LedgerEntry | None:
    """Hold `amount` credits for work under the id `hold_id`; None for both where it is free.

    Raises InsufficientCredits, and SpendCapReached where a cap of the caller's key is in the way.
    It locks the organization's account until the commit: make it the last statement.
    """
    if not amount:
        await credits.count_use(tx, caller.organization_id, caller.key_id, counts)
        return None
    assert hold_id is not None, "what costs something has a hold"
    return await _hold(tx, caller, hold_id, amount, generation_id, counts)


async def reserve_all(
    tx: Transaction, caller: Caller, batch_id: str, parts: Sequence[Part]
) -> LedgerEntry | None:
    """Hold credits for each part of a batch, or for none; the last hold, None where all is free.

    A part of 0 credits is free: it is only counted. Raises and locks as `reserve`.
    """
    paid = [part for part in parts if part.amount]
    hold = None
    if paid:
        total = sum(part.amount for part in paid)
        await _lock_within_caps(tx, caller, total)
        hold = await credits.hold_all(
            tx, caller.organization_id, paid,
            batch_id=batch_id, api_key_id=caller.key_id, counts="image_jobs",
        )  # fmt: skip
        await _tell_if_low(tx, caller, hold, total)
    # After the hold, which locks the account and then the key's usage: one order for all.
    if free := len(parts) - len(paid):
        await credits.count_use(tx, caller.organization_id, caller.key_id, "image_jobs", free)
    return hold


async def charge(
    tx: Transaction, caller: Caller, amount: int, *, note: str, counts: Counted = "text_requests"
) -> LedgerEntry | None:
    """Take `amount` credits for what is done already; None where it costs nothing. Raises as above.

    In the ledger it is a hold and its settlement, which has the `note`.
    """
    if not amount:
        await credits.count_use(tx, caller.organization_id, caller.key_id, counts)
        return None
    hold = await _hold(tx, caller, ids.new("led"), amount, None, counts)
    return await credits.settle(tx, caller.organization_id, hold.id, amount, note=note)


async def _hold(
    tx: Transaction,
    caller: Caller,
    hold_id: str,
    amount: int,
    generation_id: str | None,
    counts: Counted,
) -> Hold:
    await _lock_within_caps(tx, caller, amount)
    hold = await credits.hold(
        tx, hold_id, caller.organization_id, amount,
        generation_id=generation_id, api_key_id=caller.key_id, counts=counts,
    )  # fmt: skip
    await _tell_if_low(tx, caller, hold, amount)
    return hold


async def _lock_within_caps(tx: Transaction, caller: Caller, amount: int) -> None:
    if caller.capped and caller.key_id is not None:
        await credits.lock(tx, caller.organization_id)
        await _within_caps(tx, caller.organization_id, caller.key_id, amount)


async def _within_caps(tx: Transaction, organization_id: str, key_id: str, amount: int) -> None:
    """Raise SpendCapReached, naming the cap, where `amount` more would pass one."""
    caps = await queries.caps(tx, organization_id, key_id)
    if caps is None:
        return
    now: datetime = caps["now"]
    today = now.date()
    day, month = await credits.spent(tx, organization_id, key_id, today)
    tomorrow = today + timedelta(days=1)
    next_month = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    for cap, limit, used, reset in (
        ("day", caps["cap_day"], day, tomorrow),
        ("month", caps["cap_month"], month, next_month),
    ):
        if limit is not None and used + amount > limit:
            at = datetime.combine(reset, time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            raise SpendCapReached(amount, cap, limit, used, at)


async def _tell_if_low(tx: Transaction, caller: Caller, hold: Hold, amount: int) -> None:
    """Say so once each time that the available credits fall below the mark.

    `amount` is what they fell by, `hold` the last of what was placed.
    """
    if not hold.available_after < hold.low_at <= hold.available_after + amount:
        return
    data = {
        "organization_id": caller.organization_id,
        "balance": hold.balance_after,
        "reserved": hold.balance_after - hold.available_after,
        "available": hold.available_after,
        "threshold": hold.low_at,
    }
    await events.publish(
        tx, caller.organization_id, LOW, caller.organization_id,
        livemode=caller.livemode, data=data,
    )  # fmt: skip
