"""The worker's part of registering by URL: fetch the weights, judge and store them, say what came.

A run holds a lease and renews it while bytes come, so that another takes over when it dies; what
two runs store lies under two keys, and only the one whose lease still counts is written down.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from tintype.core import log
from tintype.core.errors import Unavailable
from tintype.core.settings import ModelSettings, WorkerSettings
from tintype.db.pool import Database, Row
from tintype.fetch import Fetcher, FetchFailed
from tintype.models import run_queries
from tintype.models.intake import new_key, refusal, take_in
from tintype.models.safetensors import Contents, Damaged, NotSafetensors
from tintype.storage import Storage

_FIELD: Final = "source_url"
_GAVE_UP: Final = "The fetch was begun several times and never finished."
_log = log.get("tintype.models")


@dataclass(frozen=True, slots=True)
class Loader:
    """What fetching needs, built once in `worker.py`; `stopping` is set when the worker ends."""

    settings: ModelSettings
    worker: WorkerSettings
    database: Database
    storage: Storage
    fetcher: Fetcher
    stopping: asyncio.Event


class _Failed(Exception):
    def __init__(self, code: str, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retryable = retryable


async def fetch(loader: Loader, model_id: str) -> timedelta | None:
    """Do the work behind a ring; answer a delay when it should ring once more."""
    lease = uuid4()
    async with loader.database.transaction() as tx:
        row = await run_queries.claim(tx, model_id, lease, loader.worker.lease_seconds)
        if row is None:
            return await run_queries.wait(tx, model_id)
    if row["attempts"] > loader.worker.attempts_max:
        await _fail(loader, model_id, lease, _Failed("PROVIDER_ERROR", _GAVE_UP, retryable=False))
        return None
    key = new_key(row["organization_id"])
    try:
        contents = await _kept(loader, row, lease, key)
    except _Failed as fault:
        return await _faulted(loader, row, lease, fault)
    if contents is None:
        return timedelta(0) if loader.stopping.is_set() else None
    async with loader.database.transaction() as tx:
        done = await run_queries.complete(tx, model_id, lease, key, contents)
    if not done:
        await loader.storage.delete([key])
    return None


async def _kept(loader: Loader, row: Row, lease: UUID, key: str) -> Contents | None:
    """What was fetched and stored while the lease was kept; None where this run is to let go."""
    taking = asyncio.create_task(_taken(loader, row["source_url"], key))
    ending = asyncio.create_task(loader.stopping.wait())
    try:
        while not taking.done():
            await asyncio.wait(
                {taking, ending},
                timeout=loader.worker.lease_seconds / 3,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if taking.done():
                break
            if loader.stopping.is_set():
                await _put_back(loader, row["id"], lease, timedelta(0), uncounted=True)
                return None
            with contextlib.suppress(Unavailable):
                async with loader.database.transaction() as tx:
                    if not await run_queries.renew(
                        tx, row["id"], lease, loader.worker.lease_seconds
                    ):
                        return None
        return taking.result()
    finally:
        ending.cancel()
        taking.cancel()
        await asyncio.gather(taking, ending, return_exceptions=True)


async def _taken(loader: Loader, url: str, key: str) -> Contents:
    """Raises _Failed."""

    async def take(pieces: AsyncIterator[bytes]) -> Contents:
        return await take_in(loader.storage, key, pieces)

    try:
        return await loader.fetcher.take(
            url, take, bytes_max=loader.settings.upload_bytes_max,
            seconds_max=loader.settings.fetch_seconds_max, field=_FIELD,
        )  # fmt: skip
    except (NotSafetensors, Damaged) as fault:
        refused = refusal(fault, _FIELD)
        raise _Failed(refused.code, refused.message, retryable=False) from fault
    except FetchFailed as fault:
        code = "PAYLOAD_TOO_LARGE" if fault.fault == "too_large" else "VALIDATION_FAILED"
        code = "PROVIDER_ERROR" if fault.retryable else code
        raise _Failed(code, fault.reason, retryable=fault.retryable) from fault
    except Unavailable as fault:
        raise _Failed(fault.code, fault.message, retryable=True) from fault


async def _faulted(loader: Loader, row: Row, lease: UUID, fault: _Failed) -> timedelta | None:
    """Try again a little later, or fail for good."""
    _log.warning("model not fetched", model=row["id"], attempt=row["attempts"], code=fault.code)
    if fault.retryable and row["attempts"] < loader.worker.attempts_max:
        delay = timedelta(seconds=loader.worker.retry_seconds * 2 ** (row["attempts"] - 1))
        await _put_back(loader, row["id"], lease, delay, uncounted=False)
        return delay
    await _fail(loader, row["id"], lease, fault)
    return None


async def _put_back(
    loader: Loader, model_id: str, lease: UUID, delay: timedelta, *, uncounted: bool
) -> None:
    async with loader.database.transaction() as tx:
        await run_queries.put_back(tx, model_id, lease, delay, uncounted=uncounted)


async def _fail(loader: Loader, model_id: str, lease: UUID, fault: _Failed) -> None:
    error = {"code": fault.code, "message": fault.message}
    async with loader.database.transaction() as tx:
        await run_queries.fail(tx, model_id, lease, error)
