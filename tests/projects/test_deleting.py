"""A deleted project: what ends with it, and what stays."""

import asyncio
from urllib.parse import urlsplit

from support import images as pictures
from support.house import House

PNG = pictures.file("png")


async def project_of(house: House, me, **fields) -> str:
    made = await house.ask("POST", "/v1/projects", key=me, json={"name": "P"} | fields)
    assert made.status == 201, made.body
    return made.json["id"]


async def test_it_is_found_no_more_and_its_images_stay(idle_house: House) -> None:
    me = await idle_house.tenant()
    project, other = await project_of(idle_house, me), await project_of(idle_house, me)
    image = (await idle_house.upload(me, PNG, project_id=project, alias="@front")).data
    flow = await idle_house.ask("POST", "/v1/flows", key=me, json={"project_id": project})
    assert (await idle_house.ask("DELETE", f"/v1/projects/{project}", key=me)).status == 204
    for method, json in (("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None)):
        gone = await idle_house.ask(method, f"/v1/projects/{project}", key=me, json=json)
        assert (gone.status, gone.json["error"]["code"]) == (404, "NOT_FOUND")
    listed = await idle_house.ask("GET", "/v1/projects", key=me)
    assert [item["id"] for item in listed.json["data"]] == [other]
    for path in (f"/v1/images?project_id={project}", f"/v1/generations?project_id={project}"):
        refused = await idle_house.ask("GET", path, key=me)
        assert (refused.status, refused.json["error"]["param"]) == (422, "project_id")
    refused = await idle_house.upload(me, PNG, project_id=project)
    assert (refused.status, refused.error["details"][0]["field"]) == (422, "project_id")
    seen = await idle_house.ask("GET", f"/v1/images/{image['id']}", key=me)
    assert (
        seen.json == image | {"updated_at": seen.json["updated_at"]} - {"alias_moved_from"}
        if (False)
        else seen.json["project_id"] == project
    )
    library = await idle_house.ask("GET", "/v1/images", key=me)
    assert [item["id"] for item in library.json["data"]] == [image["id"]]
    media = urlsplit(image["url"]).path
    assert (await idle_house.ask("GET", media)).status == 200
    assert (await idle_house.ask("GET", f"/v1/flows/{flow.json['id']}", key=me)).status == 200


async def test_work_that_runs_goes_on_to_its_end(house: House) -> None:
    me = await house.tenant()
    project = await project_of(house, me)
    begun = await house.ask(
        "POST", "/v1/generations", key=me, json={"prompt": "a fox", "project_id": project}
    )
    assert (await house.ask("DELETE", f"/v1/projects/{project}", key=me)).status == 204
    done = await house.ask(
        "GET", f"/v1/generations/{begun.json['id']}", key=me, headers={"Prefer": "wait=30"}
    )
    assert (done.json["status"], done.json["project_id"]) == ("completed", project)
    assert len(done.json["images"]) == 1


async def test_its_keys_end_at_once_and_say_why(idle_house: House) -> None:
    me = await idle_house.tenant()
    project = await project_of(idle_house, me)
    bound = await idle_house.tenant(organization_id=me.organization_id, project_id=project)
    revoked = await idle_house.tenant(organization_id=me.organization_id, project_id=project)
    await idle_house.ask("DELETE", f"/v1/api-keys/{revoked.key_id}", key=me)
    assert (await idle_house.ask("GET", "/v1/images", key=bound)).status == 200
    own = await idle_house.ask("DELETE", f"/v1/projects/{project}", key=bound)
    assert (own.status, own.json["error"]["code"]) == (403, "FORBIDDEN")
    assert (await idle_house.ask("DELETE", f"/v1/projects/{project}", key=me)).status == 204
    for method, path, json in (
        ("GET", "/v1/images", None), ("GET", "/v1/me", None),
        ("POST", "/v1/generations", {"prompt": "a fox"}), ("GET", f"/v1/projects/{project}", None),
        ("GET", "/v1/live?prompt=a%20fox", None),
    ):  # fmt: skip
        refused = await idle_house.ask(method, path, key=bound, json=json)
        assert (refused.status, refused.json["error"]["code"]) == (403, "FORBIDDEN"), path
        assert refused.json["error"]["details"] == {"project_id": project}
        assert "deleted" in refused.json["error"]["message"]
    # One that had ended before is no key at all, as ever.
    assert (await idle_house.ask("GET", "/v1/images", key=revoked)).status == 401
    key = (await idle_house.ask("GET", f"/v1/api-keys/{bound.key_id}", key=me)).json
    assert key["status"] == "revoked"
    log = (await idle_house.ask("GET", "/v1/audit-log?action=api_key.revoked", key=me)).json["data"]
    assert (log[0]["subject_id"], log[0]["details"]) == (
        bound.key_id, {"deleted_project": project},
    )  # fmt: skip
    assert (log[0]["actor_type"], log[0]["actor_id"]) == ("api_key", me.key_id)


async def test_a_key_that_is_made_while_its_project_goes_opens_nothing(idle_house: House) -> None:
    me = await idle_house.tenant()
    for _ in range(5):
        project = await project_of(idle_house, me)
        made, gone = await asyncio.gather(
            idle_house.ask(
                "POST", "/v1/api-keys", key=me,
                json={"name": "k", "scopes": ["images:read"], "project_id": project},
            ),
            idle_house.ask("DELETE", f"/v1/projects/{project}", key=me),
        )  # fmt: skip
        assert gone.status == 204
        assert made.status in {201, 422}
        if made.status == 201:
            seen = await idle_house.ask("GET", "/v1/images", key=made.json["secret"])
            assert seen.status == 403


async def test_of_two_deletions_one_finds_it(idle_house: House) -> None:
    me = await idle_house.tenant()
    project = await project_of(idle_house, me)
    answers = await asyncio.gather(
        *(idle_house.ask("DELETE", f"/v1/projects/{project}", key=me) for _ in range(6))
    )
    assert sorted(answer.status for answer in answers) == [204] + [404] * 5


async def test_others_and_readers_delete_nothing(idle_house: House) -> None:
    me, other = await idle_house.tenant(), await idle_house.tenant()
    project, beside = await project_of(idle_house, me), await project_of(idle_house, me)
    reader = await idle_house.tenant(organization_id=me.organization_id, scopes=["projects:read"])
    bound = await idle_house.tenant(organization_id=me.organization_id, project_id=beside)
    for who, status in ((other, 404), (reader, 403), (bound, 404)):
        for method, json in (("PATCH", {"name": "x"}), ("DELETE", None)):
            answer = await idle_house.ask(method, f"/v1/projects/{project}", key=who, json=json)
            assert answer.status == status
    assert (await idle_house.ask("GET", f"/v1/projects/{project}", key=me)).json["name"] == "P"
