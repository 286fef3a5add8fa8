"""Lanes that are slow, or never drained, take no place from the others."""

import asyncio
import time
from pathlib import Path

import pytest
from aiohttp import web

from support.house import House, Tenant, settings_for
from support.receiver import Answer, Hook, Receiver, in_turn, receiving
from tintype.core.settings import Settings
from tintype.core.vault import Vault
from tintype.events import operations as events
from tintype.webhooks import queries
from tintype.webhooks.courier import SlowLanes
from webhooks.asking import deliveries, ended, endpoint

pytestmark = pytest.mark.slow


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """With places for two."""
    return settings_for(
        database_url, tmp_path, fetch={"allow_networks": ["127.0.0.0/8"]}, webhooks={"places": 2}
    )


async def happen(
    house: House, me: Tenant, type_: str, count: int = 1, webhook_url: str | None = None
) -> None:
    async with house.database.transaction() as tx:
        for number in range(count):
            await events.publish(
                tx, me.organization_id, type_, "x", livemode=True, data={"n": number},
                webhook_url=webhook_url,
            )  # fmt: skip


def after(seconds: float) -> Answer:
    """204, but late."""

    async def answer(_: Hook) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return web.Response(status=204)

    return answer


@pytest.mark.parametrize(("seconds", "count"), [(1.2, 100), (0.3, 200)], ids=["slow", "undrained"])
async def test_lanes_in_every_place_let_another_one_in(
    shop: House, me: Tenant, sink: Receiver, seconds: float, count: int
) -> None:
    async with receiving(after(seconds)) as slow:
        for number in range(2):
            await endpoint(shop, me, slow.url(f"/{number}"), events=["image.uploaded"])
        await endpoint(shop, me, sink.url(), events=["image.deleted"])
        await happen(shop, me, "image.uploaded", count)
        await slow.until(8)
        await happen(shop, me, "image.deleted")
        await sink.until(1, seconds=30)
        assert len(slow.hooks) < 2 * count, "they have more to send"


async def test_a_lane_goes_on_after_its_turn_to_the_end(
    shop: House, me: Tenant, sink: Receiver
) -> None:
    """Slow at first, so in the places of those that fail; each is sent once."""
    async with receiving(in_turn(after(1.2), after(0.1))) as slow:
        await endpoint(shop, me, slow.url())
        await happen(shop, me, "image.uploaded", 120)
        await slow.until(120, seconds=20)
        await happen(shop, me, "image.uploaded", 5)
        await slow.until(125)
        assert len({hook.id for hook in slow.hooks}) == len(slow.hooks) == 125


def test_slow_lanes_are_remembered_within_bounds() -> None:
    lanes = SlowLanes()
    assert lanes.at_once("a") is None
    for number in range(10_001):
        lanes.note(f"lane-{number}", 4)
    assert (lanes.at_once("lane-0"), lanes.at_once("lane-1")) == (None, 4)
    lanes.forget("lane-1")
    assert lanes.at_once("lane-1") is None


async def test_where_the_secret_is_lost_the_delivery_says_so_until_it_is_changed(
    shop: House, me: Tenant, sink: Receiver
) -> None:
    made = await endpoint(shop, me, sink.url())
    await happen(shop, me, "image.deleted")
    await sink.until(1)
    lost = Vault([b"x" * 40]).seal(b"whsec_AAAA")
    async with shop.database.transaction() as tx:
        await queries.change(tx, me.organization_id, made["id"], {"secret": lost})
    await happen(shop, me, "image.uploaded")
    for _ in range(300):
        found = await deliveries(shop, me, "&type=image.uploaded")
        if found and found[0]["last_error"]:
            break
        await asyncio.sleep(0.02)
    (held,) = found
    assert (held["status"], held["last_error"], held["attempt_count"]) == (
        "pending", "secret_lost", 0,
    )  # fmt: skip
    began = time.monotonic()
    test = await shop.ask(
        "POST", f"/v1/webhooks/endpoints/{made['id']}/test", key=me, headers={"Prefer": "wait=20"}
    )
    assert (test.status, test.json["last_error"]) == (202, "secret_lost")
    assert time.monotonic() - began < 15, "it did not wait for what can't come"
    path = f"/v1/webhooks/endpoints/{made['id']}/rotate-secret"
    changed = (await shop.ask("POST", path, key=me)).json
    await sink.until(3)
    for hook in sink.hooks[1:]:
        hook.verify(changed["secret"])
    first = await ended(shop, me, "&type=image.uploaded")
    assert (first["status"], first["last_error"]) == ("delivered", None)


async def test_a_changed_secret_of_the_organizations_own_sends_what_was_held_up(
    shop: House, me: Tenant, sink: Receiver
) -> None:
    lost = Vault([b"x" * 40]).seal(b"whsec_AAAA")
    async with shop.database.transaction() as tx:
        await queries.own_secret(tx, me.organization_id, lost)
    await happen(shop, me, "generation.completed", webhook_url=sink.url())
    for _ in range(300):
        found = await deliveries(shop, me)
        if found and found[0]["last_error"]:
            break
        await asyncio.sleep(0.02)
    assert [it["last_error"] for it in found] == ["secret_lost"]
    changed = (await shop.ask("POST", "/v1/webhooks/secret/rotate", key=me)).json
    await sink.until(1)
    sink.hooks[0].verify(changed["secret"])
