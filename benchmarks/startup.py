"""Start-up on an existing data folder, and the memory of everything at idle.

Run `python benchmarks/startup.py` (Linux: it reads /proc). A folder that has served before is
started again and again as in production (`tintype serve`: API, worker, embedded PostgreSQL); the
clock runs from the command to the first 200 of `/readyz`. Before memory is read, pictures were made
and delivered, and then nothing was asked for a while. Counted are the supervisor, the API, the
worker and every PostgreSQL process, by their proportional set size: what the machine would have
more without them. The sum of resident sizes beside it counts shared memory once for each process.
"""

import argparse
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import stand
from stand import BUILD, Target, ask, middle

from tintype.db.home import home_of

FOLDER = BUILD / "startup"
SECONDS_TARGET = 3.0
MEGABYTES_TARGET = 350.0


def started() -> tuple[subprocess.Popen[bytes], int, float]:
    """A Tintype that answers, its port, and the seconds that took."""
    port = stand.free_port()
    command = [sys.executable, "-m", "tintype.cli.app", "serve"]
    with (FOLDER / "serve.log").open("ab") as log:
        begun = time.perf_counter()
        process = subprocess.Popen(
            [*command, "--port", str(port), "--data", str(FOLDER)], stdout=log, stderr=log
        )
    stand.until_answered(port, "/readyz")
    while ask(port, "GET", "/readyz")[0] != 200:
        time.sleep(0.005)
    return process, port, time.perf_counter() - begun


def stopped(process: subprocess.Popen[bytes]) -> float:
    begun = time.perf_counter()
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    return time.perf_counter() - begun


def used(port: int, key: str) -> None:
    """Some pictures made, and delivered in sizes, so that idle is idle after work."""
    headers = {"X-API-Key": key, "Prefer": "wait=60"}
    for seed in range(3):
        body = {"prompt": "A red fox by a mountain lake", "aspect_ratio": "16:9", "seed": seed}
        status, _, answer = ask(port, "POST", "/v1/generations", body=body, headers=headers)
        assert status == 201, answer
        image = msgspec.json.decode(answer)["image_id"]
        for width in (320, 640):
            assert ask(port, "GET", f"/media/images/{image}.webp?w={width}")[0] == 200


def processes(supervisor: int) -> dict[str, list[int]]:
    """Every process of this Tintype by its part, found by who started whom."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])

    def below(root: int) -> list[int]:
        return [root, *(pid for child, of in parents.items() if of == root for pid in below(child))]

    postmaster = int((home_of(FOLDER).pgdata / "postmaster.pid").read_text().split()[0])
    found = {"PostgreSQL": below(postmaster), "supervisor": [supervisor], "API": [], "worker": []}
    for pid in below(supervisor)[1:]:
        if pid in found["PostgreSQL"]:
            continue
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        found["worker" if b"tintype.cli.worker" in words else "API"].append(pid)
    return found


def memory(pids: list[int]) -> tuple[float, float]:
    """Proportional and resident megabytes (of 1,000,000 bytes) in all."""
    sums = {"Pss": 0, "Rss": 0}
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            name, _, rest = line.partition(":")
            if name in sums:
                sums[name] += int(rest.split()[0])
    return sums["Pss"] * 1024 / 1e6, sums["Rss"] * 1024 / 1e6


def main(starts: int, idle: float) -> int:
    shutil.rmtree(FOLDER, ignore_errors=True)
    with stand.database(FOLDER) as url:
        (tenant,) = stand.tenants(url, 1)
    seconds, stops = [], []
    first, port, _ = started()
    used(port, tenant.key)
    stopped(first)
    for number in range(starts):
        process, port, taken = started()
        seconds.append(taken)
        if number == starts - 1:
            used(port, tenant.key)
            time.sleep(idle)
            found = {name: memory(pids) for name, pids in processes(process.pid).items()}
        stops.append(stopped(process))
    print(f"\nIdle for {idle:.0f} s after three pictures and six deliveries\n")
    print("| | PSS MB | RSS MB |\n|---|---|---|")
    for name, (pss, rss) in found.items():
        print(f"| {name} | {pss:.0f} | {rss:.0f} |")
    pss, rss = (sum(sizes) for sizes in zip(*found.values(), strict=True))
    print(f"| all | {pss:.0f} | {rss:.0f} |")
    return stand.told([
        Target(
            f"start-up on an existing folder: at most {SECONDS_TARGET:.0f} s",
            f"{middle(seconds):.2f} s (slowest of {starts}: {max(seconds):.2f}; stop"
            f" {middle(stops):.2f})",
            middle(seconds) <= SECONDS_TARGET,
        ),
        Target(
            f"memory of all processes at idle: at most {MEGABYTES_TARGET:.0f} MB (PSS)",
            f"{pss:.0f} MB (RSS {rss:.0f})", pss <= MEGABYTES_TARGET,
        ),
    ])  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=7)
    parser.add_argument("--idle", type=float, default=10, help="seconds")
    options = parser.parse_args()
    sys.exit(main(options.starts, options.idle))
