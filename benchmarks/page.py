"""A page of 20 generations out of a million rows, at any depth.

Run `python benchmarks/page.py`. The rows are made by SQL; the pages that are asked for have their
pictures too, as real ones would. Pages are asked over HTTP from the API as in production, with
`limit=20` and `after`, in turn at every depth within one run, each repetition at a place of its
own. The medians must stay within 1.5 times the first page's.
"""

import argparse
import http.client
import random
import shutil
import sys
import time

import msgspec
import stand
from stand import BUILD, Target, Tenant, middle, quantile

from tintype.db.pool import Database

FOLDER = BUILD / "page"
TARGET = 1.5
LIMIT = 20
# Rows around each place that have their pictures.
DEPTHS = {"1 %": 0.01, "10 %": 0.1, "50 %": 0.5, "90 %": 0.9, "99.9 %": 0.999}
WINDOW = 400


async def fill(opened: Database, tenant: Tenant, rows: int) -> None:
    """Ids are made of the row's number, so that any depth can be asked for by computing one."""
    columns = (
        "(id, organization_id, api_key_id, source, livemode, kind, status, prompt, model, engine,"
        " fidelity, aspect_ratio, resolution, width, height, seed, variants, credits_reserved,"
        " created_at, started_at, completed_at, progress)"
    )
    async with opened.pool.acquire() as connection:
        await connection.execute("SET statement_timeout = 0")
        for first in range(1, rows + 1, 100_000):
            await connection.execute(
                f"""
                INSERT INTO generations {columns}
                SELECT 'gen_01' || lpad(n::text, 24, '0'), $1, $2, 'api', true, 'text_to_image',
                    CASE WHEN n % 10 = 0 THEN 'failed' WHEN n % 97 = 1 THEN 'canceled'
                        ELSE 'completed' END,
                    'A red fox by a mountain lake, number ' || n, 'tintype-draft', 'builtin',
                    'preview', '1:1', '1K', 1024, 1024, n, 1, 0, t, t, t, 1
                FROM generate_series($3::bigint, $4::bigint) n,
                    LATERAL (SELECT now() - make_interval(secs => ($5 - n)) AS t) made
                """,
                tenant.organization_id, tenant.key_id, first, min(rows, first + 99_999), rows,
                timeout=600,
            )  # fmt: skip
        for share in (0.0, *DEPTHS.values()):
            newest = rows - int(share * rows)
            await connection.execute(
                """
                INSERT INTO images (id, organization_id, generation_id, source, livemode, has_alpha,
                    object_key, format, width, height, bytes, sha256, thumbhash, prompt)
                SELECT 'img_' || substr(id, 5), organization_id, id, 'generated', true, false,
                    'masters/' || id, 'webp', 1024, 1024, 100000, repeat('ab', 32), 'thumb', prompt
                FROM generations WHERE organization_id = $1 AND status = 'completed'
                    AND id BETWEEN 'gen_01' || lpad($2::text, 24, '0')
                        AND 'gen_01' || lpad($3::text, 24, '0')
                ON CONFLICT DO NOTHING
                """,
                tenant.organization_id, str(max(1, newest - WINDOW)), str(newest),
            )  # fmt: skip
        # What autovacuum does to a table that grew in production.
        await connection.execute("VACUUM (ANALYZE) generations, images", timeout=600)


def measured(
    port: int, key: str, rows: int, repetitions: int, filters: str
) -> dict[str, list[float]]:
    """Milliseconds for each page, by depth; every answer is checked for what it holds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    dice = random.Random(5)
    taken: dict[str, list[float]] = {}
    for number in range(repetitions + 10):
        for name, share in {"first": None, **DEPTHS}.items():
            path = f"/v1/generations?limit={LIMIT}{filters}"
            if share is not None:
                start = max(100, rows - int(share * rows) - dice.randrange(WINDOW // 2))
                path += f"&after=gen_01{start:024d}"
            begun = time.perf_counter()
            connection.request("GET", path, headers={"X-API-Key": key})
            answer = connection.getresponse()
            body = answer.read()
            seconds = time.perf_counter() - begun
            assert answer.status == 200, body
            page = msgspec.json.decode(body)
            assert len(page["data"]) == LIMIT, len(page["data"])
            done = [one for one in page["data"] if one["status"] == "completed"]
            assert all(one["images"] for one in done), name
            if share is not None:
                assert page["data"][0]["id"] < f"gen_01{start:024d}"
            if number >= 10:  # The first rounds bring the pages into PostgreSQL's memory.
                taken.setdefault(name, []).append(seconds * 1000)
    connection.close()
    return taken


def main(rows: int, repetitions: int) -> int:
    shutil.rmtree(FOLDER, ignore_errors=True)
    targets = []
    with stand.database(FOLDER) as url:
        (tenant,) = stand.tenants(url, 1)
        begun = time.perf_counter()
        stand.in_database(url, lambda opened: fill(opened, tenant, rows))
        print(f"{rows:,} generations made in {time.perf_counter() - begun:.0f} s")
        with stand.tintype(FOLDER, url, worker=False) as port:
            for filters in ("", "&status=success"):
                taken = measured(port, tenant.key, rows, repetitions, filters)
                targets.append(judged(taken, rows, filters))
    shutil.rmtree(FOLDER)  # A million rows are more than a gigabyte.
    return stand.told(targets)


def judged(taken: dict[str, list[float]], rows: int, filters: str) -> Target:
    first = middle(taken["first"])
    print(f"\n`GET /v1/generations?limit={LIMIT}{filters}` by depth\n")
    print("| depth | p50 ms | p95 ms | against the first page |\n|---|---|---|---|")
    for name, values in taken.items():
        p50 = middle(values)
        print(f"| {name} | {p50:.2f} | {quantile(values, 0.95):.2f} | {p50 / first:.2f} x |")
    deepest = max(middle(values) for values in taken.values()) / first
    with_filter = " with `status`" if filters else ""
    return Target(
        f"a page of {LIMIT} of {rows:,}{with_filter}, at any depth: at most {TARGET} x the first",
        f"{deepest:.2f} x (first page {first:.1f} ms)", deepest <= TARGET,
    )  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repetitions", type=int, default=60)
    options = parser.parse_args()
    sys.exit(main(options.rows, options.repetitions))
