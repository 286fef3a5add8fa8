"""What a project has, and how it is changed, on both mounts."""

from pathlib import Path

import pytest

from support import images as pictures
from support.house import House
from support.own_files import SHIPPED, own_file
from tintype.core import ids

PNG = pictures.file("png")
# As the source of this part of the API sends it, word for word.
LISTING = {
    "name": "Gdynia apartment campaign",
    "output": "picture",
    "picture_aspect_ratio": "16:9",
    "picture_resolution": "2K",
}
BRANDING = {
    "name": "Nordic Homes",
    "colors": {"primary": "#1A2b3c", "accent": None},
    "logo_image_id": None,
    "website": "https://nordic.example/homes",
    "contact": "Anna Nowak · anna@nordic.example",
}


@pytest.mark.parametrize("mount", ["/api/v1", "/v1"])
async def test_the_documented_request_makes_a_draft(idle_house: House, mount: str) -> None:
    me = await idle_house.tenant()
    made = await idle_house.ask(
        "POST", f"{mount}/projects", json=LISTING,
        headers={"Authorization": f"Bearer {me.key}", "Idempotency-Key": "0f1e"},
    )  # fmt: skip
    assert made.status == 201
    project = made.data if mount == "/api/v1" else made.json
    assert project["id"].startswith("prj_")
    assert {name: project[name] for name in LISTING} == LISTING
    assert (project["status"], project["public_url"], project["published_at"]) == (
        "draft", None, None,
    )  # fmt: skip
    assert (project["branding"], project["consistency_image_id"], project["meta"]) == (
        None, None, {},
    )  # fmt: skip


async def test_a_change_names_what_changes_and_null_clears(idle_house: House) -> None:
    me = await idle_house.tenant()
    image = (await idle_house.upload(me, PNG)).data["id"]
    body = {"name": "A", "output": "video", "pictureAspectRatio": "4:5", "picture_resolution": "4K",
            "consistency_image_id": image, "branding": BRANDING | {"logo_image_id": image},
            "meta": {"listing": 4812}}  # fmt: skip
    made = (await idle_house.ask("POST", "/v1/projects", key=me, json=body)).json
    assert made["branding"] == BRANDING | {"logo_image_id": image}
    assert made["consistency_image_id"] == image
    place = f"/v1/projects/{made['id']}"
    for change in (
        {"name": "B"}, {"output": "picture"}, {"picture_aspect_ratio": None},
        {"picture_resolution": "1K"}, {"branding": {"colors": {"accent": "#ffffff"}}},
        {"meta": {}}, {"consistency_image_id": None}, {"branding": None}, {},
    ):  # fmt: skip
        before = (await idle_house.ask("GET", place, key=me)).json
        changed = await idle_house.ask("PATCH", place, key=me, json=change)
        assert changed.status == 200, changed.body
        expected = before | change | {"updated_at": changed.json["updated_at"]}
        if change.get("branding"):
            blank = dict.fromkeys(BRANDING)
            expected["branding"] = blank | {"colors": {"primary": None, "accent": "#ffffff"}}
        assert changed.json == expected
        assert changed.json["updated_at"] > before["updated_at"]
        assert (await idle_house.ask("GET", place, key=me)).json == changed.json


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": None}, "name"),
        ({"name": "  "}, "name"),
        ({"output": "song"}, "output"),
        ({"output": None}, "output"),
        ({"picture_aspect_ratio": "17:9"}, "picture_aspect_ratio"),
        ({"picture_aspect_ratio": ""}, "picture_aspect_ratio"),
        ({"picture_resolution": "8K"}, "picture_resolution"),
        ({"picture_resolution": "720p"}, "picture_resolution"),
        ({"consistency_image_id": "img_x"}, "consistency_image_id"),
        ({"consistency_image_id": ids.new("img")}, "consistency_image_id"),
        ({"meta": None}, "meta"),
        ({"meta": {"x": "y" * 17_000}}, "meta"),
        ({"branding": {"name": " "}}, "branding.name"),
        ({"branding": {"contact": "\n"}}, "branding.contact"),
        ({"branding": {"colour": "#fff"}}, "branding.colour"),
        ({"branding": {"colors": {"primary": "#fff"}}}, "branding.colors.primary"),
        ({"branding": {"colors": {"primary": "red"}}}, "branding.colors.primary"),
        ({"branding": {"colors": {"primary": "#12345g"}}}, "branding.colors.primary"),
        ({"branding": {"website": "javascript:alert(1)"}}, "branding.website"),
        ({"branding": {"website": "data:text/html,x"}}, "branding.website"),
        ({"branding": {"website": "//nordic.example"}}, "branding.website"),
        ({"branding": {"website": "https://a b"}}, "branding.website"),
        ({"branding": {"website": "https://me:pw@nordic.example"}}, "branding.website"),
        ({"branding": {"logo_image_id": "@logo"}}, "branding.logo_image_id"),
        ({"branding": {"logo_image_id": ids.new("img")}}, "branding.logo_image_id"),
        ({"status": "published"}, "status"),
        ({"public_url": "https://x.example"}, "public_url"),
    ],
)
async def test_what_a_project_can_not_have_is_refused_by_field(
    idle_house: House, change, field: str
) -> None:
    me = await idle_house.tenant()
    made = (await idle_house.ask("POST", "/v1/projects", key=me, json=LISTING)).json
    answer = await idle_house.ask("PATCH", f"/v1/projects/{made['id']}", key=me, json=change)
    assert (answer.status, answer.json["error"]["param"]) == (422, field), answer.body
    again = await idle_house.ask("POST", "/v1/projects", key=me, json={"name": "A"} | change)
    assert (again.status, again.json["error"]["param"]) == (422, field)
    seen = await idle_house.ask("GET", f"/v1/projects/{made['id']}", key=me)
    assert seen.json == made


async def test_images_of_others_and_deleted_ones_are_no_ones_logo(idle_house: House) -> None:
    me, other = await idle_house.tenant(), await idle_house.tenant()
    mine = (await idle_house.upload(me, PNG)).data["id"]
    theirs = (await idle_house.upload(other, PNG)).data["id"]
    gone = (await idle_house.upload(me, PNG)).data["id"]
    assert (await idle_house.ask("DELETE", f"/v1/images/{gone}", key=me)).status == 204
    project = (await idle_house.ask("POST", "/v1/projects", key=me, json={"name": "P"})).json["id"]
    inside = (await idle_house.upload(me, PNG, project_id=project)).data["id"]
    place = f"/v1/projects/{project}"
    for image, status in ((mine, 200), (inside, 200), (theirs, 422), (gone, 422)):
        for change, field in (
            ({"consistency_image_id": image}, "consistency_image_id"),
            ({"branding": {"logo_image_id": image}}, "branding.logo_image_id"),
        ):
            answer = await idle_house.ask("PATCH", place, key=me, json=change)
            assert answer.status == status, (image, answer.body)
            assert status == 200 or answer.json["error"]["param"] == field
    bound = await idle_house.tenant(organization_id=me.organization_id, project_id=project)
    for image, status in ((inside, 200), (mine, 422)):
        answer = await idle_house.ask(
            "PATCH", place, key=bound, json={"consistency_image_id": image}
        )
        assert answer.status == status


async def test_the_list_is_filtered(idle_house: House) -> None:
    me = await idle_house.tenant()
    for name, output in (("Sea 100%", "picture"), ("Sea view", "video"), ("Attic", "video")):
        body = {"name": name, "output": output}
        assert (await idle_house.ask("POST", "/v1/projects", key=me, json=body)).status == 201
    for query, names in (
        ("q=sea", ["Sea view", "Sea 100%"]), ("q=100%25", ["Sea 100%"]), ("q=_ea", []),
        ("output=video", ["Attic", "Sea view"]), ("status=draft&output=picture", ["Sea 100%"]),
        ("status=published", []), ("limit=1&q=SEA", ["Sea view"]),
    ):  # fmt: skip
        listed = await idle_house.ask("GET", f"/v1/projects?{query}", key=me)
        assert [item["name"] for item in listed.json["data"]] == names, query
    for query, field in (("output=song", "output"), ("status=new", "status"), ("q=", "q"),
                         ("name=a", "name")):  # fmt: skip
        listed = await idle_house.ask("GET", f"/v1/projects?{query}", key=me)
        assert (listed.status, listed.json["error"]["param"]) == (422, field)


async def test_ratios_and_resolutions_are_those_of_the_operators_catalogue(
    idle_house: House, tmp_path: Path
) -> None:
    me = await idle_house.tenant()
    own = SHIPPED.replace('"2:1" = "panorama"', '"7:5" = "album"')
    assert own != SHIPPED
    with own_file("catalog", tmp_path / "catalog.toml", own):
        for ratio, status in (("7:5", 201), ("2:1", 422)):
            body = {"name": "P", "picture_aspect_ratio": ratio}
            answer = await idle_house.ask("POST", "/v1/projects", key=me, json=body)
            assert answer.status == status, answer.body
