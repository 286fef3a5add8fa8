"""Reading the log on: once for each event, whoever reads, and after a restored database too."""

import asyncio

from support.house import House, Tenant, working
from support.receiver import Receiver
from support.workers import until
from tintype.core import ids
from tintype.events import operations as events
from tintype.webhooks import jobs, queries
from webhooks.asking import all_ended, deliveries, endpoint


async def happen(house: House, me: Tenant, count: int = 1, **more: str) -> list[str]:
    async with house.database.transaction() as tx:
        return [
            await events.publish(
                tx, me.organization_id, "image.uploaded", "x", livemode=True, data={"n": n}, **more
            )
            for n in range(count)
        ]


async def test_two_workers_send_each_event_once(
    idle_shop: House, me: Tenant, sink: Receiver
) -> None:
    for number in range(4):
        await endpoint(idle_shop, me, sink.url(f"/{number}"))
    async with working(idle_shop.settings), working(idle_shop.settings):
        sent = []
        for _ in range(30):
            sent += await happen(idle_shop, me, 10)
            await asyncio.sleep(0.01)
        await sink.until(1200, seconds=60)
        # Every ring is given up in the end, and is on record as answered.
        await until(lambda: _nothing_rings(idle_shop), seconds=30, what="the queue to be empty")
        await asyncio.sleep(0.5)
    got = sorted((hook.path, hook.id) for hook in sink.hooks)
    assert got == sorted((f"/{number}", it) for number in range(4) for it in sent)
    async with idle_shop.database.reading() as tx:
        assert await tx.fetchval("SELECT count(*) FROM webhook_attempts") == 1200


async def _nothing_rings(house: House) -> bool:
    async with house.database.reading() as tx:
        return bool(await tx.fetchval("SELECT count(*) = 0 FROM pgqueuer"))


async def test_what_happened_while_no_worker_ran_is_made_up_for(
    idle_shop: House, me: Tenant, sink: Receiver
) -> None:
    await endpoint(idle_shop, me, sink.url())
    sent = await happen(idle_shop, me, 450)
    async with working(idle_shop.settings):
        await sink.until(450, seconds=60)
    assert sorted(hook.id for hook in sink.hooks) == sorted(sent)


async def test_in_a_database_restored_elsewhere_the_log_is_read_on(
    idle_shop: House, me: Tenant, sink: Receiver
) -> None:
    """There the numbers of transactions begin anew: the cursor is from beyond the present."""
    await endpoint(idle_shop, me, sink.url())
    old = await happen(idle_shop, me, 2)
    async with working(idle_shop.settings):
        await sink.until(2)
    async with idle_shop.database.transaction() as tx:
        await tx.execute("UPDATE events SET xid = '3'")
        await tx.execute("UPDATE webhook_cursor SET xid = '9000000000'")
    new = await happen(idle_shop, me, 2)
    async with working(idle_shop.settings):
        await sink.until(4)
    assert sorted(hook.id for hook in sink.hooks) == sorted(old + new)


async def test_a_lost_ring_is_rung_again(shop: House, me: Tenant, sink: Receiver) -> None:
    """A delivery that nobody rang for is found by looking."""
    made = await endpoint(shop, me, sink.url(), events=["image.deleted"])
    (event_id,) = await happen(shop, me)
    async with shop.database.transaction() as tx:
        await queries.add_deliveries(tx, [(
            ids.new("dlv"), me.organization_id, event_id, "image.uploaded", made["id"],
            sink.url(), made["id"],
        )])  # fmt: skip
    await sink.until(1)


async def test_an_endpoint_deleted_while_the_log_was_read_fails_what_is_left(
    shop: House, me: Tenant, sink: Receiver
) -> None:
    (event_id,) = await happen(shop, me)
    gone = ids.new("whe")
    async with shop.database.transaction() as tx:
        await queries.add_deliveries(tx, [(
            ids.new("dlv"), me.organization_id, event_id, "image.uploaded", gone, sink.url(), gone,
        )])  # fmt: skip
    for _ in range(200):
        (found,) = await deliveries(shop, me)
        if found["status"] == "failed":
            break
        await asyncio.sleep(0.02)
    assert (found["status"], found["last_error"]) == ("failed", "endpoint_deleted")
    assert sink.hooks == []


async def test_many_origins_of_single_requests_have_lanes_of_their_own(
    shop: House, me: Tenant, sink: Receiver
) -> None:
    for number in range(5):
        await happen(shop, me, 2, webhook_url=f"http://127.0.0.{number + 2}:9/x")
    await happen(shop, me, webhook_url=sink.url())
    await sink.until(1)
    async with shop.database.reading() as tx:
        lanes = await tx.fetchval("SELECT count(DISTINCT lane) FROM webhook_deliveries")
    assert lanes == 6


async def test_after_thirty_days_deliveries_are_forgotten_and_events_are_not(
    shop: House, me: Tenant, sink: Receiver
) -> None:
    await endpoint(shop, me, sink.url())
    await happen(shop, me, 3)
    await all_ended(shop, me, 3)
    async with shop.database.transaction() as tx:
        await tx.execute(
            "UPDATE webhook_deliveries SET created_at = now() - interval '31 days'"
            " WHERE id <> (SELECT max(id) FROM webhook_deliveries)"
        )
        assert await jobs.prune(tx) is False
        assert await tx.fetchval("SELECT count(*) FROM webhook_deliveries") == 1
        assert await tx.fetchval("SELECT count(*) FROM webhook_attempts") == 1
        assert await tx.fetchval("SELECT count(*) FROM events") >= 3
