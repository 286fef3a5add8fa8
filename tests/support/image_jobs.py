"""Image jobs as a client asks for them: upload, ask, download."""

import io

import aiohttp

from support.house import House


async def upload(house: House, me, data: bytes, **fields: str):
    form = aiohttp.FormData()
    form.add_field("file", io.BytesIO(data), filename="picture.png", content_type="image/png")
    for name, value in fields.items():
        form.add_field(name, value)
    return await house.ask("POST", "/api/v1/uploads", key=me, data=form)


async def job(house: House, me, path: str = "/images/jobs", *, wait: int = 30, **body):
    headers = {"Prefer": f"wait={wait}"} if wait else {}
    return await house.ask("POST", f"/api/v1{path}", key=me, json=body, headers=headers)


async def download(house: House, me, job_id: str) -> bytes:
    """What the job made, by way of its redirect."""
    found = await house.ask("GET", f"/api/v1/images/jobs/{job_id}/download", key=me)
    assert found.status == 302, found.body
    assert found.body == b""
    # Links carry the configured public address, the tests' server its own port.
    path = found.headers["Location"].removeprefix(house.settings.public_url)
    answer = await house.ask("GET", path)
    assert answer.status == 200
    return answer.body
