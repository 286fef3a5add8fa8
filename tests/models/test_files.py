"""Weights as files beside the worker: the right bytes, shared, bounded, and never half there."""

import asyncio
import hashlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from support.bucket import bucket_environment, s3_bucket
from support.weights import lora
from tintype.engines.base import EngineFault
from tintype.models.files import materialized
from tintype.models.models import StoredWeights
from tintype.storage import Storage, open_storage

MANY = 10**9


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with s3_bucket("weights") as address:
        yield address


@pytest.fixture(params=["folder", "bucket"])
def storage(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Storage:
    if request.param == "folder":
        return open_storage((tmp_path / "media").as_uri())
    for name, value in bucket_environment(request.getfixturevalue("endpoint")).items():
        monkeypatch.setenv(name, value)
    return open_storage(f"s3://weights/{tmp_path.name}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


async def stored(storage: Storage, size: int = 64, fill: bytes = b"\x01") -> StoredWeights:
    data = lora(size, fill)
    sha256 = hashlib.sha256(data).hexdigest()
    await storage.put(f"weights/org_x/{sha256}", data)
    return StoredWeights(
        model_id="mdl_x", base_model="studio/large", kind="lora", bytes=len(data), sha256=sha256,
        object_key=f"weights/org_x/{sha256}", trigger_words=["snkr"], scale=0.5,
    )  # fmt: skip


def kept(folder: Path) -> set[str]:
    return {path.name.partition(".")[0] for path in folder.glob("*.safetensors*")}


def half_made(folder: Path) -> list[str]:
    return [path.name for path in folder.glob("*.safetensors-*")]


async def test_the_file_has_the_bytes_and_says_what_they_are(
    storage: Storage, folder: Path
) -> None:
    ours = await stored(storage, 3 * 2**20)
    async with materialized(storage, folder, ours, bytes_max=MANY) as weights:
        assert hashlib.sha256(weights.path.read_bytes()).hexdigest() == ours.sha256
        assert (weights.kind, weights.trigger_words, weights.scale) == ("lora", ("snkr",), 0.5)
    assert kept(folder) == {ours.sha256}


async def test_a_second_run_needs_the_storage_no_more(storage: Storage, folder: Path) -> None:
    ours = await stored(storage)
    async with materialized(storage, folder, ours, bytes_max=MANY):
        pass
    await storage.delete([ours.object_key])
    async with materialized(storage, folder, ours, bytes_max=MANY) as weights:
        assert weights.path.stat().st_size == ours.bytes


async def test_a_stored_file_in_a_folder_is_not_copied(tmp_path: Path, folder: Path) -> None:
    storage = open_storage((tmp_path / "media").as_uri())
    ours = await stored(storage)
    original = storage.local_path(ours.object_key)
    assert original is not None
    async with materialized(storage, folder, ours, bytes_max=MANY) as weights:
        assert weights.path.samefile(original)


@pytest.mark.parametrize("change", ["gone", "other bytes", "shorter"])
async def test_bytes_that_are_not_those_that_were_registered_are_refused(
    storage: Storage, folder: Path, change: str
) -> None:
    ours = await stored(storage)
    data = await storage.get(ours.object_key)
    if change == "gone":
        await storage.delete([ours.object_key])
    else:
        await storage.put(
            ours.object_key, data[:-1] + (b"\x02" if change == "other bytes" else b"")
        )
    with pytest.raises(EngineFault, match="gone or damaged") as caught:
        async with materialized(storage, folder, ours, bytes_max=MANY):
            pass
    assert (caught.value.code, caught.value.retryable) == ("INVALID_REQUEST", False)
    assert kept(folder) == set()


async def test_many_runs_at_once_share_one_making(storage: Storage, folder: Path) -> None:
    ours = await stored(storage, 2**20)
    together = asyncio.Barrier(8)
    inodes = set()

    async def run() -> None:
        async with materialized(storage, folder, ours, bytes_max=MANY) as weights:
            # All hold it at the same time: nobody waits for another's end.
            await together.wait()
            inodes.add(weights.path.stat().st_ino)

    async with asyncio.timeout(30):
        await asyncio.gather(*(run() for _ in range(8)))
    assert len(inodes) == 1
    assert kept(folder) == {ours.sha256}


async def test_the_longest_unused_goes_first_and_what_is_in_use_stays(
    storage: Storage, folder: Path
) -> None:
    first, second, third, fourth = [
        await stored(storage, 1024, fill) for fill in (b"1", b"2", b"3", b"4")
    ]
    room = 2 * first.bytes
    for one in (first, second):
        async with materialized(storage, folder, one, bytes_max=room):
            pass
    old = time.time() - 1000
    os.utime(folder / f"{second.sha256}.safetensors", (old, old))
    async with materialized(storage, folder, third, bytes_max=room):
        assert kept(folder) == {first.sha256, third.sha256}
        async with (
            materialized(storage, folder, first, bytes_max=room),
            materialized(storage, folder, fourth, bytes_max=room) as weights,
        ):
            assert weights.path.exists()
            assert kept(folder) == {first.sha256, third.sha256, fourth.sha256}
    async with materialized(storage, folder, second, bytes_max=room):
        assert len(kept(folder)) == 2


async def test_what_a_killed_process_left_half_made_goes(storage: Storage, folder: Path) -> None:
    ours, other = await stored(storage), await stored(storage, fill=b"2")
    folder.mkdir()  # noqa: ASYNC240
    (folder / f"{ours.sha256}.safetensors-aaaa").write_bytes(b"half")
    (folder / f"{other.sha256}.safetensors-bbbb").write_bytes(b"half")
    (folder / f"{ours.sha256}.safetensors").write_bytes(b"cut short by a power cut")
    async with materialized(storage, folder, ours, bytes_max=MANY) as weights:
        assert hashlib.sha256(weights.path.read_bytes()).hexdigest() == ours.sha256
    assert half_made(folder) == []


async def test_a_fault_inside_the_run_is_the_runs_own(storage: Storage, folder: Path) -> None:
    ours = await stored(storage)
    with pytest.raises(FileNotFoundError, match="the engine's"):
        async with materialized(storage, folder, ours, bytes_max=MANY):
            raise FileNotFoundError("the engine's")
    async with asyncio.timeout(10), materialized(storage, folder, ours, bytes_max=MANY):
        pass


async def test_a_canceled_making_leaves_nothing_and_blocks_nobody(
    storage: Storage, folder: Path
) -> None:
    ours = await stored(storage, 8 * 2**20)
    for wait in (0.0, 0.002, 0.01, 0.03):

        async def run() -> None:
            async with materialized(storage, folder, ours, bytes_max=MANY):
                await asyncio.sleep(60)

        task = asyncio.create_task(run())
        await asyncio.sleep(wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    async with asyncio.timeout(30), materialized(storage, folder, ours, bytes_max=MANY) as weights:
        assert hashlib.sha256(weights.path.read_bytes()).hexdigest() == ours.sha256
    assert half_made(folder) == []


_RUNNING = """
import asyncio, hashlib, sys
from pathlib import Path
import msgspec
from tintype.models.files import materialized
from tintype.models.models import StoredWeights
from tintype.storage import open_storage

async def run(root, folder, told):
    ours = msgspec.json.decode(told, type=StoredWeights)
    storage = open_storage(root)
    for _ in range(20):
        async with materialized(storage, Path(folder), ours, bytes_max=ours.bytes) as weights:
            assert hashlib.sha256(weights.path.read_bytes()).hexdigest() == ours.sha256

asyncio.run(run(*sys.argv[1:]))
"""


@pytest.mark.slow
async def test_processes_that_push_each_others_files_out_always_get_theirs(
    tmp_path: Path, folder: Path
) -> None:
    """Room for one file, three processes and three files: each making removes another's."""
    storage = open_storage((tmp_path / "media").as_uri())
    all_of_them = [await stored(storage, 4096, fill) for fill in (b"1", b"2", b"3")]
    running = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", _RUNNING, storage.url, folder, msgspec.json.encode(one).decode()
        )
        for one in all_of_them
    ]
    async with asyncio.timeout(90):
        assert [await process.wait() for process in running] == [0, 0, 0]
