"""What must hold after any fault: five checks over everything in a database and its storage."""

import hashlib
from collections import Counter
from typing import Any

from tintype.db.pool import Database, Row, Transaction
from tintype.storage import Storage

TERMINAL = ("completed", "failed", "canceled")


async def check_everything(
    database: Database, storage: Storage, *, runs_cut_short: bool = False
) -> Counter[str]:
    """Raise AssertionError where something doesn't add up; answer how many works are in each state.

    `runs_cut_short`: shutdowns gave work back, so that some runs are not counted as attempts.
    """
    async with database.reading() as tx:
        works = await tx.fetch("SELECT * FROM generations ORDER BY id")
        holds = await tx.fetch("SELECT * FROM ledger_entries WHERE type = 'hold'")
        ends = await tx.fetch("SELECT * FROM ledger_entries WHERE hold_id IS NOT NULL")
        accounts = await tx.fetch("SELECT * FROM credit_accounts")
        entries = await tx.fetch("SELECT * FROM ledger_entries")
        images = await tx.fetch(
            "SELECT * FROM images WHERE generation_id IS NOT NULL AND status = 'completed'"
        )
        images += await tx.fetch("SELECT * FROM videos")
        given_up = await tx.fetch(
            "SELECT * FROM images WHERE generation_id IS NOT NULL AND status = 'canceled'"
        )
        events = await tx.fetch("SELECT subject_id, type FROM events ORDER BY position")
    _all_terminal_or_queued(works)
    _ledger_adds_up(works, accounts, entries, holds, ends)
    _each_hold_ended_once(works, holds, ends)
    await _bytes_are_as_their_rows_say(works, images, given_up, storage)
    _events_tell_the_states(works, events, exact=not runs_cut_short)
    return Counter(work["status"] for work in works)


def _all_terminal_or_queued(works: list[Any]) -> None:
    for work in works:
        assert work["status"] in {*TERMINAL, "queued"}, (work["id"], work["status"])
        assert work["lease"] is None
        assert (work["completed_at"] is not None) == (work["status"] in TERMINAL)


def _ledger_adds_up(
    works: list[Any], accounts: list[Any], entries: list[Any], holds: list[Any], ends: list[Any]
) -> None:
    ended = {end["hold_id"] for end in ends}
    for account in accounts:
        own = [e for e in entries if e["organization_id"] == account["organization_id"]]
        assert account["balance"] == sum(e["amount"] for e in own) >= 0
        assert account["reserved"] == sum(e["reserved"] for e in own)
        assert account["reserved"] == sum(
            h["reserved"] for h in holds
            if h["organization_id"] == account["organization_id"] and h["id"] not in ended
        )  # fmt: skip
    for work in works:
        if work["hold_id"]:
            assert (work["hold_id"] in ended) == (work["status"] in TERMINAL), work["id"]


def _each_hold_ended_once(works: list[Any], holds: list[Any], ends: list[Any]) -> None:
    assert max(Counter(end["hold_id"] for end in ends).values(), default=1) == 1
    assert len({hold["generation_id"] for hold in holds}) == len(holds), "two holds of one work"
    how = {end["hold_id"]: end for end in ends}
    for work in works:
        if work["hold_id"] in how:
            settled = how[work["hold_id"]]["type"] == "settle"
            assert settled == (work["status"] == "completed"), work["id"]
            assert -how[work["hold_id"]]["amount"] == work["credits_used"]


async def _bytes_are_as_their_rows_say(
    works: list[Any], images: list[Any], given_up: list[Any], storage: Storage
) -> None:
    made = Counter(image["generation_id"] for image in images)
    deleted = Counter(image["generation_id"] for image in given_up)
    for work in works:
        expected = work["variants"] - len(work["faults"]) - deleted[work["id"]]
        expected = expected if work["status"] == "completed" else 0
        assert made[work["id"]] == expected, (work["id"], work["status"], made[work["id"]])
        paid = work["credits_reserved"] * expected // work["variants"]
        assert work["credits_used"] == paid, "only what was delivered is paid for"
    for image in images:
        data = await storage.get(image["object_key"])
        assert hashlib.sha256(data).hexdigest() == image["sha256"]
        assert len(data) == image["bytes"]


def _events_tell_the_states(works: list[Any], events: list[Any], *, exact: bool) -> None:
    told: dict[str, list[str]] = {}
    for event in events:
        if event["type"].startswith("generation."):
            told.setdefault(event["subject_id"], []).append(event["type"].partition(".")[2])
    assert set(told) == {work["id"] for work in works}
    for work in works:
        states = told[work["id"]]
        if exact:
            runs = work["attempts"]
            assert states.count("processing") == runs, (work["id"], runs, states)
        runs = states.count("processing")
        assert runs >= work["attempts"], (work["id"], work["attempts"], states)
        last = [work["status"]] if work["status"] in TERMINAL else []
        assert states == ["queued", *["processing"] * runs, *last], (work["id"], states)


async def proof(tx: Transaction, organization_id: str) -> Row:
    """The account beside what its ledger adds up to."""
    row = await tx.fetchrow(
        """
        SELECT a.balance, a.reserved, s.balance AS ledger_balance, s.reserved AS ledger_reserved
        FROM credit_accounts a, (
            SELECT coalesce(sum(amount), 0)::bigint AS balance,
                   coalesce(sum(reserved), 0)::bigint AS reserved
            FROM ledger_entries WHERE organization_id = $1) s
        WHERE a.organization_id = $1
        """,
        organization_id,
    )
    assert row is not None
    return row
