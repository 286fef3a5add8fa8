"""A signed live URL draws on the account of the key that signed it, and as long as that stands."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from support.house import TENANTS, House, Tenant

KEYS = "/api/v1/api-keys"


async def signed(house: House, key: str | Tenant, prompt: str, **more: Any) -> str:
    body = {"prompt": prompt, "w": 32} | more
    made = await house.ask("POST", "/v1/live/urls", key=key, json=body)
    assert made.status == 201, made.body
    parts = urlsplit(made.json["url"])
    return f"{parts.path}?{parts.query}"


async def made_key(house: House, me: Tenant, **more: Any) -> Any:
    body = {"name": "site", "scopes": list(TENANTS)} | more
    reply = await house.ask("POST", KEYS, key=me, json=body)
    assert reply.status == 201, reply.body
    return reply.data


async def test_signed_urls_stay_within_the_cap_of_their_key(house: House) -> None:
    me = await house.tenant()
    capped = await made_key(house, me, spend_cap={"day": 2})
    urls = [await signed(house, capped["secret"], f"a fox, number {n}") for n in range(3)]
    statuses = [(await house.ask("GET", url)).status for url in urls]
    assert statuses == [200, 200, 402]
    used = (await house.ask("GET", f"{KEYS}/{capped['id']}", key=me)).data["usage"]
    assert (used["credits"], used["image_jobs"]) == (2, 2)
    listed = (await house.ask("GET", "/v1/generations", key=me)).json["data"]
    assert {it["api_key_id"] for it in listed} == {capped["id"]}


async def test_a_revoked_keys_urls_show_what_is_drawn_and_draw_nothing_new(house: House) -> None:
    me = await house.tenant()
    key = await made_key(house, me)
    drawn, undrawn = [await signed(house, key["secret"], it) for it in ("a fox", "a hare")]
    assert (await house.ask("GET", drawn)).status == 200
    assert (await house.ask("DELETE", f"{KEYS}/{key['id']}", key=me)).status == 200
    again = await house.ask("GET", drawn)
    assert (again.status, again.headers["X-Cache-Status"]) == (200, "HIT")
    for method in ("GET", "HEAD"):
        refused = await house.ask(method, undrawn)
        assert refused.status == 403, refused.body
    assert (await house.ask("GET", "/v1/generations", key=me)).json["total"] == 1


async def test_an_expired_keys_urls_draw_nothing_new(house: House) -> None:
    me = await house.tenant()
    end = datetime.now(UTC) + timedelta(seconds=60)
    key = await made_key(house, me, expires_at=end.isoformat())
    url = await signed(house, key["secret"], "a fox")
    async with house.database.transaction() as tx:
        await tx.execute("UPDATE api_keys SET expires_at = now() WHERE id = $1", key["id"])
    assert (await house.ask("GET", url)).status == 403


async def test_the_key_in_a_signed_url_is_under_its_signature(house: House) -> None:
    me = await house.tenant()
    other = await house.tenant(organization_id=me.organization_id)
    url = await signed(house, me, "a fox")
    assert parse_qs(urlsplit(url).query)["key"] == [me.key_id]
    left_out = url.replace(f"&key={me.key_id}", "").replace(f"key={me.key_id}&", "")
    for changed in (left_out, url.replace(me.key_id, other.key_id), url.replace(me.key_id, "%00")):
        assert changed != url
        assert (await house.ask("GET", changed)).status in {403, 422}
    assert (await house.ask("GET", url)).status == 200
