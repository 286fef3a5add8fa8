"""What each instruction of an enhancement asks for, and what can not be asked for."""

from typing import Any

import pytest

from support.house import House, Tenant, working
from support.own_files import SHIPPED, own_file
from support.pictures import (
    BRIGHTER,
    JAPANDI,
    Enhancer,
    add,
    enhance,
    enhanced,
    enhancing,
    listing,
    look,
    project,
)

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
