"""Holds that an older version placed, while this one's schema was already there."""

from tintype.accounts import operations as accounts
from tintype.core import ids
from tintype.credits import operations as credits
from tintype.db.pool import Database


async def test_a_hold_that_no_usage_knows_of_still_ends(database: Database) -> None:
    key_id = ids.new("key")
    async with database.transaction() as tx:
        owner = (await accounts.create_organization(tx, name="Ledger", plan="pro")).id
        await credits.grant(tx, owner, 100)
        holds = [
            await credits.hold(
                tx, ids.new("led"), owner, 7, generation_id=ids.new("gen"), api_key_id=key_id
            )
            for _ in range(2)
        ]
        # The older version wrote the ledger and knew of no usage.
        await tx.execute("UPDATE key_usage SET reserved = 0 WHERE api_key_id = $1", key_id)
    async with database.transaction() as tx:
        assert await credits.settle(tx, owner, holds[0].id, 5) is not None
        assert await credits.release(tx, owner, holds[1].id) is not None
    async with database.reading() as tx:
        assert (await credits.balance(tx, owner)).available == 95
        used = (await credits.usage(tx, [key_id], [owner]))[key_id]
        today = await tx.fetchval("SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date")
        assert used.credits == 5
        assert await credits.spent(tx, owner, key_id, today) == (5, 5)
