"""The house that stands: database, API and worker as processes under one supervisor.

This process stays resident beside them, so it imports neither the web server nor the database
client: what has to be done in the database before the others start, a process of its own does
(`prepare.py`) and ends.
"""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from tintype.cli import outcome, port, rooms
from tintype.core.errors import Unavailable
from tintype.core.settings import Settings
from tintype.db import embedded
from tintype.db.postmaster import EmbeddedDatabaseError
from tintype.supervisor import FATAL_EXIT_CODE, Child, supervise

_API_GRACE_SECONDS: Final = 6.0
_WORKER_GRACE_SECONDS_MAX: Final = 10.0
_ANSWER_SECONDS: Final = 0.5
_FIRST_REQUEST: Final = (
    '{"prompt": "A red fox by a mountain lake at sunset", "aspectRatio": "16:9"}'
)


@dataclass(frozen=True)
class _Place:
    """Where the processes of one house meet."""

    settings: Settings
    url: str
    room: Path

    @property
    def worker_ready(self) -> Path:
        return self.room / "worker-ready"


def stand(settings: Settings, *, api: bool, worker: bool, say: Callable[[str], None]) -> int:
    """Run until a signal comes; answers the exit code.

    Raises SettingsError, PortTaken or Unavailable when it can't begin; nothing runs on then.
    """
    with rooms.made() as room:
        if not api:
            return _stand(settings, room, api=api, worker=worker, say=say)
        with port.claimed(settings.server.host, settings.server.port) as number:
            server = msgspec.structs.replace(settings.server, port=number)
            settings = msgspec.structs.replace(settings, server=server)
            return _stand(settings, room, api=api, worker=worker, say=say)


def _stand(
    settings: Settings, room: Path, *, api: bool, worker: bool, say: Callable[[str], None]
) -> int:
    ours = None if settings.database.url else settings.folder
    place = _Place(settings, _started(settings, say), room)
    try:
        (room / "metrics").mkdir()
        prepared = _prepared(place)
        if prepared.returncode:  # It has said why.
            return prepared.returncode
        first: dict[str, Any] = json.loads(prepared.stdout)
        children = [_api(place)] if api else []
        if worker:
            children.append(_worker(place))

        def greet() -> None:
            say("\n".join(_greeting(settings, first, api=api)))

        code = supervise(children, postgres=ours, say=say, on_ready=greet)
    finally:
        # After the supervisor's own stop this finds nothing to do.
        if ours is not None:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            embedded.stop(ours)
    return outcome.USAGE if code == FATAL_EXIT_CODE else code


def _started(settings: Settings, say: Callable[[str], None]) -> str:
    """The database's address, with the embedded one started."""
    if settings.database.url:
        return settings.database.url
    try:
        return embedded.start(settings.folder, say=say)
    except (EmbeddedDatabaseError, OSError) as fault:
        raise Unavailable(str(fault)) from fault


def _prepared(place: _Place) -> "subprocess.CompletedProcess[bytes]":
    """Bring the database to this version and make the first household; what `prepare.py` says."""
    return subprocess.run(
        [sys.executable, "-m", "tintype.cli.prepare"],
        env=_environment(place),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,  # A terminal's ctrl-C is for us to hear; we end it then.
        check=False,
    )


def _environment(place: _Place) -> dict[str, str]:
    """What the others need to know; the settings file they read themselves."""
    settings = place.settings
    return dict(os.environ) | {
        "TINTYPE_DATABASE_URL": place.url,
        "TINTYPE_DATA": str(settings.folder),
        "TINTYPE_SERVER_HOST": settings.server.host,
        "TINTYPE_SERVER_PORT": str(settings.server.port),
        "TINTYPE_SERVER_WORKERS": str(settings.server.workers),
        "TINTYPE_WORKER_CONCURRENCY": str(settings.worker.concurrency),
        "PROMETHEUS_MULTIPROC_DIR": str(place.room / "metrics"),
    }


def _api(place: _Place) -> Child:
    return Child(
        "api", [sys.executable, "-m", "tintype.cli.api"], _environment(place),
        grace_seconds=_API_GRACE_SECONDS, ready=lambda: _answers(place.settings),
    )  # fmt: skip


def _worker(place: _Place) -> Child:
    command = [sys.executable, "-m", "tintype.cli.worker", str(place.worker_ready)]
    grace = min(_WORKER_GRACE_SECONDS_MAX, place.settings.worker.grace_seconds + 2.0)
    return Child(
        "worker", command, _environment(place),
        grace_seconds=grace, ready=place.worker_ready.exists,
    )  # fmt: skip


def _answers(settings: Settings) -> bool:
    host = settings.local_host
    url = f"http://{f'[{host}]' if ':' in host else host}:{settings.server.port}/healthz"
    try:
        with urllib.request.urlopen(url, timeout=_ANSWER_SECONDS) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004
    except (OSError, urllib.error.URLError):
        return False


def _greeting(settings: Settings, first: dict[str, Any], *, api: bool) -> list[str]:
    lines = ["The worker is ready."]
    if api:
        url = settings.public_url
        lines = [f"Tintype answers at {url}  (reference: {url}/docs)"]
    if first:
        lines += ["", *first["introduction"]]
    if first and api:
        lines += [
            "",
            "Your first picture:",
            f"  curl -s {url}/api/v1/generations \\",
            f"    -H 'X-API-Key: {first['key']}' -H 'Content-Type: application/json' \\",
            "    -H 'Prefer: wait=30' \\",
            f"    -d '{_FIRST_REQUEST}'",
            "",
        ]
    return lines
