"""Endpoints and deliveries over HTTP: what is taken, what is refused and by what name."""

import asyncio
import itertools
from typing import Any

import msgspec
import pytest

from support.house import House, Tenant, free_port, opened
from support.receiver import Receiver
from tintype.api.places import PLACES_PER_ORGANIZATION
from tintype.core.caller import SCOPES
from tintype.core.vault import open_vault
from webhooks.asking import all_ended, deliveries, ended, endpoint

GOOD = "https://example.com/hook"
# Rows 61 to 64 and 69: what the URL itself gives away.
BAD_URLS = [
    "file:///etc/passwd", "ftp://example.com/", "gopher://example.com/", "data:text/plain,x",
    "//example.com/x", "http:example.com", "https://", "https://example.com:0/",
    "https://example.com:99999/", "https://user:pw@example.com/", "https://a\r\nb.com/", " ",
    "https://exa mple.com/", "https:\\\\example.com\\", "https://127.1/", "https://0/",
    "https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/", "https://①②⑦.⓪.⓪.①/",
    "https://%31%32%37.0.0.1/", "https://[::ffff:a00:1]/", "https://[64:ff9b::a00:1]/",
    "https://[fd00:ec2::254]/", "https://[fe80::1%25eth0]/", "https://10.0.0.1/",
    "https://100.64.0.1/", "https://169.254.169.254/latest", "https://192.0.0.8/",
    "https://198.18.0.1/", "https://224.0.0.1/", "https://255.255.255.255/",
    "http://example.com/", "http://8.8.8.8/", "http://hooks.example.com/x",
]  # fmt: skip


async def post(house: House, me: Tenant, json: Any, **headers: str) -> Any:
    return await house.ask("POST", "/v1/webhooks/endpoints", key=me, json=json, headers=headers)


async def test_an_endpoint_is_made_read_changed_and_deleted(idle_shop: House, me: Tenant) -> None:
    reply = await post(idle_shop, me, {"url": GOOD, "events": ["image.uploaded"] * 2})
    made = reply.json
    assert reply.headers["Location"] == f"/v1/webhooks/endpoints/{made['id']}"
    assert (made["url"], made["events"], made["status"]) == (GOOD, ["image.uploaded"], "enabled")
    assert made["secret"].startswith("whsec_")
    assert len(made["secret"]) == len("whsec_") + 44
    path = f"/v1/webhooks/endpoints/{made['id']}"
    shown = (await idle_shop.ask("GET", path, key=me)).json
    assert shown == {name: value for name, value in made.items() if name != "secret"}
    change = {"url": f"{GOOD}/2", "events": ["*"], "description": "the CRM", "enabled": False}
    changed = (await idle_shop.ask("PATCH", path, key=me, json=change)).json
    assert (changed["url"], changed["events"], changed["description"]) == (
        f"{GOOD}/2", ["*"], "the CRM",
    )  # fmt: skip
    assert (changed["status"], changed["disabled_reason"]) == ("disabled", "request")
    kept = (await idle_shop.ask("PATCH", path, key=me, json={"description": None})).json
    assert (kept["url"], kept["description"], kept["status"]) == (f"{GOOD}/2", None, "disabled")
    assert (await idle_shop.ask("POST", f"{path}/test", key=me)).status == 409
    assert (await idle_shop.ask("DELETE", path, key=me)).status == 204
    assert (await idle_shop.ask("GET", path, key=me)).status == 404


async def test_secrets_are_shown_twice_in_a_life_and_never_stored_in_clear(
    idle_shop: House, me: Tenant
) -> None:
    body = {"url": GOOD}
    first = await post(idle_shop, me, body, **{"Idempotency-Key": "one"})
    again = await post(idle_shop, me, body, **{"Idempotency-Key": "one"})
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json == first.json
    secret = first.json["secret"]
    path = f"/v1/webhooks/endpoints/{first.json['id']}"
    rotated = await idle_shop.ask("POST", f"{path}/rotate-secret", key=me)
    own = await idle_shop.ask("GET", "/v1/webhooks/secret", key=me)
    for reply in (
        await idle_shop.ask("GET", path, key=me),
        await idle_shop.ask("GET", "/v1/webhooks/endpoints", key=me),
        await idle_shop.ask("PATCH", path, key=me, json={"description": "x"}),
    ):
        assert b"whsec_" not in reply.body
    async with idle_shop.database.reading() as tx:
        for table in ("webhook_endpoints", "webhook_secrets", "idempotency_keys", "events"):
            for row in await tx.fetch(f"SELECT t::text AS text FROM {table} t"):
                for it in (secret, rotated.json["secret"], own.json["secret"]):
                    assert it not in row["text"]
                    assert it.encode().hex() not in row["text"]
        sealed = await tx.fetchval("SELECT secret FROM webhook_endpoints")
    vault = open_vault(idle_shop.settings)
    assert vault.unseal(sealed).decode() == rotated.json["secret"]


@pytest.mark.parametrize("url", BAD_URLS)
async def test_an_address_that_may_not_be_posted_to_is_refused(
    idle_shop: House, me: Tenant, url: str
) -> None:
    refused = await post(idle_shop, me, {"url": url})
    assert (refused.status, refused.error["param"]) == (422, "url"), refused.body
    asked = {"prompt": "a fox", "webhook_url": url}
    refused = await idle_shop.ask("POST", "/v1/generations", key=me, json=asked)
    assert (refused.status, refused.error["param"]) == (422, "webhook_url"), refused.body


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8080/x", "http://localhost/x", "http://crm:8000/", "http://crm.internal/",
     "https://exämple.com/", "https://8.8.8.8/", "https://[2606:4700::1111]/"],
)  # fmt: skip
async def test_public_https_and_allowed_networks_are_taken(
    idle_shop: House, me: Tenant, url: str
) -> None:
    assert (await post(idle_shop, me, {"url": url})).status == 201


async def test_without_allowed_networks_no_private_name_is_taken_either(
    idle_house: House,
) -> None:
    me = await idle_house.tenant()
    for url in ("http://127.0.0.1/", "http://localhost/", "http://crm:8000/", "https://localhost/"):
        assert (await post(idle_house, me, {"url": url})).status == 422, url


@pytest.mark.parametrize(
    ("body", "param", "words"),
    [({"url": GOOD, "events": []}, "events", "one or more"),
     ({"url": GOOD, "events": ["generation.complete"]}, "events", "`generation.completed`"),
     ({"url": GOOD, "events": ["*", "nonsense"]}, "events", "not an event type"),
     ({"url": GOOD, "events": "*"}, "events", ""), ({"events": ["*"]}, "url", "required"),
     ({"url": GOOD, "description": "x" * 501}, "description", ""),
     ({"url": GOOD, "enabled": 1}, "enabled", ""), ({"url": GOOD, "evnts": []}, "evnts", "`events`"),
     ({"url": GOOD + "x" * 4096}, "url", "")],
)  # fmt: skip
async def test_what_is_wrong_is_named(
    idle_shop: House, me: Tenant, body: Any, param: str, words: str
) -> None:
    refused = await post(idle_shop, me, body)
    assert refused.status == 422
    assert refused.error["code"] == "VALIDATION_FAILED"
    assert refused.error["param"] == param
    assert words in refused.error["message"]


async def test_the_hundred_and_first_endpoint_is_a_conflict_however_many_ask_at_once(
    idle_shop: House, me: Tenant
) -> None:
    for _ in range(95):
        assert (await post(idle_shop, me, {"url": GOOD})).status == 201
    at_once = await asyncio.gather(*(post(idle_shop, me, {"url": GOOD}) for _ in range(10)))
    assert sorted(reply.status for reply in at_once) == [201] * 5 + [409] * 5
    page = await idle_shop.ask("GET", "/v1/webhooks/endpoints?limit=60", key=me)
    assert (page.json["total"], len(page.json["data"]), page.json["has_more"]) == (100, 60, True)
    rest = await idle_shop.ask(
        "GET", f"/v1/webhooks/endpoints?limit=60&after={page.json['next']}", key=me
    )
    ids = [it["id"] for it in page.json["data"] + rest.json["data"]]
    assert (len(set(ids)), ids) == (100, sorted(ids, reverse=True))
    other = await idle_shop.tenant()
    assert (await post(idle_shop, other, {"url": GOOD})).status == 201


async def test_another_organization_finds_nothing(shop: House, me: Tenant, sink: Receiver) -> None:
    other = await shop.tenant()
    made = await endpoint(shop, me, sink.url())
    await shop.ask("POST", f"/v1/webhooks/endpoints/{made['id']}/test", key=me)
    done = await ended(shop, me)
    place, sent = f"/v1/webhooks/endpoints/{made['id']}", f"/v1/webhooks/deliveries/{done['id']}"
    for method, path in (
        ("GET", place), ("DELETE", place), ("POST", f"{place}/test"),
        ("POST", f"{place}/rotate-secret"), ("GET", sent), ("POST", f"{sent}/redeliver"),
    ):  # fmt: skip
        assert (await shop.ask(method, path, key=other)).status == 404, path
    assert (await shop.ask("PATCH", place, key=other, json={})).status == 404
    assert await deliveries(shop, other) == []
    assert await deliveries(shop, other, f"&endpoint_id={made['id']}") == []
    assert (await shop.ask("GET", "/v1/webhooks/deliveries/dlv_zzz", key=me)).status == 404
    assert (await shop.ask("GET", f"/v1/webhooks/endpoints/{done['id']}", key=me)).status == 404


async def test_deliveries_are_found_by_what_they_are(
    shop: House, me: Tenant, sink: Receiver
) -> None:
    one = await endpoint(shop, me, sink.url("/1"))
    two = await endpoint(shop, me, sink.url("/2"), events=["image.deleted"])
    for made in (one, two, two):
        await shop.ask("POST", f"/v1/webhooks/endpoints/{made['id']}/test", key=me)
    found = await all_ended(shop, me, 3)
    assert [it["endpoint_id"] for it in found] == [two["id"], two["id"], one["id"]]
    assert len(await deliveries(shop, me, f"&endpoint_id={two['id']}")) == 2
    assert len(await deliveries(shop, me, f"&event_id={found[0]['event_id']}")) == 1
    assert len(await deliveries(shop, me, "&type=webhook.test&status=delivered")) == 3
    assert await deliveries(shop, me, "&status=failed") == []
    assert len(await deliveries(shop, me, f"&after={found[0]['id']}")) == 2
    for query in ("type=nonsense", "status=done", "endpoint_id=x", "event_id=gen_1", "sttus=x"):
        reply = await shop.ask("GET", f"/v1/webhooks/deliveries?{query}", key=me)
        assert (reply.status, reply.error["param"]) == (422, query.partition("=")[0])


async def test_scopes_say_who_may_look_and_who_may_change(idle_shop: House, me: Tenant) -> None:
    reader = await idle_shop.tenant(organization_id=me.organization_id, scopes=["webhooks:read"])
    nobody = await idle_shop.tenant(organization_id=me.organization_id, scopes=["images:read"])
    made = await endpoint(idle_shop, me, GOOD)
    place = f"/v1/webhooks/endpoints/{made['id']}"
    for path in (place, "/v1/webhooks/endpoints", "/v1/webhooks/deliveries", "/v1/webhooks/events"):
        assert (await idle_shop.ask("GET", path, key=reader)).status == 200
        refused = await idle_shop.ask("GET", path, key=nobody)
        assert (refused.status, refused.error["details"]["scope"]) == (403, "webhooks:read")
    for method, path in (
        ("POST", "/v1/webhooks/endpoints"), ("PATCH", place), ("DELETE", place),
        ("POST", f"{place}/test"), ("POST", f"{place}/rotate-secret"),
        ("GET", "/v1/webhooks/secret"), ("POST", "/v1/webhooks/secret/rotate"),
    ):  # fmt: skip
        refused = await idle_shop.ask(method, path, key=reader)
        assert (refused.status, refused.error["details"]["scope"]) == (403, "webhooks:write")


async def test_a_key_for_one_project_names_addresses_in_requests_only(
    idle_shop: House, me: Tenant
) -> None:
    """Endpoints hear of every project."""
    project = await idle_shop.ask("POST", "/v1/projects", key=me, json={"name": "one"})
    bound = await idle_shop.tenant(
        organization_id=me.organization_id, project_id=project.json["id"], scopes=SCOPES
    )
    for path in ("endpoints", "deliveries", "secret"):
        refused = await idle_shop.ask("GET", f"/v1/webhooks/{path}", key=bound)
        assert (refused.status, refused.error["code"]) == (403, "FORBIDDEN")
    assert (await post(idle_shop, bound, {"url": GOOD})).status == 403
    asked = {"prompt": "a fox", "webhook_url": GOOD}
    made = await idle_shop.ask("POST", "/v1/generations", key=bound, json=asked)
    assert (made.status, made.json["webhook_url"]) == (202, GOOD)


async def test_a_rotation_under_one_idempotency_key_happens_once(
    idle_shop: House, me: Tenant
) -> None:
    made = await endpoint(idle_shop, me, GOOD)
    for path in (
        f"/v1/webhooks/endpoints/{made['id']}/rotate-secret",
        "/v1/webhooks/secret/rotate",
    ):
        key = {"Idempotency-Key": path}
        first = await idle_shop.ask("POST", path, key=me, headers=key)
        again = await idle_shop.ask("POST", path, key=me, headers=key)
        assert first.status == again.status == 200
        assert first.json == again.json


async def test_after_the_servers_key_was_lost_a_changed_secret_signs_again(
    idle_shop: House, me: Tenant, sink: Receiver
) -> None:
    made = await endpoint(idle_shop, me, sink.url())
    await idle_shop.ask("GET", "/v1/webhooks/secret", key=me)
    settings = idle_shop.settings
    other = msgspec.structs.replace(
        settings, security=msgspec.structs.replace(settings.security, secret="another one " * 4)
    )
    port = free_port()
    server = msgspec.structs.replace(settings.server, port=port)
    async with opened(msgspec.structs.replace(other, server=server)) as later:
        refused = await later.ask("GET", "/v1/webhooks/secret", key=me)
        assert (refused.status, refused.error["code"]) == (409, "CONFLICT")
        new = await later.ask("POST", "/v1/webhooks/secret/rotate", key=me)
        assert new.json["secret"].startswith("whsec_")
        path = f"/v1/webhooks/endpoints/{made['id']}"
        new = await later.ask("POST", f"{path}/rotate-secret", key=me)
        sent = await later.ask("POST", f"{path}/test", key=me, headers={"Prefer": "wait=10"})
        assert sent.json["status"] == "delivered"
        sink.hooks[0].verify(new.json["secret"])
        assert " " not in sink.hooks[0].headers["webhook-signature"]


async def test_no_more_answers_are_held_than_an_organization_has_places(
    idle_shop: House, me: Tenant
) -> None:
    """The rest are answered at once: 202, and the delivery as it is."""
    made = await endpoint(idle_shop, me, "http://127.0.0.1:9/")
    path = f"/v1/webhooks/endpoints/{made['id']}/test"
    held = [
        asyncio.create_task(idle_shop.ask("POST", path, key=me, headers={"Prefer": "wait=60"}))
        for _ in range(PLACES_PER_ORGANIZATION + 5)
    ]
    async with asyncio.timeout(20):
        for reply in itertools.islice(asyncio.as_completed(held), 5):
            assert (await reply).status == 202
    await asyncio.sleep(0.3)
    assert sum(it.done() for it in held) == 5
    for it in held:
        it.cancel()
    await asyncio.gather(*held, return_exceptions=True)
