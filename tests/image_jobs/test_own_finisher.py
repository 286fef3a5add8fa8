"""An operator's own finisher: for live work, never for the sandbox, which is free."""

from pathlib import Path

from support import images
from support.house import House, opened, settings_for
from support.image_jobs import job, upload
from support.own_files import SHIPPED, own_file

OWN = """
[[models]]
id = "studio/clean"
name = "Own cleaner"
description = "Cleans photos."
engine = "studio"
fidelity = "full"
operations = ["clean"]
presets = ["own"]
references_max = 1
variants_max = 1
negative_prompt = false
prompt_characters_max = 0
credits = { 1K = 9, 2K = 9, 4K = 9 }
"""
FIRST = SHIPPED.replace("[[models]]", f"{OWN}\n[[models]]", 1)


async def test_the_sandbox_is_finished_by_the_built_in_engine(
    database_url: str, tmp_path: Path
) -> None:
    """No engine of this worker serves the operator's own model, so the other one did the work."""
    with own_file("catalog", tmp_path / "first.toml", FIRST):
        async with opened(settings_for(database_url, tmp_path)) as house:
            me = await house.tenant(livemode=False)
            picture = (await upload(house, me, images.file("png", 64, 64))).data["image_url"]
            given = await job(house, me, mode="clean", image_url=picture, preset="portrait")
            drawn = await job(
                house, me, "/images/generate", mode="clean", prompt="a fox", preset="portrait"
            )
            for done in (given, drawn):
                assert (done.data["status"], done.data["error"]) == ("completed", None)
            path = f"/v1/generations/{given.data['job_id']}"
            assert (await house.ask("GET", path, key=me)).json["model"] == "builtin/clean"


async def test_live_work_is_finished_by_the_operators_own(
    idle_house: House, tmp_path: Path
) -> None:
    with own_file("catalog", tmp_path / "first.toml", FIRST):
        me = await idle_house.tenant()
        picture = (await upload(idle_house, me, images.file("png", 64, 64))).data["image_url"]
        asked = {"mode": "clean", "image_url": picture}
        given = await job(idle_house, me, **asked, preset="own", wait=0)
        assert (given.status, given.data["credits_reserved"]) == (202, 9)
        path = f"/v1/generations/{given.data['job_id']}"
        assert (await idle_house.ask("GET", path, key=me)).json["model"] == "studio/clean"
        refused = await job(idle_house, me, **asked, preset="portrait", wait=0)
        assert refused.status == 422
