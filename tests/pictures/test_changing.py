"""PATCH and DELETE of pictures: what changes, who is first, and what ends with them."""

import asyncio

import pytest

from support.checks import check_everything
from support.house import House, working
from support.pictures import (
    Enhancer,
    add,
    enhance,
    enhanced,
    events,
    judge,
    look,
    project,
    until_status,
)
from support.workers import until


async def patching(house: House, me, picture_id: str, body: object, tag: str | None = None):
    return await house.ask(
        "PATCH", f"/v1/pictures/{picture_id}", key=me, json=body,
        headers={"If-Match": tag} if tag else None,
    )  # fmt: skip


async def tag_of(house: House, me, picture_id: str) -> str:
    return (await house.ask("GET", f"/v1/pictures/{picture_id}", key=me)).headers["ETag"]


async def test_what_is_left_out_stays_and_null_clears(house: House) -> None:
    me = await house.tenant()
    made = await add(
        house, me, await project(house, me), scene_type="interior", scene_location="kitchen",
        focal_point={"x": 0.2, "y": 0.8}, meta={"a": 1}, alias="@kitchen",
    )  # fmt: skip
    changed = (await patching(house, me, made["id"], {"sceneLocation": "bedroom"})).json
    assert (changed["scene_type"], changed["scene_location"]) == ("interior", "bedroom")
    assert (changed["meta"], changed["alias"]) == ({"a": 1}, "@kitchen")
    assert changed["focal_point"] == {"x": 0.2, "y": 0.8}
    # A location belongs to its type.
    other = (await patching(house, me, made["id"], {"scene_type": "exterior"})).json
    assert (other["scene_type"], other["scene_location"]) == ("exterior", None)
    cleared = {"scene_type": None, "focal_point": None, "meta": {}, "alias": None}
    bare = (await patching(house, me, made["id"], cleared)).json
    assert [bare[name] for name in cleared] == [None, None, {}, None]
    assert bare["updated_at"] > made["updated_at"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scene_type": "garden gnome"}, "scene_type"),
        ({"scene_location": "garage door"}, "scene_location"),
        ({"approval": "approved"}, "approval"),
        ({"meta": None}, "meta"),
        ({"alias": "@first"}, "alias"),
    ],
)
async def test_wrong_changes_are_refused_by_name(house: House, body: dict, field: str) -> None:
    me = await house.tenant()
    made = await add(house, me, await project(house, me), scene_type="interior")
    told = await patching(house, me, made["id"], body)
    assert (told.status, told.error["param"]) == (422, field), told.body
    assert (await look(house, me, made["id"]))["updated_at"] == made["updated_at"]


async def test_of_two_that_race_one_changes_and_the_other_is_told(house: House) -> None:
    me = await house.tenant()
    made = await add(house, me, await project(house, me))
    tag = await tag_of(house, me, made["id"])
    asked = [patching(house, me, made["id"], {"meta": {"by": n}}, tag) for n in range(6)]
    answers = await asyncio.gather(*asked)
    assert sorted(it.status for it in answers) == [200, *[412] * 5]
    lost = next(it for it in answers if it.status == 412)
    assert lost.error["code"] == "PRECONDITION_FAILED"
    won = next(it for it in answers if it.status == 200)
    assert (await look(house, me, made["id"]))["meta"] == won.json["meta"]
    # The tag of the refusal leads on, and so does that of an answer.
    again = await patching(house, me, made["id"], {"meta": {}}, lost.error["details"]["etag"])
    assert again.status == 200
    assert (await patching(house, me, made["id"], {}, again.headers["ETag"])).status == 200
    assert (await patching(house, me, made["id"], {}, won.headers["ETag"])).status == 412
    assert (await patching(house, me, made["id"], {"meta": {}}, "*")).status == 200
    odd = await patching(house, me, made["id"], {"meta": {}}, "abc")
    assert (odd.status, odd.error["param"]) == (422, "If-Match")


async def test_another_version_is_no_reason_to_refuse_a_change_but_one_to_read_anew(
    house: House,
) -> None:
    me = await house.tenant()
    made = await add(house, me, await project(house, me))
    path, tag = f"/v1/pictures/{made['id']}", await tag_of(house, me, made["id"])
    same = await house.ask("GET", path, key=me, headers={"If-None-Match": tag})
    assert (same.status, same.body) == (304, b"")
    await enhanced(house, me, made["id"])
    newer = await house.ask("GET", path, key=me, headers={"If-None-Match": tag})
    assert (newer.status, len(newer.json["versions"])) == (200, 2)
    assert (await patching(house, me, made["id"], {"meta": {"a": 1}}, tag)).status == 200
    assert (await patching(house, me, made["id"], {"meta": {"a": 2}}, tag)).status == 412
    # A verdict is a change, too.
    tag = await tag_of(house, me, made["id"])
    await judge(house, me, made["id"], "approve")
    assert (await patching(house, me, made["id"], {"meta": {"a": 3}}, tag)).status == 412
    gone = await house.ask("DELETE", path, key=me, headers={"If-Match": tag})
    assert gone.status == 412
    assert (await look(house, me, made["id"]))["status"] == "completed"


async def test_deleting_a_picture_cancels_what_is_made_of_it(idle_house: House) -> None:
    house, me = idle_house, await idle_house.tenant(grant=10)
    prj = await project(house, me)
    first, second = await add(house, me, prj), await add(house, me, prj)
    running = await enhance(house, me, first["id"], variants=2)
    enhancer = Enhancer(lambda _: "hold")
    async with working(house.settings, enhancer.engines()):

        async def begun() -> bool:
            return len(enhancer.jobs) == 2

        await until(begun)
        for it in (first, second):
            path = f"/v1/pictures/{it['id']}"
            assert (await house.ask("DELETE", path, key=me)).status == 204
            assert (await house.ask("DELETE", path, key=me)).status == 404
            assert (await house.ask("GET", f"/v1/images/{it['id']}", key=me)).status == 404
        for it in running:
            await until_status(house, me, it["id"], "canceled")
    assert (await house.ask("GET", "/v1/credits/balance", key=me)).json["available"] == 10
    deleted = [it["data"]["id"] for it in await events(house, me, "image.deleted")]
    assert deleted == [first["id"], second["id"]]
    # Its versions stay, and know where they come from.
    seen = await look(house, me, running[0]["id"])
    assert (seen["root_id"], len(seen["versions"])) == (first["id"], 2)


async def test_deleting_all_that_work_is_to_make_cancels_the_work(idle_house: House) -> None:
    house, me = idle_house, await idle_house.tenant(grant=10)
    original = await add(house, me, await project(house, me))
    one, two = await enhance(house, me, original["id"], variants=2)
    work = f"/v1/generations/{one['generation_id']}"
    assert (await house.ask("DELETE", f"/v1/pictures/{one['id']}", key=me)).status == 204
    assert (await house.ask("GET", work, key=me)).json["status"] == "queued"
    assert (await house.ask("DELETE", f"/v1/pictures/{two['id']}", key=me)).status == 204
    assert (await house.ask("GET", work, key=me)).json["status"] == "canceled"
    ends = [it["data"]["status"] for it in await events(house, me, "picture.failed")]
    assert ends == ["canceled", "canceled"]
    assert len((await look(house, me, original["id"]))["versions"]) == 1


async def test_a_picture_deleted_while_it_is_made_stays_deleted(idle_house: House) -> None:
    house, me = idle_house, await idle_house.tenant(grant=10)
    original = await add(house, me, await project(house, me))
    one, two = await enhance(house, me, original["id"], variants=2)
    enhancer = Enhancer(lambda _: "hold")
    async with working(house.settings, enhancer.engines()) as workshop:

        async def begun() -> bool:
            return len(enhancer.jobs) == 2

        await until(begun)
        assert (await house.ask("DELETE", f"/v1/pictures/{one['id']}", key=me)).status == 204
        enhancer.let_go()
        await until_status(house, me, two["id"], "completed")
        await check_everything(house.database, workshop.storage)
    assert (await house.ask("GET", f"/v1/pictures/{one['id']}", key=me)).status == 404
    made = (await house.ask("GET", f"/v1/generations/{one['generation_id']}", key=me)).json
    assert [it["id"] for it in made["images"]] == [two["id"]]
    # Only what was delivered is paid for.
    assert (made["credits_reserved"], made["credits_used"]) == (2, 1)
    balance = (await house.ask("GET", "/v1/credits/balance", key=me)).json
    assert (balance["balance"], balance["reserved"]) == (9, 0)


async def test_work_goes_on_in_a_project_that_is_deleted(idle_house: House) -> None:
    house, me = idle_house, await idle_house.tenant(grant=10)
    prj = await project(house, me)
    original = await add(house, me, prj)
    (made,) = await enhance(house, me, original["id"])
    assert (await house.ask("DELETE", f"/v1/projects/{prj}", key=me)).status == 204
    assert (await house.ask("GET", f"/v1/projects/{prj}/pictures", key=me)).status == 404
    async with working(house.settings):
        await until_status(house, me, made["id"], "completed")
    assert (await enhance(house, me, original["id"]))[0]["version"] == 2


async def test_a_client_may_wait_for_a_picture(house: House) -> None:
    me = await house.tenant()
    original = await add(house, me, await project(house, me))
    (made,) = await enhance(house, me, original["id"])
    path = f"/v1/pictures/{made['id']}"
    found = await house.ask("GET", path, key=me, headers={"Prefer": "wait=60"})
    assert (found.json["status"], found.json["progress"]) == ("completed", 1.0)
