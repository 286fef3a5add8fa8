"""Retries of work that starts from pictures: refused where these are gone by now."""

from typing import Any

import pytest

from support import images
from support.house import House, Tenant

PICTURE = images.file("png", 64, 64)


async def canceled(house: House, me: Tenant, path: str, **body: Any) -> str:
    """Work that was asked for and ended; its id."""
    made = await house.ask("POST", f"/v1{path}", key=me, json=body)
    assert made.status == 202, made.body
    work: str = made.json.get("id") or made.json["job_id"]
    ended = await house.ask("POST", f"/v1/generations/{work}/cancel", key=me)
    assert ended.status == 200, ended.body
    return work


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("/images/jobs", {"mode": "clean", "image_url": "{id}"}, "image_url"),
        ("/sketch-to-photo", {"image": "{id}", "prompt": "a chair"}, "image"),
        ("/generate/video", {"image": "{id}", "duration_seconds": 1}, "image"),
        ("/generate/video", {"prompt": "@bag on a table", "duration_seconds": 1}, "prompt"),
    ],
)
async def test_without_its_picture_a_retry_is_refused_at_once(
    idle_house: House, path: str, body: dict[str, Any], named: str
) -> None:
    me = await idle_house.tenant(grant=100)
    picture = (await idle_house.upload(me, PICTURE, alias="@bag")).data["id"]
    asked = {name: picture if value == "{id}" else value for name, value in body.items()}
    work = await canceled(idle_house, me, path, **asked)
    retry = f"/v1/generations/{work}/retry"
    assert (await idle_house.ask("POST", retry, key=me, json={"dry_run": True})).status == 200
    assert (await idle_house.ask("DELETE", f"/v1/images/{picture}", key=me)).status == 204
    for change in ({}, {"dry_run": True}):
        refused = await idle_house.ask("POST", retry, key=me, json=change)
        assert (refused.status, refused.json["error"]["param"]) == (422, named)
        assert picture in refused.json["error"]["message"]
    balance = (await idle_house.ask("GET", "/v1/credits/balance", key=me)).json
    assert balance["available"] == 100
