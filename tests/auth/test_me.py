"""GET /me."""

from api.wire import judged
from support.house import House

ME = "/api/v1/me"


async def test_a_key_is_told_what_it_is_and_may(idle_house: House) -> None:
    me = await idle_house.tenant(plan="starter", scopes=["images:read", "credits:read"])
    reply = await idle_house.ask("GET", ME, key=me)
    assert reply.status == 200, reply.body
    found = reply.data
    assert (found["object"], found["type"]) == ("caller", "api_key")
    assert (found["user"], found["session"]) == (None, None)
    assert found["api_key"]["id"] == me.key_id
    assert "secret" not in found["api_key"]
    assert found["organization"]["id"] == me.organization_id
    assert found["organization"]["plan"] == "starter"
    assert found["scopes"] == ["credits:read", "images:read"]
    assert found["livemode"] is True
    assert found["limits"] == {"requests_per_minute": 60, "concurrency": 4, "queue_weight": 1}
    assert found["features"] == ["flows", "images", "projects", "text"]
    assert reply.headers["X-RateLimit-Limit"] == "60"
    bare = await idle_house.ask("GET", "/v1/me", key=me)
    assert bare.json["object"] == "caller"


async def test_limits_are_the_organizations_own_or_its_plans(idle_house: House) -> None:
    for more, limit in (
        ({"plan": "free"}, 30), ({"plan": "free", "rate_limit": 7}, 7),
        ({"plan": "enterprise"}, None), ({"plan": "enterprise", "rate_limit": 9}, 9),
    ):  # fmt: skip
        me = await idle_house.tenant(**more)
        found = (await idle_house.ask("GET", ME, key=me)).data
        assert found["limits"]["requests_per_minute"] == limit
        sandbox = await idle_house.tenant(organization_id=me.organization_id, livemode=False)
        mine = (await idle_house.ask("GET", ME, key=sandbox)).data
        assert (mine["livemode"], mine["limits"]) == (False, found["limits"])


async def test_nobody_is_nobody(idle_house: House) -> None:
    reply = await idle_house.ask("GET", ME)
    assert judged(reply, 401, "UNAUTHORIZED") is None, reply.body
    me = await idle_house.tenant()
    assert (await idle_house.ask("GET", f"{ME}?verbose=1", key=me)).status == 422
    bound = await idle_house.tenant(
        organization_id=me.organization_id,
        project_id=(await idle_house.ask(
            "POST", "/api/v1/projects", key=me, json={"name": "p"})).data["id"],
    )  # fmt: skip
    assert (await idle_house.ask("GET", ME, key=bound)).data["api_key"]["id"] == bound.key_id
