"""The worker process: takes jobs from the queue, runs engines, reaps and sweeps.

It stops by itself on SIGTERM or SIGINT: no new jobs, a grace for the running ones, then what is
left goes back to the queue and the process ends hard, because a queue consumer that is cancelled
would delete the rows of its running jobs.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from tintype import queue
from tintype.api import queries as request_queries
from tintype.billing import quotes
from tintype.core import log
from tintype.core.errors import TintypeError
from tintype.core.settings import Settings
from tintype.core.vault import open_vault
from tintype.db.listen import Signals
from tintype.db.pool import connect
from tintype.engines.of_worker import configured
from tintype.engines.registry import Engines
from tintype.errands import Runner
from tintype.fetch import Fetcher
from tintype.generations import jobs as generations
from tintype.generations.gate import Gate
from tintype.generations.reaper import EVERY_SECONDS, reap
from tintype.generations.run import give_back
from tintype.generations.workshop import Workshop
from tintype.images import sweeper
from tintype.images.intake import limits_of
from tintype.models import intake as weights
from tintype.models import jobs as models
from tintype.models import operations as custom_models
from tintype.models.fetching import Loader
from tintype.pictures import jobs as pictures
from tintype.pictures.fetching import Collector
from tintype.sessions import operations as sessions
from tintype.storage import open_storage
from tintype.videos import intake as films
from tintype.videos import operations as videos
from tintype.webhooks import jobs as webhooks
from tintype.webhooks.courier import Courier

_PRUNE_SECONDS: Final = 600.0
_SWEEP_SECONDS: Final = 3600.0
# With the longest grace still within what the supervisor waits before it kills.
_GIVE_BACK_SECONDS: Final = 1.5
# Whose objects lie where, besides the pictures.
_SWEPT: Final = {
    films.FOLDER: videos.referenced_keys,
    weights.FOLDER: custom_models.needed,
}
_log = log.get("tintype.worker")


@contextlib.asynccontextmanager
async def opened(settings: Settings, engines: Engines | None = None) -> AsyncIterator[Workshop]:
    """What runs need, for as long as the worker lives; by default with the configured engines."""
    database = await connect(
        settings.database.url,
        size=max(settings.database.pool_size, settings.worker.concurrency + 4),
        wait_seconds=settings.database.pool_wait_seconds,
    )
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        storage = open_storage(settings.storage_url)
        engines = engines or configured(
            draw_threads=settings.media.threads, limits=limits_of(settings.media)
        )
        await engines.open_all()
        stack.push_async_callback(engines.close_all)
        pixels = ThreadPoolExecutor(settings.media.threads, thread_name_prefix="pixels")
        stack.callback(pixels.shutdown, wait=False, cancel_futures=True)
        fetcher = await stack.enter_async_context(Fetcher(settings.fetch.networks()))
        yield Workshop(
            settings=settings, database=database, storage=storage, fetcher=fetcher,
            signals=Signals(database.dsn), engines=engines, pixels=pixels, leases={}, gate=Gate(),
            vault=open_vault(settings), stopping=asyncio.Event(),
        )  # fmt: skip


def consumer(workshop: Workshop) -> queue.Consumer:
    """Takes the jobs of every slice; this is their one list."""
    sent = courier(workshop)
    jobs = {
        **generations.jobs(workshop), **webhooks.jobs(sent), **models.jobs(loader(workshop)),
        **pictures.jobs(collector(workshop)),
    }  # fmt: skip
    worker = workshop.settings.worker
    return queue.Consumer(
        workshop.database, jobs,
        concurrency=worker.concurrency, heartbeat_seconds=worker.lease_seconds,
        apart=webhooks.places(sent) | models.places() | pictures.places(),
        limits=generations.limits(workshop),
        stopping=workshop.stopping,
    )  # fmt: skip


def courier(workshop: Workshop) -> Courier:
    """What webhooks need of it."""
    return Courier(
        settings=workshop.settings.webhooks, database=workshop.database, fetcher=workshop.fetcher,
        signals=workshop.signals, vault=workshop.vault, stopping=workshop.stopping,
        stop_seconds=workshop.settings.worker.grace_seconds / 2,
    )  # fmt: skip


def loader(workshop: Workshop) -> Loader:
    """What fetching customers' weights needs of it."""
    return Loader(
        settings=workshop.settings.models,
        runner=runner(workshop),
        storage=workshop.storage,
        fetcher=workshop.fetcher,
    )


def collector(workshop: Workshop) -> Collector:
    """What fetching pictures needs of it."""
    return Collector(
        settings=workshop.settings,
        runner=runner(workshop),
        storage=workshop.storage,
        fetcher=workshop.fetcher,
        pixels=workshop.pixels,
    )


def runner(workshop: Workshop) -> Runner:
    """What every errand needs of it."""
    return Runner(workshop.settings.worker, workshop.database, workshop.stopping)


def chores(workshop: Workshop) -> list[asyncio.Task[None]]:
    """What a worker does beside its jobs."""
    return [
        asyncio.create_task(workshop.signals.run()),
        *(asyncio.create_task(loop) for loop in webhooks.loops(courier(workshop))),
        asyncio.create_task(_every(EVERY_SECONDS, lambda: reap(workshop))),
        asyncio.create_task(_every(_PRUNE_SECONDS, lambda: _prune(workshop))),
        asyncio.create_task(
            _every(models.EVERY_SECONDS, lambda: models.ring_the_lost(loader(workshop)))
        ),
        asyncio.create_task(
            _every(pictures.EVERY_SECONDS, lambda: pictures.ring_the_lost(collector(workshop)))
        ),
        # Walking the whole storage is no part of a start.
        asyncio.create_task(_every(_PRUNE_SECONDS, lambda: _sweep(workshop), first=_PRUNE_SECONDS)),
    ]


async def run(
    settings: Settings,
    engines: Engines | None = None,
    *,
    on_ready: Callable[[], None] = lambda: None,
) -> None:
    """Work until a signal says stop. Ends the process itself when the grace runs out."""
    log.configure(settings.log.level, settings.log.format)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with opened(settings, engines) as workshop:
        taking = consumer(workshop)
        beside = chores(workshop)
        consuming = asyncio.create_task(taking.run())
        _log.info("worker ready", concurrency=settings.worker.concurrency)
        on_ready()
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({stopped, consuming}, return_when=asyncio.FIRST_COMPLETED)
        _log.info("worker stopping", running=len(taking.running))
        taking.stop()
        done, _ = await asyncio.wait({consuming}, timeout=settings.worker.grace_seconds)
        if not done:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_GIVE_BACK_SECONDS):
                    await give_back(workshop)
            _log.info("worker left work to others", running=len(taking.running))
            os._exit(0)
        stopped.cancel()
        for chore in beside:
            chore.cancel()
        await asyncio.gather(*beside, return_exceptions=True)


async def _every(
    seconds: float, chore: Callable[[], Awaitable[Any]], *, first: float = 0.0
) -> None:
    """Do a chore now and then; a fault of one round is logged and the next round tries again."""
    await asyncio.sleep(first)
    while True:
        try:
            await chore()
        except (TintypeError, OSError) as fault:
            _log.warning("chore failed", fault=type(fault).__name__)
        except Exception as fault:  # noqa: BLE001  A chore must not end the worker.
            _log.error("chore failed", fault=log.where(fault))
        await asyncio.sleep(seconds)


async def _prune(workshop: Workshop) -> None:
    """All that is old enough, in batches that each commit for themselves."""
    for prune in (
        request_queries.prune, queue.prune, webhooks.prune, sessions.prune, quotes.prune,
    ):  # fmt: skip
        more = True
        while more:
            async with workshop.database.transaction() as tx:
                more = await prune(tx)


async def _sweep(workshop: Workshop) -> None:
    await sweeper.sweep_in_turn(
        workshop.database, workshop.storage, _SWEPT,
        every_seconds=_SWEEP_SECONDS, older_than_hours=workshop.settings.worker.orphan_hours,
    )  # fmt: skip
