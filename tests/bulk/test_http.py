"""/generate/bulk and /batches by HTTP: accepted, run, listed, replayed, quoted."""

import csv
import io

import msgspec
import pytest

from bulk.asking import account, ask, batch_of, count, items, made
from support import images
from support.house import House


async def test_a_bulk_is_accepted_run_and_listed(house: House) -> None:
    me = await house.tenant(grant=100)
    body = {
        "name": "spring", "meta": {"season": "spring"}, "defaults": {"aspectRatio": "4:3"},
        "items": [{"prompt": "a fox", "customId": "one"}, {"prompt": "a bear", "aspect_ratio": "1:1"},
                  {"prompt": "two owls", "variants": 2, "custom_id": "three"}],
    }  # fmt: skip
    reply = await ask(house, me, body)
    assert reply.status == 202, reply.body
    batch = reply.data
    assert reply.headers["Location"] == f"/api/v1/batches/{batch['id']}"
    assert (batch["object"], batch["name"], batch["total"]) == ("batch", "spring", 3)
    assert batch["meta"] == {"season": "spring"}
    assert batch["credits_reserved"] == int(reply.headers["X-Credits-Used"]) == 4
    assert reply.headers["X-Credits-Remaining"] == "96"
    done = await batch_of(house, me, batch["id"], wait=60)
    assert (done["status"], done["completed"]) == ("completed", 3)
    assert done["credits_used"] == done["credits_reserved"]
    assert await account(house, me) == (100 - done["credits_used"], 0)
    assert done["created_at"] <= done["started_at"] <= done["completed_at"]
    listed = await house.ask("GET", f"/api/v1/batches/{batch['id']}/results", key=me)
    results = listed.data
    assert [it["index"] for it in results] == [0, 1, 2]
    assert [it["custom_id"] for it in results] == ["one", None, "three"]
    assert [len(it["output_urls"]) for it in results] == [1, 1, 2]
    first = await house.ask("GET", f"/api/v1/generations/{results[0]['generation_id']}", key=me)
    assert (first.data["batch_id"], first.data["custom_id"]) == (batch["id"], "one")
    assert (first.data["aspect_ratio"], first.data["status"]) == ("4:3", "completed")
    by_batch = await house.ask("GET", f"/api/v1/generations?batch_id={batch['id']}", key=me)
    assert len(by_batch.data) == 3
    log = await house.ask("GET", "/api/v1/events?type=batch.completed", key=me)
    assert [event["data"] for event in log.data] == [done]


async def test_waiting_for_a_bulk_answers_its_end(house: House) -> None:
    me = await house.tenant(grant=100)
    reply = await ask(house, me, {"items": items(3)}, Prefer="wait=60")
    assert reply.status == 201, reply.body
    assert (reply.data["status"], reply.data["completed"]) == ("completed", 3)
    assert (reply.headers["X-Credits-Used"], reply.headers["X-Credits-Remaining"]) == ("3", "97")


async def test_the_other_mount_answers_the_bare_batch(idle_house: House) -> None:
    me = await idle_house.tenant()
    body = {"items": items(2)}
    reply = await idle_house.ask("POST", "/v1/generate/bulk", key=me, json=body)
    assert reply.json["object"] == "batch"
    assert reply.headers["Location"] == f"/v1/batches/{reply.json['id']}"
    listed = await idle_house.ask("GET", "/v1/batches", key=me)
    assert [it["id"] for it in listed.json["data"]] == [reply.json["id"]]


async def test_the_events_of_items_show_them_as_they_are_stored(idle_house: House) -> None:
    me = await idle_house.tenant()
    one = {"prompt": "a fox", "variants": 3, "meta": {"a": [1, None]}, "seed": 2**63 - 1,
           "negative_prompt": "rain", "auto_enhance": True, "alias": "@Fox"}  # fmt: skip
    batch = await made(idle_house, me, {"items": [one, {"prompt": "лиса"}]}, Cancel_After="1h")
    log = await idle_house.ask("GET", "/api/v1/events?type=generation.queued", key=me)
    told = {event["data"]["id"]: event["data"] for event in log.data}
    assert len(told) == 2
    for generation_id, data in told.items():
        stored = await idle_house.ask("GET", f"/api/v1/generations/{generation_id}", key=me)
        assert stored.data == data
        assert data["batch_id"] == batch["id"]
    async with idle_house.database.reading() as tx:
        rows = await tx.fetch("SELECT cancel_at - created_at AS left FROM generations")
    assert [row["left"].total_seconds() for row in rows] == [3600, 3600]


async def test_a_repeated_request_answers_the_same_batch(idle_house: House) -> None:
    me = await idle_house.tenant(grant=10)
    body = {"items": items(3, custom_id=None)}
    first = await ask(idle_house, me, body, Idempotency_Key="k")
    again = await ask(idle_house, me, body, Idempotency_Key="k")
    assert (first.status, again.status) == (202, 202)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.data["id"] == first.data["id"]
    other = await ask(idle_house, me, {"items": items(2)}, Idempotency_Key="k")
    assert other.error["code"] == "IDEMPOTENCY_MISMATCH"
    assert (await count(idle_house, "generations"), await account(idle_house, me)) == (3, (10, 3))


async def test_a_dry_run_tells_the_price_and_its_quote_binds(idle_house: House) -> None:
    me = await idle_house.tenant(grant=5)
    body = {"items": [*items(2), {"prompt": "owls", "variants": 2}]}
    quote = await ask(idle_house, me, body | {"dry_run": True})
    assert quote.status == 200, quote.body
    assert (quote.data["object"], quote.data["credits"]) == ("quote", 4)
    assert quote.data["model"] == "builtin/draft"
    assert await count(idle_house, "batches") == await count(idle_house, "generations") == 0
    other = await ask(idle_house, me, {"items": items(3), "quote_id": quote.data["quote_id"]})
    assert (other.status, other.error["details"][0]["field"]) == (422, "quote_id")
    batch = await made(idle_house, me, body | {"quoteId": quote.data["quote_id"]})
    assert batch["credits_reserved"] == 4
    used = await ask(idle_house, me, body | {"quote_id": quote.data["quote_id"]})
    assert used.error["details"][0]["field"] == "quote_id"


async def test_a_quoted_price_holds_when_prices_have_changed(idle_house: House) -> None:
    me = await idle_house.tenant(grant=50)
    body = {"items": items(7)}
    quote = await ask(idle_house, me, body | {"dry_run": True})
    async with idle_house.database.transaction() as tx:
        await tx.execute("UPDATE quotes SET credits = 10")
    batch = await made(idle_house, me, body | {"quote_id": quote.data["quote_id"]})
    assert batch["credits_reserved"] == 10
    assert await account(idle_house, me) == (50, 10)
    async with idle_house.database.reading() as tx:
        held = [row["credits_reserved"] for row in await tx.fetch(
            "SELECT credits_reserved FROM generations ORDER BY id")]  # fmt: skip
    assert (sum(held), set(held)) == (10, {1, 2})


async def test_a_dry_run_that_could_not_be_paid_says_so(idle_house: House) -> None:
    me = await idle_house.tenant(grant=1)
    quote = await ask(idle_house, me, {"items": items(2), "dry_run": True})
    assert (quote.status, quote.data["sufficient"]) == (200, False)


async def test_the_sandbox_bulk_costs_nothing(idle_house: House) -> None:
    live = await idle_house.tenant(grant=0)
    test = await idle_house.tenant(organization_id=live.organization_id, livemode=False)
    batch = await made(idle_house, test, {"items": items(3)})
    assert (batch["livemode"], batch["credits_reserved"]) == (False, 0)
    reply = await idle_house.ask("GET", f"/api/v1/batches/{batch['id']}", key=live)
    assert reply.status == 404


async def test_another_organization_sees_no_batch(idle_house: House) -> None:
    me, other = await idle_house.tenant(), await idle_house.tenant()
    batch = await made(idle_house, me, {"items": items(1)})
    unknown = "/api/v1/batches/bat_01jq8z6p7s3x5v9k2m4n6b8c0d"
    for method, rest in (("GET", ""), ("GET", "/results"), ("GET", "/events"), ("POST", "/cancel")):
        theirs = await idle_house.ask(method, f"/api/v1/batches/{batch['id']}{rest}", key=other)
        none = await idle_house.ask(method, unknown + rest, key=other)
        assert (theirs.status, none.status) == (404, 404)
    assert (await idle_house.ask("GET", "/api/v1/batches", key=other)).data == []
    assert (await batch_of(idle_house, me, batch["id"]))["status"] == "queued"


async def test_a_key_bound_to_a_project_sees_the_batches_of_its_project(idle_house: House) -> None:
    me = await idle_house.tenant()
    project = await idle_house.ask("POST", "/api/v1/projects", key=me, json={"name": "one"})
    bound = await idle_house.tenant(
        organization_id=me.organization_id, project_id=project.data["id"]
    )
    elsewhere = await made(idle_house, me, {"items": items(2)})
    here = await made(idle_house, bound, {"items": items(2)})
    mine = {"project_id": project.data["id"]}
    named = await made(idle_house, me, {"items": items(2), "defaults": mine})
    mixed = await made(idle_house, me, {"items": [*items(1), *items(1, **mine)]})
    assert here["project_id"] == named["project_id"] == project.data["id"]
    assert mixed["project_id"] is None
    listed = await idle_house.ask("GET", "/api/v1/batches", key=bound)
    assert [it["id"] for it in listed.data] == [named["id"], here["id"]]
    hidden = await idle_house.ask("GET", f"/api/v1/batches/{elsewhere['id']}", key=bound)
    assert hidden.status == 404


@pytest.mark.parametrize("plan", ["free", "starter", "creator"])
async def test_a_plan_without_bulk_is_refused_by_name(idle_house: House, plan: str) -> None:
    me = await idle_house.tenant(plan=plan)
    reply = await ask(idle_house, me, b"not even JSON")
    assert (reply.status, reply.error["code"]) == (403, "FORBIDDEN")
    assert reply.error["details"] == {"feature": "bulk", "plan": plan}


async def test_batches_are_listed_newest_first_and_by_whether_they_are_open(house: House) -> None:
    me = await house.tenant()
    made_ids = []
    for _ in range(3):
        reply = await ask(house, me, {"items": items(1)}, Prefer="wait=60")
        made_ids.append(reply.data["id"])
    newest = await house.ask("GET", "/api/v1/batches?limit=2", key=me)
    assert [it["id"] for it in newest.data] == made_ids[:0:-1]
    assert newest.json["meta"]["pagination"]["total"] == 3
    rest = await house.ask("GET", f"/api/v1/batches?after={made_ids[1]}&open=false", key=me)
    assert [it["id"] for it in rest.data] == made_ids[:1]
    assert (await house.ask("GET", "/api/v1/batches?open=true", key=me)).data == []


async def test_results_come_as_pages_csv_and_jsonl(idle_house: House) -> None:
    """More of them than are read at once."""
    me = await idle_house.tenant(grant=1000)
    body = {"items": [{"prompt": "a fox", "custom_id": f"=sku,{n}"} for n in range(601)]}
    batch = await made(idle_house, me, body)
    path = f"/api/v1/batches/{batch['id']}/results"
    first = await idle_house.ask("GET", path + "?limit=100", key=me)
    assert first.json["meta"]["pagination"]["total"] == 601
    after = first.json["meta"]["pagination"]["next"]
    second = await idle_house.ask("GET", f"{path}?limit=100&after={after}", key=me)
    assert [it["index"] for it in first.data + second.data] == list(range(200))
    liked = {"Accept": "text/csv;q=0.5, application/jsonl"}
    lines = await idle_house.ask("GET", path, key=me, headers=liked)
    assert [it.headers["Vary"] for it in (first, lines)] == ["Accept"] * 2
    found = [msgspec.json.decode(line) for line in lines.body.splitlines()]
    assert [it["custom_id"] for it in found] == [f"=sku,{n}" for n in range(601)]
    assert found[:100] == first.data
    table = await idle_house.ask("GET", path, key=me, headers={"Accept": "text/csv;q=1"})
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert table.headers["Content-Disposition"] == f'attachment; filename="{batch["id"]}.csv"'
    rows = list(csv.DictReader(io.StringIO(table.body.decode())))
    assert [row["custom_id"] for row in rows] == [f"'=sku,{n}" for n in range(601)]
    assert {row["status"] for row in rows} == {"queued"}
    none = await idle_house.ask(
        "GET", f"{path}?status=error", key=me, headers={"Accept": "text/csv"}
    )
    assert len(none.body.splitlines()) == 1
    paged = await idle_house.ask("GET", f"{path}?limit=5", key=me, headers={"Accept": "text/csv"})
    assert (paged.status, paged.error["details"][0]["field"]) == (422, "limit")


async def test_a_table_of_results_shows_what_was_delivered_of_each(house: House) -> None:
    me = await house.tenant(livemode=False)
    prompts = ["a fox", "a fox __half_rejected__", "a fox __rejected__"]
    asked = [{"prompt": prompt, "variants": 4, "seed": 2} for prompt in prompts]
    reply = await ask(house, me, {"items": asked}, Prefer="wait=60")
    path = f"/api/v1/batches/{reply.data['id']}/results"
    table = await house.ask("GET", path, key=me, headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(table.body.decode(), newline="")))
    assert [(row["variants"], row["delivered"]) for row in rows] == [
        ("4", "4"),
        ("4", "2"),
        ("4", "0"),
    ]
    assert (rows[0]["faults"], rows[2]["faults"], rows[2]["error_code"]) == (
        "",
        "",
        "CONTENT_REJECTED",
    )
    first, second = rows[1]["faults"].split("; ")
    assert first.startswith("1: CONTENT_REJECTED: ")
    assert second.startswith("3: CONTENT_REJECTED: ")
    results = (await house.ask("GET", path, key=me)).data
    assert [(it["variants"], it["delivered"]) for it in results] == [(4, 4), (4, 2), (4, 0)]
    assert [len(it["output_urls"]) for it in results] == [4, 2, 0]


async def test_the_product_of_an_item_goes_first_among_its_references(idle_house: House) -> None:
    me = await idle_house.tenant()
    for number in range(3):
        await idle_house.upload(me, images.file("png", 32 + number, 32), alias=f"@p{number}")
    body = {
        "defaults": {"product_image": "@p0"},
        "items": [{"prompt": "a", "reference_images": ["@p1", "@p2"]},
                  {"prompt": "b", "productImage": "@p2", "reference_images": ["@p1"]},
                  {"prompt": "c", "product_image": None}],
    }  # fmt: skip
    batch = await made(idle_house, me, body)
    listed = await idle_house.ask("GET", f"/api/v1/generations?batch_id={batch['id']}", key=me)
    shown = {it["prompt"]: [one["alias"] for one in it["references"]] for it in listed.data}
    assert shown == {"a": ["@p0", "@p1", "@p2"], "b": ["@p2", "@p1"], "c": []}


async def test_a_product_is_refused_by_its_own_name(idle_house: House) -> None:
    me = await idle_house.tenant()
    await idle_house.upload(me, images.file("png", 32, 32), alias="@p")
    body = {
        "items": [{"prompt": "a", "product_image": "@no", "reference_images": ["@p", "@nobody"]},
                  {"prompt": "b", "product_image": "@p", "reference_images": ["@nobody"]},
                  {"prompt": "c", "product_image": 3}],
    }  # fmt: skip
    refused = await ask(idle_house, me, body)
    assert [it["field"] for it in refused.error["details"]] == [
        "items[0].product_image", "items[0].reference_images[1]", "items[1].reference_images[0]",
        "items[2].product_image",
    ]  # fmt: skip
    common = {"defaults": {"product_image": "@no"}, "items": items(3)}
    refused = await ask(idle_house, me, common)
    assert [it["field"] for it in refused.error["details"]] == ["defaults.product_image"]


async def test_a_batch_streams_its_counts_and_then_its_end(house: House) -> None:
    me = await house.tenant()
    batch = await made(house, me, {"items": items(3)})
    reply = await house.ask("GET", f"/api/v1/batches/{batch['id']}/events", key=me)
    frames = [frame for frame in reply.body.decode().split("\n\n") if "event: " in frame]
    assert frames[-1].splitlines()[1] == "event: batch.completed"
    told = msgspec.json.decode(frames[-1].partition("data: ")[2])
    assert (told["data"]["completed"], told["data"]["total"]) == (3, 3)
    assert all("event: progress" in frame for frame in frames[:-1])
