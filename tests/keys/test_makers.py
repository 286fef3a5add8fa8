"""What a key's maker passes on, and changes that meet."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from api.wire import judged
from sessions.people import bearer, sign_in, user
from support.house import TENANTS, House
from tintype.audit.operator import SERVER
from tintype.keys import operations as keys
from tintype.keys.models import ChangeApiKey, SpendCap

KEYS = "/api/v1/api-keys"
BODY = {"name": "site", "scopes": ["images:read"]}


async def make(house: House, maker: Any, **more: Any) -> Any:
    return await house.ask("POST", KEYS, key=maker, json=BODY | more)


async def test_a_bound_key_makes_no_sandbox_keys(idle_house: House) -> None:
    me = await idle_house.tenant()
    project = (await idle_house.ask("POST", "/v1/projects", key=me, json={"name": "P"})).json["id"]
    bound = await idle_house.tenant(organization_id=me.organization_id, project_id=project)
    refused = await make(idle_house, bound, mode="test")
    assert judged(refused, 403, "FORBIDDEN") is None, refused.body
    assert (await make(idle_house, bound)).data["project_id"] == project


async def test_a_sandbox_key_that_is_bound_makes_keys_for_its_project(idle_house: House) -> None:
    me = await idle_house.tenant()
    sandbox = await idle_house.tenant(organization_id=me.organization_id, livemode=False)
    made = await idle_house.ask("POST", "/v1/projects", key=sandbox, json={"name": "P"})
    project = made.json["id"]
    bound = (await make(idle_house, sandbox, project_id=project, scopes=list(TENANTS))).data
    assert (await make(idle_house, bound["secret"])).data["project_id"] == project


async def test_a_keys_end_is_the_end_of_what_it_makes(idle_house: House) -> None:
    me = await idle_house.tenant()
    end = datetime.now(UTC) + timedelta(hours=1)
    maker = await idle_house.tenant(organization_id=me.organization_id, expires_at=end)
    inherited = (await make(idle_house, maker)).data
    assert datetime.fromisoformat(inherited["expires_at"]) == end
    earlier = (end - timedelta(minutes=1)).isoformat()
    for chosen in (earlier, end.isoformat()):
        assert (await make(idle_house, maker, expires_at=chosen)).status == 201
    later = (end + timedelta(seconds=1)).isoformat()
    refused = await make(idle_house, maker, expires_at=later)
    assert judged(refused, 403, "FORBIDDEN") is None, refused.body


async def test_a_sessions_end_is_not_that_of_the_keys_it_makes(idle_house: House) -> None:
    me = await idle_house.tenant()
    await user(idle_house, me.organization_id)
    token = (await sign_in(idle_house)).data["token"]
    made = await idle_house.ask("POST", KEYS, json=BODY, headers=bearer(token))
    assert made.data["expires_at"] is None


async def waits(house: House) -> bool:
    """Whether somebody waits for a lock; a transaction of its own each time, for a fresh look."""
    async with house.database.reading() as tx:
        return await tx.fetchval(
            "SELECT EXISTS (SELECT FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database())"
        )


async def test_two_changes_at_once_both_hold(idle_house: House) -> None:
    me = await idle_house.tenant()
    caller = await idle_house.caller(me)

    async def rename() -> None:
        async with idle_house.database.transaction() as tx:
            await keys.change(tx, caller, me.key_id, ChangeApiKey(name="shop"), actor=SERVER)

    async with idle_house.database.transaction() as tx:
        capped = ChangeApiKey(spend_cap=SpendCap(day=5))
        await keys.change(tx, caller, me.key_id, capped, actor=SERVER)
        renaming = asyncio.create_task(rename())
        async with asyncio.timeout(20):
            while not await waits(idle_house):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    await renaming
    async with idle_house.database.reading() as tx:
        after = await keys.get(tx, caller, me.key_id)
    assert (after.name, after.spend_cap.day) == ("shop", 5)
