"""The ledger's promises at its edges: what the database itself refuses, races, unknown accounts."""

import asyncio
from typing import Any

import asyncpg
import pytest

from support.checks import proof
from tintype.accounts import operations as accounts
from tintype.core import ids
from tintype.core.errors import Conflict, InsufficientCredits, NotFound, ValidationFailed
from tintype.credits import operations as credits
from tintype.credits.models import Part
from tintype.db.pool import Database


async def organization(database: Database, balance: int) -> str:
    async with database.transaction() as tx:
        made = await accounts.create_organization(tx, name="Ledger", plan="pro")
        if balance:
            await credits.grant(tx, made.id, balance)
    return made.id


async def held(database: Database, organization_id: str, amount: int) -> str:
    async with database.transaction() as tx:
        entry = await credits.hold(
            tx, ids.new("led"), organization_id, amount,
            generation_id=ids.new("gen"), api_key_id=None,
        )  # fmt: skip
    return entry.id


async def test_of_many_holds_at_once_exactly_those_that_fit_succeed(database: Database) -> None:
    owner = await organization(database, 100)
    results = await asyncio.gather(
        *(held(database, owner, 7) for _ in range(320)), return_exceptions=True
    )
    refused = [result for result in results if isinstance(result, InsufficientCredits)]
    assert len(results) - len(refused) == 14
    assert {str(fault.details) for fault in refused} == {"{'required': 7, 'available': 2}"}
    async with database.reading() as tx:
        books = await proof(tx, owner)
    assert dict(books) == {
        "balance": 100, "reserved": 98, "ledger_balance": 100, "ledger_reserved": 98,
    }  # fmt: skip


INSERT = """
    INSERT INTO ledger_entries (id, organization_id, type, amount, reserved, balance_after,
        available_after, hold_id) VALUES ($1, $2, $3, $4, $5, 0, 0, $6)
"""


@pytest.mark.parametrize(
    ("kind", "amount", "reserved", "of_hold"),
    [
        ("grant", 0, 0, False),
        ("grant", -1, 0, False),
        ("grant", 1, 1, False),
        ("adjustment", 0, 0, False),
        ("hold", 0, 0, False),
        ("hold", 0, -1, False),
        ("hold", -1, 5, False),
        ("settle", -11, -10, True),
        ("settle", 1, -10, True),
        ("settle", -1, -10, False),
        ("release", -1, -10, True),
        ("release", 0, 10, True),
        ("release", 0, -10, False),
        ("gift", 1, 0, False),
    ],
)
async def test_the_database_refuses_an_entry_that_makes_no_sense(
    database: Database, kind: str, amount: int, reserved: int, of_hold: bool
) -> None:
    owner = await organization(database, 100)
    hold_id = await held(database, owner, 10)
    async with database.pool.acquire() as connection:
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute(
                INSERT, ids.new("led"), owner, kind, amount, reserved, hold_id if of_hold else None
            )


@pytest.mark.parametrize(
    "change",
    ["balance = -1", "balance = 9", "reserved = -1", "reserved = 101", "balance = balance - 91"],
)
async def test_the_database_refuses_an_impossible_account(database: Database, change: str) -> None:
    owner = await organization(database, 100)
    await held(database, owner, 10)
    async with database.pool.acquire() as connection:
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute(
                f"UPDATE credit_accounts SET {change} WHERE organization_id = $1", owner
            )


async def test_the_database_refuses_a_second_end_of_a_hold(database: Database) -> None:
    owner = await organization(database, 100)
    hold_id = await held(database, owner, 10)
    async with database.transaction() as tx:
        await credits.settle(tx, owner, hold_id, 4)
    async with database.pool.acquire() as connection:
        for kind, amount in (("settle", -1), ("release", 0)):
            with pytest.raises(asyncpg.UniqueViolationError):
                await connection.execute(INSERT, ids.new("led"), owner, kind, amount, -10, hold_id)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entries SET amount = 1000000",
        "UPDATE ledger_entries SET note = 'x' WHERE false",
        "DELETE FROM ledger_entries",
        "TRUNCATE ledger_entries CASCADE",
    ],
)
async def test_an_entry_is_never_changed(database: Database, statement: str) -> None:
    owner = await organization(database, 100)
    async with database.pool.acquire() as connection:
        with pytest.raises(asyncpg.RaiseError, match="never changed"):
            await connection.execute(statement)
    async with database.reading() as tx:
        (entry,) = await credits.entries(tx, owner, after=None, offset=0, limit=10)
    assert (entry.type, entry.amount) == ("grant", 100)


@pytest.mark.parametrize("used", [-1, 11])
async def test_a_settlement_outside_the_hold_changes_nothing(database: Database, used: int) -> None:
    owner = await organization(database, 100)
    hold_id = await held(database, owner, 10)
    with pytest.raises(asyncpg.CheckViolationError):
        async with database.transaction() as tx:
            await credits.settle(tx, owner, hold_id, used)
    async with database.reading() as tx:
        assert (await credits.balance(tx, owner)).available == 90


async def test_lowering_below_what_is_held_conflicts(database: Database) -> None:
    owner = await organization(database, 100)
    await held(database, owner, 60)
    for amount in (-41, -1000):
        with pytest.raises(Conflict):
            async with database.transaction() as tx:
                await credits.adjust(tx, owner, amount, note="lower")
    async with database.transaction() as tx:
        entry = await credits.adjust(tx, owner, -40, note="lower")
    assert (entry.balance_after, entry.available_after) == (60, 0)


@pytest.mark.parametrize("amount", [0, 10**15 + 1, -(10**15) - 1])
async def test_an_adjustment_is_a_bounded_change(database: Database, amount: int) -> None:
    owner = await organization(database, 1)
    with pytest.raises(ValidationFailed):
        async with database.transaction() as tx:
            await credits.adjust(tx, owner, amount, note="x")


async def test_an_organization_without_an_account_is_not_found(database: Database) -> None:
    nobody = ids.new("org")
    calls: list[Any] = [
        lambda tx: credits.grant(tx, nobody, 1),
        lambda tx: credits.adjust(tx, nobody, 1, note="x"),
        lambda tx: credits.balance(tx, nobody),
        lambda tx: credits.hold(
            tx, ids.new("led"), nobody, 1, generation_id=ids.new("gen"), api_key_id=None
        ),
    ]
    for call in calls:
        with pytest.raises(NotFound):
            async with database.transaction() as tx:
                await call(tx)


async def test_a_rolled_back_transaction_moves_nothing(database: Database) -> None:
    owner = await organization(database, 10)

    async def fail_after_holding() -> None:
        async with database.transaction() as tx:
            await credits.hold(
                tx, ids.new("led"), owner, 10, generation_id=ids.new("gen"), api_key_id=None
            )
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_after_holding()
    async with database.reading() as tx:
        assert (await credits.balance(tx, owner)).available == 10
        assert len(await credits.entries(tx, owner, after=None, offset=0, limit=10)) == 1


async def test_entries_are_paged_newest_first(database: Database) -> None:
    owner = await organization(database, 0)
    async with database.transaction() as tx:
        made = [(await credits.grant(tx, owner, n, note=f"n{n}")).id for n in range(1, 8)]
    seen: list[str] = []
    async with database.reading() as tx:
        while True:
            page = await credits.entries(
                tx, owner, after=seen[-1] if seen else None, offset=0, limit=3
            )
            if not page:
                break
            seen += [entry.id for entry in page]
        assert [entry.id for entry in await credits.entries(
            tx, owner, after=None, offset=5, limit=10)] == made[1::-1]  # fmt: skip
        for stranger in (ids.new("led"), "nonsense"):
            with pytest.raises(ValidationFailed, match="entry of this ledger"):
                await credits.entries(tx, owner, after=stranger, offset=0, limit=3)
    assert seen == made[::-1]


async def test_each_entry_keeps_what_it_was_for(database: Database) -> None:
    owner = await organization(database, 10)
    generation = ids.new("gen")
    async with database.transaction() as tx:
        hold = await credits.hold(
            tx, ids.new("led"), owner, 5, generation_id=generation, api_key_id="key_x"
        )
        end = await credits.settle(tx, owner, hold.id, 3)
    assert end is not None
    assert (end.generation_id, end.api_key_id) == (generation, "key_x")
    assert (end.amount, end.reserved, end.balance_after, end.available_after) == (-3, -5, 7, 7)


async def books(database: Database, owner: str) -> tuple[int, int]:
    """(balance, reserved), equal to what the entries say, each of which follows from the last."""
    async with database.reading() as tx:
        found = await proof(tx, owner)
        rows = await tx.fetch(
            "SELECT * FROM ledger_entries WHERE organization_id = $1 ORDER BY position", owner
        )
    balance = reserved = 0
    for row in rows:
        balance, reserved = balance + row["amount"], reserved + row["reserved"]
        assert (row["balance_after"], row["available_after"]) == (balance, balance - reserved)
    assert (balance, reserved) == (found["balance"], found["reserved"])
    return balance, reserved


def parts(*amounts: int) -> list[Part]:
    return [Part(ids.new("led"), ids.new("gen"), amount) for amount in amounts]


async def place(database: Database, owner: str, wanted: list[Part]) -> Any:
    async with database.transaction() as tx:
        return await credits.hold_all(tx, owner, wanted, batch_id="bat_1", api_key_id=None)


async def test_many_holds_are_placed_together_or_none_is(database: Database) -> None:
    owner = await organization(database, 100)
    last = await place(database, owner, parts(1, 2, 3, 4))
    assert (last.reserved, last.available_after, last.batch_id) == (4, 90, "bat_1")
    assert await books(database, owner) == (100, 10)
    with pytest.raises(InsufficientCredits) as refused:
        await place(database, owner, parts(50, 41))
    assert refused.value.details == {"required": 91, "available": 90}
    assert await books(database, owner) == (100, 10)


async def test_holds_placed_together_end_each_for_itself_and_once(database: Database) -> None:
    owner, other = await organization(database, 100), await organization(database, 100)
    wanted = parts(1, 2, 3, 4, 5)
    await place(database, owner, wanted)
    every = [part.hold_id for part in wanted]

    async def ended(operation: Any, *arguments: Any) -> Any:
        async with database.transaction() as tx:
            return await operation(tx, *arguments)

    settled = await ended(credits.settle, owner, every[1], 1)
    assert (settled.amount, settled.batch_id) == (-1, "bat_1")
    assert await ended(credits.release_all, other, every) == 0, "no other organization's"
    outcomes = await asyncio.gather(*(ended(credits.release_all, owner, every) for _ in range(4)))
    assert sorted(outcomes) == [0, 0, 0, 13]
    assert await ended(credits.release_all, owner, []) == 0
    assert await ended(credits.settle, owner, every[0], 1) is None
    assert await books(database, owner) == (99, 0)
    async with database.reading() as tx:
        found = await credits.entries(
            tx, owner, {"batch_id": "bat_1", "type": "release"}, after=None, offset=0, limit=9
        )
        counted = await credits.count(tx, owner, {"batch_id": "bat_1"}, 8)
    assert [entry.reserved for entry in found] == [-5, -4, -3, -1]
    assert counted == 8, "counted no further than asked"
