"""Webhooks: what a delivery costs, and whether one endpoint that hangs delays the others.

Run `python benchmarks/webhooks.py`. The worker is a process of its own with its defaults, and so is
the receiver, the least HTTP server that can tell when what came. First a backlog of events is sent
to 20 endpoints, beside a bare aiohttp loop that posts the same bodies as many at once and keeps no
record. Then 1,000 events come one after the other, once with all endpoints answering and once with
one of the 20 that takes connections and never answers: in blocks of 200 that take turns, each
longer than the worker's patience with that one, so that both see the same mood of the machine.
Delays run from an event's commit to its receipt.
"""

import argparse
import asyncio
import contextlib
import json
import os
import resource
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import aiohttp
import stand
import uvloop
from stand import BUILD, Target, Tenant

from tintype.core import ids
from tintype.core.settings import load
from tintype.core.vault import open_vault
from tintype.db.pool import Database
from tintype.events import operations as events
from tintype.webhooks import queries
from tintype.webhooks.signing import new_secret

FOLDER = BUILD / "webhooks"
ENDPOINTS = 20
EVENTS_A_SECOND = 10
BLOCK = 200
COST_MS = 1.0
RATE = 1_000
SAME = 0.2
_TICKS = os.sysconf("SC_CLK_TCK")


class Sink(asyncio.Protocol):
    """Answers every post at once, but those to /hang; `/seen` tells what came when."""

    seen: ClassVar[list[tuple[str, str, float]]] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            lines = self.buffer[:end].decode("latin-1").split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines[1:])
            whole = end + 4 + int(headers.get("content-length", 0))
            if len(self.buffer) < whole:
                return
            self.buffer = self.buffer[whole:]
            self.answer(lines[0].split(" ")[1], headers)

    def answer(self, path: str, headers: dict[str, str]) -> None:
        if path == "/hang":
            return
        body = b"ok"
        if path == "/seen":
            body = json.dumps(Sink.seen).encode()
            Sink.seen = []
        else:
            Sink.seen.append((path, headers["webhook-id"], time.time()))
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
        self.transport.write(head.encode() + body)


async def sink(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", port)
    await server.serve_forever()


async def bare(base: str, count: int) -> None:
    """The same bodies by aiohttp alone, as many at once as the worker at most; prints its cost."""
    body = json.dumps(example(0)).encode()
    left = iter(range(count))
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def post() -> None:
            for number in left:
                headers = {"Content-Type": "application/json", "webhook-id": f"evt_{number}"}
                url = f"{base}/bare/{number % ENDPOINTS}"
                async with session.post(url, data=body, headers=headers) as answer:
                    await answer.read()

        before, began = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
        await asyncio.gather(*(post() for _ in range(4 * ENDPOINTS)))
        seconds = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"seconds": seconds, "cpu": cpu}))


def example(number: int) -> dict[str, Any]:
    """About as large as a completed generation with one picture."""
    generation = {f"field_{n:02}": f"a value such as it has {number}" for n in range(36)}
    return {**generation, "prompt": "En röd räv vid en sjö " * 4, "images": [dict(generation)]}


def cpu_seconds(pids: Sequence[int]) -> float:
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def postgres_pids(folder: Path) -> list[int]:
    """The server of this folder and its children; those that have ended count for their parent."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if (entry / "cwd").resolve().is_relative_to(folder.resolve()):
                    found.append(int(entry.name))
    return found


@contextlib.contextmanager
def worker(url: str) -> Iterator[int]:
    """A worker process that takes jobs; its id."""
    ready = FOLDER / "ready"
    ready.unlink(missing_ok=True)
    env = {
        "TINTYPE_DATABASE_URL": url, "TINTYPE_DATA": str(FOLDER), "TINTYPE_LOG_LEVEL": "warning",
        "TINTYPE_FETCH_ALLOW_NETWORKS": "127.0.0.0/8",
    }  # fmt: skip
    command = [sys.executable, "-m", "tintype.cli.worker", str(ready)]
    with stand.process(command, FOLDER / "worker.log", env) as running:
        while not ready.exists():
            assert running.poll() is None, (FOLDER / "worker.log").read_text()
            time.sleep(0.05)
        time.sleep(1.5)
        yield running.pid


async def endpoints(opened: Database, tenant: Tenant, urls: Sequence[str]) -> None:
    vault = open_vault(load({}, data=str(FOLDER)))
    async with opened.transaction() as tx:
        await tx.execute("DELETE FROM webhook_endpoints")
        for url in urls:
            secret = vault.seal(new_secret().encode())
            await queries.insert(
                tx, tenant.organization_id, ids.new("whe"), url=url, events=["*"],
                description=None, secret=secret, enabled=True,
            )  # fmt: skip


async def publish(opened: Database, tenant: Tenant, numbers: Sequence[int]) -> list[str]:
    async with opened.transaction() as tx:
        return [
            await events.publish(
                tx, tenant.organization_id, "generation.completed", ids.new("gen"),
                livemode=True, data=example(number),
            )
            for number in numbers
        ]  # fmt: skip


async def until_delivered(opened: Database, count: int) -> None:
    while True:
        async with opened.reading() as tx:
            done = await tx.fetchval(
                "SELECT count(*) FROM webhook_deliveries WHERE status = 'delivered'"
            )
        if done >= count:
            return
        await asyncio.sleep(0.1)


def backlog(url: str, tenant: Tenant, base: str, count: int) -> tuple[float, float, float]:
    """Deliveries a second, and CPU milliseconds of worker and PostgreSQL for each delivery."""

    async def go(opened: Database) -> tuple[float, float, float]:
        await endpoints(opened, tenant, [f"{base}/{n}" for n in range(ENDPOINTS)])
        postgres = postgres_pids(FOLDER)
        with worker(url) as pid:
            async with opened.reading() as tx:
                before_count = await tx.fetchval("SELECT count(*) FROM webhook_deliveries")
            await publish(opened, tenant, range(10))
            await until_delivered(opened, before_count + 10 * ENDPOINTS)
            postgres = postgres_pids(FOLDER)
            before, before_pg = cpu_seconds([pid]), cpu_seconds(postgres)
            began = time.monotonic()
            await publish(opened, tenant, range(count // ENDPOINTS))
            await until_delivered(opened, before_count + 10 * ENDPOINTS + count)
            seconds = time.monotonic() - began
            cpu, cpu_pg = cpu_seconds([pid]) - before, cpu_seconds(postgres) - before_pg
        return count / seconds, cpu / count * 1000, cpu_pg / count * 1000

    return stand.in_database(url, go)


def paced(
    url: str, tenant: Tenant, base: str, port: int, count: int, *, hanging: bool
) -> tuple[list[float], float, float]:
    """Delays in milliseconds, commit to receipt, at all endpoints but the last.

    And the worker's and PostgreSQL's CPU milliseconds for each delivery that was received.
    """

    async def go(opened: Database) -> tuple[dict[str, float], float, float]:
        last = f"{base}/hang" if hanging else f"{base}/{ENDPOINTS - 1}"
        urls = [f"{base}/{n}" for n in range(ENDPOINTS - 1)] + [last]
        await endpoints(opened, tenant, urls)
        with worker(url) as pid:
            await publish(opened, tenant, range(10))
            await asyncio.sleep(2)
            postgres = postgres_pids(FOLDER)
            before, before_pg = cpu_seconds([pid]), cpu_seconds(postgres)
            committed = {}
            began = time.monotonic()
            for number in range(count):
                await asyncio.sleep(max(0, began + number / EVENTS_A_SECOND - time.monotonic()))
                (event_id,) = await publish(opened, tenant, [number])
                committed[event_id] = time.time()
            await asyncio.sleep(2)
            cpu, cpu_pg = cpu_seconds([pid]) - before, cpu_seconds(postgres) - before_pg
        return committed, cpu, cpu_pg

    committed, cpu, cpu_pg = stand.in_database(url, go)
    seen = json.loads(stand.ask(port, "GET", "/seen")[2])
    delays = [
        (at - committed[event_id]) * 1000
        for path, event_id, at in seen
        if event_id in committed and path != f"/{ENDPOINTS - 1}"
    ]
    assert len(delays) >= count * (ENDPOINTS - 1), (len(delays), "each was received")
    return delays, cpu / len(delays) * 1000, cpu_pg / len(delays) * 1000


def bare_costs(base: str, count: int) -> tuple[float, float]:
    command = [sys.executable, __file__, "--bare", base, str(count)]
    pipe = os.popen(" ".join(command))
    found = json.loads(pipe.read())
    pipe.close()
    return count / found["seconds"], found["cpu"] / count * 1000


def main(deliveries: int, count: int, rounds: int) -> int:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    port = stand.free_port()
    base = f"http://127.0.0.1:{port}"
    command = [sys.executable, __file__, "--sink", str(port)]
    with stand.process(command, FOLDER / "sink.log"), stand.database(FOLDER) as url:
        (tenant,) = stand.tenants(url, 1)
        stand.until_answered(port, "/seen")
        print(f"\n{deliveries:,} deliveries to {ENDPOINTS} endpoints, one worker\n")
        print("| round | deliveries/s | worker, ms | PostgreSQL, ms | bare aiohttp/s | its ms |")
        print("|---|---|---|---|---|---|")
        found = []
        for number in range(rounds):
            rate, cost, cost_pg = backlog(url, tenant, base, deliveries)
            bare_rate, bare_cost = bare_costs(base, deliveries)
            found.append((rate, cost, cost_pg))
            print(
                f"| {number + 1} | {rate:,.0f} | {cost:.3f} | {cost_pg:.3f} | {bare_rate:,.0f}"
                f" | {bare_cost:.3f} |", flush=True,
            )  # fmt: skip
        stand.ask(port, "GET", "/seen")
        print(f"\n{count:,} events, {EVENTS_A_SECOND} a second, commit to receipt\n")
        print("| the twentieth | p50 ms | p99 ms | worker, ms | PostgreSQL, ms |")
        print("|---|---|---|---|---|")
        delays: dict[bool, list[float]] = {False: [], True: []}
        for hanging in (False, True) * max(1, count // BLOCK):
            block, cpu, cpu_pg = paced(url, tenant, base, port, min(count, BLOCK), hanging=hanging)
            delays[hanging] += block
            print(
                f"| {'hangs' if hanging else 'answers'} | {stand.middle(block):.1f}"
                f" | {stand.quantile(block, 0.99):.1f} | {cpu:.2f} | {cpu_pg:.2f} |", flush=True,
            )  # fmt: skip
    rate, cost, cost_pg = (stand.middle(it) for it in zip(*found, strict=True))
    before, after = (stand.quantile(delays[hanging], 0.99) for hanging in (False, True))
    change = after / before - 1
    return stand.told([
        Target(
            f"a webhook with its durable record: at most {COST_MS:g} ms of the worker's CPU",
            f"{cost:.2f} ms (PostgreSQL {cost_pg:.2f} ms)", cost <= COST_MS,
        ),
        Target(
            f"webhooks from one worker: at least {RATE:,}/s", f"{rate:,.0f}/s", rate >= RATE,
        ),
        Target(
            f"one of {ENDPOINTS} endpoints hangs: the others' p99 within {SAME:.0%}",
            f"{change:+.0%} ({before:.0f} ms, then {after:.0f} ms; p50"
            f" {stand.middle(delays[False]):.0f} and {stand.middle(delays[True]):.0f} ms)",
            change <= SAME,
        ),
    ])  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deliveries", type=int, default=10_000)
    parser.add_argument("--events", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sink", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--bare", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.sink:
        uvloop.run(sink(options.sink))
    elif options.bare:
        uvloop.run(bare(options.bare[0], int(options.bare[1])))
    else:
        sys.exit(main(options.deliveries, options.events, options.rounds))
