"""Projects over HTTP."""

from support import images as pictures
from support.house import House
from tintype.core import ids

PNG = pictures.file("png")


async def test_a_project_is_made_listed_and_found(idle_house: House) -> None:
    me = await idle_house.tenant()
    body = {"name": "  Villa Rosa ", "meta": {"innerKey": [1]}}
    made = await idle_house.ask("POST", "/api/v1/projects", key=me, json=body)
    assert (made.status, made.data["name"]) == (201, "Villa Rosa")
    assert made.data["meta"] == {"innerKey": [1]}
    assert made.headers["Location"] == f"/api/v1/projects/{made.data['id']}"
    assert (await idle_house.ask("GET", made.headers["Location"], key=me)).data == made.data
    second = await idle_house.ask("POST", "/api/v1/projects", key=me, json={"name": "B"})
    listed = await idle_house.ask("GET", "/api/v1/projects", key=me)
    assert [item["id"] for item in listed.data] == [second.data["id"], made.data["id"]]
    assert listed.json["meta"]["pagination"]["total"] == 2


async def test_bad_projects_are_refused_by_field(idle_house: House) -> None:
    me = await idle_house.tenant()
    for body, field in (
        ({}, "name"), ({"name": ""}, "name"), ({"name": " \t"}, "name"), ({"name": "x" * 201}, "name"),
        ({"name": 3}, "name"), ({"name": "a\x00b"}, "name"), ({"name": "a", "meta": []}, "meta"),
        ({"name": "a", "meta": {"x": "y" * 17_000}}, "meta"), ({"name": "a", "nam": 1}, "nam"),
    ):  # fmt: skip
        answer = await idle_house.ask("POST", "/v1/projects", key=me, json=body)
        assert (answer.status, answer.json["error"]["param"]) == (422, field), body
    assert (await idle_house.ask("GET", "/v1/projects", key=me)).json["total"] == 0


async def test_another_tenants_project_is_not_found_anywhere(idle_house: House) -> None:
    me, other = await idle_house.tenant(), await idle_house.tenant()
    theirs = (await idle_house.ask("POST", "/v1/projects", key=other, json={"name": "P"})).json[
        "id"
    ]
    for project in (theirs, ids.new("prj"), ids.new("gen"), "nonsense"):
        assert (await idle_house.ask("GET", f"/v1/projects/{project}", key=me)).status == 404
        answers = [
            await idle_house.upload(me, PNG, project_id=project),
            await idle_house.ask(
                "POST", "/v1/generations", key=me, json={"prompt": "x", "project_id": project}
            ),
            await idle_house.ask("GET", f"/v1/images?project_id={project}", key=me),
            await idle_house.ask("GET", f"/v1/generations?project_id={project}", key=me),
            await idle_house.ask("GET", f"/v1/flows?project_id={project}", key=me),
        ]
        assert [a.status for a in answers] == [422] * 5
        assert {a.json["error"]["details"][0]["field"] for a in answers} == {"project_id"}
    assert (await idle_house.ask("GET", "/v1/projects", key=me)).json["total"] == 0


async def test_the_free_plan_has_no_projects(idle_house: House) -> None:
    me = await idle_house.tenant(plan="free")
    answer = await idle_house.ask("POST", "/api/v1/projects", key=me, json={"name": "P"})
    assert (answer.status, answer.error["code"]) == (403, "FORBIDDEN")
    assert answer.error["details"] == {"feature": "projects", "plan": "free"}


async def test_scopes_guard_projects(idle_house: House) -> None:
    reader = await idle_house.tenant(scopes=["projects:read"])
    assert (await idle_house.ask("GET", "/v1/projects", key=reader)).status == 200
    answer = await idle_house.ask("POST", "/v1/projects", key=reader, json={"name": "P"})
    assert (answer.status, answer.json["error"]["details"]) == (403, {"scope": "projects:write"})


async def test_a_project_is_made_once_per_idempotency_key(idle_house: House) -> None:
    me = await idle_house.tenant()
    made = [
        await idle_house.ask(
            "POST", "/v1/projects", key=me, json={"name": "P"}, headers={"Idempotency-Key": "k"}
        )
        for _ in range(2)
    ]
    assert made[0].json == made[1].json
    assert made[1].headers["Idempotent-Replayed"] == "true"
    assert made[1].headers["Location"] == made[0].headers["Location"]


async def test_projects_have_aliases_of_their_own(idle_house: House) -> None:
    me = await idle_house.tenant()
    project = (await idle_house.ask("POST", "/v1/projects", key=me, json={"name": "P"})).json["id"]
    inside = (await idle_house.upload(me, PNG, alias="@hero", projectId=project)).data
    outside = (await idle_house.upload(me, PNG, alias="@hero")).data
    assert (inside["alias"], outside["alias_moved_from"]) == ("@hero", None)
    for query, image in (("", outside), (f"?projectId={project}", inside)):
        found = await idle_house.ask("GET", f"/v1/images/resolve/@hero{query}", key=me)
        assert found.json["id"] == image["id"]
    listed = await idle_house.ask("GET", f"/v1/images?project_id={project}", key=me)
    assert [item["id"] for item in listed.json["data"]] == [inside["id"]]
