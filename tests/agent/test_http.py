"""/agent and /agent/preferences over HTTP: settings, what was learned, forgetting."""

import asyncio
import random
from typing import Any

import pytest

from support.house import House, Tenant
from support.pictures import project
from support.tastes import (
    FACADE,
    KITCHEN,
    LIVING_ROOM,
    Tasteless,
    asked_for,
    judgement,
    originals,
    tasteful,
    teach,
    turn_on,
)
from tintype.agent import operations
from tintype.agent.models import Settings, Subject
from tintype.core import ids

LIFT = "light-exposure-lift"
SCENES = (LIVING_ROOM, KITCHEN, FACADE, ("interior", None), (None, None))
LOOK = tuple(0.1 * number for number in range(12))


async def agent_of(house: House, me: Tenant) -> Any:
    found = await house.ask("GET", "/v1/agent", key=me)
    assert found.status == 200, found.body
    return found.json


async def suggestions(house: House, me: Tenant) -> list[Any]:
    """What would be done in each scene, word for word."""
    async with house.database.reading() as tx:
        own = await operations.settings_of(tx, me.organization_id)
        return [
            await operations.suggest(
                tx, me.organization_id, Subject("img_1", "prj_1", *scene, LOOK), own
            )
            for scene in SCENES
        ]


async def outputs(house: House, me: Tenant) -> tuple[Any, ...]:
    """All that the agent says of what it learned."""
    listed = await house.ask("GET", "/v1/agent/preferences?limit=100", key=me)
    scenes = (await agent_of(house, me))["scenes"]
    return scenes, listed.json, await suggestions(house, me)


def drawn(dice: random.Random, pictures: list[str], project_id: str) -> list[Any]:
    """A verdict on each, by a rater with a taste."""
    rater = tasteful(dice.randrange(10**9))
    found = []
    for picture_id in pictures:
        names = asked_for(dice, most=3)
        found.append(
            judgement(
                picture_id, project_id, dice.choice(SCENES), names, rater.approves(names),
                strengths={name: dice.randint(60, 140) for name in names},
                profile=tuple(dice.random() for _ in range(12)),
            )
        )  # fmt: skip
    return found


async def test_at_first_it_is_off_and_knows_nothing(idle_house: House) -> None:
    me = await idle_house.tenant()
    agent = await agent_of(idle_house, me)
    assert agent == {
        "object": "agent", "mode": "off", "minimum_judgements": 5, "minimum_rate": 0.65,
        "variants": 1, "credits_cap_day": 50, "credits_used_today": 0, "scene_types": None,
        "project_ids": None, "approved": 0, "rejected": 0, "scenes": [], "updated_at": None,
    }  # fmt: skip
    assert (await idle_house.ask("GET", "/api/v1/agent", key=me)).data == agent
    listed = (await idle_house.ask("GET", "/v1/agent/preferences", key=me)).json
    assert (listed["data"], listed["total"]) == ([], 0)


async def test_a_change_is_kept_and_what_is_left_out_stays(idle_house: House) -> None:
    me = await idle_house.tenant()
    project_id = await project(idle_house, me)
    asked = {
        "mode": "auto", "minimum_judgements": 8, "minimum_rate": 0.8, "variants": 2,
        "credits_cap_day": 7, "scene_types": ["interior", "exterior"], "project_ids": [project_id],
    }  # fmt: skip
    changed = await idle_house.ask("PATCH", "/api/v1/agent", key=me, json=asked)
    assert changed.status == 200, changed.body
    assert {name: changed.data[name] for name in asked} == asked
    assert changed.data["updated_at"] is not None
    camel = {"scene_types": None, "creditsCapDay": 9}
    again = await idle_house.ask("PATCH", "/v1/agent", key=me, json=camel)
    expected = asked | {"scene_types": None, "credits_cap_day": 9}
    assert {name: again.json[name] for name in asked} == expected
    assert await agent_of(idle_house, me) == again.json
    sandbox = await idle_house.tenant(organization_id=me.organization_id, livemode=False)
    assert (await agent_of(idle_house, sandbox))["mode"] == "off", "the sandbox has its own"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"mode": "on"}, "mode"),
        ({"mode": None}, "mode"),
        ({"minimum_judgements": 1}, "minimum_judgements"),
        ({"minimum_rate": 0.4}, "minimum_rate"),
        ({"minimum_rate": 1}, "minimum_rate"),
        ({"variants": 0}, "variants"),
        ({"variants": 9}, "variants"),
        ({"credits_cap_day": -1}, "credits_cap_day"),
        ({"credits_cap_day": None}, "credits_cap_day"),
        ({"scene_types": ["interiors"]}, "scene_types"),
        ({"scene_types": []}, "scene_types"),
        ({"project_ids": ["prj_1"]}, "project_ids"),
        ({"project_ids": [ids.new("prj")]}, "project_ids"),
        ({"moode": "off"}, "moode"),
    ],
)
async def test_what_it_can_not_be_is_refused_by_name(
    idle_house: House, body: Any, field: str
) -> None:
    me = await idle_house.tenant()
    refused = await idle_house.ask("PATCH", "/api/v1/agent", key=me, json=body)
    assert refused.status == 422, refused.body
    assert refused.error["details"][0]["field"].startswith(field)
    assert (await agent_of(idle_house, me))["updated_at"] is None


async def test_who_may_not_is_told_why(idle_house: House) -> None:
    me = await idle_house.tenant()
    project_id = await project(idle_house, me)
    bound = await idle_house.tenant(organization_id=me.organization_id, project_id=project_id)
    reader = await idle_house.tenant(organization_id=me.organization_id, scopes=["projects:read"])
    poor = await idle_house.tenant(plan="creator")
    on = {"mode": "auto"}
    for key, word in ((bound, "bound"), (reader, "agent:write"), (poor, "creator")):
        refused = await idle_house.ask("PATCH", "/api/v1/agent", key=key, json=on)
        assert (refused.status, refused.error["code"]) == (403, "FORBIDDEN")
        assert word in refused.error["message"]
    assert (await idle_house.ask("GET", "/v1/agent", key=reader)).status == 200
    assert (await idle_house.ask("GET", "/v1/agent", key=bound)).status == 403
    assert (await idle_house.ask("DELETE", "/v1/agent/preferences", key=reader)).status == 403
    assert (await agent_of(idle_house, me))["mode"] == "off"


async def test_of_two_changes_with_one_tag_one_is_told(idle_house: House) -> None:
    me = await idle_house.tenant()
    project_id = await project(idle_house, me)
    await turn_on(idle_house, me)
    read = await idle_house.ask("GET", "/v1/agent", key=me)
    tag = read.headers["ETag"]
    same = await idle_house.ask("GET", "/v1/agent", key=me, headers={"If-None-Match": tag})
    assert same.status == 304
    pictures = await originals(idle_house, me, project_id, 1)
    await teach(
        idle_house, me, [judgement(pictures[0], project_id, LIVING_ROOM, [LIFT], approved=True)]
    )
    new = await idle_house.ask("GET", "/v1/agent", key=me, headers={"If-None-Match": tag})
    assert new.status == 200, "it learned something"
    answers = await asyncio.gather(*(
        idle_house.ask("PATCH", "/v1/agent", key=me, json={"credits_cap_day": cap},
                       headers={"If-Match": tag})
        for cap in (1, 2)
    ))  # fmt: skip
    assert sorted(it.status for it in answers) == [200, 412], "though it learned meanwhile"
    (done,) = [it for it in answers if it.status == 200]
    assert await agent_of(idle_house, me) == done.json
    last = await idle_house.ask("PATCH", "/v1/agent", key=me, json={"mode": "off"},
                                headers={"If-Match": done.headers["ETag"]})  # fmt: skip
    assert last.status == 200


async def test_what_was_learned_is_shown_with_its_reasons(idle_house: House) -> None:
    me = await idle_house.tenant()
    project_id = await project(idle_house, me)
    await turn_on(idle_house, me)
    pictures = await originals(idle_house, me, project_id, 30)
    await teach(idle_house, me, [
        *(judgement(it, project_id, LIVING_ROOM, [LIFT], approved=True, profile=(0.7,) * 12)
          for it in pictures[:12]),
        *(judgement(it, project_id, LIVING_ROOM, ["interior-style-boho"], approved=False,
                    profile=(0.4,) * 12) for it in pictures[12:22]),
        *(judgement(it, project_id, KITCHEN, [LIFT], approved=True) for it in pictures[22:24]),
    ])  # fmt: skip
    agent = await agent_of(idle_house, me)
    assert (agent["approved"], agent["rejected"]) == (14, 10)
    kitchen, living_room = agent["scenes"]
    assert (living_room["approved"], living_room["rejected"]) == (12, 10)
    assert "Wanted: Brighter. Not wanted: Boho" in living_room["explanation"]
    lift, boho = living_room["preferences"]
    assert {name: lift[name] for name in ("id", "action", "label", "status", "approved")} == {
        "id": f"interior:living_room:{LIFT}", "action": LIFT, "label": "Brighter",
        "status": "sure", "approved": 12,
    }  # fmt: skip
    assert (lift["rejected"], lift["nearby_approved"], lift["strength"]) == (0, 2, 1.0)
    assert lift["pictures"] == sorted(pictures[2:12], reverse=True)
    assert 0.65 <= lift["interval"][0] <= lift["rate"] <= lift["interval"][1] <= 1
    assert lift["explanation"].startswith("Approved 12 of 12 times here, 2 of 2 in other scenes")
    assert (boho["status"], boho["rejected"]) == ("disliked", 10)
    assert [it["name"] for it in living_room["tone"] if it["sure"]] == [
        "brightness", "warmth", "contrast", "saturation",
    ]  # fmt: skip
    assert [it["status"] for it in kitchen["preferences"]] == ["sure"], "known from next door"
    asked = "/v1/agent/preferences"
    for query, found in (
        ("", 3), ("?status=sure", 2), ("?status=disliked", 1), ("?scene_location=kitchen", 1),
        (f"?action={LIFT}&scene_type=interior", 2), ("?scene_type=exterior", 0),
    ):  # fmt: skip
        listed = (await idle_house.ask("GET", asked + query, key=me)).json
        assert (listed["total"], len(listed["data"])) == (found, found), query
    first = (await idle_house.ask("GET", f"{asked}?limit=2", key=me)).json
    assert first["has_more"]
    rest = await idle_house.ask("GET", f"{asked}?limit=2&after={first['next']}", key=me)
    assert len(rest.json["data"]) == 1
    assert not rest.json["has_more"]
    assert (await idle_house.ask("GET", f"{asked}?after=x", key=me)).status == 422


async def test_variants_of_one_enhancement_are_one_verdict(idle_house: House) -> None:
    """Who approves one of four and rejects the others wanted what was done."""
    me = await idle_house.tenant()
    project_id = await project(idle_house, me)
    await turn_on(idle_house, me)
    pictures = await originals(idle_house, me, project_id, 24)
    await teach(idle_house, me, [
        judgement(it, project_id, LIVING_ROOM, [LIFT], number % 4 == 0,
                  enhancement_id=f"gen_{number // 4}",
                  strengths={LIFT: 60 if number % 4 == 0 else 130})
        for number, it in enumerate(pictures)
    ])  # fmt: skip
    agent = await agent_of(idle_house, me)
    (preference,) = agent["scenes"][0]["preferences"]
    assert (preference["approved"], preference["rejected"]) == (6, 0)
    assert preference["status"] == "sure"
    assert preference["strength"] == 0.75, "the weak ones are liked"


async def test_what_comes_in_another_order_is_learned_alike(idle_house: House) -> None:
    one, other = await idle_house.tenant(), await idle_house.tenant()
    dice = random.Random(730_000)
    for me in (one, other):
        await turn_on(idle_house, me)
    project_id = await project(idle_house, one)
    verdicts = drawn(dice, await originals(idle_house, one, project_id, 40), project_id)
    await teach(idle_house, one, verdicts)
    # The other one changes its mind about all of them first.
    await teach(idle_house, other, drawn(dice, [it.picture_id for it in verdicts], project_id))
    await teach(idle_house, other, dice.sample(verdicts, len(verdicts)))
    assert await outputs(idle_house, one) == await outputs(idle_house, other)


@pytest.mark.parametrize("way", ["all", "project", "preference", "action", "deleted", "off"])
async def test_after_forgetting_it_is_as_if_never_taught(idle_house: House, way: str) -> None:
    me, never = await idle_house.tenant(), await idle_house.tenant()
    dice = random.Random(740_000)
    for tenant in (me, never):
        await turn_on(idle_house, tenant)
    projects = [await project(idle_house, me), await project(idle_house, me)]
    verdicts = []
    for project_id in projects:
        verdicts += drawn(dice, await originals(idle_house, me, project_id, 30), project_id)
    chosen = verdicts[7]
    scene, action = (chosen.scene_type, chosen.scene_location), next(iter(chosen.strengths))
    kept = {
        "all": lambda it: False,
        "project": lambda it: it.project_id != projects[0],
        "preference": lambda it: (
            (it.scene_type, it.scene_location) != scene or action not in it.strengths
        ),
        "action": lambda it: action not in it.strengths,
        "deleted": lambda it: it is not chosen,
        "off": lambda it: it is not chosen,
    }[way]
    await teach(idle_house, me, verdicts)
    await teach(idle_house, never, [it for it in verdicts if kept(it)])
    assert await outputs(idle_house, me) != await outputs(idle_house, never)
    if way == "deleted":
        async with idle_house.database.transaction() as tx:
            await tx.execute(
                "UPDATE images SET approval = 'approved', judged_at = now() WHERE id = $1",
                chosen.picture_id,
            )
        gone = await idle_house.ask("DELETE", f"/v1/pictures/{chosen.picture_id}", key=me)
        assert gone.status == 204
    elif way == "off":
        await turn_on(idle_house, me, "off")
        await teach(idle_house, me, [chosen])
        await turn_on(idle_house, me, "suggest")
    else:
        path = {
            "all": "?all=true", "project": f"?project_id={projects[0]}", "action": f"?action={action}",
            "preference": f"/{scene[0] or ''}:{scene[1] or ''}:{action}",
        }[way]  # fmt: skip
        done = await idle_house.ask("DELETE", f"/v1/agent/preferences{path}", key=me)
        assert done.status == 200, done.body
        assert done.json == {
            "object": "forgotten", "judgements": sum(not kept(it) for it in verdicts)
        }  # fmt: skip
    assert await outputs(idle_house, me) == await outputs(idle_house, never)


async def test_what_is_not_known_can_not_be_forgotten(idle_house: House) -> None:
    me, other = await idle_house.tenant(), await idle_house.tenant()
    project_id = await project(idle_house, me)
    await turn_on(idle_house, me)
    (picture,) = await originals(idle_house, me, project_id, 1)
    await teach(
        idle_house, me, [judgement(picture, project_id, LIVING_ROOM, [LIFT], approved=True)]
    )
    base = "/v1/agent/preferences"
    for wrong in (f"interior::{LIFT}", "x", "a:b:c:d", f"interior:kitchen:{LIFT}", "::"):
        assert (await idle_house.ask("DELETE", f"{base}/{wrong}", key=me)).status == 404, wrong
    mine = f"interior:living_room:{LIFT}"
    assert (await idle_house.ask("DELETE", f"{base}/{mine}", key=other)).status == 404
    for query in (f"?project_id={ids.new('prj')}", "?scene_type=exterior"):
        gone = await idle_house.ask("DELETE", base + query, key=me)
        assert gone.json["judgements"] == 0
    for query in ("?project_id=prj", "?scene_type=x", "?scene_location=kitchen", "?projekt_id=1"):
        assert (await idle_house.ask("DELETE", base + query, key=me)).status == 422, query
    gone = await idle_house.ask("DELETE", f"{base}?all=true", key=other)
    assert gone.json["judgements"] == 0
    assert (await agent_of(idle_house, me))["approved"] == 1
    keyed = {"Idempotency-Key": "forget"}
    for _ in range(2):
        done = await idle_house.ask("DELETE", f"{base}/{mine}", key=me, headers=keyed)
        assert (done.status, done.json["judgements"]) == (200, 1)


async def test_all_is_forgotten_only_where_all_is_said(idle_house: House) -> None:
    me = await idle_house.tenant()
    project_id = await project(idle_house, me)
    await turn_on(idle_house, me)
    (picture,) = await originals(idle_house, me, project_id, 1)
    await teach(
        idle_house, me, [judgement(picture, project_id, LIVING_ROOM, [LIFT], approved=True)]
    )
    base = "/v1/agent/preferences"
    for query, problem in (
        ("", "say what to forget: all=true, or one of project_id, scene_type, scene_location"),
        ("?all=false", "say what to forget"),
        ("?all=true&scene_type=interior", "can't be combined with scene_type"),
        ("?all=yes", "must be true or false"),
    ):
        refused = await idle_house.ask("DELETE", base + query, key=me)
        assert (refused.status, refused.error["param"]) == (422, "all"), refused.body
        assert problem in refused.error["message"]
    assert (await agent_of(idle_house, me))["approved"] == 1
    gone = await idle_house.ask("DELETE", f"{base}?all=true", key=me)
    assert (gone.status, gone.json["judgements"]) == (200, 1)


async def test_a_random_rater_teaches_the_whole_agent_nothing(idle_house: House) -> None:
    me = await idle_house.tenant()
    project_id = await project(idle_house, me)
    await turn_on(idle_house, me)
    dice = random.Random(750_000)
    rater = Tasteless(dice)
    await teach(idle_house, me, [
        judgement(it, project_id, dice.choice(SCENES), asked_for(dice), rater.approves(()),
                  profile=tuple(dice.random() for _ in range(12)))
        for it in await originals(idle_house, me, project_id, 40)
    ])  # fmt: skip
    assert not any(it.sure for it in await suggestions(idle_house, me))
    assert Settings().mode == "off"
