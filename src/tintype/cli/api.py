"""The API process that `serve` starts: Granian with one or more workers, each a `server.create`."""

import sys
from typing import Any, Final

from granian import Granian
from granian.constants import Interfaces, Loops
from granian.http import HTTP1Settings

from tintype.cli import rooms
from tintype.core.settings import Settings, SettingsError, load
from tintype.supervisor import FATAL_EXIT_CODE

_HEADER_SECONDS: Final = 10
_HEADER_BYTES: Final = 16_384
_KILL_SECONDS: Final = 4
# To our own handlers, which keep prompts and keys out of every line: see `core/log.py`.
_LOGGING: Final[dict[str, Any]] = {
    "formatters": {},
    "handlers": {},
    "loggers": {"_granian": {"level": "WARNING"}, "granian.access": {"propagate": False}},
}


def serve_api(settings: Settings) -> None:
    server = settings.server
    Granian(
        "tintype.server:create",
        factory=True,
        address=server.host,
        port=server.port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        workers=server.workers,
        backlog=1024,
        backpressure=512,
        http1_settings=HTTP1Settings(
            header_read_timeout=_HEADER_SECONDS * 1000, max_buffer_size=_HEADER_BYTES
        ),
        log_enabled=True,
        log_level="warning",  # type: ignore[arg-type]
        log_dictconfig=_LOGGING,
        respawn_failed_workers=True,
        workers_kill_timeout=_KILL_SECONDS,
        websockets=False,
    ).serve()


if __name__ == "__main__":
    try:
        chosen = load()
    except SettingsError as fault:
        sys.stderr.write(f"tintype: {fault}\n")
        sys.exit(FATAL_EXIT_CODE)
    with rooms.joined():
        serve_api(chosen)
