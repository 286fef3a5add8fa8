"""GET /catalog/actions, /scene-types and /formats, on both mounts."""

from pathlib import Path

import pytest

from support.house import House
from support.images import file
from support.own_files import SHIPPED, own_file
from tintype.catalog.actions import actions, conflicts_of
from tintype.catalog.scenes import scenes
from tintype.media.inspect import Limits, inspect

PATHS = ("actions", "scene-types", "formats")
# A generative model of enhancements, as an operator adds one.
GENERATIVE = """
[[models]]
id = "studio/edit"
name = "Edit"
description = "Edits photos."
engine = "studio"
fidelity = "full"
operations = ["enhancement"]
references_max = 4
variants_max = 4
negative_prompt = true
prompt_characters_max = 4000
credits = { 1K = 7 }
"""


@pytest.mark.parametrize("path", PATHS)
async def test_both_mounts_show_the_same(idle_house: House, path: str) -> None:
    me = await idle_house.tenant()
    bare = (await idle_house.ask("GET", f"/v1/catalog/{path}", key=me)).json
    wrapped = (await idle_house.ask("GET", f"/api/v1/catalog/{path}", key=me)).json
    assert (bare["object"], bare["has_more"], bare["total"]) == ("list", False, len(bare["data"]))
    assert wrapped["data"] == bare["data"]
    assert (await idle_house.ask("GET", f"/v1/catalog/{path}")).status == 401
    other = await idle_house.tenant(scopes=["projects:read"])
    assert (await idle_house.ask("GET", f"/v1/catalog/{path}", key=other)).status == 403


async def actions_of(house: House, me: object, query: str = "") -> list[dict]:
    reply = await house.ask("GET", f"/v1/catalog/actions{query}", key=me)
    assert reply.status == 200, reply.body
    return reply.json["data"]


async def test_each_action_says_what_this_server_makes_of_it(idle_house: House) -> None:
    me = await idle_house.tenant()
    models = (await idle_house.ask("GET", "/v1/catalog/models", key=me)).json["data"]
    default = next(model for model in models if "enhancement" in model["operations"])
    found = await actions_of(idle_house, me)
    assert [one["id"] for one in found] == list(actions().by_id)
    for one in found:
        action = actions().by_id[one["id"]]
        assert set(one) == {
            "id", "group", "group_label", "label", "description", "fidelity", "model", "credits",
            "scene_types", "conflicts",
        }  # fmt: skip
        assert (one["model"], one["credits"]) == (default["id"], default["credits"])
        assert one["fidelity"] == action.fidelity
        assert one["scene_types"] == (action.scene_types or list(scenes()))
        assert one["conflicts"] == conflicts_of(action)
        assert one["group_label"] == actions().groups[action.group].name


async def test_actions_are_filtered(idle_house: House) -> None:
    me = await idle_house.tenant()
    every = await actions_of(idle_house, me)
    for field in ("group", "fidelity"):
        for value in {one[field] for one in every}:
            wanted = [one for one in every if one[field] == value]
            assert await actions_of(idle_house, me, f"?{field}={value}") == wanted
    for query in ("?scene_type=food", "?sceneType=food"):
        food = await actions_of(idle_house, me, query)
        assert food == [one for one in every if "food" in one["scene_types"]]
        assert 0 < len(food) < len(every)
    both = await actions_of(idle_house, me, "?group=declutter&fidelity=full")
    assert both == []


@pytest.mark.parametrize(
    ("query", "field", "told"),
    [
        ("group=interior-stile", "group", "did you mean `interior-style`?"),
        ("group=zzz", "group", "known are interior-style,"),
        ("scene_type=exteriour", "scene_type", "did you mean `exterior`?"),
        ("fidelity=half", "fidelity", "must be one of full, preview"),
        ("grup=sky", "grup", "did you mean `group`?"),
        ("limit=5", "limit", "is not a known"),
        (f"group={'x' * 65}", "group", "at most 64 characters"),
    ],
)
async def test_wrong_filters_are_refused_by_name(
    idle_house: House, query: str, field: str, told: str
) -> None:
    me = await idle_house.tenant()
    reply = await idle_house.ask("GET", f"/api/v1/catalog/actions?{query}", key=me)
    assert reply.status == 422, reply.body
    (detail,) = reply.error["details"]
    assert detail["field"] == field
    assert told in detail["problem"]


async def test_a_generative_default_model_does_them_in_full(
    idle_house: House, tmp_path: Path
) -> None:
    me = await idle_house.tenant()
    head, rest = SHIPPED.split("[[models]]", 1)
    text = f"{head}{GENERATIVE}\n[[models]]{rest}"
    with own_file("catalog", tmp_path / "c.toml", text):
        found = await actions_of(idle_house, me)
        assert {one["fidelity"] for one in found} == {"full"}
        assert all((one["model"], one["credits"]) == ("studio/edit", {"1K": 7}) for one in found)
        sandbox = await idle_house.tenant(livemode=False)
        mine = await actions_of(idle_house, sandbox)
        assert {one["fidelity"] for one in mine} == {"full", "preview"}, "it has built-in ones only"


async def test_without_a_model_for_it_no_price_is_named(idle_house: House, tmp_path: Path) -> None:
    me = await idle_house.tenant()
    head, *models = SHIPPED.split("[[models]]")
    kept = "[[models]]".join([head, *(it for it in models if '"enhancement"' not in it)])
    if "[resolutions]" not in kept:
        kept += SHIPPED[SHIPPED.index("[resolutions]") :]
    with own_file("catalog", tmp_path / "c.toml", kept):
        found = await actions_of(idle_house, me)
        assert all((one["model"], one["credits"]) == (None, {}) for one in found)


async def test_scene_types_have_their_locations(idle_house: House) -> None:
    me = await idle_house.tenant()
    found = (await idle_house.ask("GET", "/v1/catalog/scene-types", key=me)).json["data"]
    assert {one["id"]: {it["id"]: it["label"] for it in one["locations"]} for one in found} == {
        name: scene.locations for name, scene in scenes().items()
    }
    assert found[0]["locations"][0] == {"id": "living_room", "label": "Living room"}


async def test_every_format_is_delivered_as_told(idle_house: House) -> None:
    me = await idle_house.tenant()
    found = (await idle_house.ask("GET", "/v1/catalog/formats", key=me)).json["data"]
    assert [one["id"] for one in found if one["kind"] == "video"] == ["mp4"]
    pictures = [one for one in found if one["kind"] == "image"]
    assert {one["id"] for one in pictures} == {"jpg", "png", "webp", "avif"}
    image = (await idle_house.upload(me, file("png"))).data
    for one in pictures:
        path = f"/media/images/{image['id']}.{one['id']}"
        for fit in one["sizes"]["fits"]:
            reply = await idle_house.ask("GET", f"{path}?w=20&h=12&fit={fit}")
            assert (reply.status, reply.headers["Content-Type"]) == (200, one["media_type"])
            assert inspect(reply.body, Limits()).format in one["media_type"]
        wide = one["sizes"]["side_max"] + 1
        assert (await idle_house.ask("GET", f"{path}?w={wide}&h=2")).status == 422


async def test_the_reference_describes_them(idle_house: House) -> None:
    made = (await idle_house.ask("GET", "/openapi.json")).json
    for mount in ("/v1", "/api/v1"):
        asked = made["paths"][f"{mount}/catalog/actions"]["get"]["parameters"]
        assert {"group", "scene_type", "fidelity"} <= {it["name"] for it in asked}
        for path in PATHS:
            assert f"{mount}/catalog/{path}" in made["paths"]
    shape = made["components"]["schemas"]["ActionView"]
    assert set(shape["required"]) == set(shape["properties"])
