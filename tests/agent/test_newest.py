"""Of a scene type the verdicts on its newest pictures are learned from, and no others."""

from support.house import House, Tenant
from support.pictures import project
from support.tastes import FACADE, KITCHEN, LIVING_ROOM, judgement, originals, teach, turn_on
from tintype.agent import operations
from tintype.agent.choosing import Scene
from tintype.agent.models import Subject, Suggestion
from tintype.agent.queries import NEWEST

LIFT, WARM = "light-exposure-lift", "light-warm"


async def suggestion(house: House, me: Tenant, scene: Scene) -> Suggestion:
    async with house.database.reading() as tx:
        own = await operations.settings_of(tx, me.organization_id)
        subject = Subject("img_1", "prj_1", *scene, (0.5,) * 12)
        return await operations.suggest(tx, me.organization_id, subject, own)


async def judged(house: House, me: Tenant, project_id: str, pictures: list[str]) -> None:
    """Verdicts without anything done, in the table at once."""
    async with house.database.transaction() as tx:
        await tx.copy_records_to_table(
            "agent_judgements",
            records=[
                (me.organization_id, it, it, project_id, *LIVING_ROOM, [WARM], [100], False)
                for it in pictures
            ],
            columns=[
                "organization_id", "picture_id", "enhancement_id", "project_id", "scene_type",
                "scene_location", "actions", "strengths", "approved",
            ],
        )  # fmt: skip


async def test_old_verdicts_give_way_to_new_ones_of_their_type(idle_house: House) -> None:
    me, never = await idle_house.tenant(), await idle_house.tenant()
    for tenant in (me, never):
        await turn_on(idle_house, tenant)
    project_id = await project(idle_house, me)
    oldest = sorted(await originals(idle_house, me, project_id, 20))
    newer = sorted(await originals(idle_house, me, project_id, NEWEST))
    verdicts = [
        *(judgement(it, project_id, KITCHEN, [LIFT], approved=True) for it in oldest[:10]),
        *(judgement(it, project_id, FACADE, [LIFT], approved=True) for it in oldest[10:]),
    ]
    await teach(idle_house, me, verdicts)
    assert (await suggestion(idle_house, me, KITCHEN)).actions == [LIFT]
    await judged(idle_house, me, project_id, newer)
    assert not (await suggestion(idle_house, me, KITCHEN)).sure, "they are too long ago"
    facade = await suggestion(idle_house, me, FACADE)
    assert facade.actions == [LIFT], "another type has its own"
    # What is forgotten makes room: as if it had never been taught.
    async with idle_house.database.transaction() as tx:
        await tx.execute("DELETE FROM agent_judgements WHERE picture_id = ANY ($1)", newer[5:])
    await teach(idle_house, never, verdicts)
    await judged(idle_house, never, project_id, newer[:5])
    for scene in (KITCHEN, FACADE, LIVING_ROOM):
        assert await suggestion(idle_house, me, scene) == await suggestion(idle_house, never, scene)
    assert (await suggestion(idle_house, me, KITCHEN)).actions == [LIFT]
