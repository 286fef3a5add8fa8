"""Flows under concurrency: deletions that meet don't block each other or leave anything behind."""

import asyncio

from support.house import House
from support.workers import until
from tintype.core.errors import NotFound
from tintype.db.pool import Database
from tintype.flows import operations as flows
from tintype.flows import queries
from tintype.generations import operations as generations
from tintype.images import operations as images
from tintype.images.intake import StoredPicture
from tintype.images.links import Links

PICTURE = StoredPicture("masters/x", None, "png", False, 8, 8, 99, "0" * 64, "hash")
LINKS = Links("http://localhost", None)


async def test_a_flow_and_its_work_are_deleted_at_once_without_a_deadlock(
    idle_house: House,
) -> None:
    me = await idle_house.tenant()
    caller = await idle_house.caller(me)
    database = idle_house.database
    pairs = []
    for _ in range(6):
        body = {"prompt": "a fox", "flow_alias": "@hero"}
        made = (await idle_house.ask("POST", "/v1/generations", key=me, json=body)).json
        flow, generation = made["flow_id"], made["id"]
        fields = {"source": "generated", "livemode": True, "project_id": None, "flow_id": flow,
                  "generation_id": generation, "variant": 0, "prompt": "a fox", "meta": {}}  # fmt: skip
        async with database.transaction() as tx:
            row = await images.add_generated(tx, me.organization_id, PICTURE, fields)
            await flows.put_aliases(tx, caller, flow, {"@hero": row["id"]})
        pairs.append((flow, generation, row["id"]))

    async def delete_flow(flow: str) -> None:
        async with database.transaction() as tx:
            await flows.delete(tx, caller, flow)

    async def delete_generation(generation: str) -> None:
        async with database.transaction() as tx:
            await generations.get(tx, caller, LINKS, generation)
            await asyncio.sleep(0.02)
            await generations.delete(tx, caller, LINKS, generation)

    async def delete_image(image: str) -> None:
        async with database.transaction() as tx:
            try:
                await images.delete(tx, caller, LINKS, image)
            except NotFound:
                return

    async with asyncio.timeout(60):
        for flow, generation, image in pairs:
            await asyncio.gather(
                delete_generation(generation), delete_flow(flow), delete_image(image)
            )
    async with database.reading() as tx:
        left = await tx.fetchval(
            """
            SELECT (SELECT count(*) FROM image_aliases) + (SELECT count(*) FROM flows)
                 + (SELECT count(*) FROM images WHERE deleted_at IS NULL)
            """
        )
    assert left == 0


async def test_work_deleted_in_a_flow_that_is_going_waits_for_it_with_nothing_in_hand(
    idle_house: House,
) -> None:
    """A row that is changed twice in one transaction asks for its flow: by then it holds itself."""
    me = await idle_house.tenant()
    caller = await idle_house.caller(me)
    database = idle_house.database
    body = {"prompt": "a fox", "flow_alias": "@hero"}
    made = (await idle_house.ask("POST", "/v1/generations", key=me, json=body)).json

    async def delete_generation() -> None:
        async with database.transaction() as tx:
            await generations.delete(tx, caller, LINKS, made["id"])

    async with database.transaction() as tx:
        await queries.lock(tx, me.organization_id, made["flow_id"])
        deleting = asyncio.create_task(delete_generation())
        await until(lambda: _ended_or_waits(database, deleting))
        await flows.delete(tx, caller, made["flow_id"])
    await deleting
    for path in (f"/v1/generations/{made['id']}", f"/v1/flows/{made['flow_id']}"):
        assert (await idle_house.ask("GET", path, key=me)).status == 404


async def _ended_or_waits(database: Database, task: "asyncio.Task[None]") -> bool:
    async with database.reading() as tx:
        waiting = await tx.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database()"
        )
    return task.done() or bool(waiting)


async def test_work_for_a_flow_that_is_being_deleted_is_taken_or_refused(
    idle_house: House,
) -> None:
    me = await idle_house.tenant()
    caller = await idle_house.caller(me)
    async with idle_house.database.transaction() as tx:
        flow = await flows.start(tx, caller, project_id=None, meta={})

    async def delete() -> None:
        async with idle_house.database.transaction() as tx:
            await flows.delete(tx, caller, flow)
            await asyncio.sleep(0.1)

    async def ask(number: int) -> int:
        body = {"prompt": f"fox {number}", "flow_id": flow}
        return (await idle_house.ask("POST", "/v1/generations", key=me, json=body)).status

    results = await asyncio.gather(
        *(ask(n) for n in range(6)), delete(), *(ask(n) for n in range(6))
    )
    assert set(results) <= {202, 422, None}
    listed = (await idle_house.ask("GET", "/v1/generations?limit=100", key=me)).json
    assert listed["total"] == results.count(202)
    assert {item["flow_id"] for item in listed["data"]} <= {None}
