"""A text of 30 words polished: one at a time, many at once, and what others feel meanwhile.

Run `python benchmarks/polish.py`. Every text is another one, with faults. The first request of a
process loads the dictionary and is told apart. While eight connections keep asking, `/healthz` is
asked beside them: it needs nothing but the event loop, which no checking may hold up.
"""

import argparse
import shutil
import sys
import threading
import time

import stand
from stand import BUILD, Target, middle, quantile

FOLDER = BUILD / "polish"
P50_MS_MAX = 50.0
TEXT = (
    "Our new colection number {} is here and its made from recycled cotton, so dont wait untill"
    " the end of the season to recieve it at home with free shipping and easy returns."
)
LUA = """
local n = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["X-API-Key"] = "%s"
request = function()
    n = n + 1
    return wrk.format(nil, nil, nil, '{"text": "' .. string.gsub("%s", "{}", n) .. '"}')
end
"""


def polish(port: int, key: str, number: int) -> float:
    """Milliseconds of one request on a connection of its own; the answer is checked."""
    begun = time.perf_counter()
    status, _, body = stand.ask(
        port, "POST", "/v1/text/polish",
        body={"text": TEXT.format(number)}, headers={"X-API-Key": key},
    )  # fmt: skip
    taken = (time.perf_counter() - begun) * 1000
    assert status == 200, body
    assert b"collection" in body, body
    assert b"receive it" in body, body
    return taken


def beside(port: int, over: threading.Event, taken: list[float]) -> None:
    """Ask `/healthz` every 20 ms until told that it's over; milliseconds into `taken`."""
    while not over.wait(0.02):
        begun = time.perf_counter()
        assert stand.ask(port, "GET", "/healthz")[0] == 200
        taken.append((time.perf_counter() - begun) * 1000)


def main(requests: int, seconds: float) -> int:
    shutil.rmtree(FOLDER, ignore_errors=True)
    with stand.database(FOLDER) as url:
        (tenant,) = stand.tenants(url, 1)
        with stand.tintype(FOLDER, url, worker=False) as port:
            first = polish(port, tenant.key, 0)
            for number in range(20):  # Each thread has a checker of its own to make.
                polish(port, tenant.key, number)
            alone = [polish(port, tenant.key, number) for number in range(100, 100 + requests)]
            health: list[float] = []
            over = threading.Event()
            asking = threading.Thread(target=beside, args=(port, over, health))
            asking.start()
            load = stand.wrk(
                port, "/v1/text/polish", connections=8, seconds=seconds,
                script=LUA % (tenant.key, TEXT),
            )  # fmt: skip
            over.set()
            asking.join()
            assert not load.faults, load.faults
    p50, p99 = middle(alone), quantile(alone, 0.99)
    print(f"first request {first:.0f} ms; alone p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    print(f"8 connections: {load.rate:.0f}/s, p99 {load.p99_ms:.0f} ms")
    print(f"/healthz meanwhile: p50 {middle(health):.1f} ms, p99 {quantile(health, 0.99):.1f} ms")
    return stand.told([Target(
        f"a text of 30 words polished: p50 at most {P50_MS_MAX:.0f} ms",
        f"p50 {p50:.0f} ms, p99 {p99:.0f} ms ({load.rate:.0f}/s at 8 connections, p99"
        f" {load.p99_ms:.0f} ms; `/healthz` beside them p99 {quantile(health, 0.99):.0f} ms)",
        p50 <= P50_MS_MAX,
    )])  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=8)
    options = parser.parse_args()
    sys.exit(main(options.requests, options.seconds))
