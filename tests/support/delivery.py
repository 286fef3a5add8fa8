"""Pictures uploaded, and asked for under /media as a page does."""

from typing import Any

from support import images
from support.house import House, Reply, Tenant

CHROME = {"Accept": "image/avif,image/webp,image/apng,image/*,*/*;q=0.8"}


async def uploaded(
    house: House, tenant: Tenant, kind: images.Format = "png", width: int = 200, height: int = 100,
    *, alpha: bool = False,
) -> Any:  # fmt: skip
    reply = await house.upload(tenant, images.file(kind, width, height, alpha=alpha))
    assert reply.status == 201, reply.body
    return reply.data


async def media(
    house: House, name: str, query: str = "", method: str = "GET", **headers: str
) -> Reply:
    sent = {key.replace("_", "-"): value for key, value in headers.items()}
    return await house.ask(method, f"/media/images/{name}{query}", headers=sent)
