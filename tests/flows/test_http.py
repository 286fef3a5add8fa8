"""Flows over HTTP: made, listed, counted, named into, deleted; tenants, projects and plans apart."""

import asyncio
from typing import Any

from support import images as pictures
from support.house import House, Tenant
from support.uuids import uuid_of
from tintype.core import ids

PNG = pictures.file("png")


async def a_flow(house: House, me: Tenant, **body: Any) -> Any:
    made = await house.ask("POST", "/v1/flows", key=me, json=body)
    assert made.status == 201, made.body
    return made.json


async def test_a_flow_is_made_with_meta_project_and_names(idle_house: House) -> None:
    me = await idle_house.tenant()
    project = (await idle_house.ask("POST", "/v1/projects", key=me, json={"name": "P"})).json["id"]
    image = (await idle_house.upload(me, PNG)).data["id"]
    body = {"meta": {"name": "Campaign", "camelKey": 1}, "projectId": project,
            "aliases": {"@Hero": image}}  # fmt: skip
    made = await idle_house.ask("POST", "/api/v1/flows", key=me, json=body)
    assert made.status == 201
    assert made.headers["Location"] == f"/api/v1/flows/{made.data['id']}"
    assert made.data["meta"] == {"name": "Campaign", "camelKey": 1}
    assert made.data["project_id"] == project
    assert made.data["aliases"] == {"@hero": image}
    assert (made.data["generation_count"], made.data["image_count"]) == (0, 0)
    assert (await idle_house.ask("GET", made.headers["Location"], key=me)).data == made.data
    assert (await idle_house.ask("POST", "/v1/flows", key=me)).json["meta"] == {}


async def test_counts_and_lists_tell_what_belongs_to_the_flow(idle_house: House) -> None:
    me = await idle_house.tenant()
    flow, other = (await a_flow(idle_house, me))["id"], (await a_flow(idle_house, me))["id"]
    work = []
    for place in (flow, flow, other):
        body = {"prompt": "a fox", "flow_id": place}
        work.append((await idle_house.ask("POST", "/v1/generations", key=me, json=body)).json["id"])
    images = [(await idle_house.upload(me, PNG, flow_id=flow)).data["id"] for _ in range(3)]

    async def counts() -> tuple[int, int]:
        found = (await idle_house.ask("GET", f"/v1/flows/{flow}", key=me)).json
        return found["generation_count"], found["image_count"]

    assert await counts() == (2, 3)
    listed = await idle_house.ask("GET", f"/v1/flows/{flow}/generations", key=me)
    assert [item["id"] for item in listed.json["data"]] == work[1::-1]
    listed = await idle_house.ask("GET", f"/v1/flows/{flow}/images", key=me)
    assert [item["id"] for item in listed.json["data"]] == images[::-1]
    generated = await idle_house.ask("GET", f"/v1/flows/{flow}/images?source=generated", key=me)
    assert generated.json["data"] == []
    await idle_house.ask("DELETE", f"/v1/images/{images[0]}", key=me)
    await idle_house.ask("DELETE", f"/v1/generations/{work[0]}", key=me)
    assert await counts() == (1, 2)


async def test_names_are_merged_moved_and_removed(idle_house: House) -> None:
    me = await idle_house.tenant()
    flow = (await a_flow(idle_house, me))["id"]
    first, second = [(await idle_house.upload(me, PNG)).data["id"] for _ in range(2)]

    async def put(aliases: dict[str, Any], **headers: str):
        path = f"/v1/flows/{flow}/aliases"
        return await idle_house.ask("PUT", path, key=me, json={"aliases": aliases}, headers=headers)

    assert (await put({"@a": first})).json["aliases"] == {"@a": first}
    assert (await put({"@B": first})).json["aliases"] == {"@a": first, "@b": first}
    assert (await put({"@a": second})).json["aliases"] == {"@a": second, "@b": first}
    taken = await put({"@c": first, "@a": first}, **{"If-None-Match": "*"})
    assert (taken.status, taken.json["error"]["code"]) == (409, "ALIAS_TAKEN")
    found = await idle_house.ask("GET", f"/v1/flows/{flow}", key=me)
    assert found.json["aliases"] == {"@a": second, "@b": first}
    assert (await put({"@A": first, "@a": second})).status == 422
    for bad in ({}, {"@last": first}, {"@x": ids.new("img")}, {"@x": "nonsense"}, {"@x": None},
                {f"@n{n}": first for n in range(101)}):  # fmt: skip
        answer = await put(bad)
        assert (answer.status, answer.json["error"]["code"]) == (422, "VALIDATION_FAILED"), bad
    for alias, status in (("@A", 204), ("@a", 404), ("nonsense", 404), ("@é", 404)):
        answer = await idle_house.ask("DELETE", f"/v1/flows/{flow}/aliases/{alias}", key=me)
        assert answer.status == status, alias
    # The image keeps the other name until it is deleted.
    await idle_house.ask("DELETE", f"/v1/images/{first}", key=me)
    assert (await idle_house.ask("GET", f"/v1/flows/{flow}", key=me)).json["aliases"] == {}


async def test_deleting_a_flow_keeps_what_was_in_it(house: House) -> None:
    me = await house.tenant()
    made = await house.picture(me, flow_alias="@hero")
    flow, image = made["flow_id"], made["image_id"]
    assert (await house.ask("DELETE", f"/v1/flows/{flow}", key=me)).status == 204
    assert (await house.ask("GET", f"/v1/flows/{flow}", key=me)).status == 404
    assert (await house.ask("DELETE", f"/v1/flows/{flow}", key=me)).status == 404
    assert (await house.ask("GET", f"/v1/generations/{made['id']}", key=me)).json["flow_id"] is None
    found = await house.ask("GET", f"/v1/images/{image}", key=me)
    assert (found.status, found.json["flow_id"]) == (200, None)
    refused = await house.ask(
        "POST", "/v1/generations", key=me, json={"prompt": "x", "flow_id": flow}
    )
    assert (refused.status, refused.json["error"]["param"]) == (422, "flow_id")


async def test_another_tenants_flow_is_as_unknown_as_no_flow(idle_house: House) -> None:
    me, other = await idle_house.tenant(), await idle_house.tenant()
    theirs, nowhere = (await a_flow(idle_house, other))["id"], ids.new("flw")
    image = (await idle_house.upload(me, PNG)).data["id"]

    async def all_ways(flow: str) -> list[tuple[int, Any]]:
        answers = []
        for method, path, body in (
            ("GET", "", None), ("DELETE", "", None), ("GET", "/generations", None),
            ("GET", "/images", None), ("PUT", "/aliases", {"aliases": {"@a": image}}),
            ("DELETE", "/aliases/@a", None),
        ):  # fmt: skip
            answer = await idle_house.ask(method, f"/v1/flows/{flow}{path}", key=me, json=body)
            error = answer.json["error"]
            del error["request_id"]
            error["message"] = error["message"].replace(flow, "…")
            answers.append((answer.status, error))
        return answers

    assert await all_ways(theirs) == await all_ways(nowhere)
    assert {status for status, _ in await all_ways(theirs)} == {404}
    for odd in ("flw_zzz", ids.new("gen"), theirs.upper(), "%00", "x" * 10_000):
        assert (await idle_house.ask("GET", f"/v1/flows/{odd}", key=me)).status == 404
    assert (await idle_house.ask("GET", "/v1/flows", key=me)).json["data"] == []
    uuid = str(uuid_of((await a_flow(idle_house, me))["id"]))
    assert (await idle_house.ask("GET", f"/v1/flows/{uuid}", key=me)).status == 200


async def test_ids_in_bodies_are_refused_by_field(idle_house: House) -> None:
    me, other = await idle_house.tenant(), await idle_house.tenant()
    project = (await idle_house.ask("POST", "/v1/projects", key=other, json={"name": "P"})).json[
        "id"
    ]
    foreign = (await idle_house.upload(other, PNG)).data["id"]
    deleted = (await idle_house.upload(me, PNG)).data["id"]
    await idle_house.ask("DELETE", f"/v1/images/{deleted}", key=me)
    problems = set()
    for wrong in (ids.new("prj"), project, ids.new("gen"), "nonsense"):
        answer = await idle_house.ask("POST", "/v1/flows", key=me, json={"project_id": wrong})
        assert (answer.status, answer.json["error"]["param"]) == (422, "project_id")
        problems.add(answer.json["error"]["message"])
    assert len(problems) == 1
    problems = set()
    for wrong in (ids.new("img"), foreign, deleted, ids.new("gen"), "nonsense"):
        answer = await idle_house.ask("POST", "/v1/flows", key=me, json={"aliases": {"@a": wrong}})
        assert (answer.status, answer.json["error"]["param"]) == (422, "aliases.@a")
        problems.add(answer.json["error"]["message"])
    assert len(problems) == 1
    assert (await idle_house.ask("GET", "/v1/flows", key=me)).json["total"] == 0
    meta = {"meta": {"x": "y" * 17_000}}
    assert (await idle_house.ask("POST", "/v1/flows", key=me, json=meta)).status == 422


async def test_the_free_plan_has_no_flows(idle_house: House) -> None:
    me = await idle_house.tenant(plan="free", grant=0)
    asked = [
        await idle_house.ask("POST", "/api/v1/flows", key=me),
        await idle_house.ask(
            "POST", "/api/v1/generations", key=me, json={"prompt": "x", "flow_alias": "@a"}
        ),
        await idle_house.upload(me, PNG, flow_alias="@a"),
    ]
    for answer in asked:
        assert (answer.status, answer.error["code"]) == (403, "FORBIDDEN")
        assert answer.error["details"] == {"feature": "flows", "plan": "free"}
    assert (await idle_house.ask("GET", "/v1/flows", key=me)).json["total"] == 0


async def test_pages_neither_repeat_nor_skip_while_flows_come_and_go(idle_house: House) -> None:
    me = await idle_house.tenant()
    lasting = [(await a_flow(idle_house, me, meta={"n": n}))["id"] for n in range(9)]
    passing = []
    seen: list[str] = []
    after = ""
    while True:
        page = (await idle_house.ask("GET", f"/v1/flows?limit=2{after}", key=me)).json
        seen += [item["id"] for item in page["data"]]
        if not page["has_more"]:
            break
        assert page["next"] == seen[-1]
        after = f"&after={page['next']}"
        passing.append((await a_flow(idle_house, me))["id"])
        # What was just seen may go, the cursor's own row too.
        if len(passing) == 2:
            await idle_house.ask("DELETE", f"/v1/flows/{seen[-1]}", key=me)
    assert len(seen) == len(set(seen))
    assert set(lasting) <= set(seen)
    assert seen == sorted(seen, reverse=True)
    by_offset = [
        (await idle_house.ask("GET", f"/v1/flows?limit=1&offset={n}", key=me)).json["data"][0]["id"]
        for n in range(3)
    ]
    assert by_offset == sorted(by_offset, reverse=True)
    for bad in ("limit=0", "limit=101", "limit=abc", "limit=1&limit=2", "offset=-1", "offset=10001",
                f"after={seen[0]}&offset=1", "after=nonsense", f"after={ids.new('gen')}", "limt=1"):  # fmt: skip
        assert (await idle_house.ask("GET", f"/v1/flows?{bad}", key=me)).status == 422, bad
    foreign = await idle_house.ask("GET", f"/v1/flows?after={ids.new('flw')}&limit=1", key=me)
    assert foreign.status == 200


async def test_a_key_of_a_project_sees_that_project_only(house: House) -> None:
    me = await house.tenant()
    project = (await house.ask("POST", "/v1/projects", key=me, json={"name": "P"})).json["id"]
    bound = await house.tenant(organization_id=me.organization_id, project_id=project)
    outside = await house.picture(me, flow_alias="@hero", alias="@hero")
    inside = await house.picture(bound, flow_alias="@hero", alias="@hero")
    assert inside["project_id"] == project
    events = (await house.ask("GET", "/v1/events?limit=100", key=bound)).json["data"]
    assert {event["data"]["id"] for event in events} == {inside["id"]}
    for path, mine, others in (
        ("/v1/generations", inside["id"], outside["id"]),
        ("/v1/images", inside["image_id"], outside["image_id"]),
        ("/v1/flows", inside["flow_id"], outside["flow_id"]),
    ):
        listed = (await house.ask("GET", path, key=bound)).json
        assert ([item["id"] for item in listed["data"]], listed["total"]) == ([mine], 1)
        assert (await house.ask("GET", f"{path}/{mine}", key=bound)).status == 200
        assert (await house.ask("GET", f"{path}/{others}", key=bound)).status == 404
        assert (await house.ask("DELETE", f"{path}/{others}", key=bound)).status == 404
        assert (await house.ask("GET", path, key=me)).json["total"] == 2
    found = await house.ask("GET", "/v1/images/resolve/@hero", key=bound)
    assert found.json["id"] == inside["image_id"]
    for query in (f"?flow_id={outside['flow_id']}", f"?project_id={ids.new('prj')}"):
        answer = await house.ask("GET", f"/v1/images/resolve/@hero{query}", key=bound)
        assert answer.status == 404
    for body in ({"flow_id": outside["flow_id"]}, {"reference_images": [outside["image_id"]]}):
        answer = await house.ask("POST", "/v1/generations", key=bound, json={"prompt": "x"} | body)
        assert answer.status == 422
    answer = await house.ask(
        "PUT", f"/v1/flows/{inside['flow_id']}/aliases", key=bound,
        json={"aliases": {"@other": outside["image_id"]}},
    )  # fmt: skip
    assert answer.status == 422
    assert (await house.ask("GET", "/v1/projects", key=bound)).json["total"] == 1
    made = await house.ask("POST", "/v1/projects", key=bound, json={"name": "Q"})
    assert made.status == 403


async def test_maps_put_at_once_all_arrive(idle_house: House) -> None:
    me = await idle_house.tenant()
    flow = (await a_flow(idle_house, me))["id"]
    image = (await idle_house.upload(me, PNG)).data["id"]

    async def put(number: int):
        aliases = {f"@n{number}": image, f"@m{number % 3}": image}
        return await idle_house.ask(
            "PUT", f"/v1/flows/{flow}/aliases", key=me, json={"aliases": aliases}
        )

    answers = await asyncio.gather(*(put(number) for number in range(10)))
    assert {answer.status for answer in answers} == {200}
    found = (await idle_house.ask("GET", f"/v1/flows/{flow}", key=me)).json["aliases"]
    assert set(found) == {f"@n{n}" for n in range(10)} | {"@m0", "@m1", "@m2"}
