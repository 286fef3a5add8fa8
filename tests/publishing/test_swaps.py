"""A page that is published over and over: readers never see nothing, and never a mix."""

import asyncio
import re
from urllib.parse import urlsplit

import pytest

from support import images
from support.house import House
from support.pages import judge, picture_in, project_of, publish
from tintype.publishing import operations
from tintype.publishing.models import PublishProject

SWAPS = 1000
READERS = 4


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_a_reader_during_a_thousand_swaps_sees_one_revision_or_the_other(
    idle_house: House,
) -> None:
    me = await idle_house.tenant(private_media=True)
    project = await project_of(idle_house, me)
    # Of two lines each revision shows one version, and every second one the other.
    lines = []
    for _ in range(2):
        first = await picture_in(idle_house, me, project, images.file("png", 16, 16))
        second = await picture_in(
            idle_house, me, project, images.file("jpeg", 16, 16), of=first, approved=False
        )
        lines.append((first, second))
    path = urlsplit((await publish(idle_house, me, project))["public_url"]).path
    caller = await idle_house.caller(me)
    stopped = asyncio.Event()
    seen: set[int] = set()
    faults: list[str] = []

    async def read() -> None:
        tag = ""
        while not stopped.is_set():
            page = await idle_house.ask("GET", path, headers={"If-None-Match": tag})
            if page.status == 304:
                continue
            if page.status != 200:
                faults.append(f"page {page.status}")
                continue
            tag = page.headers["ETag"]
            text = page.body.decode()
            revision = int(re.search(r'data-revision="(\d+)"', text)[1])
            seen.add(revision)
            wanted = {line[(revision - 1) % 2] for line in lines}
            tiles = set(re.findall(r'class="open" href="[^"]*/images/(img_\w+)\.', text))
            if tiles != wanted:
                faults.append(f"revision {revision} shows {tiles}, not {wanted}")
            listed = await idle_house.ask("GET", f"{path}/manifest.json")
            told = listed.json
            wanted = {line[(told["revision"] - 1) % 2] for line in lines}
            if listed.status != 200 or {it["id"] for it in told["pictures"]} != wanted:
                faults.append(f"manifest {listed.status} of {told}")
            # What stands in the page that was read loads, whatever is published by now.
            image = re.search(r'<img src="([^"]+)"', text)[1]
            loaded = await idle_house.ask("GET", image)
            if loaded.status != 200:
                faults.append(f"{image} {loaded.status}")

    readers = [asyncio.create_task(read()) for _ in range(READERS)]
    for number in range(1, SWAPS + 1):
        for line in lines:
            await judge(idle_house, me, line[number % 2], "approved")
        async with idle_house.database.transaction() as tx:
            shown = await operations.publish(
                tx, caller, idle_house.settings.public_url, project, PublishProject(),
                placeholders={},
            )  # fmt: skip
        assert shown.status == "published"
    stopped.set()
    await asyncio.gather(*readers)
    assert faults[:5] == []
    assert len(seen) > 20, "the readers did see many of them"
    last = (await idle_house.ask("GET", f"{path}/manifest.json")).json
    assert last["revision"] == SWAPS + 1
