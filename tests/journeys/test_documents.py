"""The requests of the two documents that the library's API comes from, as they stand there."""

import pytest

from support import images
from support.house import House

MOUNTS = ("/api/v1", "/v1")


def resource(reply, mount: str):
    return reply.json["data"] if mount == "/api/v1" else reply.json


@pytest.mark.parametrize("mount", MOUNTS)
async def test_every_documented_request_works(house: House, mount: str) -> None:
    me = await house.tenant()

    async def ask(method: str, path: str, **more):
        return await house.ask(method, mount + path, key=me, **more)

    body = {
        "prompt": "A majestic eagle soaring over snow-capped mountains",
        "aspectRatio": "16:9", "alias": "@eagle-hero", "flowAlias": "@hero",
        "autoEnhance": True, "meta": {"tags": ["demo", "nature"]},
    }  # fmt: skip
    made = await ask("POST", "/generations", json=body)
    assert made.status == 202
    generation = resource(made, mount)
    assert made.headers["Location"] == f"{mount}/generations/{generation['id']}"
    assert generation["meta"] == {"tags": ["demo", "nature"]}
    done = resource(
        await ask("GET", f"/generations/{generation['id']}", headers={"Prefer": "wait=30"}), mount
    )
    assert (done["status"], done["images"][0]["alias"]) == ("completed", "@eagle-hero")
    assert done["enhanced_prompt"].startswith(body["prompt"] + ",")
    image, flow = done["image_id"], done["flow_id"]

    second = {"prompt": body["prompt"], "aspectRatio": "16:9", "assignAlias": "@eagle-hero",
              "assignFlowAlias": "@hero", "flowId": flow}  # fmt: skip
    again = resource(
        await ask("POST", "/generations", json=second, headers={"Prefer": "wait=30"}), mount
    )
    assert again["flow_id"] == flow

    listed = await ask("GET", "/generations?limit=20&offset=0&status=success")
    items = listed.json["data"]
    assert [item["id"] for item in items] == [again["id"], done["id"]]

    retried = await ask("POST", f"/generations/{done['id']}/retry")
    assert (retried.status, retried.error["code"]) == (409, "CONFLICT")

    new_flow = await ask("POST", "/flows", json={"meta": {"name": "Product Images Campaign"}})
    assert new_flow.status == 201
    assert len((await ask("GET", "/flows?limit=20&offset=0")).json["data"]) == 2
    found = resource(await ask("GET", f"/flows/{flow}"), mount)
    assert (found["generation_count"], found["image_count"]) == (2, 2)
    assert found["aliases"] == {"@hero": again["image_id"]}
    assert len((await ask("GET", f"/flows/{flow}/generations?limit=20")).json["data"]) == 2
    assert len((await ask("GET", f"/flows/{flow}/images?limit=20")).json["data"]) == 2
    put = await ask("PUT", f"/flows/{flow}/aliases",
                    json={"aliases": {"@hero": image, "@background": again["image_id"]}})  # fmt: skip
    assert resource(put, mount)["aliases"] == {"@hero": image, "@background": again["image_id"]}
    assert (await ask("DELETE", f"/flows/{flow}/aliases/@hero")).status == 204

    uploaded = await _upload(house, me, mount, flow)
    assert uploaded.status == 201
    assert resource(uploaded, mount)["alias"] == "@product-hero"
    generated = await ask("GET", "/images?limit=20&offset=0&source=generated")
    assert len(generated.json["data"]) == 2
    last = resource(await ask("GET", f"/images/resolve/@last?flowId={flow}"), mount)
    assert last["resolved_from"] == "technical"
    assert last["id"] == resource(uploaded, mount)["id"]
    assert resource(await ask("GET", f"/images/{image}"), mount)["width"] == 1408
    changed = resource(await ask("PUT", f"/images/{image}", json={
        "alias": "@new-alias", "focalPoint": {"x": 0.5, "y": 0.3},
        "meta": {"description": "Updated description"}}), mount)  # fmt: skip
    assert changed["focal_point"] == {"x": 0.5, "y": 0.3}
    named = resource(
        await ask("PUT", f"/images/{image}/alias", json={"alias": "@product-hero"}), mount
    )
    assert named["alias_moved_from"] == last["id"]
    assert (await ask("DELETE", f"/images/{image}")).status == 204
    assert (await ask("GET", f"/images/{image}")).status == 404

    assert (await ask("DELETE", f"/flows/{flow}")).status == 204
    kept = resource(await ask("GET", f"/generations/{again['id']}"), mount)
    assert kept["flow_id"] is None
    assert (await ask("DELETE", f"/generations/{again['id']}")).status == 204
    assert (await ask("GET", f"/generations/{again['id']}")).status == 404

    live = "/live?prompt=грузовик едет по горной дороге&aspectRatio=16:9"
    first, repeat = await ask("GET", live), await ask("GET", live)
    assert [r.headers["X-Cache-Status"] for r in (first, repeat)] == ["MISS", "HIT"]
    assert first.body == repeat.body
    assert images.opened(first.body).width == 1408


async def _upload(house: House, me, mount: str, flow: str):
    boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
    lines = [
        f"--{boundary}", 'Content-Disposition: form-data; name="file"; filename="image.png"',
        "Content-Type: image/png", "",
    ]  # fmt: skip
    rest = [
        "", f"--{boundary}", 'Content-Disposition: form-data; name="alias"', "", "@product-hero",
        f"--{boundary}", 'Content-Disposition: form-data; name="flowId"', "", flow,
        f"--{boundary}--", "",
    ]  # fmt: skip
    picture = images.file("png", 64, 48)
    body = "\r\n".join(lines).encode() + b"\r\n" + picture + "\r\n".join(rest).encode()
    return await house.ask("POST", f"{mount}/images/upload", key=me, data=body, headers={
        "Content-Type": f"multipart/form-data; boundary={boundary}"})  # fmt: skip
