"""The worker's part of pictures by URL: fetch, judge, clean and store them, say what came."""

from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

from tintype import errands
from tintype.core.errors import TintypeError, Unavailable
from tintype.core.settings import Settings
from tintype.db.pool import Row, Transaction
from tintype.errands import Errand, Failed, Runner
from tintype.fetch import Fetcher, FetchFailed
from tintype.images import originals, pictures
from tintype.images.intake import StoredPicture, limits_of, take_in
from tintype.images.links import Links
from tintype.media.retouch.profile import Profile
from tintype.pictures import run_queries, unasked
from tintype.pictures.sources import URL_FIELD
from tintype.pictures.teaching import tones
from tintype.storage import Storage


@dataclass(frozen=True, slots=True)
class Collector:
    """What fetching needs, built once in `worker.py`."""

    settings: Settings
    runner: Runner
    storage: Storage
    fetcher: Fetcher
    pixels: Executor


async def fetch(collector: Collector, picture_id: str) -> timedelta | None:
    """Do the work behind a ring; answer a delay when it should ring once more.

    What isn't kept stays: objects are named by their content, and the sweeper knows whose they are.
    """
    errand = Errand(
        rows=run_queries,
        make=partial(_taken, collector),
        keep=partial(_keep, collector),
        fail=_fail,
    )
    return await errands.run(collector.runner, errand, picture_id)


@dataclass(frozen=True, slots=True)
class _Taken:
    """A fetched picture in storage; its look where the agent wants to see it."""

    stored: StoredPicture
    look: Profile | None


async def _taken(collector: Collector, row: Row) -> _Taken:
    """The picture in storage: its master, and beside it the file as it came."""
    stored = await _stored(collector, row)
    async with collector.runner.database.reading() as tx:
        looking = await unasked.is_looking(tx, row["organization_id"])
    look = None
    if looking:
        limits = limits_of(collector.settings.media)
        look = await tones(collector.storage, collector.pixels, stored.object_key, limits)
    return _Taken(stored, look)


async def _stored(collector: Collector, row: Row) -> StoredPicture:
    limits = limits_of(collector.settings.media)
    try:
        fetched = await collector.fetcher.get(
            row["source_url"], bytes_max=limits.bytes_max,
            seconds_max=collector.settings.fetch.seconds_max, field=URL_FIELD,
        )  # fmt: skip
        return await take_in(
            collector.storage, collector.pixels, row["organization_id"], fetched.data, limits,
            keep_original=True, field=URL_FIELD,
        )  # fmt: skip
    except FetchFailed as fault:
        raise errands.fetch_failed(fault) from fault
    except Unavailable as fault:
        raise Failed(fault.code, fault.message, retryable=True) from fault
    except TintypeError as fault:
        about = "" if fault.message.startswith(URL_FIELD) else f"{URL_FIELD}: "
        raise Failed(fault.code, f"{about}{fault.message}", retryable=False) from fault


async def _keep(
    collector: Collector, tx: Transaction, row: Row, lease: UUID, taken: _Taken
) -> bool:
    if not await run_queries.complete(tx, row["id"], lease, taken.stored.fields()):
        return False
    secret = row["signing_secret"] if row["private_media"] else None
    links = Links(collector.settings.public_url, secret)
    await originals.completed(tx, row["organization_id"], row["id"], row["alias_wanted"], links)
    if await unasked.is_looking(tx, row["organization_id"]):
        caller = await unasked.caller_for(tx, row["organization_id"])
        picture = await pictures.find(tx, caller, row["id"])
        await unasked.enhance(tx, caller, links, picture, taken.look)
    return True


async def _fail(tx: Transaction, row: Row, lease: UUID, fault: Failed) -> None:
    error = {"code": fault.code, "message": fault.message}
    if await run_queries.fail(tx, row["id"], lease, error):
        await originals.failed(tx, row["organization_id"], row["id"])
