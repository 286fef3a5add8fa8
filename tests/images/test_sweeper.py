"""The sweeper: old bytes without a row go, everything else stays."""

import asyncio
import os
import time
from typing import Any

import pytest

from support.checks import check_everything
from support.house import House
from tintype.images.sweeper import sweep, sweep_in_turn
from tintype.storage import Storage, open_storage

DAY = 24 * 3600


@pytest.fixture
def storage(house: House) -> Storage:
    return open_storage(house.settings.storage_url)


def age(storage: Storage, key: str, hours: float) -> None:
    path = storage.local_path(key)
    assert path is not None
    then = time.time() - hours * 3600
    os.utime(path, (then, then))


async def keys(storage: Storage) -> set[str]:
    return {found.key async for found in storage.list()}


async def test_old_orphans_go_and_young_ones_stay(house: House, storage: Storage) -> None:
    await storage.put("masters/org_x/aa/aa1.png", b"old")
    await storage.put("masters/org_x/aa/aa2.png", b"young")
    await storage.put("originals/org_x/aa/aa3", b"old")
    await storage.put("derived/img_gone/w64.webp", b"old")
    await storage.put("elsewhere/note", b"not ours")
    for key in await keys(storage):
        age(storage, key, 0.5 if "aa2" in key else 25)
    assert await sweep(house.database, storage, older_than_hours=24) == 3
    assert await keys(storage) == {"masters/org_x/aa/aa2.png", "elsewhere/note"}


async def test_what_a_row_names_stays_however_old(house: House, storage: Storage) -> None:
    tenant = await house.tenant()
    made = await house.picture(tenant)
    image = made["images"][0]
    await storage.put(f"derived/{image['id']}/w64.webp", b"derived")
    before = await keys(storage)
    for key in before:
        age(storage, key, 1000)
    assert await sweep(house.database, storage, older_than_hours=24) == 0
    assert await keys(storage) == before
    await check_everything(house.database, storage)


async def test_a_deleted_images_derived_files_go(house: House, storage: Storage) -> None:
    tenant = await house.tenant()
    image_id = (await house.picture(tenant))["image_id"]
    derived = f"derived/{image_id}/w64.webp"
    await storage.put(derived, b"derived")
    await house.ask("DELETE", f"/v1/images/{image_id}", key=tenant)
    for key in await keys(storage):
        age(storage, key, 1000)
    assert await sweep(house.database, storage, older_than_hours=24) == 1
    assert derived not in await keys(storage)


async def test_half_written_files_go(house: House, storage: Storage) -> None:
    assert storage.root is not None
    half = storage.root / "masters" / "a.png#123"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"half")
    os.utime(half, (time.time() - DAY - 60,) * 2)
    assert await sweep(house.database, storage, older_than_hours=24) == 1
    assert not half.exists()


async def test_of_all_workers_one_sweeps_in_an_hour(house: House, storage: Storage) -> None:
    await storage.put("masters/org_x/aa/aa1.png", b"old")
    age(storage, "masters/org_x/aa/aa1.png", 25)

    async def round_of_workers() -> list[int | None]:
        return await asyncio.gather(*(
            sweep_in_turn(house.database, storage, every_seconds=3600, older_than_hours=24)
            for _ in range(4)
        ))  # fmt: skip

    assert sorted(await round_of_workers(), key=str) == [1, None, None, None]
    assert await round_of_workers() == [None] * 4
    async with house.database.transaction() as tx:
        await tx.execute("UPDATE chores SET begun_at = now() - interval '61 minutes'")
    assert sorted(await round_of_workers(), key=str) == [0, None, None, None]


async def test_no_setting_makes_it_take_bytes_whose_row_is_still_to_come(
    house: House, storage: Storage
) -> None:
    await storage.put("masters/org_x/aa/aa1.png", b"just stored")
    age(storage, "masters/org_x/aa/aa1.png", 0.9)
    assert await sweep(house.database, storage, older_than_hours=0.001) == 0


async def test_bytes_taken_up_again_are_young(house: House, storage: Storage) -> None:
    """An upload of an orphan's bytes, sweeps all the while: its row never lacks them."""
    tenant = await house.tenant()
    body: dict[str, Any] = {"seed": 5}
    first = await house.picture(tenant, **body)
    (master,) = [key for key in await keys(storage) if key.startswith("masters/")]
    async with house.database.transaction() as tx:
        await tx.execute("DELETE FROM image_aliases; DELETE FROM images")
    age(storage, master, 30)
    sweeping = asyncio.create_task(_sweep_often(house, storage))
    again = await house.picture(tenant, **body)
    sweeping.cancel()
    await asyncio.gather(sweeping, return_exceptions=True)
    assert first["id"] != again["id"]
    found = await storage.stat(master)
    assert found.size_bytes == again["images"][0]["bytes"]


async def _sweep_often(house: House, storage: Storage) -> None:
    while True:
        await sweep(house.database, storage, older_than_hours=24)
        await asyncio.sleep(0.01)
