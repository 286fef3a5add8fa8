"""The library over HTTP: looking, filtering, changing, deleting; tenants and the sandbox apart."""

import json
from typing import Any

from support import images as pictures
from support.house import House, Tenant
from tintype.core import ids

PNG = pictures.file("png")


async def test_put_changes_what_is_given_and_null_clears(idle_house: House) -> None:
    me = await idle_house.tenant()
    image = (await idle_house.upload(me, PNG, alias="@a", meta='{"k": 1}')).data["id"]

    async def put(body: dict[str, Any]) -> Any:
        return await idle_house.ask("PUT", f"/v1/images/{image}", key=me, json=body)

    changed = (await put({"focalPoint": {"x": 0.1, "y": 0.3}})).json
    assert (changed["focal_point"], changed["alias"]) == ({"x": 0.1, "y": 0.3}, "@a")
    assert changed["meta"]["k"] == 1
    assert changed["updated_at"] > changed["created_at"]
    changed = (await put({"alias": "@b"})).json
    assert (changed["alias"], changed["focal_point"]) == ("@b", {"x": 0.1, "y": 0.3})
    assert (await idle_house.ask("GET", "/v1/images/resolve/@a", key=me)).status == 404
    changed = (await put({"meta": {}, "alias": None, "focal_point": None})).json
    assert (changed["alias"], changed["focal_point"], changed["meta"]) == (None, None, {})
    assert (await put({})).status == 200
    for body, field in (
        ({"focal_point": {"x": 1.2, "y": 0}}, "focal_point.x"),
        ({"focal_point": {"x": 0.5}}, "focal_point.y"),
        ({"focal_point": {"x": -1e-9, "y": 0}}, "focal_point.x"),
        ({"focal_point": [0.5, 0.5]}, "focal_point"), ({"meta": None}, "meta"),
        ({"meta": []}, "meta"), ({"meta": {"a": "x" * 16_384}}, "meta"),
        ({"meta": {str(n): 0 for n in range(257)}}, "meta"), ({"alias": 3}, "alias"),
        ({"alais": "@a"}, "alais"), ({"meta": {"a\x00": 1}}, "meta"),
    ):  # fmt: skip
        answer = await put(body)
        assert (answer.status, answer.json["error"]["param"]) == (422, field), body
    hint = (await put({"alais": "@a"})).json["error"]["details"][0]["problem"]
    assert "did you mean `alias`" in hint


async def test_the_alias_path_names_and_clears(idle_house: House) -> None:
    me = await idle_house.tenant()
    image, other = [(await idle_house.upload(me, PNG)).data["id"] for _ in range(2)]

    async def put(of: str, body: Any) -> Any:
        return await idle_house.ask("PUT", f"/v1/images/{of}/alias", key=me, json=body)

    assert (await put(image, {"alias": "@Hero"})).json["alias"] == "@hero"
    assert (await put(image, {"alias": "@hero"})).json["alias_moved_from"] is None
    assert (await put(other, {"alias": "@hero"})).json["alias_moved_from"] == image
    assert (await idle_house.ask("GET", f"/v1/images/{image}", key=me)).json["alias"] is None
    assert (await put(other, {"alias": None})).json["alias"] is None
    assert (await put(other, {})).status == 422
    assert (await put(ids.new("img"), {"alias": "@a"})).status == 404


async def test_lists_are_filtered(house: House) -> None:
    me = await house.tenant()
    made = await house.picture(me, "50% off_%_\\' sign", flow_alias="@gen")
    flow = made["flow_id"]
    metas = [{"note": 'a"b'}, {"note": "50%_x"}, {"deep": [{"inner": "Größe\\'"}], "n": 2026}]
    uploads = []
    for number, meta in enumerate(metas):
        answer = await house.upload(me, PNG, alias=f"@u{number}", meta=json.dumps(meta))
        uploads.append(answer.data["id"])
    in_flow = (await house.upload(me, PNG, flow_id=flow)).data["id"]

    async def found(query: str) -> list[str]:
        answer = await house.ask("GET", f"/v1/images?{query}", key=me)
        assert answer.status == 200, answer.body
        assert answer.json["total"] == len(answer.json["data"])
        return [item["id"] for item in answer.json["data"]]

    assert await found("source=generated") == [made["image_id"]]
    assert await found("source=uploaded") == [in_flow, *uploads[::-1]]
    assert await found(f"flowId={flow}") == [in_flow, made["image_id"]]
    assert await found(f"flow_id={flow}&source=uploaded") == [in_flow]
    assert await found("alias=@U1") == [uploads[1]]
    assert await found("alias=@gen") == [made["image_id"]]
    assert await found("q=SIGN") == [made["image_id"]]
    assert await found("q=%25_%5C'") == [made["image_id"]]
    assert await found("q=%25_") == [uploads[1], made["image_id"]]
    assert await found("q=a%22b") == [uploads[0]]
    assert await found("q=gr%C3%B6%C3%9Fe%5C'") == [uploads[2]]
    assert await found("q=2026") == [uploads[2]]
    assert await found("q=%7B") == await found("q=inner") == []
    for bad in ("source=made", "flow_id=flw_zzz", f"flow_id={ids.new('flw')}", "project_id=x",
                "q=", "q=" + "x" * 5000, "alias=hero", "limit=0", "limt=1", "q=a&q=b"):  # fmt: skip
        answer = await house.ask("GET", f"/v1/images?{bad}", key=me)
        assert (answer.status, answer.json["error"]["code"]) == (422, "VALIDATION_FAILED"), bad


async def test_a_deleted_image_is_gone_but_its_bytes_stay(idle_house: House) -> None:
    me = await idle_house.tenant()
    image = (await idle_house.upload(me, PNG, alias="@hero")).data
    media = image["url"].removeprefix(idle_house.settings.public_url)
    assert (await idle_house.ask("GET", media)).status == 200
    assert (await idle_house.ask("DELETE", f"/v1/images/{image['id']}", key=me)).status == 204
    for method, path in (
        ("GET", f"/v1/images/{image['id']}"), ("DELETE", f"/v1/images/{image['id']}"),
        ("PUT", f"/v1/images/{image['id']}"), ("GET", "/v1/images/resolve/@hero"),
    ):  # fmt: skip
        body = {"meta": {}} if method == "PUT" else None
        assert (await idle_house.ask(method, path, key=me, json=body)).status == 404, path
    async with idle_house.database.reading() as tx:
        key = await tx.fetchval("SELECT object_key FROM images WHERE id = $1", image["id"])
    assert (idle_house.settings.folder / "media" / key).exists()
    assert await eventually_404(idle_house, media)
    used = await idle_house.ask(
        "POST", "/v1/generations", key=me, json={"prompt": "x", "reference_images": [image["id"]]}
    )
    assert (used.status, used.json["error"]["param"]) == (422, "reference_images[0]")
    events = (await idle_house.ask("GET", "/v1/events?type=image.deleted", key=me)).json["data"]
    assert [(e["data"]["id"], e["data"]["alias"]) for e in events] == [(image["id"], "@hero")]


async def eventually_404(house: House, path: str) -> bool:
    """Memory forgets by NOTIFY, a moment after the commit."""
    for _ in range(100):
        if (await house.ask("GET", path)).status == 404:
            return True
    return False


async def test_another_tenants_image_is_as_unknown_as_no_image(idle_house: House) -> None:
    me, other = await idle_house.tenant(), await idle_house.tenant()
    theirs, nowhere = (await idle_house.upload(other, PNG)).data["id"], ids.new("img")

    async def all_ways(image: str, by: Tenant) -> list[tuple[int, Any]]:
        answers = []
        for method, path, body in (
            ("GET", "", None), ("DELETE", "", None), ("PUT", "", {"meta": {}}),
            ("PUT", "/alias", {"alias": "@a"}),
        ):  # fmt: skip
            answer = await idle_house.ask(method, f"/v1/images/{image}{path}", key=by, json=body)
            error = answer.json["error"]
            del error["request_id"]
            error["message"] = error["message"].replace(image, "…")
            answers.append((answer.status, error))
        return answers

    assert await all_ways(theirs, me) == await all_ways(nowhere, me)
    assert {status for status, _ in await all_ways(theirs, me)} == {404}
    assert (await idle_house.ask("GET", "/v1/images", key=me)).json["data"] == []
    assert (await idle_house.ask("GET", f"/v1/images/{theirs}", key=other)).status == 200


async def test_the_sandbox_has_a_library_of_its_own(idle_house: House) -> None:
    live = await idle_house.tenant()
    test = await idle_house.tenant(organization_id=live.organization_id, livemode=False)
    mine = (await idle_house.upload(live, PNG, alias="@hero")).data
    sandboxed = (await idle_house.upload(test, PNG, alias="@hero")).data
    assert (mine["livemode"], sandboxed["livemode"]) == (True, False)
    for key, own, others in ((live, mine, sandboxed), (test, sandboxed, mine)):
        listed = (await idle_house.ask("GET", "/v1/images", key=key)).json["data"]
        assert [item["id"] for item in listed] == [own["id"]]
        assert (await idle_house.ask("GET", f"/v1/images/{others['id']}", key=key)).status == 404
        found = await idle_house.ask("GET", "/v1/images/resolve/@hero", key=key)
        assert found.json["id"] == own["id"]
        events = (await idle_house.ask("GET", "/v1/events", key=key)).json["data"]
        assert [(e["data"]["id"], e["livemode"]) for e in events] == [(own["id"], own["livemode"])]


async def test_scopes_guard_the_library(idle_house: House) -> None:
    owner = await idle_house.tenant()
    image = (await idle_house.upload(owner, PNG)).data["id"]
    reader = await idle_house.tenant(organization_id=owner.organization_id, scopes=["images:read"])
    assert (await idle_house.ask("GET", f"/v1/images/{image}", key=reader)).status == 200
    for method, path, body in (
        ("DELETE", f"/v1/images/{image}", None), ("PUT", f"/v1/images/{image}", {}),
        ("PUT", f"/v1/images/{image}/alias", {"alias": None}), ("POST", "/v1/images/upload", {}),
    ):  # fmt: skip
        answer = await idle_house.ask(method, path, key=reader, json=body)
        assert (answer.status, answer.json["error"]["details"]) == (403, {"scope": "images:write"})


async def test_pages_neither_repeat_nor_skip_while_images_come_and_go(idle_house: House) -> None:
    me = await idle_house.tenant()
    lasting = [(await idle_house.upload(me, PNG)).data["id"] for _ in range(7)]
    seen: list[str] = []
    query = "limit=2"
    while True:
        page = (await idle_house.ask("GET", f"/v1/images?{query}", key=me)).json
        seen += [item["id"] for item in page["data"]]
        await idle_house.upload(me, PNG)
        if not page["has_more"]:
            break
        await idle_house.ask("DELETE", f"/v1/images/{seen[-1]}", key=me)
        query = f"limit=2&after={page['next']}"
    assert seen == sorted(lasting, reverse=True)


async def test_private_media_are_seen_by_signed_urls_only(idle_house: House) -> None:
    me = await idle_house.tenant(private_media=True)
    image = (await idle_house.upload(me, PNG)).data
    assert image["public_url"] is None
    path = image["url"].removeprefix(idle_house.settings.public_url)
    assert (await idle_house.ask("GET", path)).status == 200
    plain, _, query = path.partition("?")
    assert (await idle_house.ask("GET", plain)).status == 403
    changed = query.replace("exp=", "exp=1")
    assert (await idle_house.ask("GET", f"{plain}?{changed}")).status == 403
    other = (await idle_house.upload(me, PNG)).data["id"]
    assert (await idle_house.ask("GET", f"/media/images/{other}.png?{query}")).status == 403
