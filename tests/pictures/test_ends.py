"""How enhancements end: completed, failed, canceled, deleted, made anew."""

from support.checks import check_everything
from support.house import House, working
from support.pictures import (
    JAPANDI,
    NINE,
    Enhancer,
    enhance,
    events,
    listing,
    look,
    until_status,
)
from support.receiver import receiving
from support.workers import until
from tintype.engines.base import EngineFault, Job


async def test_what_some_variants_lack_is_told_of_each_and_not_paid_for(idle_shop: House) -> None:
    shop, me = idle_shop, await idle_shop.tenant(grant=10)
    original = await listing(shop, me)

    def fail(job: Job) -> EngineFault | None:
        refused = EngineFault("CONTENT_REJECTED", "Not that.")
        return refused if job.extra["variant"] == 1 else None

    async with receiving() as receiver:
        made = await enhance(
            shop, me, original["id"], JAPANDI, variants=3, webhook_url=receiver.url()
        )
        async with working(shop.settings, Enhancer(fail).engines()) as workshop:
            await until_status(shop, me, made[1]["id"], "failed")
            await receiver.until(3)
            await check_everything(shop.database, workshop.storage)
    ends = {it["id"]: (await look(shop, me, it["id"])) for it in made}
    assert [ends[it["id"]]["status"] for it in made] == ["completed", "failed", "completed"]
    assert ends[made[1]["id"]]["error"] == {"code": "CONTENT_REJECTED", "message": "Not that."}
    told = {hook.json["data"]["id"]: hook.json for hook in receiver.hooks}
    assert {key: it["type"] for key, it in told.items()} == {
        made[0]["id"]: "picture.completed", made[1]["id"]: "picture.failed",
        made[2]["id"]: "picture.completed",
    }  # fmt: skip
    assert all(list(it["data"]) == NINE for it in told.values())
    assert told[made[2]["id"]]["data"]["source_instruction"] == JAPANDI
    assert (told[made[2]["id"]]["data"]["version"], told[made[2]["id"]]["data"]["subversion"]) == (
        1, 2
    )  # fmt: skip
    assert (await shop.ask("GET", "/v1/credits/balance", key=me)).json["balance"] == 8


async def test_failed_work_is_made_anew_in_new_pictures(idle_shop: House) -> None:
    shop, me = idle_shop, await idle_shop.tenant(grant=10)
    original = await listing(shop, me)
    given = {"actions": ["light-warm"], "source": "preset"}
    failing = [True]

    def fail(job: Job) -> EngineFault | None:
        return EngineFault("INVALID_REQUEST", "too odd.") if failing[0] else None

    async with working(shop.settings, Enhancer(fail).engines()):
        (lost,) = await enhance(shop, me, original["id"], given, resolution="1K", seed=7)
        found = await until_status(shop, me, lost["id"], "failed")
        assert found["error"]["message"] == "picture: too odd."
        assert (await shop.ask("GET", "/v1/credits/balance", key=me)).json["available"] == 10
        failing[0] = False
        path = f"/v1/generations/{lost['generation_id']}/retry"
        odd = await shop.ask("POST", path, key=me, json={"prompt": "x"})
        assert (odd.status, odd.error["param"]) == (422, "prompt")
        again = await shop.ask(
            "POST", path, key=me, json={"variants": 2}, headers={"Prefer": "wait=30"}
        )
        assert (again.status, again.json["retry_of"]) == (201, lost["generation_id"])
        assert (again.json["seed"], again.json["credits_used"]) == (7, 2)
    line = (await look(shop, me, original["id"]))["versions"]
    assert [(it["version"], it["subversion"], it["status"]) for it in line] == [
        (0, 0, "completed"), (1, 0, "failed"), (2, 0, "completed"), (2, 1, "completed")
    ]  # fmt: skip
    assert list(line[3]["source_instruction"]) == ["actions", "source"]


async def test_canceled_work_cancels_its_pictures(idle_shop: House) -> None:
    shop, me = idle_shop, await idle_shop.tenant(grant=10)
    original = await listing(shop, me)
    waiting, running = [(await enhance(shop, me, original["id"], variants=2)) for _ in range(2)]
    path = "/v1/generations/{}/cancel"
    queued = await shop.ask("POST", path.format(waiting[0]["generation_id"]), key=me)
    assert queued.status == 200
    assert [(await look(shop, me, it["id"]))["status"] for it in waiting] == ["canceled"] * 2
    enhancer = Enhancer(lambda _: "hold")
    async with working(shop.settings, enhancer.engines()):

        async def begun() -> bool:
            return len(enhancer.jobs) == 2

        await until(begun)
        told = await shop.ask("POST", path.format(running[0]["generation_id"]), key=me)
        assert told.status == 202
        for it in running:
            await until_status(shop, me, it["id"], "canceled")
    ends = [it["data"]["status"] for it in await events(shop, me, "picture.failed")]
    assert ends == ["canceled"] * 4
    assert (await shop.ask("GET", "/v1/credits/balance", key=me)).json["available"] == 10


async def test_deleted_work_takes_its_pictures_along(idle_shop: House) -> None:
    shop, me = idle_shop, await idle_shop.tenant(grant=10)
    original = await listing(shop, me)
    made = await enhance(shop, me, original["id"], variants=2)
    enhancer = Enhancer(lambda job: "hold" if job.extra["variant"] else None)
    async with working(shop.settings, enhancer.engines()) as workshop:

        async def begun() -> bool:
            return len(enhancer.jobs) == 2

        await until(begun)
        gone = await shop.ask("DELETE", f"/v1/generations/{made[0]['generation_id']}", key=me)
        assert gone.status == 204
        for it in made:
            assert (await shop.ask("GET", f"/v1/pictures/{it['id']}", key=me)).status == 404

        async def given_back() -> bool:
            balance = await shop.ask("GET", "/v1/credits/balance", key=me)
            return bool(balance.json["available"] == 10)

        await until(given_back)
        await check_everything(shop.database, workshop.storage)
    assert [it["data"]["status"] for it in await events(shop, me, "picture.failed")] == [
        "canceled", "canceled"
    ]  # fmt: skip
    assert len((await look(shop, me, original["id"]))["versions"]) == 1


async def test_a_picture_that_is_deleted_before_the_run_fails_it_by_name(
    idle_shop: House,
) -> None:
    shop, me = idle_shop, await idle_shop.tenant(grant=10)
    original = await listing(shop, me)
    (made,) = await enhance(shop, me, original["id"])
    # As an image, not as a picture: that would cancel the work.
    assert (await shop.ask("DELETE", f"/v1/images/{original['id']}", key=me)).status == 204
    async with working(shop.settings):
        found = await until_status(shop, me, made["id"], "failed")
    assert found["error"]["message"].startswith("picture: the image")
    retried = await shop.ask("POST", f"/v1/generations/{made['generation_id']}/retry", key=me)
    assert (retried.status, retried.error["param"]) == (422, "picture")
