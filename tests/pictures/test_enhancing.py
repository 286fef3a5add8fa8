"""Enhancements over HTTP: what each instruction asks for, the new pictures, and their end."""

import asyncio
from typing import Any

import pytest

from support import images
from support.checks import check_everything
from support.house import House, Tenant, working
from support.own_files import SHIPPED, own_file
from support.pictures import (
    BRIGHTER,
    JAPANDI,
    NINE,
    RETOUCH,
    Enhancer,
    add,
    enhance,
    enhanced,
    enhancing,
    events,
    look,
    project,
    until_status,
)
from support.receiver import receiving
from support.workers import until
from tintype.engines.base import EngineFault, Job

GENERATIVE = """
[[models]]
id = "studio/edit"
name = "Edit"
description = "Edits photos by words."
engine = "studio"
fidelity = "full"
operations = ["enhancement"]
references_max = 1
variants_max = 2
negative_prompt = false
prompt_characters_max = 200
credits = { 1K = 5, 2K = 9 }
"""


async def listing(house: House, me: Tenant, **more: Any) -> Any:
    """An original of 96 x 64 pixels in a new project."""
    return await add(house, me, await project(house, me, **more), scene_type="interior")


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
    ("body", "field", "problem"),
    [
        ({"instruction": {"source": "preset", "actions": []}}, "instruction.actions", "1 to 8"),
        ({"instruction": {"source": "preset", "actions": ["light-warm"] * 9}},
         "instruction.actions", "1 to 8"),
        ({"instruction": {"source": "preset"}}, "instruction.actions", "is required"),
        ({"instruction": {"source": "preset", "actions": ["interior-style-japandy"]}},
         "instruction.actions", "did you mean `interior-style-japandi`"),
        ({"instruction": {"source": "preset", "actions": ["light-warm", "light-warm"]}},
         "instruction.actions", "given twice"),
        ({"instruction": {"source": "preset", "actions": ["light-warm", "light-cool"]}},
         "instruction.actions", "light-warm and light-cool exclude each other"),
        ({"instruction": {"source": "preset", "actions": ["light-warm"], "prompt": "x"}},
         "instruction.prompt", "means nothing for source preset"),
        ({"instruction": {"source": "prompt", "prompt": "   "}}, "instruction.prompt", "say"),
        ({"instruction": {"source": "prompt", "prompt": "xyzzy plugh"}}, "instruction.prompt",
         "understands none of this; it knows words such as"),
        ({"instruction": {"source": "prompt", "prompt": "brighter " * 500}},
         "instruction.prompt", "at most 4000 characters"),
        ({"instruction": {"source": "quick_action", "quick_action_id": "qa_nothing"}},
         "instruction.quick_action_id", "no such quick action"),
        ({"instruction": {"source": "consistency"}}, "instruction.reference_image_id",
         "no consistency_image_id"),
        ({"instruction": {"source": "consistency", "reference_image_id": "@nobody"}},
         "instruction.reference_image_id", "names no image"),
        ({"instruction": {"source": "style"}}, "instruction.source", "preset"),
        ({"instruction": BRIGHTER, "variants": 0}, "variants", ""),
        ({"instruction": BRIGHTER, "variants": 9}, "variants", ""),
        ({"instruction": BRIGHTER, "aspect_ratio": "7:5"}, "aspect_ratio", "must be one of"),
        ({"instruction": BRIGHTER, "resolution": "8K"}, "resolution", "1K, 2K, 4K"),
        ({"instruction": BRIGHTER, "model": "builtin/draft"}, "model", "no model"),
        ({"instruction": BRIGHTER, "webhook_url": "ftp://x"}, "webhook_url", ""),
        ({}, "instruction", "is required"),
    ],
)  # fmt: skip
async def test_what_can_not_be_done_is_refused_by_name(
    idle_house: House, body: dict, field: str, problem: str
) -> None:
    house, me = idle_house, await idle_house.tenant()
    original = await listing(house, me)
    path = f"/v1/pictures/{original['id']}/enhancements"
    made = await house.ask("POST", path, key=me, json=body)
    assert (made.status, made.error["code"]) == (422, "VALIDATION_FAILED"), made.body
    assert made.error["details"][0]["field"] == field
    assert problem in made.error["message"]
    assert (await look(house, me, original["id"]))["versions"] == [
        await plain(house, me, original["id"])
    ]


async def plain(house: House, me: Tenant, picture_id: str) -> Any:
    found = await look(house, me, picture_id)
    del found["versions"]
    return found


async def test_words_are_read_and_what_is_not_understood_is_said(house: House) -> None:
    me = await house.tenant()
    original = await listing(house, me)
    words = {"source": "prompt", "prompt": "warmer and brighter, and add a unicorn"}
    (picture,) = await enhanced(house, me, original["id"], words)
    assert picture["source_instruction"] == words
    assert picture["fidelity"] == "preview"
    assert "unicorn" in picture["adjustments"][0]
    (plainly,) = await enhanced(house, me, original["id"], {"source": "prompt", "prompt": "warmer"})
    assert (plainly["fidelity"], plainly["adjustments"]) == ("full", [])
    assert plainly["sha256"] != picture["sha256"] != original["sha256"]


async def test_a_quick_action_is_used_with_its_own_number_of_pictures(house: House) -> None:
    me, other = await house.tenant(), await house.tenant()
    original = await listing(house, me)
    body = {"name": "Ours", "prompt": "warmer, less contrast", "actions": ["light-exposure-lift"],
            "variants": 2}  # fmt: skip
    action = (await house.ask("POST", "/v1/quick-actions", key=me, json=body)).json["id"]
    used = {"source": "quick_action", "quick_action_id": action}
    made = await enhanced(house, me, original["id"], used)
    assert len(made) == 2
    assert made[0]["source_instruction"] == used
    assert len(await enhanced(house, me, original["id"], used, variants=1)) == 1
    async with house.database.reading() as tx:
        recipe = await tx.fetchval(
            "SELECT recipe FROM generations WHERE id = $1", made[0]["generation_id"]
        )
    assert recipe["actions"][0] == "light-exposure-lift"
    assert "light-warm" in recipe["actions"]
    theirs = await listing(house, other)
    refused = await enhancing(house, other, theirs["id"], used)
    assert (refused.status, refused.error["param"]) == (422, "instruction.quick_action_id")


async def test_consistency_matches_the_projects_reference(house: House) -> None:
    me = await house.tenant()
    prj = await project(house, me)
    reference, original = await add(house, me, prj), await add(house, me, prj, (120, 80))
    change = {"consistency_image_id": reference["id"]}
    changed = await house.ask("PATCH", f"/v1/projects/{prj}", key=me, json=change)
    assert changed.status == 200, changed.body
    (picture,) = await enhanced(house, me, original["id"], {"source": "consistency"})
    assert (picture["width"], picture["fidelity"]) == (120, "full")
    itself = await enhancing(house, me, reference["id"], {"source": "consistency"})
    assert (itself.status, itself.error["param"]) == (422, "instruction.reference_image_id")
    named = {"source": "consistency", "reference_image_id": picture["id"]}
    (back,) = await enhanced(house, me, reference["id"], named)
    assert back["source_instruction"] == named
    work = (await house.ask("GET", f"/v1/generations/{back['generation_id']}", key=me)).json
    assert [it["image_id"] for it in work["references"]] == [reference["id"], picture["id"]]


async def test_the_projects_reference_may_lie_where_a_bound_key_sees_nothing(
    idle_house: House,
) -> None:
    house, me = idle_house, await idle_house.tenant()
    other = await listing(house, me)
    prj = await project(house, me, consistency_image_id=other["id"])
    original = await add(house, me, prj)
    bound = await house.tenant(organization_id=me.organization_id, project_id=prj)
    await enhance(house, bound, original["id"], {"source": "consistency"})
    named = {"source": "consistency", "reference_image_id": other["id"]}
    refused = await enhancing(house, bound, original["id"], named)
    assert (refused.status, refused.error["param"]) == (422, "instruction.reference_image_id")
    address = {"source": "consistency", "reference_image_id": "https://example.com/a.jpg"}
    nowhere = await enhancing(house, me, original["id"], address)
    assert nowhere.error["message"].endswith("no such image here; give an alias or an image's id")
    gone = await house.ask("DELETE", f"/v1/images/{other['id']}", key=me)
    assert gone.status == 204
    refused = await enhancing(house, bound, original["id"], {"source": "consistency"})
    assert (refused.status, refused.error["param"]) == (422, "instruction.reference_image_id")
    assert "consistency_image_id was deleted" in refused.error["message"]


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


async def test_an_instruction_is_shown_as_it_was_given(idle_house: House) -> None:
    house, me = idle_house, await idle_house.tenant()
    original = await listing(house, me)
    given = {"actions": ["light-warm"], "source": "preset"}
    (picture,) = await enhance(house, me, original["id"], given)
    assert list(picture["source_instruction"]) == ["actions", "source"]
    (seen,) = await enhance(house, me, original["id"], {"prompt": None, **given})
    assert seen["source_instruction"] == {"prompt": None, **given}


async def test_a_generative_model_gets_the_picture_and_the_words(
    idle_house: House, tmp_path
) -> None:
    house, me = idle_house, await idle_house.tenant()
    with own_file("catalog", tmp_path / "catalog.toml", SHIPPED + GENERATIVE):
        original = await listing(house, me)
        enhancer = Enhancer(model="studio/edit")
        async with working(house.settings, enhancer.engines()):
            words = {"source": "prompt", "prompt": "add a unicorn"}
            (picture,) = await enhanced(house, me, original["id"], words, model="studio/edit")
        assert (picture["fidelity"], picture["adjustments"]) == ("full", [])
        (job,) = enhancer.jobs
        assert (job.operation, job.prompt, job.model) == ("enhance", "add a unicorn", "studio/edit")
        assert len(job.references) == 1
        for instruction, told in (
            ({"source": "prompt", "prompt": "x" * 201}, "at most 200 characters"),
            (JAPANDI, "takes at most 200 characters"),
            ({"source": "consistency", "reference_image_id": picture["id"]}, "at most 1 pictures"),
        ):
            refused = await enhancing(house, me, original["id"], instruction, model="studio/edit")
            assert refused.status == 422, refused.body
            assert told in refused.error["message"]


async def test_what_some_variants_lack_is_told_of_each_and_not_paid_for(idle_shop: House) -> None:
    shop, me = idle_shop, await idle_shop.tenant(grant=10)
    original = await listing(shop, me)

    def fail(job: Job) -> EngineFault | None:
        refused = EngineFault("CONTENT_REJECTED", "Not that.")
        return refused if job.extra["variant"] == 1 else None

    async with receiving() as receiver:
        made = await enhance(
            shop, me, original["id"], JAPANDI, variants=3, webhook_url=receiver.url()
        )
        async with working(shop.settings, Enhancer(fail).engines()) as workshop:
            await until_status(shop, me, made[1]["id"], "failed")
            await receiver.until(3)
            await check_everything(shop.database, workshop.storage)
    ends = {it["id"]: (await look(shop, me, it["id"])) for it in made}
    assert [ends[it["id"]]["status"] for it in made] == ["completed", "failed", "completed"]
    assert ends[made[1]["id"]]["error"] == {"code": "CONTENT_REJECTED", "message": "Not that."}
    told = {hook.json["data"]["id"]: hook.json for hook in receiver.hooks}
    assert {key: it["type"] for key, it in told.items()} == {
        made[0]["id"]: "picture.completed", made[1]["id"]: "picture.failed",
        made[2]["id"]: "picture.completed",
    }  # fmt: skip
    assert all(list(it["data"]) == NINE for it in told.values())
    assert told[made[2]["id"]]["data"]["source_instruction"] == JAPANDI
    assert (told[made[2]["id"]]["data"]["version"], told[made[2]["id"]]["data"]["subversion"]) == (
        1, 2
    )  # fmt: skip
    assert (await shop.ask("GET", "/v1/credits/balance", key=me)).json["balance"] == 8


async def test_failed_work_is_made_anew_in_new_pictures(idle_shop: House) -> None:
    shop, me = idle_shop, await idle_shop.tenant(grant=10)
    original = await listing(shop, me)
    given = {"actions": ["light-warm"], "source": "preset"}
    failing = [True]

    def fail(job: Job) -> EngineFault | None:
        return EngineFault("INVALID_REQUEST", "too odd.") if failing[0] else None

    async with working(shop.settings, Enhancer(fail).engines()):
        (lost,) = await enhance(shop, me, original["id"], given, resolution="1K", seed=7)
        found = await until_status(shop, me, lost["id"], "failed")
        assert found["error"]["message"] == "picture: too odd."
        assert (await shop.ask("GET", "/v1/credits/balance", key=me)).json["available"] == 10
        failing[0] = False
        path = f"/v1/generations/{lost['generation_id']}/retry"
        odd = await shop.ask("POST", path, key=me, json={"prompt": "x"})
        assert (odd.status, odd.error["param"]) == (422, "prompt")
        again = await shop.ask(
            "POST", path, key=me, json={"variants": 2}, headers={"Prefer": "wait=30"}
        )
        assert (again.status, again.json["retry_of"]) == (201, lost["generation_id"])
        assert (again.json["seed"], again.json["credits_used"]) == (7, 2)
    line = (await look(shop, me, original["id"]))["versions"]
    assert [(it["version"], it["subversion"], it["status"]) for it in line] == [
        (0, 0, "completed"), (1, 0, "failed"), (2, 0, "completed"), (2, 1, "completed")
    ]  # fmt: skip
    assert list(line[3]["source_instruction"]) == ["actions", "source"]


async def test_canceled_work_cancels_its_pictures(idle_shop: House) -> None:
    shop, me = idle_shop, await idle_shop.tenant(grant=10)
    original = await listing(shop, me)
    waiting, running = [(await enhance(shop, me, original["id"], variants=2)) for _ in range(2)]
    path = "/v1/generations/{}/cancel"
    queued = await shop.ask("POST", path.format(waiting[0]["generation_id"]), key=me)
    assert queued.status == 200
    assert [(await look(shop, me, it["id"]))["status"] for it in waiting] == ["canceled"] * 2
    enhancer = Enhancer(lambda _: "hold")
    async with working(shop.settings, enhancer.engines()):

        async def begun() -> bool:
            return len(enhancer.jobs) == 2

        await until(begun)
        told = await shop.ask("POST", path.format(running[0]["generation_id"]), key=me)
        assert told.status == 202
        for it in running:
            await until_status(shop, me, it["id"], "canceled")
    ends = [it["data"]["status"] for it in await events(shop, me, "picture.failed")]
    assert ends == ["canceled"] * 4
    assert (await shop.ask("GET", "/v1/credits/balance", key=me)).json["available"] == 10


async def test_deleted_work_takes_its_pictures_along(idle_shop: House) -> None:
    shop, me = idle_shop, await idle_shop.tenant(grant=10)
    original = await listing(shop, me)
    made = await enhance(shop, me, original["id"], variants=2)
    enhancer = Enhancer(lambda job: "hold" if job.extra["variant"] else None)
    async with working(shop.settings, enhancer.engines()) as workshop:

        async def begun() -> bool:
            return len(enhancer.jobs) == 2

        await until(begun)
        gone = await shop.ask("DELETE", f"/v1/generations/{made[0]['generation_id']}", key=me)
        assert gone.status == 204
        for it in made:
            assert (await shop.ask("GET", f"/v1/pictures/{it['id']}", key=me)).status == 404

        async def given_back() -> bool:
            balance = await shop.ask("GET", "/v1/credits/balance", key=me)
            return bool(balance.json["available"] == 10)

        await until(given_back)
        await check_everything(shop.database, workshop.storage)
    assert [it["data"]["status"] for it in await events(shop, me, "picture.failed")] == [
        "canceled", "canceled"
    ]  # fmt: skip
    assert len((await look(shop, me, original["id"]))["versions"]) == 1


async def test_a_picture_that_is_deleted_before_the_run_fails_it_by_name(
    idle_shop: House,
) -> None:
    shop, me = idle_shop, await idle_shop.tenant(grant=10)
    original = await listing(shop, me)
    (made,) = await enhance(shop, me, original["id"])
    # As an image, not as a picture: that would cancel the work.
    assert (await shop.ask("DELETE", f"/v1/images/{original['id']}", key=me)).status == 204
    async with working(shop.settings):
        found = await until_status(shop, me, made["id"], "failed")
    assert found["error"]["message"].startswith("picture: the image")
    retried = await shop.ask("POST", f"/v1/generations/{made['generation_id']}/retry", key=me)
    assert (retried.status, retried.error["param"]) == (422, "picture")
