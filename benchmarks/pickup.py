"""From submission to the engine's start on an idle server, by the rows' own clocks.

Run `python benchmarks/pickup.py`. A whole Tintype as in production (API, worker, embedded
PostgreSQL) gets single `POST /generations`, each after the one before has ended and a pause.
`created_at` is the start of the submitting transaction, `started_at` is set by the worker's claim
just before its engine runs.
"""

import argparse
import shutil
import sys
import time

import msgspec
import stand
from stand import BUILD, Target, ask, middle, quantile

from tintype.db.pool import Database, Row

P50_TARGET_MS = 15.0


def main(submissions: int, pause: float) -> int:
    folder = BUILD / "pickup"
    shutil.rmtree(folder, ignore_errors=True)
    with stand.database(folder) as url:
        (tenant,) = stand.tenants(url, 1)
        with stand.tintype(folder, url, worker=True) as port:
            ids = [submit(port, tenant.key, pause) for _ in range(submissions + 1)]
        taken = stand.in_database(url, lambda opened: waits(opened, ids))
    # The very first one also opens connections and prepares statements; it is told apart.
    first, rest = taken[0], taken[1:]
    p50, p99 = middle(rest), quantile(rest, 0.99)
    print(f"{submissions} single submissions: p50 {p50:.1f} ms, p90 {quantile(rest, 0.9):.1f} ms,")
    print(f"p99 {p99:.1f} ms, most {max(rest):.1f} ms; the first after the start {first:.1f} ms")
    found = f"p50 {p50:.1f} ms, p99 {p99:.1f} ms"
    return stand.told([
        Target(f"idle submit to engine start: p50 at most {P50_TARGET_MS:.0f} ms", found,
               p50 <= P50_TARGET_MS),
    ])  # fmt: skip


def submit(port: int, key: str, pause: float) -> str:
    headers = {"X-API-Key": key}
    body = {"prompt": "A red fox by a lake", "aspect_ratio": "1:1", "seed": 7}
    status, _, answer = ask(port, "POST", "/v1/generations", body=body, headers=headers)
    assert status == 202, answer
    made = str(msgspec.json.decode(answer)["id"])
    headers["Prefer"] = "wait=60"
    status, _, answer = ask(port, "GET", f"/v1/generations/{made}", headers=headers)
    assert msgspec.json.decode(answer)["status"] == "completed", answer
    time.sleep(pause)
    return made


async def waits(opened: Database, ids: list[str]) -> list[float]:
    """Milliseconds each of them waited, in the order of submission."""
    async with opened.reading() as connection:
        rows: list[Row] = await connection.fetch(
            "SELECT id, extract(epoch FROM started_at - created_at) * 1000 AS ms"
            " FROM generations WHERE id = ANY ($1)",
            ids,
        )
    found = {row["id"]: float(row["ms"]) for row in rows}
    return [found[one] for one in ids]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=200)
    parser.add_argument("--pause", type=float, default=0.1, help="seconds")
    options = parser.parse_args()
    sys.exit(main(options.submissions, options.pause))
