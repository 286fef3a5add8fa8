"""Models registered by URL: fetched by the worker, judged, ready or failed with the reason."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web

from support.house import House, Tenant, opened, settings_for, working
from support.loopback import Server, raw_serving, serving
from support.weights import PICKLE, lora
from support.workers import until
from tintype import queue, worker
from tintype.models import jobs, run_queries
from tintype.models.fetching import fetch
from tintype.models.operations import ENTRYPOINT
from tintype.storage import open_storage

pytestmark = pytest.mark.usefixtures("studio")
SOUND = lora(2 * 2**20, author="me")


@pytest.fixture
async def asking(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """A house without a worker that may fetch from 127.0.0.2."""
    settings = settings_for(
        database_url, tmp_path, fetch={"allow_networks": ["127.0.0.2/32"]},
        models={"upload_bytes_max": 8 * 2**20},
    )  # fmt: skip
    async with opened(settings, with_worker=False) as house:
        yield house


@contextlib.asynccontextmanager
async def answering(data: bytes, status: int = 200) -> AsyncIterator[Server]:
    async def answer(_: Any) -> web.Response:
        return web.Response(body=data, status=status)

    async with serving(answer) as server:
        yield server


async def ask(house: House, key: Tenant, url: str, **more: Any) -> Any:
    body = {"name": "S", "kind": "lora", "base_model": "studio/large", "source_url": url} | more
    return await house.ask("POST", "/v1/models", key=key, json=body)


async def pending(house: House, key: Tenant, url: str) -> str:
    made = await ask(house, key, url)
    assert made.status == 202, made.body
    assert made.json["status"] == "pending"
    return str(made.json["id"])


async def ended(house: House, key: Tenant, model_id: str) -> Any:
    async def over() -> Any:
        found = (await house.ask("GET", f"/v1/models/{model_id}", key=key)).json
        return found if found["status"] != "pending" else None

    return await until(over, 30)


async def files(house: House) -> list[str]:
    storage = open_storage(house.settings.storage_url)
    return [found.key async for found in storage.list("weights")]


async def test_a_lora_is_fetched_and_ready(asking: House) -> None:
    me = await asking.tenant()
    async with answering(SOUND) as server, working(asking.settings):
        url = server.url("/lora.safetensors?token=a")
        made = await ask(asking, me, url, triggerWords=["snkr", " snkr "], scale=0.5)
        assert made.status == 202, made.body
        assert made.headers["Location"] == f"/v1/models/{made.json['id']}"
        told = await ended(asking, me, made.json["id"])
    assert (told["status"], told["error"], told["source_url"]) == ("ready", None, url)
    assert (told["bytes"], told["tensors"], told["trigger_words"]) == (len(SOUND), 2, ["snkr"])
    assert (told["scale"], told["file_metadata"]) == (0.5, {"author": "me"})
    (key,) = await files(asking)
    assert await open_storage(asking.settings.storage_url).get(key) == SOUND


@pytest.mark.parametrize(
    ("data", "status", "code", "told"),
    [
        (PICKLE, 200, "UNSUPPORTED_MEDIA_TYPE", "source_url: the file is a Python pickle"),
        (SOUND[:-1], 200, "VALIDATION_FAILED", "source_url: the safetensors file ends after"),
        (SOUND, 404, "VALIDATION_FAILED", "source_url: the server answered 404"),
        (lora(5 * 2**20), 200, "PAYLOAD_TOO_LARGE", "source_url: larger than"),
        (SOUND, 503, "PROVIDER_ERROR", "source_url: the server answered 503"),
    ],
)
async def test_what_can_not_be_taken_fails_with_its_reason(
    asking: House, data: bytes, status: int, code: str, told: str
) -> None:
    me = await asking.tenant()
    async with answering(data, status) as server, working(asking.settings):
        model = await ended(asking, me, await pending(asking, me, server.url("/x")))
        assert len(server.asked) == (3 if status == 503 else 1)
    assert (model["status"], model["error"]["code"]) == ("failed", code)
    assert model["error"]["message"].startswith(told)
    assert (model["bytes"], await files(asking)) == (None, [])


async def test_a_server_that_recovers_is_asked_again(asking: House) -> None:
    me = await asking.tenant()
    faults = [503]

    async def answer(_: Any) -> web.Response:
        return web.Response(status=faults.pop()) if faults else web.Response(body=SOUND)

    async with serving(answer) as server, working(asking.settings):
        model = await ended(asking, me, await pending(asking, me, server.url("/x")))
    assert model["status"] == "ready"


async def test_bad_requests_are_refused_by_field(asking: House) -> None:
    me = await asking.tenant()
    for body, field in (
        ({"source_url": "ftp://example.com/x"}, "source_url"), ({"source_url": None}, "source_url"),
        ({"source_url": "http://127.0.0.1/x"}, "source_url"), ({"base_model": "zzz"}, "base_model"),
        ({"trigger_words": "a"}, "trigger_words"), ({"trigger_words": [" "]}, "trigger_words"),
        ({"scale": 2.5}, "scale"), ({"scale": "1"}, "scale"), ({"name": " "}, "name"),
        ({"engine": "builtin"}, "engine"), ({"meta": {"x": "y" * 17_000}}, "meta"), ({"zzz": 1}, "zzz"),
    ):  # fmt: skip
        answer = await ask(asking, me, "https://example.com/x", **body)
        assert (answer.status, answer.json["error"]["param"]) == (422, field), body
    answer = await asking.ask(
        "POST", "/v1/models", key=me, data=b"{}", headers={"Content-Type": "text/plain"}
    )
    assert answer.status == 415
    assert (await asking.ask("GET", "/v1/models?kind=lora", key=me)).json["total"] == 0


async def test_one_fetch_per_idempotency_key(asking: House) -> None:
    me = await asking.tenant()
    body = {"name": "S", "kind": "lora", "base_model": "studio/large",
            "source_url": "https://example.com/x"}  # fmt: skip
    made = [
        await asking.ask("POST", "/v1/models", key=me, json=body, headers={"Idempotency-Key": "k"})
        for _ in range(2)
    ]
    assert [it.status for it in made] == [202, 202]
    assert made[0].json == made[1].json


async def test_a_deleted_model_is_not_fetched(asking: House) -> None:
    me = await asking.tenant()
    async with answering(SOUND) as server:
        model = await pending(asking, me, server.url("/x"))
        assert (await asking.ask("DELETE", f"/v1/models/{model}", key=me)).status == 204
        async with worker.opened(asking.settings) as studio:
            assert await fetch(worker.loader(studio), model) is None
        assert server.asked == []
    async with asking.database.reading() as tx:
        assert await queue.ringing(tx, ENTRYPOINT, [model]) == set()


async def test_a_model_deleted_while_it_is_fetched_keeps_no_bytes(asking: House) -> None:
    me = await asking.tenant()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(SOUND)}\r\n\r\n".encode()
    pieces = (head, SOUND[:100], b"")
    async with raw_serving(*pieces, pause_seconds=0.05, endless=True) as server:
        model = await pending(asking, me, server.url("/x"))
        async with worker.opened(asking.settings) as studio:
            fetching = asyncio.create_task(fetch(worker.loader(studio), model))
            await until(lambda: leased(asking, model))
            assert (await asking.ask("DELETE", f"/v1/models/{model}", key=me)).status == 204
            assert await fetching is None
    assert await files(asking) == []


async def test_a_worker_that_stops_gives_the_fetch_back_uncounted(asking: House) -> None:
    me = await asking.tenant()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(SOUND)}\r\n\r\n".encode()
    async with raw_serving(head, b"", pause_seconds=0.05, endless=True) as server:
        model = await pending(asking, me, server.url("/x"))
        async with worker.opened(asking.settings) as studio:
            fetching = asyncio.create_task(fetch(worker.loader(studio), model))
            await until(lambda: leased(asking, model))
            studio.stopping.set()
            again = await fetching
    assert again is not None
    assert again.total_seconds() == 0
    row = await the_row(asking, model)
    assert (row["attempts"], row["lease"], row["status"]) == (0, None, "pending")


async def test_a_fetch_that_another_run_holds_waits_for_its_lease(asking: House) -> None:
    me = await asking.tenant()
    async with answering(SOUND) as server:
        model = await pending(asking, me, server.url("/x"))
        async with asking.database.transaction() as tx:
            assert await run_queries.claim(tx, model, uuid4(), 100)
        async with worker.opened(asking.settings) as studio:
            wait = await fetch(worker.loader(studio), model)
            assert wait is not None
            assert 0 < wait.total_seconds() <= 100
            await expire(asking, model)
            assert await fetch(worker.loader(studio), model) is None
    row = await the_row(asking, model)
    assert (row["status"], row["attempts"]) == ("ready", 2)


async def test_a_run_that_lost_its_lease_writes_nothing(asking: House) -> None:
    me = await asking.tenant()
    other = uuid4()

    async def answer(_: Any) -> web.Response:
        await expire(asking, model)
        async with asking.database.transaction() as tx:
            assert await run_queries.claim(tx, model, other, 100)
        return web.Response(body=SOUND)

    async with serving(answer) as server:
        model = await pending(asking, me, server.url("/x"))
        async with worker.opened(asking.settings) as studio:
            assert await fetch(worker.loader(studio), model) is None
    row = await the_row(asking, model)
    assert (row["status"], row["lease"]) == ("pending", other)
    assert await files(asking) == []


async def test_a_fetch_whose_runs_die_fails_in_the_end(asking: House) -> None:
    me = await asking.tenant()
    async with answering(SOUND) as server:
        model = await pending(asking, me, server.url("/x"))
        for _ in range(3):
            async with asking.database.transaction() as tx:
                assert await run_queries.claim(tx, model, uuid4(), 100)
            await expire(asking, model)
        async with worker.opened(asking.settings) as studio:
            assert await fetch(worker.loader(studio), model) is None
        assert server.asked == []
    row = await the_row(asking, model)
    assert (row["status"], row["error"]["code"]) == ("failed", "PROVIDER_ERROR")


async def test_a_lost_ring_is_rung_anew(asking: House) -> None:
    me = await asking.tenant()
    async with answering(SOUND) as server:
        model = await pending(asking, me, server.url("/x"))
        async with asking.database.transaction() as tx:
            await queue.forget(tx, ENTRYPOINT, model)
        async with worker.opened(asking.settings) as studio:
            for _ in range(2):
                await jobs.ring_the_lost(worker.loader(studio))
        async with asking.database.reading() as tx:
            assert await queue.ringing(tx, ENTRYPOINT, [model]) == {model}
        async with working(asking.settings):
            assert (await ended(asking, me, model))["status"] == "ready"


async def test_a_slow_server_is_given_up(asking: House) -> None:
    me = await asking.tenant()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(SOUND)}\r\n\r\n".encode()
    async with raw_serving(head, b"", pause_seconds=0.05, endless=True) as server:
        model = await pending(asking, me, server.url("/x"))
        async with worker.opened(asking.settings) as studio:
            loader = worker.loader(studio)
            short = replace(loader, settings=type(loader.settings)(fetch_seconds_max=0.2))
            again = await fetch(short, model)
    assert again is not None
    assert again.total_seconds() > 0
    assert (await the_row(asking, model))["status"] == "pending"


async def the_row(house: House, model_id: str) -> Any:
    async with house.database.reading() as tx:
        return await tx.fetchrow("SELECT * FROM custom_models WHERE id = $1", model_id)


async def leased(house: House, model_id: str) -> bool:
    return (await the_row(house, model_id))["lease"] is not None


async def expire(house: House, model_id: str) -> None:
    async with house.database.transaction() as tx:
        await tx.execute("UPDATE custom_models SET lease_until = now() WHERE id = $1", model_id)
