"""Uploads over HTTP: what is taken in, what is kept apart, and the matrix's rows 51 to 58."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from support import images as pictures
from support.house import House, Tenant, opened, settings_for

PNG = pictures.file("png")
MOUNTS = ("/api/v1", "/v1")


def resource(reply: Any, mount: str) -> Any:
    return reply.json["data"] if mount == "/api/v1" else reply.json


def stored(house: House, folder: str) -> list[Path]:
    root = house.settings.folder / "media" / folder
    return sorted(path for path in root.rglob("*") if path.is_file())


async def master(house: House, image: Any) -> bytes:
    path = image["url"].removeprefix(house.settings.public_url)
    reply = await house.ask("GET", path)
    assert reply.status == 200
    return reply.body


@pytest.mark.parametrize("mount", MOUNTS)
async def test_an_upload_with_every_field(idle_house: House, mount: str) -> None:
    me = await idle_house.tenant()
    project = (await idle_house.ask("POST", "/v1/projects", key=me, json={"name": "P"})).json["id"]
    form = aiohttp.FormData()
    form.add_field("file", PNG, filename="fox.png", content_type="image/png")
    for name, value in (("alias", "@Fox"), ("flowAlias", "@fox"), ("projectId", project),
                        ("meta", '{"tags": ["a"], "camelKey": 1}')):  # fmt: skip
        form.add_field(name, value)
    reply = await idle_house.ask("POST", f"{mount}/images/upload", key=me, data=form)
    assert reply.status == 201
    image = resource(reply, mount)
    assert reply.headers["Location"] == f"{mount}/images/{image['id']}"
    assert (image["source"], image["status"], image["format"]) == ("uploaded", "completed", "png")
    assert (image["width"], image["height"], image["alias"]) == (64, 48, "@fox")
    assert image["project_id"] == project
    assert image["meta"] == {"filename": "fox.png", "tags": ["a"], "camelKey": 1}
    flow = (await idle_house.ask("GET", f"/v1/flows/{image['flow_id']}", key=me)).json
    assert flow["aliases"] == {"@fox": image["id"]}
    assert flow["project_id"] == project
    found = await idle_house.ask("GET", f"{mount}/images/{image['id']}", key=me)
    assert resource(found, mount) == {k: v for k, v in image.items() if k != "alias_moved_from"}
    body = await master(idle_house, image)
    assert len(body) == image["bytes"]
    events = (await idle_house.ask("GET", "/v1/events?type=image.uploaded", key=me)).json["data"]
    assert [event["data"]["id"] for event in events] == [image["id"]]


async def test_an_upload_into_a_flow_belongs_to_its_project(idle_house: House) -> None:
    me = await idle_house.tenant()
    project = (await idle_house.ask("POST", "/v1/projects", key=me, json={"name": "P"})).json["id"]
    body = {"project_id": project}
    flow = (await idle_house.ask("POST", "/v1/flows", key=me, json=body)).json["id"]
    image = (await idle_house.upload(me, PNG, flowId=flow)).data
    assert (image["flow_id"], image["project_id"]) == (flow, project)
    other = (await idle_house.ask("POST", "/v1/projects", key=me, json={"name": "Q"})).json["id"]
    refused = await idle_house.upload(me, PNG, flow_id=flow, project_id=other)
    assert (refused.status, refused.error["details"][0]["field"]) == (422, "project_id")
    assert (await idle_house.upload(me, PNG, flow_id="flw_zzz")).error["details"][0]["field"] == (
        "flow_id"
    )


async def test_the_same_bytes_twice_are_two_images_and_one_object(idle_house: House) -> None:
    me, other = await idle_house.tenant(), await idle_house.tenant()
    first, second = await asyncio.gather(idle_house.upload(me, PNG), idle_house.upload(me, PNG))
    assert first.data["id"] != second.data["id"]
    assert first.data["sha256"] == second.data["sha256"]
    assert (len(stored(idle_house, "masters")), len(stored(idle_house, "originals"))) == (1, 1)
    await idle_house.ask("DELETE", f"/v1/images/{first.data['id']}", key=me)
    assert await master(idle_house, second.data)
    # Another organization's copy is its own object: nobody learns what others have.
    await idle_house.upload(other, PNG)
    assert len(stored(idle_house, "masters")) == 2


async def test_58_orientation_is_applied_and_metadata_is_gone(idle_house: House) -> None:
    me = await idle_house.tenant()
    sent = pictures.turned(6)
    assert b"Secretcam" in sent
    image = (await idle_house.upload(me, sent)).data
    assert (image["width"], image["height"]) == (64, 48)
    body = await master(idle_house, image)
    assert pictures.looks_upright(pictures.opened(body))
    for word in (b"Secretcam", b"GPS", b"Exif", b"xmpmeta"):
        assert word not in body
    # The file as it came is kept, under a path that nothing serves.
    (original,) = stored(idle_house, "originals")
    assert original.read_bytes() == sent
    inside = original.relative_to(idle_house.settings.folder / "media")
    for path in (f"/media/{inside}", f"/media/images/{inside}", f"/media/images/..%2f{inside}"):
        assert (await idle_house.ask("GET", path)).status == 404
    script = PNG + b"<script>alert(1)</script>"
    image = (await idle_house.upload(me, script)).data
    assert b"script" not in await master(idle_house, image)


async def form(house: House, me: Tenant, *parts: tuple[str, Any, str | None]) -> Any:
    data = aiohttp.FormData()
    for name, value, filename in parts:
        data.add_field(name, value, filename=filename)
    if not any(filename for _, _, filename in parts):
        data.add_field("x", b"", filename="")  # Makes aiohttp send multipart.
    return await house.ask("POST", "/api/v1/images/upload", key=me, data=data)


async def raw(house: House, me: Tenant, body: bytes, content_type: str) -> Any:
    return await house.ask(
        "POST", "/api/v1/images/upload", key=me, data=body, headers={"Content-Type": content_type}
    )


async def test_51_forms_that_hold_no_single_file(idle_house: House) -> None:
    me = await idle_house.tenant()
    kind = "multipart/form-data; boundary=b"
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    whole = part + PNG + b"\r\n--b--\r\n"
    assert (await raw(idle_house, me, whole, kind)).status == 201
    text_only = b'--b\r\nContent-Disposition: form-data; name="alias"\r\n\r\n@a\r\n--b--\r\n'
    field = b'\r\n--b\r\nContent-Disposition: form-data; name="meta"\r\n\r\n'
    answers = {
        "no file": (await raw(idle_house, me, text_only, kind), 422, "file"),
        "empty file": (await form(idle_house, me, ("file", b"", "a.png")), 422, "file"),
        "two files": (
            await form(idle_house, me, ("file", PNG, "a.png"), ("file", PNG, "b.png")), 422, "file"),
        "another name": (await form(idle_house, me, ("picture", PNG, "a.png")), 422, "picture"),
        "no boundary": (await raw(idle_house, me, whole, "multipart/form-data"), 400, None),
        "wrong boundary": (
            await raw(idle_house, me, whole, "multipart/form-data; boundary=zzz"), 400, None),
        "cut short": (await raw(idle_house, me, whole[:-40], kind), 400, None),
        "no body": (await raw(idle_house, me, b"", kind), 400, None),
        "1,001 parts": (
            await raw(idle_house, me, text_only[:-7] * 1001 + b"--b--\r\n", kind), 413, None),
        "JSON": (await raw(idle_house, me, b"{}", "application/json"), 415, None),
        "bad meta": (await raw(
            idle_house, me, part + PNG + field + b"{\r\n--b--\r\n", kind), 422, "meta"),
        "list meta": (await raw(
            idle_house, me, part + PNG + field + b"[]\r\n--b--\r\n", kind), 422, "meta"),
        "long meta": (await raw(
            idle_house, me, part + PNG + field + b'{"a":"' + b"x" * 16_384 + b'"}\r\n--b--\r\n',
            kind), 422, "meta"),
        "unknown field": (await idle_house.upload(me, PNG, flwAlias="@a"), 422, "flwAlias"),
    }  # fmt: skip
    for name, (answer, status, at) in answers.items():
        assert answer.status == status, (name, answer.body)
        if at is not None:
            assert answer.error["details"][0]["field"] == at, name
    assert (await idle_house.ask("GET", "/v1/images", key=me)).json["total"] == 1


async def test_52_a_files_name_never_becomes_a_path(idle_house: House) -> None:
    me = await idle_house.tenant()

    async def send(name: bytes) -> Any:
        head = (
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="' + name + b'"\r\n\r\n'
        )
        body = head + PNG + b"\r\n--b--\r\n"
        return await raw(idle_house, me, body, "multipart/form-data; boundary=b")

    for name, kept in (
        (b"../../etc/x.png", "x.png"), (b"C:\\a\\b.png", "b.png"), (b"n" * 3000, "n" * 255),
        ("Größe 猫.png".encode(), "Größe 猫.png"), (b"\x7fx\x1f.png", "x.png"),
    ):  # fmt: skip
        answer = await send(name)
        assert (answer.status, answer.data["meta"]) == (201, {"filename": kept}), name
    for name in (b"../../etc/x\x00.png", b"n" * 5000, b"\xff\xfe.png"):
        answer = await send(name)
        assert answer.status in {201, 400, 413}, answer.body
        if answer.status == 201:
            assert answer.data["meta"]["filename"] in {"x.png", "n" * 255}


async def test_53_a_file_over_the_limit_is_refused_however_it_is_sent(
    database_url: str, tmp_path: Path
) -> None:
    settings = settings_for(database_url, tmp_path, media={"upload_bytes_max": 20_000})
    async with opened(settings, with_worker=False) as house:
        me = await house.tenant()
        large = pictures.file("png", 600, 400) + bytes(60_000)
        assert (await house.upload(me, large)).status == 413

        async def endless():
            yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
            for _ in range(1000):
                yield bytes(100_000)

        answer = await raw(house, me, endless(), "multipart/form-data; boundary=b")
        assert (answer.status, answer.error["code"]) == (413, "PAYLOAD_TOO_LARGE")
        assert (await house.upload(me, PNG)).status == 201


async def test_54_what_is_no_picture_is_415_whatever_its_name(idle_house: House) -> None:
    me = await idle_house.tenant()
    for name, data in pictures.not_pictures().items():
        answer = await idle_house.upload(me, data)
        assert (answer.status, answer.error["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE"), name
    assert stored(idle_house, "masters") == []


async def test_55_bombs_are_judged_by_their_header(idle_house: House) -> None:
    me = await idle_house.tenant()
    for data in (
        pictures.png_bomb(30_000), pictures.webp_header(16_383, 16_383),
        pictures.PNG_SIGNATURE + pictures.png_header(100_000, 100_000),
    ):  # fmt: skip
        answer = await idle_house.upload(me, data)
        assert (answer.status, answer.error["details"][0]["field"]) == (422, "file")


async def test_56_57_odd_pictures(idle_house: House) -> None:
    me = await idle_house.tenant()
    for kind in ("png", "webp", "avif"):
        answer = await idle_house.upload(me, pictures.animation(kind))
        assert (answer.status, answer.data["height"]) == (201, 48), kind
    jpeg = pictures.file("jpeg", 200, 150)
    for data in (jpeg[: len(jpeg) // 2], pictures.flipped(PNG, len(PNG) // 2)):
        answer = await idle_house.upload(me, data)
        assert (answer.status, answer.error["details"][0]["field"]) == (422, "file")
    deep = pictures.picture().cast("ushort") * 257
    deep = deep.cast("ushort").copy(interpretation="rgb16")
    cmyk = pictures.picture().icc_transform("cmyk", input_profile="srgb")
    for data in (
        deep.pngsave_buffer(), cmyk.jpegsave_buffer(), pictures.file("png", 1, 1),
        pictures.file("png", 1, 50_000),
    ):  # fmt: skip
        answer = await idle_house.upload(me, data)
        assert answer.status == 201, answer.body
        kept = pictures.opened(await master(idle_house, answer.data))
        assert (kept.format, kept.interpretation) == ("uchar", "srgb")


async def test_a_refused_name_stores_nothing(idle_house: House) -> None:
    me = await idle_house.tenant()
    for fields in ({"alias": "@last"}, {"flow_alias": "hero"}, {"alias": "@é"}):
        assert (await idle_house.upload(me, PNG, **fields)).status == 422
    assert stored(idle_house, "masters") == []


async def test_a_name_in_use_is_refused_only_on_request(idle_house: House) -> None:
    me = await idle_house.tenant()
    first = (await idle_house.upload(me, PNG, alias="@hero")).data["id"]
    data = aiohttp.FormData()
    data.add_field("file", PNG, filename="a.png")
    data.add_field("alias", "@HERO")
    answer = await idle_house.ask(
        "POST", "/api/v1/images/upload", key=me, data=data, headers={"If-None-Match": "*"}
    )
    assert (answer.status, answer.error["code"]) == (409, "ALIAS_TAKEN")
    assert (await idle_house.ask("GET", "/v1/images", key=me)).json["total"] == 1
    assert (await idle_house.upload(me, PNG, alias="@HERO")).data["alias_moved_from"] == first


async def test_an_upload_is_taken_once_per_idempotency_key(idle_house: House) -> None:
    me = await idle_house.tenant()

    async def send(data: bytes) -> Any:
        body = aiohttp.FormData()
        body.add_field("file", data, filename="a.png")
        return await idle_house.ask(
            "POST", "/v1/images/upload", key=me, data=body, headers={"Idempotency-Key": "k"}
        )

    first, again = await send(PNG), await send(PNG)
    assert (first.status, again.status) == (201, 201)
    assert first.json == again.json
    assert again.headers["Idempotent-Replayed"] == "true"
    other = await send(pictures.file("png", 10, 10))
    assert (other.status, other.json["error"]["code"]) == (422, "IDEMPOTENCY_MISMATCH")
    assert (await idle_house.ask("GET", "/v1/images", key=me)).json["total"] == 1
