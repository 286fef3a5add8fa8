"""Aliases over HTTP: the bad-input matrix's rows 42 to 47, and who may resolve what."""

import asyncio

from support import images as pictures
from support.house import House, Tenant

PNG = pictures.file("png")


async def test_case_does_not_matter_and_the_lower_one_is_shown(idle_house: House) -> None:
    me = await idle_house.tenant()
    made = await idle_house.upload(me, PNG, alias="@Hero")
    assert (made.status, made.data["alias"]) == (201, "@hero")
    for asked in ("@hero", "@HERO", "%40Hero"):
        found = await idle_house.ask("GET", f"/v1/images/resolve/{asked}", key=me)
        assert (found.status, found.json["id"]) == (200, made.data["id"])
        assert found.json["resolved_from"] == "project"


BAD = (
    ["@hеro", "@ｈero", "@héro", "@HERO\u200d", "@\u202ehero", "@İ", "@" + "a" * 64, "@", "@-x",
     "@last", "@First", "@upload", "hero", "", "@a b"]
)  # fmt: skip


async def test_a_bad_alias_is_422_on_every_way_in(idle_house: House) -> None:
    me = await idle_house.tenant()
    image = (await idle_house.upload(me, PNG)).data["id"]
    flow = (await idle_house.ask("POST", "/v1/flows", key=me)).json["id"]
    for alias in BAD:
        await every_way_refuses(idle_house, me, image, flow, alias)
    listed = await idle_house.ask("GET", "/v1/images?alias=", key=me)
    assert (listed.status, listed.json["error"]["param"]) == (422, "alias")


async def every_way_refuses(
    idle_house: House, me: Tenant, image: str, flow: str, alias: str
) -> None:
    answers = [
        await idle_house.upload(me, PNG, alias=alias),
        await idle_house.upload(me, PNG, flowAlias=alias),
        await idle_house.ask("PUT", f"/v1/images/{image}/alias", key=me, json={"alias": alias}),
        await idle_house.ask("PUT", f"/v1/images/{image}", key=me, json={"alias": alias}),
        await idle_house.ask(
            "PUT", f"/v1/flows/{flow}/aliases", key=me, json={"aliases": {alias: image}}
        ),
        await idle_house.ask(
            "POST", "/v1/generations", key=me, json={"prompt": "x", "alias": alias}
        ),
    ]
    assert [answer.status for answer in answers] == [422] * 6, alias
    fields = [answer.json["error"]["details"][0]["field"] for answer in answers]
    assert fields[:4] == ["alias", "flow_alias", "alias", "alias"]
    assert fields[4].startswith("aliases")
    assert fields[5] == "alias"


async def test_63_characters_are_an_alias(idle_house: House) -> None:
    me = await idle_house.tenant()
    alias = "@" + "a" * 63
    assert (await idle_house.upload(me, PNG, alias=alias)).data["alias"] == alias


async def test_two_puts_of_one_alias_at_once_end_with_one_holder(idle_house: House) -> None:
    """The last commit wins and the other's answer or row says so; `If-None-Match: *` refuses."""
    me = await idle_house.tenant()
    made = [(await idle_house.upload(me, PNG)).data["id"] for _ in range(2)]

    async def put(image: str, **headers: str):
        return await idle_house.ask(
            "PUT", f"/v1/images/{image}/alias", key=me, json={"alias": "@hero"}, headers=headers
        )

    answers = await asyncio.gather(*(put(image) for image in made))
    assert [answer.status for answer in answers] == [200, 200]
    moved = [answer.json["alias_moved_from"] for answer in answers]
    assert sorted(moved, key=str) in [sorted([image, None], key=str) for image in made]
    holder = (await idle_house.ask("GET", "/v1/images/resolve/@hero", key=me)).json["id"]
    assert moved[made.index(holder)] == next(image for image in made if image != holder)
    loser = await put(moved[made.index(holder)], **{"If-None-Match": "*"})
    assert (loser.status, loser.json["error"]["code"]) == (409, "ALIAS_TAKEN")
    assert loser.json["error"]["details"] == {"image_id": holder}


async def test_names_in_a_prompt(idle_house: House) -> None:
    me = await idle_house.tenant()
    await idle_house.upload(me, PNG, alias="@hero")

    async def ask(prompt: str, **more):
        return await idle_house.ask(
            "POST", "/v1/generations", key=me, json={"prompt": prompt, **more}
        )

    nobody = await ask("a fox with @nobody")
    assert (nobody.status, nobody.json["error"]["param"]) == (422, "prompt")
    assert "@nobody" in nobody.json["error"]["message"]
    mail = await ask("mail bob@hero.com")
    assert (mail.status, mail.json["references"]) == (202, [])
    assert (await ask("@@hero")).status == 422
    assert len((await ask("把@hero放在海边 (@HERO)")).json["references"]) == 1
    image = (await idle_house.upload(me, PNG)).data["id"]
    assert (await ask("x", reference_images=[image] * 17)).status == 422
    assert (await ask("x", reference_images=[image] * 16)).status == 202


async def test_flow_names_come_before_project_names_and_technical_ones_first(
    idle_house: House,
) -> None:
    me = await idle_house.tenant()
    project_image = (await idle_house.upload(me, PNG, alias="@hero")).data["id"]
    first = (await idle_house.upload(me, PNG, flowAlias="@hero")).data
    flow, flow_image = first["flow_id"], first["id"]

    async def resolve(alias: str, query: str = ""):
        return await idle_house.ask("GET", f"/v1/images/resolve/{alias}{query}", key=me)

    both = [await resolve("@hero"), await resolve("@hero", f"?flow_id={flow}")]
    assert [(r.json["id"], r.json["resolved_from"]) for r in both] == [
        (project_image, "project"), (flow_image, "flow"),
    ]  # fmt: skip
    second = (await idle_house.upload(me, PNG, flowId=flow)).data["id"]
    for alias, image in (("@first", flow_image), ("@last", second), ("@upload", second)):
        found = await resolve(alias, f"?flowId={flow}")
        assert (found.json["id"], found.json["resolved_from"]) == (image, "technical")
    without = await resolve("@last")
    assert (without.status, without.json["error"]["param"]) == (422, "alias")
    await idle_house.ask("DELETE", f"/v1/images/{second}", key=me)
    assert (await resolve("@last", f"?flow_id={flow}")).json["id"] == flow_image
    await idle_house.ask("DELETE", f"/v1/images/{flow_image}", key=me)
    assert (await resolve("@hero", f"?flow_id={flow}")).json["id"] == project_image
    assert (await resolve("@last", f"?flow_id={flow}")).status == 404
    assert (await resolve("@gone")).status == 404


async def test_what_is_not_mine_can_not_be_resolved(idle_house: House) -> None:
    me, other = await idle_house.tenant(), await idle_house.tenant()
    theirs = (await idle_house.upload(other, PNG, alias="@hero", flowAlias="@hero")).data
    for query in ("", f"?flow_id={theirs['flow_id']}", "?flow_id=flw_zzz", "?project_id=prj_zzz"):
        answer = await idle_house.ask("GET", f"/api/v1/images/resolve/@hero{query}", key=me)
        assert (answer.status, answer.error["code"]) == (404, "NOT_FOUND"), query
    bad = await idle_house.ask("GET", "/v1/images/resolve/hero", key=me)
    assert bad.status == 422


async def test_resolving_while_the_image_is_deleted_is_200_or_404(idle_house: House) -> None:
    me = await idle_house.tenant()
    for _ in range(3):
        image = (await idle_house.upload(me, PNG, alias="@hero")).data["id"]
        answers = await asyncio.gather(
            idle_house.ask("DELETE", f"/v1/images/{image}", key=me),
            *(idle_house.ask("GET", "/v1/images/resolve/@hero", key=me) for _ in range(20)),
        )
        assert answers[0].status == 204
        assert {answer.status for answer in answers[1:]} <= {200, 404}
        assert (await idle_house.ask("GET", "/v1/images/resolve/@hero", key=me)).status == 404
