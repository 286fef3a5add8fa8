"""What the benchmarks share: a Tintype as in production, load from wrk, and one form of report.

Everything is made under `.build/bench/` and every process that is started here is stopped here.
"""

import asyncio
import contextlib
import http.client
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from tintype.accounts import operations as accounts
from tintype.core.caller import SCOPES
from tintype.credits import operations as credits
from tintype.db import embedded
from tintype.db.migrate import migrate
from tintype.db.pool import Database, connect
from tintype.keys import operations as keys

T = TypeVar("T")
BUILD = Path(__file__).resolve().parent.parent / ".build" / "bench"
_READY_SECONDS = 30.0
_STOP_SECONDS = 20.0


@dataclass(frozen=True)
class Tenant:
    organization_id: str
    key_id: str
    key: str


@dataclass(frozen=True)
class Load:
    """What wrk saw: requests a second, the 99th percentile in milliseconds, and its complaints."""

    rate: float
    p99_ms: float
    faults: str


@dataclass(frozen=True)
class Target:
    """One line of the table: what is promised, what was found, and whether that will do."""

    name: str
    found: str
    met: bool


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def database(folder: Path) -> Iterator[str]:
    """The embedded PostgreSQL of `folder`, migrated; gives its address."""
    folder.mkdir(parents=True, exist_ok=True)
    url = embedded.start(folder)
    try:
        asyncio.run(migrate(url))
        yield url
    finally:
        embedded.stop(folder)


@contextlib.contextmanager
def process(
    command: Sequence[str], log: Path, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A program in the background, told to stop at the end and killed when it doesn't.

    What it says goes to the end of `log`.
    """
    with log.open("ab") as file:
        running = subprocess.Popen(
            command, env=dict(os.environ) | dict(env or {}), stdout=file, stderr=file
        )
    try:
        yield running
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


@contextlib.contextmanager
def tintype(folder: Path, url: str | None, *, worker: bool) -> Iterator[int]:
    """`tintype serve` with its defaults over `folder`; gives its port once it answers."""
    port = free_port()
    command = [sys.executable, "-m", "tintype.cli.app", "serve", "--port", str(port)]
    command += ["--data", str(folder)] + ([] if worker else ["--no-worker"])
    env = {"TINTYPE_LOG_LEVEL": "warning"} | ({"TINTYPE_DATABASE_URL": url} if url else {})
    with process(command, folder / "serve.log", env):
        until_answered(port, "/readyz")
        yield port


def until_answered(port: int, path: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if ask(port, "GET", path)[0] < 500:
                return
        time.sleep(0.005)
    raise AssertionError(f"Nothing answers at port {port}.")


def ask(
    port: int,
    method: str,
    path: str,
    *,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, dict[str, str], bytes]:
    """One request on a connection of its own; dicts are sent as JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    sent = dict(headers or {})
    if isinstance(body, dict):
        body = msgspec.json.encode(body)
        sent["Content-Type"] = "application/json"
    try:
        connection.request(method, path, body=body, headers=sent)
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, told, answer.read()
    finally:
        connection.close()


def upload(port: int, tenant: Tenant, picture: bytes) -> Any:
    """The uploaded image as the API answers it."""
    edge = "tintype-bench"
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="p"\r\n\r\n'
    form = head.encode() + picture + f"\r\n--{edge}--\r\n".encode()
    status, _, body = ask(
        port, "POST", "/v1/images/upload", body=form,
        headers={"X-API-Key": tenant.key, "Content-Type": f"multipart/form-data; boundary={edge}"},
    )  # fmt: skip
    assert status == 201, body
    return msgspec.json.decode(body)


def in_database(url: str, work: Callable[[Database], Coroutine[Any, Any, T]]) -> T:
    """Run `work` with a small pool on the database at `url`."""

    async def go() -> T:
        opened = await connect(url, size=4, wait_seconds=10)
        try:
            return await work(opened)
        finally:
            await opened.close()

    return asyncio.run(go())


def tenants(url: str, count: int, *, private: bool = False) -> list[Tenant]:
    """New organizations with a key that may do everything, and credits that don't run out."""

    async def make(opened: Database) -> list[Tenant]:
        made = []
        for _ in range(count):
            async with opened.transaction() as tx:
                organization = await accounts.create_organization(
                    tx, name="Bench", plan="enterprise", private_media=private
                )
                await credits.grant(tx, organization.id, 1_000_000_000)
                key = await keys.create(
                    tx, organization.id, name="bench", scopes=SCOPES, maker_scopes=SCOPES
                )
            made.append(Tenant(organization.id, key.id, key.secret))
        return made

    return in_database(url, make)


def wrk(port: int, path: str, *, connections: int, seconds: float, script: str = "") -> Load:
    """Load from one thread of wrk; `script` is Lua."""
    command = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{seconds:.0f}s",
        "--latency",
        "--timeout",
        "10s",
    ]
    if script:
        BUILD.mkdir(parents=True, exist_ok=True)
        lua = BUILD / f"wrk-{os.getpid()}.lua"
        lua.write_text(script)
        command += ["-s", str(lua)]
    try:
        done = subprocess.run(
            [*command, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True
        )
    except FileNotFoundError:
        sys.exit("This benchmark needs the program wrk (Debian: apt-get install wrk).")
    rate = re.search(r"Requests/sec:\s+([0-9.]+)", done.stdout)
    p99 = re.search(r"99%\s+([0-9.]+)(us|ms|s)", done.stdout)
    assert rate, done.stdout
    assert p99, done.stdout
    faults = re.findall(r"(?:Socket errors|Non-2xx or 3xx responses):.*", done.stdout)
    return Load(
        float(rate[1]),
        float(p99[1]) * {"us": 0.001, "ms": 1, "s": 1000}[p99[2]],
        "; ".join(faults),
    )


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def middle(values: Sequence[float]) -> float:
    return statistics.median(values)


def told(targets: Sequence[Target]) -> int:
    """Print the table; the exit code is 1 when a target is missed."""
    print("\n| target | found | |\n|---|---|---|")
    for target in targets:
        print(f"| {target.name} | {target.found} | {'met' if target.met else 'MISSED'} |")
    return 0 if all(target.met for target in targets) else 1
