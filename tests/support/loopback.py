"""Servers on one loopback address each, HTTP or below it, and resolvers over a table."""

import asyncio
import socket
from contextlib import asynccontextmanager

from aiohttp import web


class Server:
    """One server on one loopback address; `asked` counts the requests that reached it."""

    def __init__(self, address: str, port: int) -> None:
        self.address, self.port, self.asked = address, port, []

    def url(self, path: str = "/", host: str | None = None, scheme: str = "http") -> str:
        return f"{scheme}://{host or self.address}:{self.port}{path}"


@asynccontextmanager
async def serving(answer, address="127.0.0.2", tls=None):
    """Runs `answer(request)` for every path and method."""
    server = Server(address, 0)

    async def handle(request):
        server.asked.append(request)
        return await answer(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    try:
        await web.TCPSite(runner, address, 0, ssl_context=tls).start()
        server.port = runner.addresses[0][1]
        yield server
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw_serving(*pieces, pause_seconds=0.0, endless=False):
    """A server below HTTP: sends these bytes whatever it is asked."""

    async def handle(reader, writer):
        try:
            await reader.readuntil(b"\r\n\r\n")
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            while endless:
                writer.write(pieces[-1])
                await writer.drain()
                await asyncio.sleep(pause_seconds)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.2", 0)
    try:
        yield Server("127.0.0.2", server.sockets[0].getsockname()[1])
    finally:
        server.close()


def resolver_of(table):
    """A resolver over a table; a list of lists is given out one by one, as rebinding does."""
    turns = {host: iter(found) for host, found in table.items() if isinstance(found[0], list)}

    async def resolve(host):
        if host not in table:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return next(turns[host]) if host in turns else table[host]

    return resolve
