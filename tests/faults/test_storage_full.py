"""A full disk: work is tried again, then fails and is paid back; with room again all is well."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from support.checks import check_everything
from support.house import House, opened, settings_for
from support.workers import create, until, until_status, working

pytestmark = pytest.mark.slow


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("Mounting a small file system needs root.")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
async def shop(database_url: str, tmp_path: Path, small: Path) -> AsyncIterator[House]:
    storage = {"url": (small / "media").as_uri()}
    settings = settings_for(database_url, tmp_path, storage=storage)
    async with opened(settings, with_worker=False) as made:
        yield made


async def test_a_full_disk_costs_no_credits_and_no_restart(shop: House, small: Path) -> None:
    tenant = await shop.tenant()
    filler = small / "filler"
    async with working(shop.settings) as studio:
        await until_status(shop, await create(shop, tenant, "fox", seed=1), "completed")
        _fill(filler)
        failing = await create(shop, tenant, "owl", seed=2)
        found = await until_status(shop, failing, "failed", "completed", seconds=12)
        assert (found["status"], found["attempts"]) == ("failed", 3)
        assert "full" in found["error"]["message"]
        assert not _half_written(small)
        saved = await create(shop, tenant, "hen", seed=3)
        await until(lambda: _was_put_back(shop, saved), what="the first attempt to fail")
        filler.unlink()
        found = await until_status(shop, saved, "completed", "failed", seconds=12)
        assert found["status"] == "completed"
        assert await check_everything(shop.database, studio.storage) == {
            "completed": 2,
            "failed": 1,
        }


def _half_written(folder: Path) -> list[Path]:
    return list(folder.rglob("*#*"))


def _fill(filler: Path) -> None:
    with filler.open("wb", buffering=0) as file:
        for size in (4096, 1):
            try:
                while file.write(b"\0" * size):
                    pass
            except OSError:
                continue


async def _was_put_back(shop: House, work: str) -> bool:
    async with shop.database.reading() as tx:
        return bool(
            await tx.fetchval(
                "SELECT status = 'queued' AND attempts = 1 FROM generations WHERE id = $1", work
            )
        )
