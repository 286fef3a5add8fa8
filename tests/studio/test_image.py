"""POST /generate/image: a product photo, waited for; a failure is the request's own error."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web

from support import images
from support.faulty_engine import engines
from support.house import House, opened, settings_for, working
from support.loopback import serving

MUG = {"prompt": "a ceramic mug on a linen cloth", "seed": 7}
PATH = "/api/v1/generate/image"


async def photo(house: House, me, *, headers: dict[str, str] | None = None, **body):
    return await house.ask("POST", PATH, key=me, json=MUG | body, headers=headers)


async def count(house: House, me) -> int:
    return (await house.ask("GET", "/v1/generations", key=me)).json["total"]


async def looks(house: House, me):
    """What there is to see, again and again."""
    while True:
        yield (await house.ask("GET", "/v1/generations", key=me)).json["data"]
        await asyncio.sleep(0.02)


async def available(house: House, me) -> int:
    return (await house.ask("GET", "/v1/credits/balance", key=me)).json["available"]


async def test_the_answer_is_the_finished_work(house: House) -> None:
    me = await house.tenant(grant=10)
    done = await photo(house, me, aspect_ratio="4:3")
    assert done.status == 200
    assert (done.data["kind"], done.data["status"]) == ("text_to_image", "completed")
    assert done.data["output_url"] == done.data["images"][0]["url"]
    assert (done.data["credits_used"], done.json["error"]) == (1, None)
    assert done.json["meta"]["credits_used"] == 1
    assert done.json["meta"]["credits_remaining"] == 9
    assert done.headers["X-Credits-Remaining"] == "9"
    assert done.headers["Location"] == f"/api/v1/generations/{done.data['id']}"
    same = await house.picture(me, **MUG, aspect_ratio="4:3")
    assert same["images"][0]["sha256"] == done.data["images"][0]["sha256"]


async def test_past_the_wait_it_is_202_and_work_in_progress(idle_house: House) -> None:
    me = await idle_house.tenant(grant=10)
    for prefer in ("wait=1", "respond-async", "respond-async, wait=1"):
        going_on = await photo(idle_house, me, headers={"Prefer": prefer})
        assert (going_on.status, going_on.data["status"]) == (202, "queued"), prefer
        assert going_on.headers["Location"] == f"/api/v1/generations/{going_on.data['id']}"
    wrong = await photo(idle_house, me, headers={"Prefer": "wait=61"})
    assert (wrong.status, wrong.error["code"]) == (422, "VALIDATION_FAILED")
    assert await count(idle_house, me) == 3


async def test_the_product_goes_first_among_the_references(house: House) -> None:
    me = await house.tenant()
    ids = []
    for shade in range(2):
        uploaded = await house.upload(me, images.file("png", 32 + shade, 32), alias=f"@p{shade}")
        ids.append(uploaded.data["id"])
    done = await photo(house, me, product_image="@p1", reference_images=[ids[0]])
    assert done.status == 200
    assert [one["image_id"] for one in done.data["references"]] == [ids[1], ids[0]]


@pytest.mark.parametrize(
    "name", ["@nobody", "img_01hzzzzzzzzzzzzzzzzzzzzzzz", "ftp://example.com/a"]
)
async def test_references_are_refused_by_the_names_they_were_given(
    idle_house: House, name: str
) -> None:
    me = await idle_house.tenant()
    mine = (await idle_house.upload(me, images.file("png", 32, 32))).data["id"]
    product = await photo(idle_house, me, product_image=name, reference_images=[mine])
    assert (product.status, product.error["details"][0]["field"]) == (422, "product_image")
    other = await photo(idle_house, me, product_image=mine, reference_images=[mine, name])
    assert (other.status, other.error["details"][0]["field"]) == (422, "reference_images[1]")
    many = await photo(idle_house, me, product_image=mine, reference_images=[mine] * 16)
    assert (many.status, many.error["details"][0]["field"]) == (422, "reference_images")
    assert await count(idle_house, me) == 0


async def test_another_organizations_product_is_like_none(idle_house: House) -> None:
    me, other = await idle_house.tenant(), await idle_house.tenant()
    theirs = (await idle_house.upload(other, images.file("png", 32, 32))).data["id"]
    refused = await photo(idle_house, me, product_image=theirs)
    unknown = await photo(idle_house, me, product_image=theirs[:-4] + "aaaa")
    assert refused.error == unknown.error
    assert refused.error["details"][0]["field"] == "product_image"


@pytest.mark.parametrize(
    ("marker", "status", "code"),
    [
        ("__provider_500__", 502, "PROVIDER_ERROR"),
        ("__timeout__", 504, "PROVIDER_TIMEOUT"),
        ("__rejected__", 422, "CONTENT_REJECTED"),
    ],
)
@pytest.mark.parametrize("mount", ["/api/v1", "/v1"])
async def test_work_that_fails_answers_its_own_error(
    house: House, mount: str, marker: str, status: int, code: str
) -> None:
    me = await house.tenant(livemode=False)
    sent = {"prompt": f"a mug {marker}"}
    answer = await house.ask("POST", f"{mount}/generate/image", key=me, json=sent)
    assert (answer.status, answer.error["code"]) == (status, code)
    details = answer.error["details"]
    assert details["status"] == "failed"
    assert answer.headers["Location"] == f"{mount}/generations/{details['generation_id']}"
    found = await house.ask("GET", answer.headers["Location"], key=me)
    work = found.data if mount == "/api/v1" else found.json
    assert work["error"]["code"] == code
    assert (work["credits_used"], work["output_url"]) == (0, None)


async def test_a_provider_error_gives_the_credits_back_and_a_replay_is_the_same(
    idle_house: House,
) -> None:
    house = idle_house
    me = await house.tenant(grant=10)
    key = {"Idempotency-Key": "photo-1"}
    async with working(house.settings, engines()):
        first = await photo(house, me, prompt="a mug [raise]", variants=3, headers=key)
        again = await photo(house, me, prompt="a mug [raise]", variants=3, headers=key)
    assert first.status == again.status == 502
    details = first.error["details"]
    assert (details["status"], details["credits_refunded"]) == ("failed", 3)
    assert "a secret" not in first.body.decode()
    assert again.error["details"] == details
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert await available(house, me) == 10
    assert await count(house, me) == 1


async def test_a_product_that_cannot_be_fetched_is_named_as_it_was_asked(
    database_url: str, tmp_path: Path
) -> None:
    settings = settings_for(database_url, tmp_path, fetch={"allow_networks": ["127.0.0.2/32"]})

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=404)

    async with opened(settings) as house, serving(answer) as server:
        me = await house.tenant(grant=10)
        refused = await photo(house, me, product_image=server.url("/gone.png"))
        assert (refused.status, refused.error["code"]) == (422, "VALIDATION_FAILED")
        (fault,) = refused.error["details"]
        assert (fault["field"], fault["credits_refunded"]) == ("product_image", 1)
        assert await available(house, me) == 10


async def test_a_product_that_is_deleted_meanwhile_is_named_as_it_was_asked(
    idle_house: House,
) -> None:
    me = await idle_house.tenant(grant=10)
    mine = (await idle_house.upload(me, images.file("png", 32, 32))).data["id"]
    waiting = asyncio.create_task(photo(idle_house, me, product_image=mine))
    async for queued in looks(idle_house, me):
        if queued:
            break
    assert (await idle_house.ask("DELETE", f"/v1/images/{mine}", key=me)).status == 204
    async with working(idle_house.settings, engines()):
        refused = await waiting
    assert (refused.status, refused.error["code"]) == (422, "VALIDATION_FAILED")
    (fault,) = refused.error["details"]
    assert (fault["field"], fault["problem"]) == ("product_image", f"the image {mine} is gone")
    assert await available(idle_house, me) == 10


async def test_work_that_is_canceled_while_one_waits_is_a_conflict(idle_house: House) -> None:
    me = await idle_house.tenant(grant=10)
    waiting = asyncio.create_task(photo(idle_house, me))
    async for queued in looks(idle_house, me):
        if queued:
            break
    gone = await idle_house.ask("POST", f"/v1/generations/{queued[0]['id']}/cancel", key=me)
    assert gone.status == 200
    ended = await waiting
    assert (ended.status, ended.error["code"]) == (409, "CONFLICT")
    assert ended.error["details"] == {
        "generation_id": queued[0]["id"], "status": "canceled", "credits_refunded": 1,
    }  # fmt: skip
    assert await available(idle_house, me) == 10


async def test_a_dry_run_says_the_price_and_makes_nothing(idle_house: House) -> None:
    me = await idle_house.tenant(grant=10)
    quote = await photo(idle_house, me, variants=2, resolution="2K", dry_run=True)
    assert (quote.status, quote.data["object"], quote.data["credits"]) == (200, "quote", 4)
    assert await count(idle_house, me) == 0
    bound = await photo(
        idle_house, me, variants=2, resolution="2K", quote_id=quote.data["quote_id"],
        headers={"Prefer": "respond-async"},
    )  # fmt: skip
    assert (bound.status, bound.data["credits_reserved"]) == (202, 4)


@pytest.mark.parametrize(
    "body", [{}, {"prompt": ""}, {"prompt": " "}, {"prompt": "x", "items": []}]
)
async def test_what_is_no_request_is_refused(idle_house: House, body) -> None:
    me = await idle_house.tenant()
    answer = await idle_house.ask("POST", PATH, key=me, json=body)
    assert (answer.status, answer.error["code"]) == (422, "VALIDATION_FAILED")


async def test_too_few_credits_start_nothing(idle_house: House) -> None:
    me = await idle_house.tenant(grant=2)
    refused = await photo(idle_house, me, variants=3)
    assert (refused.status, refused.error["code"]) == (402, "INSUFFICIENT_CREDITS")
    assert refused.error["details"] == {"required": 3, "available": 2}
    assert await count(idle_house, me) == 0


async def test_a_key_without_the_scope_is_told_which(idle_house: House) -> None:
    reader = await idle_house.tenant(scopes=["images:read"])
    refused = await photo(idle_house, reader)
    assert (refused.status, refused.error["details"]["scope"]) == (403, "images:write")
