"""Projects with pictures, and an enhancing engine that does as a test says."""

import asyncio
import base64
from collections.abc import Callable
from typing import Any

import aiohttp
import pyvips

from support import images
from support.house import House, Reply, Tenant
from support.workers import until
from tintype.engines.base import Blob, Capabilities, EngineFault, Job, Output, Watch
from tintype.engines.builtin import MODEL as DRAFT
from tintype.engines.builtin import BuiltinEngine
from tintype.engines.registry import Engines

RETOUCH = "builtin/retouch"
NINE = [
    "id", "project_id", "status", "public_url", "version", "subversion", "scene_type",
    "scene_location", "source_instruction",
]  # fmt: skip
JAPANDI = {
    "source": "preset",
    "actions": ["interior-style-japandi", "interior-decoration-medium"],
}
BRIGHTER = {"source": "preset", "actions": ["light-exposure-lift"]}
Fail = Callable[[Job], EngineFault | str | None]
"""What a job meets: a fault, "hold" until it is canceled or let go, or nothing."""


class Enhancer:
    """Gives small pictures, another for each variant, but for what `fail` has something for."""

    name = "enhancer"

    def __init__(self, fail: Fail = lambda _: None, model: str = RETOUCH) -> None:
        self._fail = fail
        self._model = model
        self._free = asyncio.Event()
        self.jobs: list[Job] = []

    def engines(self) -> Engines:
        return Engines({self._model: self, DRAFT: BuiltinEngine(threads=1)})

    def let_go(self) -> None:
        self._free.set()

    def capabilities(self, model: str) -> Capabilities:
        return Capabilities(
            frozenset({"enhance"}), fidelity="full", references_max=2, ready_to_store=True
        )

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def ping(self) -> str:
        return "enhancer"

    async def run(self, job: Job, watch: Watch) -> Output:
        self.jobs.append(job)
        met = self._fail(job)
        if isinstance(met, EngineFault):
            raise met
        if met == "hold":
            while not self._free.is_set():
                if watch.canceled():
                    raise EngineFault("CANCELED", "Let go.")
                await asyncio.sleep(0.02)
        shade = int(job.extra["variant"]) * 10
        picture = pyvips.Image.black(16, 12, bands=3).linear([1] * 3, [shade, 90, 90])
        data = picture.cast("uchar").copy(interpretation="srgb").pngsave_buffer()
        return Output((Blob(data, "image/png"),))


async def project(house: House, me: Tenant, **more: Any) -> str:
    made = await house.ask("POST", "/v1/projects", key=me, json={"name": "Listing 4812", **more})
    assert made.status == 201, made.body
    return str(made.json["id"])


async def adding(house: House, me: Tenant, project_id: str, source: Any, **more: Any) -> Reply:
    headers = more.pop("headers", None)
    return await house.ask(
        "POST", f"/v1/projects/{project_id}/pictures", key=me, json={"source": source, **more},
        headers=headers,
    )  # fmt: skip


def of_bytes(data: bytes, **more: Any) -> dict[str, Any]:
    return {"type": "base64", "data": base64.b64encode(data).decode(), **more}


async def sending(house: House, me: Tenant, project_id: str, data: bytes, **fields: str) -> Reply:
    form = aiohttp.FormData()
    form.add_field("file", data, filename="living-room.jpg", content_type="image/jpeg")
    for name, value in fields.items():
        form.add_field(name, value)
    return await house.ask("POST", f"/v1/projects/{project_id}/pictures", key=me, data=form)


async def add(
    house: House, me: Tenant, project_id: str, size: tuple[int, int] = (96, 64), **more: Any
) -> Any:
    """A completed original."""
    made = await adding(house, me, project_id, of_bytes(images.file("jpeg", *size)), **more)
    assert made.status == 201, made.body
    return made.json


async def listing(house: House, me: Tenant, **more: Any) -> Any:
    """An original of 96 x 64 pixels in a new project, which `more` is of."""
    return await add(house, me, await project(house, me, **more), scene_type="interior")


async def enhancing(
    house: House, me: Tenant, picture_id: str, instruction: Any = BRIGHTER, **more: Any
) -> Reply:
    headers = more.pop("headers", None)
    return await house.ask(
        "POST", f"/v1/pictures/{picture_id}/enhancements", key=me,
        json={"instruction": instruction, **more}, headers=headers,
    )  # fmt: skip


async def enhance(
    house: House, me: Tenant, picture_id: str, instruction: Any = BRIGHTER, **more: Any
) -> list[Any]:
    """The new pictures, in process."""
    made = await enhancing(house, me, picture_id, instruction, **more)
    assert made.status == 202, made.body
    return list(made.json["data"])


async def enhanced(
    house: House, me: Tenant, picture_id: str, instruction: Any = BRIGHTER, **more: Any
) -> list[Any]:
    """The new pictures, completed."""
    made = await enhancing(
        house, me, picture_id, instruction, headers={"Prefer": "wait=60"}, **more
    )
    assert made.status == 201, made.body
    return list(made.json["data"])


async def look(house: House, me: Tenant, picture_id: str) -> Any:
    found = await house.ask("GET", f"/v1/pictures/{picture_id}", key=me)
    assert found.status == 200, found.body
    return found.json


async def until_status(house: House, me: Tenant, picture_id: str, *statuses: str) -> Any:
    async def there() -> Any:
        found = await look(house, me, picture_id)
        return found if found["status"] in statuses else None

    return await until(there, 30, f"{picture_id} to be {statuses}")


async def judge(
    house: House, me: Tenant, picture_id: str, verdict: str, feedback: str | None = None
) -> Reply:
    return await house.ask(
        "POST", f"/v1/pictures/{picture_id}/{verdict}", key=me,
        json={} if feedback is None else {"feedback": feedback},
    )  # fmt: skip


async def events(house: House, me: Tenant, *prefixes: str) -> list[Any]:
    """What happened, oldest first."""
    found = await house.ask("GET", "/v1/webhooks/events?limit=100", key=me)
    return [it for it in found.json["data"] if it["type"].startswith(prefixes or ("",))]
