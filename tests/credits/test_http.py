"""Credits as clients meet them: who pays once, who is refused, and what gives credits back."""

import asyncio
from typing import Any

from support.checks import proof
from support.house import House, Tenant
from tintype.credits import operations as credits


async def create(house: House, me: Tenant, prompt: str = "a fox", **headers: str) -> Any:
    return await house.ask(
        "POST", "/api/v1/generations", key=me, json={"prompt": prompt}, headers=headers
    )


async def balance(house: House, me: Tenant) -> tuple[int, int]:
    """(balance, reserved), after a look at the books."""
    async with house.database.reading() as tx:
        books = await proof(tx, me.organization_id)
        await credits.balance(tx, me.organization_id)
    assert (books["balance"], books["reserved"]) == (
        books["ledger_balance"], books["ledger_reserved"],
    )  # fmt: skip
    return books["balance"], books["reserved"]


async def ends(house: House, generation: str) -> list[str]:
    async with house.database.reading() as tx:
        rows = await tx.fetch(
            """
            SELECT type FROM ledger_entries
            WHERE generation_id = $1 AND type <> 'hold' ORDER BY created_at
            """,
            generation,
        )
    return [row["type"] for row in rows]


async def test_87_of_two_requests_with_credits_for_one_one_is_taken(idle_house: House) -> None:
    me = await idle_house.tenant(plan="starter", grant=1)
    answers = await asyncio.gather(create(idle_house, me), create(idle_house, me))
    taken, refused = sorted(answers, key=lambda answer: answer.status)
    assert (taken.status, refused.status) == (202, 402)
    assert refused.error["code"] == "INSUFFICIENT_CREDITS"
    assert refused.error["details"] == {"required": 1, "available": 0}
    assert taken.json["meta"]["credits_remaining"] == 0
    assert await balance(idle_house, me) == (1, 1)
    listed = await idle_house.ask("GET", "/v1/generations", key=me)
    assert [item["id"] for item in listed.json["data"]] == [taken.data["id"]]
    events = (await idle_house.ask("GET", "/v1/events", key=me)).json["data"]
    assert [event["data"]["id"] for event in events] == [taken.data["id"]]


async def test_89_a_second_cancel_conflicts_and_gives_nothing_back_twice(
    idle_house: House,
) -> None:
    me = await idle_house.tenant(grant=10)
    generation = (await create(idle_house, me)).data["id"]
    path = f"/api/v1/generations/{generation}/cancel"
    answers = await asyncio.gather(*(idle_house.ask("POST", path, key=me) for _ in range(5)))
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409, 409]
    assert await ends(idle_house, generation) == ["release"]
    assert await balance(idle_house, me) == (10, 0)


async def test_89_cancel_and_completion_at_once_end_the_hold_once(house: House) -> None:
    me = await house.tenant(grant=100)
    made = [(await create(house, me, f"fox {n}")).data["id"] for n in range(6)]

    async def cancel_soon(number: int, generation: str) -> None:
        await asyncio.sleep(0.03 * number)
        await house.ask("POST", f"/v1/generations/{generation}/cancel", key=me)

    await asyncio.gather(*(cancel_soon(n, generation) for n, generation in enumerate(made)))
    used = 0
    for generation in made:
        found = await house.ask(
            "GET", f"/v1/generations/{generation}", key=me, headers={"Prefer": "wait=20"}
        )
        status = found.json["status"]
        assert await ends(house, generation) == [{"completed": "settle"}.get(status, "release")]
        assert status in {"completed", "canceled"}
        assert found.json["credits_used"] == (1 if status == "completed" else 0)
        used += found.json["credits_used"]
    assert await balance(house, me) == (100 - used, 0)


async def test_a_failure_gives_the_credits_back(house: House) -> None:
    """By an engine that refuses a reference which is gone when the run begins."""
    me = await house.tenant(grant=10)
    made = await house.picture(me)
    async with house.database.transaction() as tx:
        await tx.execute(
            "UPDATE images SET object_key = 'masters/gone' WHERE id = $1", made["image_id"]
        )
    body = {"prompt": "a fox", "reference_images": [made["image_id"]]}
    failed = await house.ask(
        "POST", "/api/v1/generations", key=me, json=body, headers={"Prefer": "wait=20"}
    )
    assert (failed.status, failed.data["status"]) == (201, "failed")
    assert (failed.data["credits_reserved"], failed.data["credits_used"]) == (1, 0)
    assert await ends(house, failed.data["id"]) == ["release"]
    assert await balance(house, me) == (9, 0)


async def test_92_only_what_failed_or_was_canceled_is_retried_and_once_per_key(
    idle_house: House,
) -> None:
    me = await idle_house.tenant(grant=10)
    generation = (await create(idle_house, me)).data["id"]
    path = f"/api/v1/generations/{generation}"
    assert (await idle_house.ask("POST", f"{path}/retry", key=me)).error["code"] == "CONFLICT"
    await idle_house.ask("POST", f"{path}/cancel", key=me)

    async def retry(key: str) -> Any:
        return await idle_house.ask(
            "POST", f"{path}/retry", key=me, headers={"Idempotency-Key": key}
        )

    answers = await asyncio.gather(*(retry(key) for key in ("a", "b", "a", "b", "a")))
    assert {answer.status for answer in answers} == {202}
    assert len({answer.data["id"] for answer in answers}) == 2
    assert {answer.data["retry_of"] for answer in answers} == {generation}
    assert await balance(idle_house, me) == (10, 2)


async def test_93_open_work_of_a_suspended_organization_finishes(house: House) -> None:
    me = await house.tenant(grant=10)
    generation = (await create(house, me)).data["id"]
    async with house.database.transaction() as tx:
        await tx.execute(
            "UPDATE organizations SET suspended_at = now() WHERE id = $1", me.organization_id
        )
    for _ in range(200):
        if await balance(house, me) == (9, 0):
            break
        await asyncio.sleep(0.05)
    assert await ends(house, generation) == ["settle"]


async def test_the_sandbox_costs_nothing(house: House) -> None:
    me = await house.tenant(grant=0)
    test = await house.tenant(organization_id=me.organization_id, livemode=False)
    made = await house.picture(test)
    assert (made["credits_reserved"], made["credits_used"], made["livemode"]) == (0, 0, False)
    assert await ends(house, made["id"]) == []
    assert (await create(house, me)).status == 402
