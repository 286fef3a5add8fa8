"""Pictures into a project: as a file, as base64, from the library; what is refused and how."""

import base64
import io

import msgspec
import pytest

from support import images
from support.house import House, Reply, opened, settings_for
from support.pictures import (
    NINE,
    add,
    adding,
    events,
    look,
    of_bytes,
    project,
    sending,
)
from tintype.core.errors import ValidationFailed
from tintype.pictures.sources import decode_file

JPEG = images.file("jpeg", 64, 48)


async def test_a_file_is_a_picture_at_once(house: House) -> None:
    me = await house.tenant()
    prj = await project(house, me)
    made = await sending(
        house, me, prj, JPEG, scene_type="interior", sceneLocation="living_room",
        alias="@living", focal_point='{"x": 0.25, "y": 0.5}', meta='{"room": 4}',
    )  # fmt: skip
    assert made.status == 201, made.body
    picture = made.json
    assert made.headers["Location"] == f"/v1/pictures/{picture['id']}"
    assert (picture["status"], picture["width"], picture["height"]) == ("completed", 64, 48)
    assert (picture["version"], picture["subversion"], picture["root_id"]) == (0, 0, picture["id"])
    assert (picture["scene_type"], picture["scene_location"]) == ("interior", "living_room")
    assert (picture["alias"], picture["project_id"]) == ("@living", prj)
    assert picture["focal_point"] == {"x": 0.25, "y": 0.5}
    assert picture["meta"] == {"filename": "living-room.jpg", "room": 4}
    assert (picture["approval"], picture["selected"]) == ("pending", False)
    image = (await house.ask("GET", f"/v1/images/{picture['id']}", key=me)).json
    assert (image["object"], image["sha256"]) == ("image", picture["sha256"])
    assert image["scene_location"] == "living_room"
    master = await house.ask("GET", "/media" + picture["url"].partition("/media")[2])
    assert (master.status, len(master.body)) == (200, picture["bytes"])


async def test_base64_is_a_picture_at_once(house: House) -> None:
    me = await house.tenant()
    prj = await project(house, me)
    # By its bytes: what it is said to be counts for nothing.
    said = of_bytes(images.file("png", 20, 30), media_type="image/jpeg")
    made = await adding(house, me, prj, said)
    assert (made.status, made.json["format"], made.json["width"]) == (201, "png", 20)
    data = base64.b64encode(JPEG).decode()
    url = {"type": "base64", "data": f"data:image/jpeg;base64,{data}", "mediaType": "image/jpeg"}
    again = await adding(house, me, prj, url)
    assert (again.status, again.json["format"]) == (201, "jpeg")
    told = [it["type"] for it in await events(house, me, "image", "picture")]
    assert told == ["image.uploaded", "picture.completed"] * 2
    (event, _) = await events(house, me, "picture.completed")
    assert list(event["data"]) == NINE
    assert event["data"]["public_url"] == made.json["public_url"]


@pytest.mark.parametrize(
    ("source", "status", "field", "problem"),
    [
        ({"type": "base64", "data": "not base64!"}, 422, "source.data", "not valid base64"),
        ({"type": "base64", "data": "QUJD\nQUJD"}, 422, "source.data", "not valid base64"),
        ({"type": "base64", "data": "QUI"}, 422, "source.data", "not valid base64"),
        ({"type": "base64", "data": "data:image/png,QUJD"}, 422, "source.data", "data URL"),
        ({"type": "base64", "data": "data:;base64,"}, 422, "source.data", "empty"),
        ({"type": "base64"}, 422, "source.data", "is required for type base64"),
        ({"type": "base64", "data": "QUJD", "url": "https://a.example"}, 422, "source.url",
         "means nothing for type base64"),
        ({"type": "url", "data": "QUJD"}, 422, "source.data", "means nothing for type url"),
        ({"type": "url"}, 422, "source.url", "is required for type url"),
        ({"type": "url", "url": "ftp://a.example/x.jpg"}, 422, "source.url", "http"),
        ({"type": "url", "url": "http://127.0.0.1/x.jpg"}, 422, "source.url", "public"),
        ({"type": "image", "image": "@nobody"}, 422, "source.image", "names no image"),
        ({"type": "image", "image": "img_00000000000000000000000000"}, 422, "source.image",
         "no such image"),
        ({"type": "image", "image": "https://a.example/x.jpg"}, 422, "source.image",
         "for addresses use type url"),
        ({"type": "file", "data": "QUJD"}, 422, "source.type", "base64"),
        ({"typ": "url"}, 422, "source.typ", "did you mean `type`"),
    ],
)  # fmt: skip
async def test_what_is_no_source_is_refused_by_name(
    idle_house: House, source: object, status: int, field: str, problem: str
) -> None:
    me = await idle_house.tenant()
    made = await adding(idle_house, me, await project(idle_house, me), source)
    assert (made.status, made.error["code"]) == (status, "VALIDATION_FAILED"), made.body
    assert made.error["details"][0]["field"] == field
    assert problem in made.error["message"]


async def test_what_is_no_picture_is_refused_by_its_bytes(idle_house: House) -> None:
    me = await idle_house.tenant()
    prj = await project(idle_house, me)
    pdf = of_bytes(b"%PDF-1.7 and so on", media_type="image/jpeg")
    made = await adding(idle_house, me, prj, pdf)
    assert (made.status, made.error["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert made.error["param"] == "source.data"
    half = await adding(idle_house, me, prj, of_bytes(JPEG[: len(JPEG) // 2]))
    assert (half.status, half.error and half.error["param"]) == (422, "source.data"), half.body
    most = images.file("png", 300, 200)[:-40]
    cut = await adding(idle_house, me, prj, of_bytes(most))
    assert (cut.status, cut.error and cut.error["param"]) == (422, "source.data"), cut.body
    sent = await sending(idle_house, me, prj, b"GIF89a")
    assert (sent.status, sent.error["param"]) == (415, "file")
    listed = await idle_house.ask("GET", f"/v1/projects/{prj}/pictures", key=me)
    assert listed.json["total"] == 0


async def test_a_body_may_hold_a_large_file_and_no_larger(database_url, tmp_path) -> None:
    settings = settings_for(
        database_url, tmp_path, media={"upload_bytes_max": 3_000_000},
        server={"body_bytes_max": 10_000},
    )  # fmt: skip
    async with opened(settings, with_worker=False) as house:
        me = await house.tenant()
        prj = await project(house, me)
        # Padded behind its end: a valid picture of exactly as many bytes as may be sent.
        fits = JPEG + bytes(3_000_000 - len(JPEG))

        async def post(data: bytes) -> Reply:
            body = msgspec.json.encode({"source": of_bytes(data), "scene_type": "interior"})
            return await house.ask(
                "POST", f"/v1/projects/{prj}/pictures", key=me, data=io.BytesIO(body),
                headers={"Content-Type": "application/json"},
            )  # fmt: skip

        made = await post(fits)
        assert made.status == 201, made.body
        over = await post(fits + b"0")
        assert (over.status, over.error["code"]) == (413, "PAYLOAD_TOO_LARGE")
        assert over.error["param"] == "source.data"
        huge = await post(bytes(3_020_000))
        assert (huge.status, huge.error["code"]) == (413, "PAYLOAD_TOO_LARGE")
        # What is not the file is as small as in any other body.
        values = b'{"source":{"type":"base64","data":[' + b"[]," * 1_000_000 + b"0]}}"
        many = await house.ask(
            "POST", f"/v1/projects/{prj}/pictures", key=me, data=io.BytesIO(values),
            headers={"Content-Type": "application/json"},
        )  # fmt: skip
        assert (many.status, many.error["code"]) == (413, "PAYLOAD_TOO_LARGE")
        assert "Beside a file" in many.error["message"]
        # Other routes keep their own bound.
        named = await house.ask("POST", "/v1/projects", key=me, json={"name": "x" * 20_000})
        assert named.status == 413


def test_a_long_text_is_decoded_as_a_short_one() -> None:
    data = bytes(range(256)) * 12_288  # Several pieces.
    text = base64.b64encode(data + b"12").decode()
    assert decode_file(text) == decode_file(f"data:image/jpeg;base64,{text}") == data + b"12"
    middle = 4 * 262_144
    for wrong in (
        text[: middle - 2] + "==" + text[middle:], text[: middle - 1] + text[middle:],
        text[:-1], text + "QQ==", text[:middle] + "\n" + text[middle:],
    ):  # fmt: skip
        with pytest.raises(ValidationFailed, match="not valid base64"):
            decode_file(wrong)


@pytest.mark.parametrize(
    ("words", "field", "problem"),
    [
        ({"scene_type": "interor"}, "scene_type", "did you mean `interior`"),
        ({"scene_type": "interior", "scene_location": "livingroom"}, "scene_location",
         "did you mean `living_room`"),
        ({"scene_location": "living_room"}, "scene_location", "needs a `scene_type`"),
        ({"alias": "@last"}, "alias", ""),
        ({"webhook_url": "http://a.example/hook"}, "webhook_url", "https"),
        ({"focal_point": {"x": 2, "y": 0}}, "focal_point.x", ""),
        ({"meta": {"a": "x" * 20_000}}, "meta", "bytes"),
    ],
)  # fmt: skip
async def test_wrong_words_about_a_picture_are_refused_by_name(
    idle_house: House, words: dict, field: str, problem: str
) -> None:
    me = await idle_house.tenant()
    prj = await project(idle_house, me)
    made = await adding(idle_house, me, prj, of_bytes(JPEG), **words)
    assert made.status == 422, made.body
    assert made.error["details"][0]["field"] == field
    assert problem in made.error["message"]
    assert await events(idle_house, me, "image") == []


async def test_a_focal_point_in_a_form_is_checked(idle_house: House) -> None:
    me = await idle_house.tenant()
    prj = await project(idle_house, me)
    for text in ("0.5", '{"x": 0.5}', '{"x": 7, "y": 0}'):
        made = await sending(idle_house, me, prj, JPEG, focal_point=text)
        assert (made.status, made.error["param"]) == (422, "focal_point"), made.body


async def test_an_image_of_the_library_is_taken_over_as_an_original(house: House) -> None:
    me = await house.tenant()
    prj = await project(house, me)
    drawn = await house.picture(me, "a red fox", alias="@fox")
    image = drawn["images"][0]
    made = await adding(house, me, prj, {"type": "image", "image": image["id"]}, alias="@hero")
    assert made.status == 201, made.body
    picture = made.json
    assert picture["id"] != image["id"]
    assert (picture["sha256"], picture["parent_id"]) == (image["sha256"], image["id"])
    assert (picture["version"], picture["root_id"]) == (0, picture["id"])
    # By its URL, and by its name, which is one of the project then.
    by_url = await adding(house, me, prj, {"type": "url", "url": image["url"]})
    assert (by_url.status, by_url.json["sha256"]) == (201, image["sha256"])
    by_name = await adding(house, me, prj, {"type": "image", "image": "@hero"})
    assert by_name.json["parent_id"] == picture["id"]
    # A name that only the organization's own images have is found as well, not by a bound key.
    by_fox = await adding(house, me, prj, {"type": "image", "image": "@Fox"})
    assert (by_fox.status, by_fox.json["parent_id"]) == (201, image["id"]), by_fox.body
    bound = await house.tenant(organization_id=me.organization_id, project_id=prj)
    unseen = await adding(house, bound, prj, {"type": "image", "image": "@fox"})
    assert (unseen.status, unseen.error["param"]) == (422, "source.image")
    # Neither is gone with the other.
    assert (await house.ask("DELETE", f"/v1/images/{image['id']}", key=me)).status == 204
    assert (await look(house, me, picture["id"]))["status"] == "completed"


async def test_the_same_key_gives_the_same_picture(house: House) -> None:
    me = await house.tenant()
    prj = await project(house, me)
    once = {"Idempotency-Key": "k1"}
    first = await adding(house, me, prj, of_bytes(JPEG), headers=once)
    again = await adding(house, me, prj, of_bytes(JPEG), headers=once)
    assert (again.status, again.json) == (201, first.json)
    assert again.headers["Idempotent-Replayed"] == "true"
    other = await adding(house, me, prj, of_bytes(images.file("png", 9, 9)), headers=once)
    assert (other.status, other.error["code"]) == (422, "IDEMPOTENCY_MISMATCH")
    assert (await house.ask("GET", f"/v1/projects/{prj}/pictures", key=me)).json["total"] == 1


async def test_a_name_in_use_moves_or_is_refused(house: House) -> None:
    me = await house.tenant()
    prj = await project(house, me)
    first = await add(house, me, prj, alias="@hero")
    second = await add(house, me, prj, alias="@hero")
    assert second["alias_moved_from"] == first["id"]
    kept = await adding(
        house, me, prj, of_bytes(JPEG), alias="@hero", headers={"If-None-Match": "*"}
    )
    assert (kept.status, kept.error["code"]) == (409, "ALIAS_TAKEN")
    # The same name in another project is another name.
    other = await add(house, me, await project(house, me), alias="@hero")
    assert other["alias_moved_from"] is None


async def test_projects_pictures_and_keys_of_others_are_not_found(house: House) -> None:
    me, other = await house.tenant(), await house.tenant()
    prj, second = await project(house, me), await project(house, me)
    picture = await add(house, me, prj)
    bound = await house.tenant(organization_id=me.organization_id, project_id=second)
    for key in (other, bound):
        assert (await adding(house, key, prj, of_bytes(JPEG))).status == 404
        assert (await house.ask("GET", f"/v1/projects/{prj}/pictures", key=key)).status == 404
        assert (await house.ask("GET", f"/v1/pictures/{picture['id']}", key=key)).status == 404
        assert (await house.ask("DELETE", f"/v1/pictures/{picture['id']}", key=key)).status == 404
    assert (await adding(house, bound, second, of_bytes(JPEG))).status == 201
    # An image without a project is no picture.
    image = (await house.upload(me, JPEG)).data["id"]
    assert (await house.ask("GET", f"/v1/pictures/{image}", key=me)).status == 404
    # One that was put into a project by another way is.
    put = (await house.upload(me, JPEG, project_id=prj)).data["id"]
    assert (await look(house, me, put))["version"] == 0


async def test_a_plan_without_projects_has_no_pictures(idle_house: House) -> None:
    me = await idle_house.tenant()
    prj = await project(idle_house, me)
    async with idle_house.database.transaction() as tx:
        await tx.execute(
            "UPDATE organizations SET features = '{-projects}' WHERE id = $1", me.organization_id
        )
        await tx.execute("SELECT pg_notify('tintype', $1)", me.key_id)
    made = await adding(idle_house, me, prj, of_bytes(JPEG))
    assert made.status in {201, 403}
    fresh = await idle_house.tenant(organization_id=me.organization_id)
    made = await adding(idle_house, fresh, prj, of_bytes(JPEG))
    assert (made.status, made.error["details"]["feature"]) == (403, "projects")


async def test_lists_are_filtered_and_paged(house: House) -> None:
    me = await house.tenant()
    prj = await project(house, me)
    rooms = ["living_room", "kitchen", "kitchen"]
    made = [
        (await add(house, me, prj, scene_type="interior", scene_location=room))["id"]
        for room in rooms
    ]
    front = (await add(house, me, prj, scene_type="exterior"))["id"]

    async def listed(query: str) -> list[str]:
        found = await house.ask("GET", f"/v1/projects/{prj}/pictures?{query}", key=me)
        assert found.status == 200, found.body
        return [it["id"] for it in found.json["data"]]

    assert await listed("") == [front, *reversed(made)]
    assert await listed("sceneLocation=kitchen") == [made[2], made[1]]
    assert await listed("scene_type=exterior") == [front]
    for wrong, name in (
        ("scene_type=interor", "interior"), ("scene_location=kichen", "kitchen"),
        ("scene_type=exterior&scene_location=kitchen", "location of interior"),
    ):  # fmt: skip
        refused = await house.ask("GET", f"/v1/projects/{prj}/pictures?{wrong}", key=me)
        assert (refused.status, refused.error["param"]) == (422, wrong.split("&")[-1].split("=")[0])
        assert name in refused.error["message"]
    assert await listed("status=processing") == []
    assert await listed(f"root_id={made[0]}") == [made[0]]
    assert await listed(f"parent_id={made[0]}") == []
    assert await listed("version=0&limit=1") == [front]
    assert await listed(f"limit=2&after={front}") == [made[2], made[1]]
    assert await listed("approval=approved") == []
    wrong = await house.ask("GET", f"/v1/projects/{prj}/pictures?approval=maybe", key=me)
    assert (wrong.status, wrong.error["param"]) == (422, "approval")
    wrong = await house.ask("GET", f"/v1/projects/{prj}/pictures?root_id=abc", key=me)
    assert (wrong.status, wrong.error["param"]) == (422, "root_id")
