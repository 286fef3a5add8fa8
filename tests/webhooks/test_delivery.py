"""From an event to a receiver: what is sent and signed, to whom, and what is kept of it."""

import asyncio

import pytest
from standardwebhooks import WebhookVerificationError

from support.house import House, Tenant
from support.receiver import Receiver, in_turn, receiving, status
from tintype.events import operations as events
from webhooks.asking import delivery, ended, endpoint, happen


async def test_an_endpoint_hears_of_a_generation_signed_and_as_the_api_shows_it(
    shop: House, me: Tenant, sink: Receiver
) -> None:
    made = await endpoint(shop, me, sink.url(), events=["generation.completed"])
    picture = await shop.picture(me, "en röd räv 赤い狐 🦊")
    await sink.until(1)
    (hook,) = sink.hooks
    body = hook.verify(made["secret"])
    assert list(body) == ["id", "type", "created_at", "data"]
    assert body["type"] == "generation.completed"
    assert body["created_at"].endswith("Z")
    assert hook.id == body["id"]
    assert hook.headers["content-type"] == "application/json"
    assert body["data"]["id"] == picture["id"]
    assert body["data"]["prompt"] == "en röd räv 赤い狐 🦊"
    assert "🦊".encode() in hook.body
    log = await shop.ask("GET", "/v1/webhooks/events?type=generation.completed", key=me)
    (event,) = log.json["data"]
    assert (event["id"], event["data"]) == (body["id"], body["data"])


async def test_a_requests_own_address_hears_once_how_the_work_ended(
    shop: House, me: Tenant, sink: Receiver
) -> None:
    me = await shop.tenant(organization_id=me.organization_id, livemode=False)
    secret = (await shop.ask("GET", "/v1/webhooks/secret", key=me)).json["secret"]
    picture = await shop.picture(me, "a fox", webhook_url=sink.url("/hello?a=1"))
    assert picture["webhook_url"] == sink.url("/hello?a=1")
    await sink.until(1)
    found = await ended(shop, me)
    assert (found["endpoint_id"], found["url"]) == (None, sink.url("/hello?a=1"))
    (hook,) = sink.hooks
    assert hook.verify(secret)["data"]["id"] == picture["id"]
    failing = await shop.ask(
        "POST", "/v1/generations", key=me,
        json={"prompt": "__rejected__", "webhookUrl": sink.url("/bad")},
    )  # fmt: skip
    await sink.until(2)
    assert sink.hooks[1].verify(secret)["type"] == "generation.failed"
    again = await shop.ask("POST", f"/v1/generations/{failing.json['id']}/retry", key=me, json={})
    assert again.json["webhook_url"] == sink.url("/bad")
    await sink.until(3)
    other = {"webhook_url": sink.url("/other")}
    await shop.ask("POST", f"/v1/generations/{failing.json['id']}/retry", key=me, json=other)
    await sink.until(4)
    assert [hook.path for hook in sink.hooks] == ["/hello", "/bad", "/bad", "/other"]


async def test_only_the_types_asked_for_come_and_only_from_now_on(
    shop: House, me: Tenant, sink: Receiver
) -> None:
    await happen(shop, me, 1)
    await endpoint(shop, me, sink.url("/all"))
    await endpoint(shop, me, sink.url("/some"), events=["image.deleted", "generation.failed"])
    await endpoint(shop, me, sink.url("/off"), enabled=False)
    other = await shop.tenant()
    await endpoint(shop, other, sink.url("/other"))
    await happen(shop, me, 2)
    await happen(shop, me, 3, type_="generation.failed")
    await sink.until(3)
    await asyncio.sleep(0.2)
    assert sorted((hook.path, hook.json["data"]["n"]) for hook in sink.hooks) == [
        ("/all", 2), ("/all", 3), ("/some", 3),
    ]  # fmt: skip


async def test_the_sandbox_and_its_organization_hear_nothing_of_each_other(
    shop: House, me: Tenant, sink: Receiver
) -> None:
    sandbox = await shop.tenant(organization_id=me.organization_id, livemode=False)
    made = await endpoint(shop, sandbox, sink.url("/test"), events=["generation.completed"])
    assert made["livemode"] is False
    await endpoint(shop, me, sink.url("/live"), events=["generation.completed"])
    picture = await shop.picture(sandbox)
    await sink.until(1)
    await asyncio.sleep(0.2)
    (hook,) = sink.hooks
    assert (hook.path, hook.json["data"]["id"]) == ("/test", picture["id"])
    assert (await shop.ask("GET", f"/v1/webhooks/endpoints/{made['id']}", key=me)).status == 404


async def test_what_is_committed_late_is_not_passed_over(
    shop: House, me: Tenant, sink: Receiver
) -> None:
    await endpoint(shop, me, sink.url())
    async with shop.database.transaction() as tx:
        await events.publish(
            tx, me.organization_id, "image.uploaded", "x", livemode=True, data={"n": 1}
        )
        await happen(shop, me, 2)
        await asyncio.sleep(0.4)
        assert sink.hooks == [], "nothing overtakes a transaction that is open"
    await sink.until(2)
    assert sorted(hook.json["data"]["n"] for hook in sink.hooks) == [1, 2]


async def test_during_a_change_of_secret_both_sign_and_afterwards_the_new_one(
    shop: House, me: Tenant, sink: Receiver
) -> None:
    old = await endpoint(shop, me, sink.url())
    path = f"/v1/webhooks/endpoints/{old['id']}/rotate-secret"
    new = (await shop.ask("POST", path, key=me)).json
    assert new["secret"] != old["secret"]
    assert new["previous_secret_until"] is not None
    await happen(shop, me, 1)
    await sink.until(1)
    assert sink.hooks[0].verify(old["secret"]) == sink.hooks[0].verify(new["secret"])
    assert len(sink.hooks[0].headers["webhook-signature"].split(" ")) == 2
    async with shop.database.transaction() as tx:
        await tx.execute("UPDATE webhook_endpoints SET previous_until = now()")
    await happen(shop, me, 2)
    await sink.until(2)
    sink.hooks[1].verify(new["secret"])
    with pytest.raises(WebhookVerificationError):
        sink.hooks[1].verify(old["secret"])


async def test_the_organizations_own_secret_is_changed_in_the_same_way(
    shop: House, me: Tenant, sink: Receiver
) -> None:
    old = (await shop.ask("GET", "/v1/webhooks/secret", key=me)).json["secret"]
    new = (await shop.ask("POST", "/v1/webhooks/secret/rotate", key=me)).json
    assert (await shop.ask("GET", "/v1/webhooks/secret", key=me)).json == new
    await happen(shop, me, webhook_url=sink.url())
    await sink.until(1)
    for secret in (old, new["secret"]):
        sink.hooks[0].verify(secret)


async def test_redelivery_is_a_new_series_of_the_same_delivery(shop: House, me: Tenant) -> None:
    async with receiving(in_turn(*[status(500)] * 4, status(200))) as sink:
        await endpoint(shop, me, sink.url())
        await happen(shop, me)
        failed = await ended(shop, me)
        path = f"/v1/webhooks/deliveries/{failed['id']}/redeliver"
        again = await shop.ask("POST", path, key=me)
        assert (again.status, again.json["status"]) == (202, "pending")
        assert again.headers["Location"] == f"/v1/webhooks/deliveries/{failed['id']}"
        await sink.until(5)
        done = await ended(shop, me)
        assert [it["status"] for it in done["attempts"]] == [500, 500, 500, 500, 200]
        assert len({hook.id for hook in sink.hooks}) == 1
        await shop.ask("POST", path, key=me)
        await sink.until(6)


async def test_a_test_event_goes_to_its_endpoint_only_and_can_be_waited_for(
    shop: House, me: Tenant, sink: Receiver
) -> None:
    made = await endpoint(shop, me, sink.url("/one"), events=["image.deleted"])
    await endpoint(shop, me, sink.url("/two"))
    path = f"/v1/webhooks/endpoints/{made['id']}/test"
    reply = await shop.ask("POST", path, key=me, headers={"Prefer": "wait=10"})
    assert reply.status == 201, reply.body
    assert [it["status"] for it in reply.json["attempts"]] == [200]
    assert (await shop.ask("POST", path, key=me)).status == 202
    await sink.until(2)
    assert [hook.path for hook in sink.hooks] == ["/one", "/one"]
    body = sink.hooks[0].verify(made["secret"])
    assert (body["type"], body["data"]["id"]) == ("webhook.test", made["id"])
    assert "secret" not in body["data"]
    found = await delivery(shop, me, reply.json["id"])
    assert found["status"] == "delivered"


async def test_a_changed_address_counts_for_what_is_still_pending(
    shop: House, me: Tenant, sink: Receiver
) -> None:
    made = await endpoint(shop, me, "http://127.0.0.1:9/")
    await happen(shop, me)
    path = f"/v1/webhooks/endpoints/{made['id']}"
    await shop.ask("PATCH", path, key=me, json={"url": sink.url("/new")})
    await sink.until(1)
    assert (await ended(shop, me))["url"] == sink.url("/new")


async def test_a_deleted_endpoint_gets_nothing_more_and_its_history_stays(
    shop: House, me: Tenant
) -> None:
    async with receiving(status(503, Retry_After="600")) as sink:
        made = await endpoint(shop, me, sink.url())
        await happen(shop, me)
        await sink.until(1)
        await asyncio.sleep(0.1)
        path = f"/v1/webhooks/endpoints/{made['id']}"
        assert (await shop.ask("DELETE", path, key=me)).status == 204
        assert (await shop.ask("GET", path, key=me)).status == 404
        found = await ended(shop, me)
        assert (found["status"], found["last_error"]) == ("failed", "endpoint_deleted")
        assert len(found["attempts"]) == 1
        reply = await shop.ask("POST", f"/v1/webhooks/deliveries/{found['id']}/redeliver", key=me)
        assert reply.status == 409
