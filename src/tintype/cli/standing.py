"""The house that stands: database, API and worker as processes under one supervisor.

This process stays resident beside them, so it imports neither the web server nor the database
client, nor what reads the command line: `serve` and `worker` become this program (`enter`). What
has to be done in the database before the others start, processes of their own do and end.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn

import msgspec

from tintype.cli import codes, port, rooms
from tintype.core.errors import Unavailable
from tintype.core.settings import Settings, load
from tintype.db import embedded
from tintype.db.postmaster import EmbeddedDatabaseError
from tintype.supervisor import FATAL_EXIT_CODE, Child, supervise

# Without the working folder on the path, where a user's queue.py would take a library's place.
_PYTHON: Final = (sys.executable, "-P", "-m")
_API_GRACE_SECONDS: Final = 6.0
_WORKER_GRACE_SECONDS_MAX: Final = 10.0
_ANSWER_SECONDS: Final = 0.5
_FIRST_REQUEST: Final = (
    '{"prompt": "A red fox by a mountain lake at sunset", "aspectRatio": "16:9"}'
)


def enter(settings: Settings, *, api: bool, worker: bool) -> NoReturn:
    """Become the house: this process goes on as this module alone, under the same pid."""
    parts = [name for name, wanted in (("api", api), ("worker", worker)) if wanted]
    environment = dict(os.environ) | _chosen(settings)
    os.execve(sys.executable, [*_PYTHON, "tintype.cli.standing", *parts], environment)  # noqa: S606


def main(parts: list[str]) -> int:
    signal.signal(signal.SIGTERM, _end)
    try:
        return stand(load(), api="api" in parts, worker="worker" in parts, say=_say)
    except port.PortTaken as fault:
        codes.complain(str(fault))
        return codes.FAULT
    except KeyboardInterrupt:
        return codes.INTERRUPTED


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
    if not api:
        settings = rooms.addressed(settings)
        with rooms.made(settings.folder) as room:
            return _stand(settings, room, api=api, worker=worker, say=say)
    with _at_its_port(settings) as settings, rooms.made(settings.folder) as room:
        rooms.announce(room, settings)
        return _stand(settings, room, api=api, worker=worker, say=say)


@contextlib.contextmanager
def _at_its_port(settings: Settings) -> Iterator[Settings]:
    """Settings with the true port, which is ours meanwhile; raises PortTaken."""
    try:
        with port.claimed(settings.server.host, settings.server.port) as number:
            server = msgspec.structs.replace(settings.server, port=number)
            yield msgspec.structs.replace(settings, server=server)
    except port.PortTaken as fault:
        if there := rooms.at(settings):
            raise port.PortTaken(
                f"Tintype already serves this folder there: {there.public_url}"
            ) from fault
        raise


def _stand(
    settings: Settings, room: Path, *, api: bool, worker: bool, say: Callable[[str], None]
) -> int:
    ours = None if settings.database.url else settings.folder
    try:
        place = _Place(settings, _started(settings, say), room)
        prepared = _run("tintype.cli.prepare", place)
        made = _run("tintype.cli.first_start", place) if prepared.stdout == b"new" else prepared
        if made.returncode:  # It has said why.
            return made.returncode
        first: dict[str, Any] | None = None if made is prepared else json.loads(made.stdout)
        children = [_api(place)] if api else []
        if worker:
            children.append(_worker(place))

        def greet() -> None:
            if api:
                rooms.remember(settings)
            say("\n".join(_greeting(settings, first, api=api)))
            if worker:
                _tell_at_stop(settings.worker.grace_seconds)

        code = supervise(children, postgres=ours, say=say, on_ready=greet)
    finally:
        # After the supervisor's own stop this finds nothing to do.
        if ours is not None:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            _stopped(ours)
    return codes.USAGE if code == FATAL_EXIT_CODE else code


def _started(settings: Settings, say: Callable[[str], None]) -> str:
    """The database's address, with the embedded one started."""
    if settings.database.url:
        return settings.database.url
    try:
        return embedded.start(settings.folder, say=say)
    except (EmbeddedDatabaseError, OSError) as fault:
        raise Unavailable(str(fault)) from fault


def _stopped(folder: Path) -> None:
    try:
        embedded.stop(folder)
    except (EmbeddedDatabaseError, OSError) as fault:
        raise Unavailable(f"The database did not stop: {fault}") from fault


def _run(module: str, place: _Place) -> "subprocess.CompletedProcess[bytes]":
    """Run a module of ours to its end; what it prints is kept, what it complains of is seen."""
    return subprocess.run(  # noqa: S603
        [*_PYTHON, module],
        env=_environment(place),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,  # A terminal's ctrl-C is for us to hear; we end it then.
        check=False,
    )


def _chosen(settings: Settings) -> dict[str, str]:
    """What the command line may have changed, as variables; the settings file the others read."""
    return {
        "TINTYPE_DATA": str(settings.folder),
        "TINTYPE_SERVER_HOST": settings.server.host,
        "TINTYPE_SERVER_PORT": str(settings.server.port),
        "TINTYPE_SERVER_WORKERS": str(settings.server.workers),
        "TINTYPE_SERVER_PUBLIC_URL": settings.server.public_url,
        "TINTYPE_WORKER_CONCURRENCY": str(settings.worker.concurrency),
    }


def _environment(place: _Place) -> dict[str, str]:
    return (
        dict(os.environ)
        | _chosen(place.settings)
        | rooms.environment(place.room)
        | {"TINTYPE_DATABASE_URL": place.url}
    )


def _api(place: _Place) -> Child:
    return Child(
        "api", [*_PYTHON, "tintype.cli.api"], _environment(place),
        grace_seconds=_API_GRACE_SECONDS, ready=lambda: _answers(place.settings),
    )  # fmt: skip


def _worker(place: _Place) -> Child:
    command = [*_PYTHON, "tintype.cli.worker", str(place.worker_ready)]
    grace = min(_WORKER_GRACE_SECONDS_MAX, place.settings.worker.grace_seconds + 2.0)
    return Child(
        "worker", command, _environment(place),
        grace_seconds=grace, ready=place.worker_ready.exists,
    )  # fmt: skip


def _answers(settings: Settings) -> bool:
    """Whether /healthz says 200; asked by hand, as an HTTP client is not worth its memory here."""
    try:
        with socket.create_connection(
            (settings.local_host, settings.server.port), timeout=_ANSWER_SECONDS
        ) as line:
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: tintype\r\nConnection: close\r\n\r\n")
            return line.recv(64).split(b" ")[1:2] == [b"200"]
    except OSError:
        return False


def _greeting(settings: Settings, first: dict[str, Any] | None, *, api: bool) -> list[str]:
    lines = ["The worker is ready."]
    if api:
        url = settings.public_url
        lines = [f"Tintype answers at {url}  (reference: {url}/docs)"]
    if first:
        lines += ["", *first["told"]]
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


def _tell_at_stop(seconds: int) -> None:
    """At the first signal say what the stop waits for, before the supervisor hears it."""
    told = f"Stopping; running jobs get up to {seconds} s, a second signal hurries.\n".encode()
    for number in (signal.SIGINT, signal.SIGTERM):
        before = signal.getsignal(number)
        assert callable(before)

        def heard(
            number: int, frame: FrameType | None, *, before: Callable[..., Any] = before
        ) -> None:
            signal.signal(number, before)
            with contextlib.suppress(OSError):  # A closed terminal must not stop the stop.
                os.write(1, told)  # No print: the signal may have come in the midst of one.
            before(number, frame)

        signal.signal(number, heard)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    """End by an exception while nothing is supervised yet, so that the database is stopped."""
    raise SystemExit(128 + signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(codes.reported(lambda: main(sys.argv[1:])))
