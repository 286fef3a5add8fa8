"""A picture of about 200 kB given again: /media and /live beside a bare ASGI app and nginx.

Run `python benchmarks/deliver.py`. Needs the programs wrk and nginx; both servers are started here,
on loopback, each with one worker process. All give the same bytes at 32 connections and take turns
within one run, so the ratios hold on any machine and the rates only on yours. The bare app runs on
Granian with the settings of Tintype's API and answers from memory without looking at anything but
the path; nginx uses sendfile. An answer that is not 200 fails the run.
"""

import argparse
import contextlib
import shutil
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pyvips
import stand
from stand import BUILD, Load, Target, Tenant, ask, middle

TARGET = 0.60
CONNECTIONS = 32
WANTED_BYTES = 200_000
FOLDER = BUILD / "deliver"
FILES = FOLDER / "files"


def picture() -> bytes:
    """1600 x 1600 with enough grain that its WebP can have any size around 200 kB."""
    plain = pyvips.Image.xyz(1600, 1600)[0] / 8 + 20
    grain = pyvips.Image.gaussnoise(1600, 1600, mean=0, sigma=12, seed=3)
    rough = (plain + grain).cast("uchar")
    return bytes(rough.bandjoin([rough, rough]).copy(interpretation="srgb").jpegsave_buffer(Q=90))


def near(port: int, path: str, key: str) -> tuple[str, bytes]:
    """`path` with the width `w` at which it gives the WebP nearest to 200 kB."""
    low, high = 64, 4096
    best: tuple[int, str, bytes] | None = None
    while low <= high:
        width = (low + high) // 2
        sized = f"{path}{'&' if '?' in path else '?'}w={width}"
        status, headers, body = ask(port, "GET", sized, headers={"X-API-Key": key})
        assert status == 200, body
        assert headers["content-type"] == "image/webp", headers
        away = abs(len(body) - WANTED_BYTES)
        if best is None or away < best[0]:
            best = away, sized, body
        if len(body) < WANTED_BYTES:
            low = width + 1
        else:
            high = width - 1
    assert best
    return best[1], best[2]


def prepared(url: str, tenant: Tenant) -> dict[str, str]:
    """Make both pictures with the worker running, keep their bytes as files; the paths by name."""
    with stand.tintype(FOLDER, url, worker=True) as port:
        image = stand.upload(port, tenant, picture())
        prompt = urllib.parse.quote("A crowded market street with a hundred lanterns at night")
        asked = {
            "media": f"/media/images/{image['id']}.webp",
            "live": f"/v1/live?prompt={prompt}&resolution=4K&format=webp",
        }
        paths = {}
        for name, path in asked.items():
            paths[name], body = near(port, path, tenant.key)
            (FILES / f"{name}.webp").write_bytes(body)
    return paths


@contextlib.contextmanager
def bare() -> Iterator[int]:
    port = stand.free_port()
    script = Path(__file__).with_name("bare_bytes.py")
    command = [sys.executable, str(script), str(port), str(FILES)]
    with stand.process(command, FOLDER / "bare.log"):
        stand.until_answered(port, "/media.webp")
        yield port


@contextlib.contextmanager
def nginx() -> Iterator[int]:
    """nginx from the system, in the foreground, with a configuration and folders of its own."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program is None:
        sys.exit("This benchmark needs the program nginx (Debian: apt-get install nginx-light).")
    port = stand.free_port()
    home = FOLDER / "nginx"
    home.mkdir(exist_ok=True)
    config = home / "nginx.conf"
    folders = "".join(
        f"{kind}_temp_path {home}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config.write_text(
        f"daemon off; worker_processes 1; pid {home}/pid; error_log {home}/error.log;\n"
        "user root;\n"
        "events { worker_connections 1024; }\n"
        f"http {{ sendfile on; tcp_nopush on; access_log off; {folders}\n"
        "types { image/webp webp; } open_file_cache max=10; keepalive_requests 100000000;\n"
        f"server {{ listen 127.0.0.1:{port} backlog=1024; root {FILES}; }} }}\n"
    )
    command = [program, "-c", str(config), "-p", str(home), "-e", f"{home}/error.log"]
    with stand.process(command, FOLDER / "nginx.log"):
        stand.until_answered(port, "/media.webp")
        yield port


def main(rounds: int, seconds: float) -> int:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FILES.mkdir(parents=True)
    runs: dict[str, list[Load]] = {}
    with stand.database(FOLDER) as url:
        (tenant,) = stand.tenants(url, 1)
        paths = prepared(url, tenant)
        key = f'wrk.headers["X-API-Key"] = "{tenant.key}"'
        with (
            stand.tintype(FOLDER, url, worker=False) as ours,
            bare() as theirs,
            nginx() as limit,
        ):
            contenders = {
                "nginx": (limit, "/media.webp", ""),
                "bare app, media": (theirs, "/media.webp", ""),
                "Tintype, /media": (ours, paths["media"], ""),
                "bare app, live": (theirs, "/live.webp", ""),
                "Tintype, /live": (ours, paths["live"], key),
            }
            for number in range(rounds + 1):
                for name, (port, path, script) in contenders.items():
                    load = stand.wrk(
                        port, path, connections=CONNECTIONS, seconds=seconds, script=script
                    )
                    assert not load.faults, f"{name}: {load.faults}"
                    if number:  # The first round warms everyone up.
                        runs.setdefault(name, []).append(load)
    return report(runs, rounds)


def report(runs: dict[str, list[Load]], rounds: int) -> int:
    sizes = {name: (FILES / f"{name}.webp").stat().st_size for name in ("media", "live")}
    print(f"\nWebP of {sizes['media']:,} (/media) and {sizes['live']:,} bytes (/live),")
    print(
        f"{CONNECTIONS} connections, one worker process each; medians of {rounds} rounds in turn\n"
    )
    print("| | requests/s | p99 ms | lowest and highest rate |\n|---|---|---|---|")
    for name, loads in runs.items():
        rates = [load.rate for load in loads]
        p99 = middle([load.p99_ms for load in loads])
        print(
            f"| {name} | {middle(rates):,.0f} | {p99:.1f} | {min(rates):,.0f}-{max(rates):,.0f} |"
        )
    targets = []
    for kind in ("media", "live"):
        shares = [
            ours.rate / bare.rate
            for ours, bare in zip(runs[f"Tintype, /{kind}"], runs[f"bare app, {kind}"], strict=True)
        ]
        share = middle(shares)
        rate = middle([load.rate for load in runs[f"Tintype, /{kind}"]])
        targets.append(
            Target(
                f"/{kind} hit: at least {TARGET:.0%} of a bare ASGI app from memory",
                f"{share:.0%} ({rate:,.0f}/s)", share >= TARGET,
            )
        )  # fmt: skip
    return stand.told(targets)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4, help="of each run of wrk")
    options = parser.parse_args()
    sys.exit(main(options.rounds, options.seconds))
