"""Between work and the ledger: caps that hold under any crowd, usage, and the word that says low."""

import asyncio
from typing import Any

import pytest

from tintype.accounts import operations as accounts
from tintype.billing import operations as billing
from tintype.core import ids
from tintype.core.caller import SCOPES, Caller
from tintype.core.errors import InsufficientCredits, SpendCapReached
from tintype.credits import operations as credits
from tintype.credits.models import Part
from tintype.db.pool import Database
from tintype.keys import operations as keys
from tintype.keys.models import SpendCap


async def key_of(
    database: Database, *, grant: int = 1000, day: int | None = None, month: int | None = None,
    livemode: bool = True,
) -> Caller:  # fmt: skip
    async with database.transaction() as tx:
        owner = (await accounts.create_organization(tx, name="Billing", plan="pro")).id
        if grant:
            await credits.grant(tx, owner, grant)
        key = await keys.create(
            tx, owner, name="k", scopes=SCOPES, maker_scopes=SCOPES, livemode=livemode,
            spend_cap=SpendCap(day, month),
        )  # fmt: skip
        if not livemode:
            owner = (await accounts.sandbox_of(tx, owner)).id
    return Caller(
        owner, "pro", frozenset(SCOPES), livemode=livemode, source="api", key_id=key.id,
        capped=day is not None or month is not None,
    )  # fmt: skip


async def reserve(database: Database, caller: Caller, amount: int) -> Any:
    async with database.transaction() as tx:
        return await billing.reserve(
            tx, caller, ids.new("led"), amount, generation_id=ids.new("gen")
        )


async def usage(database: Database, caller: Caller) -> Any:
    assert caller.key_id
    async with database.reading() as tx:
        found = await credits.usage(tx, [caller.key_id], [caller.organization_id])
    return found[caller.key_id]


async def lows(database: Database) -> list[Any]:
    async with database.reading() as tx:
        rows = await tx.fetch(
            "SELECT data FROM events WHERE type = 'credits.low' ORDER BY position"
        )
    return [row["data"] for row in rows]


@pytest.mark.parametrize(("day", "month"), [(7, None), (None, 7), (9, 7), (7, 100)])
async def test_twenty_holds_at_once_never_pass_a_cap(
    database: Database, day: int | None, month: int | None
) -> None:
    caller = await key_of(database, day=day, month=month)
    done = await asyncio.gather(
        *(reserve(database, caller, 2) for _ in range(20)), return_exceptions=True
    )
    held = [it for it in done if not isinstance(it, BaseException)]
    refused = [it for it in done if isinstance(it, SpendCapReached)]
    assert (len(held), len(refused)) == (3, 17)
    fault = refused[0]
    assert fault.details["cap"] == ("month" if month == 7 else "day")
    assert (fault.details["limit"], fault.details["used"], fault.details["required"]) == (7, 6, 2)
    assert fault.details["available"] == 1
    assert isinstance(await reserve(database, caller, 1), credits.LedgerEntry)


async def test_what_comes_back_may_be_spent_again(database: Database) -> None:
    caller = await key_of(database, day=10)
    first = await reserve(database, caller, 6)
    second = await reserve(database, caller, 4)
    with pytest.raises(SpendCapReached):
        await reserve(database, caller, 1)
    async with database.transaction() as tx:
        await credits.release(tx, caller.organization_id, first.id)
        await credits.settle(tx, caller.organization_id, second.id, 3)
    assert (await usage(database, caller)).credits == 3
    assert await reserve(database, caller, 7)
    with pytest.raises(SpendCapReached):
        await reserve(database, caller, 1)


async def test_a_cap_counts_its_key_alone_and_a_cap_of_nothing_allows_nothing(
    database: Database,
) -> None:
    caller = await key_of(database, day=0)
    with pytest.raises(SpendCapReached) as refused:
        await reserve(database, caller, 1)
    assert refused.value.details["limit"] == 0
    async with database.transaction() as tx:
        other = await keys.create(
            tx, caller.organization_id, name="o", scopes=SCOPES, maker_scopes=SCOPES
        )
    free = Caller(caller.organization_id, "pro", frozenset(SCOPES), True, "api", key_id=other.id)
    assert await reserve(database, free, 50)


async def test_yesterday_counts_for_the_month_and_last_month_for_nothing(
    database: Database,
) -> None:
    caller = await key_of(database, day=10, month=15)
    async with database.transaction() as tx:
        today = await tx.fetchval("SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date")
        first = today.replace(day=1)
        await tx.execute(
            "INSERT INTO key_usage (api_key_id, organization_id, day, credits) VALUES"
            " ($1, $2, $3::date - 1, 500)",
            caller.key_id, caller.organization_id, first,
        )  # fmt: skip
        if today != first:
            await tx.execute(
                "INSERT INTO key_usage (api_key_id, organization_id, day, credits, reserved) VALUES"
                " ($1, $2, $3, 4, 5)",
                caller.key_id, caller.organization_id, first,
            )  # fmt: skip
    left = 10 if today == first else 6
    assert await reserve(database, caller, left)
    with pytest.raises(SpendCapReached) as refused:
        await reserve(database, caller, 1)
    cap = "day" if today == first else "month"
    assert refused.value.details["cap"] == cap
    assert refused.value.details["resets_at"].endswith("T00:00:00Z")


async def test_a_settlement_counts_to_the_day_of_its_hold(database: Database) -> None:
    caller = await key_of(database, day=10)
    held = await reserve(database, caller, 8)
    async with database.transaction() as tx:
        # As if the hold had been placed yesterday: its entry can't be changed, so its day is read.
        await tx.execute("ALTER TABLE ledger_entries DISABLE TRIGGER ledger_append_only")
        await tx.execute("UPDATE ledger_entries SET created_at = created_at - interval '1 day'")
        await tx.execute("ALTER TABLE ledger_entries ENABLE TRIGGER ledger_append_only")
        await tx.execute("UPDATE key_usage SET day = day - 1")
    assert await reserve(database, caller, 10), "yesterday's hold is not today's spending"
    async with database.transaction() as tx:
        await credits.settle(tx, caller.organization_id, held.id, 5)
    async with database.reading() as tx:
        rows = await tx.fetch("SELECT credits, reserved FROM key_usage ORDER BY day")
    assert [tuple(row) for row in rows] == [(5, 0), (0, 10)]


async def test_a_charge_is_a_hold_and_its_settlement(database: Database) -> None:
    caller = await key_of(database, grant=3)
    async with database.transaction() as tx:
        entry = await billing.charge(tx, caller, 1, note="text polish")
    assert entry is not None
    assert (entry.type, entry.amount, entry.note) == ("settle", -1, "text polish")
    assert (entry.balance_after, entry.available_after) == (2, 2)
    assert entry.api_key_id == caller.key_id
    used = await usage(database, caller)
    assert (used.credits, used.text_requests, used.image_jobs) == (1, 1, 0)
    with pytest.raises(InsufficientCredits):
        async with database.transaction() as tx:
            await billing.charge(tx, caller, 3, note="too much")
    assert await usage(database, caller) == used, "what was refused was not used"


async def test_what_is_free_is_counted_and_leaves_no_entry(database: Database) -> None:
    caller = await key_of(database, grant=0, livemode=False, day=0)
    async with database.transaction() as tx:
        assert await billing.charge(tx, caller, 0, note="polish") is None
        assert await billing.reserve(tx, caller, None, 0, generation_id="gen_x") is None
        assert await tx.fetchval("SELECT count(*) FROM ledger_entries") == 0
    used = await usage(database, caller)
    assert (used.credits, used.text_requests, used.image_jobs) == (0, 1, 1)


async def test_a_session_is_charged_and_counts_to_no_key(database: Database) -> None:
    caller = await key_of(database)
    by_session = Caller(caller.organization_id, "pro", frozenset(SCOPES), True, "ui", user_id="u")
    assert await reserve(database, by_session, 5)
    assert (await usage(database, caller)).image_jobs == 0


async def test_low_credits_are_told_once_at_each_fall_below_a_tenth(database: Database) -> None:
    caller = await key_of(database, grant=100)
    await reserve(database, caller, 90)
    assert await lows(database) == [], "10 of 100 is not below a tenth"
    held = await reserve(database, caller, 1)
    told = {
        "organization_id": caller.organization_id, "balance": 100, "reserved": 91,
        "available": 9, "threshold": 10,
    }  # fmt: skip
    assert await lows(database) == [told]
    await reserve(database, caller, 5)
    assert len(await lows(database)) == 1
    async with database.transaction() as tx:
        await credits.release(tx, caller.organization_id, held.id)
        await credits.grant(tx, caller.organization_id, 100)
    await reserve(database, caller, 84)
    assert len(await lows(database)) == 1
    await reserve(database, caller, 4)
    assert [it["threshold"] for it in await lows(database)] == [10, 20]


async def test_one_of_many_at_once_tells_it(database: Database) -> None:
    caller = await key_of(database, grant=100)
    await reserve(database, caller, 85)
    await asyncio.gather(*(reserve(database, caller, 1) for _ in range(12)))
    assert [it["available"] for it in await lows(database)] == [9]


async def test_a_cap_given_later_counts_what_was_spent_before(database: Database) -> None:
    caller = await key_of(database)
    await reserve(database, caller, 5)
    async with database.transaction() as tx:
        await tx.execute("UPDATE api_keys SET cap_day = 6")
    capped = Caller(
        caller.organization_id, "pro", frozenset(SCOPES), True, "api", key_id=caller.key_id,
        capped=True,
    )  # fmt: skip
    with pytest.raises(SpendCapReached):
        await reserve(database, capped, 2)
    assert await reserve(database, capped, 1)


async def test_a_batch_is_held_within_the_cap_or_not_at_all_and_tells_low_once(
    database: Database,
) -> None:
    caller = await key_of(database, grant=100, day=95)

    async def held(*amounts: int) -> Any:
        parts = [Part(ids.new("led"), ids.new("gen"), amount) for amount in amounts]
        async with database.transaction() as tx:
            return await billing.reserve_all(tx, caller, "bat_1", parts)

    with pytest.raises(SpendCapReached) as refused:
        await held(90, 6)
    assert refused.value.details["required"] == 96
    last = await held(40, 51, 0, 2)
    assert (last.batch_id, last.available_after) == ("bat_1", 7)
    assert [it["available"] for it in await lows(database)] == [7]
    used = await usage(database, caller)
    assert used.image_jobs == 4, "free ones are counted too"
    assert await held(0, 0) is None
    assert (await usage(database, caller)).image_jobs == 6
