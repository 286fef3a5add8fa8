"""Work that shows a persona, from the request to the engine."""

from pathlib import Path
from typing import Any

import pytest

from support import images as pictures
from support.house import House, Tenant, opened, settings_for, working
from support.own_files import SHIPPED, STUDIO, own_file
from support.studio_engine import Studio, engines
from support.workers import until
from tintype.accounts import operations as accounts
from tintype.accounts.models import ChangeOrganization
from tintype.audit.operator import SERVER
from tintype.core import ids

MIRA = {"name": "Mira", "description": "a dancer", "attributes": {"hair": "red, short"}}
WORDS = "Mira, a dancer, hair: red, short"


async def persona(house: House, key: Tenant, **more: Any) -> str:
    made = await house.ask("POST", "/v1/personas", key=key, json=MIRA | more)
    assert made.status == 201, made.body
    return str(made.json["id"])


async def ask(house: House, key: Tenant, **body: Any) -> Any:
    return await house.ask("POST", "/v1/generations", key=key, json={"prompt": "at a lake"} | body)


async def test_the_engine_gets_the_persons_words_and_pictures(
    database_url: str, tmp_path: Path
) -> None:
    settings, studio = settings_for(database_url, tmp_path), Studio()
    with own_file("catalog", tmp_path / "catalog.toml", SHIPPED + STUDIO):
        async with opened(settings, with_worker=False) as house, working(settings, engines(studio)):
            me = await house.tenant()
            face = (await house.upload(me, pictures.file("png"))).data["id"]
            side = (await house.upload(me, pictures.file("png", 40, 30))).data["id"]
            mira = await persona(house, me, reference_images=[face])
            reply = await house.ask(
                "POST", "/v1/generations", key=me, headers={"Prefer": "wait=30"},
                json={"prompt": "at a lake", "model": "studio/large", "persona_id": mira,
                      "reference_images": [side, face]},
            )  # fmt: skip
            assert reply.status == 201, reply.body
    told = reply.json
    assert (told["persona_id"], told["prompt"]) == (mira, "at a lake")
    assert [it["image_id"] for it in told["references"]] == [side, face], "each picture once"
    ((_, prompt, _, _, references),) = studio.seen
    assert (prompt, references) == (f"{WORDS}. at a lake", 2)


async def test_a_persona_that_is_not_ones_own_is_refused_as_a_field(idle_house: House) -> None:
    me, other = await idle_house.tenant(), await idle_house.tenant()
    theirs = await persona(idle_house, other)
    gone = await persona(idle_house, me)
    assert (await idle_house.ask("DELETE", f"/v1/personas/{gone}", key=me)).status == 204
    for wrong in (theirs, gone, ids.new("per"), ids.new("gen"), "nonsense"):
        answer = await ask(idle_house, me, persona_id=wrong)
        assert (answer.status, answer.json["error"]["code"]) == (422, "VALIDATION_FAILED")
        assert answer.json["error"]["details"] == [
            {"field": "persona_id", "problem": "there is no such persona"}
        ]
    assert (await idle_house.ask("GET", "/v1/generations", key=me)).json["total"] == 0


async def test_a_deleted_picture_of_a_persona_stops_new_work_and_names_itself(
    idle_house: House,
) -> None:
    me = await idle_house.tenant()
    face = (await idle_house.upload(me, pictures.file("png"))).data["id"]
    mira = await persona(idle_house, me, reference_images=[face])
    before = await ask(idle_house, me, persona_id=mira)
    assert before.status == 202
    assert (await idle_house.ask("DELETE", f"/v1/images/{face}", key=me)).status == 204
    answer = await ask(idle_house, me, persona_id=mira)
    assert (answer.status, answer.json["error"]["param"]) == (422, "persona_id")
    assert face in answer.json["error"]["message"]


async def test_a_changed_or_deleted_persona_leaves_earlier_work_as_it_was(
    idle_house: House,
) -> None:
    me = await idle_house.tenant()
    mira = await persona(idle_house, me)
    work = (await ask(idle_house, me, persona_id=mira)).json["id"]
    path = f"/v1/personas/{mira}"
    assert (await idle_house.ask("PATCH", path, key=me, json={"name": "Jon"})).status == 200
    assert (await idle_house.ask("DELETE", path, key=me)).status == 204
    found = (await idle_house.ask("GET", f"/v1/generations/{work}", key=me)).json
    assert found["persona_id"] == mira
    async with idle_house.database.reading() as tx:
        words = await tx.fetchval("SELECT persona_words FROM generations WHERE id = $1", work)
    assert words == WORDS


@pytest.mark.parametrize("plan", ["free", "creator"])
async def test_a_plan_without_personas_can_not_show_any(idle_house: House, plan: str) -> None:
    me = await idle_house.tenant(plan=plan, grant=10)
    answer = await ask(idle_house, me, persona_id=ids.new("per"))
    assert (answer.status, answer.json["error"]["code"]) == (403, "FORBIDDEN")
    assert answer.json["error"]["details"] == {"feature": "personas", "plan": plan}


async def test_words_that_are_too_long_together_are_refused_before_they_cost(
    idle_house: House,
) -> None:
    me = await idle_house.tenant(grant=10)
    mira = await persona(idle_house, me)
    most = 4000 - len(WORDS) - len(". ")
    fits = await ask(idle_house, me, persona_id=mira, prompt="x" * most)
    assert fits.status == 202
    await idle_house.upload(me, pictures.file("png"), alias="@sketch")
    long = {"prompt": "x" * (most + 1), "persona_id": mira}
    for path, body in (
        ("generations", long), ("generate/video", long),
        ("sketch-to-photo", {**long, "image": "@sketch"}),
    ):  # fmt: skip
        refused = await idle_house.ask("POST", f"/v1/{path}", key=me, json=body)
        assert (refused.status, refused.json["error"]["param"]) == (422, "persona_id"), path
        assert "4001" in refused.json["error"]["message"]
    await failed(idle_house, fits.json["id"])
    again = await retried(idle_house, me, fits.json["id"], prompt="x" * (most + 1))
    assert (again.status, again.json["error"]["param"]) == (422, "persona_id")


async def failed(house: House, work: str) -> None:
    async with house.database.transaction() as tx:
        await tx.execute("UPDATE generations SET status = 'failed' WHERE id = $1", work)


async def retried(house: House, key: Tenant, work: str, **body: Any) -> Any:
    return await house.ask("POST", f"/v1/generations/{work}/retry", key=key, json=body)


async def words_in(house: House, work: str) -> str:
    async with house.database.reading() as tx:
        words: str = await tx.fetchval("SELECT persona_words FROM generations WHERE id = $1", work)
    return words


@pytest.mark.parametrize("path", ["generations", "generate/video"])
async def test_a_retry_shows_the_person_as_the_work_was_accepted(
    idle_house: House, path: str
) -> None:
    me = await idle_house.tenant()
    face = (await idle_house.upload(me, pictures.file("png"))).data["id"]
    other = (await idle_house.upload(me, pictures.file("png", 40, 30))).data["id"]
    mira = await persona(idle_house, me, reference_images=[face])
    body = {"prompt": "at a lake", "persona_id": mira}
    work = (await idle_house.ask("POST", f"/v1/{path}", key=me, json=body)).json["id"]
    await failed(idle_house, work)
    change = {"name": "Jon", "reference_images": [other]}
    assert (
        await idle_house.ask("PATCH", f"/v1/personas/{mira}", key=me, json=change)
    ).status == 200
    changed = await retried(idle_house, me, work, prompt="by the sea")
    assert (await idle_house.ask("DELETE", f"/v1/personas/{mira}", key=me)).status == 204
    deleted = await retried(idle_house, me, work)
    for again in (changed, deleted):
        assert again.status == 202, again.body
        assert again.json["persona_id"] == mira
        assert [it["image_id"] for it in again.json["references"]] == [face]
        assert await words_in(idle_house, again.json["id"]) == WORDS


async def test_a_retry_with_other_pictures_shows_the_person_beside_them(
    idle_house: House,
) -> None:
    me = await idle_house.tenant()
    face = (await idle_house.upload(me, pictures.file("png"))).data["id"]
    other = (await idle_house.upload(me, pictures.file("png", 40, 30))).data["id"]
    mira = await persona(idle_house, me, reference_images=[face])
    work = (await ask(idle_house, me, persona_id=mira)).json["id"]
    await failed(idle_house, work)
    again = await retried(idle_house, me, work, reference_images=[other])
    assert [it["image_id"] for it in again.json["references"]] == [other, face]


@pytest.mark.parametrize("path", ["generations", "generate/video"])
async def test_a_retry_needs_the_plan_that_shows_personas(idle_house: House, path: str) -> None:
    me = await idle_house.tenant()
    mira = await persona(idle_house, me)
    body = {"prompt": "at a lake", "persona_id": mira}
    work = (await idle_house.ask("POST", f"/v1/{path}", key=me, json=body)).json["id"]
    await failed(idle_house, work)
    async with idle_house.database.transaction() as tx:
        await accounts.change_organization(
            tx, me.organization_id, ChangeOrganization(plan="creator"), actor=SERVER
        )

    async def refused() -> Any:  # The server is told of the change by the database.
        again = await retried(idle_house, me, work)
        return again if again.status == 403 else None

    assert (await until(refused)).json["error"]["details"]["feature"] == "personas"
