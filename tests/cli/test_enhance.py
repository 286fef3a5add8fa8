from pathlib import Path

import asyncpg

from cli.process import tintype
from support import images


async def test_a_file_is_finished_and_saved(database_url: str, tmp_path: Path) -> None:
    source = tmp_path / "mug.jpg"
    source.write_bytes(images.file("jpeg", 160, 120))
    result = tmp_path / "mug-real.jpg"
    done = tintype(
        "enhance", source, "--mode", "realistic", "--preset", "film-400", "--seed", 3,
        "--alias", "@mug", "-o", result, "--data", tmp_path, url=database_url,
    )  # fmt: skip
    assert done.code == 0, done.err
    made = done.json
    assert (made["kind"], made["preset"], made["seed"], made["source"]) == (
        "realistic", "film-400", 3, "cli",
    )  # fmt: skip
    picture = images.opened(result.read_bytes())
    assert (picture.width, picture.height) == (160, 120)
    assert made["images"][0]["parent_id"] == made["references"][0]["image_id"]
    # The result can be finished again by its name; strength 0 leaves it as it is.
    again = tintype(
        "enhance", "@mug", "--mode", "clean", "--strength", 0, "-o", tmp_path / "same.jpg",
        "--data", tmp_path, url=database_url,
    )  # fmt: skip
    assert again.code == 0, again.err
    assert (tmp_path / "same.jpg").read_bytes() == result.read_bytes()


async def test_what_is_wrong_is_said_before_anything_is_charged(
    database_url: str, tmp_path: Path
) -> None:
    missing = tintype("enhance", tmp_path / "no.jpg", "--mode", "clean", url=database_url)
    assert (missing.code, "can't be read" in missing.err) == (2, True)
    text = tmp_path / "text.jpg"
    text.write_text("no picture")
    wrong = tintype("enhance", text, "--mode", "clean", "--data", tmp_path, url=database_url)
    assert wrong.code == 2
    assert "not an accepted picture" in wrong.err
    picture = tmp_path / "a.png"
    picture.write_bytes(images.file("png"))
    preset = tintype(
        "enhance", picture, "--mode", "clean", "--preset", "phone", "--data", tmp_path,
        url=database_url,
    )  # fmt: skip
    assert preset.code == 2
    assert "preset" in preset.err


async def test_a_file_may_be_named_like_an_id(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "img_0001.jpg"
    file.write_bytes(images.file("jpeg"))
    done = tintype(
        "enhance", file.name, "--mode", "clean", "-o", tmp_path / "out.jpg", "--data", tmp_path,
        url=database_url, cwd=tmp_path,
    )  # fmt: skip
    assert done.code == 0, done.err
    # What is refused in the end leaves nothing in the library.
    wrong = tintype(
        "enhance", file.name, "--mode", "clean", "--preset", "phone", "--data", tmp_path,
        url=database_url, cwd=tmp_path,
    )  # fmt: skip
    assert wrong.code == 2
    connection = await asyncpg.connect(database_url)
    try:
        assert await connection.fetchval("SELECT count(*) FROM images WHERE source='uploaded'") == 1
    finally:
        await connection.close()
