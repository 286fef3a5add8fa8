"""Registering custom models as clients do."""

import io
from typing import Any

import aiohttp

from support.house import House, Reply, Tenant

FIELDS = {"name": "Sneakers", "kind": "lora", "base_model": "studio/large"}


def form_of(data: bytes, **fields: str) -> aiohttp.FormData:
    """The file comes last, as `curl -F` sends it."""
    form = aiohttp.FormData()
    for name, value in (FIELDS | fields).items():
        form.add_field(name, value)
    form.add_field("file", io.BytesIO(data), filename="mine.safetensors")
    return form


async def upload(
    house: House, key: Tenant, data: bytes, *, mount: str = "/v1",
    headers: dict[str, str] | None = None, **fields: str,
) -> Reply:  # fmt: skip
    form = form_of(data, **fields)
    return await house.ask("POST", f"{mount}/models", key=key, data=form, headers=headers)


async def uploaded(house: House, key: Tenant, data: bytes, **fields: str) -> Any:
    made = await upload(house, key, data, **fields)
    assert made.status == 201, made.body
    return made.json
