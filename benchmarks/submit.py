"""Durable submissions: `POST /generations` beside a bare asyncpg loop doing the same statements.

Run `python benchmarks/submit.py`; it needs the program wrk. The server runs as in production
(`tintype serve --no-worker`), wrk sends from a process of its own. The bare loop is a third
process: it first serves one request with the real app over a real socket and logs every statement
that asyncpg sends for it, with its arguments; then it repeats exactly those, with fresh ids, from
as many tasks as wrk has connections, over a bare pool of the server's size, on the same
PostgreSQL. Both take turns within one run.

With one organization every submission waits for the one before: the hold locks the organization's
credits until the commit is on disk. Eight organizations show what the server can do.
"""

import argparse
import asyncio
import itertools
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg
import msgspec
import stand
import uvloop
from asyncpg.connection import LoggedQuery
from granian.constants import Interfaces
from granian.server.embed import Server
from stand import BUILD, Load, Target, Tenant, middle, quantile

from tintype import server
from tintype.core.settings import Settings, load
from tintype.db.pool import Database

TARGET = 0.50
CONNECTIONS = 16
BODY = {"prompt": "A red fox by a mountain lake at sunset", "aspect_ratio": "16:9"}
FOLDER = BUILD / "submit"

Statement = tuple[str, list[Any]]


class Bare:
    """The bare loop's process: a line of seconds in, its rate and p99 out."""

    def __init__(self, url: str, tenants: list[Tenant]) -> None:
        told = json.dumps([url, [[t.organization_id, t.key_id, t.key] for t in tenants]])
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--bare", told],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.statements: list[str] = json.loads(self._read())

    def _read(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline()

    def __call__(self, seconds: float) -> Load:
        assert self.process.stdin
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        rate, p99 = json.loads(self._read())
        return Load(rate, p99, "")

    def close(self) -> None:
        self.process.communicate()


async def serve_bare(url: str, tenants: list[Tenant]) -> None:
    """In the bare loop's process."""
    settings = load({}, overrides={
        "server": {"port": stand.free_port()}, "database": {"url": url}, "log": {"level": "error"},
    }, data=str(FOLDER))  # fmt: skip
    recorded = await record(settings, tenants[0])
    print(json.dumps([query for query, _ in recorded]), flush=True)
    pool = await asyncpg.create_pool(
        url, min_size=settings.database.pool_size, max_size=settings.database.pool_size,
        init=as_json_text,
        # As Tintype's own pool: without it, each use costs a further round trip.
        reset=no_reset,
    )  # fmt: skip
    rows = replayed(recorded, tenants[0], tenants)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(await repeat(pool, rows, float(line))), flush=True)
    await pool.close()


async def as_json_text(connection: Any) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", format="text", encoder=str, decoder=str
    )


async def no_reset(connection: Any) -> None:
    del connection


async def record(settings: Settings, tenant: Tenant) -> list[Statement]:
    """What the app sends to PostgreSQL for one submission, once its connections are warm."""
    app: Any = server.create(settings)
    web: Any = Server(app, interface=Interfaces.ASGI, address="127.0.0.1",
                 port=settings.server.port, log_enabled=False)  # fmt: skip
    serving = asyncio.create_task(web.serve())
    loop = asyncio.get_running_loop()
    seen: list[Statement] = []

    def note(logged: LoggedQuery) -> None:
        seen.append((logged.query, list(logged.args)))

    def submit() -> None:
        status, _, body = stand.ask(
            settings.server.port, "POST", "/v1/generations", body=BODY,
            headers={"X-API-Key": tenant.key},
        )  # fmt: skip
        assert status == 202, body

    await loop.run_in_executor(None, stand.until_answered, settings.server.port, "/readyz")
    await loop.run_in_executor(None, submit)
    pool = app._app.state.parts.database.pool  # noqa: SLF001
    connections = [holder._con for holder in pool._holders if holder._con]  # noqa: SLF001
    for connection in connections:
        connection.add_query_logger(note)
    await loop.run_in_executor(None, submit)
    for connection in connections:
        connection.remove_query_logger(note)
    web.stop()
    await serving
    # The key was in the cache and its use is noted once in a while; that is not this request's.
    return [one for one in seen if "last_used_at" not in one[0]]


def replayed(
    recorded: list[Statement], first: Tenant, tenants: list[Tenant]
) -> Iterator[list[Statement]]:
    """The recorded statements again and again, each time as other work of the next tenant."""
    texts = [
        [msgspec.json.encode(arg).decode() if not plain(arg) else arg for arg in args]
        for _, args in recorded
    ]
    own = {arg for args in texts for arg in args if isinstance(arg, str) and is_made(arg)}
    numbers = itertools.count(time.time_ns())
    for tenant in itertools.cycle(tenants):
        number = f"{next(numbers):026x}"
        names = {old: f"{old[:4]}{number}" for old in own}
        names |= {first.organization_id: tenant.organization_id, first.key_id: tenant.key_id}
        change = changer(names)
        yield [
            (query, [change(arg) for arg in args])
            for (query, _), args in zip(recorded, texts, strict=True)
        ]


def plain(value: Any) -> bool:
    """Whether asyncpg was given it as it is; the rest it was given to make JSON of."""
    if isinstance(value, list):
        return all(plain(one) and not isinstance(one, list) for one in value) and bool(value)
    return value is None or not isinstance(value, dict | list | msgspec.Struct)


def is_made(text: str) -> bool:
    """Whether it is an id that this one submission made."""
    return text.startswith(("gen_", "led_", "evt_")) and len(text) == 30


def changer(names: dict[str, str]) -> Callable[[Any], Any]:
    def change(value: Any) -> Any:
        if isinstance(value, str):
            for old, new in names.items():
                if old in value:
                    value = value.replace(old, new)
            return value
        if isinstance(value, bytes):
            return change(value.decode()).encode() if value[:4] == b"gen_" else value
        if isinstance(value, list):
            return [change(one) for one in value]
        return value

    return change


async def repeat(pool: Any, rows: Iterator[list[Statement]], seconds: float) -> tuple[float, float]:
    taken: list[float] = []
    end = time.perf_counter() + seconds

    async def one() -> None:
        while (begun := time.perf_counter()) < end:
            statements = next(rows)
            async with pool.acquire() as connection:
                for query, args in statements:
                    if args:
                        await connection.fetch(query, *args)
                    else:
                        await connection.execute(query)
            taken.append(time.perf_counter() - begun)

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return len(taken) / (time.perf_counter() - started), quantile(taken, 0.99) * 1000


def lua(tenants: list[Tenant]) -> str:
    """Each request is the next tenant's."""
    keys = ", ".join(f'"{tenant.key}"' for tenant in tenants)
    return f"""
        local keys, turn, made = {{{keys}}}, 0, {{}}
        function init()
            for n, key in ipairs(keys) do
                made[n] = wrk.format("POST", "/v1/generations", {{["X-API-Key"] = key,
                    ["Content-Type"] = "application/json"}}, [[{json.dumps(BODY)}]])
            end
        end
        function request()
            turn = turn % #made + 1
            return made[turn]
        end
    """


def main(rounds: int, seconds: float) -> int:
    shutil.rmtree(FOLDER, ignore_errors=True)
    targets = []
    with stand.database(FOLDER) as url, stand.tintype(FOLDER, url, worker=False) as port:
        for count in (8, 1):
            tenants = stand.tenants(url, count)
            bare = Bare(url, tenants)
            if count == 8:
                print(f"\n{len(bare.statements)} statements each, BEGIN and COMMIT among them:")
                for query in bare.statements:
                    print(f"    {' '.join(query.split())[:96]}")
            runs: dict[str, list[Load]] = {"bare asyncpg": [], "Tintype": []}
            for number in range(rounds + 1):
                theirs, ours = bare(seconds), stand.wrk(
                    port, "/v1/generations", connections=CONNECTIONS, seconds=seconds,
                    script=lua(tenants),
                )  # fmt: skip
                assert not ours.faults, ours.faults
                if number:  # The first round warms everyone up.
                    runs["bare asyncpg"].append(theirs)
                    runs["Tintype"].append(ours)
            bare.close()
            targets.append(judged(count, runs))
        stand.in_database(url, check_whole)
    return stand.told(targets)


async def check_whole(opened: Database) -> None:
    """Both ways wrote all that a submission is: work, event, job and hold, once each."""
    async with opened.reading() as connection:
        counts = await connection.fetchrow(
            "SELECT (SELECT count(*) FROM generations) AS work, (SELECT count(*) FROM events),"
            " (SELECT count(*) FROM pgqueuer),"
            " (SELECT count(*) FROM ledger_entries WHERE type = 'hold')"
        )
    assert counts["work"] > 0
    assert len(set(counts.values())) == 1, tuple(counts.values())


def judged(count: int, runs: dict[str, list[Load]]) -> Target:
    print(f"\n{CONNECTIONS} connections, {count} organization{'s' if count > 1 else ''}\n")
    print("| | submissions/s | p99 ms |\n|---|---|---|")
    for name, loads in runs.items():
        rate, p99 = middle([one.rate for one in loads]), middle([one.p99_ms for one in loads])
        print(f"| {name} | {rate:,.0f} | {p99:.1f} |")
    pairs = zip(runs["Tintype"], runs["bare asyncpg"], strict=True)
    share = middle([ours.rate / theirs.rate for ours, theirs in pairs])
    rate = middle([one.rate for one in runs["Tintype"]])
    p99 = middle([one.p99_ms for one in runs["Tintype"]])
    whose = "one organization" if count == 1 else f"{count} organizations"
    return Target(
        f"durable submissions, {whose}: at least {TARGET:.0%} of bare asyncpg",
        f"{share:.0%} ({rate:,.0f}/s, p99 {p99:.0f} ms)", share >= TARGET,
    )  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4, help="of each turn")
    parser.add_argument("--bare", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bare:
        address, who = json.loads(options.bare)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve_bare(address, [Tenant(*one) for one in who]))
    else:
        sys.exit(main(options.rounds, options.seconds))
