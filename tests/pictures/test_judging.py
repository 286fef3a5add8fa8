"""Approve and reject: who and when, what is published, what is said of it, and what is refused."""

import asyncio
import random
from typing import Any

from support.house import House, Tenant
from support.pictures import add, enhanced, events, judge, look, project


async def line(house: House, me: Tenant) -> tuple[Any, list[Any]]:
    """An original and three versions of it."""
    original = await add(house, me, await project(house, me), scene_type="interior")
    return original, await enhanced(house, me, original["id"], variants=3)


async def selected(house: House, me: Tenant, picture_id: str) -> str | None:
    versions = (await look(house, me, picture_id))["versions"]
    chosen = [it["id"] for it in versions if it["selected"]]
    assert len(chosen) <= 1
    return chosen[0] if chosen else None


async def test_approving_says_who_and_when_and_publishes(house: House) -> None:
    me = await house.tenant()
    original, (first, second, _) = await line(house, me)
    done = await judge(house, me, first["id"], "approve", "  Lovely light. ")
    assert done.status == 200, done.body
    assert (done.json["approval"], done.json["feedback"]) == ("approved", "Lovely light.")
    assert (done.json["judged_by"], done.json["selected"]) == (me.key_id, True)
    assert done.json["judged_at"] >= done.json["created_at"]
    image = (await house.ask("GET", f"/v1/images/{first['id']}", key=me)).json
    assert (image["approval"], image["feedback"]) == ("approved", "Lovely light.")
    # One of a line is published: the one approved last.
    assert (await judge(house, me, second["id"], "approve")).json["selected"]
    assert await selected(house, me, original["id"]) == second["id"]
    assert (await look(house, me, first["id"]))["approval"] == "approved"
    told = await events(house, me, "picture.approved")
    assert [it["data"]["id"] for it in told] == [first["id"], second["id"]]
    assert len(told[0]["data"]) == 9


async def test_rejecting_the_published_one_falls_back_to_another_approved_one(
    house: House,
) -> None:
    me = await house.tenant()
    original, (first, second, third) = await line(house, me)
    for it in (original, first, second, third):
        await judge(house, me, it["id"], "approve")
    assert (await judge(house, me, third["id"], "reject", "Too blue")).json[
        "feedback"
    ] == "Too blue"
    assert await selected(house, me, original["id"]) == second["id"]
    # Of one that isn't published, nothing moves.
    await judge(house, me, first["id"], "reject")
    assert await selected(house, me, original["id"]) == second["id"]
    await judge(house, me, second["id"], "reject")
    assert await selected(house, me, original["id"]) == original["id"]
    await judge(house, me, original["id"], "reject")
    assert await selected(house, me, original["id"]) is None
    assert len(await events(house, me, "picture.rejected")) == 4
    # An earlier verdict may be taken back.
    assert (await judge(house, me, third["id"], "approve")).json["feedback"] is None
    assert await selected(house, me, original["id"]) == third["id"]


async def test_the_same_verdict_again_changes_nothing(house: House) -> None:
    me = await house.tenant()
    _, (first, second, _) = await line(house, me)
    done = (await judge(house, me, first["id"], "approve", "Good")).json
    assert (await judge(house, me, first["id"], "approve")).json == done
    assert (await judge(house, me, first["id"], "approve", "Good")).json == done
    assert len(await events(house, me, "picture.approved")) == 1
    # Other words are noted, and are no new verdict.
    assert (await judge(house, me, first["id"], "approve", "Fine")).json["feedback"] == "Fine"
    assert (await judge(house, me, first["id"], "approve", "")).json["feedback"] is None
    assert len(await events(house, me, "picture.approved")) == 1
    # Said again of one that is no more the published one, it is that again.
    await judge(house, me, second["id"], "approve")
    assert (await judge(house, me, first["id"], "approve")).json["selected"]
    assert len(await events(house, me, "picture.approved")) == 3


async def test_a_user_judges_under_their_own_name(house: House) -> None:
    me = await house.tenant()
    original, _ = await line(house, me)
    other = await house.tenant(organization_id=me.organization_id)
    assert (await judge(house, other, original["id"], "reject")).json["judged_by"] == other.key_id


async def test_deleting_the_published_one_publishes_another_approved_one(house: House) -> None:
    me = await house.tenant()
    original, (first, second, third) = await line(house, me)
    for it in (first, second, third):
        await judge(house, me, it["id"], "approve")
    for path in (f"/v1/pictures/{third['id']}", f"/v1/images/{second['id']}"):
        assert (await house.ask("DELETE", path, key=me)).status == 204
    assert await selected(house, me, original["id"]) == first["id"]
    gone = await house.ask("DELETE", f"/v1/generations/{first['generation_id']}", key=me)
    assert gone.status == 204
    async with house.database.reading() as tx:
        assert await tx.fetchval("SELECT count(selected_id) FROM images") == 0


async def test_only_completed_pictures_of_ones_own_are_judged(house: House) -> None:
    me, other = await house.tenant(), await house.tenant()
    original, _ = await line(house, me)
    for verdict in ("approve", "reject"):
        told = await judge(house, other, original["id"], verdict)
        assert (told.status, told.error["code"]) == (404, "NOT_FOUND")
        unknown = await judge(house, me, "img_00000000000000000000000000", verdict)
        assert unknown.status == 404
        odd = await judge(house, me, original["id"], verdict, "x" * 2001)
        assert (odd.status, odd.error["param"]) == (422, "feedback")
    assert (await look(house, me, original["id"]))["approval"] == "pending"
    reader = await house.tenant(organization_id=me.organization_id, scopes=["images:read"])
    assert (await judge(house, reader, original["id"], "approve")).status == 403


async def test_verdicts_at_once_leave_one_published_that_is_approved(house: House) -> None:
    me = await house.tenant()
    original, versions = await line(house, me)
    chance = random.Random(7)
    pictures = [original["id"], *(it["id"] for it in versions)]

    async def one() -> None:
        verdict = chance.choice(["approve", "reject"])
        assert (await judge(house, me, chance.choice(pictures), verdict)).status == 200

    for _ in range(5):
        await asyncio.gather(*(one() for _ in range(8)))
        seen = (await look(house, me, original["id"]))["versions"]
        approved = {it["id"] for it in seen if it["approval"] == "approved"}
        published = {it["id"] for it in seen if it["selected"]}
        assert len(published) == min(1, len(approved))
        assert published <= approved


async def test_a_verdict_is_given_once_for_a_key(house: House) -> None:
    me = await house.tenant()
    original, _ = await line(house, me)
    path, once = f"/v1/pictures/{original['id']}/approve", {"Idempotency-Key": "a1"}
    first = await house.ask("POST", path, key=me, json={"feedback": "x"}, headers=once)
    again = await house.ask("POST", path, key=me, json={"feedback": "x"}, headers=once)
    assert (again.status, again.json) == (200, first.json)
    bare = await house.ask("POST", f"/v1/pictures/{original['id']}/reject", key=me)
    assert (bare.status, bare.json["approval"]) == (200, "rejected")
