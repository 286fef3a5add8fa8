import asyncio
import signal
import subprocess
from pathlib import Path

import asyncpg
import pytest

from cli.process import COMMAND, environment, tintype
from support import images
from support.house import House
from tintype.cli.saving import Pattern
from tintype.core.errors import ValidationFailed


async def rows(url: str, table: str = "generations") -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(f"SELECT * FROM {table} ORDER BY id")
    finally:
        await connection.close()


async def test_without_a_worker_the_picture_is_made_here(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "fox.webp"
    done = tintype(
        "generate", "a red fox", "-o", file, "--aspect-ratio", "16:9", "--seed", 7,
        "--alias", "@fox", "--data", tmp_path, url=database_url,
    )  # fmt: skip
    assert done.code == 0, done.err
    made = done.json
    assert (made["status"], made["source"], made["seed"]) == ("completed", "cli", 7)
    assert made["files"] == [str(file)]
    picture = images.opened(file.read_bytes())
    assert file.read_bytes()[8:12] == b"WEBP"
    assert (picture.width, picture.height) == (made["width"], made["height"])
    assert made["images"][0]["alias"] == "@fox"
    balance = tintype("credits", "balance", url=database_url).json
    assert balance == {"balance": 99_999, "reserved": 0, "available": 99_999}
    assert list(tmp_path.glob(".*")) == []  # noqa: ASYNC240
    # No job is left for a worker to find done.
    assert await rows(database_url, "pgqueuer") == []


async def test_beside_a_server_its_worker_does_the_work(house: House, tmp_path: Path) -> None:
    # In a thread, as the house's worker lives in this test's own loop.
    done = await asyncio.to_thread(
        tintype, "generate", "two boats", "--variants", 2,
        "-o", f"{tmp_path}/new/{{id}}/boat-{{index}}.{{ext}}",
        "--data", house.settings.folder, url=house.settings.database.url,
    )  # fmt: skip
    assert done.code == 0, done.err
    # Folders that lack are made.
    folder = tmp_path / "new" / done.json["id"]
    assert done.json["files"] == [f"{folder}/boat-{index}.png" for index in (1, 2)]
    assert all(images.opened((folder / f"boat-{index}.png").read_bytes()) for index in (1, 2))
    # It was taken before the command's patience of a second was over.
    assert done.json["timings"]["queued_ms"] < 1000
    assert done.json["attempts"] == 1


async def test_a_failed_job_is_exit_code_5_and_costs_nothing(
    database_url: str, tmp_path: Path
) -> None:
    done = tintype(
        "generate", "__rejected__", "--test", "-o", tmp_path / "no.png", url=database_url,
        TINTYPE_DATA=str(tmp_path / "data"),
    )  # fmt: skip
    assert done.code == 5
    assert done.json["error"]["code"] == "CONTENT_REJECTED"
    assert "CONTENT_REJECTED" in done.err
    assert not (tmp_path / "no.png").exists()


async def test_too_few_credits_are_exit_code_4(database_url: str, tmp_path: Path) -> None:
    org = tintype("org", "create", "--name", "F", "--plan", "free", url=database_url).json["id"]
    done = tintype(
        "generate", "a fox", "--org", org, "--variants", 8, "-o", tmp_path / "no.png",
        url=database_url,
    )  # fmt: skip
    assert done.code == 4
    assert "required 8, available 5" in done.err
    assert await rows(database_url) == []


def test_what_can_not_be_saved_is_refused_before_it_costs(
    database_url: str, tmp_path: Path
) -> None:
    done = tintype("generate", "a fox", "-o", tmp_path / "fox.gif", url=database_url)
    assert done.code == 2
    assert "must end in one of jpg" in done.err
    (tmp_path / "file").touch()
    for text in (tmp_path / "file" / "fox.png", tmp_path / "{name}.png", tmp_path / "fox"):
        with pytest.raises(ValidationFailed):
            Pattern.of(str(text))


def test_a_pattern_names_each_picture(tmp_path: Path) -> None:
    assert Pattern.of(f"{tmp_path}/fox.JPG").format == "jpeg"
    assert Pattern.of(str(tmp_path)).text == f"{tmp_path}/{{id}}.{{ext}}"
    assert Pattern.of(None).format is None


async def test_past_its_timeout_the_work_goes_back_to_the_queue(
    database_url: str, tmp_path: Path
) -> None:
    done = tintype(
        "generate", "__slow_5s__ fox", "--test", "--timeout", 2, "-o", tmp_path / "no.png",
        url=database_url, TINTYPE_DATA=str(tmp_path / "data"),
    )  # fmt: skip
    assert done.code == 6, done.err
    (row,) = await rows(database_url)
    assert row["id"] in done.err
    assert (row["status"], row["lease"], row["attempts"]) == ("queued", None, 0)


async def test_ctrl_c_leaves_the_work_in_the_queue(database_url: str, tmp_path: Path) -> None:
    process = subprocess.Popen(  # noqa: ASYNC220
        [*COMMAND, "generate", "__slow_5s__ fox", "--test", "-o", str(tmp_path / "no.png")],
        env=environment(TINTYPE_DATABASE_URL=database_url, TINTYPE_DATA=str(tmp_path / "data")),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    connection = await asyncpg.connect(database_url)
    try:
        for _ in range(300):
            if await connection.fetchval("SELECT status FROM generations") == "processing":
                break
            await connection.execute("SELECT pg_sleep(0.05)")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        row = await connection.fetchrow("SELECT status, lease, attempts FROM generations")
    finally:
        await connection.close()
    assert process.returncode == 130
    assert "stays in the queue" in err
    assert "Traceback" not in err
    assert tuple(row) == ("queued", None, 0)
