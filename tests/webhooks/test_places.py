"""The queue's places: kinds of jobs that have their own never wait for, nor crowd out, the others."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from support.workers import until
from tintype import queue
from tintype.db.pool import Database
from tintype.queue import Consumer, Run

pytestmark = pytest.mark.slow


class Work:
    """Jobs that hold their place until they are let go; `most` at once of each kind."""

    def __init__(self) -> None:
        self.running: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.gates = {"work": asyncio.Event(), "post": asyncio.Event(), "slow": asyncio.Event()}

    def of(self, kind: str) -> Run:
        async def run(_: str) -> timedelta | None:
            self.running[kind] += 1
            self.most[kind] = max(self.most[kind], self.running[kind])
            await self.gates[kind].wait()
            self.running[kind] -= 1
            self.done[kind] += 1
            return None

        return run

    async def is_running(self, **counts: int) -> None:
        async def reached() -> bool:
            return all(self.running[kind] == count for kind, count in counts.items())

        await until(reached, what=f"{counts}")


async def test_each_kind_has_its_places_and_no_more(database: Database) -> None:
    work = Work()
    taking = Consumer(
        database, {kind: work.of(kind) for kind in work.gates},
        concurrency=2, heartbeat_seconds=5, apart={"post": 5, "slow": 3},
    )  # fmt: skip
    task = asyncio.create_task(taking.run())
    async with database.transaction() as tx:
        for kind in work.gates:
            await queue.enqueue_all(tx, {f"{kind}-{number}": kind for number in range(12)})
    await work.is_running(work=2, post=5, slow=3)
    await asyncio.sleep(0.3)
    work.gates["post"].set()

    async def posted() -> bool:
        return work.done["post"] == 12

    # All of one kind pass by, while the others hold every place of theirs.
    await until(posted, what="posts")
    assert (work.running["work"], work.running["slow"]) == (2, 3)
    for gate in work.gates.values():
        gate.set()

    async def all_done() -> bool:
        return work.done.total() == 36

    await until(all_done, what="everything")
    taking.stop()
    await asyncio.wait_for(task, 10)
    assert work.most == {"work": 2, "post": 5, "slow": 3}


async def test_many_rings_at_once_are_one_for_each_id(database: Database) -> None:
    rings = {"a": "post", "b": "post", "c": "work"}
    for _ in range(3):
        async with database.transaction() as tx:
            await queue.enqueue_all(tx, rings)
            await queue.enqueue_all(tx, {})
    async with database.reading() as tx:
        found = await tx.fetch("SELECT entrypoint, convert_from(payload, 'UTF8') FROM pgqueuer")
    assert sorted(tuple(row) for row in found) == [("post", "a"), ("post", "b"), ("work", "c")]


async def test_a_ring_that_was_given_up_leaves_room_for_the_next(database: Database) -> None:
    """Even while the run that gave it up goes on; and its end takes nothing of the next one."""
    work = Work()
    taking = Consumer(database, {"work": work.of("work")}, concurrency=2, heartbeat_seconds=5)
    task = asyncio.create_task(taking.run())
    async with database.transaction() as tx:
        await queue.enqueue(tx, "work", "one")
    await work.is_running(work=1)
    async with database.transaction() as tx:
        await queue.let_go(tx, "work", "one")
    async with database.transaction() as tx:
        await queue.enqueue(tx, "work", "one")
    await work.is_running(work=2)
    work.gates["work"].set()

    async def empty() -> bool:
        async with database.reading() as tx:
            left: int = await tx.fetchval("SELECT count(*) FROM pgqueuer")
            return left == 0

    await until(empty, what="an empty queue")
    assert work.done["work"] == 2
    taking.stop()
    await asyncio.wait_for(task, 10)
