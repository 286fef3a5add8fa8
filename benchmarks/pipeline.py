"""The whole pipeline's cost of a generation in processor time, with an engine that costs nothing.

Run `python benchmarks/pipeline.py`, or with `--short` for a quick look. Processor time is read out
of /proc for each process, so that others' load on the machine counts as little as it can.

Accepting is measured at a server as in production (`tintype serve --no-worker`), to which single
`POST /generations` come over one connection that is kept. What comes after is done by a worker in
this process, by the real parts: once through the queue, once by calling the run for each id, and
once only what a run does in between (storing a picture, writing its events). What lies between two
of these is the stage's cost.
"""

import argparse
import asyncio
import dataclasses
import http.client
import os
import shutil
import sys
import time
from collections.abc import Awaitable, Callable, Sequence

import msgspec
import processor
import pyvips
import stand
import uvloop
from drain import Constant
from stand import BUILD, Target, Tenant

from tintype import queue, worker
from tintype.core.settings import Settings, load
from tintype.db.pool import connect
from tintype.engines.base import Blob, Capabilities, Output
from tintype.engines.registry import Engines
from tintype.events import operations as events
from tintype.generations.run import run
from tintype.generations.submit import entrypoint
from tintype.generations.workshop import Workshop
from tintype.images.intake import limits_of, take_in

TARGET_MS = 8.0
FOLDER = BUILD / "pipeline"
_EVENTS_OF_A_RUN = 2  # It was begun, it has ended.
BODY = msgspec.json.encode({"prompt": "A red fox by a lake", "aspect_ratio": "1:1", "seed": 7})
# One pixel in colour, by our own encoder.
PICTURE: bytes = pyvips.Image.black(1, 1, bands=3).copy(interpretation="srgb").pngsave_buffer()

# Milliseconds a generation: in our own processes, and in PostgreSQL.
Cost = tuple[float, float]


class Ready(Constant):
    """Its picture may be stored as it is, as those of the built-in engine may."""

    def __init__(self) -> None:
        super().__init__()
        self._output = Output(media=(Blob(PICTURE, "image/png"),))

    def capabilities(self, model: str) -> Capabilities:
        return dataclasses.replace(super().capabilities(model), ready_to_store=True)


def accepting(url: str, postgres: int, tenant: Tenant, jobs: int) -> Cost:
    port = stand.free_port()
    command = [sys.executable, "-m", "tintype.cli.app", "serve", "--port", str(port)]
    command += ["--data", str(FOLDER), "--no-worker"]
    env = {"TINTYPE_LOG_LEVEL": "warning", "TINTYPE_DATABASE_URL": url}
    with stand.process(command, FOLDER / "serve.log", env) as serving:
        stand.until_answered(port, "/readyz")
        posted(port, tenant, max(10, jobs // 10))
        before = processor.seconds_of(serving.pid), processor.seconds_of(postgres)
        posted(port, tenant, jobs)
        web = processor.seconds_of(serving.pid) - before[0]
        database = processor.seconds_of(postgres) - before[1]
    return web / jobs * 1000, database / jobs * 1000


def posted(port: int, tenant: Tenant, jobs: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"X-API-Key": tenant.key, "Content-Type": "application/json"}
    for _ in range(jobs):
        connection.request("POST", "/v1/generations", body=BODY, headers=headers)
        answer = connection.getresponse()
        assert answer.status == 202, answer.read()
        answer.read()
    connection.close()


async def waiting(settings: Settings) -> dict[str, str]:
    """Ids of queued work, oldest first, with the kind of ring that each has."""
    opened = await connect(settings.database.url, size=1, wait_seconds=10)
    async with opened.reading() as tx:
        rows = await tx.fetch(
            "SELECT id, engine FROM generations WHERE status = 'queued' ORDER BY id"
        )
    await opened.close()
    return {row["id"]: entrypoint(row["engine"]) for row in rows}


async def measured(postgres: int, jobs: int, work: Callable[[], Awaitable[object]]) -> Cost:
    before = processor.seconds_of(os.getpid()), processor.seconds_of(postgres)
    await work()
    own = processor.seconds_of(os.getpid()) - before[0]
    return own / jobs * 1000, (processor.seconds_of(postgres) - before[1]) / jobs * 1000


async def through_the_queue(workshop: Workshop, jobs: int) -> None:
    """Until so many more have ended than before."""
    taking = worker.consumer(workshop)
    consuming = asyncio.create_task(taking.run())
    enough = await ended(workshop) + jobs
    done = 0
    while done < enough:
        await asyncio.sleep(0.25)
        done = await ended(workshop)
    taking.stop()
    await consuming


async def ended(workshop: Workshop) -> int:
    async with workshop.database.reading() as tx:
        found: int = await tx.fetchval(
            "SELECT count(*) FROM generations WHERE status = 'completed'"
        )
    return found


async def runs(workshop: Workshop, ids: Sequence[str]) -> None:
    """The runs alone, as many at once as a worker has places."""
    places = asyncio.Semaphore(workshop.settings.worker.concurrency)

    async def one(generation_id: str) -> None:
        async with places:
            assert await run(workshop, generation_id) is None

    await asyncio.gather(*(one(it) for it in ids))


async def stored(workshop: Workshop, tenant: Tenant, jobs: int) -> None:
    limits = limits_of(workshop.settings.media)
    for _ in range(jobs):
        await take_in(
            workshop.storage, workshop.pixels, tenant.organization_id, PICTURE, limits,
            keep_original=False, ready=True, field="engine",
        )  # fmt: skip


async def told(workshop: Workshop, tenant: Tenant, jobs: int) -> None:
    """As many events as a run writes, each in a transaction, as large as they are."""
    data = {"id": "gen", "padding": "x" * 1200}
    for _ in range(jobs):
        async with workshop.database.transaction() as tx:
            for _ in range(_EVENTS_OF_A_RUN):
                await events.publish(
                    tx, tenant.organization_id, "generation.processing", "gen", livemode=True,
                    data=data,
                )  # fmt: skip


async def worker_costs(
    settings: Settings, postgres: int, tenant: Tenant, jobs: int
) -> dict[str, Cost]:
    rings = await waiting(settings)
    ids = list(rings)
    async with worker.opened(settings) as real:
        models = {model: Ready() for model in real.engines.by_model}
        workshop = dataclasses.replace(real, engines=Engines(models))
        few = len(ids) - 2 * jobs
        # A ring for work that is done already costs a look at it, which no work has to pay for.
        unrung = ids[: few + jobs]
        async with workshop.database.transaction() as tx:
            await queue.forget_all(tx, {it: rings[it] for it in unrung})
        await runs(workshop, ids[:few])
        direct = await measured(postgres, jobs, lambda: runs(workshop, ids[few : few + jobs]))
        await asyncio.sleep(0.5)
        queued = await measured(postgres, jobs, lambda: through_the_queue(workshop, jobs))
        storing = await measured(postgres, jobs, lambda: stored(workshop, tenant, jobs))
        telling = await measured(postgres, jobs, lambda: told(workshop, tenant, jobs))
    return {
        "queue": minus(queued, direct),
        "store the picture": storing,
        "events of the run": telling,
        "claim, make, finish": minus(minus(direct, storing), telling),
    }


def minus(whole: Cost, part: Cost) -> Cost:
    return whole[0] - part[0], whole[1] - part[1]


def main(jobs: int) -> int:
    shutil.rmtree(FOLDER, ignore_errors=True)
    with stand.database(FOLDER) as url:
        postgres = processor.postmaster(url)
        (tenant,) = stand.tenants(url, 1)
        begun = time.perf_counter()
        # For the runs, for the queue, and some to warm up with.
        costs = {"accept": accepting(url, postgres, tenant, 2 * jobs)}
        settings = load({}, overrides={
            "database": {"url": url}, "log": {"level": "warning"},
        }, data=str(FOLDER))  # fmt: skip
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            costs |= runner.run(worker_costs(settings, postgres, tenant, jobs))
    print(f"\n{jobs} generations each, {time.perf_counter() - begun:.0f} s; processor time, ms\n")
    print("| stage | Tintype | PostgreSQL | together |\n|---|---|---|---|")
    for name, (own, database) in costs.items():
        print(f"| {name} | {own:.2f} | {database:.2f} | {own + database:.2f} |")
    own, database = (sum(cost[n] for cost in costs.values()) for n in (0, 1))
    print(f"| **together** | {own:.2f} | {database:.2f} | **{own + database:.2f}** |")
    return stand.told([
        Target(
            f"a generation without its engine: at most {TARGET_MS:.0f} ms of processor time",
            f"{own + database:.1f} ms (web {costs['accept'][0]:.1f}, worker"
            f" {own - costs['accept'][0]:.1f}, PostgreSQL {database:.1f})",
            own + database <= TARGET_MS,
        )
    ])  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--short", action="store_true", help="150 of them")
    options = parser.parse_args()
    sys.exit(main(150 if options.short else options.jobs))
