"""From verdicts over HTTP to suggestions, and to what the agent does with new pictures by itself."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from support import images
from support.house import House, Tenant
from support.loopback import serving
from support.pictures import (
    adding,
    enhance,
    enhanced,
    enhancing,
    events,
    judge,
    look,
    of_bytes,
    project,
    sending,
    until_status,
)
from support.tastes import LIVING_ROOM, judgement, originals, teach, turn_on
from tintype.credits import operations as credits

LIFT, CRISP = "light-exposure-lift", "finishing-crisp"
ROOM = {"scene_type": "interior", "scene_location": "living_room"}
AGENT = {"source": "agent"}
OWN = {"source": "agent", "actions": [LIFT]}


async def taught(house: House, me: Tenant, project_id: str, **more: Any) -> None:
    """An agent that is sure of one action in living rooms."""
    await turn_on(house, me, **more)
    owner = await owner_of(house, me)
    there = Tenant(owner, me.key, me.key_id)
    known = await originals(house, there, project_id, 9)
    await teach(house, there, [
        judgement(it, project_id, LIVING_ROOM, [LIFT], approved=True) for it in known
    ])  # fmt: skip


async def owner_of(house: House, me: Tenant) -> str:
    """A sandbox key's data is its organization's twin's."""
    async with house.database.reading() as tx:
        return str(await tx.fetchval("SELECT organization_id FROM api_keys WHERE id = $1",
                                     me.key_id))  # fmt: skip


async def add(house: House, me: Tenant, project_id: str, **more: Any) -> Any:
    data = images.file("jpeg", 96, 64)
    made = await adding(house, me, project_id, of_bytes(data), **{**ROOM, **more})
    assert made.status == 201, made.body
    return made.json


async def versions(house: House, me: Tenant, picture_id: str) -> list[Any]:
    """What was made of an original."""
    return [it for it in (await look(house, me, picture_id))["versions"] if it["version"]]


async def suggestion(house: House, me: Tenant, picture_id: str) -> Any:
    found = await house.ask("GET", f"/v1/pictures/{picture_id}/suggestion", key=me)
    assert found.status == 200, found.body
    return found.json


async def balance(house: House, me: Tenant) -> Any:
    async with house.database.reading() as tx:
        return await credits.balance(tx, me.organization_id)


async def test_verdicts_on_real_pictures_become_a_suggestion_that_is_taken(house: House) -> None:
    me = await house.tenant()
    project_id = await project(house, me)
    await turn_on(house, me, variants=2)
    room = await add(house, me, project_id)
    assert not (await suggestion(house, me, room["id"]))["sure"]
    refused = await enhancing(house, me, room["id"], AGENT)
    assert refused.status == 422
    assert "nothing to suggest" in refused.json["error"]["message"]
    asked = [
        {"source": "preset", "actions": [LIFT]},
        {"source": "prompt", "prompt": "brighter"},
        {"source": "preset", "actions": [LIFT]},
        {"source": "preset", "actions": [LIFT]},
        {"source": "preset", "actions": [LIFT]},
        {"source": "prompt", "prompt": "brighter"},
    ]
    approved = []
    for instruction in asked:
        one, other = await enhanced(house, me, room["id"], instruction, variants=2)
        assert (await judge(house, me, one["id"], "approve")).status == 200
        assert (await judge(house, me, other["id"], "reject", "too much")).status == 200
        approved.append(one["id"])
    found = await suggestion(house, me, room["id"])
    assert (found["sure"], found["actions"], found["tone"]) == (True, [LIFT], [])
    (reason,) = found["preferences"]
    assert (reason["approved"], reason["rejected"]) == (6, 0), "words count by what they mean"
    assert set(approved[1:]) <= set(reason["pictures"]), "the newest of them"
    assert len(reason["pictures"]) == 10
    assert found["explanation"].startswith(
        "In pictures of Interior, Living room you want: Brighter"
    )
    assert [it["step"] for it in found["steps"]] == ["exposure", "highlights"]
    made = await enhanced(house, me, room["id"], AGENT)
    assert len(made) == 1, "a request says how many, or gets one"
    assert made[0]["source_instruction"] == AGENT
    work = await house.ask("GET", f"/v1/generations/{made[0]['generation_id']}", key=me)
    assert work.json["fidelity"] == "full"
    assert (await judge(house, me, made[0]["id"], "approve")).status == 200
    again = (await suggestion(house, me, room["id"]))["preferences"]
    assert again[0]["approved"] == 7, "its own are judged as others are"
    changed = await judge(house, me, made[0]["id"], "reject")
    assert changed.status == 200
    (now,) = (await house.ask("GET", "/v1/agent/preferences", key=me)).json["data"]
    assert (now["approved"], now["rejected"]) == (6, 1), "a mind may change"


async def test_what_a_picture_went_through_is_what_is_judged(house: House) -> None:
    """A version of a version has the actions of both."""
    me = await house.tenant()
    project_id = await project(house, me)
    await turn_on(house, me)
    room = await add(house, me, project_id)
    (first,) = await enhanced(house, me, room["id"], {"source": "preset", "actions": [LIFT]})
    (second,) = await enhanced(house, me, first["id"], {"source": "preset", "actions": [CRISP]})
    assert (await judge(house, me, second["id"], "approve")).status == 200
    listed = (await house.ask("GET", "/v1/agent/preferences", key=me)).json["data"]
    assert {it["action"] for it in listed} == {LIFT, CRISP}
    changed = await house.ask("PATCH", f"/v1/pictures/{second['id']}", key=me,
                              json={"scene_type": "exterior"})  # fmt: skip
    assert changed.status == 200, changed.body
    listed = (await house.ask("GET", "/v1/agent/preferences", key=me)).json["data"]
    assert {it["id"] for it in listed} == {f"exterior::{LIFT}", f"exterior::{CRISP}"}


async def test_a_verdict_has_the_tones_of_its_picture(idle_house: House) -> None:
    me = await idle_house.tenant()
    project_id = await project(idle_house, me)
    await turn_on(idle_house, me)
    room = await add(idle_house, me, project_id)
    assert (await judge(idle_house, me, room["id"], "approve")).status == 200
    async with idle_house.database.reading() as tx:
        row = await tx.fetchrow("SELECT * FROM agent_judgements")
    assert (row["picture_id"], row["enhancement_id"], row["actions"]) == (room["id"],) * 2 + ([],)
    assert len(row["profile"]) == 12
    assert row["judged_by"] == me.key_id


async def test_while_it_is_off_it_neither_learns_nor_suggests(idle_house: House) -> None:
    me = await idle_house.tenant()
    project_id = await project(idle_house, me)
    room = await add(idle_house, me, project_id)
    assert (await judge(idle_house, me, room["id"], "approve")).status == 200
    found = await suggestion(idle_house, me, room["id"])
    assert not found["sure"]
    assert "off" in found["explanation"]
    agent = (await idle_house.ask("GET", "/v1/agent", key=me)).json
    assert (agent["approved"], agent["scenes"]) == (0, [])


async def test_in_suggest_mode_nothing_is_done_unasked(idle_house: House) -> None:
    me = await idle_house.tenant()
    project_id = await project(idle_house, me)
    await taught(idle_house, me, project_id, mode="suggest")
    room = await add(idle_house, me, project_id)
    assert (await suggestion(idle_house, me, room["id"]))["actions"] == [LIFT]
    assert await versions(idle_house, me, room["id"]) == []


@pytest.mark.parametrize("way", ["base64", "file", "image"])
async def test_in_auto_a_new_picture_is_enhanced_at_once(house: House, way: str) -> None:
    me = await house.tenant(grant=100)
    project_id = await project(house, me)
    await taught(house, me, project_id, mode="auto", variants=2)
    if way == "base64":
        room = await add(house, me, project_id)
    elif way == "file":
        room = (await sending(house, me, project_id, images.file("jpeg", 96, 64), **ROOM)).json
    else:
        image = (await house.upload(me, images.file("jpeg", 96, 64))).data["id"]
        made = await adding(house, me, project_id, {"type": "image", "image": image}, **ROOM)
        room = made.json
    made = await versions(house, me, room["id"])
    assert [it["subversion"] for it in made] == [0, 1]
    assert {it["status"] for it in made} <= {"processing", "completed"}
    assert [it["source_instruction"] for it in made] == [OWN] * 2
    for it in made:
        await until_status(house, me, it["id"], "completed")
    agent = (await house.ask("GET", "/v1/agent", key=me)).json
    assert agent["credits_used_today"] == 2
    assert (await balance(house, me)).balance == 98
    told = [it["data"] for it in await events(house, me, "picture.completed")]
    assert sum(it["source_instruction"] == OWN for it in told) == 2


async def test_in_auto_a_picture_by_url_is_enhanced_when_it_is_there(near_house: House) -> None:
    me = await near_house.tenant(grant=100)
    project_id = await project(near_house, me)
    await taught(near_house, me, project_id, mode="auto")

    async def answer(_: Any) -> web.Response:
        return web.Response(body=images.file("jpeg", 96, 64))

    async with serving(answer) as server:
        source = {"type": "url", "url": server.url("/room.jpg")}
        made = await adding(near_house, me, project_id, source, **ROOM)
        assert made.status == 202, made.body
        await until_status(near_house, me, made.json["id"], "completed")
    found = await versions(near_house, me, made.json["id"])
    assert [it["source_instruction"] for it in found] == [OWN]
    await until_status(near_house, me, found[0]["id"], "completed")


async def test_it_never_enhances_twice_nor_what_it_made(house: House) -> None:
    me = await house.tenant()
    project_id = await project(house, me)
    await taught(house, me, project_id, mode="auto")
    data = of_bytes(images.file("jpeg", 96, 64))
    keyed = {"Idempotency-Key": "once"}
    first, again = [
        await adding(house, me, project_id, data, **ROOM, headers=keyed) for _ in range(2)
    ]
    assert first.json["id"] == again.json["id"]
    (made,) = await versions(house, me, first.json["id"])
    await until_status(house, me, made["id"], "completed")
    copied = await adding(house, me, project_id, {"type": "image", "image": made["id"]}, **ROOM)
    assert copied.status == 201
    assert await versions(house, me, copied.json["id"]) == [], "it is no upload"
    async with house.database.reading() as tx:
        assert await tx.fetchval("SELECT count(*) FROM agent_works") == 1


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"scene_types": ["exterior"]}, ROOM),
        ({"minimum_judgements": 10}, ROOM),
        ({"credits_cap_day": 0}, ROOM),
        ({}, {"scene_type": "exterior", "scene_location": "facade"}),
        ({}, {"scene_type": None, "scene_location": None}),
    ],
)
async def test_where_it_may_not_or_is_not_sure_it_does_nothing(
    idle_house: House, more: Any, said: Any
) -> None:
    me = await idle_house.tenant()
    project_id = await project(idle_house, me)
    await taught(idle_house, me, project_id, mode="auto", **more)
    room = await add(idle_house, me, project_id, **said)
    assert await versions(idle_house, me, room["id"]) == []
    assert (await idle_house.ask("GET", "/v1/agent", key=me)).json["credits_used_today"] == 0


async def test_only_in_the_projects_it_is_told_of(idle_house: House) -> None:
    me = await idle_house.tenant()
    mine, other = await project(idle_house, me), await project(idle_house, me)
    await taught(idle_house, me, mine, mode="auto", project_ids=[mine])
    assert len(await versions(idle_house, me, (await add(idle_house, me, mine))["id"])) == 1
    there = await add(idle_house, me, other)
    assert await versions(idle_house, me, there["id"]) == []
    assert not (await suggestion(idle_house, me, there["id"]))["sure"]


async def test_uploads_at_once_never_pass_the_cap(idle_house: House) -> None:
    me = await idle_house.tenant(grant=1000)
    project_id = await project(idle_house, me)
    await taught(idle_house, me, project_id, mode="auto", variants=2, credits_cap_day=5)
    rooms = await asyncio.gather(*(add(idle_house, me, project_id) for _ in range(8)))
    made = [await versions(idle_house, me, room["id"]) for room in rooms]
    assert sorted(len(it) for it in made) == [0] * 6 + [2] * 2
    agent = (await idle_house.ask("GET", "/v1/agent", key=me)).json
    assert agent["credits_used_today"] == 4
    held = await balance(idle_house, me)
    assert held.balance - held.available == 4
    await turn_on(idle_house, me, "auto", credits_cap_day=6)
    assert len(await versions(idle_house, me, (await add(idle_house, me, project_id))["id"])) == 2


async def test_without_credits_an_upload_succeeds_as_it_came(idle_house: House) -> None:
    me = await idle_house.tenant(grant=1)
    project_id = await project(idle_house, me)
    await taught(idle_house, me, project_id, mode="auto", variants=2)
    room = await add(idle_house, me, project_id)
    assert await versions(idle_house, me, room["id"]) == []
    async with idle_house.database.reading() as tx:
        assert await tx.fetchval("SELECT count(*) FROM generations") == 0
        assert await tx.fetchval("SELECT count(*) FROM agent_works") == 0
    assert (await balance(idle_house, me)).available == 1
    kinds = {it["type"] for it in await events(idle_house, me)}
    assert kinds == {"image.uploaded", "picture.completed"}, "nothing is told of what was not done"


async def test_a_plan_without_an_agent_has_no_work_of_it(idle_house: House) -> None:
    me = await idle_house.tenant()
    project_id = await project(idle_house, me)
    await taught(idle_house, me, project_id, mode="auto")
    async with idle_house.database.transaction() as tx:
        await tx.execute("UPDATE organizations SET features = '{-agent}' WHERE id = $1",
                         me.organization_id)  # fmt: skip
    later = await idle_house.tenant(organization_id=me.organization_id)
    room = await add(idle_house, later, project_id)
    assert await versions(idle_house, later, room["id"]) == []
    path = f"/v1/pictures/{room['id']}/suggestion"
    assert (await idle_house.ask("GET", path, key=later)).status == 403


async def test_a_keys_cap_is_not_used_by_what_the_agent_does(idle_house: House) -> None:
    """It acts for the organization, within its own cap; the key paid for nothing."""
    me = await idle_house.tenant(grant=100)
    project_id = await project(idle_house, me)
    await taught(idle_house, me, project_id, mode="auto")
    room = await add(idle_house, me, project_id)
    (made,) = await versions(idle_house, me, room["id"])
    async with idle_house.database.reading() as tx:
        row = await tx.fetchrow("SELECT api_key_id, credits_reserved FROM generations WHERE id = $1",
                                made["generation_id"])  # fmt: skip
    assert (row["api_key_id"], row["credits_reserved"]) == (None, 1)


async def test_the_sandbox_has_an_agent_of_its_own(idle_house: House) -> None:
    me = await idle_house.tenant(grant=100)
    project_id = await project(idle_house, me)
    await taught(idle_house, me, project_id, mode="auto")
    test = await idle_house.tenant(organization_id=me.organization_id, livemode=False)
    theirs = await project(idle_house, test)
    room = await add(idle_house, test, theirs)
    assert await versions(idle_house, test, room["id"]) == []
    await taught(idle_house, test, theirs, mode="auto", credits_cap_day=0)
    room = await add(idle_house, test, theirs)
    assert len(await versions(idle_house, test, room["id"])) == 1, "nothing costs credits there"


async def test_others_see_and_learn_nothing_of_it(idle_house: House) -> None:
    me, other = await idle_house.tenant(), await idle_house.tenant()
    project_id = await project(idle_house, me)
    await taught(idle_house, me, project_id)
    await turn_on(idle_house, other, "auto")
    theirs = await project(idle_house, other)
    room = await add(idle_house, other, theirs)
    assert not (await suggestion(idle_house, other, room["id"]))["sure"]
    mine = await add(idle_house, me, project_id)
    path = f"/v1/pictures/{mine['id']}/suggestion"
    assert (await idle_house.ask("GET", path, key=other)).status == 404
    assert (await judge(idle_house, other, mine["id"], "approve")).status == 404
    agent = (await idle_house.ask("GET", "/v1/agent", key=other)).json
    assert (agent["approved"], agent["scenes"]) == (0, [])


async def test_a_bound_key_is_shown_pictures_of_its_project_alone(idle_house: House) -> None:
    me = await idle_house.tenant()
    mine, other = await project(idle_house, me), await project(idle_house, me)
    await taught(idle_house, me, mine)
    bound = await idle_house.tenant(organization_id=me.organization_id, project_id=other)
    room = await add(idle_house, bound, other)
    found = await suggestion(idle_house, bound, room["id"])
    assert found["actions"] == [LIFT], "taste is the organization's"
    assert found["preferences"][0]["pictures"] == []
    whole = await suggestion(idle_house, me, room["id"])
    assert len(whole["preferences"][0]["pictures"]) == 9


async def test_a_picture_that_is_not_there_yet_has_no_suggestion(idle_house: House) -> None:
    me = await idle_house.tenant()
    project_id = await project(idle_house, me)
    await taught(idle_house, me, project_id)
    room = await add(idle_house, me, project_id)
    (made,) = await enhance(idle_house, me, room["id"])
    for path, method in (("suggestion", "GET"), ("approve", "POST")):
        refused = await idle_house.ask(method, f"/v1/pictures/{made['id']}/{path}", key=me)
        assert (refused.status, refused.json["error"]["code"]) == (409, "NOT_READY")
    refused = await enhancing(idle_house, me, made["id"], AGENT)
    assert refused.status == 409
    mixed = await enhancing(idle_house, me, room["id"], {"source": "agent", "actions": [LIFT]})
    assert mixed.status == 422
