"""Pictures of image jobs that are fetched from a URL: judged by their bytes, in bounds."""

from pathlib import Path

import aiohttp
import pytest

from support import images
from support.house import House, opened, settings_for
from support.image_jobs import download, job
from support.loopback import raw_serving, serving


@pytest.fixture
async def near_house(database_url: str, tmp_path: Path):
    """A house that may fetch from one loopback network."""
    settings = settings_for(database_url, tmp_path, fetch={
        "allow_networks": ["127.0.0.2/32"], "seconds_max": 1.0})  # fmt: skip
    async with opened(settings) as made:
        yield made


async def test_a_url_is_fetched_by_the_worker(near_house: House) -> None:
    me = await near_house.tenant()
    picture = images.file("webp", 90, 60)

    async def answer(request):
        # What the server says of the type counts for nothing.
        return aiohttp.web.Response(body=picture, content_type="text/html")

    async with serving(answer) as server:
        done = (await job(near_house, me, mode="clean", image_url=server.url("/image.webp"))).data
    assert (done["status"], done["width"], done["height"]) == ("completed", 90, 60)
    assert done["image_url"] == server.url("/image.webp")
    image = await near_house.ask("GET", f"/v1/images/{done['image_id']}", key=me)
    assert (image.json["format"], image.json["parent_id"]) == ("webp", None)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (images.file("jpeg", 200, 150)[:-2000], "damaged or cut short"),
        (b"<html>no picture</html>", "not an accepted picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an accepted picture"),
        (images.file("png")[:60], "damaged"),
        (b"", "empty"),
    ],
)
async def test_what_is_fetched_is_judged_by_its_bytes(
    near_house: House, body: bytes, words: str
) -> None:
    me = await near_house.tenant(grant=5)

    async def answer(request):
        return aiohttp.web.Response(body=body, content_type="image/png")

    async with serving(answer) as server:
        done = (await job(near_house, me, mode="clean", image_url=server.url("/x.png"))).data
    assert done["status"] == "failed"
    assert done["error"]["code"] == "VALIDATION_FAILED"
    assert done["error"]["message"].startswith("image_url: ")
    assert words in done["error"]["message"]
    assert done["credits_used"] == 0


async def test_a_redirect_to_a_private_address_fails_the_job(near_house: House) -> None:
    me = await near_house.tenant(grant=5)

    async def answer(request):
        raise aiohttp.web.HTTPFound("http://127.0.0.1:9/secret")

    async with serving(answer) as server:
        done = (await job(near_house, me, mode="clean", image_url=server.url("/x.png"))).data
    assert (done["status"], done["error"]["code"]) == ("failed", "VALIDATION_FAILED")
    assert "image_url" in done["error"]["message"]
    assert len(server.asked) == 1


@pytest.mark.parametrize("endless", [True, False])
async def test_endless_and_slow_answers_end_the_job(
    database_url: str, tmp_path: Path, endless: bool
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n" + images.PNG_SIGNATURE
    pieces = (head, b"\0" * 65536) if endless else (head, b"\0")
    settings = settings_for(
        database_url, tmp_path, media={"upload_bytes_max": 1_000_000},
        fetch={"allow_networks": ["127.0.0.2/32"], "seconds_max": 0.5},
    )  # fmt: skip
    async with (
        opened(settings) as house,
        raw_serving(*pieces, endless=True, pause_seconds=0.0 if endless else 0.1) as server,
    ):
        me = await house.tenant(grant=5)
        done = (await job(house, me, mode="clean", image_url=server.url("/x.png"))).data
    assert done["status"] == "failed"
    words = "larger than 1000000 bytes" if endless else "no complete answer within 0.5 seconds"
    assert words in done["error"]["message"]
    # What may go better a little later is tried again; too large is too large.
    assert done["error"]["code"] == ("VALIDATION_FAILED" if endless else "PROVIDER_ERROR")


async def test_a_strangers_bytes_are_never_kept_as_they_came(near_house: House) -> None:
    """Not even when the job changes nothing: metadata and what hangs on a file stay outside."""
    me = await near_house.tenant()
    source = images.file("jpeg", 80, 60) + b"<script>alert(1)</script>"

    async def answer(request):
        return aiohttp.web.Response(body=source)

    async with serving(answer) as server:
        done = await job(near_house, me, mode="clean", image_url=server.url("/x"), strength=0)
    kept = await download(near_house, me, done.data["job_id"])
    assert b"script" not in kept
    assert images.opened(kept).width == 80
