"""Films over HTTP: whole, in ranges, not again, by signature; read from storage piece by piece."""

import functools
import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import pyvips

from support.house import House, Reply, Tenant
from support.workers import create
from tintype.cli.ledger_checks import pictures
from tintype.images.links import signature
from tintype.images.sweeper import sweep
from tintype.media.reel.reel import Shot, reel
from tintype.storage import Storage, open_storage
from tintype.videos import operations as videos
from tintype.videos.intake import FOLDER, take_in


@pytest.fixture
def storage(idle_house: House) -> Storage:
    return open_storage(idle_house.settings.storage_url)


@functools.cache
def made() -> tuple[bytes, bytes]:
    """A film of noise, large enough to be sent in several pieces, and its poster."""
    noise = np.random.default_rng(7).integers(0, 255, (540, 960, 3), np.uint8)
    picture = pyvips.Image.new_from_memory(noise.data, 960, 540, 3, "uchar")
    picture = picture.copy(interpretation="srgb")
    done = reel(
        [Shot(picture.pngsave_buffer(), None, "drift")],
        width=960, height=540, fps=12, duration_seconds=1, seed=1,
    )  # fmt: skip
    return done.video, done.poster


async def stored(house: House, tenant: Tenant, storage: Storage) -> str:
    """A film in the house, without its having been made there; the video's id."""
    film, poster = made()
    work = await create(house, tenant)
    with ThreadPoolExecutor(1) as pixels:
        taken = await take_in(storage, pixels, tenant.organization_id, film, poster)
    async with house.database.transaction() as tx:
        row = await videos.add(tx, tenant.organization_id, taken, {
            "project_id": None, "generation_id": work, "livemode": True, "meta": {},
        })  # fmt: skip
    return str(row["id"])


async def media(
    house: House, name: str, query: str = "", method: str = "GET", **headers: str
) -> Reply:
    sent = {key.replace("_", "-"): value for key, value in headers.items()}
    return await house.ask(method, f"/media/videos/{name}{query}", headers=sent)


@pytest.mark.parametrize(("ending", "kind"), [("mp4", "video/mp4"), ("jpg", "image/jpeg")])
async def test_film_and_poster_are_what_was_stored(
    idle_house: House, storage: Storage, ending: str, kind: str
) -> None:
    me = await idle_house.tenant()
    name = f"{await stored(idle_house, me, storage)}.{ending}"
    data = made()[ending == "jpg"]
    reply = await media(idle_house, name)
    assert (reply.status, reply.body) == (200, data)
    assert reply.headers["Content-Type"] == kind
    assert int(reply.headers["Content-Length"]) == len(data)
    assert reply.headers["ETag"] == f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert reply.headers["Accept-Ranges"] == "bytes"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    head = await media(idle_house, name, "", "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["Content-Length"]) == len(data)


async def test_ranges_are_as_players_ask_for_them(idle_house: House, storage: Storage) -> None:
    me = await idle_house.tenant()
    name = f"{await stored(idle_house, me, storage)}.mp4"
    data = made()[0]
    size = len(data)
    assert size > 600_000, "several pieces"
    for asked, first, last in (
        ("bytes=0-1", 0, 1), ("bytes=0-", 0, size - 1), ("bytes=-7", size - 7, size - 1),
        (f"bytes=300000-{size * 2}", 300_000, size - 1), ("bytes=5-300004", 5, 300_004),
    ):  # fmt: skip
        reply = await media(idle_house, name, Range=asked)
        assert (reply.status, reply.body) == (206, data[first : last + 1]), asked
        assert reply.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
        assert int(reply.headers["Content-Length"]) == last - first + 1
    reply = await media(idle_house, name, Range=f"bytes={size}-")
    assert (reply.status, reply.headers["Content-Range"]) == (416, f"bytes */{size}")
    for whole in ("bytes=0-1,3-4", "bytes=9-3", "bytes=x-", "lines=0-1", "bytes=" + "9" * 50):
        reply = await media(idle_house, name, Range=whole)
        assert (reply.status, len(reply.body)) == (200, size), whole
    head = await media(idle_house, name, "", "HEAD", Range="bytes=0-1")
    assert (head.status, int(head.headers["Content-Length"])) == (200, size)


async def test_conditions(idle_house: House, storage: Storage) -> None:
    me = await idle_house.tenant()
    name = f"{await stored(idle_house, me, storage)}.mp4"
    tag = (await media(idle_house, name, "", "HEAD")).headers["ETag"]
    for match in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        reply = await media(idle_house, name, If_None_Match=match, Range="bytes=0-1")
        assert (reply.status, reply.body, reply.headers["ETag"]) == (304, b"", tag)
    assert (await media(idle_house, name, If_None_Match='"x"')).status == 200
    assert (await media(idle_house, name, Range="bytes=0-1", If_Range=tag)).status == 206
    assert (await media(idle_house, name, Range="bytes=0-1", If_Range='"x"')).status == 200


async def test_private_films_need_a_signature_that_fits(
    idle_house: House, storage: Storage
) -> None:
    me = await idle_house.tenant(private_media=True)
    video, other = [await stored(idle_house, me, storage) for _ in range(2)]
    async with idle_house.database.reading() as tx:
        secret = await tx.fetchval(
            "SELECT signing_secret FROM organizations WHERE id = $1", me.organization_id
        )

    def query(of: str, seconds: int) -> str:
        expires = int(time.time()) + seconds
        return f"?exp={expires}&sig={signature(secret, of, expires)}"

    good = query(video, 100)
    for ending in ("mp4", "jpg"):
        for wrong in ("", query(video, -1), query(other, 60), good[:-1], "?exp=9999999999&sig=x"):
            reply = await media(idle_house, f"{video}.{ending}", wrong)
            assert (reply.status, reply.error["code"]) == (403, "FORBIDDEN"), wrong
        reply = await media(idle_house, f"{video}.{ending}", good)
        assert reply.status == 200
        kept = int(reply.headers["Cache-Control"].removeprefix("private, max-age="))
        assert 50 <= kept <= 100
    async with idle_house.database.reading() as tx:
        work = await tx.fetchval("SELECT generation_id FROM videos WHERE id = $1", video)
    await _completed(idle_house, work)
    shown = (await idle_house.ask("GET", f"/api/v1/generations/{work}", key=me)).data["video"]
    assert shown["public_url"] is None
    for url in (shown["url"], shown["poster_url"]):
        path = url.removeprefix(idle_house.settings.public_url)
        assert (await idle_house.ask("GET", path)).status == 200


async def _completed(house: House, work: str) -> None:
    async with house.database.transaction() as tx:
        await tx.execute(
            "UPDATE generations SET status = 'completed', kind = 'video', completed_at = now()"
            " WHERE id = $1", work,
        )  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "vid_01h00000000000000000000000.mp4", "vid_x.mp4", ".mp4", "vid.webm", "x/y.mp4",
        "img_01h00000000000000000000000.mp4", "..%2f..%2fsecret",
    ],
)  # fmt: skip
async def test_unknown_names_are_not_found(idle_house: House, name: str) -> None:
    reply = await media(idle_house, name)
    assert (reply.status, reply.error["code"]) == (404, "NOT_FOUND")


async def test_wrong_parameters_and_methods_are_refused(
    idle_house: House, storage: Storage
) -> None:
    me = await idle_house.tenant()
    video = await stored(idle_house, me, storage)
    reply = await media(idle_house, f"{video}.mp4", "?w=100")
    assert (reply.status, reply.error["code"]) == (422, "VALIDATION_FAILED")
    reply = await media(idle_house, f"{video}.mp4", "", "DELETE")
    assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD")
    assert (await media(idle_house, f"{video}.webp")).status == 404


async def test_missing_bytes_are_a_404_before_anything_is_sent(
    idle_house: House, storage: Storage
) -> None:
    me = await idle_house.tenant()
    video = await stored(idle_house, me, storage)
    await storage.delete([found.key async for found in storage.list(FOLDER.rstrip("/"))])
    for ending in ("mp4", "jpg"):
        reply = await media(idle_house, f"{video}.{ending}")
        assert (reply.status, reply.error["code"]) == (404, "NOT_FOUND")
        assert "doctor" in reply.error["message"]


async def test_the_sweeper_takes_old_films_that_no_row_names(
    idle_house: House, storage: Storage
) -> None:
    me = await idle_house.tenant()
    await stored(idle_house, me, storage)
    kept = {found.key async for found in storage.list()}
    orphans = [f"{FOLDER}org_x/aa/aa1.mp4", f"{FOLDER}org_x/aa/aa2.jpg"]
    for key in orphans:
        await storage.put(key, b"old")
    _age(storage, [*kept, *orphans])
    assert await sweep(idle_house.database, storage, older_than_hours=24) == 0, "nobody knows them"
    others = {FOLDER: videos.referenced_keys}
    assert await sweep(idle_house.database, storage, others, older_than_hours=24) == 2
    assert {found.key async for found in storage.list()} == kept


def _age(storage: Storage, keys: list[str]) -> None:
    for key in keys:
        path: Any = storage.local_path(key)
        os.utime(path, (time.time() - 100 * 3600,) * 2)


async def test_the_doctor_misses_a_film_or_a_poster(idle_house: House, storage: Storage) -> None:
    me = await idle_house.tenant()
    video = await stored(idle_house, me, storage)
    found = await pictures(idle_house.database, idle_house.settings)
    assert (found.state, found.detail) == ("ok", "the bytes of all 1 are there")
    for ending in (".jpg", ".mp4"):
        gone = [it.key async for it in storage.list("films") if it.key.endswith(ending)]
        data = await storage.get(gone[0])
        await storage.delete(gone)
        found = await pictures(idle_house.database, idle_house.settings)
        assert found.state == "fault"
        assert video in found.detail
        await storage.put(gone[0], data)
