"""The web app: every route on both mounts, what they need, and the layers around them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from litestar import Litestar, Router
from litestar.types import ASGIApp, ControllerRouterHandler

from tintype.accounts.passwords import Passwords
from tintype.agent import http as agent
from tintype.api import health
from tintype.api.background import Background
from tintype.api.edge import Edge
from tintype.api.hot import HotStore
from tintype.api.parts import Parts
from tintype.api.places import Places
from tintype.api.reference import reference_routes
from tintype.api.rendering import error_response
from tintype.api.unrouted import UNROUTED, unrouted_response
from tintype.audit import http as audit
from tintype.auth import http as auth
from tintype.auth import opened as authentication
from tintype.auth.opened import Authentication
from tintype.billing import http as billing
from tintype.bulk import http as bulk
from tintype.catalog import http as catalog
from tintype.core import log
from tintype.core.settings import Settings, load
from tintype.core.vault import open_vault
from tintype.db.listen import Signals
from tintype.db.pool import connect
from tintype.engines.of_web import for_text
from tintype.engines.registry import Engines
from tintype.events import http as events
from tintype.flows import http as flows
from tintype.generations import http as generations
from tintype.image_jobs import http as image_jobs
from tintype.images import http as images
from tintype.images.delivery import SingleFlight
from tintype.keys import http as keys
from tintype.live import http as live
from tintype.models import http as models
from tintype.personas import http as personas
from tintype.pictures import http as pictures
from tintype.projects import http as projects
from tintype.publishing import http as publishing
from tintype.quick_actions import http as quick_actions
from tintype.reels import http as reels
from tintype.sessions import http as sessions
from tintype.storage import open_storage
from tintype.studio import http as studio
from tintype.text import http as text
from tintype.videos import http as videos
from tintype.webhooks import http as webhooks

# Every route of the API; each exists under both mounts.
ROUTES: Final[Sequence[ControllerRouterHandler]] = [
    *generations.ROUTES,
    *flows.ROUTES,
    *images.ROUTES,
    *image_jobs.ROUTES,
    *bulk.ROUTES,
    *studio.ROUTES,
    *reels.ROUTES,
    *live.ROUTES,
    *text.ROUTES,
    *personas.ROUTES,
    *models.ROUTES,
    *projects.ROUTES,
    *publishing.ROUTES,
    *pictures.ROUTES,
    *agent.ROUTES,
    *quick_actions.ROUTES,
    *catalog.ROUTES,
    *events.ROUTES,
    *webhooks.ROUTES,
    *sessions.ROUTES,
    *auth.ROUTES,
    *keys.ROUTES,
    *billing.ROUTES,
    *audit.ROUTES,
]
MOUNTS: Final = ("/api/v1", "/v1")
# Outside the mounts: the bytes of pictures and films, and published pages.
MEDIA_ROUTES: Final[Sequence[ControllerRouterHandler]] = [
    *images.MEDIA_ROUTES,
    *videos.MEDIA_ROUTES,
    *publishing.PAGE_ROUTES,
]
_NOTE_SECONDS: Final = 5.0
_FINISH_SECONDS: Final = 3.0
_CLOSE_SECONDS: Final = 2.0
_TEXT_THREADS: Final = 2


def create(
    settings: Settings | None = None,
    engines: Engines | None = None,
    routed: Litestar | None = None,
) -> ASGIApp:
    """The whole web process as one ASGI app. Granian calls it once per process.

    `engines` are those that work while a request waits, the product's own unless others are given;
    `routed` is what `routes` made, not serving now.
    """
    chosen = settings or load()
    log.configure(chosen.log.level, chosen.log.format)
    hot = HotStore(chosen.server.hot_cache_bytes)
    app = routed or routes()
    app.state.opened = lambda: running(app, chosen, hot, engines or for_text(threads=_TEXT_THREADS))
    return Edge(app, hot)


def routes() -> Litestar:
    """Every route, without what a process holds: that is opened each time it serves.

    Making it is by far the longest part of a start.
    """

    @contextlib.asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with app.state.opened():
            yield

    mounts = [Router(mount, route_handlers=ROUTES) for mount in MOUNTS]
    return Litestar(
        route_handlers=[
            *mounts, *MEDIA_ROUTES, *health.ROUTES,
            *reference_routes(ROUTES, MOUNTS, MEDIA_ROUTES),
        ],
        exception_handlers={
            Exception: error_response,
            **dict.fromkeys(UNROUTED, unrouted_response),
        },
        lifespan=[lifespan],
        openapi_config=None,
        # Our own readers cap every body; the framework's cap would answer in its own words.
        request_max_body_size=None,
        logging_config=None,
        debug=False,
    )  # fmt: skip


@contextlib.asynccontextmanager
async def running(
    app: Litestar, settings: Settings, hot: HotStore, engines: Engines
) -> AsyncIterator[None]:
    """What the process holds while it serves."""
    database = await connect(
        settings.database.url,
        size=settings.database.pool_size,
        wait_seconds=settings.database.pool_wait_seconds,
    )
    signals = Signals(database.dsn)
    background = Background()
    pixels = ThreadPoolExecutor(settings.media.threads, thread_name_prefix="pixels")
    app.state.parts = Parts(
        settings=settings, database=database, storage=open_storage(settings.storage_url),
        signals=signals, pixels=pixels, background=background, places=Places(),
        networks=settings.fetch.networks(), vault=open_vault(settings),
    )  # fmt: skip
    passwords = app.state.passwords = Passwords()
    app.state.hot = hot
    app.state.flight = SingleFlight()
    app.state.text = engines
    await engines.open_all()
    stack = contextlib.AsyncExitStack()
    known = await stack.enter_async_context(authentication.opened(app.state.parts))
    app.state.authenticate = known.authenticate
    signals.watch(hot.forget)
    tasks = [asyncio.create_task(signals.run()), asyncio.create_task(_note_uses(known))]
    try:
        yield
    finally:
        signals.close()
        await background.finish(_FINISH_SECONDS)
        await _cancel(tasks)
        pixels.shutdown(wait=False, cancel_futures=True)
        passwords.close()
        # An engine may have work that does not end: nothing else waits for it, nor for long.
        for last in (known.note_uses, stack.aclose, engines.close_all, database.close):
            with contextlib.suppress(Exception):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await last()


async def _note_uses(known: Authentication) -> None:
    while True:
        await asyncio.sleep(_NOTE_SECONDS)
        with contextlib.suppress(Exception):
            await known.note_uses()


async def _cancel(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
