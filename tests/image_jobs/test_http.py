"""Image jobs over HTTP: upload, ask, wait, download; what each form of `image_url` means."""

import asyncio
import io

import aiohttp
import pytest

from support import images
from support.house import House
from support.image_jobs import download, job, upload


@pytest.mark.parametrize("mode", ["clean", "realistic"])
async def test_an_upload_is_finished_and_downloaded(house: House, mode: str) -> None:
    me = await house.tenant(grant=10)
    source = images.file("jpeg", 320, 240)
    uploaded = await upload(house, me, source)
    assert uploaded.status == 201
    assert uploaded.data | {"id": 0, "image_url": 0, "bytes": 0, "created_at": 0} == {
        "id": 0, "object": "upload", "image_url": 0, "width": 320, "height": 240, "bytes": 0,
        "format": "jpeg", "created_at": 0, "alias": None, "project_id": None, "flow_id": None,
        "alias_moved_from": None,
    }  # fmt: skip
    assert uploaded.headers["Location"] == f"/api/v1/images/{uploaded.data['id']}"

    accepted = await job(house, me, wait=0, mode=mode, image_url=uploaded.data["image_url"])
    assert accepted.status == 202
    made = accepted.data
    assert accepted.headers["Location"] == f"/api/v1/images/jobs/{made['job_id']}"
    assert (made["mode"], made["credits_reserved"], made["result_url"]) == (mode, 1, None)
    assert accepted.headers["X-Credits-Remaining"] == "9"

    done = await house.ask(
        "GET", f"/api/v1/images/jobs/{made['job_id']}", key=me, headers={"Prefer": "wait=30"}
    )
    assert (done.data["status"], done.data["error"]) == ("completed", None)
    assert (done.data["width"], done.data["height"]) == (320, 240)
    assert (done.data["credits_reserved"], done.data["credits_used"]) == (1, 1)
    picture = await download(house, me, made["job_id"])
    assert images.opened(picture).width == 320
    image = await house.ask("GET", f"/v1/images/{done.data['image_id']}", key=me)
    assert image.json["parent_id"] == uploaded.data["id"]
    assert image.json["generation_id"] == made["job_id"]
    generation = await house.ask("GET", f"/v1/generations/{made['job_id']}", key=me)
    assert generation.json["kind"] == generation.json["mode"] == mode
    assert generation.json["aspect_ratio"] is None


async def test_strength_zero_gives_the_very_same_picture(house: House) -> None:
    me = await house.tenant()
    uploaded = await upload(house, me, images.file("jpeg", 120, 90))
    done = await job(house, me, mode="clean", image_url=uploaded.data["image_url"], strength=0)
    before = await house.ask("GET", f"/v1/images/{uploaded.data['id']}", key=me)
    after = await house.ask("GET", f"/v1/images/{done.data['image_id']}", key=me)
    assert after.json["sha256"] == before.json["sha256"]


async def test_words_become_a_finished_picture_in_one_job(house: House) -> None:
    me = await house.tenant(grant=10)
    done = await job(
        house, me, "/images/generate", prompt="a red fox", mode="realistic", preset="film-400",
        aspect_ratio="4:3", seed=7,
    )  # fmt: skip
    assert done.status == 201
    assert (done.data["status"], done.data["credits_used"]) == ("completed", 2)
    assert (done.data["prompt"], done.data["image_url"]) == ("a red fox", None)
    plain = await house.picture(me, "a red fox", aspect_ratio="4:3", seed=7)
    first = images.opened(await download(house, me, done.data["job_id"]))
    assert (first.width, first.height) == (plain["width"], plain["height"])
    drawn = await house.ask("GET", plain["output_url"].removeprefix(house.settings.public_url))
    assert abs(first.avg() - images.opened(drawn.body).avg()) < 40
    assert first.write_to_memory() != images.opened(drawn.body).write_to_memory()


async def test_the_same_seed_gives_the_same_pixels(house: House) -> None:
    me = await house.tenant()
    uploaded = await upload(house, me, images.file("png", 200, 150))
    asked = {"mode": "realistic", "image_url": uploaded.data["image_url"], "seed": 5}
    sums = set()
    for _ in range(2):
        done = await job(house, me, **asked)
        image = await house.ask("GET", f"/v1/images/{done.data['image_id']}", key=me)
        sums.add(image.json["sha256"])
    assert len(sums) == 1


async def test_image_url_may_be_an_id_or_an_alias_of_the_library(house: House) -> None:
    me = await house.tenant()
    uploaded = await upload(house, me, images.file("png", 64, 48), alias="@mug")
    for name in (uploaded.data["id"], "@mug"):
        done = await job(house, me, mode="clean", image_url=name)
        assert done.data["status"] == "completed", done.data
        assert uploaded.data["id"] in done.data["image_url"]


async def test_a_private_organizations_upload_works_too(house: House) -> None:
    me = await house.tenant(private_media=True)
    uploaded = await upload(house, me, images.file("png", 64, 48))
    assert "sig=" in uploaded.data["image_url"]
    done = await job(house, me, mode="clean", image_url=uploaded.data["image_url"])
    assert done.data["status"] == "completed"
    assert "sig=" in done.data["result_url"]
    await download(house, me, done.data["job_id"])


async def test_another_organizations_picture_is_like_no_picture(house: House) -> None:
    me, other = await house.tenant(), await house.tenant()
    theirs = (await upload(house, other, images.file("png"))).data
    missing = theirs["image_url"].replace(theirs["id"], "img_" + "0" * 26)
    answers = [
        await job(house, me, mode="clean", image_url=url) for url in (theirs["image_url"], missing)
    ]
    assert {answer.status for answer in answers} == {422}
    assert answers[0].error == answers[1].error
    (told,) = answers[0].error["details"]
    assert told["field"] == "image_url"
    assert "there is no such image here" in told["problem"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"image_url": "@x"}, "mode"),
        ({"mode": "sharpen", "image_url": "@x"}, "mode"),
        ({"mode": "clean"}, "image_url"),
        ({"mode": "clean", "image_url": "@nobody"}, "image_url"),
        ({"mode": "clean", "image_url": "not a picture"}, "image_url"),
        ({"mode": "clean", "image_url": "http://127.0.0.1/x.png"}, "image_url"),
        ({"mode": "clean", "image_url": "http://[::ffff:7f00:1]/x.png"}, "image_url"),
        ({"mode": "clean", "image_url": "http://169.254.169.254/latest"}, "image_url"),
        ({"mode": "clean", "image_url": "https://user:pw@example.com/x.png"}, "image_url"),
        ({"mode": "clean", "image_url": "@x", "strength": 1.0000001}, "strength"),
        ({"mode": "clean", "image_url": "@x", "strength": -1e-9}, "strength"),
        ({"mode": "clean", "image_url": "@x", "strength": "1"}, "strength"),
        ({"mode": "clean", "image_url": "@x", "preset": "phone"}, "preset"),
        ({"mode": "realistic", "image_url": "@x", "preset": "portrait"}, "preset"),
        ({"mode": "clean", "image_url": "@x", "prompt": "a cat"}, "prompt"),
        ({"mode": "clean", "image_url": "@x", "flow_alias": "@first"}, "flow_alias"),
        ({"mode": "clean", "image_url": "http://93.184.215.14/" + "é" * 1500}, "image_url"),
        ({"mode": "clean", "image_url": "@x", "alias": "@last"}, "alias"),
    ],
)
async def test_a_wrong_field_is_named(idle_house: House, body: dict, field: str) -> None:
    me = await idle_house.tenant()
    answer = await job(idle_house, me, wait=0, **body)
    assert (answer.status, answer.error["code"]) == (422, "VALIDATION_FAILED")
    assert answer.error["details"][0]["field"] == field


async def test_credits_are_held_when_the_job_is_created(idle_house: House) -> None:
    me = await idle_house.tenant(plan="starter", grant=1)
    picture = (await upload(idle_house, me, images.file("png"))).data
    first = await job(idle_house, me, wait=0, mode="clean", image_url=picture["id"])
    assert first.status == 202
    second = await job(idle_house, me, wait=0, mode="clean", image_url=picture["id"])
    assert (second.status, second.error["details"]) == (402, {"required": 1, "available": 0})
    await idle_house.ask("POST", f"/v1/generations/{first.data['job_id']}/cancel", key=me)
    gone = await idle_house.ask("GET", f"/v1/images/jobs/{first.data['job_id']}", key=me)
    assert (gone.json["status"], gone.json["credits_used"]) == ("canceled", 0)
    third = await job(idle_house, me, wait=0, mode="clean", image_url=picture["id"])
    assert third.status == 202


async def test_download_says_why_there_is_nothing_yet(idle_house: House) -> None:
    me = await idle_house.tenant()
    picture = (await upload(idle_house, me, images.file("png"))).data
    made = (await job(idle_house, me, wait=0, mode="clean", image_url=picture["id"])).data
    path = f"/api/v1/images/jobs/{made['job_id']}/download"
    early = await idle_house.ask("GET", path, key=me)
    assert (early.status, early.error["code"]) == (409, "NOT_READY")
    assert early.headers["Retry-After"] == "1"
    assert early.error["details"] == {"status": "queued", "progress": 0.0}
    await idle_house.ask("POST", f"/v1/generations/{made['job_id']}/cancel", key=me)
    late = await idle_house.ask("GET", path, key=me)
    assert (late.status, late.error["code"]) == (409, "CONFLICT")
    assert late.error["details"] == {"status": "canceled"}


async def test_only_finished_pictures_are_image_jobs(house: House) -> None:
    me, other = await house.tenant(), await house.tenant()
    plain = await house.picture(me)
    for path in ("", "/download"):
        found = await house.ask("GET", f"/v1/images/jobs/{plain['id']}{path}", key=me)
        assert (found.status, found.error["code"]) == (404, "NOT_FOUND")
    picture = (await upload(house, me, images.file("png"))).data
    mine = (await job(house, me, mode="clean", image_url=picture["id"])).data
    theirs = await house.ask("GET", f"/v1/images/jobs/{mine['job_id']}", key=other)
    assert theirs.status == 404


async def test_an_idempotent_twin_is_one_job(house: House) -> None:
    me = await house.tenant(grant=10)
    picture = (await upload(house, me, images.file("png"))).data
    body = {"mode": "clean", "image_url": picture["image_url"]}
    answers = [
        await house.ask(
            "POST", "/api/v1/images/jobs", key=me, json=body, headers={"Idempotency-Key": "twin"}
        )
        for _ in range(2)
    ]
    assert answers[0].data["job_id"] == answers[1].data["job_id"]
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert "/images/jobs/" in answers[1].headers["Location"]


async def test_a_failed_job_is_told_and_can_be_retried(house: House) -> None:
    me = await house.tenant(grant=10)
    picture = (await upload(house, me, images.file("png"))).data
    made = (await job(house, me, wait=0, mode="clean", image_url="https://nowhere.invalid/x.png",
                      preset="product", strength=0.5)).data  # fmt: skip
    failed = await house.ask("GET", f"/api/v1/images/jobs/{made['job_id']}", key=me,
                             headers={"Prefer": "wait=30"})  # fmt: skip
    assert failed.data["status"] == "failed"
    assert failed.data["error"]["message"].startswith("image_url: ")
    assert (failed.data["credits_used"], failed.data["image_url"]) == (
        0, "https://nowhere.invalid/x.png",
    )  # fmt: skip
    told = await house.ask("GET", f"/api/v1/images/jobs/{made['job_id']}/download", key=me)
    assert (told.status, told.error["code"]) == (409, "CONFLICT")
    assert told.error["details"]["error"] == failed.data["error"]

    path = f"/api/v1/generations/{made['job_id']}/retry"
    refused = await house.ask("POST", path, key=me, json={"prompt": "a cat"})
    assert (refused.status, refused.error["details"][0]["field"]) == (422, "prompt")
    again = await house.ask("POST", path, key=me, json={"seed": 3})
    assert again.status == 202
    shown = await house.ask("GET", f"/v1/images/jobs/{again.data['id']}", key=me)
    assert (shown.json["retry_of"], shown.json["preset"], shown.json["strength"]) == (
        made["job_id"], "product", 0.5,
    )  # fmt: skip
    assert (shown.json["seed"], picture["object"]) == (3, "upload")


async def test_the_sandbox_finishes_pictures_for_nothing(house: House) -> None:
    me = await house.tenant(livemode=False, grant=0)
    picture = (await upload(house, me, images.file("png"))).data
    done = (await job(house, me, mode="realistic", image_url=picture["image_url"])).data
    assert (done["status"], done["credits_used"], done["livemode"]) == ("completed", 0, False)


async def test_running_work_is_canceled_between_steps(house: House) -> None:
    me = await house.tenant(grant=5)
    large = (await upload(house, me, images.file("jpeg", 6000, 4000))).data
    made = (await job(house, me, wait=0, mode="clean", image_url=large["image_url"])).data
    path = f"/v1/generations/{made['job_id']}"
    for _ in range(500):
        if (await house.ask("GET", path, key=me)).json["status"] != "queued":
            break
        await asyncio.sleep(0.01)
    await house.ask("POST", f"{path}/cancel", key=me, headers={"Prefer": "wait=20"})
    ended = await house.ask("GET", path, key=me)
    assert (ended.json["status"], ended.json["credits_used"]) == ("canceled", 0)


async def test_a_name_in_use_is_taken_over_or_refused_as_asked(idle_house: House) -> None:
    me = await idle_house.tenant()
    first = (await upload(idle_house, me, images.file("png"), alias="@hero")).data
    assert first["alias"] == "@hero"
    careful = {"If-None-Match": "*"}
    form = aiohttp.FormData()
    form.add_field("file", io.BytesIO(images.file("png", 9, 9)), filename="a.png")
    form.add_field("alias", "@hero")
    bodies = {
        "/uploads": {"data": form},
        "/images/jobs": {"json": {"mode": "clean", "image_url": first["id"], "alias": "@hero"}},
        "/images/generate": {"json": {"prompt": "a fox", "alias": "@hero"}},
    }
    for path, body in bodies.items():
        answer = await idle_house.ask("POST", f"/api/v1{path}", key=me, headers=careful, **body)
        assert (answer.status, answer.error["code"]) == (409, "ALIAS_TAKEN"), path
    moved = (await upload(idle_house, me, images.file("png", 8, 8), alias="@hero")).data
    assert moved["alias_moved_from"] == first["id"]


async def test_a_name_in_a_flow_makes_the_flow_and_its_id_is_told(house: House) -> None:
    me = await house.tenant()
    source = (await upload(house, me, images.file("png"), flow_alias="@start")).data
    made = (await job(house, me, mode="clean", image_url=source["id"], flow_alias="@end")).data
    words = (await job(house, me, "/images/generate", wait=0, prompt="a fox", flow_alias="@x")).data
    assert len({source["flow_id"], made["flow_id"], words["flow_id"]} - {None}) == 3
    flow = await house.ask("GET", f"/v1/flows/{made['flow_id']}", key=me)
    assert flow.json["aliases"] == {"@end": made["image_id"]}


async def test_image_jobs_are_listed_without_other_work(house: House) -> None:
    me, other = await house.tenant(), await house.tenant()
    source = (await upload(house, me, images.file("png"))).data
    await house.picture(me)
    clean = (await job(house, me, mode="clean", image_url=source["id"])).data["job_id"]
    words = (await job(house, me, "/images/generate", prompt="a fox")).data
    assert words["mode"] == "realistic"

    async def ids(query: str = "") -> list[str]:
        listed = await house.ask("GET", f"/v1/images/jobs{query}", key=me)
        return [it["job_id"] for it in listed.json["data"]]

    assert await ids() == [words["job_id"], clean]
    assert await ids("?mode=clean&status=success") == [clean]
    assert await ids("?limit=1") == [words["job_id"]]
    assert await ids(f"?after={words['job_id']}") == [clean]
    assert await ids("?status=failed") == []
    assert (await house.ask("GET", "/v1/images/jobs", key=other)).json["data"] == []
    assert (await house.ask("GET", "/v1/images/jobs?mode=cleen", key=me)).status == 422
