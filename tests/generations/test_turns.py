"""The fair queue: whose work comes next, whatever was asked for before it."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from support.house import House
from support.workers import create
from tintype.accounts import operations as accounts
from tintype.core.caller import SCOPES, Caller
from tintype.credits import operations as credits
from tintype.db.pool import Database
from tintype.generations import operations, queries, run_queries
from tintype.generations.models import CreateGeneration
from tintype.images.links import Links
from tintype.keys import operations as keys

pytestmark = pytest.mark.slow
_LINKS = Links("http://localhost", None)


async def organization(database: Database, weight: int = 1) -> Caller:
    async with database.transaction() as tx:
        made = await accounts.create_organization(tx, name="o", plan="enterprise")
        await credits.grant(tx, made.id, 100_000)
        key = await keys.create(tx, made.id, name="k", scopes=SCOPES, maker_scopes=SCOPES)
    return Caller(
        organization_id=made.id, plan="enterprise", scopes=frozenset(SCOPES), livemode=True,
        source="api", key_id=key.id, queue_weight=weight,
    )  # fmt: skip


async def ask(database: Database, caller: Caller, count: int = 1, variants: int = 1) -> None:
    async with database.transaction() as tx:
        for _ in range(count):
            await operations.create(
                tx, caller, _LINKS, CreateGeneration(prompt="x", variants=variants),
                allow_networks=[],
            )  # fmt: skip


async def take(database: Database, count: int = 1) -> list[str]:
    """Take and end what the queue gives next; whose it was."""
    taken = []
    async with database.transaction() as tx:
        for _ in range(count):
            work_id: Any = await tx.fetchval(
                "DELETE FROM pgqueuer WHERE id = (SELECT id FROM pgqueuer"
                " WHERE status = 'queued' ORDER BY priority DESC, id LIMIT 1)"
                " RETURNING convert_from(payload, 'UTF8')"
            )
            if work_id is None:
                break
            taken.append(await tx.fetchval(
                "UPDATE generations SET status = 'completed' WHERE id = $1"
                " RETURNING organization_id",
                work_id,
            ))  # fmt: skip
    return taken


async def begin(database: Database, lease: UUID) -> str:
    """Take what the queue gives next, and let it run; its id."""
    async with database.transaction() as tx:
        work_id: str = await tx.fetchval(
            "DELETE FROM pgqueuer WHERE id = (SELECT id FROM pgqueuer"
            " WHERE status = 'queued' ORDER BY priority DESC, id LIMIT 1)"
            " RETURNING convert_from(payload, 'UTF8')"
        )
        await tx.execute(
            "UPDATE generations SET status = 'processing', lease = $2, attempts = 1,"
            " lease_until = now() + interval '1 hour' WHERE id = $1",
            work_id, lease,
        )  # fmt: skip
    return work_id


async def alter(database: Database, caller: Caller, change: str) -> None:
    """Change what waits of an organization; it has no rings from then on."""
    async with database.transaction() as tx:
        changed = await tx.fetch(
            f"UPDATE generations SET {change}"
            " WHERE organization_id = $1 AND status = 'queued' RETURNING id",
            caller.organization_id,
        )
        await tx.execute(
            "DELETE FROM pgqueuer WHERE convert_from(payload, 'UTF8') = ANY ($1)",
            [row["id"] for row in changed],
        )


async def test_one_that_comes_later_goes_before_anothers_backlog(database: Database) -> None:
    many, one = await organization(database), await organization(database)
    await ask(database, many, 30)
    await take(database, 7)
    await ask(database, one)
    assert await take(database, 2) == [one.organization_id, many.organization_id]


async def test_newcomers_go_in_the_order_they_came(database: Database) -> None:
    many = await organization(database)
    await ask(database, many, 10)
    newcomers = [await organization(database) for _ in range(4)]
    for one in newcomers:
        await ask(database, one)
    assert await take(database, 4) == [one.organization_id for one in newcomers]


async def test_an_organizations_single_work_goes_before_its_own_batch(idle_house: House) -> None:
    tenant = await idle_house.tenant()
    items = [{"prompt": "a red fox"}] * 10
    reply = await idle_house.ask("POST", "/v1/generate/bulk", key=tenant, json={"items": items})
    assert reply.status == 202, reply.body
    await take(idle_house.database, 3)
    work = await create(idle_house, tenant)
    async with idle_house.database.reading() as tx:
        first = await tx.fetchval(
            "SELECT convert_from(payload, 'UTF8') FROM pgqueuer"
            " WHERE status = 'queued' ORDER BY priority DESC, id LIMIT 1"
        )
    assert first == work


async def test_two_backlogs_share_the_workers_evenly(database: Database) -> None:
    first, second = await organization(database), await organization(database)
    await ask(database, first, 40)
    await take(database, 10)
    await ask(database, second, 40)
    got = Counter(await take(database, 20))
    assert abs(got[first.organization_id] - got[second.organization_id]) <= 2


async def test_a_heavier_organization_gets_its_share(database: Database) -> None:
    light, heavy = await organization(database), await organization(database, weight=3)
    await ask(database, light, 40)
    await ask(database, heavy, 40)
    got = Counter(await take(database, 24))
    assert abs(got[heavy.organization_id] - 18) <= 2


async def test_many_variants_count_as_much_work(database: Database) -> None:
    wide, narrow = await organization(database), await organization(database)
    await ask(database, wide, 20, variants=4)
    await ask(database, narrow, 40)
    got = Counter(await take(database, 20))
    assert abs(got[narrow.organization_id] - 16) <= 2


async def test_a_backlog_is_not_starved_by_a_crowd(database: Database) -> None:
    """Each of a crowd asks anew as soon as it was served: the backlog has its turn all the same."""
    many = await organization(database)
    await ask(database, many, 30)
    crowd = {one.organization_id: one for one in [await organization(database) for _ in range(4)]}
    for one in crowd.values():
        await ask(database, one)
    got: Counter[str] = Counter()
    for _ in range(40):
        (served,) = await take(database)
        got[served] += 1
        if served in crowd:
            await ask(database, crowd[served])
    assert got[many.organization_id] >= 6


async def test_what_was_done_while_nobody_waited_counts_for_nothing(database: Database) -> None:
    busy, other = await organization(database), await organization(database)
    await ask(database, busy, 30)
    await take(database, 30)
    await ask(database, other, 10)
    await ask(database, busy)
    assert busy.organization_id in await take(database, 2)


async def test_what_was_done_beside_parked_work_alone_counts_for_nothing(
    database: Database,
) -> None:
    """Work that waits for its own organization's places says nothing of how busy workers are."""
    parked, busy, other = [await organization(database) for _ in range(3)]
    await ask(database, parked, 3)
    await alter(database, parked, "parked = true, run_after = now() - interval '1 hour'")
    for _ in range(30):
        await ask(database, busy)
        await take(database)
    await ask(database, other, 20)
    await ask(database, busy)
    assert busy.organization_id in await take(database, 2)


async def test_a_backlog_whose_newest_work_runs_is_not_begun_anew_before(
    database: Database,
) -> None:
    """Nothing waits for a worker, but parked work of a long batch will: others begin beside it."""
    many, other = await organization(database), await organization(database)
    await ask(database, many, 60)
    await take(database, 29)
    await begin(database, UUID(int=1))
    await alter(database, many, "parked = true")
    await ask(database, other, 30)
    async with database.transaction() as tx:
        rung = await run_queries.unpark(tx, many.organization_id, 4, 500)
        theirs = await tx.fetchval(
            "SELECT min(turn) FROM generations WHERE organization_id = $1", other.organization_id
        )
    assert len(rung) == 3
    assert abs(min(row["turn"] for row in rung) - theirs) <= 2 * 24


async def test_work_that_is_tried_again_does_not_turn_the_queue_back(database: Database) -> None:
    many, other = await organization(database), await organization(database)
    await ask(database, many, 60)
    lease = UUID(int=1)
    again = await begin(database, lease)
    await take(database, 30)
    async with database.transaction() as tx:
        assert await run_queries.put_back(
            tx, again, lease, timedelta(minutes=1), None, uncounted=False
        )
    await ask(database, other, 20)
    got = Counter(await take(database, 20))
    assert abs(got[many.organization_id] - got[other.organization_id]) <= 2


async def test_each_engine_has_a_queue_of_its_own(database: Database) -> None:
    """What waits for a slow engine moves nobody to the front of a busy one, nor to its end."""
    slow, many, other = [await organization(database) for _ in range(3)]
    await ask(database, slow, 10)
    await alter(database, slow, "engine = 'slow'")
    await ask(database, many, 60)
    await take(database, 30)
    await ask(database, other, 20)
    got = Counter(await take(database, 20))
    assert abs(got[many.organization_id] - got[other.organization_id]) <= 2
    async with database.reading() as tx:
        assert await queries.next_turn(tx, many.organization_id, "slow", 24) == -1


async def test_the_rings_urgency_is_the_rows_turn(database: Database) -> None:
    one = await organization(database)
    await ask(database, one, 3)
    async with database.reading() as tx:
        found = await tx.fetch(
            "SELECT q.priority, g.turn FROM pgqueuer q"
            " JOIN generations g ON g.id = convert_from(q.payload, 'UTF8') ORDER BY g.id"
        )
    assert [(row["priority"], row["turn"]) for row in found] == [(0, 0), (-24, 24), (-48, 48)]
