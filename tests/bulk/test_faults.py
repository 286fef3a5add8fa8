"""What is wrong with a bulk is told at once and in full, and then nothing of it is accepted."""

import io
from typing import Any

import aiohttp
import msgspec
import pytest

from bulk.asking import account, ask, count, items, made
from support import images
from support.house import House


def told(reply: Any) -> list[tuple[str, str]]:
    assert (reply.status, reply.error["code"]) == (422, "VALIDATION_FAILED"), reply.body[:500]
    return [(it["field"], it["problem"]) for it in reply.error["details"]]


async def nothing_was_made(house: House) -> bool:
    tables = ("batches", "generations", "events", "pgqueuer", "flows", "idempotency_keys")
    found = [await count(house, table) for table in tables]
    found.append(await count(house, "ledger_entries WHERE type = 'hold'"))
    return not any(found)


async def test_one_bad_item_of_10_000_is_named_and_nothing_is_accepted(idle_house: House) -> None:
    me = await idle_house.tenant(grant=100_000)
    asked = items(10_000)
    asked[7776]["aspectRatio"] = "7:5"
    reply = await ask(idle_house, me, {"items": asked}, Idempotency_Key="k")
    ((field, problem),) = told(reply)
    assert field == "items[7776].aspect_ratio"
    assert "16:9" in problem
    assert await nothing_was_made(idle_house)
    assert await account(idle_house, me) == (100_000, 0)


@pytest.mark.parametrize(
    ("body", "field", "problem"),
    [
        ({}, "items", "is required"),
        ({"items": []}, "items", "must have at least one item"),
        ({"items": [{"prompt": "a"}] * 10_001}, "items", "may have at most 10,000 items"),
        ({"items": {"prompt": "a"}}, "items", "must be a list"),
        ([{"prompt": "a"}], "body", "must be a JSON object"),
        ({"items": [{"prompt": "a"}], "itms": []}, "itms", "is not a known field; did you mean `items`?"),
        ({"items": [{"prompt": "a"}], "webhook_url": "ftp://x"}, "webhook_url", "must"),
        ({"items": [{"prompt": "a"}], "meta": {"a": "b" * 20_000}}, "meta", "may have at most"),
        ({"items": [{"prompt": "a"}], "name": ""}, "name", "must have at least 1 character"),
        ({"items": [{"prompt": "a"}], "dry_run": "yes"}, "dry_run", "expected `bool`, got `str`"),
        ({"items": [{"prompt": "a"}], "defaults": []}, "defaults", "expected"),
        ({"items": [{}], "defaults": {"prompt": "x", "custom_id": "a"}}, "defaults.custom_id", "is each item's own"),
    ],
)  # fmt: skip
async def test_a_wrong_batch_is_refused_by_its_field(
    idle_house: House, body: Any, field: str, problem: str
) -> None:
    me = await idle_house.tenant()
    reply = await ask(idle_house, me, body)
    assert told(reply)[0][0] == field
    assert told(reply)[0][1].startswith(problem)
    assert await nothing_was_made(idle_house)


async def test_every_fault_of_every_item_is_listed(idle_house: House) -> None:
    me = await idle_house.tenant()
    asked = [
        {"prompt": "right"},
        {"prompt": "", "variants": 9, "seed": -1, "colour": 1, "referenceImages": ["", "@none"]},
        7,
        {},
        {"prompt": "x", "dryRun": True, "aspectRatio": "1:1", "aspect_ratio": "1:1"},
        {"prompt": "nul \x00", "meta": {"big": "x" * 20_000}, "resolution": "9K"},
    ]
    found = told(await ask(idle_house, me, {"items": asked}))
    assert [field for field, _ in found] == [
        "items[1].prompt", "items[1].variants", "items[1].seed", "items[1].colour",
        "items[1].reference_images[0]", "items[2]", "items[3].prompt", "items[4].dryRun",
        "items[4].aspect_ratio", "items[5].prompt", "items[5].meta", "items[5].resolution",
    ]  # fmt: skip


async def test_what_only_the_database_knows_is_listed_with_the_rest(idle_house: House) -> None:
    """Another organization's objects as well as unknown ones; several faults of one item."""
    me, other = await idle_house.tenant(), await idle_house.tenant()
    theirs = (await idle_house.upload(other, images.file("png"))).data["id"]
    mine = (await idle_house.upload(me, images.file("png"))).data["id"]
    flow = (await idle_house.ask("POST", "/api/v1/flows", key=other, json={})).data["id"]
    project = await idle_house.ask("POST", "/api/v1/projects", key=other, json={"name": "theirs"})
    persona = await idle_house.ask(
        "POST", "/api/v1/personas", key=other, json={"name": "Ann", "description": "tall"}
    )
    assert persona.status == 201, persona.body
    asked = [
        {"prompt": "a fox", "reference_images": [mine]},
        {"prompt": "as @nobody", "reference_images": [theirs, mine, "@none", theirs]},
        {"prompt": "a fox", "flow_id": flow, "model": "nobody/nothing"},
        {"prompt": "a fox", "persona_id": persona.data["id"]},
        {"prompt": "a fox", "project_id": project.data["id"], "webhook_url": "http://10.0.0.1/"},
        {"prompt": "a fox " * 1000, "flow_alias": "@last"},
        {"prompt": "\u200b", "seed": -3},
    ]
    found = told(await ask(idle_house, me, {"items": asked}))
    assert sorted(field for field, _ in found) == [
        "items[1].prompt", "items[1].reference_images[0]", "items[1].reference_images[2]",
        "items[1].reference_images[3]", "items[2].flow_id", "items[2].model",
        "items[3].persona_id", "items[4].project_id", "items[4].webhook_url",
        "items[5].flow_alias", "items[5].prompt", "items[6].prompt", "items[6].seed",
    ]  # fmt: skip
    indexes = [int(field.split("]")[0].removeprefix("items[")) for field, _ in found]
    assert indexes == sorted(indexes)
    assert await count(idle_house, "batches") == await count(idle_house, "generations") == 0


async def test_faults_of_the_defaults_are_told_once(idle_house: House) -> None:
    me = await idle_house.tenant()
    body = {"items": items(50), "defaults": {"flowId": "flw_none", "referenceImages": ["@none"]}}
    assert sorted(field for field, _ in told(await ask(idle_house, me, body))) == [
        "defaults.flow_id", "defaults.reference_images[0]",
    ]  # fmt: skip
    wrong = {"items": items(50), "defaults": {"variants": 0, "seed": "a", "nonsense": 1}}
    assert [field for field, _ in told(await ask(idle_house, me, wrong))] == [
        "defaults.variants", "defaults.seed", "defaults.nonsense",
    ]  # fmt: skip


async def test_a_default_that_every_item_overrides_harms_nobody(idle_house: House) -> None:
    me = await idle_house.tenant()
    await made(idle_house, me, {"items": items(3, flow_id=None), "defaults": {"flow_id": "none"}})


async def test_long_lists_of_faults_end_with_the_number_of_the_others(idle_house: House) -> None:
    me = await idle_house.tenant()
    reply = await ask(idle_house, me, {"items": items(1500, seed=-1, promt="a")})
    found = told(reply)
    assert len(found) == 1001
    assert found[-1] == ("items", "2000 more faults are not listed")
    assert "2999 more faults" in reply.error["message"]


async def test_two_items_of_one_name_are_refused(idle_house: House) -> None:
    me = await idle_house.tenant()
    asked = [
        {"prompt": "a", "custom_id": "one"},
        {"prompt": "b"},
        {"prompt": "c", "customId": "one"},
    ]
    assert told(await ask(idle_house, me, {"items": asked})) == [
        ("items[2].custom_id", "is that of items[0], too")
    ]


async def test_a_name_that_stands_twice_in_an_object_is_refused(idle_house: House) -> None:
    """Which of the two was meant, nobody knows; and each is paid for."""
    me = await idle_house.tenant()
    body = b'{"items": [{"prompt": "a"}, {"prompt": "a", "meta": {"k": {"a": 1, "a": 2}}, "prompt": "b"}]}'
    assert told(await ask(idle_house, me, body)) == [
        ("items[1].prompt", "is given twice"), ("items[1].meta.k.a", "is given twice"),
    ]  # fmt: skip
    whole = b'{"items": [{"prompt": "a"}], "items": []}'
    assert told(await ask(idle_house, me, whole)) == [("items", "is given twice")]
    deeper = b'{"items": [{"prompt": "a"}], "meta": {"a": 1, "a": 2}}'
    assert told(await ask(idle_house, me, deeper)) == [("meta.a", "is given twice")]


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"\xff", 400), (b'{"items": [{"prompt": "\xff"}]}', 400), (b"", 400),
     (b'{"items": [' + b"[" * 40 + b"]" * 40 + b"]}", 400), (b'{"items": [1e999]}', 422),
     (b'{"items": [' + b"0," * 500_000 + b"0]}", 422)],
)  # fmt: skip
async def test_bodies_that_are_no_request_are_refused(
    idle_house: House, body: bytes, status: int
) -> None:
    me = await idle_house.tenant()
    assert (await ask(idle_house, me, body)).status == status


async def test_a_body_of_more_than_16_mb_is_refused(idle_house: House) -> None:
    me = await idle_house.tenant()
    for size, status in ((15_000_000, 400), (16_000_001, 413)):
        reply = await idle_house.ask(
            "POST", "/api/v1/generate/bulk", key=me, data=io.BytesIO(b" " * size),
            headers={"Content-Type": "application/json"},
        )  # fmt: skip
        assert reply.status == status, reply.body


@pytest.mark.parametrize("kind", ["application/json", "application/jsonl"])
async def test_a_body_of_lists_in_lists_is_refused_before_it_is_read(
    idle_house: House, kind: str
) -> None:
    me = await idle_house.tenant()
    item = b'{"prompt": "x", "meta": {"a": [' + b"[]," * 400_000 + b"1]}}"
    body = io.BytesIO(b'{"items": [' + item + b"]}" if kind == "application/json" else item)
    reply = await idle_house.ask(
        "POST", "/api/v1/generate/bulk", key=me, data=body, headers={"Content-Type": kind}
    )
    assert told(reply) == [("items", "may hold at most 400,000 lists and objects in all")]


async def test_a_query_beside_a_json_body_is_not_overlooked(idle_house: House) -> None:
    me = await idle_house.tenant()
    reply = await idle_house.ask(
        "POST", "/api/v1/generate/bulk?dry_run=true", key=me, json={"items": items(1)}
    )
    assert told(reply)[0][0] == "dry_run"


async def test_a_batch_that_lacks_one_credit_is_not_accepted(idle_house: House) -> None:
    me = await idle_house.tenant(grant=100)
    body = {"items": [*items(99), {"prompt": "the last one", "variants": 2}]}
    reply = await ask(idle_house, me, body)
    assert (reply.status, reply.error["code"]) == (402, "INSUFFICIENT_CREDITS")
    assert reply.error["details"] == {"required": 101, "available": 100}
    assert await nothing_was_made(idle_house)
    assert await account(idle_house, me) == (100, 0)
    await made(idle_house, me, {"items": items(100)})
    assert await account(idle_house, me) == (100, 100)


async def test_holds_of_a_batch_are_one_for_each_item_with_a_running_balance(
    idle_house: House,
) -> None:
    me = await idle_house.tenant(grant=10)
    batch = await made(idle_house, me, {"items": [*items(2), {"prompt": "owls", "variants": 3}]})
    async with idle_house.database.reading() as tx:
        rows = await tx.fetch(
            "SELECT reserved, available_after, batch_id, api_key_id FROM ledger_entries"
            " WHERE type = 'hold' ORDER BY position"
        )
    assert [tuple(row) for row in rows] == [
        (held, left, batch["id"], me.key_id) for held, left in ((1, 9), (1, 8), (3, 5))
    ]


LINES = b"""{"prompt": "a fox", "custom_id": "one"}\r\n\r\n{"prompt": "a bear"}\n"""


@pytest.mark.parametrize("kind", ["application/jsonl", "application/x-ndjson; charset=utf-8"])
async def test_items_come_as_lines_with_the_rest_in_the_query(idle_house: House, kind: str) -> None:
    me = await idle_house.tenant()
    reply = await idle_house.ask(
        "POST", '/api/v1/generate/bulk?name=lines&defaults={"aspectRatio":"4:3"}', key=me,
        data=b"\xef\xbb\xbf" + LINES, headers={"Content-Type": kind},
    )  # fmt: skip
    assert reply.status == 202, reply.body
    assert (reply.data["name"], reply.data["total"]) == ("lines", 2)
    found = await idle_house.ask("GET", f"/api/v1/batches/{reply.data['id']}/results", key=me)
    assert [it["custom_id"] for it in found.data] == ["one", None]


async def test_items_come_as_the_file_of_a_form(idle_house: House) -> None:
    me = await idle_house.tenant()
    form = aiohttp.FormData()
    form.add_field("file", LINES, filename="items.jsonl")
    form.add_field("defaults", '{"aspect_ratio": "4:3"}')
    form.add_field("meta", '{"season": "spring"}')
    reply = await idle_house.ask("POST", "/api/v1/generate/bulk", key=me, data=form)
    assert reply.status == 202, reply.body
    assert (reply.data["total"], reply.data["meta"]) == (2, {"season": "spring"})
    listed = await idle_house.ask("GET", "/api/v1/generations", key=me)
    assert {it["aspect_ratio"] for it in listed.data} == {"4:3"}


async def test_faults_of_lines_name_the_line_too(idle_house: House) -> None:
    me = await idle_house.tenant()
    body = b"\n".join([
        b'{"prompt": "right"}', b"", b'{"prompt": 7}', b"{broken", b"\xff", b'{"prompt": "1e999", "seed": 1e999}',
        b"[" * 40, b'{"prompt": "a", "prompt": "b"}', b'{"prompt": "a fox", "flow_id": "flw_none"}',
    ])  # fmt: skip
    reply = await ask(idle_house, me, body, Content_Type="application/jsonl")
    assert [(it["field"], it["line"]) for it in reply.error["details"]] == [
        ("items[1].prompt", 3), ("items[2]", 4), ("items[3]", 5), ("items[4]", 6), ("items[5]", 7),
        ("items[6].prompt", 8), ("items[7].flow_id", 9),
    ]  # fmt: skip
    empty = await ask(idle_house, me, b"\n \n", Content_Type="application/jsonl")
    assert told(empty) == [("items", "must have at least one item")]
    many = await ask(
        idle_house, me, b'{"prompt": "a"}\n' * 10_001, Content_Type="application/jsonl"
    )
    assert told(many) == [("items", "may have at most 10,000 items")]


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream", "text/csv"])
async def test_other_kinds_of_bodies_are_refused(idle_house: House, kind: str) -> None:
    me = await idle_house.tenant()
    reply = await ask(idle_house, me, LINES, Content_Type=kind)
    assert (reply.status, reply.error["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    packed = msgspec.json.encode({"items": items(1)})
    reply = await ask(idle_house, me, packed, Content_Encoding="gzip")
    assert reply.status == 415
