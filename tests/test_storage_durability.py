"""What a folder keeps through a power cut, a killed writer and a full disk."""

import asyncio
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import obstore
import pytest

from tintype.core.errors import Unavailable
from tintype.storage import open_storage

MIB = 1024 * 1024


@pytest.fixture
def folder(tmp_path):
    return open_storage((tmp_path / "media").as_uri())


async def keys_of(storage, prefix=""):
    return sorted([found.key async for found in storage.list(prefix)])


def fsync_recorder(root: Path, events: list[str]):
    """A profile hook that names what is fsynced: at that moment only it is open below `root`."""

    def open_below_root():
        for descriptor in Path("/proc/self/fd").iterdir():
            try:
                target = descriptor.readlink()
            except OSError:
                continue
            if target == root or root in target.parents:
                yield "#partial" if "#" in target.name else str(target.relative_to(root))

    def hook(frame, event, called):
        if event == "c_call" and called is os.fsync:
            events.append("fsync " + ",".join(open_below_root()))
        elif event == "c_call" and called in (os.replace, os.rename):
            events.append("rename")

    return hook


@contextmanager
def recorded_file_work(root: Path):
    events: list[str] = []
    loop = asyncio.get_running_loop()
    threading.setprofile(fsync_recorder(root, events))
    # The hook reaches new threads only, so the file work gets new ones.
    loop.set_default_executor(threads := ThreadPoolExecutor(1))
    try:
        yield events
    finally:
        threading.setprofile(None)
        threads.shutdown()
        loop.set_default_executor(ThreadPoolExecutor(4))


needs_proc = pytest.mark.skipif(
    not Path("/proc/self/fd").is_dir(), reason="reads /proc to see which file is fsynced"
)


@needs_proc
async def test_put_fsyncs_the_file_then_renames_then_fsyncs_every_folder(folder):
    with recorded_file_work(folder.root) as events:
        await folder.put("a/b/c.png", b"x" * 100)
    assert events == ["fsync #partial", "rename", "fsync a/b", "fsync a", "fsync ."]


@needs_proc
async def test_put_once_makes_what_it_finds_durable(folder):
    # As a writer leaves it that died after the rename.
    folder.local_path("a/b").mkdir(parents=True)
    folder.local_path("a/b/c.png").write_bytes(b"same")
    with recorded_file_work(folder.root) as events:
        assert not await folder.put_once("a/b/c.png", b"same")
    assert events == ["fsync a/b/c.png", "fsync a/b", "fsync a", "fsync ."]


async def test_put_once_makes_an_old_object_young_again(folder):
    await folder.put("a", b"same")
    os.utime(folder.local_path("a"), (1, 1))
    assert not await folder.put_once("a", b"same")
    assert datetime.now(UTC) - (await folder.stat("a")).modified_at < timedelta(seconds=60)


@contextmanager
def mounted(where: Path, *arguments: str):
    where.mkdir(parents=True, exist_ok=True)
    tried = subprocess.run(["mount", *arguments, where], capture_output=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"mount isn't allowed here: {tried.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", where], check=True)


needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("mount") is None, reason="mounts a file system: needs root"
)


@needs_root
async def test_a_full_disk_is_said_leaves_no_part_and_heals(tmp_path):
    with mounted(tmp_path / "small", "-t", "tmpfs", "-o", "size=1m", "none"):
        storage = open_storage((tmp_path / "small").as_uri())
        await storage.put("a/kept", b"k" * 400_000)
        for write in (storage.put, storage.put_once):
            with pytest.raises(Unavailable, match="storage is full"):
                await write("a/more", b"m" * 900_000)
        with pytest.raises(Unavailable, match="storage is full"):
            await storage.put("a/kept", b"k" * 900_000)
        assert [path.name for path in (tmp_path / "small").rglob("*") if path.is_file()] == ["kept"]
        assert await storage.get("a/kept") == b"k" * 400_000
        await storage.delete(["a/kept"])
        await storage.put("a/more", b"m" * 900_000)
        assert await storage.size("a/more") == 900_000


def make_disk(path: Path):
    if shutil.which("mkfs.ext4") is None:
        pytest.skip("makes an ext4 file system: mkfs.ext4 isn't installed")
    with path.open("wb") as file:
        file.truncate(32 * MIB)
    subprocess.run(["mkfs.ext4", "-q", path], check=True)


@needs_root
@pytest.mark.slow
async def test_an_object_survives_a_power_cut_once_put_returns(tmp_path):
    """Cuts the power by copying the disk below a mounted file system, caches and all left out."""
    disk, cut = tmp_path / "disk", tmp_path / "cut"
    make_disk(disk)
    data = os.urandom(200_000)
    with mounted(tmp_path / "before", "-o", "loop", str(disk)):
        storage = open_storage((tmp_path / "before" / "media").as_uri())
        # The same object put by obstore alone shows that the cut would be felt.
        await obstore.put_async(storage.store, "a/unsafe.png", data)
        await storage.put("org_1/ab/safe.png", data)
        shutil.copyfile(disk, cut)
    with mounted(tmp_path / "after", "-o", "loop", str(cut)):
        after = open_storage((tmp_path / "after" / "media").as_uri())
        assert await after.get("org_1/ab/safe.png") == data
        assert not await after.exists("a/unsafe.png") or await after.get("a/unsafe.png") != data


WRITER = """
import asyncio, hashlib, os, sys
from tintype.storage import open_storage

async def write_for_ever():
    storage = open_storage(sys.argv[1])
    while True:
        data = os.urandom(4096) * 5000
        await storage.put("put/" + hashlib.sha256(data).hexdigest(), data)

asyncio.run(write_for_ever())
"""


def start_writer(url):
    return subprocess.Popen([sys.executable, "-c", WRITER, url])


@pytest.mark.slow
async def test_a_writer_killed_in_mid_put_leaves_only_a_part_for_the_sweeper(folder):
    partial = []
    writer = start_writer(folder.url)
    try:
        deadline = time.monotonic() + 60
        while not (partial and await keys_of(folder)):
            assert time.monotonic() < deadline
            partial = list(folder.root.rglob("*#*"))
    finally:
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    # The kill may have come just after a rename; a part is then left as one would be.
    (folder.root / "put" / "left#1").write_bytes(b"half")
    keys = await keys_of(folder, "put")
    assert keys
    for key in keys:
        assert hashlib.sha256(await folder.get(key)).hexdigest() == key.removeprefix("put/")
    assert await folder.sweep_partial(3600) == 0
    assert await folder.sweep_partial(0) >= 1
    assert not list(folder.root.rglob("*#*"))
    assert await keys_of(folder, "put") == keys


async def test_the_sweeper_spares_young_parts_and_whole_objects(folder):
    await folder.put("a/whole", b"x")
    for name, age in (("old#12", 7200), ("young#1", 10)):
        part = folder.root / "a" / name
        part.write_bytes(b"half")
        os.utime(part, (time.time() - age,) * 2)
    os.utime(folder.local_path("a/whole"), (1, 1))
    assert await folder.sweep_partial(3600) == 1
    assert sorted(path.name for path in (folder.root / "a").iterdir()) == ["whole", "young#1"]


async def test_obstores_own_parts_look_as_we_expect(folder):
    (folder.root / "name#1").write_bytes(b"half")
    assert await keys_of(folder) == []
