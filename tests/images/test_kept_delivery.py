"""GET /media: what is kept in storage and in memory, when it must go, and who may see it."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support.delivery import CHROME, media, uploaded
from support.house import House, Tenant, opened, settings_for
from tintype.api.background import Background
from tintype.api.parts import Parts
from tintype.api.places import Places
from tintype.core.vault import open_vault
from tintype.db.listen import Signals
from tintype.db.pool import Database
from tintype.images import delivery
from tintype.images.links import signature
from tintype.storage import open_storage


async def counts(house: House) -> dict[str, float]:
    """How raw bytes were answered so far, as the metrics tell: from memory or not."""
    text = (await house.ask("GET", "/metrics")).body.decode()
    found = {"memory": 0.0, "miss": 0.0}
    for line in text.splitlines():
        if line.startswith("tintype_cache_requests_total{") and 'route="media"' in line:
            for result in found:
                if f'result="{result}"' in line:
                    found[result] += float(line.split()[-1])
    return found


async def derived_keys(house: House) -> list[str]:
    storage = open_storage(house.settings.storage_url)
    return [found.key async for found in storage.list() if found.key.startswith("derived/")]


async def test_a_derived_size_is_never_made_again_after_a_restart_either(
    database_url: str, tmp_path: Path
) -> None:
    async with opened(settings_for(database_url, tmp_path), with_worker=False) as house:
        me = await house.tenant()
        image = await uploaded(house, me)
        name = f"{image['id']}.webp"
        first = await media(house, name, "?w=50&h=50")
        assert first.status == 200
        for _ in range(100):
            if await derived_keys(house):
                break
            await asyncio.sleep(0.02)
        assert len(await derived_keys(house)) == 1
        # Without its master no size can be made anew.
        async with house.database.reading() as connection:
            key = await connection.fetchval(
                "SELECT object_key FROM images WHERE id = $1", image["id"]
            )
        await open_storage(house.settings.storage_url).delete([key])
        assert (await media(house, name, "?w=51&h=50")).status == 404
    async with opened(settings_for(database_url, tmp_path), with_worker=False) as house:
        again = await media(house, name, "?w=50&h=50")
        assert (again.status, again.body) == (200, first.body)
        assert again.headers["ETag"] == first.headers["ETag"]
        same = await media(house, name, "?h=25&w=25&dpr=2&fit=cover")
        assert same.body == first.body, "Two spellings of one size are one object."


async def test_a_second_asking_comes_from_memory(idle_house: House) -> None:
    me = await idle_house.tenant()
    name = f"{(await uploaded(idle_house, me))['id']}.webp"
    first = await counts(idle_house)
    # News of the upload may come late, and what was answered before it is not kept.
    while (before := await counts(idle_house))["memory"] == first["memory"]:
        await media(idle_house, name, "?w=50", **CHROME)
    for _ in range(3):
        await media(idle_house, name, "?w=50", **CHROME)
    await idle_house.ask("GET", f"/media/images/{name}?w=50", key=me, headers={"Accept": "*/*"})
    after = await counts(idle_house)
    assert after["miss"] == before["miss"]
    assert after["memory"] - before["memory"] == 4


class CountingThreads(ThreadPoolExecutor):
    """Threads that know how much they were given."""

    def __init__(self) -> None:
        super().__init__(2)
        self.given = 0

    def submit(self, fn, /, *args, **kwargs):
        self.given += 1
        return super().submit(fn, *args, **kwargs)


async def test_simultaneous_first_requests_render_once(
    idle_house: House, database: Database
) -> None:
    me = await idle_house.tenant()
    image = await uploaded(idle_house, me, "jpeg", 1600, 1200)
    with CountingThreads() as pixels:
        parts = Parts(
            settings=idle_house.settings, database=database,
            storage=open_storage(idle_house.settings.storage_url),
            signals=Signals(database.dsn), pixels=pixels, background=Background(), places=Places(),
            networks=[], vault=open_vault(idle_house.settings),
        )  # fmt: skip
        flight = delivery.SingleFlight()

        async def ask(query: bytes) -> bytes:
            found = await delivery.answer(parts, flight, f"{image['id']}.webp", query, "")
            return found.body

        bodies = await asyncio.gather(*(ask(b"w=300") for _ in range(20)))
        assert (len(set(bodies)), pixels.given) == (1, 1)
        await parts.background.finish(5)
        # Stored by now: neither this process nor another needs pixels for it.
        assert await delivery_by_another(parts, image["id"]) == bodies[0]
        assert pixels.given == 1
        await asyncio.gather(*(ask(b"w=%d" % width) for width in (301, 302)))
        assert pixels.given == 3


async def delivery_by_another(parts: Parts, image_id: str) -> bytes:
    """As a process asks that shares only the database and the storage."""
    found = await delivery.answer(parts, delivery.SingleFlight(), f"{image_id}.webp", b"w=300", "")
    return found.body


async def test_a_deleted_image_is_gone_at_once_in_every_form(idle_house: House) -> None:
    me = await idle_house.tenant()
    for _ in range(5):
        image = await uploaded(idle_house, me)
        forms = [f"{image['id']}.png", f"{image['id']}.webp?w=40", f"{image['id']}.auto?w=30&h=30"]
        for form in forms * 2:
            assert (await media(idle_house, form)).status == 200
        gone = await idle_house.ask("DELETE", f"/api/v1/images/{image['id']}", key=me)
        assert gone.status == 204
        assert [(await media(idle_house, form)).status for form in forms] == [404] * 3


async def test_deleting_a_generation_ends_its_pictures_at_once(house: House) -> None:
    me = await house.tenant()
    made = await house.picture(me)
    name = f"{made['image_id']}.webp"
    for query in ("", "?w=64") * 2:
        assert (await media(house, name, query)).status == 200
    gone = await house.ask("DELETE", f"/api/v1/generations/{made['id']}", key=me)
    assert gone.status == 204
    assert [(await media(house, name, query)).status for query in ("", "?w=64")] == [404] * 2


# Private media.


async def signed(house: House, tenant: Tenant, image_id: str, expires: int) -> str:
    async with house.database.reading() as connection:
        secret = await connection.fetchval(
            "SELECT signing_secret FROM organizations WHERE id = $1", tenant.organization_id
        )
    return f"?exp={expires}&sig={signature(secret, image_id, expires)}"


async def test_private_media_need_a_signature_that_fits(idle_house: House) -> None:
    me = await idle_house.tenant(private_media=True)
    image, other = await uploaded(idle_house, me), await uploaded(idle_house, me, "jpeg")
    assert image["public_url"] is None
    name = f"{image['id']}.png"
    good = await signed(idle_house, me, image["id"], int(time.time()) + 60)
    past = await signed(idle_house, me, image["id"], int(time.time()) - 1)
    of_other = await signed(idle_house, me, other["id"], int(time.time()) + 60)
    stretched = good.replace("exp=", "exp=1")
    wrong = [
        "", past, of_other, stretched, good[:-1], good.partition("&")[0], "?sig=x&exp=9999999999",
        "?exp=9999999999&sig=ü", "?exp=1e10&sig=x", "?exp=&sig=",
    ]  # fmt: skip
    for query in wrong * 2:
        reply = await media(idle_house, name, query)
        assert (reply.status, reply.error["code"]) == (403, "FORBIDDEN"), query
    for query in (good, good + "&w=40", good):
        reply = await media(idle_house, name, query)
        assert reply.status == 200
        assert reply.headers["Cache-Control"].startswith("private, max-age=")
    path = image["url"].removeprefix(idle_house.settings.public_url)
    assert (await idle_house.ask("GET", path)).status == 200
    assert [(await media(idle_house, name, query)).status for query in wrong] == [403] * len(wrong)


async def test_memory_never_outlives_a_signature(idle_house: House) -> None:
    me = await idle_house.tenant(private_media=True)
    image = await uploaded(idle_house, me)
    expires = int(time.time()) + 6
    query = await signed(idle_house, me, image["id"], expires)
    before = await counts(idle_house)
    while (await counts(idle_house))["memory"] == before["memory"]:
        assert (await media(idle_house, f"{image['id']}.png", query)).status == 200
    await asyncio.sleep(expires - time.time() + 0.01)
    assert (await media(idle_house, f"{image['id']}.png", query)).status == 403


async def test_a_private_answer_may_be_kept_no_longer_than_its_signature(idle_house: House) -> None:
    me = await idle_house.tenant(private_media=True)
    image = await uploaded(idle_house, me)
    query = await signed(idle_house, me, image["id"], int(time.time()) + 100)
    reply = await media(idle_house, f"{image['id']}.png", query)
    seconds = int(reply.headers["Cache-Control"].removeprefix("private, max-age="))
    assert 90 <= seconds <= 100
