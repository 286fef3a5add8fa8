"""Films from request to file: made, shown, paid, gone with their work."""

import hashlib
import io
from typing import Any

import av
import pytest
import pyvips

from support.checks import check_everything
from support.house import House, Reply, Tenant
from support.workers import until_status
from tintype.storage import Storage, open_storage


@pytest.fixture
def storage(house: House) -> Storage:
    return open_storage(house.settings.storage_url)


def still(colour: tuple[int, int, int] = (200, 30, 30)) -> bytes:
    """A patch of colour in the upper left of a grey picture."""
    grey = pyvips.Image.black(640, 360, bands=3).linear([1] * 3, [128] * 3)
    patch = pyvips.Image.black(80, 80, bands=3).linear([1] * 3, list(colour))
    whole = grey.insert(patch, 40, 20).cast("uchar").copy(interpretation="srgb")
    return bytes(whole.pngsave_buffer())


async def film(house: House, tenant: Tenant, **asked: Any) -> Any:
    """A completed film's work."""
    reply = await house.ask(
        "POST", "/api/v1/generate/video", key=tenant, json={"duration_seconds": 1} | asked
    )
    assert reply.status == 202, reply.body
    await until_status(house, reply.data["id"], "completed", "failed", seconds=60)
    return (await house.ask("GET", f"/api/v1/generations/{reply.data['id']}", key=tenant)).data


async def bytes_of(house: House, url: str, **headers: str) -> Reply:
    assert url.startswith(house.settings.public_url)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await house.ask("GET", url.removeprefix(house.settings.public_url), headers=sent)


async def test_a_film_of_a_picture(house: House, storage: Storage) -> None:
    tenant = await house.tenant(grant=100)
    image = (await house.upload(tenant, still())).data
    found = await film(
        house, tenant, image=image["id"], prompt="push in", duration_seconds=1.5, seed=4
    )
    assert found["error"] is None
    assert (found["kind"], found["model"], found["engine"]) == ("video", "builtin/reel", "reel")
    assert (found["fidelity"], found["duration_seconds"]) == ("preview", 1.5)
    assert (found["images"], found["image_id"]) == ([], None)
    video = found["video"]
    assert found["output_url"] == video["url"] == video["public_url"]
    assert (video["object"], video["format"], video["generation_id"]) == (
        "video", "mp4", found["id"],
    )  # fmt: skip
    assert (video["width"], video["height"]) == (found["width"], found["height"])
    assert (video["duration_seconds"], video["fps"], video["has_sound"]) == (1.5, 30, False)
    reply = await bytes_of(house, video["url"])
    assert (reply.status, reply.headers["Content-Type"]) == (200, "video/mp4")
    assert len(reply.body) == video["bytes"]
    assert hashlib.sha256(reply.body).hexdigest() == video["sha256"]
    with av.open(io.BytesIO(reply.body)) as opened:
        assert sum(1 for _ in opened.decode(video=0)) == 45
    poster = await bytes_of(house, video["poster_url"])
    assert poster.headers["Content-Type"] == "image/jpeg"
    picture = pyvips.Image.new_from_buffer(poster.body, "")
    assert (picture.width, picture.height) == (video["width"], video["height"])
    assert found["credits_used"] == found["credits_reserved"] > 0
    await check_everything(house.database, storage)


async def test_a_film_is_drawn_from_words_where_no_picture_is_given(
    house: House, storage: Storage
) -> None:
    tenant = await house.tenant()
    found = await film(house, tenant, prompt="a red fox, camera orbits", aspect_ratio="9:16")
    assert found["video"]["height"] > found["video"]["width"]
    assert found["timings"]["engine_ms"] > 0
    await check_everything(house.database, storage)


async def test_the_librarys_focal_point_stays_in_the_frame(house: House) -> None:
    """The patch lies in a corner that a push to the middle would leave behind."""
    tenant = await house.tenant()
    image = (await house.upload(tenant, still())).data
    at = {"x": (40 + 40) / 640, "y": (20 + 40) / 360}
    await house.ask("PUT", f"/api/v1/images/{image['id']}", key=tenant, json={"focal_point": at})
    found = await film(house, tenant, image=image["id"], prompt="push in", duration_seconds=6)
    data = (await bytes_of(house, found["video"]["url"])).body
    with av.open(io.BytesIO(data)) as opened:
        *_, last = opened.decode(video=0)
        pixels = last.to_ndarray(format="rgb24").astype(int)
    red = pixels[..., 0] - pixels[..., 1] > 80
    assert red.any(axis=0).sum() > 140, "the whole patch is there, and larger than it was"
    assert red.any(axis=1).sum() > 140


async def test_what_is_no_picture_fails_by_name_and_costs_nothing(
    house: House, storage: Storage
) -> None:
    tenant = await house.tenant(grant=50)
    image = (await house.upload(tenant, still())).data
    async with house.database.reading() as tx:
        key = await tx.fetchval("SELECT object_key FROM images WHERE id = $1", image["id"])
    await storage.put(key, b"not a picture any more")
    reply = await house.ask(
        "POST", "/api/v1/generate/video", key=tenant,
        json={"image": image["id"], "duration_seconds": 1},
    )  # fmt: skip
    work = await until_status(house, reply.data["id"], "failed", "completed", seconds=60)
    assert work["error"]["code"] == "VALIDATION_FAILED"
    assert work["error"]["message"].startswith("image: ")
    balance = await house.ask("GET", "/api/v1/credits/balance", key=tenant)
    assert (balance.data["available"], balance.data["reserved"]) == (50, 0)


async def test_the_events_tell_of_the_film(house: House) -> None:
    tenant = await house.tenant()
    found = await film(house, tenant, prompt="a fox")
    events = await house.ask("GET", "/api/v1/events?type=generation.completed", key=tenant)
    assert events.data[0]["data"]["video"] == found["video"]
    assert events.data[0]["data"]["output_url"] == found["output_url"]


async def test_a_list_shows_films_beside_pictures(house: House) -> None:
    tenant = await house.tenant()
    drawn = await house.picture(tenant)
    filmed = await film(house, tenant, prompt="a fox")
    found = (await house.ask("GET", "/api/v1/generations", key=tenant)).data
    assert [(it["id"], len(it["images"]), it["video"] and it["video"]["id"]) for it in found] == [
        (filmed["id"], 0, filmed["video"]["id"]), (drawn["id"], 1, None),
    ]  # fmt: skip
    videos = (await house.ask("GET", "/api/v1/generations?kind=video", key=tenant)).data
    assert [it["id"] for it in videos] == [filmed["id"]]


async def test_a_film_is_gone_with_its_work_and_its_bytes_stay(
    house: House, storage: Storage
) -> None:
    tenant = await house.tenant()
    found = await film(house, tenant, prompt="a fox")
    before = {it.key async for it in storage.list("films")}
    assert len(before) == 2
    for url in (found["video"]["url"], found["video"]["poster_url"]):
        assert (await bytes_of(house, url)).status == 200
    gone = await house.ask("DELETE", f"/api/v1/generations/{found['id']}", key=tenant)
    assert gone.status == 204
    for url in (found["video"]["url"], found["video"]["poster_url"]):
        assert (await bytes_of(house, url)).status == 404
    assert {it.key async for it in storage.list("films")} == before


async def test_a_canceled_film_leaves_nothing_and_costs_nothing(
    house: House, storage: Storage
) -> None:
    tenant = await house.tenant(grant=200)
    reply = await house.ask(
        "POST", "/api/v1/generate/video", key=tenant,
        json={"prompt": "a fox", "duration_seconds": 60, "resolution": "1080p"},
    )  # fmt: skip
    work = reply.data["id"]
    await until_status(house, work, "processing")
    await house.ask("POST", f"/api/v1/generations/{work}/cancel", key=tenant)
    await until_status(house, work, "canceled", seconds=30)
    balance = await house.ask("GET", "/api/v1/credits/balance", key=tenant)
    assert (balance.data["available"], balance.data["reserved"]) == (200, 0)
    assert [it.key async for it in storage.list("films")] == []
    await check_everything(house.database, storage)


async def test_a_sketch_becomes_pictures(house: House, storage: Storage) -> None:
    tenant = await house.tenant()
    page = pyvips.Image.svgload_buffer(
        b'<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400">'
        b'<rect width="400" height="400" fill="white"/><ellipse cx="200" cy="210" rx="110"'
        b' ry="130" fill="none" stroke="black" stroke-width="6"/></svg>'
    )
    sketch = (await house.upload(tenant, page.pngsave_buffer())).data
    reply = await house.ask(
        "POST", "/api/v1/sketch-to-photo", key=tenant,
        json={"image": sketch["id"], "prompt": "a blue ceramic vase", "variants": 2},
        headers={"Prefer": "wait=60"},
    )  # fmt: skip
    assert reply.status == 200, reply.body
    assert (reply.data["kind"], reply.data["engine"]) == ("sketch_to_photo", "sketch")
    assert len(reply.data["images"]) == 2
    assert reply.data["references"][0]["image_id"] == sketch["id"]
    await check_everything(house.database, storage)
