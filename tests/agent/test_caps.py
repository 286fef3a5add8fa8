"""What an agent spends is bounded by who may say so: a key with a cap of its own may not."""

from support.house import House, Tenant


async def test_a_key_with_a_spend_cap_does_not_widen_what_the_agent_may_spend(
    idle_house: House,
) -> None:
    me = await idle_house.tenant()
    body = {"name": "capped", "scopes": ["agent:write", "projects:read"], "spend_cap": {"day": 5}}
    made = await idle_house.ask("POST", "/v1/api-keys", key=me, json=body)
    assert made.status == 201, made.body
    capped = Tenant(me.organization_id, made.json["secret"], made.json["id"])
    wider = {"mode": "auto", "credits_cap_day": 1000}
    refused = await idle_house.ask("PATCH", "/v1/agent", key=capped, json=wider)
    assert (refused.status, refused.error["code"]) == (403, "FORBIDDEN"), refused.body
    assert "spend cap" in refused.error["message"]
    assert (await idle_house.ask("GET", "/v1/agent", key=capped)).json["mode"] == "off"
    assert (await idle_house.ask("PATCH", "/v1/agent", key=me, json=wider)).status == 200
