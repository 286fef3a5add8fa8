"""GET /live: one picture per request however many ask, and the signed URLs that need no key."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import quote

from support import images as pictures
from support.house import House, Tenant, opened, settings_for
from tintype.api.places import PLACES_PER_ORGANIZATION

PNG = pictures.file("png")


async def live(house: House, me: Tenant | None, query: str, **headers: str) -> Any:
    return await house.ask("GET", f"/v1/live?{query}", key=me, headers=headers)


async def count(house: House, me: Tenant) -> int:
    return (await house.ask("GET", "/v1/generations", key=me)).json["total"]


async def spent(house: House, me: Tenant) -> tuple[int, list[str]]:
    async with house.database.reading() as tx:
        balance = await tx.fetchval(
            "SELECT balance FROM credit_accounts WHERE organization_id = $1", me.organization_id
        )
        types = await tx.fetch(
            "SELECT type FROM ledger_entries WHERE organization_id = $1 ORDER BY created_at",
            me.organization_id,
        )
    return balance, [row["type"] for row in types]


async def test_forty_simultaneous_misses_on_two_nodes_make_one_picture(
    house: House, database_url: str, tmp_path: Path
) -> None:
    async with opened(settings_for(database_url, tmp_path), with_worker=False) as second:
        me = await house.tenant(grant=100)
        queries = ["prompt=a lighthouse&aspect_ratio=16:9&w=64&format=png",
                   "w=64&aspectRatio=16%3A9&format=png&prompt=%20a%20%20lighthouse"]  # fmt: skip
        answers = await asyncio.gather(
            *(live((house, second)[n % 2], me, queries[n // 2 % 2]) for n in range(40))
        )
        assert {answer.status for answer in answers} == {200}
        assert len({answer.body for answer in answers}) == 1
        assert len({answer.headers["X-Generation-Id"] for answer in answers}) == 1
        assert await count(house, me) == 1
        assert await spent(house, me) == (99, ["grant", "hold", "settle"])
        for node in (house, second):
            again = await live(node, me, queries[0])
            assert again.headers["X-Cache-Status"] == "HIT"
        assert await spent(house, me) == (99, ["grant", "hold", "settle"])


async def test_an_answer_carries_what_caches_need(house: House) -> None:
    me = await house.tenant()
    first = await live(house, me, "prompt=a fox")
    assert (first.status, first.headers["X-Cache-Status"]) == (200, "MISS")
    assert first.headers["X-Generation-Id"].startswith("gen_")
    assert first.headers["Vary"] == "Accept"
    assert first.headers["Cache-Control"].startswith("private, max-age=")
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    etag = first.headers["ETag"]
    for headers in ({}, {"If-None-Match": '"other"'}):
        again = await live(house, me, "prompt=a fox", **headers)
        assert (again.status, again.headers["ETag"]) == (200, etag)
        assert again.headers["X-Cache-Status"] == "HIT"
        assert again.body == first.body
    for tag in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        unchanged = await live(house, me, "prompt=a fox", **{"If-None-Match": tag})
        assert (unchanged.status, unchanged.body) == (304, b"")
    head = await house.ask("HEAD", "/v1/live?prompt=a fox", key=me)
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["Content-Length"]) == len(first.body)
    generation = await house.ask(
        "GET", f"/v1/generations/{first.headers['X-Generation-Id']}", key=me
    )
    assert (generation.json["source"], generation.json["prompt"]) == ("live", "a fox")


async def test_width_and_format_shape_the_bytes_of_one_picture(house: House) -> None:
    me = await house.tenant()
    whole = await live(house, me, "prompt=a fox&format=png")
    assert whole.headers["Content-Type"] == "image/png"
    assert "Vary" not in whole.headers
    for kind, media_type in (("webp", "image/webp"), ("jpg", "image/jpeg"), ("avif", "image/avif")):
        small = await live(house, me, f"prompt=a fox&w=100&format={kind}")
        assert (small.status, small.headers["Content-Type"]) == (200, media_type)
        assert small.headers["X-Cache-Status"] == "HIT"
        assert small.headers["X-Generation-Id"] == whole.headers["X-Generation-Id"]
        assert pictures.opened(small.body).width == 100
    by_accept = await live(house, me, "prompt=a fox&w=100", Accept="image/webp")
    assert by_accept.headers["Content-Type"] == "image/webp"
    assert await count(house, me) == 1


async def test_a_failure_is_told_and_not_kept(house: House) -> None:
    test = await house.tenant(livemode=False)
    for word, status, code in (
        ("__rejected__", 422, "CONTENT_REJECTED"), ("__timeout__", 504, "PROVIDER_TIMEOUT"),
        ("__provider_500__", 502, "PROVIDER_ERROR"),
    ):  # fmt: skip
        before = await count(house, test)
        for number in (1, 2):
            answer = await house.ask("GET", f"/api/v1/live?prompt={word}", key=test)
            assert (answer.status, answer.error["code"]) == (status, code)
            assert await count(house, test) == before + number
    works = await live(house, test, "prompt=__flaky__ fox")
    assert works.status == 200


async def test_a_deleted_picture_is_made_again(house: House) -> None:
    me = await house.tenant()
    first = await live(house, me, "prompt=a fox")
    generation = first.headers["X-Generation-Id"]
    image = (await house.ask("GET", f"/v1/generations/{generation}", key=me)).json["image_id"]
    await house.ask("DELETE", f"/v1/images/{image}", key=me)
    for _ in range(50):
        again = await live(house, me, "prompt=a fox")
        if again.headers["X-Generation-Id"] != generation:
            break
    assert again.headers["X-Generation-Id"] != generation
    # The same request has the same seed: the picture is as it was.
    assert again.body == first.body
    other = again.headers["X-Generation-Id"]
    await house.ask("DELETE", f"/v1/generations/{other}", key=me)
    await asyncio.sleep(0.2)
    third = await live(house, me, "prompt=a  fox")
    assert third.headers["X-Cache-Status"] == "MISS"
    assert third.headers["X-Generation-Id"] not in {generation, other}


async def named(house: House, me: Tenant) -> None:
    answer = await house.upload(me, pictures.file("png", 30, 30), alias="@hero")
    assert answer.status == 201


async def test_moving_an_alias_changes_the_entry(house: House) -> None:
    me = await house.tenant()
    await named(house, me)
    first = await live(house, me, "prompt=poster with @hero")
    await named(house, me)
    # Spelled otherwise, so that this is about the entry and not about a kept answer.
    moved = await live(house, me, "prompt=poster  with @hero")
    assert (first.headers["X-Cache-Status"], moved.headers["X-Cache-Status"]) == ("MISS", "MISS")
    assert moved.headers["X-Generation-Id"] != first.headers["X-Generation-Id"]
    unknown = await live(house, me, "prompt=poster with @nobody")
    assert (unknown.status, unknown.json["error"]["param"]) == (422, "prompt")


async def test_moving_an_alias_changes_the_answer_to_the_very_same_url(house: House) -> None:
    me = await house.tenant()
    await named(house, me)
    for _ in range(3):
        first = await live(house, me, "prompt=poster with @hero")
    assert first.headers["X-Cache-Status"] == "HIT"
    await named(house, me)
    moved = await live(house, me, "prompt=poster with @hero")
    assert moved.headers["X-Generation-Id"] != first.headers["X-Generation-Id"]


async def test_who_may_ask_and_what_is_refused(idle_house: House) -> None:
    me = await idle_house.tenant()
    assert (await live(idle_house, None, "prompt=a fox")).status == 401
    reader = await idle_house.tenant(scopes=["images:read"])
    assert (await live(idle_house, reader, "prompt=a fox")).status == 403
    for query, field in (
        ("", "prompt"), ("prompt=", "prompt"), ("prompt=%20%20", "prompt"), ("prompt=a&w=0", "w"),
        ("prompt=a&w=4097", "w"), ("prompt=a&w=1e3", "w"), ("prompt=a&w=%2010", "w"),
        ("prompt=a&format=gif", "format"), ("prompt=a&seed=-1", "seed"),
        ("prompt=a&seed=9223372036854775808", "seed"), ("prompt=a&aspect_ratio=16/9", "aspect_ratio"),
        ("prompt=a&resolution=9K", "resolution"), ("prompt=a&model=zzz", "model"),
        ("prompt=a&prmpt=b", "prmpt"), ("prompt=a&prompt=b", "prompt"),
        ("prompt=a&aspect_ratio=1:1&aspectRatio=1:1", "aspectRatio"), ("prompt=a%00b", "prompt"),
        ("prompt=a&project_id=prj_zzz", "project_id"), (f"prompt={'x' * 4001}", "prompt"),
        ("prompt=a&reference_images=http://127.0.0.1/x", "reference_images[0]"),
    ):  # fmt: skip
        answer = await live(idle_house, me, query)
        assert (answer.status, answer.json["error"]["param"]) == (422, field), query
    assert (await live(idle_house, me, "prompt=%ff")).status == 400
    posted = await idle_house.ask("POST", "/v1/live?prompt=a", key=me)
    assert posted.status == 405
    assert "GET" in posted.headers["Allow"]
    assert await count(idle_house, me) == 0


async def test_the_free_plan_runs_out_of_credits(house: House) -> None:
    me = await house.tenant(plan="free", grant=0)
    for prompt in ("a fox", "a hare"):
        assert (await live(house, me, f"prompt={prompt}&resolution=2K&w=32")).status == 200
    answer = await house.ask("GET", "/api/v1/live?prompt=an owl&resolution=2K", key=me)
    assert (answer.status, answer.error["code"]) == (402, "INSUFFICIENT_CREDITS")
    assert answer.error["details"] == {"required": 2, "available": 1}
    # What is there already costs nothing.
    assert (await live(house, me, "prompt=a fox&resolution=2K&w=48")).status == 200


async def sign(house: House, me: Tenant, **body: Any) -> str:
    made = await house.ask("POST", "/v1/live/urls", key=me, json=body)
    assert made.status == 201, made.body
    return made.json["url"].removeprefix(house.settings.public_url)


async def test_a_signed_url_needs_no_key_and_can_not_be_changed(house: House) -> None:
    me, other = await house.tenant(), await house.tenant()
    path = await sign(house, me, prompt="грузовик & горы", aspectRatio="16:9", w=64, seed=5,
                      expires_in=600)  # fmt: skip
    first = await house.ask("GET", path)
    assert (first.status, first.headers["X-Cache-Status"]) == (200, "MISS")
    assert first.headers["Cache-Control"].startswith("public")
    assert pictures.opened(first.body).width == 64
    # Both mounts take it, and a key's own request finds the same picture.
    assert (await house.ask("GET", "/api" + path)).headers["X-Cache-Status"] == "HIT"
    own = await live(house, me, f"prompt={quote('грузовик & горы')}&aspect_ratio=16:9&seed=5")
    assert own.headers["X-Generation-Id"] == first.headers["X-Generation-Id"]
    assert (await house.ask("GET", f"/v1/generations/{own.headers['X-Generation-Id']}",
                            key=me)).json["source"] == "live"  # fmt: skip
    unknown = me.organization_id[:-1] + ("0" if me.organization_id[-1] != "0" else "1")
    for old, new in (
        ("w=64", "w=65"), ("w=64&", ""), ("seed=5", "seed=6"), ("16%3A9", "4%3A3"),
        ("exp=", "exp=9"), ("prompt=", "prompt=x"), ("sig=", "sig=x"),
        (me.organization_id, other.organization_id), (me.organization_id, unknown),
        (me.organization_id, "org_zzz"), ("&seed", "&format=png&seed"), ("&seed", "&resolution=4K&seed"),
    ):  # fmt: skip
        assert old in path or new.startswith("&"), old
        answer = await house.ask("GET", path.replace(old, new, 1))
        assert (answer.status, answer.json["error"]["code"]) == (403, "FORBIDDEN"), (old, new)
    unsigned = path.partition("&sig=")[0]
    assert (await house.ask("GET", unsigned)).status == 401
    assert await count(house, other) == 0


async def test_a_signed_url_ends_when_it_was_said_to(house: House) -> None:
    me = await house.tenant()
    path = await sign(house, me, prompt="a fox", w=32, expires_in=2)
    assert (await house.ask("GET", path)).status == 200
    for _ in range(40):
        answer = await house.ask("GET", path)
        if answer.status != 200:
            break
        await asyncio.sleep(0.1)
    assert (answer.status, answer.json["error"]["code"]) == (403, "FORBIDDEN")


async def test_signing_refuses_what_could_never_be_made(idle_house: House) -> None:
    me = await idle_house.tenant()
    for body, field in (
        ({}, "prompt"), ({"prompt": "a", "model": "zzz"}, "model"), ({"prompt": " "}, "prompt"),
        ({"prompt": "a", "reference_images": ["@nobody"]}, "reference_images[0]"),
        ({"prompt": "a", "expires_in": 0}, "expires_in"), ({"prompt": "a", "w": 5000}, "w"),
        ({"prompt": "a", "aspect_ratio": "7:5"}, "aspect_ratio"),
    ):  # fmt: skip
        answer = await idle_house.ask("POST", "/v1/live/urls", key=me, json=body)
        assert (answer.status, answer.json["error"]["param"]) == (422, field), body
    made = await idle_house.ask("POST", "/api/v1/live/urls", key=me, json={"prompt": "a"})
    assert (made.status, made.data["expires_at"], made.data["object"]) == (201, None, "live_url")


async def test_a_key_of_a_project_makes_and_signs_for_that_project(house: House) -> None:
    me = await house.tenant()
    project = (await house.ask("POST", "/v1/projects", key=me, json={"name": "P"})).json["id"]
    bound = await house.tenant(organization_id=me.organization_id, project_id=project)
    made = [await live(house, bound, "prompt=a fox&w=32")]
    made.append(await house.ask("GET", await sign(house, bound, prompt="a hare", w=32)))
    for answer in made:
        assert answer.status == 200
        path = f"/v1/generations/{answer.headers['X-Generation-Id']}"
        assert (await house.ask("GET", path, key=me)).json["project_id"] == project
    outside = await live(house, me, "prompt=a fox&w=32")
    assert outside.headers["X-Cache-Status"] == "MISS"
    assert outside.headers["X-Generation-Id"] != made[0].headers["X-Generation-Id"]


async def test_a_head_of_what_is_not_drawn_yet_draws_nothing(house: House) -> None:
    me = await house.tenant()
    path = "/v1/live?prompt=a fox&w=32"
    early = await house.ask("HEAD", path, key=me)
    assert (early.status, early.headers["X-Cache-Status"]) == (200, "MISS")
    assert (await house.ask("GET", "/v1/generations", key=me)).json["data"] == []
    await house.ask("GET", path, key=me)
    late = await house.ask("HEAD", path, key=me)
    assert (late.status, late.headers["X-Cache-Status"], late.body) == (200, "HIT", b"")


async def test_waiting_for_pictures_takes_places_that_are_bounded(idle_house: House) -> None:
    me = await idle_house.tenant()
    waiting = [
        asyncio.create_task(idle_house.ask("GET", f"/v1/live?prompt=fox {n}&w=32", key=me))
        for n in range(PLACES_PER_ORGANIZATION)
    ]
    for _ in range(200):
        listed = await idle_house.ask("GET", "/v1/generations?limit=1", key=me)
        if listed.json["total"] == PLACES_PER_ORGANIZATION:
            break
        await asyncio.sleep(0.05)
    refused = await idle_house.ask("GET", "/v1/live?prompt=one more fox&w=32", key=me)
    assert (refused.status, refused.error["code"]) == (429, "RATE_LIMITED")
    assert (await idle_house.ask("GET", "/healthz")).status == 200
    for task in waiting:
        task.cancel()


async def test_private_organizations_signed_pictures_stay_out_of_shared_caches(
    house: House,
) -> None:
    me = await house.tenant(private_media=True)
    body = {"prompt": "a fox", "w": 32}
    url = (await house.ask("POST", "/v1/live/urls", key=me, json=body)).json["url"]
    reply = await house.ask("GET", url.removeprefix(house.base.replace("127.0.0.1", "localhost")))
    assert reply.status == 200
    assert reply.headers["Cache-Control"].startswith("private")
