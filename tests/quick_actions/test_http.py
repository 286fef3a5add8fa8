"""Quick actions over HTTP."""

import asyncio

import pytest

from support.house import House
from tintype.core import ids
from tintype.core.errors import NotFound, ValidationFailed
from tintype.db.pool import Database
from tintype.quick_actions import operations
from tintype.quick_actions.models import LIMIT

BODY = {"name": " Calm ", "prompt": "airy, soft daylight", "actions": ["interior-style-japandi"],
        "variants": 2, "description": "for flats"}  # fmt: skip


async def test_a_quick_action_is_made_found_changed_and_deleted(idle_house: House) -> None:
    me = await idle_house.tenant()
    made = await idle_house.ask("POST", "/api/v1/quick-actions", key=me, json=BODY)
    assert made.status == 201
    assert made.data["name"] == "Calm"
    assert made.data["id"].startswith("qa_")
    place = made.headers["Location"]
    assert place == f"/api/v1/quick-actions/{made.data['id']}"
    assert (await idle_house.ask("GET", place, key=me)).data == made.data
    second = await idle_house.ask(
        "POST", "/v1/quick-actions", key=me, json={"name": "Dusk", "actions": []} | {"prompt": "d"}
    )
    listed = await idle_house.ask("GET", "/v1/quick-actions", key=me)
    assert [it["id"] for it in listed.json["data"]] == [second.json["id"], made.data["id"]]
    for q, found in (("FLATS", 1), ("daylight", 1), ("d", 2), ("%", 0)):
        listed = await idle_house.ask("GET", f"/v1/quick-actions?q={q.replace('%', '%25')}", key=me)
        assert listed.json["total"] == found, q
    changed = await idle_house.ask(
        "PATCH", place, key=me, json={"prompt": None, "variants": None, "description": None}
    )
    assert changed.status == 200
    assert changed.data | {"updated_at": 0} == made.data | {
        "prompt": None, "variants": None, "description": None, "updated_at": 0,
    }  # fmt: skip
    assert changed.data["updated_at"] > made.data["updated_at"]
    assert (await idle_house.ask("DELETE", place, key=me)).status == 204
    for method, json in (("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None)):
        assert (await idle_house.ask(method, place, key=me, json=json)).status == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x" * 121, "prompt": "a"}, "name"),
        ({"name": "a"}, "prompt"),
        ({"name": "a", "actions": []}, "prompt"),
        ({"name": "a", "prompt": " \n"}, "prompt"),
        ({"name": "a", "prompt": "x" * 4001}, "prompt"),
        ({"name": "a", "prompt": "a", "description": ""}, "description"),
        ({"name": "a", "prompt": "a", "variants": 0}, "variants"),
        ({"name": "a", "prompt": "a", "variants": 9}, "variants"),
        ({"name": "a", "actions": ["no-such"]}, "actions"),
        ({"name": "a", "actions": ["interior-style-japandi"] * 2}, "actions"),
        ({"name": "a", "actions": ["interior-style-japandi"] * 9}, "actions"),
        ({"name": "a", "prompt": "a", "promt": "a"}, "promt"),
    ],
)
async def test_bad_ones_are_refused_by_field(idle_house: House, body, field: str) -> None:
    me = await idle_house.tenant()
    answer = await idle_house.ask("POST", "/v1/quick-actions", key=me, json=body)
    assert (answer.status, answer.json["error"]["param"]) == (422, field), answer.json
    assert (await idle_house.ask("GET", "/v1/quick-actions", key=me)).json["total"] == 0


async def test_actions_that_exclude_each_other_are_refused_by_both_names(
    idle_house: House,
) -> None:
    me = await idle_house.tenant()
    two = ["interior-style-japandi", "interior-style-scandinavian"]
    made = await idle_house.ask("POST", "/v1/quick-actions", key=me, json=BODY)
    answers = [
        await idle_house.ask("POST", "/v1/quick-actions", key=me, json=BODY | {"actions": two}),
        await idle_house.ask(
            "PATCH", f"/v1/quick-actions/{made.json['id']}", key=me, json={"actions": two}
        ),
    ]
    for answer in answers:
        assert (answer.status, answer.json["error"]["param"]) == (422, "actions")
        assert all(name in answer.json["error"]["message"] for name in two)


async def test_a_change_may_not_leave_nothing_to_do(idle_house: House) -> None:
    me = await idle_house.tenant()
    made = await idle_house.ask(
        "POST", "/v1/quick-actions", key=me, json={"name": "A", "prompt": "warm"}
    )
    place = f"/v1/quick-actions/{made.json['id']}"
    emptied = await idle_house.ask("PATCH", place, key=me, json={"prompt": None})
    assert (emptied.status, emptied.json["error"]["param"]) == (422, "prompt")
    unnamed = await idle_house.ask("PATCH", place, key=me, json={"name": None})
    assert (unnamed.status, unnamed.json["error"]["param"]) == (422, "name")
    moved = await idle_house.ask(
        "PATCH", place, key=me, json={"prompt": None, "actions": ["interior-style-japandi"]}
    )
    assert (moved.status, moved.json["prompt"]) == (200, None)


async def test_another_organizations_are_not_found(idle_house: House) -> None:
    me, other = await idle_house.tenant(), await idle_house.tenant()
    theirs = (await idle_house.ask("POST", "/v1/quick-actions", key=other, json=BODY)).json["id"]
    sandbox = await idle_house.tenant(organization_id=other.organization_id, livemode=False)
    for who in (me, sandbox):
        for wanted in (theirs, ids.new("qa"), ids.new("prj"), "x"):
            for method, json in (("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None)):
                answer = await idle_house.ask(
                    method, f"/v1/quick-actions/{wanted}", key=who, json=json
                )
                assert (answer.status, answer.json["error"]["code"]) == (404, "NOT_FOUND")
        assert (await idle_house.ask("GET", "/v1/quick-actions", key=who)).json["total"] == 0


async def test_scopes_plan_and_bound_keys(idle_house: House) -> None:
    me = await idle_house.tenant()
    made = (await idle_house.ask("POST", "/v1/quick-actions", key=me, json=BODY)).json
    place = f"/v1/quick-actions/{made['id']}"
    project = (await idle_house.ask("POST", "/v1/projects", key=me, json={"name": "P"})).json["id"]
    reader = await idle_house.tenant(organization_id=me.organization_id, scopes=["projects:read"])
    bound = await idle_house.tenant(organization_id=me.organization_id, project_id=project)
    for who in (reader, bound):
        assert (await idle_house.ask("GET", place, key=who)).json == made
        for method, path, json in (
            ("POST", "/v1/quick-actions", BODY), ("PATCH", place, {"name": "x"}),
            ("DELETE", place, None),
        ):  # fmt: skip
            assert (await idle_house.ask(method, path, key=who, json=json)).status == 403
    free = await idle_house.tenant(plan="free")
    refused = await idle_house.ask("POST", "/v1/quick-actions", key=free, json=BODY)
    assert refused.json["error"]["details"] == {"feature": "projects", "plan": "free"}


async def test_no_race_makes_more_than_the_limit(idle_house: House) -> None:
    me = await idle_house.tenant()
    async with idle_house.database.transaction() as tx:
        await tx.executemany(
            "INSERT INTO quick_actions (id, organization_id, name, prompt, actions)"
            " VALUES ($1, $2, 'n', 'p', '{}')",
            [(ids.new("qa"), me.organization_id) for _ in range(LIMIT - 2)],
        )
    answers = await asyncio.gather(
        *(idle_house.ask("POST", "/v1/quick-actions", key=me, json=BODY) for _ in range(6))
    )
    assert sorted(answer.status for answer in answers) == [201, 201, 409, 409, 409, 409]
    refused = next(answer for answer in answers if answer.status == 409)
    assert refused.json["error"]["details"] == {"limit": LIMIT}
    listed = await idle_house.ask("GET", "/v1/quick-actions?limit=1", key=me)
    assert listed.json["total"] == LIMIT
    gone = f"/v1/quick-actions/{listed.json['data'][0]['id']}"
    assert (await idle_house.ask("DELETE", gone, key=me)).status == 204
    assert (await idle_house.ask("POST", "/v1/quick-actions", key=me, json=BODY)).status == 201


async def test_what_the_catalogue_no_longer_has_does_not_stop_another_change(
    idle_house: House,
) -> None:
    me = await idle_house.tenant()
    made = (await idle_house.ask("POST", "/v1/quick-actions", key=me, json=BODY)).json
    async with idle_house.database.transaction() as tx:
        await tx.execute(
            "UPDATE quick_actions SET actions = '{one-of-before}' WHERE id = $1", made["id"]
        )
    place = f"/v1/quick-actions/{made['id']}"
    renamed = await idle_house.ask("PATCH", place, key=me, json={"name": "B"})
    assert (renamed.status, renamed.json["actions"]) == (200, ["one-of-before"])
    again = await idle_house.ask("PATCH", place, key=me, json={"actions": ["one-of-before"]})
    assert (again.status, again.json["error"]["param"]) == (422, "actions")


async def test_an_instruction_finds_its_quick_action_or_names_its_field(
    idle_house: House, database: Database
) -> None:
    me = await idle_house.tenant()
    caller = await idle_house.caller(me)
    made = (await idle_house.ask("POST", "/v1/quick-actions", key=me, json=BODY)).json
    async with idle_house.database.transaction() as tx:
        found = await operations.find(tx, caller, made["id"])
        assert (found.prompt, found.actions, found.variants) == (
            "airy, soft daylight", ["interior-style-japandi"], 2,
        )  # fmt: skip
        with pytest.raises(ValidationFailed) as refused:
            await operations.find(tx, caller, ids.new("qa"))
        assert refused.value.param == "instruction.quick_action_id"
        with pytest.raises(NotFound):
            await operations.get(tx, caller, ids.new("qa"))
