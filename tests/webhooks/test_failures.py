"""Deliveries that fail: how often they are tried again, and when their endpoint is switched off."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import msgspec
import pytest
from aiohttp import web
from hypothesis import example, given
from hypothesis import strategies as st

from support import receiver
from support.house import House, Tenant, opened
from support.receiver import Hook, Receiver, in_turn, receiving, status
from support.workers import until
from tintype.core.settings import Settings
from tintype.webhooks.posting import seconds_asked
from webhooks.asking import deliveries, ended, endpoint, happen


async def make_due(house: House) -> None:
    """Let the time until every next attempt pass."""
    async with house.database.transaction() as tx:
        await tx.execute(
            "UPDATE webhook_deliveries SET next_attempt_at = now() WHERE status = 'pending'"
        )


@pytest.mark.parametrize("code", [301, 308, 404, 429, 500])
async def test_anything_but_2xx_is_a_failure_and_tried_again_under_the_same_id(
    shop: House, me: Tenant, code: int
) -> None:
    answer = in_turn(status(code, "no\0t now", Location="http://127.0.0.1:9/"), status(204))
    async with receiving(answer) as sink:
        made = await endpoint(shop, me, sink.url())
        event_id = await happen(shop, me)
        found = await ended(shop, me)
        assert found["status"] == "delivered"
        assert [hook.id for hook in sink.hooks] == [event_id, event_id]
        for hook in sink.hooks:
            hook.verify(made["secret"])
        assert sink.hooks[0].body == sink.hooks[1].body
    first, second = found["attempts"]
    assert (first["number"], first["status"], first["error"]) == (1, code, "bad_status")
    assert first["answer"] == "no�t now"
    assert (second["number"], second["status"], second["error"]) == (2, 204, None)
    assert first["milliseconds"] >= 0
    assert first["started_at"] < second["started_at"]
    assert (found["attempt_count"], found["last_status"], found["next_attempt_at"]) == (
        2,
        204,
        None,
    )


async def test_after_the_last_retry_it_has_failed(shop: House, me: Tenant) -> None:
    async with receiving(status(500, "x" * 5000)) as sink:
        await endpoint(shop, me, sink.url())
        await happen(shop, me)
        found = await ended(shop, me)
        assert (found["status"], found["attempt_count"], len(sink.hooks)) == ("failed", 4, 4)
        assert [len(attempt["answer"]) for attempt in found["attempts"]] == [2048] * 4


async def test_silence_a_flood_and_a_closed_port_are_failures(settings: Settings) -> None:
    async def flood(hook: Hook) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(hook.request)
        try:
            while True:
                await answer.write(b"x" * 65_536)
        except ConnectionError:
            return answer

    webhooks = msgspec.structs.replace(settings.webhooks, retry_seconds=[], seconds_max=0.5)
    settings = msgspec.structs.replace(settings, webhooks=webhooks)
    async with (
        receiving(receiver.hang) as silent, receiving(flood) as flooding, opened(settings) as shop,
    ):  # fmt: skip
        me = await shop.tenant()
        urls = [silent.url(), flooding.url(), "http://127.0.0.1:9/"]
        made = [(await endpoint(shop, me, url))["id"] for url in urls]
        await happen(shop, me)
        failed = [await ended(shop, me, f"&endpoint_id={it}", seconds=20) for it in made]
    tried = [(it["status"], [attempt["error"] for attempt in it["attempts"]]) for it in failed]
    assert tried == [
        ("failed", ["timed_out"]), ("failed", ["too_large"]), ("failed", ["could_not_connect"]),
    ]  # fmt: skip
    assert {attempt["status"] for it in failed for attempt in it["attempts"]} == {None}
    assert all(attempt["milliseconds"] >= 500 for attempt in failed[0]["attempts"])


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [("120", 115, 130), ("999999999", 86_300, 86_500), ("junk", 0, 2), ("-5", 0, 2),
     ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", 0, 2),
     ("{in_two_hours}", 7100, 7300)],
)  # fmt: skip
async def test_what_a_receiver_asks_to_wait_is_waited_within_a_day(
    shop: House, me: Tenant, said: str, least: float, most: float
) -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)
    said = said.format(in_two_hours=then)
    async with receiving(in_turn(status(429, Retry_After=said), status(200))) as sink:
        await endpoint(shop, me, sink.url())
        await happen(shop, me)
        await sink.until(1)
        async with shop.database.reading() as tx:
            for _ in range(200):
                row = await tx.fetchrow(
                    "SELECT attempts, extract(epoch FROM coalesce(next_attempt_at, now())"
                    " - now())::float8 AS wait FROM webhook_deliveries"
                )
                if row["attempts"]:
                    break
                await asyncio.sleep(0.01)
        assert least <= max(0, row["wait"]) <= most
        await make_due(shop)
        assert (await ended(shop, me))["status"] == "delivered"


_DATES = st.builds(
    "{}, {} {} {} {}:{}:{} {}".format,
    st.sampled_from(["Mon", "Sunday", ""]), st.integers(-1, 10**12),
    st.sampled_from(["Jan", "Feb", "x"]), st.integers(-1, 10**22), st.integers(-1, 10**12),
    st.integers(-1, 99), st.integers(-1, 99), st.sampled_from(["GMT", "+9999999999999999", "-0000"]),
)  # fmt: skip


@given(st.text(max_size=40) | _DATES)
@example("Mon, 01 Jan 99999999999999999999 00:00:00 GMT")
def test_no_text_of_a_receiver_is_too_strange_to_wait_for(text: str) -> None:
    assert 0 <= seconds_asked(text, datetime.now(UTC)) <= 86_400


async def test_gone_switches_the_endpoint_off_until_it_is_switched_on_again(
    shop: House, me: Tenant
) -> None:
    async with receiving(in_turn(status(410), status(200))) as sink:
        made = await endpoint(shop, me, sink.url())
        first = await happen(shop, me)
        found = await ended(shop, me)
        assert (found["status"], found["attempt_count"], found["last_status"]) == ("failed", 1, 410)
        path = f"/v1/webhooks/endpoints/{made['id']}"
        off = (await shop.ask("GET", path, key=me)).json
        assert (off["status"], off["disabled_reason"]) == ("disabled", "gone")
        assert off["disabled_at"] is not None
        await happen(shop, me, 2)
        refused = await shop.ask("POST", f"/v1/webhooks/deliveries/{found['id']}/redeliver", key=me)
        assert (refused.status, refused.error["details"]["disabled_reason"]) == (409, "gone")
        await asyncio.sleep(0.3)
        assert len(sink.hooks) == 1
        on = await shop.ask("PATCH", path, key=me, json={"enabled": True})
        assert (on.json["status"], on.json["disabled_reason"]) == ("enabled", None)
        assert on.json["failing_since"] is None
        await shop.ask("POST", f"/v1/webhooks/deliveries/{found['id']}/redeliver", key=me)
        await sink.until(2)
        assert [hook.id for hook in sink.hooks] == [first, first]


async def test_an_endpoint_that_only_fails_for_three_days_is_switched_off(
    shop: House, me: Tenant
) -> None:
    async with receiving(in_turn(status(500), status(200), status(500))) as sink:
        made = await endpoint(shop, me, sink.url())
        path = f"/v1/webhooks/endpoints/{made['id']}"

        async def age() -> None:
            async with shop.database.transaction() as tx:
                await tx.execute(
                    "UPDATE webhook_endpoints SET failing_since = failing_since - interval '3 days'"
                )

        await happen(shop, me)
        await ended(shop, me)
        healed = (await shop.ask("GET", path, key=me)).json
        assert (healed["status"], healed["failing_since"]) == ("enabled", None)
        assert healed["last_success_at"] > healed["last_failure_at"]
        event_id = await happen(shop, me, 2)

        async def shown(**wanted: object) -> Any:
            found = (await shop.ask("GET", path, key=me)).json
            return found if all(found[name] == it for name, it in wanted.items()) else None

        async def is_failing() -> bool:
            return await shown(failing_since=None) is None

        await until(is_failing, what="a failure on record")
        await age()
        await happen(shop, me, 3)
        found = await until(lambda: shown(status="disabled"), what="it to be switched off")
        assert found["disabled_reason"] == "failing"
        (left,) = await deliveries(shop, me, f"&event_id={event_id}")
        assert left["status"] in {"pending", "failed"}


async def test_what_is_pending_waits_while_the_endpoint_is_off(shop: House, me: Tenant) -> None:
    async with receiving(in_turn(status(503, Retry_After="600"), status(200))) as sink:
        made = await endpoint(shop, me, sink.url())
        path = f"/v1/webhooks/endpoints/{made['id']}"
        await happen(shop, me)
        await sink.until(1)
        off = await shop.ask("PATCH", path, key=me, json={"enabled": False})
        assert off.json["disabled_reason"] == "request"
        await asyncio.sleep(0.1)
        await make_due(shop)
        await asyncio.sleep(1.3)
        assert len(sink.hooks) == 1
        await shop.ask("PATCH", path, key=me, json={"enabled": True})
        assert (await ended(shop, me))["status"] == "delivered"


async def test_a_hanging_endpoint_delays_no_other(shop: House, me: Tenant, sink: Receiver) -> None:
    async with receiving(receiver.hang) as slow:
        for number in range(3):
            await endpoint(shop, me, slow.url(f"/{number}"))
        await endpoint(shop, me, sink.url())
        for number in range(20):
            await happen(shop, me, number)
            await sink.until(number + 1, seconds=10)
        assert len(slow.hooks) <= 3 * 20
