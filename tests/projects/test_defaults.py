"""What work in a project takes from it where a request leaves it out."""

import pytest

from support import images as pictures
from support.house import House

PNG = pictures.file("png")
ROUTES = ("/generations", "/generate/image", "/images/generate")


async def project_of(house: House, me, **fields) -> str:
    made = await house.ask("POST", "/v1/projects", key=me, json={"name": "P"} | fields)
    assert made.status == 201, made.body
    return made.json["id"]


async def made(house: House, me, path: str, **body):
    answer = await house.ask(
        "POST", f"/v1{path}", key=me, json={"prompt": "a red mug"} | body,
        headers={"Prefer": "respond-async"},
    )  # fmt: skip
    assert answer.status == 202, answer.body
    work = answer.json.get("job_id") or answer.json["id"]
    found = (await house.ask("GET", f"/v1/generations/{work}", key=me)).json
    return found["aspect_ratio"], found["resolution"], found["width"], found["height"]


@pytest.mark.parametrize("path", ROUTES)
async def test_the_projects_ratio_and_resolution_apply_and_the_requests_own_win(
    idle_house: House, path: str
) -> None:
    me = await idle_house.tenant()
    wide = await project_of(idle_house, me, picture_aspect_ratio="16:9", picture_resolution="2K")
    plain = await project_of(idle_house, me)
    half = await project_of(idle_house, me, picture_resolution="2K")
    for body, expected in (
        ({}, ("1:1", "1K")),
        ({"project_id": plain}, ("1:1", "1K")),
        ({"project_id": half}, ("1:1", "2K")),
        ({"project_id": wide}, ("16:9", "2K")),
        ({"project_id": wide, "aspect_ratio": "4:5"}, ("4:5", "2K")),
        ({"project_id": wide, "resolution": "1K"}, ("16:9", "1K")),
        ({"project_id": wide, "aspect_ratio": "1:1", "resolution": "1K"}, ("1:1", "1K")),
        ({"project_id": wide, "aspect_ratio": None, "resolution": None}, ("16:9", "2K")),
    ):
        assert (await made(idle_house, me, path, **body))[:2] == expected, body
    bound = await idle_house.tenant(organization_id=me.organization_id, project_id=wide)
    assert (await made(idle_house, bound, path))[:2] == ("16:9", "2K")


async def test_a_sketch_takes_them_and_a_film_has_its_own(idle_house: House) -> None:
    me = await idle_house.tenant()
    image = (await idle_house.upload(me, PNG)).data["id"]
    wide = await project_of(idle_house, me, picture_aspect_ratio="4:5", picture_resolution="2K")
    inside = {"project_id": wide, "image": image}
    assert (await made(idle_house, me, "/sketch-to-photo", **inside))[:2] == ("4:5", "2K")
    assert (await made(idle_house, me, "/sketch-to-photo", image=image))[:2] == ("1:1", "1K")
    assert (await made(idle_house, me, "/generate/video", **inside))[:2] == ("16:9", "720p")


async def test_a_flow_brings_its_project(idle_house: House) -> None:
    me = await idle_house.tenant()
    wide = await project_of(idle_house, me, picture_aspect_ratio="3:2")
    flow = (await idle_house.ask("POST", "/v1/flows", key=me, json={"project_id": wide})).json["id"]
    assert (await made(idle_house, me, "/generations", flow_id=flow))[:2] == ("3:2", "1K")


async def test_the_price_is_that_of_the_projects_size(idle_house: House) -> None:
    me = await idle_house.tenant()
    big = await project_of(idle_house, me, picture_resolution="2K", picture_aspect_ratio="16:9")
    quotes = [
        (await idle_house.ask(
            "POST", "/v1/generations", key=me, json={"prompt": "a fox", "dry_run": True} | more
        )).json
        for more in ({"project_id": big}, {"aspect_ratio": "16:9", "resolution": "2K"})
    ]  # fmt: skip
    assert quotes[0]["credits"] == quotes[1]["credits"]
    assert quotes[0]["size"] == quotes[1]["size"]


async def test_a_change_of_the_project_touches_no_work_that_was_accepted(
    idle_house: House,
) -> None:
    me = await idle_house.tenant()
    project = await project_of(idle_house, me, picture_aspect_ratio="16:9")
    body = {"prompt": "a fox", "project_id": project}
    begun = (await idle_house.ask("POST", "/v1/generations", key=me, json=body)).json
    await idle_house.ask(
        "PATCH", f"/v1/projects/{project}", key=me, json={"picture_aspect_ratio": "1:1"}
    )
    await idle_house.ask("POST", f"/v1/generations/{begun['id']}/cancel", key=me)
    again = await idle_house.ask("POST", f"/v1/generations/{begun['id']}/retry", key=me)
    assert again.json["aspect_ratio"] == "16:9"


async def test_a_default_that_the_model_can_not_make_is_refused_as_the_projects(
    idle_house: House,
) -> None:
    me = await idle_house.tenant()
    image = (await idle_house.upload(me, PNG)).data["id"]
    big = await project_of(idle_house, me, picture_resolution="4K")
    body = {"prompt": "a mug", "image": image, "project_id": big}
    refused = await idle_house.ask("POST", "/v1/sketch-to-photo", key=me, json=body)
    assert (refused.status, refused.json["error"]["param"]) == (422, "project_id")
    assert "picture_resolution is 4K" in refused.json["error"]["message"]
    own = await idle_house.ask(
        "POST", "/v1/sketch-to-photo", key=me, json=body | {"resolution": "4K"}
    )
    assert (own.status, own.json["error"]["param"]) == (422, "resolution")
    assert (await made(idle_house, me, "/sketch-to-photo", **body, resolution="2K"))[1] == "2K"


async def test_items_of_a_bulk_take_them_one_by_one(idle_house: House) -> None:
    me = await idle_house.tenant()
    wide = await project_of(idle_house, me, picture_aspect_ratio="16:9", picture_resolution="2K")
    made_ = await idle_house.ask(
        "POST", "/v1/generate/bulk", key=me,
        json={"items": [{"prompt": "a"}, {"prompt": "b", "project_id": wide},
                        {"prompt": "c", "project_id": wide, "aspect_ratio": "1:1"}]},
    )  # fmt: skip
    assert made_.status == 202, made_.body
    listed = await idle_house.ask("GET", f"/v1/generations?batch_id={made_.json['id']}", key=me)
    found = {it["prompt"]: (it["aspect_ratio"], it["resolution"]) for it in listed.json["data"]}
    assert found == {"a": ("1:1", "1K"), "b": ("16:9", "2K"), "c": ("1:1", "2K")}


async def test_the_reference_says_that_they_may_be_left_out(idle_house: House) -> None:
    shapes = (await idle_house.ask("GET", "/openapi.json")).json["components"]["schemas"]
    for name in ("CreateGeneration", "GenerateImage", "GenerateImageJob", "SketchToPhoto"):
        for field in ("aspect_ratio", "resolution"):
            assert shapes[name]["properties"][field]["default"] is None, (name, field)
    for name in ("CreateGeneration", "GenerateImageJob", "SketchToPhoto"):
        told = " ".join(shapes[name]["description"].split())
        assert "the project's, else 1:1 and 1K" in told, name
