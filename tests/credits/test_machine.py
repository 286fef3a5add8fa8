"""The ledger against a plain model of it: any sequence of movements, alone and two at once."""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any

import asyncpg
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from support.checks import proof
from support.machines import on_database, run
from tintype.accounts import operations as accounts
from tintype.core import ids
from tintype.core.errors import Conflict, InsufficientCredits, ValidationFailed
from tintype.credits import operations as credits
from tintype.db.pool import Database

AMOUNTS = st.integers(1, 40)
PICKS = st.integers(0, 99)


class Model:
    """What one organization should have; `holds` are the open ones."""

    def __init__(self, organization_id: str) -> None:
        self.id = organization_id
        self.balance = 0
        self.holds: dict[str, int] = {}
        self.ended: list[str] = []

    @property
    def available(self) -> int:
        return self.balance - sum(self.holds.values())

    def end(self, hold_id: str, used: int) -> None:
        del self.holds[hold_id]
        self.ended.append(hold_id)
        self.balance -= used


class Ledger(RuleBasedStateMachine):
    loop: asyncio.AbstractEventLoop
    database: Database

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    async def once(self, operation: Any, *arguments: Any, **more: Any) -> Any:
        async with self.database.transaction() as tx:
            return await operation(tx, *arguments, **more)

    async def both(self, *works: Coroutine[Any, Any, Any]) -> list[Any]:
        return await asyncio.gather(*works, return_exceptions=True)

    async def hold(self, owner: Model, amount: int) -> Any:
        return await self.once(
            credits.hold, ids.new("led"), owner.id, amount,
            generation_id=ids.new("gen"), api_key_id=None,
        )  # fmt: skip

    @initialize()
    def open(self) -> None:
        made = [
            self.do(self.once(accounts.create_organization, name="M", plan="pro")) for _ in "ab"
        ]
        self.mine, self.other = (Model(one.id) for one in made)

    @rule(amount=AMOUNTS)
    def grant(self, amount: int) -> None:
        entry = self.do(self.once(credits.grant, self.mine.id, amount))
        self.mine.balance += amount
        assert (entry.amount, entry.reserved, entry.balance_after) == (amount, 0, self.mine.balance)

    @rule(amount=st.sampled_from([0, -5, 2**63, 10**15 + 1]))
    def grant_nonsense(self, amount: int) -> None:
        with pytest.raises(ValidationFailed):
            self.do(self.once(credits.grant, self.mine.id, amount))

    @rule(amount=st.integers(-60, 60).filter(bool))
    def adjust(self, amount: int) -> None:
        if self.mine.available + amount < 0:
            with pytest.raises(Conflict):
                self.do(self.once(credits.adjust, self.mine.id, amount, note="test"))
        else:
            self.do(self.once(credits.adjust, self.mine.id, amount, note="test"))
            self.mine.balance += amount

    @rule(amount=AMOUNTS)
    def place(self, amount: int) -> None:
        if amount > self.mine.available:
            with pytest.raises(InsufficientCredits) as refused:
                self.do(self.hold(self.mine, amount))
            wanted = {"required": amount, "available": self.mine.available}
            assert refused.value.details == wanted
        else:
            entry = self.do(self.hold(self.mine, amount))
            self.mine.holds[entry.id] = amount
            assert entry.available_after == self.mine.available

    def some(self, pick: int, among: Any) -> str | None:
        """One of them, or None. What is drawn never depends on who won a race before."""
        found = sorted(among)
        return found[pick % len(found)] if found else None

    @rule(pick=PICKS, percent=st.integers(0, 100))
    def settle(self, pick: int, percent: int) -> None:
        hold_id = self.some(pick, self.mine.holds)
        if hold_id is None:
            return
        used = self.mine.holds[hold_id] * percent // 100
        entry = self.do(self.once(credits.settle, self.mine.id, hold_id, used))
        assert (entry.amount, entry.reserved) == (-used, -self.mine.holds[hold_id])
        self.mine.end(hold_id, used)

    @rule(pick=PICKS, above=st.integers(1, 10))
    def settle_above_the_hold(self, pick: int, above: int) -> None:
        hold_id = self.some(pick, self.mine.holds)
        if hold_id is None:
            return
        with pytest.raises(asyncpg.CheckViolationError):
            self.do(
                self.once(credits.settle, self.mine.id, hold_id, self.mine.holds[hold_id] + above)
            )

    @rule(pick=PICKS)
    def release(self, pick: int) -> None:
        hold_id = self.some(pick, self.mine.holds)
        if hold_id is None:
            return
        assert self.do(self.once(credits.release, self.mine.id, hold_id)) is not None
        self.mine.end(hold_id, 0)

    @rule(pick=PICKS)
    def replay_an_end(self, pick: int) -> None:
        hold_id = self.some(pick, self.mine.ended)
        if hold_id is None:
            return
        assert self.do(self.once(credits.settle, self.mine.id, hold_id, 1)) is None
        assert self.do(self.once(credits.release, self.mine.id, hold_id)) is None

    @rule(pick=PICKS)
    def end_with_another_organization(self, pick: int) -> None:
        hold_id = self.some(pick, self.mine.holds)
        if hold_id is None:
            return
        assert self.do(self.once(credits.settle, self.other.id, hold_id, 0)) is None
        assert self.do(self.once(credits.release, self.other.id, hold_id)) is None

    @rule()
    def change_hands(self) -> None:
        self.mine, self.other = self.other, self.mine

    @rule(first=AMOUNTS, second=AMOUNTS)
    def hold_twice_at_once(self, first: int, second: int) -> None:
        results = self.do(self.both(self.hold(self.mine, first), self.hold(self.mine, second)))
        for amount, result in zip((first, second), results, strict=True):
            if isinstance(result, InsufficientCredits):
                continue
            self.mine.holds[result.id] = amount
        refused = [isinstance(result, InsufficientCredits) for result in results]
        for amount, was_refused in zip((first, second), refused, strict=True):
            assert not was_refused or amount > self.mine.available

    @rule(pick=PICKS)
    def end_twice_at_once(self, pick: int) -> None:
        hold_id = self.some(pick, self.mine.holds)
        if hold_id is None:
            return
        used = self.mine.holds[hold_id]
        settled, released = self.do(
            self.both(
                self.once(credits.settle, self.mine.id, hold_id, used),
                self.once(credits.release, self.mine.id, hold_id),
            )
        )
        assert (settled is None) != (released is None), (settled, released)
        self.mine.end(hold_id, used if settled else 0)

    @rule(pick=PICKS, amount=AMOUNTS)
    def settle_and_lower_at_once(self, pick: int, amount: int) -> None:
        hold_id = self.some(pick, self.mine.holds)
        if hold_id is None:
            return
        _, lowered = self.do(
            self.both(
                self.once(credits.settle, self.mine.id, hold_id, 0),
                self.once(credits.adjust, self.mine.id, -amount, note="test"),
            )
        )
        self.mine.end(hold_id, 0)
        if isinstance(lowered, Conflict):
            return
        self.mine.balance -= amount

    @invariant()
    def the_books_agree(self) -> None:
        for owner in (self.mine, self.other):
            self.do(self.audit(owner))

    async def audit(self, owner: Model) -> None:
        async with self.database.reading() as tx:
            books = await proof(tx, owner.id)
            rows = await tx.fetch(
                "SELECT * FROM ledger_entries WHERE organization_id = $1 ORDER BY created_at",
                owner.id,
            )
            have = await credits.balance(tx, owner.id)
        reserved = sum(owner.holds.values())
        assert (books["balance"], books["reserved"]) == (owner.balance, reserved)
        assert (books["ledger_balance"], books["ledger_reserved"]) == (owner.balance, reserved)
        assert have.available == owner.available >= 0
        assert have.reserved >= 0
        balance = held = 0
        for row in rows:
            balance, held = balance + row["amount"], held + row["reserved"]
            assert (row["balance_after"], row["available_after"]) == (balance, balance - held)


@pytest.fixture
def books(cluster: str) -> Iterator[type[Ledger]]:
    """The machine with a database of its own; each run of it opens a new organization."""
    with on_database(cluster, "ledger_machine", Ledger) as machine:
        yield machine


def test_no_sequence_of_movements_breaks_the_books(books: type[Ledger]) -> None:
    run(books, examples=60)
