"""Bulk: how fast 10,000 items are accepted, and what a single request waits beside a backlog.

Run `python benchmarks/bulk.py`, or with `--short` for a quick look.

Accepting: the server runs as in production (`tintype serve --no-worker`); the clock runs from the
first byte sent to the last one read. The stages are told by a second way through the same code in
this process, where asyncpg logs how long each statement took.

Waiting: a worker process with four places and an engine whose jobs take a fixed time. Another
organization's single requests come one after the other, each after the one before has ended: first
on an idle server, then with a bulk of 2,000 waiting, most of it to the end. The delay is
`started_at - created_at` of their rows.
"""

import argparse
import asyncio
import contextlib
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator

import msgspec
import processor
import stand
import uvloop
from asyncpg.connection import LoggedQuery
from drain import tiny_png
from stand import BUILD, Target, Tenant, ask, middle, quantile

from tintype import worker
from tintype.bulk import operations, reading
from tintype.core.caller import SCOPES, Caller
from tintype.core.settings import load
from tintype.db.pool import Database, Row
from tintype.engines.base import Blob, Capabilities, Job, Output, Watch
from tintype.engines.registry import Engines
from tintype.images.links import Links

ACCEPT_SECONDS = 3.0
IDLE_TIMES = 3
ITEMS = 10_000
JOB_SECONDS = 0.2
PLACES = 4
FOLDER = BUILD / "bulk"
_WORK = {"INSERT INTO generations": "items", "INSERT INTO events": "events",
         "INSERT INTO pgqueuer": "rings", "WITH input": "rings", "WITH part": "holds"}  # fmt: skip


class FixedTime:
    """An engine whose jobs take `JOB_SECONDS` each, however many there are at once."""

    name = "fixed"

    def __init__(self) -> None:
        self._output = Output(media=(Blob(tiny_png(), "image/png"),))

    def capabilities(self, model: str) -> Capabilities:
        return Capabilities(frozenset({"text_to_image"}), fidelity="preview", parallel=64)

    async def open(self) -> None: ...

    async def run(self, job: Job, watch: Watch) -> Output:
        await asyncio.sleep(JOB_SECONDS)
        return self._output

    async def ping(self) -> str:
        return "fixed"

    async def close(self) -> None: ...


def body_of(items: int) -> bytes:
    """As a shop would send it: words, a ratio, a seed, its own name and some data of its own."""
    return msgspec.json.encode({
        "defaults": {"resolution": "1K", "meta": {"season": "spring"}},
        "items": [
            {"custom_id": f"sku-{n:05d}", "aspect_ratio": "4:5", "seed": n,
             "prompt": f"Shirt number {n} on a marble table, soft morning light, 50 mm",
             "meta": {"sku": f"SKU-{n:05d}", "tags": ["shirts", "linen"]}}
            for n in range(items)
        ],
    })  # fmt: skip


def accepted(port: int, tenant: Tenant, body: bytes) -> str:
    status, _, answer = ask(
        port, "POST", "/v1/generate/bulk", body=body,
        headers={"X-API-Key": tenant.key, "Content-Type": "application/json"},
    )  # fmt: skip
    assert status == 202, answer[:500]
    return str(msgspec.json.decode(answer)["id"])


def accepting(url: str, rounds: int) -> Target:
    (tenant,) = stand.tenants(url, 1)
    postgres, body = processor.postmaster(url), body_of(ITEMS)
    taken, web, database = [], [], []
    port = stand.free_port()
    command = [sys.executable, "-m", "tintype.cli.app", "serve", "--port", str(port)]
    command += ["--data", str(FOLDER), "--no-worker"]
    env = {"TINTYPE_LOG_LEVEL": "warning", "TINTYPE_DATABASE_URL": url}
    with stand.process(command, FOLDER / "serve.log", env) as serving:
        stand.until_answered(port, "/readyz")
        for _ in range(rounds + 1):
            before = processor.seconds_of(serving.pid), processor.seconds_of(postgres)
            begun = time.perf_counter()
            accepted(port, tenant, body)
            taken.append(time.perf_counter() - begun)
            web.append(processor.seconds_of(serving.pid) - before[0])
            database.append(processor.seconds_of(postgres) - before[1])
    # The first one warms up.
    found, cpu = middle(taken[1:]), (middle(web[1:]), middle(database[1:]))
    print(f"\n{ITEMS:,} items in {len(body) / 1e6:.1f} MB: {found:.2f} s, the slowest of {rounds}")
    print(f"{max(taken[1:]):.2f} s; processor time {cpu[0]:.2f} s web, {cpu[1]:.2f} s PostgreSQL")
    stand.in_database(url, lambda opened: stages(opened, tenant, body))
    return Target(
        f"a bulk of {ITEMS:,} items is accepted: at most {ACCEPT_SECONDS:.0f} s",
        f"{found:.2f} s (processor {cpu[0] + cpu[1]:.2f} s)", found <= ACCEPT_SECONDS,
    )  # fmt: skip


async def stages(opened: Database, tenant: Tenant, body: bytes) -> None:
    """What the parts of accepting take; each statement with the sending of its values."""
    caller = Caller(
        organization_id=tenant.organization_id, plan="enterprise", scopes=frozenset(SCOPES),
        livemode=True, source="api", key_id=tenant.key_id,
    )  # fmt: skip
    took: dict[str, float] = defaultdict(float)

    def note(logged: LoggedQuery) -> None:
        text = " ".join(logged.query.split())
        took[next((it for sign, it in _WORK.items() if text.startswith(sign)), "others")] += (
            logged.elapsed
        )

    begun = time.perf_counter()
    terms, entries = reading.from_json(body)
    took["decode and check"] = time.perf_counter() - begun
    begun = time.perf_counter()
    async with opened.transaction() as tx:
        tx.add_query_logger(note)
        await operations.create(
            tx, caller, Links("", None), terms, entries, allow_networks=[], cancel_after=None
        )
        tx.remove_query_logger(note)
        inside = time.perf_counter() - begun
        took["judge and build rows"] = inside - sum(took[it] for it in {*_WORK.values(), "others"})
        begun = time.perf_counter()
    took["commit"] = time.perf_counter() - begun
    print("\n| stage | ms |\n|---|---|")
    for name, seconds in took.items():
        print(f"| {name} | {seconds * 1000:,.0f} |")


@contextlib.contextmanager
def working(url: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process whose engine takes a fixed time."""
    with stand.process([sys.executable, __file__, "--worker", url], FOLDER / "worker.log") as one:
        yield one


async def work(url: str) -> None:
    """In the worker's process."""
    settings = load({}, overrides={
        "database": {"url": url}, "log": {"level": "warning"}, "worker": {"concurrency": PLACES},
    }, data=str(FOLDER))  # fmt: skip
    async with worker.opened(settings) as real:
        models = list(real.engines.by_model)
    await worker.run(settings, Engines(dict.fromkeys(models, FixedTime())))


def single(port: int, tenant: Tenant) -> str:
    """One request from its sending to its end; its id."""
    headers = {"X-API-Key": tenant.key}
    body = {"prompt": "A red fox by a lake", "seed": 7}
    status, _, answer = ask(port, "POST", "/v1/generations", body=body, headers=headers)
    assert status == 202, answer
    made = str(msgspec.json.decode(answer)["id"])
    headers["Prefer"] = "wait=60"
    _, _, answer = ask(port, "GET", f"/v1/generations/{made}", headers=headers)
    assert msgspec.json.decode(answer)["status"] == "completed", answer
    return made


async def delays(opened: Database, ids: list[str]) -> list[float]:
    async with opened.reading() as connection:
        rows: list[Row] = await connection.fetch(
            "SELECT extract(epoch FROM started_at - created_at)::float8 AS seconds"
            " FROM generations WHERE id = ANY ($1)",
            ids,
        )
    return [row["seconds"] for row in rows]


def waiting(url: str, backlog: int, singles: int) -> Target:
    many, one = stand.tenants(url, 2)
    with stand.tintype(FOLDER, url, worker=False) as port, working(url):
        single(port, one)
        idle = [single(port, one) for _ in range(singles)]
        batch = accepted(port, many, body_of(backlog))
        until_begun(port, many, batch)
        busy = [single(port, one) for _ in range(singles)]
        status, _, answer = ask(
            port, "GET", f"/v1/batches/{batch}", headers={"X-API-Key": many.key}
        )
        left = msgspec.json.decode(answer)["queued"]
        assert status == 200, answer
        assert left > 0, "the backlog must last to the end"
        ask(port, "POST", f"/v1/batches/{batch}/cancel", headers={"X-API-Key": many.key})
    before = stand.in_database(url, lambda opened: delays(opened, idle))
    beside = stand.in_database(url, lambda opened: delays(opened, busy))
    idle_p95, busy_p95 = quantile(before, 0.95), quantile(beside, 0.95)
    most = IDLE_TIMES * idle_p95 + JOB_SECONDS
    print(f"\n{singles} single requests, {PLACES} places, jobs of {JOB_SECONDS * 1000:.0f} ms\n")
    print("| | p50 ms | p95 ms | most ms |\n|---|---|---|---|")
    for name, found in (("idle", before), (f"beside a bulk of {backlog:,}", beside)):
        print(f"| {name} | {middle(found) * 1000:.1f} | {quantile(found, 0.95) * 1000:.1f}"
              f" | {max(found) * 1000:.1f} |")  # fmt: skip
    print(f"{left:,} of the bulk's items were still waiting at the end")
    return Target(
        f"a single request beside another's bulk of {backlog:,}: p95 of its start at most"
        f" {IDLE_TIMES} x idle + one job",
        f"{busy_p95 * 1000:.0f} ms (idle {idle_p95 * 1000:.1f}, job {JOB_SECONDS * 1000:.0f})",
        busy_p95 <= most,
    )  # fmt: skip


def until_begun(port: int, tenant: Tenant, batch: str) -> None:
    """Until all places are taken by the bulk."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        _, _, answer = ask(port, "GET", f"/v1/batches/{batch}", headers={"X-API-Key": tenant.key})
        if msgspec.json.decode(answer)["processing"] == PLACES:
            return
        time.sleep(0.05)
    raise AssertionError("The bulk was not begun.")


def main(rounds: int, backlog: int, singles: int) -> int:
    shutil.rmtree(FOLDER, ignore_errors=True)
    with stand.database(FOLDER) as url:
        fairness = waiting(url, backlog, singles)
    shutil.rmtree(FOLDER, ignore_errors=True)
    with stand.database(FOLDER) as url:
        return stand.told([accepting(url, rounds), fairness])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of accepting")
    parser.add_argument("--backlog", type=int, default=2000)
    parser.add_argument("--singles", type=int, default=100)
    parser.add_argument("--short", action="store_true", help="2 rounds, a backlog of 400")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(work(options.worker))
        sys.exit()
    if options.short:
        sys.exit(main(2, 400, 20))
    sys.exit(main(options.rounds, options.backlog, options.singles))
