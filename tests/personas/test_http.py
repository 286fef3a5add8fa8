"""Personas over HTTP: made, found, changed, deleted, and seen by nobody else."""

from typing import Any

from support import images as pictures
from support.house import House, Tenant
from tintype.core import ids

PNG = pictures.file("png")
MIRA = {
    "name": " Mira ", "description": "a dancer in her thirties with a calm face. ",
    "attributes": {"hair": "red, short", "eyeColour": "grey"}, "meta": {"innerKey": [1]},
}  # fmt: skip


async def create(house: House, key: Tenant, **more: Any) -> Any:
    made = await house.ask("POST", "/v1/personas", key=key, json=MIRA | more)
    assert made.status == 201, made.body
    return made.json


async def test_a_persona_is_made_and_found_as_it_was_given(idle_house: House) -> None:
    me = await idle_house.tenant()
    made = await idle_house.ask("POST", "/api/v1/personas", key=me, json=MIRA)
    assert made.status == 201
    assert made.headers["Location"] == f"/api/v1/personas/{made.data['id']}"
    assert made.data["id"].startswith("per_")
    told = {name: made.data[name] for name in ("object", "name", "description", "meta")}
    assert told == {
        "object": "persona", "name": "Mira", "meta": {"innerKey": [1]},
        "description": "a dancer in her thirties with a calm face.",
    }  # fmt: skip
    assert list(made.data["attributes"].items()) == [("hair", "red, short"), ("eyeColour", "grey")]
    assert made.data["reference_images"] == []
    assert (made.data["project_id"], made.data["livemode"]) == (None, True)
    found = await idle_house.ask("GET", made.headers["Location"], key=me)
    assert found.data == made.data


async def test_reference_images_are_aliases_ids_and_urls_each_once(idle_house: House) -> None:
    me = await idle_house.tenant()
    face = (await idle_house.upload(me, PNG, alias="@face")).data
    side = (await idle_house.upload(me, pictures.file("png", 40, 30))).data
    given = ["@FACE", side["id"], side["url"], "https://example.com/mira.jpg"]
    made = await create(idle_house, me, referenceImages=given)
    assert made["reference_images"] == [
        {"image_id": face["id"], "alias": "@face", "url": None},
        {"image_id": side["id"], "alias": None, "url": None},
        {"image_id": None, "alias": None, "url": "https://example.com/mira.jpg"},
    ]
    await idle_house.upload(me, pictures.file("png", 50, 30), alias="@face")
    again = await idle_house.ask("GET", f"/v1/personas/{made['id']}", key=me)
    assert again.json["reference_images"] == made["reference_images"], "a moved alias moves none"


async def test_a_change_touches_what_it_names_only(idle_house: House) -> None:
    me = await idle_house.tenant()
    face = (await idle_house.upload(me, PNG)).data["id"]
    made = await create(idle_house, me, reference_images=[face])
    path = f"/v1/personas/{made['id']}"
    changed = await idle_house.ask("PATCH", path, key=me, json={"name": "Mira II"})
    assert changed.status == 200, changed.body
    assert changed.json == made | {"name": "Mira II", "updated_at": changed.json["updated_at"]}
    assert changed.json["updated_at"] > made["updated_at"]
    body = {
        "description": "",
        "attributes": {"b": "2", "a": "1"},
        "reference_images": [],
        "meta": {},
    }
    changed = await idle_house.ask("PATCH", path, key=me, json=body)
    assert {name: changed.json[name] for name in body} == body
    assert list(changed.json["attributes"]) == ["b", "a"]
    assert (await idle_house.ask("GET", path, key=me)).json == changed.json


async def test_a_deleted_persona_is_gone_for_good(idle_house: House) -> None:
    me = await idle_house.tenant()
    made = await create(idle_house, me)
    path = f"/v1/personas/{made['id']}"
    assert (await idle_house.ask("DELETE", path, key=me)).status == 204
    for method, body in (("GET", None), ("DELETE", None), ("PATCH", {"name": "x"})):
        assert (await idle_house.ask(method, path, key=me, json=body)).status == 404
    assert (await idle_house.ask("GET", "/v1/personas", key=me)).json["total"] == 0


async def test_a_list_goes_newest_first_in_pages(idle_house: House) -> None:
    me = await idle_house.tenant()
    made = [(await create(idle_house, me, name=f"P{n}"))["id"] for n in range(5)]
    newest = made[::-1]
    first = (await idle_house.ask("GET", "/v1/personas?limit=2", key=me)).json
    assert [it["id"] for it in first["data"]] == newest[:2]
    assert (first["total"], first["has_more"], first["next"]) == (5, True, newest[1])
    rest = await idle_house.ask("GET", f"/v1/personas?limit=9&after={first['next']}", key=me)
    assert [it["id"] for it in rest.json["data"]] == newest[2:]
    offset = await idle_house.ask("GET", "/v1/personas?offset=3", key=me)
    assert [it["id"] for it in offset.json["data"]] == newest[3:]
    wrong = await idle_house.ask("GET", f"/v1/personas?after={ids.new('gen')}", key=me)
    assert (wrong.status, wrong.json["error"]["param"]) == (422, "after")


async def test_a_search_looks_at_name_description_and_attribute_values(idle_house: House) -> None:
    me = await idle_house.tenant()
    mira = (await create(idle_house, me))["id"]
    other = await create(
        idle_house, me, name="100% Jon", description="x", attributes={"hat": "felt"}
    )
    for q, wanted in (
        ("mira", [mira]), ("CALM face", [mira]), ("grey", [mira]), ("felt", [other["id"]]),
        ("100%25", [other["id"]]), ("eyeColour", []), ("%25", [other["id"]]), ("zzz", []),
    ):  # fmt: skip
        found = (await idle_house.ask("GET", f"/v1/personas?q={q}", key=me)).json
        assert ([it["id"] for it in found["data"]], found["total"]) == (wanted, len(wanted)), q


async def test_bad_personas_are_refused_by_field(idle_house: House) -> None:
    me = await idle_house.tenant()
    path = f"/v1/personas/{(await create(idle_house, me))['id']}"
    many = {f"a{n}": "x" for n in range(31)}
    for body, field in (
        ({"name": ""}, "name"), ({"name": " \t"}, "name"), ({"name": "x" * 201}, "name"),
        ({"name": None}, "name"), ({"name": "a\x00"}, "name"),
        ({"description": "x" * 2001}, "description"), ({"description": "x" * 2000}, "description"),
        ({"attributes": many}, "attributes"), ({"attributes": {"a": 1}}, "attributes[...]"),
        ({"attributes": {" ": "x"}}, "attributes"), ({"attributes": {"a": " "}}, "attributes"),
        ({"attributes": {"a": "1", " a": "2"}}, "attributes"), ({"attributes": []}, "attributes"),
        ({"attributes": {"a": "x" * 201}}, "attributes[...]"),
        ({"attributes": {f"a{n}": "x" * 150 for n in range(20)}}, "description"),
        ({"reference_images": ["@none"]}, "reference_images[0]"),
        ({"reference_images": [ids.new("img")]}, "reference_images[0]"),
        ({"reference_images": ["http://127.0.0.1/x.png"]}, "reference_images[0]"),
        ({"reference_images": ["https://example.com/x"] * 9}, "reference_images"),
        ({"meta": []}, "meta"), ({"meta": {"x": "y" * 17_000}}, "meta"), ({"nam": "x"}, "nam"),
    ):  # fmt: skip
        asked = ("POST", "/v1/personas", MIRA | body), ("PATCH", path, body)
        for method, where, sent in asked:
            answer = await idle_house.ask(method, where, key=me, json=sent)
            assert answer.status == 422, (method, body)
            assert answer.json["error"]["param"] == field, (method, body, answer.body)
    nameless = await idle_house.ask("POST", "/v1/personas", key=me, json={"description": "x"})
    assert (nameless.status, nameless.json["error"]["param"]) == (422, "name")
    moved = await idle_house.ask("PATCH", path, key=me, json={"project_id": ids.new("prj")})
    assert (moved.status, moved.json["error"]["param"]) == (422, "project_id")
    assert (await idle_house.ask("GET", "/v1/personas", key=me)).json["total"] == 1


async def test_another_tenants_persona_and_its_pictures_are_not_there(idle_house: House) -> None:
    me, other = await idle_house.tenant(), await idle_house.tenant()
    theirs = (await create(idle_house, other))["id"]
    unknown = await idle_house.ask("GET", f"/v1/personas/{ids.new('per')}", key=me)
    for persona in (theirs, ids.new("gen"), "nonsense"):
        for method, body in (("GET", None), ("DELETE", None), ("PATCH", {"name": "x"})):
            answer = await idle_house.ask(method, f"/v1/personas/{persona}", key=me, json=body)
            assert (answer.status, answer.json["error"]["code"]) == (404, "NOT_FOUND")
    assert unknown.status == 404
    picture = (await idle_house.upload(other, PNG, alias="@face")).data["id"]
    for reference in (picture, "@face"):
        body = MIRA | {"reference_images": [reference]}
        answer = await idle_house.ask("POST", "/v1/personas", key=me, json=body)
        assert answer.json["error"]["param"] == "reference_images[0]"
    assert (await idle_house.ask("GET", "/v1/personas", key=me)).json["total"] == 0
    assert (await idle_house.ask("GET", f"/v1/personas/{theirs}", key=other)).status == 200


async def test_a_key_bound_to_a_project_sees_that_projects_personas_only(idle_house: House) -> None:
    me = await idle_house.tenant()
    project = (await idle_house.ask("POST", "/v1/projects", key=me, json={"name": "P"})).json["id"]
    bound = await idle_house.tenant(organization_id=me.organization_id, project_id=project)
    outside = (await create(idle_house, me))["id"]
    inside = (await create(idle_house, me, project_id=project))["id"]
    mine = await create(idle_house, bound)
    assert mine["project_id"] == project
    listed = (await idle_house.ask("GET", "/v1/personas", key=bound)).json["data"]
    assert [it["id"] for it in listed] == [mine["id"], inside]
    asked = await idle_house.ask("GET", f"/v1/personas?projectId={project}", key=me)
    assert [it["id"] for it in asked.json["data"]] == [mine["id"], inside]
    assert (await idle_house.ask("GET", f"/v1/personas/{outside}", key=bound)).status == 404
    wrong = await idle_house.ask("GET", f"/v1/personas?project_id={ids.new('prj')}", key=me)
    assert (wrong.status, wrong.json["error"]["param"]) == (422, "project_id")


async def test_a_plan_without_personas_reads_and_deletes_but_makes_none(idle_house: House) -> None:
    me = await idle_house.tenant(plan="pro")
    path = f"/api/v1/personas/{(await create(idle_house, me))['id']}"
    async with idle_house.database.transaction() as tx:
        await tx.execute(
            "UPDATE organizations SET plan = 'creator' WHERE id = $1", me.organization_id
        )
    fresh = await idle_house.tenant(organization_id=me.organization_id)
    for method, where in (("POST", "/api/v1/personas"), ("PATCH", path)):
        answer = await idle_house.ask(method, where, key=fresh, json={"name": "x"})
        assert (answer.status, answer.error["code"]) == (403, "FORBIDDEN")
        assert answer.error["details"] == {"feature": "personas", "plan": "creator"}
    assert (await idle_house.ask("GET", path, key=fresh)).status == 200
    assert (await idle_house.ask("DELETE", path, key=fresh)).status == 204


async def test_scopes_guard_personas(idle_house: House) -> None:
    reader = await idle_house.tenant(scopes=["images:read"])
    assert (await idle_house.ask("GET", "/v1/personas", key=reader)).status == 200
    for method, path in (("POST", ""), ("PATCH", "/x"), ("DELETE", "/x")):
        answer = await idle_house.ask(method, f"/v1/personas{path}", key=reader, json=MIRA)
        assert (answer.status, answer.json["error"]["details"]) == (403, {"scope": "images:write"})
    writer = await idle_house.tenant(scopes=["images:write"])
    assert (await idle_house.ask("GET", "/v1/personas", key=writer)).status == 403
    assert (await idle_house.ask("GET", "/v1/personas")).status == 401


async def test_a_sandbox_keys_personas_are_its_own(idle_house: House) -> None:
    me = await idle_house.tenant()
    sandbox = await idle_house.tenant(organization_id=me.organization_id, livemode=False)
    test = await create(idle_house, sandbox)
    assert test["livemode"] is False
    assert (await idle_house.ask("GET", f"/v1/personas/{test['id']}", key=me)).status == 404


async def test_writes_happen_once_per_idempotency_key(idle_house: House) -> None:
    me = await idle_house.tenant()

    async def twice(method: str, path: str, body: Any) -> Any:
        headers = {"Idempotency-Key": method}
        first = await idle_house.ask(method, path, key=me, json=body, headers=headers)
        second = await idle_house.ask(method, path, key=me, json=body, headers=headers)
        assert (second.status, second.body) == (first.status, first.body)
        assert second.headers["Idempotent-Replayed"] == "true"
        return first

    made = (await twice("POST", "/v1/personas", MIRA)).json
    path = f"/v1/personas/{made['id']}"
    assert (await twice("PATCH", path, {"name": "x"})).status == 200
    assert (await twice("DELETE", path, None)).status == 204
