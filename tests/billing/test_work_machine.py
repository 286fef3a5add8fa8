"""Money against whatever happens to work: asked for, quoted, repeated, run, killed, canceled.

The real app over HTTP and the real run, in any order, with two organizations. After every step
granted = available + held + spent, the entries add up, and no hold outlives its work.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from billing.scripted import WORDS, Died, Moment, Mortal, Scripted
from support.house import House, Reply, Tenant, opened, settings_for
from support.machines import on_database, run
from tintype import worker
from tintype.accounts import operations as accounts
from tintype.accounts.models import ChangeOrganization
from tintype.audit.operator import SERVER
from tintype.billing import operations as billing
from tintype.core.errors import InsufficientCredits
from tintype.credits import operations as credits
from tintype.db.pool import Database
from tintype.engines.builtin import MODEL
from tintype.engines.registry import Engines
from tintype.generations.gate import Gate
from tintype.generations.reaper import reap
from tintype.generations.run import run as run_once
from tintype.generations.workshop import Workshop

OUTCOMES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4)
PICKS = st.integers(0, 99)
MINE = st.booleans()
OPEN = ("queued", "processing")
_LATEST = 6


class Owner:
    """What the test itself knows of an organization: what it gave, and asked under which key."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.granted = 0
        self.charged = 0
        self.keys: dict[str, tuple[str, Any, str]] = {}
        self.works: list[str] = []
        self.deleted: set[str] = set()
        self.batches: list[str] = []


class Work(RuleBasedStateMachine):
    loop: asyncio.AbstractEventLoop
    database: Database
    house: House
    workshop: Workshop

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(asyncio.wait_for(work, 60))

    @initialize()
    def open(self) -> None:
        self.owners = [self.do(self._owner(places)) for places in (None, 1)]

    async def _owner(self, places: int | None) -> Owner:
        made = Owner(await self.house.tenant(grant=40))
        made.granted = 40
        async with self.database.transaction() as tx:
            await accounts.change_organization(
                tx, made.tenant.organization_id, ChangeOrganization(concurrency=places),
                actor=SERVER,
            )  # fmt: skip
        return made

    async def ask(self, owner: Owner, path: str, body: Any = None, **headers: str) -> Reply:
        return await self.house.ask(
            "POST", f"/api/v1{path}", key=owner.tenant, json=body, headers=headers
        )

    def some(self, pick: int, among: list[str]) -> str | None:
        """One of the latest, or None. What is drawn never depends on who won a race before."""
        return among[-1 - pick % min(len(among), _LATEST)] if among else None

    async def available(self, owner: Owner) -> int:
        async with self.database.reading() as tx:
            return (await credits.balance(tx, owner.tenant.organization_id)).available

    def accepted(self, owner: Owner, reply: Reply, cost: int, before: int) -> bool:
        """Taken and held, or refused for want of credits, and for nothing else."""
        if cost > before:
            assert reply.status == 402, reply.body
            assert reply.error["details"] == {"required": cost, "available": before}
            return False
        assert reply.status == 202, reply.body
        assert reply.json["meta"]["credits_remaining"] == before - cost
        return True

    @rule(first=MINE, amount=st.integers(1, 30))
    def grant(self, first: bool, amount: int) -> None:
        owner = self.owners[first]

        async def given() -> None:
            async with self.database.transaction() as tx:
                await credits.grant(tx, owner.tenant.organization_id, amount)

        self.do(given())
        owner.granted += amount

    @rule(first=MINE, words=OUTCOMES)
    def create(self, first: bool, words: list[str]) -> None:
        owner, before = self.owners[first], self.do(self.available(self.owners[first]))
        body = {"prompt": " ".join(words), "seed": 0, "variants": len(words)}
        reply = self.do(self.ask(owner, "/generations", body))
        if self.accepted(owner, reply, len(words), before):
            owner.works.append(reply.data["id"])

    @rule(first=MINE, words=OUTCOMES, key=st.sampled_from("abc"), times=st.integers(1, 3))
    def create_by_key(self, first: bool, words: list[str], key: str, times: int) -> None:
        """The same request under one key, several times at once and again later."""
        owner, before = self.owners[first], self.do(self.available(self.owners[first]))
        path, body, work = owner.keys.get(key) or (
            "/generations", {"prompt": " ".join(words), "seed": 0, "variants": len(words)}, "",
        )  # fmt: skip
        headers = {"Idempotency-Key": key}
        asked = [self.ask(owner, path, body, **headers) for _ in range(times)]
        # On a slow machine a twin may be told to come back while the first is at work.
        told = self.do(_together(*asked))
        replies = [reply for reply in told if reply.status != 409]
        if work in owner.deleted:
            assert {reply.status for reply in replies} == {404}
            assert self.do(self.available(owner)) == before
        elif work:
            assert {reply.data["id"] for reply in replies} == {work}
            assert self.do(self.available(owner)) == before
        elif body["variants"] > before:
            assert {reply.status for reply in replies} == {402}
        else:
            (made,) = {reply.data["id"] for reply in replies}
            owner.keys[key] = (path, body, made)
            owner.works.append(made)
            assert self.do(self.available(owner)) == before - body["variants"]

    @rule(first=MINE, words=OUTCOMES, price=st.integers(0, 6))
    def create_as_quoted(self, first: bool, words: list[str], price: int) -> None:
        """At a price that is not today's, which need not be a whole number for each variant."""
        owner, before = self.owners[first], self.do(self.available(self.owners[first]))
        body = {"prompt": " ".join(words), "seed": 0, "variants": len(words)}
        quoted = self.do(self.ask(owner, "/generations", body | {"dry_run": True}))
        assert quoted.data["sufficient"] == (before >= len(words))
        assert self.do(self.available(owner)) == before
        self.do(self.execute("UPDATE quotes SET credits = $2 WHERE id = $1",
                             quoted.data["quote_id"], price))  # fmt: skip
        body |= {"quote_id": quoted.data["quote_id"]}
        replies = self.do(_together(*(self.ask(owner, "/generations", body) for _ in range(2))))
        replies.sort(key=lambda reply: reply.status)
        if price > before:
            assert {reply.status for reply in replies} == {402}
            return
        assert [reply.status for reply in replies] == [202, 422]
        assert replies[0].data["credits_reserved"] == price
        owner.works.append(replies[0].data["id"])

    @rule(first=MINE, items=st.lists(OUTCOMES, min_size=1, max_size=4))
    def create_batch(self, first: bool, items: list[list[str]]) -> None:
        owner, before = self.owners[first], self.do(self.available(self.owners[first]))
        asked = [{"prompt": " ".join(it), "variants": len(it)} for it in items]
        reply = self.do(
            self.ask(owner, "/generate/bulk", {"items": asked, "defaults": {"seed": 0}})
        )
        if self.accepted(owner, reply, sum(map(len, items)), before):
            owner.batches.append(reply.data["id"])
            rows = self.do(self.fetch(
                "SELECT id FROM generations WHERE batch_id = $1 ORDER BY batch_index",
                reply.data["id"],
            ))  # fmt: skip
            owner.works += [row["id"] for row in rows]

    @rule(first=MINE, pick=PICKS, words=OUTCOMES)
    def retry(self, first: bool, pick: int, words: list[str]) -> None:
        owner = self.owners[first]
        work = self.some(pick, owner.works)
        if work is None:
            return
        (row,) = self.do(self.fetch("SELECT * FROM generations WHERE id = $1", work))
        before = self.do(self.available(owner))
        body = {"prompt": " ".join(words), "variants": len(words)}
        reply = self.do(self.ask(owner, f"/generations/{work}/retry", body))
        if row["deleted_at"] is not None:
            assert reply.status == 404, reply.body
        elif row["status"] not in {"failed", "canceled"}:
            assert reply.status == 409, reply.body
        elif self.accepted(owner, reply, len(words), before):
            owner.works.append(reply.data["id"])

    @rule(first=MINE, pick=PICKS, runs=st.integers(1, 2))
    def run(self, first: bool, pick: int, runs: int) -> None:
        """To its end, where it is due; two runs of one work at once are as one."""
        work = self.some(pick, self.owners[first].works)
        if work is not None:
            self.do(_together(*(run_once(self.workshop, work) for _ in range(runs))))

    @rule(first=MINE)
    def run_all(self, first: bool) -> None:
        """The latest of them side by side, as a worker would."""
        latest = self.owners[first].works[-_LATEST:]
        self.do(_together(*(run_once(self.workshop, work) for work in latest)))

    @rule(first=MINE, pick=PICKS, step=st.integers(1, 4),
          moment=st.sampled_from(("before", "within", "after")))  # fmt: skip
    def run_and_die(self, first: bool, pick: int, step: int, moment: Moment) -> None:
        work = self.some(pick, self.owners[first].works)
        if work is None:
            return
        mortal = replace(
            self.workshop, database=Mortal(self.database, step, moment), leases={}, gate=Gate()
        )

        async def dying() -> None:
            with contextlib.suppress(Died):
                await run_once(mortal, work)

        self.do(dying())

    @rule(first=MINE, pick=PICKS)
    def cancel(self, first: bool, pick: int) -> None:
        work = self.some(pick, self.owners[first].works)
        if work is not None:
            reply = self.do(self.ask(self.owners[first], f"/generations/{work}/cancel"))
            assert reply.status in {200, 202, 404, 409}, reply.body

    @rule(first=MINE, pick=PICKS, seconds=st.sampled_from((0.0, 0.005, 0.02, 0.05)))
    def cancel_while_it_runs(self, first: bool, pick: int, seconds: float) -> None:
        owner = self.owners[first]
        work = self.some(pick, owner.works)
        if work is None:
            return

        async def late() -> None:
            await asyncio.sleep(seconds)
            await self.ask(owner, f"/generations/{work}/cancel")

        self.do(_together(run_once(self.workshop, work), late()))

    @rule(first=MINE, pick=PICKS)
    def delete(self, first: bool, pick: int) -> None:
        owner = self.owners[first]
        work = self.some(pick, owner.works)
        if work is not None:
            path = f"/api/v1/generations/{work}"
            reply = self.do(self.house.ask("DELETE", path, key=owner.tenant))
            assert reply.status in {204, 404}, reply.body
            owner.deleted.add(work)

    @rule(first=MINE, pick=PICKS, work=PICKS, running=st.booleans())
    def cancel_batch(self, first: bool, pick: int, work: int, running: bool) -> None:
        owner = self.owners[first]
        batch, one = self.some(pick, owner.batches), self.some(work, owner.works)
        if batch is None or one is None:
            return
        beside = [run_once(self.workshop, one)] if running else []
        *_, reply = self.do(_together(*beside, self.ask(owner, f"/batches/{batch}/cancel")))
        assert reply.status in {200, 202, 409}, reply.body

    @rule(first=MINE, amount=st.integers(1, 5))
    def charge(self, first: bool, amount: int) -> None:
        """What is done already is paid at once, or refused."""
        owner = self.owners[first]

        async def charged() -> bool:
            caller = await self.house.caller(owner.tenant)
            try:
                async with self.database.transaction() as tx:
                    await billing.charge(tx, caller, amount, note="test")
            except InsufficientCredits:
                return False
            return True

        before = self.do(self.available(owner))
        done = self.do(charged())
        assert done == (amount <= before)
        owner.charged += amount * done

    @rule()
    def time_passes(self) -> None:
        """The leases of the dead run out, pauses are over, and the reaper looks."""
        self.do(self.execute(
            "UPDATE generations SET lease_until = now() - interval '1 second'"
            " WHERE status = 'processing'"
        ))  # fmt: skip
        self.do(self.execute(
            "UPDATE generations SET run_after = now() - interval '1 minute'"
            " WHERE status = 'queued'"
        ))  # fmt: skip
        self.do(reap(self.workshop))

    async def execute(self, sql: str, *values: Any) -> None:
        async with self.database.transaction() as tx:
            await tx.execute(sql, *values)

    async def fetch(self, sql: str, *values: Any) -> list[Any]:
        async with self.database.reading() as tx:
            rows: list[Any] = await tx.fetch(sql, *values)
        return rows

    @invariant()
    def the_books_agree(self) -> None:
        for owner in self.owners:
            self.do(self.audit(owner))

    async def audit(self, owner: Owner) -> None:
        async with self.database.snapshot() as tx:
            of = owner.tenant.organization_id
            account = await tx.fetchrow(
                "SELECT * FROM credit_accounts WHERE organization_id = $1", of
            )
            entries = await tx.fetch(
                "SELECT * FROM ledger_entries WHERE organization_id = $1 ORDER BY position", of
            )
            works = await tx.fetch("SELECT * FROM generations WHERE organization_id = $1", of)
            pictures = await tx.fetch(
                "SELECT generation_id FROM images WHERE organization_id = $1", of
            )
            batches = await tx.fetch("SELECT * FROM batches WHERE organization_id = $1", of)
            usage = await tx.fetchrow(
                "SELECT coalesce(sum(credits), 0) AS credits, coalesce(sum(reserved), 0) AS reserved"
                " FROM key_usage WHERE organization_id = $1", of,
            )  # fmt: skip
        held, spent = _of_works(works, entries, Counter(it["generation_id"] for it in pictures))
        spent += owner.charged
        assert owner.granted == account["balance"] + spent
        assert account["reserved"] == held
        # granted = available + held + spent
        assert owner.granted == (account["balance"] - account["reserved"]) + held + spent
        assert (usage["credits"], usage["reserved"]) == (spent, held)
        balance = reserved = 0
        for entry in entries:
            balance, reserved = balance + entry["amount"], reserved + entry["reserved"]
            assert (entry["balance_after"], entry["available_after"]) == (
                balance,
                balance - reserved,
            )
        assert (balance, reserved) == (account["balance"], account["reserved"])
        assert {it["id"] for it in works} == set(owner.works), "and no work was made twice"
        _of_batches(batches, works)


def _of_works(works: list[Any], entries: list[Any], pictures: Counter[str]) -> tuple[int, int]:
    """What open works hold, and ended ones used; each must have the entries of its state."""
    held = spent = 0
    told: dict[str, list[Any]] = {}
    for entry in entries:
        if entry["generation_id"]:
            told.setdefault(entry["generation_id"], []).append(entry)
    for work in works:
        price, used = work["credits_reserved"], work["credits_used"]
        mine = told.pop(work["id"], [])
        assert {it["batch_id"] for it in mine} <= {work["batch_id"]}
        own = [(it["type"], it["amount"], it["reserved"]) for it in mine]
        hold = [("hold", 0, price)] if price else []
        if work["status"] in OPEN:
            held += price
            assert (own, used) == (hold, 0)
        elif work["status"] == "completed":
            delivered = pictures[work["id"]]
            assert delivered == work["variants"] - len(work["faults"]) > 0
            assert used == price * delivered // work["variants"]
            assert own == hold + ([("settle", -used, -price)] if price else [])
        else:
            assert own == hold + ([("release", 0, -price)] if price else [])
            assert (used, pictures[work["id"]]) == (0, 0)
        spent += used
    assert told == {}, "entries of no work"
    return held, spent


def _of_batches(batches: list[Any], works: list[Any]) -> None:
    for batch in batches:
        own = [work for work in works if work["batch_id"] == batch["id"]]
        states = Counter(work["status"] for work in own)
        ended = [states[name] for name in ("completed", "failed", "canceled")]
        assert ended == [batch["completed"], batch["failed"], batch["canceled"]]
        assert batch["total"] == len(own)
        assert (batch["completed_at"] is not None) == (sum(ended) == len(own))
        assert batch["credits_used"] == sum(work["credits_used"] for work in own)
        assert batch["credits_reserved"] == sum(work["credits_reserved"] for work in own)


async def _together(*works: Coroutine[Any, Any, Any]) -> list[Any]:
    return list(await asyncio.gather(*works))


@pytest.fixture
def works(cluster: str, tmp_path: Path) -> Iterator[type[Work]]:
    """The machine with a house and a worker's parts, whose runs begin only when a rule says so."""
    with on_database(cluster, "work_machine", Work) as machine:
        settings = settings_for(
            machine.database.dsn, tmp_path, worker={"retry_seconds": 0.001, "lease_seconds": 60}
        )

        async def built(stack: contextlib.AsyncExitStack) -> None:
            machine.house = await stack.enter_async_context(opened(settings, with_worker=False))
            engines = Engines({MODEL: Scripted()})
            machine.workshop = await stack.enter_async_context(worker.opened(settings, engines))
            listening = asyncio.create_task(machine.workshop.signals.run())
            stack.callback(listening.cancel)

        stack = contextlib.AsyncExitStack()
        machine.loop.run_until_complete(built(stack))
        try:
            yield machine
        finally:
            machine.loop.run_until_complete(stack.aclose())


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_order_of_events_breaks_the_books(works: type[Work]) -> None:
    run(works, examples=15)
