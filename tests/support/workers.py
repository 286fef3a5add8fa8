"""Workers to be hurt: in this process with a faulty engine, or as processes of their own."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from support import faulty_engine
from support import house as houses
from support.house import House
from support.nursery import Forked
from tintype.cli import worker as of_product
from tintype.core.settings import Settings
from tintype.engines.registry import Engines
from tintype.generations.workshop import Workshop


def working(
    settings: Settings, engines: Engines | None = None
) -> contextlib.AbstractAsyncContextManager[Workshop]:
    """A worker in this process, with the faulty engine unless another is given."""
    return houses.working(settings, engines or faulty_engine.engines())


class Worker:
    """A worker process: a fork of a loaded one, unless it is to have another Python's path."""

    def __init__(self, settings: Settings, *, faulty: bool = True, **environment: str) -> None:
        chosen = settings.worker
        script = faulty_engine.__file__ if faulty else of_product.__file__
        variables = {name: text for name, text in os.environ.items() if "SOAK" not in name} | {
            "TINTYPE_DATABASE_URL": settings.database.url,
            "TINTYPE_DATA": str(settings.folder),
            "TINTYPE_WORKER_LEASE_SECONDS": str(chosen.lease_seconds),
            "TINTYPE_WORKER_RETRY_SECONDS": str(chosen.retry_seconds),
            "TINTYPE_WORKER_GRACE_SECONDS": str(chosen.grace_seconds),
            "TINTYPE_WORKER_CONCURRENCY": str(chosen.concurrency),
            "TINTYPE_LOG_LEVEL": "error",
            "TT_HEARD": str(settings.folder / "heard"),
        }  # fmt: skip
        variables |= environment
        self.process: Forked | subprocess.Popen[bytes]
        if "PYTHONPATH" in environment:
            command = [sys.executable, script]
            self.process = subprocess.Popen(command, cwd=settings.folder, env=variables)
        else:
            self.process = Forked(script, settings.folder, variables)

    def send(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        self.process.wait(10)

    @property
    def dead(self) -> bool:
        return self.process.poll() is not None


@contextlib.contextmanager
def ending(*workers: Worker) -> Any:
    """Kill them in the end, whatever happened."""
    try:
        yield workers
    finally:
        for it in workers:
            it.kill()


async def create(house: House, tenant: Any, prompt: str = "a red fox", **more: Any) -> str:
    """Ask for a picture; the work's id."""
    headers = more.pop("headers", None)
    reply = await house.ask(
        "POST", "/api/v1/generations", key=tenant, json={"prompt": prompt, **more}, headers=headers
    )
    assert reply.status == 202, reply.body
    return str(reply.data["id"])


async def row(house: House, work_id: str) -> Any:
    async with house.database.reading() as tx:
        return await tx.fetchrow("SELECT * FROM generations WHERE id = $1", work_id)


async def until_status(house: House, work_id: str, *statuses: str, seconds: float = 15) -> Any:
    async def there() -> Any:
        found = await row(house, work_id)
        return found if found["status"] in statuses else None

    return await until(there, seconds, f"{work_id} to be {statuses}")


async def until_idle(house: House, seconds: float = 30) -> None:
    """Until no work is open."""

    async def idle() -> bool:
        async with house.database.reading() as tx:
            return not await tx.fetchval(
                "SELECT count(*) FROM generations WHERE status IN ('queued', 'processing')"
            )

    await until(idle, seconds, "no work to be open")


async def until(
    condition: Callable[[], Awaitable[Any]], seconds: float = 15, what: str = "it"
) -> Any:
    end = time.monotonic() + seconds
    while not (found := await condition()):
        assert time.monotonic() < end, f"waited {seconds} s in vain for {what}"
        await asyncio.sleep(0.03)
    return found
