"""POST /generate/video: what is asked for, what it costs, what is refused."""

from pathlib import Path

import aiohttp
import pytest

from support import images
from support.house import House, opened, settings_for
from support.own_files import SHIPPED, own_file

PATH = "/v1/generate/video"


async def film(house: House, me, *, headers: dict[str, str] | None = None, **body):
    return await house.ask("POST", PATH, key=me, json=body, headers=headers)


async def sent(
    house: House, me, data: bytes | str, *, part: str = "image",
    headers: dict[str, str] | None = None, **fields: str,
):  # fmt: skip
    """The request as a form, its picture a file or the name of one."""
    form = aiohttp.FormData(default_to_multipart=True)
    if isinstance(data, bytes):
        form.add_field(part, data, filename="bag.png", content_type="image/png")
    else:
        form.add_field(part, data)
    for name, value in fields.items():
        form.add_field(name, value)
    return await house.ask("POST", PATH, key=me, data=form, headers=headers)


async def product(house: House, me) -> str:
    return (await house.upload(me, images.file("png", 320, 240), alias="@bag")).data["id"]


async def test_a_film_of_a_picture_is_accepted(idle_house: House) -> None:
    me = await idle_house.tenant(grant=100)
    picture = await product(idle_house, me)
    made = await film(
        idle_house, me, image="@bag", duration_seconds=2.5, resolution="1080p", seed=4
    )
    assert made.status == 202
    assert made.headers["Location"] == f"/v1/generations/{made.json['id']}"
    wanted = {
        "kind": "video", "status": "queued", "model": "builtin/reel", "fidelity": "preview",
        "width": 1920, "height": 1080, "aspect_ratio": "16:9", "resolution": "1080p",
        "duration_seconds": 2.5, "prompt": "", "seed": 4, "variants": 1, "credits_reserved": 6,
    }  # fmt: skip
    assert {name: made.json[name] for name in wanted} == wanted
    assert made.json["references"][0]["image_id"] == picture


async def test_the_shortest_request_takes_the_models_defaults(idle_house: House) -> None:
    me = await idle_house.tenant(grant=100)
    made = await film(idle_house, me, prompt="a red handbag, slow push in")
    assert made.status == 202
    assert (made.json["width"], made.json["height"]) == (1280, 720)
    assert (made.json["duration_seconds"], made.json["credits_reserved"]) == (5.0, 5)
    assert made.json["references"] == []


@pytest.mark.parametrize("part", ["image", "file"])
async def test_a_forms_file_is_taken_into_the_library_first(idle_house: House, part: str) -> None:
    me = await idle_house.tenant(grant=100)
    made = await sent(
        idle_house, me, images.file("png", 320, 240), part=part, durationSeconds="2.5",
        aspect_ratio="1:1", meta='{"sku": "b-1"}',
    )  # fmt: skip
    assert made.status == 202, made.body
    assert (made.json["duration_seconds"], made.json["meta"]) == (2.5, {"sku": "b-1"})
    picture = made.json["references"][0]["image_id"]
    found = (await idle_house.ask("GET", f"/v1/images/{picture}", key=me)).json
    assert (found["source"], found["meta"]) == ("uploaded", {"filename": "bag.png"})


async def test_a_form_may_name_its_picture_or_have_none(idle_house: House) -> None:
    me = await idle_house.tenant(grant=100)
    picture = await product(idle_house, me)
    named = await sent(idle_house, me, "@bag")
    assert (named.status, named.json["references"][0]["image_id"]) == (202, picture)
    none = await sent(idle_house, me, "a red handbag", part="prompt")
    assert (none.status, none.json["references"]) == (202, [])


async def test_the_same_file_under_the_same_key_is_one_film(idle_house: House) -> None:
    me = await idle_house.tenant(grant=100)
    key = {"Idempotency-Key": "film-1"}
    first, again = [
        await sent(idle_house, me, images.file("png", 320, 240), headers=key) for _ in range(2)
    ]
    assert first.json["id"] == again.json["id"]
    other = await sent(idle_house, me, images.file("png", 240, 320), headers=key)
    assert (other.status, other.json["error"]["code"]) == (422, "IDEMPOTENCY_MISMATCH")


@pytest.mark.parametrize(
    ("data", "fields", "field"),
    [
        (images.file("png", 64, 64), {"image_url": "@bag"}, "image"),
        (images.file("png", 64, 64), {"duration_seconds": "two"}, "duration_seconds"),
        (images.file("png", 64, 64), {"duration_seconds": "1e1"}, "duration_seconds"),
        (images.file("png", 64, 64), {"duration_seconds": "nan"}, "duration_seconds"),
        (images.file("png", 64, 64), {"duration_seconds": "-1"}, "duration_seconds"),
        (images.file("png", 64, 64), {"part": "sketch"}, "sketch"),
    ],
)
async def test_what_is_wrong_in_a_form_is_refused_by_name(
    idle_house: House, data: bytes, fields: dict[str, str], field: str
) -> None:
    me = await idle_house.tenant(grant=100)
    refused = await sent(idle_house, me, data, **fields)
    assert (refused.status, refused.json["error"]["param"]) == (422, field), refused.body
    nothing = await sent(idle_house, me, b"no picture")
    assert (nothing.status, nothing.json["error"]["param"]) == (415, "image")


async def test_image_and_image_url_are_one_field(idle_house: House) -> None:
    me = await idle_house.tenant(grant=100)
    picture = await product(idle_house, me)
    made = await film(idle_house, me, imageUrl=picture, image=picture)
    assert made.status == 202
    two = await film(idle_house, me, image_url="https://example.com/a.png", image=picture)
    assert (two.status, two.json["error"]["param"]) == (422, "image")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "image"),
        ({"prompt": "x", "duration_seconds": 0}, "duration_seconds"),
        ({"prompt": "x", "duration_seconds": -5}, "duration_seconds"),
        ({"prompt": "x", "duration_seconds": 0.5}, "duration_seconds"),
        ({"prompt": "x", "duration_seconds": 60.01}, "duration_seconds"),
        ({"prompt": "x", "duration_seconds": 1e9}, "duration_seconds"),
        ({"prompt": "x", "duration_seconds": "5"}, "duration_seconds"),
        ({"prompt": "x", "resolution": "4K"}, "resolution"),
        ({"prompt": "x", "resolution": "1080"}, "resolution"),
        ({"prompt": "x", "aspect_ratio": "17:9"}, "aspect_ratio"),
        ({"prompt": "x", "model": "builtin/draft"}, "model"),
        ({"prompt": "x", "variants": 2}, "variants"),
        ({"image": "@nobody"}, "image"),
        ({"image_url": "http://127.0.0.1/a.png"}, "image_url"),
        ({"image": "img_01hzzzzzzzzzzzzzzzzzzzzzzz"}, "image"),
        ({"prompt": "x" * 4001}, "prompt"),
        ({"prompt": "x", "persona_id": "per_01hzzzzzzzzzzzzzzzzzzzzzzz"}, "persona_id"),
    ],
)  # fmt: skip
async def test_what_cannot_be_filmed_is_refused_by_name(
    idle_house: House, body: dict[str, object], field: str
) -> None:
    me = await idle_house.tenant()
    refused = await film(idle_house, me, **body)
    assert (refused.status, refused.json["error"]["code"]) == (422, "VALIDATION_FAILED")
    assert refused.json["error"]["param"] == field


async def test_two_pictures_are_one_too_many(idle_house: House) -> None:
    me = await idle_house.tenant()
    picture = await product(idle_house, me)
    refused = await film(idle_house, me, image=picture, prompt="@bag on a pedestal")
    assert (refused.status, refused.json["error"]["param"]) == (422, "prompt")
    named = await film(idle_house, me, prompt="@bag on a pedestal")
    assert named.json["references"][0] | {"url": None} == {
        "image_id": picture, "alias": "@bag", "url": None,
    }  # fmt: skip


async def test_a_persona_is_put_into_the_film_and_recorded(idle_house: House) -> None:
    me = await idle_house.tenant()
    picture = await product(idle_house, me)
    made = {}
    for name, references in (("Mira", []), ("Ada", [picture])):
        persona = await idle_house.ask(
            "POST", "/v1/personas", key=me, json={"name": name, "reference_images": references}
        )
        made[name] = persona.json["id"]
    words = await film(idle_house, me, image=picture, persona_id=made["Mira"])
    assert (words.status, words.json["persona_id"]) == (202, made["Mira"])
    alone = await film(idle_house, me, prompt="she smiles", persona_id=made["Ada"])
    assert alone.json["references"][0]["image_id"] == picture
    other = (await idle_house.upload(me, images.file("png", 64, 64))).data["id"]
    both = await film(idle_house, me, image=other, persona_id=made["Ada"])
    assert (both.status, both.json["error"]["param"]) == (422, "persona_id")


async def test_the_plan_and_the_scope_are_asked(idle_house: House) -> None:
    starter = await idle_house.tenant(plan="starter")
    refused = await film(idle_house, starter, prompt="a bag")
    assert (refused.status, refused.json["error"]["code"]) == (403, "FORBIDDEN")
    assert refused.json["error"]["details"] == {"feature": "video", "plan": "starter"}
    painter = await idle_house.tenant(scopes=["images:write"])
    refused = await film(idle_house, painter, prompt="a bag")
    assert refused.json["error"]["details"]["scope"] == "videos:write"


async def test_a_quote_of_a_long_ratio_says_what_is_smaller(idle_house: House) -> None:
    me = await idle_house.tenant()
    quote = await film(
        idle_house, me, prompt="a road", aspect_ratio="21:9", resolution="1080p", dry_run=True
    )
    assert (quote.status, quote.json["credits"]) == (200, 10)
    assert quote.json["size"] == {"width": 2198, "height": 942}
    assert "2198 x 942" in quote.json["adjustments"][0]


async def test_a_film_is_made_and_can_be_looked_at(house: House) -> None:
    me = await house.tenant(grant=100)
    picture = await product(house, me)
    done = await film(
        house, me, image=picture, duration_seconds=1, aspect_ratio="1:1",
        headers={"Prefer": "wait=60"},
    )  # fmt: skip
    assert (done.status, done.json["status"]) == (201, "completed"), done.body
    assert done.json["credits_used"] == 1
    assert done.json["output_url"].endswith(".mp4")
    seen = await house.ask("GET", done.json["output_url"].removeprefix(house.settings.public_url))
    assert seen.headers["Content-Type"] == "video/mp4"
    assert seen.body[4:8] == b"ftyp"


async def test_a_failed_film_is_made_anew_with_other_words(house: House) -> None:
    me = await house.tenant(livemode=False)
    failed = await film(
        house, me, prompt="a bag __rejected__", duration_seconds=1, headers={"Prefer": "wait=30"}
    )
    assert (failed.status, failed.json["status"]) == (201, "failed")
    path = f"/v1/generations/{failed.json['id']}/retry"
    for body, field in (({"variants": 2}, "variants"), ({"prompt": "@bag"}, "prompt"),
                        ({"auto_enhance": True}, "auto_enhance"), ({"resolution": "9K"}, "resolution")):  # fmt: skip
        refused = await house.ask("POST", path, key=me, json=body)
        assert (refused.status, refused.json["error"]["param"]) == (422, field)
    again = await house.ask(
        "POST", path, key=me, json={"prompt": "a bag"}, headers={"Prefer": "wait=60"}
    )
    assert (again.status, again.json["status"]) == (201, "completed"), again.body
    assert again.json["retry_of"] == failed.json["id"]
    assert (again.json["kind"], again.json["duration_seconds"]) == ("video", 1.0)


async def test_a_retry_of_a_film_needs_the_scope_of_films(idle_house: House) -> None:
    me = await idle_house.tenant(grant=100)
    made = (await film(idle_house, me, prompt="a bag")).json["id"]
    await idle_house.ask("POST", f"/v1/generations/{made}/cancel", key=me)
    painter = await idle_house.tenant(organization_id=me.organization_id, scopes=["images:write"])
    path = f"/v1/generations/{made}/retry"
    refused = await idle_house.ask("POST", path, key=painter)
    assert (refused.status, refused.json["error"]["code"]) == (403, "FORBIDDEN")
    assert refused.json["error"]["details"]["scope"] == "videos:write"
    assert (await idle_house.ask("POST", path, key=me)).status == 202


async def test_a_retry_of_a_film_keeps_its_length_exactly(
    database_url: str, tmp_path: Path
) -> None:
    """The column is of single precision, where the model's own bounds are not."""
    shipped = SHIPPED.replace("max = 60,", "max = 5.3,")
    assert shipped != SHIPPED
    with own_file("catalog", tmp_path / "short.toml", shipped):
        async with opened(settings_for(database_url, tmp_path), with_worker=False) as house:
            me = await house.tenant(grant=100)
            made = (await film(house, me, prompt="a bag", duration_seconds=5.3)).json["id"]
            await house.ask("POST", f"/v1/generations/{made}/cancel", key=me)
            again = await house.ask("POST", f"/v1/generations/{made}/retry", key=me)
            assert (again.status, again.json["duration_seconds"]) == (202, 5.3), again.body


async def test_a_key_for_films_sees_its_film_and_no_picture(idle_house: House) -> None:
    me = await idle_house.tenant(grant=100)
    films = await idle_house.tenant(
        scopes=["videos:read", "videos:write"], organization_id=me.organization_id
    )
    picture = await idle_house.ask("POST", "/v1/generations", key=me, json={"prompt": "a fox"})
    made = await film(idle_house, films, prompt="a lighthouse")
    assert made.status == 202
    shown = await idle_house.ask("GET", made.headers["Location"], key=films)
    assert (shown.status, shown.json["id"]) == (200, made.json["id"])
    listed = (await idle_house.ask("GET", "/v1/generations", key=films)).json
    assert [it["id"] for it in listed["data"]] == [made.json["id"]]
    for method, path in (
        ("GET", picture.headers["Location"]), ("GET", "/v1/generations?kind=text_to_image"),
        ("POST", f"{picture.headers['Location']}/cancel"), ("DELETE", picture.headers["Location"]),
        ("POST", "/v1/generations"),
    ):  # fmt: skip
        body = {"prompt": "a fox"} if path == "/v1/generations" else None
        refused = await idle_house.ask(method, path, key=films, json=body)
        assert (refused.status, refused.json["error"]["code"]) == (403, "FORBIDDEN"), path
    ended = await idle_house.ask("POST", f"{made.headers['Location']}/cancel", key=films)
    assert (ended.status, ended.json["status"]) == (200, "canceled")
