"""Where the agent itself fails, an upload succeeds as without it."""

import pytest

from support import images
from support.house import House, Tenant
from support.pictures import adding, events, look, of_bytes, project
from support.tastes import LIVING_ROOM, judgement, originals, teach, turn_on

LIFT = "light-exposure-lift"
ROOM = {"scene_type": "interior", "scene_location": "living_room"}


async def taught(house: House, me: Tenant) -> str:
    """The project in which the agent would enhance new living rooms."""
    project_id = await project(house, me)
    await turn_on(house, me, "auto")
    pictures = await originals(house, me, project_id, 18)
    await teach(house, me, [
        judgement(it, project_id, LIVING_ROOM, [LIFT] if number < 9 else [], approved=number < 9,
                  profile=(0.5,) * 12)
        for number, it in enumerate(pictures)
    ])  # fmt: skip
    return project_id


@pytest.mark.parametrize(
    "fault",
    [
        "UPDATE agent_judgements SET profile = '{0.5}'",
        "ALTER TABLE agent_works ADD CHECK (credits < 0)",
        "ALTER TABLE agent_judgements DROP COLUMN strengths CASCADE",
    ],
)
async def test_a_fault_of_the_agent_leaves_the_upload_as_it_came(
    idle_house: House, fault: str
) -> None:
    me = await idle_house.tenant(grant=10)
    project_id = await taught(idle_house, me)
    async with idle_house.database.transaction() as tx:
        await tx.execute(fault)
    data = of_bytes(images.file("jpeg", 96, 64))
    added = await adding(idle_house, me, project_id, data, **ROOM)
    assert (added.status, added.json["status"]) == (201, "completed"), added.body
    assert len((await look(idle_house, me, added.json["id"]))["versions"]) == 1
    async with idle_house.database.reading() as tx:
        for table in ("generations", "agent_works"):
            assert await tx.fetchval(f"SELECT count(*) FROM {table}") == 0
    assert {it["type"] for it in await events(idle_house, me)} == {
        "image.uploaded", "picture.completed"
    }  # fmt: skip


async def test_a_lost_connection_is_the_uploads_own_fault(idle_house: House) -> None:
    """Nothing of it was committed, so nobody is told that it was."""
    me = await idle_house.tenant(grant=10)
    project_id = await taught(idle_house, me)
    async with idle_house.database.transaction() as tx:
        await tx.execute(
            """
            CREATE FUNCTION hang_up() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END';
            """
        )
        await tx.execute(
            """
            CREATE TRIGGER hang_up BEFORE INSERT ON agent_works
                FOR EACH ROW EXECUTE FUNCTION hang_up()
            """
        )
    data = of_bytes(images.file("jpeg", 96, 64))
    lost = await adding(idle_house, me, project_id, data, **ROOM)
    assert lost.status == 503, lost.body
    assert await events(idle_house, me) == []
    async with idle_house.database.transaction() as tx:
        await tx.execute("DROP TRIGGER hang_up ON agent_works")
    added = await adding(idle_house, me, project_id, data, **ROOM)
    assert added.status == 201, added.body
    assert len((await look(idle_house, me, added.json["id"]))["versions"]) == 2
