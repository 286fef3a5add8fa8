"""What monitors ask: whether the process lives, whether it can work, and its counters."""

import pytest

from cli.metrics import samples
from support.house import House


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_health_answers_head_as_it_answers_get(idle_house: House, path: str) -> None:
    whole = await idle_house.ask("GET", path)
    short = await idle_house.ask("HEAD", path)
    assert (whole.status, short.status, short.body) == (200, 200, b"")
    assert whole.json["status"] in {"ok", "ready"}
    assert short.headers["Content-Length"] == whole.headers["Content-Length"]
    assert (await idle_house.ask("POST", path)).status == 405


async def test_metrics_are_well_formed_and_tell_the_queues_depth(idle_house: House) -> None:
    tenant = await idle_house.tenant()
    made = await idle_house.ask(
        "POST", "/api/v1/generations", key=tenant, json={"prompt": "a red fox"}
    )
    assert made.status == 202
    reply = await idle_house.ask("GET", "/metrics")
    assert reply.status == 200
    found = samples(reply.body.decode())
    assert found["tintype_queue_jobs", (("status", "queued"),)] == 1
    assert found["tintype_queue_jobs", (("status", "picked"),)] == 0
