"""Hold, then settle or release: credits move only with a ledger entry, in the work's transaction.

The two-phase scheme is TigerBeetle's pending/post/void transfer, on PostgreSQL: the entry and the
account change in one statement, `CHECK`s keep balances from going negative and a unique index lets
a hold end once.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from tintype.core import ids
from tintype.core.errors import Conflict, InsufficientCredits, NotFound, ValidationFailed
from tintype.credits import queries
from tintype.credits.metrics import moved
from tintype.credits.models import Balance, Counted, Hold, LedgerEntry, Part, Usage
from tintype.db.pool import Row, Transaction

AMOUNT_MAX: Final = 10**15
# Below 2**53, so that readers of JSON that have no whole numbers read every balance exactly.
BALANCE_MAX: Final = 9 * 10**15


async def open_account(tx: Transaction, organization_id: str) -> None:
    await queries.open_account(tx, organization_id)


async def grant(
    tx: Transaction,
    organization_id: str,
    amount: int,
    *,
    note: str | None = None,
    api_key_id: str | None = None,
) -> LedgerEntry:
    """Give credits; `amount` is 1 to 10**15, `api_key_id` the key that gives them, if one does.

    Raises Conflict where the balance would pass 9 * 10**15, NotFound where there is no account.
    """
    if not 1 <= amount <= AMOUNT_MAX:
        raise ValidationFailed("amount", f"must be 1 to {AMOUNT_MAX}")
    row = await queries.change_balance(
        tx, ids.new("led"), organization_id, "grant", amount, note,
        api_key_id=api_key_id, most=BALANCE_MAX,
    )  # fmt: skip
    if row is None:
        await balance(tx, organization_id)
        raise Conflict(f"No balance may be more than {BALANCE_MAX} credits.")
    moved("grant", amount)
    return to_entry(row)


async def adjust(tx: Transaction, organization_id: str, amount: int, *, note: str) -> LedgerEntry:
    """Correct a balance up or down; never below what open holds need, nor above 9 * 10**15.

    Raises Conflict where it would, NotFound where there is no account.
    """
    if amount == 0 or abs(amount) > AMOUNT_MAX:
        raise ValidationFailed("amount", "must be a whole number other than 0")
    row = await queries.change_balance(
        tx, ids.new("led"), organization_id, "adjustment", amount, note, most=BALANCE_MAX
    )
    if row is None:
        await balance(tx, organization_id)
        raise Conflict(
            f"The balance can't go below the credits that open work holds, nor above {BALANCE_MAX}."
        )
    moved("adjustment", amount)
    return to_entry(row)


async def hold(
    tx: Transaction,
    hold_id: str,
    organization_id: str,
    amount: int,
    *,
    generation_id: str | None,
    api_key_id: str | None,
    counts: Counted | None = None,
) -> Hold:
    """Reserve `amount` (at least 1) for a generation; raises InsufficientCredits.

    The key's usage counts the amount, and one of what `counts` names. It locks the organization's
    account until the commit: make it the last statement.
    """
    row = await queries.hold(
        tx, hold_id, organization_id, amount, generation_id, api_key_id, *_counted(counts)
    )
    if row is None:
        have = await balance(tx, organization_id)
        raise InsufficientCredits(amount, have.available)
    return Hold(**_fields(row), low_at=row["low_at"])


async def hold_all(
    tx: Transaction,
    organization_id: str,
    holds: Sequence[Part],
    *,
    batch_id: str,
    api_key_id: str | None,
    counts: Counted | None = None,
) -> Hold:
    """Place many holds (one or more, each of at least 1) or none; answer the last. As `hold`."""
    total = sum(part.amount for part in holds)
    row = await queries.hold_all(
        tx, organization_id, holds, batch_id, api_key_id,
        *(number * len(holds) for number in _counted(counts)),
    )  # fmt: skip
    if row is None:
        have = await balance(tx, organization_id)
        raise InsufficientCredits(total, have.available)
    return Hold(**_fields(row), low_at=row["low_at"])


async def release_all(tx: Transaction, organization_id: str, hold_ids: Sequence[str]) -> int:
    """Give whole holds back; the credits that came back. Those that had ended stay ended."""
    await queries.lock_account(tx, organization_id)
    back = await queries.release_all(
        tx, organization_id, hold_ids, [ids.new("led") for _ in hold_ids]
    )
    moved("release", back)
    return back


async def settle(
    tx: Transaction,
    organization_id: str,
    hold_id: str,
    used: int,
    *,
    note: str | None = None,
    guarded: bool = False,
) -> LedgerEntry | None:
    """Take `used` credits and end the hold; None if it had ended.

    `guarded` where the caller has the lock under which alone this hold ends, its work's row: a
    rival need not be waited for then. The database refuses `used` below 0 or above the held amount
    (asyncpg's CheckViolationError).
    """
    if not guarded:
        await queries.lock_account(tx, organization_id)
    row = await queries.end_hold(tx, ids.new("led"), organization_id, hold_id, "settle", used, note)
    if row is None:
        return None
    moved("settle", used)
    return to_entry(row)


async def release(
    tx: Transaction, organization_id: str, hold_id: str, *, guarded: bool = False
) -> LedgerEntry | None:
    """Give the whole hold back; None if it had ended. `guarded` as in `settle`."""
    if not guarded:
        await queries.lock_account(tx, organization_id)
    row = await queries.end_hold(tx, ids.new("led"), organization_id, hold_id, "release", 0, None)
    if row is None:
        return None
    moved("release", -row["reserved"])
    return to_entry(row)


async def balance(tx: Transaction, organization_id: str) -> Balance:
    row = await queries.account(tx, organization_id)
    if row is None:
        raise NotFound("There is no such credit account.")
    return Balance(row["balance"], row["reserved"], row["balance"] - row["reserved"])


async def entries(
    tx: Transaction,
    organization_id: str,
    filters: Mapping[str, Any] | None = None,
    *,
    after: str | None,
    offset: int,
    limit: int,
) -> list[LedgerEntry]:
    """Newest first, from `after` on. Raises ValidationFailed where that is no entry of theirs.

    `filters` are by the names of `queries.FILTERS`; one that is None counts for nothing.
    """
    if after is not None and not await queries.exists(tx, organization_id, after):
        raise ValidationFailed("after", "must be the id of an entry of this ledger")
    rows = await queries.entries(
        tx, organization_id, filters or {}, after=after, offset=offset, limit=limit
    )
    return [to_entry(row) for row in rows]


async def count(
    tx: Transaction, organization_id: str, filters: Mapping[str, Any], most: int
) -> int:
    """How many entries there are, counted up to `most`."""
    return await queries.count(tx, organization_id, filters, most)


async def lock(tx: Transaction, organization_id: str) -> None:
    """Take the account until the commit, as every hold does; what is read then stays true."""
    await queries.lock_account(tx, organization_id)


async def count_use(
    tx: Transaction, organization_id: str, api_key_id: str | None, counts: Counted, times: int = 1
) -> None:
    """Count to a key what costs nothing."""
    if api_key_id is not None:
        numbers = (number * times for number in _counted(counts))
        await queries.count_use(tx, organization_id, api_key_id, *numbers)


async def count_requests(tx: Transaction, requests: Mapping[tuple[str, str], int]) -> None:
    """Add requests to the usage of keys, by organization and key."""
    found = list(requests.items())
    await queries.count_requests(
        tx, [it[0] for it, _ in found], [it[1] for it, _ in found], [count for _, count in found]
    )


async def usage(
    tx: Transaction, api_key_ids: list[str], organization_ids: list[str]
) -> dict[str, Usage]:
    """What each of these keys has used; of a key that isn't of these organizations, nothing."""
    used = {
        row["api_key_id"]: Usage(**{name: row[name] for name in Usage.__struct_fields__})
        for row in await queries.usage(tx, api_key_ids, organization_ids)
    }
    return {key_id: used.get(key_id, Usage()) for key_id in api_key_ids}


async def spent(
    tx: Transaction, organization_id: str, api_key_id: str, today: date
) -> tuple[int, int]:
    """Credits settled and held of a key on a UTC day, and in its month up to that day."""
    return await queries.spent(tx, organization_id, api_key_id, today)


def _counted(counts: Counted | None) -> tuple[int, int]:
    """How many image jobs and text requests that is."""
    return int(counts == "image_jobs"), int(counts == "text_requests")


def to_entry(row: Row) -> LedgerEntry:
    return LedgerEntry(**_fields(row))


def _fields(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in LedgerEntry.__struct_fields__}
