"""The API process that `serve` starts: Granian with one or more workers, each a `server.create`."""

from typing import Final

from granian import Granian
from granian.constants import Interfaces, Loops
from granian.http import HTTP1Settings

from tintype.core.settings import Settings, load

_HEADER_SECONDS: Final = 10
_HEADER_BYTES: Final = 16_384


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
        respawn_failed_workers=True,
        workers_kill_timeout=4,
        websockets=False,
    ).serve()


if __name__ == "__main__":
    serve_api(load())
