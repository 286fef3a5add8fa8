"""The worker's part of registering by URL: fetch the weights, judge and store them, say what came.

What two runs store lies under two keys, and only the one whose lease still counts is written down.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, NamedTuple
from uuid import UUID

from tintype import errands
from tintype.core.errors import Unavailable
from tintype.core.settings import ModelSettings
from tintype.db.pool import Row, Transaction
from tintype.errands import Errand, Failed, Runner
from tintype.fetch import Fetcher, FetchFailed
from tintype.models import run_queries
from tintype.models.intake import new_key, refusal, take_in
from tintype.models.safetensors import Contents, Damaged, NotSafetensors
from tintype.storage import Storage

_FIELD: Final = "source_url"


@dataclass(frozen=True, slots=True)
class Loader:
    """What fetching needs, built once in `worker.py`."""

    settings: ModelSettings
    runner: Runner
    storage: Storage
    fetcher: Fetcher


class _Taken(NamedTuple):
    key: str
    contents: Contents


async def fetch(loader: Loader, model_id: str) -> timedelta | None:
    """Do the work behind a ring; answer a delay when it should ring once more."""

    async def make(row: Row) -> _Taken:
        return await _taken(loader, row)

    async def drop(taken: _Taken) -> None:
        await loader.storage.delete([taken.key])

    errand = Errand(rows=run_queries, make=make, keep=_keep, fail=_fail, drop=drop)
    return await errands.run(loader.runner, errand, model_id)


async def _taken(loader: Loader, row: Row) -> _Taken:
    key = new_key(row["organization_id"])

    async def take(pieces: AsyncIterator[bytes]) -> Contents:
        return await take_in(loader.storage, key, pieces)

    try:
        contents = await loader.fetcher.take(
            row["source_url"], take, bytes_max=loader.settings.upload_bytes_max,
            seconds_max=loader.settings.fetch_seconds_max, field=_FIELD,
        )  # fmt: skip
    except (NotSafetensors, Damaged) as fault:
        refused = refusal(fault, _FIELD)
        raise Failed(refused.code, refused.message, retryable=False) from fault
    except FetchFailed as fault:
        raise errands.fetch_failed(fault) from fault
    except Unavailable as fault:
        raise Failed(fault.code, fault.message, retryable=True) from fault
    return _Taken(key, contents)


async def _keep(tx: Transaction, row: Row, lease: UUID, taken: _Taken) -> bool:
    return await run_queries.complete(tx, row["id"], lease, taken.key, taken.contents)


async def _fail(tx: Transaction, row: Row, lease: UUID, fault: Failed) -> None:
    error = {"code": fault.code, "message": fault.message}
    await run_queries.fail(tx, row["id"], lease, error)
