"""POST /sketch-to-photo: a sketch by reference or as a file, and what is no sketch."""

import asyncio
import gc

import aiohttp
import numpy as np
import pytest

from media.sketch.drawings import handbag, mug, page, png
from support import images
from support.house import House
from support.scenes import scene
from support.workers import until
from tintype.api.multipart import Upload

PATH = "/api/v1/sketch-to-photo"
SKETCH = png(page(mug(), side=400))
WORDS = "a red ceramic mug"


async def photo(house: House, me, *, headers: dict[str, str] | None = None, **body):
    return await house.ask("POST", PATH, key=me, json={"prompt": WORDS} | body, headers=headers)


async def sent(house: House, me, data, *, part="image", headers=None, **fields: str):
    form = aiohttp.FormData(default_to_multipart=True)
    if isinstance(data, bytes):
        form.add_field(part, data, filename="mug.png", content_type="image/png")
    else:
        form.add_field(part, data)
    for name, value in ({"prompt": WORDS} | fields).items():
        form.add_field(name, value)
    return await house.ask("POST", PATH, key=me, data=form, headers=headers)


def average(picture) -> list[float]:
    """The mean colour of the picture's middle."""
    middle = picture.crop(picture.width // 3, picture.height // 2, 60, 60)
    return [band.avg() for band in middle.bandsplit()]


async def shown(house: House, url: str):
    seen = await house.ask("GET", url.removeprefix(house.settings.public_url))
    return images.opened(seen.body)


async def test_a_sketch_of_the_library_becomes_a_photo(house: House) -> None:
    me = await house.tenant(grant=10)
    drawn = (await house.upload(me, SKETCH, alias="@mug-sketch")).data["id"]
    done = await photo(house, me, image="@mug-sketch", aspect_ratio="4:3", alias="@mug", seed=3)
    assert done.status == 200, done.body
    wanted = {
        "kind": "sketch_to_photo", "status": "completed", "model": "builtin/sketch",
        "fidelity": "preview", "aspect_ratio": "4:3", "credits_used": 2, "error": None,
    }  # fmt: skip
    assert {name: done.data[name] for name in wanted} == wanted
    assert done.data["references"][0]["image_id"] == drawn
    assert done.json["meta"]["credits_remaining"] == 8
    picture = await shown(house, done.data["output_url"])
    assert (picture.width, picture.height) == (done.data["width"], done.data["height"])
    red, green, _ = average(picture)
    assert red > 1.5 * green
    named = await house.ask("GET", "/v1/images/resolve/@mug", key=me)
    assert named.json["id"] == done.data["image_id"]


@pytest.mark.parametrize("part", ["image", "sketch", "file"])
async def test_a_file_is_taken_into_the_library_first(idle_house: House, part: str) -> None:
    me = await idle_house.tenant()
    flow = (await idle_house.ask("POST", "/v1/flows", key=me, json={})).json["id"]
    made = await sent(
        idle_house, me, SKETCH, part=part, aspectRatio="3:4", flow_id=flow, meta='{"sku": "m-1"}',
        headers={"Prefer": "respond-async"},
    )  # fmt: skip
    assert made.status == 202, made.body
    assert (made.data["aspect_ratio"], made.data["meta"]) == ("3:4", {"sku": "m-1"})
    found = await idle_house.ask(
        "GET", f"/v1/images/{made.data['references'][0]['image_id']}", key=me
    )
    assert (found.json["source"], found.json["flow_id"]) == ("uploaded", flow)
    assert found.json["meta"] == {"filename": "mug.png"}


async def test_a_form_may_name_a_picture_instead(idle_house: House) -> None:
    me = await idle_house.tenant()
    drawn = (await idle_house.upload(me, SKETCH)).data["id"]
    made = await sent(idle_house, me, drawn, headers={"Prefer": "respond-async"})
    assert (made.status, made.data["references"][0]["image_id"]) == (202, drawn)


async def test_the_same_file_under_the_same_key_is_one_work(idle_house: House) -> None:
    me = await idle_house.tenant()
    key = {"Idempotency-Key": "sketch-1", "Prefer": "respond-async"}
    first = await sent(idle_house, me, SKETCH, headers=key)
    again = await sent(idle_house, me, SKETCH, headers=key)
    assert first.data["id"] == again.data["id"]
    other = await sent(idle_house, me, png(page(handbag(), side=300)), headers=key)
    assert (other.status, other.error["code"]) == (422, "IDEMPOTENCY_MISMATCH")
    listed = await idle_house.ask("GET", "/v1/images?source=uploaded", key=me)
    assert listed.json["total"] == 1


async def test_a_dry_run_keeps_no_sketch(idle_house: House) -> None:
    me = await idle_house.tenant()
    quote = await sent(idle_house, me, SKETCH, dry_run="true", resolution="2K")
    assert (quote.status, quote.data["credits"], quote.data["model"]) == (200, 4, "builtin/sketch")
    assert (await idle_house.ask("GET", "/v1/images", key=me)).json["total"] == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "image"),
        ({"image": "@nobody"}, "image"),
        ({"image_url": "http://127.0.0.1/s.png"}, "image_url"),
        ({"image": "@mug", "image_url": "@other"}, "image"),
        ({"image": "@mug", "resolution": "4K"}, "resolution"),
        ({"image": "@mug", "aspect_ratio": "0:1"}, "aspect_ratio"),
        ({"image": "@mug", "variants": 9}, "variants"),
        ({"image": "@mug", "negative_prompt": "blue"}, "negative_prompt"),
        ({"image": "@mug", "prompt": "as @other"}, "prompt"),
        ({"image": "@mug", "model": "builtin/draft"}, "model"),
        ({"image": "@mug", "alias": "@last"}, "alias"),
        ({"image": "@mug", "sketch": "@mug"}, "sketch"),
    ],
)
async def test_what_cannot_be_made_is_refused_by_name(
    idle_house: House, body: dict[str, object], field: str
) -> None:
    me = await idle_house.tenant()
    for name in ("@mug", "@other"):
        await idle_house.upload(me, SKETCH, alias=name)
    refused = await photo(idle_house, me, **body)
    assert (refused.status, refused.error["code"]) == (422, "VALIDATION_FAILED")
    assert refused.error["details"][0]["field"] == field


async def test_the_prompt_may_name_the_sketch_itself(idle_house: House) -> None:
    me = await idle_house.tenant()
    drawn = (await idle_house.upload(me, SKETCH, alias="@mug")).data["id"]
    for asked in ({"image": "@MUG"}, {"image": drawn, "prompt": "in red"}):
        made = await photo(
            idle_house, me, headers={"Prefer": "respond-async"}, **{"prompt": "@mug in red"} | asked
        )
        assert made.status == 202, made.body
        assert [one["image_id"] for one in made.data["references"]] == [drawn]


async def test_a_form_with_two_pictures_or_none_is_refused(idle_house: House) -> None:
    me = await idle_house.tenant()
    both = await sent(idle_house, me, SKETCH, part="file", image="@mug")
    assert (both.status, both.error["details"][0]["field"]) == (422, "image")
    named = await sent(idle_house, me, SKETCH, part="upload")
    assert (named.status, named.error["details"][0]["field"]) == (422, "upload")
    none = await sent(idle_house, me, "a red mug", part="prompt2")
    assert (none.status, none.error["details"][0]["field"]) == (422, "prompt2")
    broken = await sent(idle_house, me, b"\x89PNG\r\n\x1a\n and then nothing")
    assert broken.status in {415, 422}
    assert (await idle_house.ask("GET", "/v1/images", key=me)).json["total"] == 0


async def test_a_blank_page_and_a_photograph_are_refused_in_words(house: House) -> None:
    me = await house.tenant(grant=10)
    blank = png(np.full((300, 300, 3), 255, np.uint8))
    for data, words in ((blank, "no strokes"), (png(scene(0)), "looks like a photograph")):
        refused = await sent(house, me, data)
        assert (refused.status, refused.error["code"]) == (422, "VALIDATION_FAILED")
        (fault,) = refused.error["details"]
        assert (fault["field"], fault["status"], fault["credits_refunded"]) == (
            "image",
            "failed",
            2,
        )
        assert words in fault["problem"]
        again = await house.ask("POST", f"/v1/generations/{fault['generation_id']}/retry", key=me)
        assert (again.status, again.json["kind"]) == (202, "sketch_to_photo")


async def test_light_lines_on_a_dark_page_are_a_sketch(house: House) -> None:
    me = await house.tenant()
    board = png(page(mug(), side=400, ink=(240, 240, 240), paper=(20, 24, 30)))
    done = await sent(house, me, board, seed="3", variants="2")
    assert done.status == 200, done.body
    assert [image["source"] for image in done.data["images"]] == ["generated"] * 2
    pictures = await asyncio.gather(*(shown(house, one["url"]) for one in done.data["images"]))
    for picture in pictures:
        red, green, _ = average(picture)
        assert red > 1.5 * green


async def test_a_file_is_let_go_before_the_answer_is_waited_for(idle_house: House) -> None:
    """Hundreds may wait at once, each for a minute, and a file may have many megabytes."""
    me = await idle_house.tenant()
    waiting = asyncio.create_task(sent(idle_house, me, SKETCH))
    (work,) = await until(lambda: listed(idle_house, me))
    gc.collect()
    assert not [it for it in gc.get_objects() if isinstance(it, Upload)]
    await idle_house.ask("POST", f"/v1/generations/{work['id']}/cancel", key=me)
    assert (await waiting).status == 409


async def listed(house: House, me):
    return (await house.ask("GET", "/v1/generations", key=me)).json["data"]
