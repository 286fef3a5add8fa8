"""The outermost layer: request ids, answers from memory, headers, metrics, one line of log.

Plain ASGI around the framework, so that it sees every answer, the framework's own included, and so
that bytes in memory are answered before any routing. Those are counted by `tintype_cache_requests`
alone: a line of log and a look at the clock for each would cost more than the answer.
"""

import time
from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from prometheus_client import Counter, Histogram

from tintype.api.exchange import Exchange, begin
from tintype.api.hot import HotStore, asked, counted, send_answer
from tintype.api.parameters import KINDS
from tintype.core import ids, log
from tintype.core.errors import NotFound

_REQUESTS = Counter("tintype_requests", "Requests answered.", ["method", "route", "status"])
_SECONDS = Histogram(
    "tintype_request_seconds", "From the request's head to the answer's end.", ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)  # fmt: skip
_HOT_PREFIXES: Final = ("/media/", "/api/v1/live", "/v1/live")
_MOUNTED: Final = ("/media/images", "/media/videos")
_READING: Final = frozenset({"GET", "HEAD"})
_QUIET: Final = frozenset({"/healthz", "/readyz", "/metrics"})
_log = log.get("tintype.request")


class Edge:
    def __init__(self, app: ASGIApp, hot: HotStore) -> None:
        self._app = app
        self._hot = hot

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        http = scope
        if http["path"].startswith(_HOT_PREFIXES) and http["method"] in _READING:
            asking = asked(http)
            if answer := self._hot.find(asking.question):
                counted(answer.route, "memory")
                request_id = (b"x-request-id", ids.new("req").encode())
                await send_answer(answer, asking, send, method=http["method"], more=(request_id,))
                return
        await self._pass_on(http, receive, send)

    async def _pass_on(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        exchange = Exchange(ids.new("req"), enveloped=path.startswith("/api/"))
        begin(scope, exchange)
        started = time.perf_counter()
        status = 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._forget_written(scope, status)
                headers = list(message.get("headers", ()))
                headers.append((b"x-request-id", exchange.request_id.encode()))
                headers += [(k.lower().encode(), v.encode()) for k, v in exchange.headers.items()]
                message["headers"] = headers
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            seconds = time.perf_counter() - started
            # Mounted routes have no template. Never the path itself: labels must stay few.
            route = scope.get("path_template", "") or next(
                (mounted for mounted in _MOUNTED if path.startswith(mounted)), "unmatched"
            )
            _REQUESTS.labels(scope["method"], route, status).inc()
            _SECONDS.labels(route).observe(seconds)
            if path not in _QUIET:
                _log.info(
                    "request",
                    request_id=exchange.request_id,
                    method=scope["method"],
                    route=route,
                    status=status,
                    ms=round(seconds * 1000, 1),
                    organization=exchange.organization_id,
                    fault=exchange.fault,
                )

    def _forget_written(self, scope: HTTPScope, status: int) -> None:
        """Drop what a write's path names before its answer is sent.

        NOTIFY tells every process, this one too, but a client's next request may overtake it.
        """
        if scope["method"] not in _READING and status < 400:  # noqa: PLR2004
            for name, value in scope.get("path_params", {}).items():
                self._hot.forget(_canonical(name, str(value)))


def _canonical(name: str, value: str) -> str:
    """What answers in memory know an object by; a path may also have its raw UUID."""
    kind = KINDS.get(name)
    try:
        return value if kind is None else ids.parse(kind, value)
    except NotFound:
        return value
