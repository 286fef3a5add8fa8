"""Workers that die or stop in the middle of a post, and one in another time zone."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support import receiver
from support.house import House, Tenant, opened, settings_for, working
from support.receiver import Receiver, in_turn, receiving, status
from support.workers import Worker, ending, until
from tintype.core.settings import Settings
from tintype.events import operations as events
from webhooks.asking import ended, endpoint

pytestmark = pytest.mark.slow


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return settings_for(
        database_url, tmp_path, fetch={"allow_networks": ["127.0.0.0/8"]},
        worker={"lease_seconds": 1, "grace_seconds": 2},
        webhooks={"retry_seconds": [0.05] * 5, "seconds_max": 15.0},
    )  # fmt: skip


@pytest.fixture
async def shop(settings: Settings) -> AsyncIterator[House]:
    async with opened(settings, with_worker=False) as made:
        yield made


@pytest.fixture
async def me(shop: House) -> Tenant:
    return await shop.tenant()


@pytest.fixture
async def sink() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made


def started(house: House, **environment: str) -> Worker:
    return Worker(
        house.settings, faulty=False, TINTYPE_FETCH_ALLOW_NETWORKS="127.0.0.0/8", **environment
    )


async def happen(house: House, me: Tenant, number: int = 0) -> str:
    async with house.database.transaction() as tx:
        return await events.publish(
            tx, me.organization_id, "image.uploaded", "x", livemode=True, data={"n": number}
        )


async def let_leases_end(house: House) -> None:
    """Half a minute passes, as the database sees it."""
    async with house.database.transaction() as tx:
        await tx.execute(
            "UPDATE webhook_deliveries SET next_attempt_at = next_attempt_at - interval '30 s'"
            " WHERE claim IS NOT NULL"
        )


async def test_a_worker_killed_in_the_middle_of_a_post_leaves_it_to_another(
    shop: House, me: Tenant
) -> None:
    async with receiving(in_turn(receiver.hang, status(200))) as sink:
        made = await endpoint(shop, me, sink.url())
        worker = started(shop)
        with ending(worker):
            event_id = await happen(shop, me)
            await sink.until(1, seconds=20)
            worker.kill()
        async with working(shop.settings):
            await asyncio.sleep(1.5)
            assert len(sink.hooks) == 1, "the lease of the dead one is kept"
            await let_leases_end(shop)
            found = await ended(shop, me)
        assert [hook.id for hook in sink.hooks] == [event_id, event_id]
        for hook in sink.hooks:
            hook.verify(made["secret"])
        # What the dead one saw it could not write down.
        assert (found["status"], found["attempt_count"]) == ("delivered", 1)


async def test_workers_killed_at_random_moments_deliver_all_at_least_once(
    shop: House, me: Tenant, sink: Receiver
) -> None:
    for number in range(3):
        await endpoint(shop, me, sink.url(f"/{number}"))
    sent = []
    for round_ in range(2):
        worker = started(shop)
        with ending(worker):
            await sink.until(len(sink.hooks) + 1 if round_ else 0, seconds=20)
            for number in range(60):
                sent.append(await happen(shop, me, number))
            await sink.until(len(sink.hooks) + 20, seconds=20)
            worker.kill()
        sent.append(await happen(shop, me))
        # What the dead one had on its way to the database may still be written.
        await asyncio.sleep(0.5)
        await let_leases_end(shop)
    wanted = {(f"/{number}", it) for number in range(3) for it in sent}

    async def settled() -> bool:
        async with shop.database.reading() as tx:
            left: int = await tx.fetchval(
                "SELECT count(*) FROM webhook_deliveries d WHERE status <> 'delivered' OR attempts"
                " <> (SELECT count(*) FROM webhook_attempts a WHERE a.delivery_id = d.id)"
            )
            return left == 0 and wanted <= {(hook.path, hook.id) for hook in sink.hooks}

    async with working(shop.settings):
        await until(settled, seconds=30, what="all delivered and on record")


async def test_a_worker_that_is_told_to_stop_gives_hanging_posts_back(
    shop: House, me: Tenant
) -> None:
    async with receiving(in_turn(receiver.hang, status(200))) as sink:
        await endpoint(shop, me, sink.url())
        worker = started(shop)
        with ending(worker):
            await happen(shop, me)
            await sink.until(1, seconds=20)
            worker.send(signal.SIGTERM)
            worker.process.wait(20)
        async with working(shop.settings):
            # No lease has to run out first.
            await sink.until(2, seconds=5)
            assert (await ended(shop, me))["status"] == "delivered"


async def test_in_any_time_zone_the_signature_is_right(
    shop: House, me: Tenant, sink: Receiver
) -> None:
    made = await endpoint(shop, me, sink.url())
    worker = started(shop, TZ="Asia/Tokyo")
    with ending(worker):
        await happen(shop, me)
        await sink.until(1, seconds=20)
    sink.hooks[0].verify(made["secret"])
    assert abs(int(sink.hooks[0].headers["webhook-timestamp"]) - time.time()) < 20


async def test_a_worker_whose_clock_is_wrong_signs_by_the_databases(
    shop: House, me: Tenant, sink: Receiver, tmp_path: Path
) -> None:
    """An hour ahead, as Python's `time` tells it: signatures don't go by that."""
    ahead = tmp_path / "ahead"
    ahead.mkdir()
    (ahead / "sitecustomize.py").write_text(
        "import time\nnow = time.time\ntime.time = lambda: now() + 3600\n"
    )
    made = await endpoint(shop, me, sink.url())
    worker = started(shop, PYTHONPATH=str(ahead))
    with ending(worker):
        await happen(shop, me)
        await sink.until(1, seconds=20)
    sink.hooks[0].verify(made["secret"])
    assert abs(int(sink.hooks[0].headers["webhook-timestamp"]) - time.time()) < 20
