"""The doctor's checks of what the database says: clock, queue, ledger, and the pictures' bytes."""

import asyncio
import time
from typing import Final

from tintype import queue
from tintype.cli import queries
from tintype.cli.checks import Finding
from tintype.cli.contact import open_database
from tintype.core.errors import Unavailable
from tintype.core.settings import Settings
from tintype.db.pool import Database
from tintype.storage import MissingObject, Storage, open_storage

_CLOCK_SECONDS_MAX: Final = 2.0
# Several times what a lease, the reaper's round and a queue's poll take together.
_LATE_SECONDS: Final = 120.0
_PAGE: Final = 500
_SIDE_BY_SIDE: Final = 16
_NAMED_MAX: Final = 5


async def all_of(settings: Settings) -> list[Finding]:
    async with open_database(settings) as database:
        return [
            await clock(database),
            await work(database),
            await ledger(database),
            await pictures(database, settings),
        ]


async def clock(database: Database) -> Finding:
    async with database.reading() as tx:
        await queries.clock(tx)  # The first question pays for the connection.
        before = time.time()
        theirs = await queries.clock(tx)
        apart = theirs - (before + time.time()) / 2
    told = f"{abs(apart) * 1000:.0f} ms {'ahead of' if apart > 0 else 'behind'} this machine's"
    near = abs(apart) <= _CLOCK_SECONDS_MAX
    return Finding("database's clock", "ok" if near else "fault", told)


async def work(database: Database) -> Finding:
    async with database.reading() as tx:
        jobs = await queue.depth(tx)
        found = await queries.work(tx, _LATE_SECONDS)
        idle = await queries.idle_jobs(tx, _LATE_SECONDS)
        others = await queries.others(tx)
    told = (
        f"{found['queued']} queued, {found['processing']} processing,"
        f" {sum(jobs.values())} in the queue"
    )
    if found["queued"]:
        told += f", the oldest has waited {found['oldest_seconds']:.0f} s"
    if idle:
        told += f"; {idle} jobs for work that has ended, which a worker clears away"
    if not found["late"]:
        return Finding("work", "warning" if idle else "ok", told)
    told += f"; {found['late']} stuck for over {_LATE_SECONDS:.0f} s"
    if others:
        return Finding("work", "fault", f"{told} though Tintype runs: is there a worker?")
    return Finding("work", "warning", f"{told}: no Tintype runs; the next start goes on with it")


async def ledger(database: Database) -> Finding:
    """Every account is the sum of its entries, and every open hold is for open work."""
    async with database.snapshot() as tx:
        # One snapshot: a movement between the questions must not look like a fault.
        accounts = await queries.accounts(tx)
        wrong = await queries.unproven_accounts(tx)
        lost = await queries.holds_without_work(tx)
    if wrong:
        names = ", ".join(row["organization_id"] for row in wrong[:_NAMED_MAX])
        return Finding(
            "ledger", "fault", f"{len(wrong)} accounts differ from their entries: {names}"
        )
    if lost:
        return Finding("ledger", "fault", f"{lost} holds are open for work that has ended")
    return Finding("ledger", "ok", f"{accounts} accounts equal the sum of their entries")


async def pictures(database: Database, settings: Settings) -> Finding:
    """Every image's bytes are in the storage, in the size that its row says."""
    try:
        opened = open_storage(settings.storage_url)
        seen, bad = await _missing(database, opened)
    except (ValueError, Unavailable) as fault:
        return Finding("pictures", "fault", f"their storage can't be read: {fault}")
    if bad:
        names = ", ".join(bad[:_NAMED_MAX])
        return Finding("pictures", "fault", f"{len(bad)} of {seen} lack their bytes: {names}")
    return Finding("pictures", "ok", f"the bytes of all {seen} are there")


async def _missing(database: Database, storage: Storage) -> tuple[int, list[str]]:
    """How many images and films there are, and the ids of those whose bytes are not."""
    seen, after = 0, ""
    bad: list[str] = []
    side_by_side = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def there(key: str | None, size: int | None) -> bool:
        if key is None:
            return True
        async with side_by_side:
            try:
                return size in {None, await storage.size(key)}
            except MissingObject:
                return False

    while True:
        async with database.reading() as tx:
            rows = await queries.objects(tx, after, _PAGE)
        if not rows:
            return seen, bad
        checks = [
            asyncio.gather(there(row["object_key"], row["bytes"]), there(row["beside_key"], None))
            for row in rows
        ]
        for row, found in zip(rows, await asyncio.gather(*checks), strict=True):
            if not all(found):
                bad.append(row["id"])
        seen, after = seen + len(rows), rows[-1]["id"]
