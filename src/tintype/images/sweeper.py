"""Bytes without rows: what a crash between storing and committing left, and half-written files."""

from datetime import UTC, datetime, timedelta
from typing import Final

from tintype.core import log
from tintype.db.pool import Database
from tintype.images import queries
from tintype.storage import MissingObject, Storage, StoredObject

_BATCH: Final = 500
# Storing the same bytes again makes an object young; well above that, see storage.py.
HOURS_MIN: Final = 1.0
_log = log.get("tintype.sweeper")


async def sweep_in_turn(
    database: Database, storage: Storage, *, every_seconds: float, older_than_hours: float
) -> int | None:
    """Sweep if no process has begun to in the last `every_seconds`; None if one has."""
    async with database.transaction() as tx:
        if not await queries.take_sweep(tx, every_seconds):
            return None
    return await sweep(database, storage, older_than_hours=older_than_hours)


async def sweep(database: Database, storage: Storage, *, older_than_hours: float) -> int:
    """Delete objects that no row names and that are old enough; answer how many went."""
    age = timedelta(hours=max(older_than_hours, HOURS_MIN))
    removed = await storage.sweep_partial(age.total_seconds())
    batch: list[StoredObject] = []
    async for found in storage.list():
        if datetime.now(UTC) - found.modified_at < age:
            continue
        batch.append(found)
        if len(batch) >= _BATCH:
            removed += await _sweep_batch(database, storage, batch, age)
            batch = []
    removed += await _sweep_batch(database, storage, batch, age)
    if removed:
        _log.info("swept", objects=removed)
    return removed


async def _sweep_batch(
    database: Database, storage: Storage, batch: list[StoredObject], age: timedelta
) -> int:
    """A derived file lives as long as its image, a master or original as long as a row names it."""
    derived = {found.key: found.key.split("/")[1] for found in batch
               if found.key.startswith("derived/")}  # fmt: skip
    named = [found.key for found in batch if found.key.startswith(("masters/", "originals/"))]
    async with database.reading() as tx:
        kept = await queries.referenced_keys(tx, named)
        images = await queries.existing(tx, sorted(set(derived.values())))
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
