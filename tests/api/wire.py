"""Requests that no HTTP client sends, byte for byte, and the check that every fault has one shape."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from support.house import House, Reply, free_port

FAULT_KEYS = {"code", "message", "details"}


async def talk(house: House, *pieces: bytes, seconds: float = 60) -> list[Reply]:
    """Write these bytes to the server and read its answers until it closes the connection.

    The last piece should ask for `Connection: close`, or be what makes the server close.
    """
    address = urlsplit(house.base)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        async with asyncio.timeout(seconds):
            for piece in pieces:
                try:
                    writer.write(piece)
                    await writer.drain()
                except ConnectionError:
                    break
            return await _answers(reader)
    finally:
        writer.close()


def request(method: str, path: str, *headers: str, body: bytes = b"") -> bytes:
    """A request as one piece, closing the connection after its answer."""
    lines = [f"{method} {path} HTTP/1.1", "Connection: close", *headers]
    if not any(line.lower().startswith("host:") for line in headers):
        lines.append("Host: tintype.test")
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


async def _answers(reader: asyncio.StreamReader) -> list[Reply]:
    """Every answer on the connection, interim ones (100) left out."""
    found = []
    while True:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return found
        status_line, *lines = head.decode("latin-1").split("\r\n")
        status = int(status_line.split()[1])
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines if line)
        }
        try:
            body = await _body(reader, headers)
        except (asyncio.IncompleteReadError, ConnectionError):
            body = b""
        if status != 100:
            found.append(Reply(status, headers, body))


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readexactly(2)
        return body
    return await reader.readexactly(int(headers.get("content-length", "0")))


def judged(reply: Reply, status: int, code: str, *, field: str | None = None) -> str | None:
    """What is wrong with a fault under /api/v1, or None."""
    if reply.status != status:
        return f"{reply.status} instead of {status}: {reply.body[:300]!r}"
    body = reply.json
    if set(body) != {"data", "meta", "error"} or body["data"] is not None:
        return f"not an envelope: {body}"
    if set(body["error"]) != FAULT_KEYS or body["error"]["code"] != code:
        return f"not the fault {code}: {body['error']}"
    if body["meta"] != {
        "request_id": reply.headers["X-Request-Id".lower()]
        if isinstance(reply.headers, dict)
        else reply.headers["X-Request-Id"]
    }:
        return f"the request id differs: {body['meta']}"
    if field is not None and field not in {item["field"] for item in body["error"]["details"]}:
        return f"names {body['error']['details']}, not {field}"
    return None


@contextlib.asynccontextmanager
async def second_process(house: House, key: str) -> AsyncIterator[House]:
    """The same Tintype once more, in a process of its own as `serve` starts it."""
    port = free_port()
    environment = os.environ | {
        "TINTYPE_DATABASE_URL": house.settings.database.url,
        "TINTYPE_DATA": house.settings.data,
        "TINTYPE_SERVER_PORT": str(port),
        "TINTYPE_LOG_LEVEL": "error",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tintype.cli.api", env=environment
    )
    other = House(house.settings, house.database, house.session, f"http://127.0.0.1:{port}")
    try:
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(OSError):
                    if (await other.ask("GET", "/healthz", key=key)).status == 200:
                        break
                await asyncio.sleep(0.05)
        yield other
    finally:
        process.terminate()
        await process.wait()
