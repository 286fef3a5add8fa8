"""Bulk requests and what is looked at after them."""

from typing import Any

import msgspec

from support.house import House, Reply


def items(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"prompt": f"a red fox, number {n}", **more} for n in range(count)]


async def ask(house: House, tenant: Any, body: Any, **headers: str) -> Reply:
    """`body` as JSON, unless it is bytes: then as it is."""
    data = body if isinstance(body, bytes) else msgspec.json.encode(body)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    sent.setdefault("Content-Type", "application/json")
    return await house.ask("POST", "/api/v1/generate/bulk", key=tenant, data=data, headers=sent)


async def made(house: House, tenant: Any, body: Any, **headers: str) -> Any:
    """An accepted batch."""
    reply = await ask(house, tenant, body, **headers)
    assert reply.status == 202, reply.body[:500]
    return reply.data


async def batch_of(house: House, tenant: Any, batch_id: str, wait: int = 0) -> Any:
    headers = {"Prefer": f"wait={wait}"} if wait else None
    reply = await house.ask("GET", f"/api/v1/batches/{batch_id}", key=tenant, headers=headers)
    assert reply.status == 200, reply.body
    found = reply.data
    counts = ("queued", "processing", "completed", "failed", "canceled")
    assert sum(found[name] for name in counts) == found["total"], found
    assert min(found[name] for name in counts) >= 0, found
    return found


async def account(house: House, tenant: Any) -> tuple[int, int]:
    """Balance and reserved credits."""
    async with house.database.reading() as tx:
        row = await tx.fetchrow(
            "SELECT balance, reserved FROM credit_accounts WHERE organization_id = $1",
            tenant.organization_id,
        )
    return row["balance"], row["reserved"]


async def count(house: House, table: str) -> int:
    async with house.database.reading() as tx:
        found: int = await tx.fetchval(f"SELECT count(*) FROM {table}")
    return found
