"""What a persona adds to work."""

import pytest

from support import images as pictures
from support.house import House, Tenant
from tintype.core import ids
from tintype.core.errors import Forbidden, ValidationFailed
from tintype.images.links import Links
from tintype.personas import operations
from tintype.personas.models import CreatePersona, Persona
from tintype.personas.operations import words_of

LINKS = Links("http://tintype.test", None)


async def made(house: House, tenant: Tenant, *references: str) -> Persona:
    ask = CreatePersona(
        name="Mira", description="a dancer with a calm face.", attributes={"hair": "red, short"},
        reference_images=list(references),
    )  # fmt: skip
    async with house.database.transaction() as tx:
        return await operations.create(
            tx, await house.caller(tenant), LINKS, ask, allow_networks=[]
        )


async def shown(house: House, tenant: Tenant, persona_id: str) -> operations.Shown:
    async with house.database.reading() as tx:
        return await operations.shown(tx, await house.caller(tenant), persona_id)


def test_the_words_leave_out_what_is_empty() -> None:
    assert words_of("Mira", "", {}) == "Mira"
    assert words_of("Mira", "a dancer.", {}) == "Mira, a dancer"
    attributes = {"hair": "red, short", "age": "30"}
    assert words_of("Mira", "", attributes) == "Mira, hair: red, short, age: 30"


async def test_it_adds_its_words_and_its_pictures(idle_house: House) -> None:
    me = await idle_house.tenant()
    face = (await idle_house.upload(me, pictures.file("png"), alias="@face")).data["id"]
    persona = await made(idle_house, me, "@face", "https://example.com/a.png")
    found = await shown(idle_house, me, persona.id)
    assert found.persona_id == persona.id
    assert found.words == "Mira, a dancer with a calm face, hair: red, short"
    assert found.sources == [
        {"image_id": face, "alias": "@face"}, {"url": "https://example.com/a.png"},
    ]  # fmt: skip


async def test_a_deleted_picture_of_it_is_never_left_out_in_silence(idle_house: House) -> None:
    me = await idle_house.tenant()
    face = (await idle_house.upload(me, pictures.file("png"))).data["id"]
    persona = await made(idle_house, me, face)
    assert (await idle_house.ask("DELETE", f"/v1/images/{face}", key=me)).status == 204
    with pytest.raises(ValidationFailed, match=f"persona_id: its reference image {face} was"):
        await shown(idle_house, me, persona.id)
    body: dict[str, list[str]] = {"reference_images": []}
    path = f"/v1/personas/{persona.id}"
    assert (await idle_house.ask("PATCH", path, key=me, json=body)).status == 200
    assert (await shown(idle_house, me, persona.id)).sources == []


async def test_only_ones_own_living_personas_can_be_shown(idle_house: House) -> None:
    me, other = await idle_house.tenant(), await idle_house.tenant()
    theirs = await made(idle_house, other)
    gone = await made(idle_house, me)
    assert (await idle_house.ask("DELETE", f"/v1/personas/{gone.id}", key=me)).status == 204
    for persona in (theirs.id, gone.id, ids.new("per"), ids.new("img"), "nonsense"):
        with pytest.raises(ValidationFailed, match="persona_id: there is no such persona"):
            await shown(idle_house, me, persona)


async def test_the_plan_must_include_personas(idle_house: House) -> None:
    me = await idle_house.tenant()
    persona = await made(idle_house, me)
    caller = await idle_house.caller(me)
    free = type(caller)(organization_id=me.organization_id, plan="free", scopes=caller.scopes,
                        livemode=True, source="api")  # fmt: skip
    async with idle_house.database.reading() as tx:
        with pytest.raises(Forbidden):
            await operations.shown(tx, free, persona.id)
