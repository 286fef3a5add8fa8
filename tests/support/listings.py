"""A project of a listing with pictures in it, approved or not."""

from typing import Any

import msgspec

from support import images
from support.house import House, Tenant
from tintype.images import pictures


async def project(house: House, me: Tenant, **fields: Any) -> str:
    made = await house.ask("POST", "/v1/projects", key=me, json={"name": "Gdynia", **fields})
    assert made.status == 201, made.body
    return str(made.json["id"])


async def add_picture(house: House, me: Tenant, project_id: str, **size: int) -> str:
    """An uploaded picture of the project; its size makes it another one than the rest."""
    data = images.file("jpeg", size.get("width", 640), size.get("height", 480))
    return str((await house.upload(me, data, project_id=project_id)).data["id"])


async def judged(house: House, me: Tenant, picture_id: str, verdict: str = "approved") -> None:
    async with house.database.transaction() as tx:
        # A sandbox key's pictures are its organization's twin's.
        owner = await tx.fetchval("SELECT organization_id FROM images WHERE id = $1", picture_id)
        caller = msgspec.structs.replace(await house.caller(me), organization_id=owner)
        row = await pictures.find(tx, caller, picture_id, lock=True)
        await pictures.judge(tx, row, verdict, None, me.key_id)


async def listing(house: House, me: Tenant, count: int = 3, **fields: Any) -> tuple[str, list[str]]:
    """A project with so many approved pictures, and their ids."""
    project_id = await project(house, me, **fields)
    made = []
    for number in range(count):
        made.append(await add_picture(house, me, project_id, width=640 + 16 * number))
        await judged(house, me, made[-1])
    return project_id, made
