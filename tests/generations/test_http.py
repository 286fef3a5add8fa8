"""Generations over HTTP: made, waited for, listed, retried, canceled, deleted."""

import asyncio
from datetime import UTC, datetime

import pytest

from support import images
from support.house import House, Tenant
from support.workers import working
from tintype.api.places import PLACES_PER_ORGANIZATION

GENERATIONS = "/v1/generations"


async def ask_for(house: House, tenant: Tenant, headers=None, **fields):
    body = {"prompt": "a red fox by a lake"} | fields
    return await house.ask("POST", GENERATIONS, key=tenant, json=body, headers=headers)


async def ended(house: House, tenant: Tenant, generation_id: str):
    path = f"{GENERATIONS}/{generation_id}"
    for _ in range(4):
        reply = await house.ask("GET", path, key=tenant, headers={"Prefer": "wait=20"})
        if reply.json["status"] in {"completed", "failed", "canceled"}:
            return reply.json
    raise AssertionError(reply.json)


async def balance(house: House, tenant: Tenant) -> tuple[int, int]:
    async with house.database.reading() as tx:
        row = await tx.fetchrow(
            "SELECT balance, reserved FROM credit_accounts WHERE organization_id = $1",
            tenant.organization_id,
        )
    return row["balance"], row["reserved"]


async def test_work_is_accepted_at_once_and_charged_when_done(idle_house: House) -> None:
    me = await idle_house.tenant(grant=10)
    reply = await ask_for(idle_house, me, variants=3)
    assert reply.status == 202
    assert (reply.json["status"], reply.json["credits_reserved"]) == ("queued", 3)
    assert reply.headers["X-Credits-Used"] == "3"
    assert reply.headers["X-Credits-Remaining"] == "7"
    assert await balance(idle_house, me) == (10, 3)


async def test_waiting_answers_the_finished_work_with_true_credits(house: House) -> None:
    me = await house.tenant(grant=10)
    reply = await ask_for(house, me, {"Prefer": "wait=30"}, variants=2)
    assert reply.status == 201
    assert (reply.headers["X-Credits-Used"], reply.headers["X-Credits-Remaining"]) == ("2", "8")
    done = reply.json
    assert (done["status"], done["progress"], len(done["images"])) == ("completed", 1.0, 2)
    assert done["fidelity"] == "preview"
    assert done["output_url"] == done["images"][0]["url"]
    assert done["image_id"] == done["images"][0]["id"]
    assert {"queued_ms", "engine_ms", "store_ms", "total_ms"} <= done["timings"].keys()
    assert await balance(house, me) == (8, 0)
    hashes = {image["sha256"] for image in done["images"]}
    assert len(hashes) == 2
    for image in done["images"]:
        picture = await house.ask("GET", f"/media/images/{image['id']}.png")
        opened = images.opened(picture.body)
        assert (opened.width, opened.height) == (done["width"], done["height"]) == (1024, 1024)
        assert len(picture.body) == image["bytes"]


@pytest.mark.parametrize(
    ("ratio", "resolution", "size"),
    [("16:9", "1K", (1408, 792)), ("9:16", "1K", (792, 1408)), ("21:9", "1K", (1568, 672)),
     ("4:5", "2K", (1824, 2280))],
)  # fmt: skip
async def test_ratio_and_resolution_are_obeyed_exactly(
    house: House, ratio: str, resolution: str, size: tuple[int, int]
) -> None:
    me = await house.tenant()
    done = await house.picture(me, aspect_ratio=ratio, resolution=resolution)
    image = done["images"][0]
    assert (image["width"], image["height"]) == size
    assert done["credits_used"] == {"1K": 1, "2K": 2}[resolution]


async def test_the_same_seed_gives_the_same_picture(house: House) -> None:
    me = await house.tenant()
    first, second, other = [await house.picture(me, seed=seed) for seed in (7, 7, 8)]
    assert first["images"][0]["sha256"] == second["images"][0]["sha256"]
    assert first["images"][0]["sha256"] != other["images"][0]["sha256"]
    assert first["seed"] == 7


async def test_a_failed_generation_says_why_costs_nothing_and_can_be_retried(house: House) -> None:
    me = await house.tenant(livemode=False)
    failed = (await ask_for(house, me, {"Prefer": "wait=30"}, prompt="a cat __rejected__")).json
    assert (failed["status"], failed["error"]["code"]) == ("failed", "CONTENT_REJECTED")
    assert (failed["images"], failed["attempts"]) == ([], 1)
    again = await house.ask(
        "POST", f"{GENERATIONS}/{failed['id']}/retry", key=me, json={"prompt": "a cat"},
        headers={"Prefer": "wait=30"},
    )  # fmt: skip
    assert again.status == 201
    assert (again.json["status"], again.json["retry_of"]) == ("completed", failed["id"])
    assert again.json["seed"] == failed["seed"]


@pytest.mark.parametrize(
    ("marker", "status", "code", "attempts"),
    [("__provider_500__", "failed", "PROVIDER_ERROR", 3), ("__timeout__", "failed",
      "PROVIDER_TIMEOUT", 1), ("__flaky__", "completed", None, 2)],
)  # fmt: skip
async def test_magic_prompts_force_each_outcome_in_the_sandbox(
    house: House, marker: str, status: str, code: str | None, attempts: int
) -> None:
    me = await house.tenant(livemode=False)
    made = (await ask_for(house, me, prompt=f"a cat {marker}")).json
    assert (made["livemode"], made["credits_reserved"]) == (False, 0)
    done = await ended(house, me, made["id"])
    assert (done["status"], done["attempts"]) == (status, attempts)
    assert (done["error"] or {}).get("code") == code


async def test_a_live_failure_gives_the_credits_back_once(house: House) -> None:
    """A reference that vanishes before the run is a fault that live work can have too."""
    me = await house.tenant(grant=5)
    image = (await house.upload(me, images.file("png"))).data["id"]
    async with house.database.transaction() as tx:
        await tx.execute("UPDATE images SET object_key = 'masters/gone' WHERE id = $1", image)
    failed = (await ask_for(house, me, {"Prefer": "wait=30"}, reference_images=[image])).json
    assert (failed["status"], failed["credits_used"]) == ("failed", 0)
    assert await balance(house, me) == (5, 0)


async def test_references_come_from_ids_aliases_and_the_prompt(house: House) -> None:
    me = await house.tenant()
    image = (await house.upload(me, images.file("png", 80, 60), alias="@shoe")).data["id"]
    plain = await house.picture(me, "a studio", seed=5)
    by_name = await house.picture(me, "a studio with @shoe", seed=5)
    assert by_name["references"] == [{"image_id": image, "alias": "@shoe", "url": None}]
    by_id = await house.picture(me, "a studio", seed=5, referenceImages=[image])
    assert by_id["references"][0]["image_id"] == image
    assert by_id["images"][0]["sha256"] != plain["images"][0]["sha256"]


async def test_a_reference_url_is_fetched_by_the_worker_and_private_ones_are_refused(
    house: House,
) -> None:
    me = await house.tenant()
    refused = await ask_for(house, me, reference_images=["http://127.0.0.1/x.png"])
    assert refused.status == 422
    assert refused.error["param"] == "reference_images[0]"


async def test_queued_work_is_canceled_at_once_and_its_credits_released(idle_house: House) -> None:
    me = await idle_house.tenant(grant=4)
    made = (await ask_for(idle_house, me, variants=4)).json
    assert await balance(idle_house, me) == (4, 4)
    path = f"{GENERATIONS}/{made['id']}/cancel"
    canceled = await idle_house.ask("POST", path, key=me)
    assert (canceled.status, canceled.json["status"]) == (200, "canceled")
    assert await balance(idle_house, me) == (4, 0)
    assert (await idle_house.ask("POST", path, key=me)).error["code"] == "CONFLICT"


async def test_running_work_is_canceled_as_soon_as_the_engine_lets_go(idle_house: House) -> None:
    """Its end is seen by a request that waits a minute; by itself it would take ten."""
    me = await idle_house.tenant()
    async with working(idle_house.settings):
        made = (await ask_for(idle_house, me, prompt="a cat [wait 600]")).json
        await _until(idle_house, me, made["id"], "processing")
        reply = await idle_house.ask(
            "POST", f"{GENERATIONS}/{made['id']}/cancel", key=me, headers={"Prefer": "wait=60"}
        )
        assert (reply.status, reply.json["status"]) == (200, "canceled")


async def test_cancel_after_ends_work_that_takes_too_long(house: House) -> None:
    me = await house.tenant(livemode=False)
    made = await ask_for(house, me, {"Cancel-After": "1s"}, prompt="a cat __slow_5s__")
    done = await ended(house, me, made.json["id"])
    assert (done["status"], done["images"]) == ("canceled", [])


async def test_deleting_hides_the_generation_and_its_pictures(house: House) -> None:
    me = await house.tenant()
    done = await house.picture(me, alias="@gone")
    image = done["image_id"]
    assert (await house.ask("DELETE", f"{GENERATIONS}/{done['id']}", key=me)).status == 204
    assert (await house.ask("GET", f"{GENERATIONS}/{done['id']}", key=me)).status == 404
    assert (await house.ask("GET", f"/v1/images/{image}", key=me)).status == 404
    assert (await house.ask("GET", f"/media/images/{image}.png")).status == 404
    assert (await house.ask("GET", "/v1/images/resolve/@gone", key=me)).status == 404
    assert (await house.ask("GET", GENERATIONS, key=me)).json["data"] == []


async def test_the_newest_image_takes_an_alias_over(house: House) -> None:
    me = await house.tenant()
    first = await house.picture(me, alias="@hero")
    second = await house.picture(me, alias="@Hero")
    named = (await house.ask("GET", "/v1/images/resolve/@hero", key=me)).json
    assert named["id"] == second["image_id"] != first["image_id"]
    lost = (await house.ask("GET", f"/v1/images/{first['image_id']}", key=me)).json
    assert lost["alias"] is None


async def test_lists_filter_and_page_at_any_depth(idle_house: House) -> None:
    me = await idle_house.tenant()
    made = [(await ask_for(idle_house, me, prompt=f"cat {n}")).json["id"] for n in range(7)]
    await idle_house.ask("POST", f"{GENERATIONS}/{made[0]}/cancel", key=me)

    async def listed(query: str):
        return (await idle_house.ask("GET", f"{GENERATIONS}?{query}", key=me)).json

    first = await listed("limit=3")
    assert [g["id"] for g in first["data"]] == made[:3:-1]
    assert (first["has_more"], first["total"], first["next"]) == (True, 7, made[4])
    rest = await listed(f"limit=50&after={first['next']}")
    assert [g["id"] for g in rest["data"]] == made[3::-1]
    assert (rest["has_more"], rest["next"]) == (False, None)
    assert [g["id"] for g in (await listed("offset=6"))["data"]] == [made[0]]
    assert (await listed("status=pending"))["total"] == 6
    assert [g["id"] for g in (await listed("status=canceled"))["data"]] == [made[0]]
    assert [g["id"] for g in (await listed("q=cat 3"))["data"]] == [made[3]]
    assert (await listed("q=%25"))["data"] == []
    assert (await listed("model=builtin/draft&kind=text_to_image&source=api"))["total"] == 7
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    assert (await listed(f"created_after={now}"))["data"] == []
    assert (await listed(f"createdBefore={now}"))["total"] == 7


async def test_anothers_generation_is_not_there(house: House) -> None:
    me, other = await house.tenant(), await house.tenant()
    mine = (await ask_for(house, me)).json["id"]
    for method, path in [
        ("GET", ""), ("POST", "/retry"), ("POST", "/cancel"), ("DELETE", ""), ("GET", "/events"),
    ]:  # fmt: skip
        reply = await house.ask(method, f"{GENERATIONS}/{mine}{path}", key=other)
        assert (reply.status, reply.error["code"]) == (404, "NOT_FOUND"), path
    assert (await house.ask("GET", GENERATIONS, key=other)).json["data"] == []


async def test_work_beyond_the_balance_is_refused_and_leaves_nothing(idle_house: House) -> None:
    me = await idle_house.tenant(grant=1)
    reply = await ask_for(idle_house, me, variants=2)
    assert reply.status == 402
    assert reply.error["details"] == {"required": 2, "available": 1}
    async with idle_house.database.reading() as tx:
        for table in ("generations", "events", "pgqueuer"):
            assert await tx.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_a_bound_key_sees_its_project_only(house: House) -> None:
    me = await house.tenant()
    project = (await house.ask("POST", "/v1/projects", key=me, json={"name": "A"})).json["id"]
    bound = await house.tenant(organization_id=me.organization_id, project_id=project)
    outside = await house.picture(me)
    inside = await house.picture(bound)
    assert inside["project_id"] == project
    listed = (await house.ask("GET", GENERATIONS, key=bound)).json["data"]
    assert [g["id"] for g in listed] == [inside["id"]]
    assert (await house.ask("GET", f"{GENERATIONS}/{outside['id']}", key=bound)).status == 404


async def _until(house: House, tenant: Tenant, generation_id: str, status: str) -> None:
    for _ in range(100):
        reply = await house.ask("GET", f"{GENERATIONS}/{generation_id}", key=tenant)
        if reply.json["status"] == status:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(reply.json)


async def test_deleting_tells_of_each_picture_that_went(house: House) -> None:
    me = await house.tenant()
    done = await house.picture(me, variants=2)
    await house.ask("DELETE", f"{GENERATIONS}/{done['id']}", key=me)
    told = (await house.ask("GET", "/v1/events?type=image.deleted", key=me)).json["data"]
    assert {event["data"]["id"] for event in told} == {image["id"] for image in done["images"]}


async def test_open_streams_are_bounded_per_organization(idle_house: House) -> None:
    """The bound is of places held open: it refuses one more stream and frees it at a hang-up."""
    me, other = await idle_house.tenant(), await idle_house.tenant()
    mine = (await ask_for(idle_house, me)).json["id"]
    theirs = (await ask_for(idle_house, other)).json["id"]
    url = f"{idle_house.base}{GENERATIONS}/{mine}/events"
    streams = []
    for _ in range(PLACES_PER_ORGANIZATION):
        answer = await idle_house.session.get(url, headers={"X-API-Key": me.key})
        assert await answer.content.readline() == b"retry: 2000\n"
        streams.append(answer)
    refused = await idle_house.ask("GET", f"{GENERATIONS}/{mine}/events", key=me)
    assert (refused.status, refused.error["code"]) == (429, "RATE_LIMITED")
    other_url = f"{idle_house.base}{GENERATIONS}/{theirs}/events"
    answer = await idle_house.session.get(other_url, headers={"X-API-Key": other.key})
    assert answer.status == 200
    answer.close()
    for stream in streams:
        stream.close()
    await idle_house.ask("POST", f"{GENERATIONS}/{mine}/cancel", key=me)
    for _ in range(100):
        again = await idle_house.ask("GET", f"{GENERATIONS}/{mine}/events", key=me)
        if again.status == 200:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("The places were never freed.")


async def test_waiting_rides_over_a_database_that_goes_away_for_a_moment(
    idle_house: House,
) -> None:
    """The work is committed and charged: the client must learn of it, whatever happens after."""
    me = await idle_house.tenant(grant=3)
    asking = asyncio.create_task(ask_for(idle_house, me, {"Prefer": "wait=4"}))
    await asyncio.sleep(1)
    async with idle_house.database.reading() as tx:
        await tx.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    reply = await asking
    assert reply.status == 202
    assert reply.headers["Location"].endswith(reply.json["id"])


async def test_a_name_in_use_is_refused_where_only_a_free_one_will_do(house: House) -> None:
    me = await house.tenant(grant=9)
    first = await house.picture(me, alias="@hero", flowAlias="@pose")
    only_free = {"If-None-Match": "*"}
    for names in ({"alias": "@Hero"}, {"flowAlias": "@pose", "flowId": first["flow_id"]}):
        refused = await ask_for(house, me, only_free, **names)
        assert (refused.status, refused.error["code"]) == (409, "ALIAS_TAKEN"), names
        assert refused.error["details"] == {"image_id": first["image_id"]}
    assert (await ask_for(house, me, only_free, alias="@other")).status == 202
    assert (await house.ask("GET", GENERATIONS, key=me)).json["total"] == 2


async def test_a_retry_keeps_references_that_only_look_like_names_in_the_prompt(
    house: House,
) -> None:
    me = await house.tenant()
    one = (await house.upload(me, images.file("png", 30, 30), alias="@hero")).data["id"]
    two = (await house.upload(me, images.file("png", 40, 30), alias="@hero2")).data["id"]
    made = (await ask_for(house, me, prompt="a room with @hero2", reference_images=["@hero"])).json
    async with house.database.transaction() as tx:
        await tx.execute(
            "UPDATE generations SET status = 'failed', lease = NULL WHERE id = $1", made["id"]
        )
    again = await house.ask("POST", f"{GENERATIONS}/{made['id']}/retry", key=me)
    assert {reference["image_id"] for reference in again.json["references"]} == {one, two}


async def test_a_retry_keeps_the_image_that_a_name_meant_then(idle_house: House) -> None:
    me = await idle_house.tenant()
    one = (await idle_house.upload(me, images.file("png", 30, 30), alias="@hero")).data["id"]
    made = (await ask_for(idle_house, me, prompt="a room with @hero")).json
    await idle_house.upload(me, images.file("png", 40, 30), alias="@hero")
    async with idle_house.database.transaction() as tx:
        await tx.execute("UPDATE generations SET status = 'failed' WHERE id = $1", made["id"])
    path = f"{GENERATIONS}/{made['id']}/retry"
    for body in ({}, {"prompt": "a hall with @Hero"}):
        again = await idle_house.ask("POST", path, key=me, json=body)
        assert again.json["references"] == made["references"]
        assert again.json["references"][0]["image_id"] == one


async def test_our_own_pictures_url_is_that_picture(house: House) -> None:
    me, other = await house.tenant(), await house.tenant()
    done = await house.picture(me)
    reply = await ask_for(house, me, reference_images=[done["output_url"] + "?w=300"])
    assert reply.json["references"][0]["image_id"] == done["image_id"]
    assert (await ask_for(house, other, reference_images=[done["output_url"]])).status == 422


async def test_a_wrong_prefer_cancels_nothing(idle_house: House) -> None:
    me = await idle_house.tenant()
    made = (await ask_for(idle_house, me)).json
    path = f"{GENERATIONS}/{made['id']}"
    refused = await idle_house.ask(
        "POST", f"{path}/cancel", key=me, headers={"Prefer": "wait=soon"}
    )
    assert refused.status == 422
    assert (await idle_house.ask("GET", path, key=me)).json["status"] == "queued"


async def test_a_replay_tells_the_credits_as_they_are_now(idle_house: House) -> None:
    me = await idle_house.tenant()
    key = {"Idempotency-Key": "once"}
    made = await ask_for(idle_house, me, key)
    assert made.headers["X-Credits-Used"] == "1"
    await idle_house.ask("POST", f"{GENERATIONS}/{made.json['id']}/cancel", key=me)
    replayed = await ask_for(idle_house, me, key)
    assert (replayed.status, replayed.headers["X-Credits-Used"]) == (201, "0")
    assert replayed.json["status"] == "canceled"


async def test_a_flows_list_takes_no_other_flow(idle_house: House) -> None:
    me = await idle_house.tenant()
    flow = (await idle_house.ask("POST", "/v1/flows", key=me)).json["id"]
    reply = await idle_house.ask("GET", f"/v1/flows/{flow}/generations?flow_id={flow}", key=me)
    assert reply.status == 422
