"""One contract for every kind of storage, then what only a folder or only a bucket can suffer."""

import asyncio
import os
import shutil
import time
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from support.bucket import bucket_environment, s3_bucket
from tintype.core.errors import Unavailable
from tintype.storage import MissingObject, open_storage

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def endpoint():
    with s3_bucket("pictures") as address:
        yield address


@pytest.fixture(params=["folder", "bucket"])
def storage(request, tmp_path, monkeypatch):
    if request.param == "folder":
        return open_storage((tmp_path / "media").as_uri())
    for name, value in bucket_environment(request.getfixturevalue("endpoint")).items():
        monkeypatch.setenv(name, value)
    # A prefix of its own keeps each test's objects apart in the one bucket.
    return open_storage(f"s3://pictures/{tmp_path.name}")


@pytest.fixture
def folder(tmp_path):
    return open_storage((tmp_path / "media").as_uri())


async def keys_of(storage, prefix=""):
    return sorted([found.key async for found in storage.list(prefix)])


# The contract


@pytest.mark.parametrize("size", [0, 1, 100_000, 11 * MIB])
async def test_bytes_come_back_as_they_went_in(storage, size):
    data = os.urandom(size)
    await storage.put("org_1/ab/one.webp", data)
    assert await storage.get("org_1/ab/one.webp") == data
    assert await storage.size("org_1/ab/one.webp") == size
    assert await storage.exists("org_1/ab/one.webp")


async def test_the_answer_is_plain_bytes(storage):
    await storage.put("a", b"x")
    assert type(await storage.get("a")) is bytes


async def test_a_second_put_replaces_the_first(storage):
    await storage.put("a/b", b"first, and longer")
    await storage.put("a/b", b"second")
    assert await storage.get("a/b") == b"second"


async def test_a_missing_object_is_named(storage):
    for ask in (storage.get, storage.size, storage.stat):
        with pytest.raises(MissingObject, match="a/none") as caught:
            await ask("a/none")
        assert caught.value.key == "a/none"
    assert not await storage.exists("a/none")


async def test_a_folder_of_objects_is_no_object(storage):
    await storage.put("a/b/c", b"x")
    assert not await storage.exists("a/b")
    with pytest.raises(MissingObject):
        await storage.get("a/b")


async def test_delete_takes_many_and_minds_no_missing_ones(storage):
    for name in "abcd":
        await storage.put(f"d/{name}", b"x")
    await storage.delete(["d/a", "d/none", "d/b", "other/none"])
    await storage.delete([])
    await storage.delete(["d/a"])
    assert await keys_of(storage) == ["d/c", "d/d"]


async def test_list_goes_by_whole_segments(storage):
    for key in ("a/b/1", "a/b/2", "a/bc/3", "z"):
        await storage.put(key, b"1234")
    assert await keys_of(storage, "a/b") == ["a/b/1", "a/b/2"]
    assert await keys_of(storage) == ["a/b/1", "a/b/2", "a/bc/3", "z"]
    assert await keys_of(storage, "nothing/here") == []


async def test_list_tells_size_and_time_of_writing(storage):
    await storage.put("a/b", b"1234")
    [found] = [found async for found in storage.list("a")]
    assert found.size_bytes == 4
    assert found.modified_at.tzinfo is not None
    assert abs(found.modified_at - datetime.now(UTC)) < timedelta(seconds=60)


async def test_list_goes_past_one_page(storage):
    await asyncio.gather(*(storage.put(f"many/{n:04}", b"") for n in range(1003)))
    assert len(await keys_of(storage, "many")) == 1003


async def test_put_once_writes_the_first_time_only(storage):
    assert await storage.put_once("sha/ab", b"same")
    assert not await storage.put_once("sha/ab", b"same")
    assert await storage.get("sha/ab") == b"same"


async def test_put_once_mends_an_object_of_another_size(storage):
    await storage.put("sha/ab", b"cut sho")
    assert await storage.put_once("sha/ab", b"cut short")
    assert await storage.get("sha/ab") == b"cut short"


async def test_twins_that_put_the_same_object_both_succeed(storage):
    data = os.urandom(300_000)
    await asyncio.gather(*(storage.put_once("twins/one", data) for _ in range(12)))
    assert await storage.get("twins/one") == data
    assert await keys_of(storage) == ["twins/one"]


@pytest.mark.parametrize(
    "key",
    ["", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b", ".hidden", "a b", "a\n", "a\0", "ä",
     "a#1", "a\\b", "a%2fb", "-a", "a/" + "b" * 201, "/".join("a" * 300)],
)  # fmt: skip
async def test_a_key_that_is_not_ours_is_refused_loudly(storage, key):
    for ask in (storage.get, storage.size, storage.exists):
        with pytest.raises(ValueError, match="not a storage key"):
            await ask(key)
    for write in (storage.put, storage.put_once):
        with pytest.raises(ValueError, match="not a storage key"):
            await write(key, b"x")
    with pytest.raises(ValueError, match="not a storage key"):
        await storage.delete(["fine", key])
    with pytest.raises(ValueError, match="not a storage key"):
        storage.local_path(key)


async def test_probe_passes_on_an_empty_storage(storage):
    await storage.probe()


# Opening


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("", "must start with"),
        ("/srv/media", "must start with"),
        ("media", "must start with"),
        ("memory:///", "must start with"),
        ("https://example.com/x", "must start with"),
        ("file://media", "absolute folder"),
        ("file:///", "absolute folder"),
        ("file://server/share", "absolute folder"),
        ("s3:///x", "names no bucket"),
        ("s3://user:secret@bucket", "no user, query or fragment"),
        ("s3://bucket?x=1", "no user, query or fragment"),
        ("s3://bucket/../x", "a prefix is made of"),
        ("s3://bucket/ä", "a prefix is made of"),
        ("az://container", "can't be opened"),
    ],
)
def test_a_wrong_url_says_what_is_wrong(url, what, monkeypatch):
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME", raising=False)
    with pytest.raises(ValueError, match=what) as caught:
        open_storage(url)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_made_says_so(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ValueError, match="can't be used"):
        open_storage((tmp_path / "file" / "media").as_uri())


async def test_a_folder_with_blanks_and_umlauts_in_its_name_works(tmp_path):
    storage = open_storage((tmp_path / "my pictures ä").as_uri())
    await storage.put("a", b"x")
    assert (tmp_path / "my pictures ä" / "a").read_bytes() == b"x"
    assert storage.describe() == f"folder {tmp_path / 'my pictures ä'}"


def test_describe_names_the_bucket(monkeypatch):
    for name, value in bucket_environment("http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)
    assert open_storage("s3://pictures/live/").describe() == "bucket s3://pictures/live"


# Bytes in pieces


async def pieces_of(data, size, fault=None):
    for start in range(0, len(data), size):
        yield data[start : start + size]
    if fault is not None:
        raise fault


@pytest.mark.parametrize(("size", "piece"), [(0, 1), (1, 1), (100_000, 999), (20 * MIB, 3 * MIB)])
async def test_bytes_given_in_pieces_are_one_object(storage, size, piece):
    data = os.urandom(size)
    await storage.put_stream("org_1/large", pieces_of(data, piece))
    assert await storage.get("org_1/large") == data
    assert await keys_of(storage) == ["org_1/large"]


class Broke(Exception):
    """The source's own fault."""


@pytest.mark.parametrize("fault", [Broke("in the midst"), OSError(28, "the source's, not ours")])
async def test_a_source_that_breaks_off_leaves_nothing(storage, fault, tmp_path):
    await storage.put("a/b", b"before")
    with pytest.raises(type(fault)) as caught:
        await storage.put_stream("a/b", pieces_of(bytes(18 * MIB), MIB, fault))
    assert caught.value is fault
    assert await storage.get("a/b") == b"before"
    assert await keys_of(storage) == ["a/b"]
    assert [path.name for path in tmp_path.rglob("*#*")] == []


async def test_a_canceled_stream_leaves_nothing_in_a_folder(folder, tmp_path):
    begun = asyncio.Event()

    async def endless():
        while True:
            yield bytes(MIB)
            begun.set()
            await asyncio.sleep(0.01)

    storing = asyncio.create_task(folder.put_stream("a/b", endless()))
    await begun.wait()
    storing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await storing
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


# A folder


async def test_a_local_path_leads_to_the_bytes(folder):
    await folder.put("a/b.png", b"x")
    assert folder.local_path("a/b.png").read_bytes() == b"x"


async def test_probe_fails_when_the_folder_is_gone(folder):
    shutil.rmtree(folder.root)
    with pytest.raises(Unavailable, match="storage"):
        await folder.probe()


# A bucket


async def test_a_bucket_has_no_local_paths_and_no_parts(endpoint, monkeypatch):
    for name, value in bucket_environment(endpoint).items():
        monkeypatch.setenv(name, value)
    storage = open_storage("s3://pictures/x")
    assert storage.local_path("a/b") is None
    assert await storage.sweep_partial(0) == 0


async def test_probe_fails_on_a_bucket_that_does_not_exist(endpoint, monkeypatch):
    for name, value in bucket_environment(endpoint).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Unavailable, match="storage"):
        await open_storage("s3://no-such-bucket").probe()


class ScriptedBucket:
    """Answers by a script of faults, then holds the last one; counts what it was asked."""

    def __init__(self, *script: int | str) -> None:
        self.script = list(script)
        self.asked = 0
        self.closing = asyncio.Event()

    async def answer(self, request: web.Request) -> web.Response:
        fault = self.script[min(self.asked, len(self.script) - 1)]
        self.asked += 1
        if fault == "reset":
            request.transport.abort()
        if fault == "hang":
            await self.closing.wait()
        status = fault if isinstance(fault, int) else 200
        return web.Response(status=status, headers={"ETag": '"e"'})


@pytest.fixture
async def scripted(monkeypatch):
    buckets, runners = [], []

    async def start(*script):
        bucket = ScriptedBucket(*script)
        app = web.Application(client_max_size=MIB)
        app.router.add_route("*", "/{path:.*}", bucket.answer)
        runner = web.AppRunner(app, shutdown_timeout=0)
        await runner.setup()
        runners.append(runner)
        buckets.append(bucket)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        for name, value in bucket_environment(f"http://127.0.0.1:{runner.addresses[0][1]}").items():
            monkeypatch.setenv(name, value)
        return bucket

    yield start
    for bucket, runner in zip(buckets, runners, strict=True):
        bucket.closing.set()
        await runner.cleanup()


@pytest.mark.parametrize("script", [(500, 503, 200), ("reset", 200), (429, 200)])
async def test_a_passing_fault_of_the_bucket_is_tried_again(scripted, script):
    bucket = await scripted(*script)
    await open_storage("s3://pictures").put("a", b"x")
    assert bucket.asked == len(script)


@pytest.mark.parametrize("fault", [500, "reset"])
async def test_a_lasting_fault_of_the_bucket_ends_after_bounded_tries(scripted, fault):
    bucket = await scripted(fault)
    with pytest.raises(Unavailable, match="can't be reached"):
        await open_storage("s3://pictures", retries_max=2).put("a", b"x")
    assert bucket.asked == 3


async def test_a_refused_credential_is_not_tried_again(scripted):
    bucket = await scripted(403)
    with pytest.raises(Unavailable, match="can't be reached"):
        await open_storage("s3://pictures").get("a")
    assert bucket.asked == 1


async def test_probe_gives_up_on_a_silent_bucket_after_two_seconds(scripted):
    await scripted("hang")
    began = time.monotonic()
    with pytest.raises(Unavailable, match="doesn't answer"):
        await open_storage("s3://pictures").probe()
    assert time.monotonic() - began < 20


async def test_a_bucket_that_nobody_serves_is_unavailable(monkeypatch):
    for name, value in bucket_environment("http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Unavailable, match="can't be reached"):
        await open_storage("s3://pictures", retries_max=1).get("a")


async def test_a_part_is_read_piece_by_piece(storage):
    data = bytes(range(256)) * 8192
    await storage.put("a/film", data)
    for start, end in ((0, len(data)), (1, 2), (1_000_000, len(data)), (700_000, 1_900_000)):
        pieces = [piece async for piece in await storage.part("a/film", start, end)]
        assert b"".join(pieces) == data[start:end]
        assert max(map(len, pieces)) < 1_500_000, "never the whole at once"
    with pytest.raises(MissingObject):
        await storage.part("a/none", 0, 1)
