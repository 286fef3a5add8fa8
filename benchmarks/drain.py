"""A backlog of queued jobs, drained by one worker whose engine costs nothing.

Run `python benchmarks/drain.py`. The worker is the real one (queue, claim, lease, intake, storage,
settlement, events), put together here with an engine that answers one constant tiny PNG, so what is
left is what Tintype itself costs for each job. Flat means: the dearest thousand jobs may cost at
most 1.3 times the cheapest, so the queue does not grow slower with its depth.
"""

import argparse
import asyncio
import dataclasses
import shutil
import struct
import sys
import time
import zlib
from itertools import pairwise

import stand
import uvloop
from stand import BUILD, Target, Tenant

from tintype import worker
from tintype.core.caller import SCOPES, Caller
from tintype.core.settings import Settings, load
from tintype.db.pool import Database
from tintype.engines.base import Blob, Capabilities, Job, Output, Watch
from tintype.engines.registry import Engines
from tintype.generations import operations
from tintype.generations.models import CreateGeneration
from tintype.images.links import Links

FLAT = 1.3
STEP = 1_000
FOLDER = BUILD / "drain"


def tiny_png() -> bytes:
    """One grey pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixel = zlib.compress(b"\0\x80")
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


class Constant:
    """An engine without any work."""

    name = "constant"

    def __init__(self) -> None:
        self._output = Output(media=(Blob(tiny_png(), "image/png"),))

    def capabilities(self, model: str) -> Capabilities:
        return Capabilities(frozenset({"text_to_image"}), fidelity="preview", parallel=64)

    async def open(self) -> None: ...

    async def run(self, job: Job, watch: Watch) -> Output:
        return self._output

    async def ping(self) -> str:
        return "constant"

    async def close(self) -> None: ...


async def queued(opened: Database, tenant: Tenant, jobs: int) -> None:
    """Submit as the API does, many in one transaction."""
    caller = Caller(
        organization_id=tenant.organization_id, plan="enterprise", scopes=frozenset(SCOPES),
        livemode=True, source="api", key_id=tenant.key_id,
    )  # fmt: skip
    ask = CreateGeneration(prompt="A red fox by a lake")
    for first in range(0, jobs, 100):
        async with opened.transaction() as tx:
            for _ in range(min(100, jobs - first)):
                await operations.create(tx, caller, Links("", None), ask, allow_networks=[])


async def drained(settings: Settings, jobs: int) -> list[float]:
    """Work until all is done; when each thousand was completed, by the rows' own clocks."""
    async with worker.opened(settings) as real:
        models = {model: Constant() for model in real.engines.by_model}
        studio = dataclasses.replace(real, engines=Engines(models))
        taking = worker.consumer(studio)
        beside = worker.chores(studio)
        consuming = asyncio.create_task(taking.run())
        begun = time.time()
        done = 0
        while done < jobs:
            await asyncio.sleep(0.5)
            async with studio.database.reading() as connection:
                done = await connection.fetchval(
                    "SELECT count(*) FROM generations WHERE status IN ('completed', 'failed')"
                )
        taking.stop()
        await consuming
        for chore in beside:
            chore.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        async with studio.database.reading() as connection:
            rows = await connection.fetch(
                "SELECT status, extract(epoch FROM completed_at)::float8 AS at FROM generations"
                " ORDER BY completed_at"
            )
    assert all(row["status"] == "completed" for row in rows)
    return [begun, *(rows[number - 1]["at"] for number in range(STEP, jobs + 1, STEP))]


def main(jobs: int) -> int:
    shutil.rmtree(FOLDER, ignore_errors=True)
    with stand.database(FOLDER) as url:
        (tenant,) = stand.tenants(url, 1)
        stand.in_database(url, lambda opened: queued(opened, tenant, jobs))
        settings = load({}, overrides={
            "database": {"url": url}, "log": {"level": "warning"},
        }, data=str(FOLDER))  # fmt: skip
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            moments = runner.run(drained(settings, jobs))
    costs = [(after - before) / STEP * 1000 for before, after in pairwise(moments)]
    print(
        f"\n{jobs:,} queued jobs, one worker process, concurrency {settings.worker.concurrency}\n"
    )
    print("| jobs | ms a job |\n|---|---|")
    for number, cost in enumerate(costs):
        print(f"| {number * STEP + 1:,} to {(number + 1) * STEP:,} | {cost:.2f} |")
    spread = max(costs) / min(costs)
    rate = jobs / (moments[-1] - moments[0])
    return stand.told([
        Target(
            f"a backlog of {jobs:,} jobs drains at a flat cost: dearest thousand at most {FLAT} x"
            " the cheapest",
            f"{spread:.2f} x ({rate:,.0f} jobs/s)", spread <= FLAT,
        )
    ])  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=5 * STEP)
    sys.exit(main(parser.parse_args().jobs))
