"""Work with a custom model, from the request to the engine that loads its weights."""

from pathlib import Path

import pytest

from support.house import House, opened, settings_for, working
from support.models import uploaded
from support.own_files import SHIPPED, STUDIO, own_file
from support.studio_engine import Studio, engines
from support.weights import lora
from support.workers import until_status
from tintype.core import ids

pytestmark = pytest.mark.usefixtures("studio")
SOUND = lora(256)


async def test_an_engine_gets_the_bytes_and_the_trigger_words(
    database_url: str, tmp_path: Path
) -> None:
    settings = settings_for(database_url, tmp_path)
    studio = Studio()
    async with opened(settings, with_worker=False) as house, working(settings, engines(studio)):
        me = await house.tenant()
        made = await uploaded(house, me, SOUND, trigger_words="snkr,sole", scale="0.5")
        reply = await house.ask(
            "POST", "/v1/generations", key=me, headers={"Prefer": "wait=30"},
            json={"prompt": "a snkr on a table", "model": made["id"], "variants": 2},
        )  # fmt: skip
        assert reply.status == 201, reply.body
        assert (reply.json["status"], reply.json["model"]) == ("completed", made["id"])
        assert (reply.json["engine"], reply.json["credits_used"]) == ("studio", 10)
    assert [(it[0], it[1], it[3]) for it in studio.seen] == [
        ("studio/large", "a snkr on a table", [made["sha256"]])
    ] * 2
    (weights,) = studio.seen[0][2]
    assert (weights.kind, weights.trigger_words, weights.scale) == ("lora", ("snkr", "sole"), 0.5)


async def test_work_goes_on_after_its_model_was_deleted(database_url: str, tmp_path: Path) -> None:
    settings = settings_for(database_url, tmp_path)
    studio = Studio()
    async with opened(settings, with_worker=False) as house:
        me = await house.tenant()
        made = await uploaded(house, me, SOUND)
        body = {"prompt": "a shoe", "model": made["id"]}
        work = (await house.ask("POST", "/v1/generations", key=me, json=body)).json["id"]
        assert (await house.ask("DELETE", f"/v1/models/{made['id']}", key=me)).status == 204
        late = await house.ask("POST", "/v1/generations", key=me, json=body)
        assert (late.status, late.json["error"]["param"]) == (422, "model")
        async with working(settings, engines(studio)):
            await until_status(house, work, "completed", seconds=30)
    assert studio.seen[0][3] == [made["sha256"]]


async def test_another_tenants_model_is_refused_as_a_field(idle_house: House) -> None:
    me, other = await idle_house.tenant(), await idle_house.tenant()
    theirs = (await uploaded(idle_house, other, SOUND))["id"]
    for model in (theirs, ids.new("mdl")):
        answer = await idle_house.ask(
            "POST", "/v1/generations", key=me, json={"prompt": "x", "model": model}
        )
        assert (answer.status, answer.json["error"]["code"]) == (422, "VALIDATION_FAILED")
        assert answer.json["error"]["details"] == [
            {"field": "model", "problem": f"there is no model {model!r}"}
        ]


async def test_weights_that_the_engine_would_ignore_end_the_work(
    database_url: str, tmp_path: Path
) -> None:
    """As where an operator's catalogue promises more than the engine does."""
    settings = settings_for(database_url, tmp_path)
    studio = Studio(loads=frozenset())
    async with opened(settings, with_worker=False) as house, working(settings, engines(studio)):
        me = await house.tenant()
        made = await uploaded(house, me, SOUND)
        body = {"prompt": "a shoe", "model": made["id"]}
        work = (await house.ask("POST", "/v1/generations", key=me, json=body)).json["id"]
        ended = await until_status(house, work, "failed", seconds=30)
        balance = (await house.ask("GET", "/v1/credits/balance", key=me)).json
    assert ended["error"] == {
        "code": "VALIDATION_FAILED", "message": "model: the engine loads no lora."
    }  # fmt: skip
    assert (studio.seen, balance["available"]) == ([], 1000)


async def test_the_sandbox_has_the_built_in_engine_only(idle_house: House) -> None:
    """An operator's own engine costs money, and the sandbox has none."""
    me = await idle_house.tenant(livemode=False)
    mine = (await uploaded(idle_house, me, SOUND))["id"]
    for model in ("studio/large", mine):
        refused = await idle_house.ask(
            "POST", "/v1/generations", key=me, json={"prompt": "a shoe", "model": model}
        )
        assert (refused.status, refused.json["error"]["param"]) == (422, "model"), model
        assert "builtin/draft" in refused.json["error"]["message"]


async def test_the_sandboxs_default_is_the_built_in_model(
    database_url: str, tmp_path: Path
) -> None:
    first = SHIPPED.replace("[[models]]", f"{STUDIO}\n[[models]]", 1)
    with own_file("catalog", tmp_path / "first.toml", first):
        settings = settings_for(database_url, tmp_path)
        async with opened(settings, with_worker=False) as house:
            for livemode, model in ((True, "studio/large"), (False, "builtin/draft")):
                me = await house.tenant(livemode=livemode)
                made = await house.ask("POST", "/v1/generations", key=me, json={"prompt": "a shoe"})
                assert made.json["model"] == model
