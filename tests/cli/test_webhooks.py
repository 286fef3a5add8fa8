"""`tintype webhooks`: events on one's own machine, and examples of them."""

import asyncio
import contextlib
import json
import re
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cli.process import COMMAND, environment, tintype
from support.house import House, Tenant, opened, settings_for
from support.receiver import receiving, status
from tintype.batches.models import Batch
from tintype.catalog.models import model_for
from tintype.cli.prepare import prepare
from tintype.cli.webhook_examples import example
from tintype.generations.models import Generation
from tintype.images.links import Links
from tintype.images.models import Image, PictureEvent
from tintype.projects.models import Project
from tintype.videos.models import Video
from tintype.webhooks.models import TEST, TYPES
from webhooks.asking import endpoint


@pytest.fixture
async def shop(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    fetch = {"allow_networks": ["127.0.0.0/8"]}
    settings = settings_for(database_url, tmp_path, fetch=fetch)
    await prepare(settings)
    async with opened(settings) as made:
        yield made


async def command(shop: House, *words: object) -> Any:
    """In a thread, as the house's worker lives in this test's own loop."""
    return await asyncio.to_thread(
        tintype, "webhooks", *words, "--data", shop.settings.folder,
        url=shop.settings.database.url,
    )  # fmt: skip


@pytest.mark.parametrize("type_", [it for it in TYPES if it != TEST])
def test_an_example_is_of_the_true_form_and_says_what_it_is(type_: str) -> None:
    links = Links("http://localhost:3000", None)
    subject_id, data = example(type_, links, livemode=True)
    assert data.pop("example") is True
    kinds: dict[str, Any] = {
        "generation": Generation, "image": Image, "picture": PictureEvent, "project": Project,
        "video": Video, "batch": Batch,
    }  # fmt: skip
    noun, _, what = type_.partition(".")
    if noun in kinds:
        made = msgspec.convert(data, kinds[noun])
        assert set(data) == set(made.__struct_fields__)
    if noun == "generation":
        assert (data["status"], bool(data["images"])) == (what, what == "completed")
        model = model_for("text_to_image", data["model"])
        assert (data["engine"], data["fidelity"]) == (model.engine, model.fidelity)
    if noun == "project":
        assert (data["status"] == "published") == (data["public_url"] is not None)
        assert (data["status"] == "published") == (what == "published")
    for image in [data] if noun == "image" else data.get("images", []):
        assert image["url"] == image["public_url"] == links.public_url(image["id"], "png")
    assert subject_id in data.values()


async def test_trigger_sends_an_example_to_the_endpoints(shop: House) -> None:
    me = await shop.tenant()
    async with receiving() as sink:
        made = await endpoint(shop, me, sink.url(), events=["picture.completed"])
        done = await command(shop, "trigger", "picture.completed", "--org", me.organization_id)
        assert done.code == 0, done.err
        assert [it["status"] for it in done.json["deliveries"]] == ["delivered"]
        body = sink.hooks[0].verify(made["secret"])
        assert body["id"] == done.json["event_ids"][0]
        assert body["data"]["example"] is True
        assert body["data"]["source_instruction"]["source"] == "preset"
        nowhere = await command(shop, "trigger", "image.deleted", "--org", me.organization_id)
        assert (nowhere.code, nowhere.json["deliveries"]) == (0, [])
        tested = await command(shop, "trigger", "webhook.test", "--org", me.organization_id)
        assert [it["endpoint_id"] for it in tested.json["deliveries"]] == [made["id"]]


async def test_an_unknown_type_is_refused_with_the_one_that_was_meant(shop: House) -> None:
    done = await command(shop, "trigger", "generation.complete")
    assert done.code == 2
    assert "`generation.completed`" in done.err
    done = await command(shop, "listen", "--forward-to", "nowhere")
    assert done.code == 2
    assert "--forward-to" in done.err


@pytest.fixture
async def me(shop: House) -> Tenant:
    return await shop.tenant()


async def _until(process: "subprocess.Popen[str]", words: str) -> str:
    """Read stderr to the line with `words`."""
    assert process.stderr is not None
    while True:
        line = await asyncio.to_thread(process.stderr.readline)
        assert line, "it ended"
        if words in line:
            return str(line)


@contextlib.contextmanager
def listening(shop: House, me: Tenant, url: str, *words: str) -> Iterator["subprocess.Popen[str]"]:
    """`tintype webhooks listen` as a process; ended in the end."""
    command = [*COMMAND, "webhooks", "listen", "--forward-to", url, "--org", me.organization_id]
    with subprocess.Popen(
        [*command, "--data", str(shop.settings.folder), *words],
        env=environment(TINTYPE_DATABASE_URL=shop.settings.database.url),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()


async def next_line(process: "subprocess.Popen[str]") -> Any:
    assert process.stdout is not None
    return json.loads(await asyncio.to_thread(process.stdout.readline))


async def test_listen_posts_what_happens_signed_and_shows_each_answer(
    shop: House, me: Tenant
) -> None:
    await shop.picture(me)
    types = "generation.completed,image.deleted"
    async with receiving(status(202)) as sink:
        with listening(shop, me, sink.url(), "--events", types) as process:
            secret = re.search(r"whsec_\S+", await _until(process, "Events go to"))
            assert secret is not None
            await asyncio.sleep(0.5)
            picture = await shop.picture(me)
            told = await next_line(process)
            process.send_signal(signal.SIGINT)
            code = await asyncio.to_thread(process.wait, 10)
        (hook,) = sink.hooks
        assert hook.verify(secret[0])["data"]["id"] == picture["id"]
        assert (told["event_id"], told["type"], told["status"]) == (
            hook.id, "generation.completed", 202,
        )  # fmt: skip
        assert code == 130


async def _own_secrets(shop: House) -> tuple[int, str]:
    """How many there are, and whose they are to open."""
    async with shop.database.reading() as tx:
        made: int = await tx.fetchval("SELECT count(*) FROM webhook_secrets")
        mark: str = await tx.fetchval("SELECT coalesce(max(mark), '') FROM vault_mark")
        return made, mark


async def test_listen_makes_no_secret_that_the_server_could_not_open(
    shop: House, me: Tenant, tmp_path: Path
) -> None:
    before = await _own_secrets(shop)
    to = ["--forward-to", "http://127.0.0.1:9/", "--org", me.organization_id]
    words = ["webhooks", "listen", *to, "--data"]
    url = shop.settings.database.url
    done = await asyncio.to_thread(tintype, *words, tmp_path / "other", url=url)
    assert done.code != 0
    assert "TINTYPE_SECURITY_SECRET" in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert await _own_secrets(shop) == before
    async with shop.database.transaction() as tx:
        await tx.execute("DELETE FROM vault_mark")
    done = await asyncio.to_thread(tintype, *words, shop.settings.folder, url=url)
    assert done.code != 0
    assert "start one" in done.err
    assert await _own_secrets(shop) == (0, "")


async def test_listen_says_when_nobody_is_there(shop: House, me: Tenant) -> None:
    with listening(shop, me, "http://127.0.0.1:9/") as process:
        await _until(process, "Events go to")
        await asyncio.sleep(0.5)
        await shop.ask("POST", "/v1/generations", key=me, json={"prompt": "a fox"})
        told = await next_line(process)
    assert (told["status"], told["error"]) == (None, "could_not_connect")
