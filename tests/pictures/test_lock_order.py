"""Locks in one order, whatever is done to a line at once: work, images from the root on, account.

Each test stands in the other's shoes: it holds what comes early, lets a request run into that, and
then takes what comes late. A request that had taken the late one first would be in its way for ever.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from support.house import House, Tenant
from support.pictures import add, enhance, project
from support.workers import until

_ROOT = "SELECT FROM images WHERE id = $1 FOR NO KEY UPDATE"
_WORK = "SELECT FROM generations WHERE id = $1 FOR UPDATE"
_ACCOUNT = "SELECT FROM credit_accounts WHERE organization_id = $1 FOR UPDATE"


@asynccontextmanager
async def meeting(
    house: House, me: Tenant, path: str, early: str, early_id: str
) -> AsyncIterator[None]:
    """A deletion that runs into what another has taken early, who then takes the account."""

    async def waits() -> Any:
        async with house.database.reading() as tx:
            return await tx.fetchval(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )

    async with house.database.transaction() as tx:
        await tx.execute(early, early_id)
        asking = asyncio.create_task(house.ask("DELETE", path, key=me))
        await until(waits, what="the deletion to wait")
        await tx.execute(_ACCOUNT, me.organization_id)
    answer = await asking
    assert answer.status == 204, answer.body
    yield
    balance = (await house.ask("GET", "/v1/credits/balance", key=me)).json
    assert (balance["available"], balance["reserved"]) == (10, 0)


async def test_work_is_deleted_while_its_line_gets_another_version(idle_house: House) -> None:
    house, me = idle_house, await idle_house.tenant(grant=10)
    original = await add(house, me, await project(house, me))
    (made,) = await enhance(house, me, original["id"])
    work = f"/v1/generations/{made['generation_id']}"
    async with meeting(house, me, work, _ROOT, original["id"]):
        assert (await house.ask("GET", work, key=me)).status == 404


async def test_a_picture_is_deleted_while_its_line_gets_another_version(idle_house: House) -> None:
    house, me = idle_house, await idle_house.tenant(grant=10)
    original = await add(house, me, await project(house, me))
    (made,) = await enhance(house, me, original["id"])
    picture = f"/v1/pictures/{made['id']}"
    async with meeting(house, me, picture, _ROOT, original["id"]):
        work = await house.ask("GET", f"/v1/generations/{made['generation_id']}", key=me)
        assert work.json["status"] == "canceled"


async def test_a_picture_is_deleted_while_some_of_its_work_is_canceled(idle_house: House) -> None:
    house, me = idle_house, await idle_house.tenant(grant=10)
    original = await add(house, me, await project(house, me))
    works = [(await enhance(house, me, original["id"]))[0]["generation_id"] for _ in range(2)]
    picture = f"/v1/pictures/{original['id']}"
    async with meeting(house, me, picture, _WORK, works[1]):
        for work in works:
            found = (await house.ask("GET", f"/v1/generations/{work}", key=me)).json
            assert found["status"] == "canceled"
