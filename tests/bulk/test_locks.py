"""Bulks beside single requests of the same key: whoever locks, locks in one order."""

import asyncio

from support.house import House
from tintype.billing import operations as billing
from tintype.core import ids
from tintype.credits.models import Part


async def test_a_batch_with_free_items_and_single_work_of_one_key_never_block_each_other(
    idle_house: House,
) -> None:
    """Free work counts in the key's usage, paid work in the account and then in the usage."""
    me = await idle_house.tenant(grant=1000)
    caller = await idle_house.caller(me)

    async def bulk() -> None:
        async with idle_house.database.transaction() as tx:
            await billing.reserve_all(tx, caller, ids.new("bat"), [
                Part("", ids.new("gen"), 0), Part(ids.new("led"), ids.new("gen"), 1),
            ])  # fmt: skip

    async def single() -> None:
        async with idle_house.database.transaction() as tx:
            await billing.reserve(tx, caller, ids.new("led"), 1, generation_id=ids.new("gen"))

    await single()
    await asyncio.gather(*(work() for _ in range(40) for work in (bulk, single)))
