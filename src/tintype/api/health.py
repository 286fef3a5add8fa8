"""/healthz: the process lives. /readyz: it can work. /metrics: what it did, for Prometheus."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

from litestar import HttpMethod, MediaType, Response, get, route
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client import REGISTRY as PROCESS_REGISTRY
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from tintype import queue
from tintype.api.parts import AnyRequest, Parts, parts
from tintype.core import log
from tintype.db import migrate

_CHECK_SECONDS: Final = 2.0
# Monitors ask with HEAD; the web server leaves the body out.
_LOOKING: Final = (HttpMethod.GET, HttpMethod.HEAD)
_log = log.get("tintype.health")


@route("/healthz", http_method=_LOOKING, opt={"plain": True}, sync_to_thread=False)
def healthz() -> dict[str, str]:
    """The process answers; nothing else is touched."""
    return {"status": "ok"}


@route("/readyz", http_method=_LOOKING, opt={"plain": True, "answers": [200, 503]})
async def readyz(request: AnyRequest) -> Response[dict[str, Any]]:
    """Database, storage and queue, each within two seconds."""
    made = parts(request)
    checks: dict[str, Callable[[Parts], Awaitable[None]]] = {
        "database": _database, "storage": _storage, "queue": _queue,
    }  # fmt: skip
    results = await asyncio.gather(*(_judge(name, check(made)) for name, check in checks.items()))
    ready = all(result == "ok" for result in results)
    body = {
        "status": "ready" if ready else "not ready",
        "checks": dict(zip(checks, results, strict=True)),
    }
    return Response(body, status_code=200 if ready else 503)


@get("/metrics", opt={"plain": True, "media_type": "text/plain"}, media_type=MediaType.TEXT)
async def metrics(request: AnyRequest) -> Response[bytes]:
    """Requests, cache, credits and job seconds of all local processes, and the queue's depth."""
    registry: CollectorRegistry = PROCESS_REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    depths = CollectorRegistry()
    async with parts(request).database.reading() as tx:
        depths.register(_Depths({"queued": 0, "picked": 0} | await queue.depth(tx)))
    loop = asyncio.get_running_loop()
    text = await loop.run_in_executor(None, generate_latest, registry)
    return Response(text + generate_latest(depths), headers={"Content-Type": CONTENT_TYPE_LATEST})


class _Depths(Collector):
    """The queue's depth as one family. A Gauge would write a file of its own for each process."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._counts = counts

    def collect(self) -> Iterable[Metric]:
        family = GaugeMetricFamily(
            "tintype_queue_jobs", "Jobs in the queue, by state.", labels=["status"]
        )
        for status, count in self._counts.items():
            family.add_metric([status], count)
        yield family


async def _judge(name: str, check: Awaitable[None]) -> str:
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            await check
    except Exception as fault:  # noqa: BLE001  Whatever is wrong, the answer is "not ready".
        _log.warning("not ready", check=name, fault=type(fault).__name__)
        return "failed"
    return "ok"


async def _database(made: Parts) -> None:
    async with made.database.reading() as tx:
        if not await migrate.is_current(tx):
            raise RuntimeError("The schema is older than this server.")


async def _storage(made: Parts) -> None:
    await made.storage.probe()


async def _queue(made: Parts) -> None:
    async with made.database.reading() as tx:
        await queue.depth(tx)


ROUTES = [healthz, readyz, metrics]
