"""A whole Tintype in the test's own process: a real database, a folder, real HTTP on loopback."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar

from tintype import server, worker
from tintype.accounts import operations as accounts
from tintype.core.caller import SCOPES, Caller
from tintype.core.settings import Settings, load
from tintype.credits import operations as credits
from tintype.db.pool import Database, connect
from tintype.engines.registry import Engines
from tintype.generations.workshop import Workshop
from tintype.keys import operations as keys

# What a tenant's key may do: credits are the operator's to grant.
TENANTS = tuple(scope for scope in SCOPES if scope != "credits:write")
# Routes that serve no house now: making them takes five times as long as all else of a house.
_ROUTED: list[Litestar] = []


@dataclass(frozen=True)
class Tenant:
    """An organization with a key that may do everything."""

    organization_id: str
    key: str
    key_id: str


@dataclass
class Reply:
    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def data(self) -> Any:
        """The resource of an enveloped answer."""
        return self.json["data"]

    @property
    def error(self) -> Any:
        return self.json["error"]


@dataclass
class House:
    settings: Settings
    database: Database
    session: aiohttp.ClientSession
    base: str
    workshop: Workshop | None = None

    async def ask(
        self,
        method: str,
        path: str,
        *,
        key: str | Tenant | None = None,
        json: Any = None,
        data: Any = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """One request; `path` begins with its mount."""
        sent = dict(headers or {})
        if key is not None:
            sent["X-API-Key"] = key.key if isinstance(key, Tenant) else key
        if json is not None:
            data = msgspec.json.encode(json)
            sent.setdefault("Content-Type", "application/json")
        async with self.session.request(
            method, self.base + path, data=data, headers=sent, allow_redirects=False
        ) as answer:
            return Reply(answer.status, answer.headers, await answer.read())

    async def tenant(
        self, *, plan: str = "enterprise", grant: int = 1000, livemode: bool = True,
        scopes: Any = SCOPES, rate_limit: int | None = None, private_media: bool = False,
        project_id: str | None = None, organization_id: str | None = None, expires_at: Any = None,
    ) -> Tenant:  # fmt: skip
        """A new organization (or a further key of one)."""
        async with self.database.transaction() as tx:
            if organization_id is None:
                made = await accounts.create_organization(
                    tx, name="Test", plan=plan, rate_limit=rate_limit, private_media=private_media
                )
                organization_id = made.id
                if grant:
                    await credits.grant(tx, organization_id, grant)
            new = await keys.create(
                tx, organization_id, name="test", scopes=scopes, maker_scopes=SCOPES,
                livemode=livemode, project_id=project_id, expires_at=expires_at,
            )  # fmt: skip
            return Tenant(organization_id, new.secret, new.id)

    async def caller(self, tenant: Tenant) -> Caller:
        return Caller(
            organization_id=tenant.organization_id, plan="enterprise", scopes=frozenset(SCOPES),
            livemode=True, source="api", key_id=tenant.key_id,
        )  # fmt: skip

    async def picture(self, tenant: Tenant, prompt: str = "a red fox", **more: Any) -> Any:
        """A completed generation."""
        reply = await self.ask(
            "POST", "/api/v1/generations", key=tenant, json={"prompt": prompt, **more},
            headers={"Prefer": "wait=30"},
        )  # fmt: skip
        assert reply.status == 201, reply.body
        assert reply.data["status"] == "completed", reply.body
        return reply.data

    async def upload(self, tenant: Tenant, data: bytes, **fields: str) -> Reply:
        form = aiohttp.FormData()
        form.add_field("file", data, filename="picture.png", content_type="image/png")
        for name, value in fields.items():
            form.add_field(name, value)
        return await self.ask("POST", "/api/v1/images/upload", key=tenant, data=form)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings_for(url: str, folder: Path, **sections: dict[str, Any]) -> Settings:
    """Settings with short times, as tests want them."""
    port = free_port()
    sections.setdefault("worker", {})
    sections["worker"] = {"retry_seconds": 0.05, "lease_seconds": 3} | sections["worker"]
    sections.setdefault("log", {"level": "error", "format": "json"})
    sections["server"] = {"port": port} | sections.get("server", {})
    sections["database"] = {"url": url} | sections.get("database", {})
    return load({}, overrides=sections, data=str(folder))


@contextlib.asynccontextmanager
async def opened(
    settings: Settings, *, with_worker: bool = True, text: Engines | None = None
) -> AsyncIterator[House]:
    """The house, open for business; with the product's text engines unless others are given."""
    routed = _ROUTED.pop() if _ROUTED else server.routes()
    app = server.create(settings, text, routed)
    web = Server(
        app, interface=Interfaces.ASGI, address="127.0.0.1", port=settings.server.port,
        backpressure=512,
    )  # fmt: skip
    serving = asyncio.create_task(web.serve())
    database = await connect(settings.database.url, size=4, wait_seconds=5)
    base = f"http://127.0.0.1:{settings.server.port}"
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(
            # Tests hold more streams open than a client's usual bound.
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        )
        house = House(settings, database, session, base)
        await _until_served(house)
        if with_worker:
            house.workshop = await stack.enter_async_context(working(settings))
        try:
            yield house
        finally:
            web.stop()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(20):
                    await serving
                    _ROUTED.append(routed)
    await database.close()


@contextlib.asynccontextmanager
async def working(settings: Settings, engines: Engines | None = None) -> AsyncIterator[Workshop]:
    """A worker in this process, with the engines of the product unless others are given."""
    async with worker.opened(settings, engines) as workshop:
        taking = worker.consumer(workshop)
        beside = worker.chores(workshop)
        consuming = asyncio.create_task(taking.run())
        try:
            yield workshop
        finally:
            taking.stop()
            async with asyncio.timeout(20):
                await consuming
            for chore in beside:
                chore.cancel()
            await asyncio.gather(*beside, return_exceptions=True)


async def _until_served(house: House) -> None:
    for _ in range(200):
        with contextlib.suppress(aiohttp.ClientError):
            if (await house.ask("GET", "/healthz")).status == 200:
                return
        await asyncio.sleep(0.02)
    raise AssertionError("The app did not come up.")
