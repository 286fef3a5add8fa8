"""`serve`: the database, the API and the worker under one supervisor; `worker`: that part alone."""

import asyncio
import os
import shutil
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tintype.cli import house
from tintype.core.settings import Settings
from tintype.supervisor import Child, supervise

_API_GRACE_SECONDS: Final = 6.0


def serve(settings: Settings, *, with_worker: bool, say: Callable[[str], None]) -> int:
    """Run until a signal; answers the exit code."""
    metrics = Path(tempfile.mkdtemp(prefix="tintype-metrics-"))
    try:
        with house.database_url(settings, quiet=False) as url:
            first = asyncio.run(_prepare(url, settings))
            environment = _environment(settings, url, metrics)
            children = [_api(settings, environment)]
            if with_worker:
                children.append(_worker(settings, environment))
            return supervise(
                children,
                postgres=None if settings.database.url else settings.folder,
                say=say,
                on_ready=lambda: _greet(settings, first, say),
            )
    finally:
        shutil.rmtree(metrics, ignore_errors=True)


async def _prepare(url: str, settings: Settings) -> house.FirstHousehold | None:
    async with house.open_database(url, settings) as database, database.transaction() as tx:
        return await house.first_household(tx)


def _environment(settings: Settings, url: str, metrics: Path) -> dict[str, str]:
    """What the children need to know; the settings file they read themselves."""
    return dict(os.environ) | {
        "TINTYPE_DATABASE_URL": url,
        "TINTYPE_DATA": str(settings.folder),
        "TINTYPE_SERVER_HOST": settings.server.host,
        "TINTYPE_SERVER_PORT": str(settings.server.port),
        "TINTYPE_SERVER_WORKERS": str(settings.server.workers),
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
    }


def _api(settings: Settings, environment: dict[str, str]) -> Child:
    command = [sys.executable, "-m", "tintype.cli.api"]
    return Child("api", command, environment, grace_seconds=_API_GRACE_SECONDS,
                 ready=lambda: _answers(settings))  # fmt: skip


def _worker(settings: Settings, environment: dict[str, str]) -> Child:
    command = [sys.executable, "-m", "tintype.cli.worker"]
    grace = min(10.0, settings.worker.grace_seconds + 2.0)
    return Child("worker", command, environment, grace_seconds=grace)


def _answers(settings: Settings) -> bool:
    host = "127.0.0.1" if settings.server.host in {"0.0.0.0", "::"} else settings.server.host  # noqa: S104
    try:
        with urllib.request.urlopen(  # noqa: S310  Our own address, always http.
            f"http://{host}:{settings.server.port}/healthz", timeout=0.5
        ) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004
    except (OSError, urllib.error.URLError):
        return False


def _greet(
    settings: Settings, first: house.FirstHousehold | None, say: Callable[[str], None]
) -> None:
    say(f"Tintype answers at {settings.public_url}  (reference: {settings.public_url}/docs)")
    if first is None:
        return
    say(
        "\nFirst start. These are shown once; keep them:\n"
        f"  administrator  {first.email}  {first.password}\n"
        f"  API key        {first.key}\n\n"
        "Your first picture:\n"
        f"  curl -s {settings.public_url}/api/v1/generations \\\n"
        f"    -H 'X-API-Key: {first.key}' -H 'Content-Type: application/json' \\\n"
        "    -H 'Prefer: wait=30' \\\n"
        '    -d \'{"prompt": "A red fox by a mountain lake at sunset", "aspectRatio": "16:9"}\'\n'
    )
