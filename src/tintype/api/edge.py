"""The outermost layer: request ids, answers from memory, the exchange's headers, metrics, one log line.

Plain ASGI around the framework, so that it sees every answer, the framework's own included, and so
that bytes in memory are answered before any routing.
"""

import time
from typing import Final, cast

from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from prometheus_client import Counter, Histogram

from tintype.api.exchange import Exchange, begin
from tintype.api.hot import HotStore, counted, question_of, send_answer
from tintype.core import ids, log

_REQUESTS = Counter("tintype_requests", "Requests answered.", ["method", "route", "status"])
_SECONDS = Histogram(
    "tintype_request_seconds", "From the request's head to the answer's end.", ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)  # fmt: skip
_HOT_PREFIXES: Final = ("/media/", "/api/v1/live", "/v1/live")
_QUIET: Final = frozenset({"/healthz", "/readyz", "/metrics"})
_log = log.get("tintype.request")


class Edge:
    def __init__(self, app: ASGIApp, hot: HotStore) -> None:
        self._app = app
        self._hot = hot

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        http = cast("HTTPScope", scope)
        path: str = http["path"]
        if path.startswith(_HOT_PREFIXES) and http["method"] in {"GET", "HEAD"}:
            question, none_match, byte_range = question_of(http)
            if answer := self._hot.find(question):
                counted(answer.route, "memory")
                await send_answer(
                    answer, send, method=http["method"],
                    none_match=none_match, byte_range=byte_range,
                )  # fmt: skip
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
                headers = list(message.get("headers", ()))
                headers.append((b"x-request-id", exchange.request_id.encode()))
                headers += [(k.lower().encode(), v.encode()) for k, v in exchange.headers.items()]
                message["headers"] = headers
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            seconds = time.perf_counter() - started
            route = scope.get("path_template", "") or "unmatched"
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
