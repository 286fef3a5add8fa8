"""Requests and events of these tests."""

import asyncio
import time
from typing import Any

from support.house import House, Tenant
from tintype.events import operations as events


async def happen(house: House, me: Tenant, number: int = 1, **more: Any) -> str:
    """An event as work publishes it; its id."""
    async with house.database.transaction() as tx:
        return await events.publish(
            tx, me.organization_id, more.pop("type_", "generation.completed"), f"gen_{number}",
            livemode=True, data={"n": number, "words": "långt 赤 🦊"}, **more,
        )  # fmt: skip


async def endpoint(house: House, me: Tenant, url: str, **more: Any) -> Any:
    reply = await house.ask("POST", "/v1/webhooks/endpoints", key=me, json={"url": url, **more})
    assert reply.status == 201, reply.body
    return reply.json


async def deliveries(house: House, me: Tenant, query: str = "") -> list[Any]:
    reply = await house.ask("GET", f"/v1/webhooks/deliveries?limit=100{query}", key=me)
    assert reply.status == 200, reply.body
    found: list[Any] = reply.json["data"]
    return found


async def delivery(house: House, me: Tenant, delivery_id: str) -> Any:
    reply = await house.ask("GET", f"/v1/webhooks/deliveries/{delivery_id}", key=me)
    assert reply.status == 200, reply.body
    return reply.json


async def ended(house: House, me: Tenant, query: str = "", *, seconds: float = 30) -> Any:
    """The one delivery of this query, once it is no longer pending."""
    (found,) = await all_ended(house, me, 1, query, seconds=seconds)
    return await delivery(house, me, found["id"])


async def all_ended(
    house: House, me: Tenant, count: int, query: str = "", *, seconds: float = 30
) -> list[Any]:
    """The deliveries of this query, once there are so many and none is pending."""
    end = time.monotonic() + seconds
    while True:
        found = await deliveries(house, me, query)
        if len(found) == count and all(it["status"] != "pending" for it in found):
            return found
        assert time.monotonic() < end, found
        await asyncio.sleep(0.02)
