"""A receiver of webhooks on loopback, which keeps what it was sent and answers as it is told."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web
from standardwebhooks import Webhook

Answer = Callable[["Hook"], Awaitable[web.StreamResponse]]


@dataclass
class Hook:
    """One post as it came."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float
    request: web.Request
    closing: asyncio.Event

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verify(self, secret: str) -> Any:
        """By the scheme's own library; raises where the signature isn't right."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    base: str
    hooks: list[Hook] = field(default_factory=list)
    answer: Answer | None = None

    def url(self, path: str = "/hook") -> str:
        return f"{self.base}{path}"

    def of(self, type_: str) -> list[Hook]:
        return [hook for hook in self.hooks if hook.json["type"] == type_]

    async def until(self, count: int, *, seconds: float = 30, type_: str | None = None) -> None:
        end = time.monotonic() + seconds
        while len(self.hooks if type_ is None else self.of(type_)) < count:
            assert time.monotonic() < end, [hook.json["type"] for hook in self.hooks]
            await asyncio.sleep(0.01)


def status(code: int, body: str = "", **headers: str) -> Answer:
    """Always this answer."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}

    async def answer(_: Hook) -> web.StreamResponse:
        return web.Response(status=code, text=body, headers=names)

    return answer


def in_turn(*answers: Answer) -> Answer:
    """One after the other; the last one from then on."""
    left = list(answers)

    async def answer(hook: Hook) -> web.StreamResponse:
        chosen = left.pop(0) if len(left) > 1 else left[0]
        return await chosen(hook)

    return answer


async def hang(hook: Hook) -> web.StreamResponse:
    """No answer as long as the receiver lives."""
    await hook.closing.wait()
    return web.Response(status=503)


@contextlib.asynccontextmanager
async def receiving(answer: Answer | None = None, port: int = 0) -> AsyncIterator[Receiver]:
    made = Receiver("", answer=answer)
    closing = asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        hook = Hook(request.path, headers, await request.read(), time.monotonic(), request, closing)
        made.hooks.append(hook)
        return await made.answer(hook) if made.answer else web.Response(text="ok")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        made.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield made
    finally:
        closing.set()
        await runner.cleanup()
