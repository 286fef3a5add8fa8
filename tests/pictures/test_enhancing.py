"""Enhancements over HTTP: the new pictures, their versions, sizes and prices."""

import asyncio

import pytest

from support import images
from support.house import House
from support.pictures import (
    BRIGHTER,
    JAPANDI,
    RETOUCH,
    add,
    enhance,
    enhanced,
    enhancing,
    listing,
    look,
    project,
    until_status,
)


async def test_a_preset_makes_new_pictures_at_once_and_completes_them(house: House) -> None:
    me = await house.tenant(grant=100)
    original = await listing(house, me)
    made = await enhancing(house, me, original["id"], JAPANDI, variants=2, meta={"room": 4})
    assert made.status == 202, made.body
    first, second = made.json["data"]
    assert made.headers["Location"] == f"/v1/generations/{first['generation_id']}"
    assert (made.headers["X-Credits-Used"], made.headers["X-Credits-Remaining"]) == ("2", "98")
    for number, picture in enumerate((first, second)):
        assert (picture["object"], picture["status"]) in {
            ("picture", "processing"), ("picture", "completed")
        }  # fmt: skip
        assert (picture["version"], picture["subversion"]) == (1, number)
        assert picture["parent_id"] == picture["root_id"] == original["id"]
        assert picture["source_instruction"] == JAPANDI
        assert (picture["scene_type"], picture["meta"]) == ("interior", {"room": 4})
        assert picture["fidelity"] == "preview"
        assert "generative engine: Japandi, Medium decoration" in picture["adjustments"][0]
    done = [await until_status(house, me, it["id"], "completed") for it in (first, second)]
    assert [(it["width"], it["height"]) for it in done] == [(96, 64)] * 2
    assert done[0]["sha256"] != done[1]["sha256"]
    assert len({original["sha256"], *(it["sha256"] for it in done)}) == 3
    work = (await house.ask("GET", f"/v1/generations/{first['generation_id']}", key=me)).json
    assert (work["kind"], work["model"], work["variants"]) == ("enhancement", RETOUCH, 2)
    assert (work["fidelity"], work["credits_used"]) == ("preview", 2)
    assert [it["id"] for it in work["images"]] == [first["id"], second["id"]]
    assert [it["version"] for it in done[0]["versions"]] == [0, 1, 1]


async def test_versions_count_requests_of_a_line_and_subversions_their_variants(
    house: House,
) -> None:
    me = await house.tenant()
    original = await listing(house, me)
    (first,) = await enhanced(house, me, original["id"])
    (deeper, _) = await enhanced(house, me, first["id"], variants=2)
    (third,) = await enhanced(house, me, original["id"])
    assert [(it["version"], it["subversion"]) for it in (first, deeper, third)] == [
        (1, 0), (2, 0), (3, 0)
    ]  # fmt: skip
    assert (deeper["parent_id"], deeper["root_id"]) == (first["id"], original["id"])
    seen = await look(house, me, deeper["id"])
    assert [(it["version"], it["subversion"]) for it in seen["versions"]] == [
        (0, 0), (1, 0), (2, 0), (2, 1), (3, 0)
    ]  # fmt: skip
    # What is cleaned in the project belongs to the line as well.
    job = {"mode": "clean", "image_url": third["id"], "project_id": original["project_id"]}
    cleaned = await house.ask(
        "POST", "/v1/images/jobs", key=me, json=job, headers={"Prefer": "wait=30"}
    )
    assert cleaned.status == 201, cleaned.body
    last = await look(house, me, cleaned.json["image_id"])
    assert (last["version"], last["parent_id"], last["root_id"]) == (
        4, third["id"], original["id"]
    )  # fmt: skip


async def test_requests_at_once_get_versions_of_their_own(idle_house: House) -> None:
    house, me = idle_house, await idle_house.tenant()
    original = await listing(house, me)
    made = await asyncio.gather(*(enhance(house, me, original["id"]) for _ in range(6)))
    assert sorted(it["version"] for (it,) in made) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("defaults", "asked", "size"),
    [
        ({}, {}, (96, 64)),
        ({}, {"aspect_ratio": "1:1"}, (64, 64)),
        ({}, {"aspectRatio": "16:9"}, (96, 54)),
        ({"picture_aspect_ratio": "1:1"}, {}, (64, 64)),
        ({"picture_aspect_ratio": "1:1"}, {"aspect_ratio": "4:3"}, (84, 63)),
        ({"picture_aspect_ratio": "4:3", "picture_resolution": "1K"}, {}, (1184, 888)),
        ({}, {"resolution": "1K"}, (1254, 836)),
    ],
)
async def test_a_size_is_the_requests_else_the_projects_else_the_pictures(
    house: House, defaults: dict, asked: dict, size: tuple[int, int]
) -> None:
    me = await house.tenant()
    original = await listing(house, me, **defaults)
    (picture,) = await enhanced(house, me, original["id"], **asked)
    assert (picture["width"], picture["height"]) == size


async def test_a_picture_too_long_for_its_resolution_is_refused_before_it_is_made(
    idle_house: House,
) -> None:
    house, me = idle_house, await idle_house.tenant(grant=10)
    thin = await add(house, me, await project(house, me), (8000, 4))
    for more in ({}, {"dry_run": True}):
        refused = await enhancing(house, me, thin["id"], resolution="4K", **more)
        assert (refused.status, refused.error["param"]) == (422, "resolution"), refused.body
        assert "183178 x 91, and a side has at most 65500" in refused.error["message"]
    made = await enhancing(house, me, thin["id"], resolution="4K", aspect_ratio="1:1")
    assert made.status == 202, made.body


async def test_a_crop_keeps_the_focal_point_and_only_an_uncropped_picture_keeps_having_it(
    house: House,
) -> None:
    me = await house.tenant()
    prj = await project(house, me)
    original = await add(house, me, prj, focal_point={"x": 0.0, "y": 0.0})
    whole, cropped = [
        (await enhanced(house, me, original["id"], **more))[0]
        for more in ({}, {"aspect_ratio": "1:2"})
    ]
    assert whole["focal_point"] == {"x": 0.0, "y": 0.0}
    assert cropped["focal_point"] is None
    # The upper left of the test picture is red, its upper right green.
    media = (await house.ask("GET", "/media" + cropped["url"].partition("/media")[2])).body
    red, green, blue = images.opened(media).getpoint(20, 10)[:3]
    assert red > green + 60 > blue


async def test_a_price_is_asked_for_and_kept(house: House) -> None:
    me = await house.tenant(grant=10)
    original = await listing(house, me)
    asked = {"variants": 2, "resolution": "2K", "aspect_ratio": "16:9"}
    quote = await enhancing(house, me, original["id"], dry_run=True, **asked)
    assert (quote.status, quote.json["credits"]) == (200, 4), quote.body
    assert "enlarged from 96 x 64" in quote.json["adjustments"][0]
    assert quote.json["size"] == {"width": 2688, "height": 1512}
    assert len((await look(house, me, original["id"]))["versions"]) == 1
    made = await enhancing(house, me, original["id"], quote_id=quote.json["quote_id"], **asked)
    assert (made.status, made.headers["X-Credits-Used"]) == (202, "4")
    dear = await enhancing(house, me, original["id"], variants=8, resolution="4K")
    assert (dear.status, dear.error["code"]) == (402, "INSUFFICIENT_CREDITS")
    assert len((await look(house, me, original["id"]))["versions"]) == 3


async def test_the_sandbox_enhances_for_nothing(house: House) -> None:
    me = await house.tenant(grant=0)
    sandbox = await house.tenant(organization_id=me.organization_id, livemode=False)
    original = await listing(house, sandbox)
    (picture,) = await enhanced(house, sandbox, original["id"])
    assert (picture["livemode"], picture["status"]) == (False, "completed")
    assert (await house.ask("GET", f"/v1/pictures/{picture['id']}", key=me)).status == 404


async def test_a_replay_answers_how_the_pictures_stand(house: House) -> None:
    me = await house.tenant(grant=100)
    original = await listing(house, me)
    once = {"Idempotency-Key": "listing-4812-kitchen-v1"}
    first = await enhancing(house, me, original["id"], JAPANDI, variants=2, headers=once)
    again = await enhancing(
        house, me, original["id"], JAPANDI, variants=2, headers=once | {"Prefer": "wait=60"}
    )
    assert (first.status, again.status) == (202, 201)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert [it["id"] for it in again.json["data"]] == [it["id"] for it in first.json["data"]]
    assert {it["status"] for it in again.json["data"]} == {"completed"}
    assert (await house.ask("GET", "/v1/credits/balance", key=me)).json["balance"] == 98
    other = await enhancing(house, me, original["id"], BRIGHTER, headers=once)
    assert (other.status, other.error["code"]) == (422, "IDEMPOTENCY_MISMATCH")
