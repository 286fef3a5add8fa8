"""Bytes without rows: what a crash between storing and committing left, and half-written files."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from tintype.core import log
from tintype.db.pool import Database, Transaction
from tintype.images import queries
from tintype.storage import MissingObject, Storage, StoredObject

_BATCH: Final = 500
# Storing the same bytes again makes an object young; well above that, see storage.py.
HOURS_MIN: Final = 1.0
Named = Callable[[Transaction, list[str]], Awaitable[set[str]]]
"""Answers those of the object keys that some row names."""
NONE_ELSE: Final[Mapping[str, Named]] = {}
_log = log.get("tintype.sweeper")


async def sweep_in_turn(
    database: Database,
    storage: Storage,
    others: Mapping[str, Named] = NONE_ELSE,
    *,
    every_seconds: float,
    older_than_hours: float,
) -> int | None:
    """Sweep if no process has begun to in the last `every_seconds`; None if one has."""
    async with database.transaction() as tx:
        if not await queries.take_sweep(tx, every_seconds):
            return None
    return await sweep(database, storage, others, older_than_hours=older_than_hours)


async def sweep(
    database: Database,
    storage: Storage,
    others: Mapping[str, Named] = NONE_ELSE,
    *,
    older_than_hours: float,
) -> int:
    """Delete objects that no row names and that are old enough; answer how many went.

    `others` are the folders of other slices ("films/"), each with who knows which objects of it
    are named. An object in any other folder is nobody's here, and stays.
    """
    age = timedelta(hours=max(older_than_hours, HOURS_MIN))
    removed = await storage.sweep_partial(age.total_seconds())
    batch: list[StoredObject] = []
    async for found in storage.list():
        if datetime.now(UTC) - found.modified_at < age:
            continue
        batch.append(found)
        if len(batch) >= _BATCH:
            removed += await _sweep_batch(database, storage, others, batch, age)
            batch = []
    removed += await _sweep_batch(database, storage, others, batch, age)
    if removed:
        _log.info("swept", objects=removed)
    return removed


async def _sweep_batch(
    database: Database,
    storage: Storage,
    others: Mapping[str, Named],
    batch: list[StoredObject],
    age: timedelta,
) -> int:
    """A derived file lives as long as its image, a master or original as long as a row names it."""
    derived = {found.key: found.key.split("/")[1] for found in batch
               if found.key.startswith("derived/")}  # fmt: skip
    named = [found.key for found in batch if found.key.startswith(("masters/", "originals/"))]
    async with database.reading() as tx:
        kept = await queries.referenced_keys(tx, named)
        images = await queries.existing(tx, sorted(set(derived.values())))
        for folder, names_of in others.items():
            found_there = [found.key for found in batch if found.key.startswith(folder)]
            named += found_there
            kept |= await names_of(tx, found_there) if found_there else set()
    orphans = [key for key in named if key not in kept]
    orphans += [key for key, image_id in derived.items() if image_id not in images]
    removed = 0
    for key in orphans:
        # Looked at again just before: an upload of the same bytes may have taken it up meanwhile.
        try:
            found = await storage.stat(key)
        except MissingObject:
            continue
        if datetime.now(UTC) - found.modified_at >= age:
            await storage.delete([key])
            removed += 1
    return removed
