"""Ids of the wrong kind or shape, and pages that stay right while the list changes under them."""

import asyncio

from api.wire import judged
from support.house import House
from support.uuids import uuid_of
from tintype.core import ids

WHERE = {"gen": "generations", "img": "images", "flw": "flows", "prj": "projects"}


async def test_an_id_of_another_shape_or_kind_is_not_found(idle_house: House) -> None:
    me = await idle_house.tenant()
    for kind, noun in WHERE.items():
        other = "img" if kind == "gen" else "gen"
        known = ids.new(kind)
        suffix = known[4:]
        for wrong in (
            f"{kind}_zzz", ids.new(other), f"{kind}_8{suffix[1:]}", f"{kind}_{suffix[:-1]}", f"{known}0",
            known.upper(), f"{kind}_{suffix.upper()}", f"{kind}_{'i' * 26}", kind, f"{kind}_", "_", "0", "-",
            "null", "undefined", "%20", f"%20{known}", f"{known}%20", f"{known}%0A", f"{known}%00", "'", "%25",
            f"{{{uuid_of(known)}}}", f"urn:uuid:{uuid_of(known)}", uuid_of(known).hex,
            str(uuid_of(known)), known, f"{kind}_{'x' * 10_000}", "%F0%9F%A6%8A", "..", "*",
        ):  # fmt: skip
            reply = await idle_house.ask("GET", f"/api/v1/{noun}/{wrong}", key=me)
            if wrong == "..":  # The client folds it away: the list above, which is not there.
                assert reply.status in (404, 405)
                continue
            fault = judged(reply, 404, "NOT_FOUND")
            assert fault is None, (noun, wrong[:60], fault)


async def test_what_is_not_there_is_named_as_it_was_asked_for(idle_house: House) -> None:
    me = await idle_house.tenant()
    kinds = WHERE | {
        "bat": "batches", "per": "personas", "mdl": "models", "key": "api-keys",
        "whe": "webhooks/endpoints", "dlv": "webhooks/deliveries",
    }  # fmt: skip
    words = {
        "gen": "generation", "img": "image", "flw": "flow", "prj": "project", "bat": "batch",
        "per": "persona", "mdl": "model", "key": "key", "whe": "webhook endpoint",
        "dlv": "webhook delivery",
    }  # fmt: skip
    for kind, noun in kinds.items():
        for wrong in (ids.new(kind), "nonsense", f"{kind}_1"):
            reply = await idle_house.ask("GET", f"/api/v1/{noun}/{wrong}", key=me)
            assert judged(reply, 404, "NOT_FOUND") is None, (noun, wrong, reply.body)
            assert reply.error["message"] == f"There is no {words[kind]} {wrong}."
    for wrong in (ids.new("gen"), "nonsense"):
        reply = await idle_house.ask("GET", f"/api/v1/images/jobs/{wrong}", key=me)
        assert reply.error["message"] == f"There is no image job {wrong}."
    for kind, name, ending in (("image", "images", "png"), ("video", "videos", "mp4")):
        for wrong in (ids.new("img" if kind == "image" else "vid"), "nonsense"):
            reply = await idle_house.ask("GET", f"/media/{name}/{wrong}.{ending}")
            assert (reply.status, reply.error["message"]) == (404, f"There is no {kind} {wrong}.")


async def test_the_raw_uuid_names_the_same_object(idle_house: House) -> None:
    me = await idle_house.tenant()
    made = (await idle_house.ask("POST", "/api/v1/generations", key=me, json={"prompt": "a"})).data
    uuid = uuid_of(made["id"])
    for text in (str(uuid), str(uuid).upper()):
        found = await idle_house.ask("GET", f"/api/v1/generations/{text}", key=me)
        assert (found.status, found.data["id"]) == (200, made["id"])
    reply = await idle_house.ask("GET", f"/api/v1/flows/{uuid}", key=me)
    assert judged(reply, 404, "NOT_FOUND") is None


async def test_ids_in_bodies_are_refused_alike_whatever_is_wrong(house: House) -> None:
    """Unknown, another's, deleted, of another kind or no id at all: one answer naming the field."""
    me, stranger = await house.tenant(), await house.tenant()
    theirs = await house.picture(stranger)
    mine = await house.picture(me)
    assert (await house.ask("DELETE", f"/api/v1/images/{mine['image_id']}", key=me)).status == 204
    images = [ids.new("img"), theirs["image_id"], mine["image_id"], ids.new("gen"), "nonsense"]
    answers = set()
    for image in images:
        body = {"prompt": "a", "reference_images": [image]}
        reply = await house.ask("POST", "/api/v1/generations", key=me, json=body)
        fault = judged(reply, 422, "VALIDATION_FAILED", field="reference_images[0]")
        assert fault is None, (image, fault)
        answers.add(str(reply.error).replace(image, "ID"))
    assert len(answers) == 1
    flows = [
        (await house.ask("POST", "/api/v1/flows", key=who, json={})).data["id"]
        for who in (stranger, me)
    ]
    assert (await house.ask("DELETE", f"/api/v1/flows/{flows[1]}", key=me)).status == 204
    for field, wrong in (("flow_id", [*flows, ids.new("flw"), ids.new("gen"), "x"]),
                         ("project_id", [ids.new("prj"), ids.new("gen"), "x"])):  # fmt: skip
        answers = set()
        for value in wrong:
            reply = await house.ask(
                "POST", "/api/v1/generations", key=me, json={"prompt": "a", field: value}
            )
            fault = judged(reply, 422, "VALIDATION_FAILED", field=field)
            assert fault is None, (field, value, fault)
            answers.add(str(reply.error).replace(value, "ID"))
        assert len(answers) == 1, field


async def test_cursors_are_ids_of_the_list_and_nothing_else(idle_house: House) -> None:
    me, stranger = await idle_house.tenant(), await idle_house.tenant()
    for kind, noun in WHERE.items():
        other = "img" if kind == "gen" else "gen"
        for wrong in (ids.new(other), "x", "", "0", f"{kind}_zzz", "%27"):
            reply = await idle_house.ask("GET", f"/api/v1/{noun}?after={wrong}", key=me)
            fault = judged(reply, 422, "VALIDATION_FAILED", field="after")
            assert fault is None, (noun, wrong, fault)
        both = await idle_house.ask("GET", f"/api/v1/{noun}?after={ids.new(kind)}&offset=1", key=me)
        assert judged(both, 422, "VALIDATION_FAILED", field="after") is None
    mine = [await _queue(idle_house, me) for _ in range(3)]
    theirs = await _queue(idle_house, stranger)
    reply = await idle_house.ask("GET", f"/api/v1/generations?after={theirs}", key=me)
    assert [item["id"] for item in reply.data] == mine[::-1], "only its time counts"
    assert (await idle_house.ask("DELETE", f"/api/v1/generations/{mine[1]}", key=me)).status == 204
    reply = await idle_house.ask("GET", f"/api/v1/generations?after={mine[1]}", key=me)
    assert [item["id"] for item in reply.data] == [mine[0]], (
        "a deleted row's id still marks a place"
    )


async def test_paging_skips_and_repeats_nothing_while_the_list_changes(idle_house: House) -> None:
    me = await idle_house.tenant()
    there = [await _queue(idle_house, me) for _ in range(30)]
    gone = set(there[5:25:5])
    seen: list[str] = []
    after = ""

    async def disturb() -> None:
        for one in gone:
            await idle_house.ask("DELETE", f"/api/v1/generations/{one}", key=me)
            await _queue(idle_house, me)

    disturbing = asyncio.create_task(disturb())
    while True:
        reply = await idle_house.ask("GET", f"/v1/generations?limit=4{after}", key=me)
        seen += [item["id"] for item in reply.json["data"]]
        if not reply.json["has_more"]:
            break
        after = f"&after={reply.json['next']}"
    await disturbing
    assert len(seen) == len(set(seen))
    assert set(there) - gone <= set(seen)
    assert seen == sorted(seen, reverse=True)


async def test_filters_of_time_and_text_are_exact(idle_house: House) -> None:
    me = await idle_house.tenant()
    for field in ("created_after", "created_before"):
        for wrong in ("2026-13-01T00:00:00Z", "10000-01-01T00:00:00Z", "2026-01-01", "2026-01-01T00:00:00",
                      "yesterday", "1700000000", "", "2026-02-30T00:00:00Z", "2026-01-01T25:00:00Z"):  # fmt: skip
            reply = await idle_house.ask("GET", f"/api/v1/generations?{field}={wrong}", key=me)
            fault = judged(reply, 422, "VALIDATION_FAILED", field=field)
            assert fault is None, (field, wrong, fault)
    for prompt in ("100% real_estate", "100 percent realXestate", "back\\slash and 'quote'"):
        await _queue(idle_house, me, prompt)
    for text, hits in (
        ("%25", 1),
        ("l_e", 1),
        ("l\\_e", 0),
        ("%5C", 1),
        ("%27", 1),
        ("_", 1),
        ("%25_", 0),
        ("REAL", 2),
    ):
        reply = await idle_house.ask("GET", f"/api/v1/generations?q={text}", key=me)
        assert reply.status == 200
        assert reply.json["meta"]["pagination"]["total"] == hits, text
    for wrong in ("", "a" * 5_000, "a" * 201):
        reply = await idle_house.ask("GET", f"/api/v1/generations?q={wrong}", key=me)
        assert judged(reply, 422, "VALIDATION_FAILED", field="q") is None
    for query in ("status=done", "kind=photo", "source=web", "limit=20;offset=1", "status="):
        reply = await idle_house.ask("GET", f"/api/v1/generations?{query}", key=me)
        assert judged(reply, 422, "VALIDATION_FAILED") is None, query


async def test_the_totals_and_links_of_both_mounts_agree(idle_house: House) -> None:
    me = await idle_house.tenant()
    there = [await _queue(idle_house, me) for _ in range(3)][::-1]
    bare = (await idle_house.ask("GET", "/v1/generations?limit=2", key=me)).json
    wrapped = (await idle_house.ask("GET", "/api/v1/generations?limit=2", key=me)).json
    assert (bare["object"], bare["total"], bare["has_more"], bare["next"]) == (
        "list",
        3,
        True,
        there[1],
    )
    assert wrapped["data"] == bare["data"]
    assert wrapped["meta"]["pagination"] == {
        "total": 3, "limit": 2, "offset": 0, "has_more": True, "next": there[1],
    }  # fmt: skip
    last = (await idle_house.ask("GET", "/v1/generations?limit=2&offset=2", key=me)).json
    assert ([item["id"] for item in last["data"]], last["has_more"], last["next"]) == (
        [there[2]],
        False,
        None,
    )


async def _queue(house: House, me, prompt: str = "a") -> str:
    made = await house.ask("POST", "/api/v1/generations", key=me, json={"prompt": prompt})
    assert made.status == 202, made.body
    return made.data["id"]
