"""Generated requests against the whole reference: no 500, and every answer is as described.

The requests come from the document that the house itself serves, half of them made to fit it and
half made not to; paths get the ids of objects that exist as well as random ones.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support import images
from support.house import House, Tenant
from support.listings import listing
from support.own_files import SHIPPED, STUDIO, own_file
from support.tastes import LIVING_ROOM, judgement, teach, turn_on


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_no_request_meets_a_fault_or_an_undescribed_answer(
    house: House, tmp_path: Path
) -> None:
    # Where no model takes weights, registering any is a 503.
    with own_file("catalog", tmp_path / "catalog.toml", SHIPPED + STUDIO):
        faults = await fuzzed(house)
    assert not faults, "\n\n".join(f"{where}\n{fault}" for where, fault in faults.items())
    async with house.database.reading() as tx:
        made = await tx.fetchval("SELECT count(*) FROM generations")
    assert made > 1, "requests that fit the document do have effects"


async def fuzzed(house: House) -> dict[str, str]:
    """What failed, by the operation."""
    me = await house.tenant(grant=1_000_000)
    document = (await house.ask("GET", "/openapi.json")).json
    asked = {
        "base": house.base,
        "key": me.key,
        "known": await known(house, me),
        "document": document,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "ignore", Path(__file__).with_name("fuzzing.py"),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    told, _ = await process.communicate(msgspec.json.encode(asked))
    return msgspec.json.decode(told, type=dict[str, str])


async def known(house: House, me: Tenant) -> dict[str, Any]:
    """Something of each kind for the paths to lead to, by the names of path parameters."""
    picture = await house.picture(me)
    flow = await house.ask("POST", "/api/v1/flows", key=me, json={})
    project = await house.ask("POST", "/api/v1/projects", key=me, json={"name": "fuzz"})
    image = await house.upload(me, images.file("png", 16, 16), alias="@hero")
    body = {"name": "fuzz", "scopes": ["images:read"]}
    key = await house.ask("POST", "/api/v1/api-keys", key=me, json=body)
    made = {"mode": "clean", "image_url": image.data["id"]}
    job = await house.ask("POST", "/api/v1/images/jobs", key=me, json=made)
    hook = {"url": "https://example.com/hook", "events": ["webhook.test"]}
    endpoint = await house.ask("POST", "/api/v1/webhooks/endpoints", key=me, json=hook)
    test = f"/api/v1/webhooks/endpoints/{endpoint.data['id']}/test"
    delivery = await house.ask("POST", test, key=me)
    persona = await house.ask("POST", "/api/v1/personas", key=me, json={"name": "fuzz"})
    quick = {"name": "fuzz", "prompt": "soft light"}
    action = await house.ask("POST", "/api/v1/quick-actions", key=me, json=quick)
    listed, (shown, *_) = await listing(house, me, 1)
    page = await house.ask("POST", f"/api/v1/projects/{listed}/publish", key=me)
    await turn_on(house, me)
    lift = judgement(shown, listed, LIVING_ROOM, ["light-warm"], approved=True)
    await teach(house, me, [lift])
    film = {"project_id": listed, "duration_seconds": 1}
    video = await house.ask("POST", "/api/v1/videos", key=me, json=film)
    bulk = {"items": [{"prompt": "a fox"}]}
    batch = await house.ask("POST", "/api/v1/generate/bulk", key=me, json=bulk)
    return {
        "batch_id": batch.data["id"], "persona_id": persona.data["id"], "model_id": "builtin/draft",
        "key_id": key.data["id"], "job_id": job.data["job_id"],
        "endpoint_id": endpoint.data["id"], "delivery_id": delivery.data["id"],
        "generation_id": picture["id"], "flow_id": flow.data["id"], "image_id": image.data["id"],
        "project_id": project.data["id"], "action_id": action.data["id"], "alias": "@hero",
        "name": f"{image.data['id']}.png", "video_id": video.data["id"], "picture_id": shown,
        "slug": page.data["public_url"].rpartition("/")[2], "revision": 1,
        "preference_id": "interior:living_room:light-warm",
    }  # fmt: skip
