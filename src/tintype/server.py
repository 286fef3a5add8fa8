"""The web app: every route on both mounts, what they need, and the layers around them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from litestar import Litestar, Router
from litestar.types import ASGIApp, ControllerRouterHandler

from tintype.api import health
from tintype.api.background import Background
from tintype.api.edge import Edge
from tintype.api.hot import HotStore
from tintype.api.parts import Parts
from tintype.api.places import Places
from tintype.api.reference import reference_routes
from tintype.api.rendering import error_response
from tintype.catalog import http as catalog
from tintype.core import log
from tintype.core.settings import Settings, load
from tintype.db.listen import Signals
from tintype.db.pool import connect
from tintype.events import http as events
from tintype.flows import http as flows
from tintype.generations import http as generations
from tintype.images import http as images
from tintype.images.delivery import SingleFlight
from tintype.keys.cache import KeyCache
from tintype.live import http as live
from tintype.projects import http as projects
from tintype.storage import open_storage

# Every route of the API; each exists under both mounts.
ROUTES: Final[Sequence[ControllerRouterHandler]] = [
    *generations.ROUTES,
    *flows.ROUTES,
    *images.ROUTES,
    *live.ROUTES,
    *projects.ROUTES,
    *catalog.ROUTES,
    *events.ROUTES,
]
MOUNTS: Final = ("/api/v1", "/v1")
_NOTE_SECONDS: Final = 5.0
_FINISH_SECONDS: Final = 3.0


def create(settings: Settings | None = None) -> ASGIApp:
    """The whole web process as one ASGI app. Granian calls it once per process."""
    chosen = settings or load()
    log.configure(chosen.log.level, chosen.log.format)
    hot = HotStore(chosen.server.hot_cache_bytes)

    @contextlib.asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with running(app, chosen, hot):
            yield

    mounts = [Router(mount, route_handlers=ROUTES) for mount in MOUNTS]
    app = Litestar(
        route_handlers=[
            *mounts, *images.MEDIA_ROUTES, *health.ROUTES,
            *reference_routes(ROUTES, MOUNTS, images.MEDIA_ROUTES),
        ],
        exception_handlers={Exception: error_response},
        lifespan=[lifespan],
        openapi_config=None,
        # Our own readers cap every body; the framework's cap would answer in its own words.
        request_max_body_size=None,
        logging_config=None,
        debug=False,
    )  # fmt: skip
    return Edge(app, hot)


@contextlib.asynccontextmanager
async def running(app: Litestar, settings: Settings, hot: HotStore) -> AsyncIterator[None]:
    """What the process holds while it serves."""
    database = await connect(
        settings.database.url,
        size=settings.database.pool_size,
        wait_seconds=settings.database.pool_wait_seconds,
    )
    signals = Signals(database.dsn)
    keys = KeyCache(database)
    background = Background()
    pixels = ThreadPoolExecutor(settings.media.threads, thread_name_prefix="pixels")
    app.state.parts = Parts(
        settings=settings, database=database, storage=open_storage(settings.storage_url),
        signals=signals, pixels=pixels, background=background, places=Places(),
        networks=settings.fetch.networks(),
    )  # fmt: skip
    app.state.key_cache = keys
    app.state.hot = hot
    app.state.flight = SingleFlight()
    signals.watch(keys.forget)
    signals.watch(hot.forget)
    tasks = [asyncio.create_task(signals.run()), asyncio.create_task(_note_uses(keys))]
    try:
        yield
    finally:
        signals.close()
        await background.finish(_FINISH_SECONDS)
        await _cancel(tasks)
        pixels.shutdown(wait=False, cancel_futures=True)
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_FINISH_SECONDS):
                await keys.note_uses()
                await database.close()


async def _note_uses(keys: KeyCache) -> None:
    while True:
        await asyncio.sleep(_NOTE_SECONDS)
        with contextlib.suppress(Exception):
            await keys.note_uses()


async def _cancel(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
