"""Text in every script comes back as it was sent; names are narrow on purpose."""

import asyncio

import aiohttp

from api.wire import judged
from support import images
from support.house import House

POST = "/api/v1/generations"


async def uploaded(house: House, me, **fields: str) -> str:
    made = await house.upload(me, images.file("png", 32, 24), **fields)
    assert made.status == 201, made.body
    return made.data["id"]


async def test_an_alias_is_one_whatever_its_case(idle_house: House) -> None:
    me = await idle_house.tenant()
    image = await uploaded(idle_house, me, alias="@Hero")
    for asked in ("@hero", "@HERO", "%40hErO"):
        found = await idle_house.ask("GET", f"/api/v1/images/resolve/{asked}", key=me)
        assert (found.status, found.data["id"], found.data["alias"]) == (200, image, "@hero")


async def test_aliases_are_ascii_and_not_reserved(idle_house: House) -> None:
    me = await idle_house.tenant()
    image = await uploaded(idle_house, me)
    flow = (await idle_house.ask("POST", "/api/v1/flows", key=me, json={})).data["id"]
    wrong = [
        "@hеro", "@ｈero", "@héro", "@HERO\u200d", "@\u202ehero", "@İ", "@ı", "@ß", "@\u212a", "@", "@-x", "@_x",
        "@last", "@First", "@UPLOAD", "@" + "a" * 64, "hero", "@he ro", "@hero ", " @hero", "@a\n", "@@hero",
        "@a/b", "@a.b", "@%41", "", "＠hero", "@\u0660",
    ]  # fmt: skip
    for alias in wrong:
        for method, path, body in (
            ("PUT", f"/api/v1/images/{image}/alias", {"alias": alias}),
            ("PUT", f"/api/v1/images/{image}", {"alias": alias}),
            ("PUT", f"/api/v1/flows/{flow}/aliases", {"aliases": {alias: image}}),
            ("POST", POST, {"prompt": "a", "alias": alias}),
            ("POST", POST, {"prompt": "a", "flow_alias": alias}),
        ):
            reply = await idle_house.ask(method, path, key=me, json=body)
            fault = judged(reply, 422, "VALIDATION_FAILED")
            assert fault is None, (path, alias, fault)
    longest = "@" + "a" * 63
    reply = await idle_house.ask(
        "PUT", f"/api/v1/images/{image}/alias", key=me, json={"alias": longest}
    )
    assert (reply.status, reply.data["alias"]) == (200, longest)
    form = aiohttp.FormData({"alias": "@héro"})
    form.add_field("file", images.file("png", 8, 8), filename="a.png")
    reply = await idle_house.ask("POST", "/api/v1/images/upload", key=me, data=form)
    assert judged(reply, 422, "VALIDATION_FAILED", field="alias") is None


async def test_of_two_who_take_a_free_name_one_gets_it(idle_house: House) -> None:
    me = await idle_house.tenant()
    two = [await uploaded(idle_house, me) for _ in range(2)]
    for number in range(5):
        asked = [
            idle_house.ask("PUT", f"/api/v1/images/{image}/alias", key=me,
                           json={"alias": f"@race{number}"}, headers={"If-None-Match": "*"})
            for image in two
        ]  # fmt: skip
        replies = await asyncio.gather(*asked)
        assert sorted(reply.status for reply in replies) == [200, 409]
        taken = next(reply for reply in replies if reply.status == 409)
        assert judged(taken, 409, "ALIAS_TAKEN") is None
    asked = [
        idle_house.ask("PUT", f"/api/v1/images/{image}/alias", key=me, json={"alias": "@moved"})
        for image in two
    ]  # fmt: skip
    assert [reply.status for reply in await asyncio.gather(*asked)] == [200, 200]


async def test_names_in_prompts_must_name_something(idle_house: House) -> None:
    me = await idle_house.tenant()
    await uploaded(idle_house, me, alias="@hero")
    for prompt, word in (
        ("a fox and @nobody", "@nobody"),
        ("@@hero", "@@hero"),
        ("like @last", "@last"),
    ):
        reply = await idle_house.ask("POST", POST, key=me, json={"prompt": prompt})
        assert judged(reply, 422, "VALIDATION_FAILED", field="prompt") is None, reply.body
        assert word in reply.error["details"][0]["problem"]
    for prompt in ("mail bob@hero.com", "a @ sign", "user@nobody", "a+@nobody", "5@3"):
        reply = await idle_house.ask("POST", POST, key=me, json={"prompt": prompt})
        assert (reply.status, reply.data["references"]) == (202, []), (prompt, reply.body)
    many = {"prompt": "a", "reference_images": ["@hero"] * 17}
    reply = await idle_house.ask("POST", POST, key=me, json=many)
    assert judged(reply, 422, "VALIDATION_FAILED", field="reference_images") is None


async def test_what_is_deleted_or_anothers_resolves_to_nothing(idle_house: House) -> None:
    me, stranger = await idle_house.tenant(), await idle_house.tenant()
    image = await uploaded(idle_house, me, alias="@hero")
    flow = (await idle_house.ask("POST", "/api/v1/flows", key=stranger, json={})).data["id"]
    reply = await idle_house.ask("GET", f"/api/v1/images/resolve/@last?flow_id={flow}", key=me)
    assert judged(reply, 404, "NOT_FOUND") is None, reply.body
    assert (await idle_house.ask("DELETE", f"/api/v1/images/{image}", key=me)).status == 204
    reply = await idle_house.ask("GET", "/api/v1/images/resolve/@hero", key=me)
    assert judged(reply, 404, "NOT_FOUND") is None
    wrong = await idle_house.ask("GET", "/api/v1/images/resolve/h%C3%A9ro", key=me)
    assert judged(wrong, 422, "VALIDATION_FAILED", field="alias") is None


async def test_a_prompt_must_say_something_within_the_models_length(idle_house: House) -> None:
    me = await idle_house.tenant()
    models = (await idle_house.ask("GET", "/api/v1/catalog/models", key=me)).data
    most = models[0]["prompt_characters_max"]
    silent = [
        "",
        " ",
        " \t\n",
        "\u200b\u200d",
        "\x01\x02",
        "\u00a0\u2003",
        "\ufeff",
        "🦊" * (most + 1),
        "a" * (most + 1),
    ]
    for prompt in silent:
        reply = await idle_house.ask("POST", POST, key=me, json={"prompt": prompt})
        fault = judged(reply, 422, "VALIDATION_FAILED", field="prompt")
        assert fault is None, (prompt[:10], fault)
        if prompt and "\x01" not in prompt and len(prompt) < 10:
            live = await idle_house.ask("GET", f"/api/v1/live?prompt={prompt}", key=me)
            assert judged(live, 422, "VALIDATION_FAILED", field="prompt") is None
    reply = await idle_house.ask("POST", POST, key=me, json={"prompt": "🦊" * most})
    assert reply.status == 202, "the limit counts code points, not bytes"


async def test_text_comes_back_code_point_for_code_point(idle_house: House) -> None:
    me = await idle_house.tenant()
    for text in (
        "👩‍👩‍👧‍👦 a family 🏳️‍🌈", "جمل في الصحراء", "z̷̢a̶͜l̵̨g̸̛o̷", "e\u0301 and \u00e9 are two", "ﬁ ligature", "\u202eright to left\u202c",
        "грузовик едет по горной дороге", "雪山の上を飛ぶ鷲", "𝕗𝕠𝕩", "a\u2028b\u2029c", "tab\tand\nline", "\ufffd",
        "\U0010ffff fox", "<script>alert(1)</script>", "'; DROP TABLE generations; --", "{{7*7}} ${x} %s {0}",
    ):  # fmt: skip
        made = await idle_house.ask(
            "POST", POST, key=me, json={"prompt": text, "meta": {text: [text]}}
        )
        assert made.status == 202, (text, made.body)
        found = (await idle_house.ask("GET", f"{POST}/{made.data['id']}", key=me)).data
        assert (found["prompt"], found["meta"]) == (text, {text: [text]})


async def test_the_composed_and_the_decomposed_prompt_are_one_picture(house: House) -> None:
    me = await house.tenant()
    replies = [
        await house.ask("GET", f"/api/v1/live?prompt={prompt}", key=me)
        for prompt in ("caf%C3%A9%20at%20night", "cafe%CC%81%20at%20night")
    ]
    assert [reply.status for reply in replies] == [200, 200]
    assert [reply.headers["X-Cache-Status"] for reply in replies] == ["MISS", "HIT"]
    assert replies[0].body == replies[1].body


async def test_a_query_that_is_not_utf8_is_a_bad_request(idle_house: House) -> None:
    me = await idle_house.tenant()
    for query in ("q=%FF", "q=%ED%A0%80", "%C0=1"):
        reply = await idle_house.ask("GET", f"{POST}?{query}", key=me)
        assert judged(reply, 400, "BAD_REQUEST") is None, reply.body
    many = "&".join(f"a{n}=1" for n in range(100))
    reply = await idle_house.ask("GET", f"{POST}?{many}", key=me)
    assert judged(reply, 400, "BAD_REQUEST") is None, reply.body
