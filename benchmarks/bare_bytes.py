"""The smallest ASGI app that answers a file's bytes from memory: the limit of its web server.

Run by `deliver.py` as `bare_bytes.py PORT FOLDER`, on Granian with the settings of Tintype's API.
"""

import sys
from pathlib import Path
from typing import Any

from granian import Granian
from granian.constants import Interfaces, Loops
from granian.http import HTTP1Settings


def create() -> Any:
    """Granian calls this in its worker process."""
    folder = Path(sys.argv[2])
    bodies = {f"/{file.name}": file.read_bytes() for file in folder.iterdir()}
    heads = {
        path: [(b"content-type", b"image/webp"), (b"content-length", b"%d" % len(body))]
        for path, body in bodies.items()
    }

    async def app(scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        await send({"type": "http.response.start", "status": 200, "headers": heads[path]})
        await send({"type": "http.response.body", "body": bodies[path], "more_body": False})

    return app


if __name__ == "__main__":
    Granian(
        "bare_bytes:create", factory=True, address="127.0.0.1", port=int(sys.argv[1]),
        interface=Interfaces.ASGI, loop=Loops.uvloop, workers=1, backlog=1024, backpressure=512,
        http1_settings=HTTP1Settings(header_read_timeout=10_000, max_buffer_size=16_384),
        log_enabled=False, websockets=False,
    ).serve()  # fmt: skip
