"""Requests of these tests."""

import asyncio
import time
from typing import Any

from support.house import House, Tenant


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


async def ended(house: House, me: Tenant, query: str = "", *, seconds: float = 10) -> Any:
    """The one delivery of this query, once it is no longer pending."""
    end = time.monotonic() + seconds
    while True:
        found = await deliveries(house, me, query)
        if len(found) == 1 and found[0]["status"] != "pending":
            return await delivery(house, me, found[0]["id"])
        assert time.monotonic() < end, found
        await asyncio.sleep(0.02)
