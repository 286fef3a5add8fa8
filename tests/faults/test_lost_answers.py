"""The API killed between commit and answer: the client's retry finds the work, paid for once."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress

import aiohttp
import msgspec
import pytest

from support.checks import check_everything
from support.house import House, Tenant, free_port
from support.workers import until, until_status, working
from tintype.storage import Storage

pytestmark = pytest.mark.slow


async def _swallow(port: int) -> asyncio.Server:
    """Carries requests to `port` and drops the answers."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            _, onward = await asyncio.open_connection("127.0.0.1", port)
            while data := await reader.read(65536):
                onward.write(data)
            onward.close()
        writer.close()

    return await asyncio.start_server(carry, "127.0.0.1", 0)


def _api(shop: House, port: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "tintype.cli.api"],
        cwd=shop.settings.folder,
        start_new_session=True,
        env=os.environ | {
            "TINTYPE_DATABASE_URL": shop.settings.database.url,
            "TINTYPE_DATA": str(shop.settings.folder),
            "TINTYPE_SERVER_PORT": str(port),
            "TINTYPE_LOG_LEVEL": "error",
        },
    )  # fmt: skip


async def test_a_retry_with_the_key_finds_the_work(
    shop: House, tenant: Tenant, storage: Storage
) -> None:
    port = free_port()
    there = House(shop.settings, shop.database, shop.session, f"http://127.0.0.1:{port}")
    swallowing = await _swallow(port)
    api = _api(shop, port)
    try:
        await until(lambda: _answers(there), 20, "the API")
        body = msgspec.json.encode({"prompt": "a red fox"})
        headers = {
            "X-API-Key": tenant.key, "Idempotency-Key": "once", "Content-Type": "application/json",
        }  # fmt: skip
        asking = asyncio.create_task(
            shop.session.post(
                f"http://127.0.0.1:{swallowing.sockets[0].getsockname()[1]}/v1/generations",
                data=body, headers=headers,
            )
        )  # fmt: skip
        await until(lambda: _works(shop), 5, "the commit")
        os.killpg(api.pid, signal.SIGKILL)
        api.wait(10)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        api = _api(shop, port)
        await until(lambda: _answers(there), 20, "the API again")
        (work,) = await _works(shop)
        for _ in range(2):
            reply = await there.ask(
                "POST", "/v1/generations", key=tenant, json={"prompt": "a red fox"},
                headers={"Idempotency-Key": "once"},
            )  # fmt: skip
            assert (reply.status, reply.json["id"]) == (202, work)
            assert reply.headers["Idempotent-Replayed"] == "true"
        async with working(shop.settings):
            await until_status(shop, work, "completed")
        assert await check_everything(shop.database, storage) == {"completed": 1}
    finally:
        os.killpg(api.pid, signal.SIGKILL)
        api.wait(10)
        swallowing.close()


async def _answers(house: House) -> bool:
    try:
        return (await house.ask("GET", "/healthz")).status == 200
    except aiohttp.ClientError:
        return False


async def _works(shop: House) -> list[str]:
    async with shop.database.reading() as tx:
        return [found["id"] for found in await tx.fetch("SELECT id FROM generations")]
