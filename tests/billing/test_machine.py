"""Caps against a plain model: any sequence of holds, ends and new caps, alone and in a crowd."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from support.machines import on_database, run
from tintype.accounts import operations as accounts
from tintype.audit.operator import SERVER
from tintype.billing import operations as billing
from tintype.core import ids
from tintype.core.caller import SCOPES, Caller
from tintype.core.errors import SpendCapReached
from tintype.credits import operations as credits
from tintype.db.pool import Database
from tintype.keys import operations as keys
from tintype.keys.models import ChangeApiKey, SpendCap

CAPS = st.one_of(st.none(), st.integers(0, 60))


class Caps(RuleBasedStateMachine):
    """All of it on one day: the day's and the month's spending are the same."""

    loop: asyncio.AbstractEventLoop
    database: Database

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @initialize()
    def open(self) -> None:
        self.do(self._open())
        self.holds: dict[str, int] = {}
        self.settled = 0
        self.cap: tuple[int | None, int | None] = (None, None)

    async def _open(self) -> None:
        async with self.database.transaction() as tx:
            self.owner = (await accounts.create_organization(tx, name="M", plan="pro")).id
            await credits.grant(tx, self.owner, 10**6)
            key = await keys.create(tx, self.owner, name="k", scopes=SCOPES, maker_scopes=SCOPES)
        self.caller = Caller(
            self.owner, "pro", frozenset(SCOPES), True, "api", key_id=key.id, capped=True
        )

    @property
    def spent(self) -> int:
        return self.settled + sum(self.holds.values())

    @property
    def limit(self) -> int | None:
        return min((it for it in self.cap if it is not None), default=None)

    async def hold(self, amount: int) -> Any:
        async with self.database.transaction() as tx:
            return await billing.reserve(
                tx, self.caller, ids.new("led"), amount, generation_id=ids.new("gen")
            )

    @rule(day=CAPS, month=CAPS)
    def cap_anew(self, day: int | None, month: int | None) -> None:
        async def change() -> None:
            by = Caller(self.owner, "pro", frozenset(SCOPES), livemode=True, source="cli")
            asked = ChangeApiKey(spend_cap=SpendCap(day, month))
            async with self.database.transaction() as tx:
                await keys.change(tx, by, self.caller.key_id or "", asked, actor=SERVER)

        self.do(change())
        self.cap = (day, month)

    @rule(amounts=st.lists(st.integers(1, 12), min_size=1, max_size=6))
    def place_at_once(self, amounts: list[int]) -> None:
        async def all_at_once() -> list[Any]:
            return await asyncio.gather(*map(self.hold, amounts), return_exceptions=True)

        before = self.spent
        done = self.do(all_at_once())
        for amount, outcome in zip(amounts, done, strict=True):
            if isinstance(outcome, SpendCapReached):
                assert self.limit is not None
                assert outcome.details["used"] + amount > outcome.details["limit"]
                assert before <= outcome.details["used"]
            else:
                assert not isinstance(outcome, BaseException), outcome
                self.holds[outcome.id] = amount
        if self.limit is None:
            assert self.spent == before + sum(amounts)
        else:
            assert self.spent <= max(before, self.limit)
            # Nobody was refused who would have fitted into what is left.
            refused = [a for a, it in zip(amounts, done, strict=True)
                       if isinstance(it, SpendCapReached)]  # fmt: skip
            assert all(self.spent + amount > self.limit for amount in refused)

    @rule(pick=st.integers(0, 99), percent=st.none() | st.integers(0, 100))
    def end(self, pick: int, percent: int | None) -> None:
        """Release (None) or settle a part. What is drawn never depends on who won a race before."""
        if not self.holds:
            return
        found = sorted(self.holds)
        hold_id = found[pick % len(found)]
        amount = self.holds.pop(hold_id)
        used = None if percent is None else amount * percent // 100

        async def ended() -> None:
            async with self.database.transaction() as tx:
                if used is None:
                    await credits.release(tx, self.owner, hold_id)
                else:
                    await credits.settle(tx, self.owner, hold_id, used)

        self.do(ended())
        self.settled += used or 0

    @invariant()
    def the_rollup_is_what_the_ledger_says(self) -> None:
        async def rows() -> Any:
            async with self.database.reading() as tx:
                return await tx.fetchrow(
                    "SELECT coalesce(sum(credits), 0) AS credits,"
                    " coalesce(sum(reserved), 0) AS reserved FROM key_usage"
                    " WHERE organization_id = $1", self.owner,
                )  # fmt: skip

        row = self.do(rows())
        assert (row["credits"], row["reserved"]) == (self.settled, sum(self.holds.values()))


def test_any_sequence_keeps_within_the_caps(cluster: str) -> None:
    with on_database(cluster, "caps_machine", Caps) as machine:
        run(machine, examples=15)
