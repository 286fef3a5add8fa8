"""A plan and where an organization differs from it: by command, at once, in every process."""

import asyncio
import getpass
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from accounts.test_commands import said
from api.wire import judged, second_process
from sessions.people import bearer, sign_in
from support.house import House, Tenant
from tintype.accounts import operations as accounts
from tintype.accounts.models import ChangeOrganization, Feature, plans
from tintype.accounts.passwords import hash_password
from tintype.audit.operator import SERVER
from tintype.core.errors import NotFound, ValidationFailed
from tintype.db.pool import Database

ME = "/api/v1/me"


async def until(look: Callable[[], Awaitable[Any]], wanted: Any) -> None:
    """What a NOTIFY brings is there in a moment; nothing here waits for a cache to grow old."""
    async with asyncio.timeout(20):
        while (found := await look()) != wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert found == wanted


async def set_terms(house: House, me: Tenant, **change: Any) -> Any:
    async with house.database.transaction() as tx:
        return await accounts.change_organization(
            tx, me.organization_id, ChangeOrganization(**change), actor=SERVER
        )


def test_the_plans_have_what_the_price_list_says() -> None:
    made = plans()
    assert {name: it.rate_limit for name, it in made.items()} == {
        "free": 30, "starter": 60, "creator": 120, "pro": 300, "enterprise": None,
    }  # fmt: skip
    assert {name: it.trial_credits for name, it in made.items() if it.trial_credits} == {"free": 5}
    features = [made[name].features for name in ("free", "starter", "creator", "pro", "enterprise")]
    added = [after - before for before, after in itertools.pairwise(features)]
    assert features[0] == {"images", "text"}
    assert added == [
        {"flows", "projects"}, {"video"}, {"bulk", "personas", "models", "agent"}, set(),
    ]  # fmt: skip
    weights = [it.queue_weight for it in made.values()]
    assert weights == sorted(weights)
    assert all(1 <= weight <= 12 for weight in weights)


@pytest.mark.slow
async def test_terms_set_by_command_hold_at_once_in_every_process(idle_house: House) -> None:
    me = await idle_house.tenant(plan="free")
    test = await idle_house.tenant(organization_id=me.organization_id, livemode=False)
    async with second_process(idle_house, me.key) as second:

        async def seen(house: House, key: Tenant) -> Any:
            found = (await house.ask("GET", ME, key=key)).data
            return found["limits"]["requests_per_minute"], "bulk" in found["features"]

        for house in (idle_house, second):
            assert await seen(house, me) == (30, False)
        done = await said(
            "org", "set", "--id", me.organization_id, "--plan", "starter", "--rate-limit", "77",
            "--concurrency", "3", "--queue-weight", "9", "--feature", "+bulk", "--feature",
            "-flows", house=idle_house,
        )  # fmt: skip
        assert done.code == 0, done.err
        assert (done.json["plan"], done.json["features"]) == ("starter", ["+bulk", "-flows"])
        for house in (idle_house, second):
            for key in (me, test):
                await until(lambda house=house, key=key: seen(house, key), (77, True))
            flow = await house.ask("POST", "/api/v1/flows", key=me, json={})
            assert judged(flow, 403, "FORBIDDEN") is None, flow.body
            assert flow.error["details"] == {"feature": "flows", "plan": "starter"}
            assert flow.headers["X-RateLimit-Limit"] == "77"
    found = (await idle_house.ask("GET", "/api/v1/credits/balance", key=me)).data
    assert found["limits"] == {"requests_per_minute": 77, "concurrency": 3, "queue_weight": 9}
    log = await idle_house.ask("GET", "/api/v1/audit-log?action=organization.updated", key=me)
    (entry,) = log.data
    assert (entry["actor_type"], entry["actor_id"]) == ("operator", getpass.getuser())
    assert entry["details"]["plan"] == {"from": "free", "to": "starter"}
    assert entry["details"]["features"] == {"from": [], "to": ["+bulk", "-flows"]}
    assert set(entry["details"]) == {
        "plan", "rate_limit", "concurrency", "queue_weight", "features",
    }  # fmt: skip


async def test_terms_go_by_the_plan_again(idle_house: House) -> None:
    me = await idle_house.tenant(plan="pro", rate_limit=5)
    await set_terms(idle_house, me, features=("-bulk", "+flows"), concurrency=2, queue_weight=12)
    done = await said(
        "org", "set", "--id", me.organization_id, "--rate-limit", "plan", "--concurrency", "plan",
        "--queue-weight", "plan", "--feature", "bulk", house=idle_house,
    )  # fmt: skip
    assert done.code == 0, done.err
    assert done.json["features"] == ["+flows"]
    found = (await idle_house.ask("GET", "/api/v1/credits/balance", key=me)).data
    assert found["limits"] == {"requests_per_minute": 300, "concurrency": 16, "queue_weight": 4}
    assert set(found["features"]) == plans()["pro"].features
    again = await said("org", "set", "--id", me.organization_id, house=idle_house)
    assert again.json == done.json
    log = await idle_house.ask("GET", "/api/v1/audit-log?action=organization.updated", key=me)
    assert len(log.data) == 2, "what changes nothing is not written down"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--plan", "gold"), "plan"),
        (("--rate-limit", "0"), "rate_limit"),
        (("--rate-limit", "1.5"), "rate_limit"),
        (("--rate-limit", "-3"), "rate_limit"),
        (("--concurrency", "10001"), "concurrency"),
        (("--queue-weight", "13"), "queue_weight"),
        (("--feature", "+gold"), "features"),
        (("--feature", "+-bulk"), "features"),
    ],
)
async def test_terms_that_are_none_are_refused_by_name(
    idle_house: House, words: tuple[str, str], told: str
) -> None:
    me = await idle_house.tenant(plan="free")
    done = await said("org", "set", "--id", me.organization_id, *words, house=idle_house)
    assert (done.code, told in done.err) == (2, True), done.err
    found = (await idle_house.ask("GET", ME, key=me)).data
    assert (found["organization"]["plan"], found["limits"]["requests_per_minute"]) == ("free", 30)


async def test_who_starts_a_house_is_its_operator_and_other_keys_grant_nothing(
    idle_house: House,
) -> None:
    own = await said("keys", "create", "--name", "mine", house=idle_house)
    assert own.code == 0, own.err
    assert "credits:write" in own.json["scopes"]
    (studio,) = (await said("org", "list", house=idle_house)).json
    assert studio["operator"] is True
    made = await said("org", "create", "--name", "c", "--plan", "free", house=idle_house)
    assert made.json["operator"] is False
    org = ("--org", made.json["id"])
    theirs = await said("keys", "create", "--name", "k", *org, house=idle_house)
    assert "credits:write" not in theirs.json["scopes"]
    test = await said("keys", "create", "--name", "t", "--test", house=idle_house)
    assert "credits:write" not in test.json["scopes"]
    for key, status in ((own, 201), (theirs, 403), (test, 403)):
        reply = await idle_house.ask(
            "POST", "/api/v1/credits/grants", key=key.json["secret"],
            json={"amount": 3, "organization_id": made.json["id"]},
        )  # fmt: skip
        assert reply.status == status, reply.body
    done = await said("credits", "grant", *org, "--amount", "4", "--note", "n", house=idle_house)
    assert done.json["balance_after"] == 5 + 3 + 4
    log = await idle_house.ask("GET", "/api/v1/audit-log?action=organization.granted",
                               key=theirs.json["secret"])  # fmt: skip
    (entry,) = log.data
    assert (entry["actor_type"], entry["details"]["amount"]) == ("operator", 4)


async def test_a_sandbox_has_no_terms_of_its_own(database: Database) -> None:
    async with database.transaction() as tx:
        one = await accounts.create_organization(tx, name="o", plan="free", operator=True)
        twin = await accounts.sandbox_of(tx, one.id)
        change = ChangeOrganization(plan="pro", features=("-agent",), concurrency=2)
        changed = await accounts.change_organization(tx, one.id, change, actor=SERVER)
        twin = await accounts.organization(tx, twin.id)
    assert (twin.plan, twin.features, twin.concurrency) == ("pro", ("-agent",), 2)
    assert (changed.operator, twin.operator) == (True, False)
    for unknown in (twin.id, "org_01m7wey10xe58rnehgzmxx0sds", "usr_1"):
        with pytest.raises(NotFound):
            async with database.transaction() as tx:
                await accounts.change_organization(tx, unknown, change, actor=SERVER)
    with pytest.raises(ValidationFailed):
        async with database.transaction() as tx:
            await accounts.create_organization(tx, name="o", plan="free", rate_limit=10**7)


async def test_a_signed_in_user_and_a_signed_url_go_by_the_terms_too(idle_house: House) -> None:
    me = await idle_house.tenant(plan="free")
    async with idle_house.database.transaction() as tx:
        await accounts.create_user(
            tx, me.organization_id, email="kim@example.com",
            password_hash=hash_password("correct horse"), role="member",
        )  # fmt: skip
    token = (await sign_in(idle_house, "kim@example.com", "correct horse")).data["token"]
    assert (await idle_house.ask("POST", "/v1/flows", json={}, headers=bearer(token))).status == 403
    await set_terms(idle_house, me, features=("+flows", "-images"))

    async def status(path: str, body: Any) -> int:
        return (await idle_house.ask("POST", path, json=body, headers=bearer(token))).status

    await until(lambda: status("/v1/flows", {}), 201)
    url = (await idle_house.ask("POST", "/v1/live/urls", key=me, json={"prompt": "a"})).json["url"]
    refused = await idle_house.ask("GET", f"/v1/live?{url.partition('?')[2]}")
    assert refused.status == 403, refused.body
    assert refused.error["details"] == {"feature": "images", "plan": "free"}


# A request that each feature opens; the models' own tests have theirs, which needs a file.
GATES: dict[Feature, tuple[str, dict[str, Any]]] = {
    "images": ("/generations", {"prompt": "a fox"}),
    "text": ("/text/polish", {"text": "Its a bag"}),
    "flows": ("/flows", {}),
    "projects": ("/projects", {"name": "p"}),
    "video": ("/generate/video", {"prompt": "a fox"}),
    "bulk": ("/generate/bulk", {"items": [{"prompt": "a fox"}]}),
    "personas": ("/personas", {"name": "Mira", "description": "a dancer"}),
}


@pytest.mark.parametrize("feature", GATES)
async def test_what_the_terms_lack_is_403_with_feature_and_plan(
    idle_house: House, feature: Feature
) -> None:
    me = await idle_house.tenant(plan="pro")
    path, body = GATES[feature]
    reply = await idle_house.ask("POST", f"/api/v1{path}", key=me, json=body)
    assert reply.status in {200, 201, 202}, reply.body
    await set_terms(idle_house, me, features=(f"-{feature}",))

    async def refused() -> Any:
        reply = await idle_house.ask("POST", f"/api/v1{path}", key=me, json=body)
        return reply.status, (reply.error or {}).get("details")

    await until(refused, (403, {"feature": feature, "plan": "pro"}))


async def test_work_that_was_accepted_before_a_downgrade_is_done_and_settled(house: House) -> None:
    me = await house.tenant(plan="pro", grant=50)
    made = [
        (await house.ask("POST", "/api/v1/generations", key=me,
                         json={"prompt": f"fox {n}", "flow_alias": "@hero"})).data["id"]
        for n in range(4)
    ]  # fmt: skip
    await set_terms(house, me, plan="free")
    for one in made:
        found = await house.ask(
            "GET", f"/api/v1/generations/{one}", key=me, headers={"Prefer": "wait=60"}
        )
        assert (found.data["status"], found.data["credits_used"]) == ("completed", 1)
    balance = (await house.ask("GET", "/api/v1/credits/balance", key=me)).data
    assert (balance["plan"], balance["balance"], balance["reserved"]) == ("free", 46, 0)
    new = await house.ask(
        "POST", "/api/v1/generations", key=me, json={"prompt": "fox", "flow_alias": "@hero"}
    )
    assert judged(new, 403, "FORBIDDEN") is None, new.body
    assert new.error["details"] == {"feature": "flows", "plan": "free"}
