"""The JavaScript of the portal's document, run by Node as it stands there.

Replaced are what the document itself leaves to the reader: host, key, ids, the picture's address,
the webhook's and the file. Its answers are bare resources; under the other mount they are the same
in an envelope.
"""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from support import images
from support.house import House, Tenant, opened, settings_for
from support.loopback import serving
from support.pictures import NINE, until_status
from support.receiver import receiving

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="the examples are JavaScript")
HOST, KEY = "https://api.aixpose.art/v1", "aix_live_partner_key"
PHOTO = "https://cdn.example.com/listings/4812/living-room.jpg"
HOOK = "https://partner.example/aixpose/webhook"
_PROJECT = """
const project = await fetch('https://api.aixpose.art/v1/projects', {
  method: 'POST',
  headers: {
    Authorization: 'Bearer aix_live_partner_key',
    'Content-Type': 'application/json',
    'Idempotency-Key': crypto.randomUUID()
  },
  body: JSON.stringify({
    name: 'Gdynia apartment campaign',
    output: 'picture',
    picture_aspect_ratio: '16:9',
    picture_resolution: '2K'
  })
}).then((res) => res.json());
console.log(project.id);
"""
_BY_URL = """
const projectId = 'prj_123';
const picture = await fetch(
  `https://api.aixpose.art/v1/projects/${projectId}/pictures`,
  {
    method: 'POST',
    headers: {
      Authorization: 'Bearer aix_live_partner_key',
      'Content-Type': 'application/json',
      'Idempotency-Key': crypto.randomUUID()
    },
    body: JSON.stringify({
      source: {
        type: 'url',
        url: 'https://cdn.example.com/listings/4812/living-room.jpg'
      },
      scene_type: 'interior',
      scene_location: 'living_room',
      webhook_url: 'https://partner.example/aixpose/webhook'
    })
  }
).then((res) => res.json());
console.log(picture.id);
"""
_BY_FILE = """
const projectId = 'prj_123';
const form = new FormData();
form.append('file', sourcePhoto);
form.append('scene_type', 'interior');
form.append('scene_location', 'living_room');
form.append('webhook_url', 'https://partner.example/aixpose/webhook');
const picture = await fetch(
  `https://api.aixpose.art/v1/projects/${projectId}/pictures`,
  {
    method: 'POST',
    headers: {
      Authorization: 'Bearer aix_live_partner_key',
      'Idempotency-Key': crypto.randomUUID()
    },
    body: form
  }
).then((res) => res.json());
console.log(picture.id);
"""
_BY_BASE64 = """
import { readFile } from 'node:fs/promises';
const projectId = 'prj_123';
const image = await readFile('living-room.jpg');
const picture = await fetch(
  `https://api.aixpose.art/v1/projects/${projectId}/pictures`,
  {
    method: 'POST',
    headers: {
      Authorization: 'Bearer aix_live_partner_key',
      'Content-Type': 'application/json',
      'Idempotency-Key': crypto.randomUUID()
    },
    body: JSON.stringify({
      source: {
        type: 'base64',
        media_type: 'image/jpeg',
        data: image.toString('base64')
      },
      scene_type: 'interior',
      scene_location: 'living_room'
    })
  }
).then((res) => res.json());
console.log(picture.id);
"""
_ENHANCEMENTS = """
const pictureId = 'pic_source';
const enhancedPictures = await fetch(
  `https://api.aixpose.art/v1/pictures/${pictureId}/enhancements`,
  {
    method: 'POST',
    headers: {
      Authorization: 'Bearer aix_live_partner_key',
      'Content-Type': 'application/json',
      'Idempotency-Key': 'listing-4812-kitchen-v1'
    },
    body: JSON.stringify({
      instruction: {
        source: 'preset',
        actions: [
          'interior-style-japandi',
          'interior-decoration-medium'
        ]
      },
      variants: 2,
      aspect_ratio: '16:9',
      resolution: '2K',
      webhook_url: 'https://partner.example/aixpose/webhook'
    })
  }
).then((res) => res.json());
console.log(enhancedPictures);
"""


@pytest.fixture
async def shop(database_url: str, tmp_path: Path):
    settings = settings_for(
        database_url, tmp_path / "data", fetch={"allow_networks": ["127.0.0.0/8"]}
    )
    async with opened(settings) as made:
        yield made


async def node(
    house: House, me: Tenant, folder: Path, mount: str, script: str, variable: str,
    *, before: str = "", **replaced: str,
) -> tuple[str, Any]:  # fmt: skip
    """What an example prints, and what it has in its variable then."""
    text = script.replace(HOST, house.base + mount).replace(KEY, me.key)
    for name, value in replaced.items():
        known = {"photo": PHOTO, "hook": HOOK, "project": "prj_123", "picture": "pic_source"}
        assert known[name] in text
        text = text.replace(known[name], value)
    file = folder / f"example-{variable}.mjs"
    file.write_text(f"{before}\n{text}\nconsole.log(JSON.stringify({variable}));\n")
    process = await asyncio.create_subprocess_exec(
        NODE, file, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    printed, _, last = out.decode().rstrip("\n").rpartition("\n")
    found = msgspec.json.decode(last)
    return printed, found["data"] if mount == "/api/v1" else found


@pytest.mark.parametrize("mount", ["/v1", "/api/v1"])
async def test_every_example_runs_as_it_stands(shop: House, tmp_path: Path, mount: str) -> None:
    me = await shop.tenant()
    photo = images.file("jpeg", 160, 90)
    (tmp_path / "living-room.jpg").write_bytes(photo)

    async def answer(_: Any) -> web.Response:
        return web.Response(body=photo, content_type="image/jpeg")

    async with serving(answer) as cdn, receiving() as partner:
        hook = partner.url("/aixpose/webhook")

        async def example(script: str, variable: str, **more: str) -> tuple[str, Any]:
            return await node(shop, me, tmp_path, mount, script, variable, **more)

        printed, project = await example(_PROJECT, "project")
        assert project["id"].startswith("prj_")
        prj = project["id"]
        assert mount == "/api/v1" or printed == prj

        printed, fetched = await example(
            _BY_URL, "picture", project=prj, photo=cdn.url("/living-room.jpg"), hook=hook
        )
        assert fetched["status"] == "processing"
        assert mount == "/api/v1" or printed == fetched["id"]
        blob = (
            "import { openAsBlob } from 'node:fs';\n"
            "const sourcePhoto = await openAsBlob('living-room.jpg');"
        )
        _, sent = await example(_BY_FILE, "picture", before=blob, project=prj, hook=hook)
        _, coded = await example(_BY_BASE64, "picture", project=prj)
        for picture in (sent, coded, await until_status(shop, me, fetched["id"], "completed")):
            assert (picture["status"], picture["width"]) == ("completed", 160)
            assert (picture["scene_type"], picture["scene_location"]) == ("interior", "living_room")

        printed, made = await example(
            _ENHANCEMENTS, "enhancedPictures", picture=sent["id"], hook=hook
        )
        enhanced = made if mount == "/api/v1" else made["data"]
        assert enhanced[0]["id"] in printed
        assert len(enhanced) == 2
        for picture in enhanced:
            done = await until_status(shop, me, picture["id"], "completed")
            assert (done["width"], done["height"]) == (2688, 1512)
        # Sent once more, it is the same work.
        _, again = await example(_ENHANCEMENTS, "enhancedPictures", picture=sent["id"], hook=hook)
        replayed = again if mount == "/api/v1" else again["data"]
        assert [it["id"] for it in replayed] == [it["id"] for it in enhanced]
        await partner.until(4)
    _check_hooks(partner.hooks, prj, [sent["id"], fetched["id"]], [it["id"] for it in enhanced])


def _check_hooks(hooks: list[Any], prj: str, originals: list[str], enhanced: list[str]) -> None:
    told = {it.json["data"]["id"]: it.json for it in hooks}
    assert set(told) == {*originals, *enhanced}
    for body in told.values():
        assert list(body) == ["id", "type", "created_at", "data"]
        assert body["type"] == "picture.completed"
        assert list(body["data"]) == NINE
    for number, picture in enumerate(enhanced):
        data = told[picture]["data"]
        assert data.pop("public_url").endswith(f"/media/images/{picture}.jpg")
        assert data == {
            "id": picture, "project_id": prj, "status": "completed", "version": 1,
            "subversion": number, "scene_type": "interior", "scene_location": "living_room",
            "source_instruction": {
                "source": "preset",
                "actions": ["interior-style-japandi", "interior-decoration-medium"],
            },
        }  # fmt: skip
