"""/models over HTTP: registered by upload, listed beside the catalogue's, deleted."""

import hashlib
import os
import time
from pathlib import Path

import aiohttp
import pytest

from support.house import House, opened, settings_for
from support.models import FIELDS, form_of, upload, uploaded
from support.own_files import SHIPPED, STUDIO, own_file
from support.weights import PICKLE, ZIP, framed, lora
from tintype.catalog.models import catalog
from tintype.core import ids
from tintype.images.sweeper import sweep
from tintype.models.operations import needed
from tintype.storage import Storage, open_storage

pytestmark = pytest.mark.usefixtures("studio")
SOUND = lora(64, author="me")


def storage_of(house: House) -> Storage:
    return open_storage(house.settings.storage_url)


async def files(house: House) -> list[str]:
    return [found.key async for found in storage_of(house).list("weights")]


async def test_an_uploaded_lora_is_ready_at_once(idle_house: House) -> None:
    me = await idle_house.tenant()
    made = await upload(
        idle_house, me, SOUND, mount="/api/v1", triggerWords="snkr, red sole ,snkr", scale="0.8",
        description="Our shoes.", meta='{"innerKey": 1}', engine="studio",
    )  # fmt: skip
    assert made.status == 201, made.body
    model = made.data
    assert made.headers["Location"] == f"/api/v1/models/{model['id']}"
    assert ids.is_id("mdl", model["id"])
    told = {name: model[name] for name in (
        "object", "owned_by", "name", "kind", "status", "base_model", "engine", "fidelity",
        "operations", "credits", "weights", "trigger_words", "scale", "bytes", "sha256", "tensors",
        "file_metadata", "meta", "error", "source_url", "livemode", "description",
    )}  # fmt: skip
    assert told == {
        "object": "model", "owned_by": me.organization_id, "name": "Sneakers", "kind": "lora",
        "status": "ready", "base_model": "studio/large", "engine": "studio", "fidelity": "full",
        "operations": ["text_to_image"], "credits": {"1K": 5}, "weights": [],
        "trigger_words": ["snkr", "red sole"], "scale": 0.8, "bytes": len(SOUND),
        "sha256": hashlib.sha256(SOUND).hexdigest(), "tensors": 2,
        "file_metadata": {"author": "me"}, "meta": {"innerKey": 1}, "error": None,
        "source_url": None, "livemode": True, "description": "Our shoes.",
    }  # fmt: skip
    (key,) = await files(idle_house)
    assert await storage_of(idle_house).get(key) == SOUND
    assert (await idle_house.ask("GET", made.headers["Location"], key=me)).data == model


async def test_a_large_file_goes_through_in_pieces(idle_house: House) -> None:
    me = await idle_house.tenant()
    data = lora(12 * 2**20)
    model = await uploaded(idle_house, me, data)
    assert (model["bytes"], model["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize(
    ("data", "status", "code", "told"),
    [
        (PICKLE, 415, "UNSUPPORTED_MEDIA_TYPE", "file: the file is a Python pickle"),
        (ZIP, 415, "UNSUPPORTED_MEDIA_TYPE", "a ZIP archive, as PyTorch saves pickles"),
        (PICKLE + bytes(20 * 2**20), 415, "UNSUPPORTED_MEDIA_TYPE", "pickle"),
        (b"", 415, "UNSUPPORTED_MEDIA_TYPE", "too short"),
        (SOUND[:-1], 422, "VALIDATION_FAILED", "ends after"),
        (SOUND + b"x", 422, "VALIDATION_FAILED", "bytes behind the last tensor"),
        ((2**40).to_bytes(8, "little") + b"{" * 40, 422, "VALIDATION_FAILED", "header of 1099511627776"),
        (framed(b'{"a":1,"a":2}', b""), 422, "VALIDATION_FAILED", "not valid JSON"),
        (framed(b"{}", b""), 422, "VALIDATION_FAILED", "holds no tensors"),
    ],
)  # fmt: skip
async def test_other_and_damaged_files_are_refused_and_not_kept(
    idle_house: House, data: bytes, status: int, code: str, told: str
) -> None:
    me = await idle_house.tenant()
    answer = await upload(idle_house, me, data)
    assert answer.status == status, answer.body
    error = answer.json["error"]
    assert (error["code"], error["param"]) == (code, "file")
    assert told in error["message"]
    assert await files(idle_house) == []
    assert (await idle_house.ask("GET", "/v1/models?kind=lora", key=me)).json["total"] == 0


async def test_bad_fields_are_refused_by_name_and_their_file_is_not_kept(idle_house: House) -> None:
    me = await idle_house.tenant()
    for fields, field in (
        ({"name": " "}, "name"), ({"name": "x" * 201}, "name"), ({"kind": "pickle"}, "kind"),
        ({"base_model": "studio/larg"}, "base_model"), ({"base_model": "builtin/draft"}, "base_model"),
        ({"base_model": "studio/checkpoints"}, "base_model"), ({"kind": "checkpoint"}, "base_model"),
        ({"engine": "builtin"}, "engine"), ({"scale": "3"}, "scale"), ({"scale": "2.1"}, "scale"),
        ({"scale": "nan"}, "scale"), ({"trigger_words": "a,,b"}, "trigger_words"),
        ({"trigger_words": ",".join("abcdefghijklmnopqrstuvw")}, "trigger_words"),
        ({"trigger_words": "x" * 101}, "trigger_words"), ({"meta": "[]"}, "meta"),
        ({"description": "x" * 2001}, "description"), ({"zzz": "1"}, "zzz"),
        ({"source_url": "https://example.com/x"}, "source_url"),
    ):  # fmt: skip
        answer = await upload(idle_house, me, SOUND, **fields)
        assert answer.status == 422, (fields, answer.body)
        assert answer.json["error"]["param"] == field, (fields, answer.body)
    refused = await upload(idle_house, me, SOUND, base_model="builtin/draft")
    assert "builtin/draft takes no lora; these do: studio/large" in refused.json["error"]["message"]
    missing = aiohttp.FormData({"name": "x"}, default_to_multipart=True)
    answer = await idle_house.ask("POST", "/v1/models", key=me, data=missing)
    assert (answer.status, answer.json["error"]["param"]) == (422, "file")
    two = form_of(SOUND)
    two.add_field("file", SOUND, filename="again")
    answer = await idle_house.ask("POST", "/v1/models", key=me, data=two)
    assert (answer.status, answer.json["error"]["param"]) == (422, "file")
    assert await files(idle_house) == []


async def test_fields_may_come_behind_the_file(idle_house: House) -> None:
    me = await idle_house.tenant()
    form = aiohttp.FormData()
    form.add_field("file", SOUND, filename="a")
    for name, value in FIELDS.items():
        form.add_field(name, value)
    assert (await idle_house.ask("POST", "/v1/models", key=me, data=form)).status == 201


async def test_a_file_over_the_limit_is_refused(database_url: str, tmp_path: Path) -> None:
    settings = settings_for(database_url, tmp_path, models={"upload_bytes_max": 1000})
    async with opened(settings, with_worker=False) as house:
        me = await house.tenant()
        answer = await upload(house, me, lora(500))
        assert (answer.status, answer.json["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")
        assert (await upload(house, me, lora(100))).status == 201
        assert len(await files(house)) == 1


async def test_where_no_model_takes_weights_the_engine_to_configure_is_told(
    idle_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TINTYPE_CATALOG_FILE")
    catalog.cache_clear()
    try:
        me = await idle_house.tenant()
        answers = [await upload(idle_house, me, SOUND, base_model=base)
                   for base in ("builtin/draft", "studio/large", "")]  # fmt: skip
        asked = FIELDS | {"source_url": "https://example.com/a.safetensors", "trigger_words": []}
        answers.append(await idle_house.ask("POST", "/v1/models", key=me, json=asked))
    finally:
        monkeypatch.undo()
        catalog.cache_clear()
    for answer in answers:
        assert (answer.status, answer.json["error"]["code"]) == (503, "ENGINE_UNAVAILABLE")
        assert 'weights = ["lora"]' in answer.json["error"]["message"]
        assert "catalog.file" in answer.json["error"]["message"]
    assert await files(idle_house) == []


async def test_a_kind_that_no_model_takes_is_the_fields_fault(
    idle_house: House, tmp_path: Path
) -> None:
    with own_file("catalog", tmp_path / "loras.toml", SHIPPED + STUDIO):
        me = await idle_house.tenant()
        answer = await upload(idle_house, me, SOUND, kind="checkpoint")
    assert (answer.status, answer.json["error"]["param"]) == (422, "base_model")
    assert "no model of this server does" in answer.json["error"]["message"]


async def test_openais_client_reads_the_list(idle_house: House) -> None:
    me = await idle_house.tenant()
    first = (await uploaded(idle_house, me, SOUND))["id"]
    second = (await uploaded(idle_house, me, SOUND, name="Other"))["id"]
    listed = (await idle_house.ask("GET", "/v1/models", key=me)).json
    base = [model.id for model in catalog().models]
    assert listed["object"] == "list"
    assert [it["id"] for it in listed["data"]] == [second, first, *base]
    for item in listed["data"]:
        assert (item["object"], type(item["created"])) == ("model", int)
        assert item["owned_by"] == ("tintype" if item["id"] in base else me.organization_id)
    enveloped = await idle_house.ask("GET", "/api/v1/models", key=me)
    assert enveloped.data == listed["data"]
    assert enveloped.json["meta"]["pagination"]["total"] == len(base) + 2


async def test_pages_go_over_both_kinds(idle_house: House) -> None:
    me = await idle_house.tenant()
    mine = [(await uploaded(idle_house, me, SOUND))["id"] for _ in range(3)][::-1]
    whole = mine + [model.id for model in catalog().models]
    seen: list[str] = []
    after = ""
    while True:
        page = (await idle_house.ask("GET", f"/v1/models?limit=2{after}", key=me)).json
        assert page["total"] == len(whole)
        seen += [it["id"] for it in page["data"]]
        if not page["has_more"]:
            break
        after = f"&after={page['next']}"
    assert seen == whole
    for offset in range(len(whole) + 1):
        page = (await idle_house.ask("GET", f"/v1/models?limit=2&offset={offset}", key=me)).json
        assert [it["id"] for it in page["data"]] == whole[offset : offset + 2]
        assert page["has_more"] == (offset + 2 < len(whole))
    for query in (f"after={mine[0]}&offset=1", "after=builtin/none", "after=builtin/draft&offset=1",
                  f"after={ids.new('gen')}", "after=mdl_x"):  # fmt: skip
        answer = await idle_house.ask("GET", f"/v1/models?{query}", key=me)
        assert (answer.status, answer.json["error"]["param"]) == (422, "after"), query


async def test_filters(idle_house: House) -> None:
    me = await idle_house.tenant()
    shoes = (await uploaded(idle_house, me, SOUND, trigger_words="snkr"))["id"]
    other = await uploaded(
        idle_house, me, SOUND, name="Hats 100%", kind="checkpoint", base_model="studio/checkpoints"
    )
    hats = other["id"]
    base = [model.id for model in catalog().models]
    for query, wanted in (
        ("kind=lora", [shoes]), ("kind=checkpoint", [hats]), ("kind=base", base),
        ("base_model=studio/large", [shoes]), ("status=ready", [hats, shoes, *base]),
        ("status=pending", []), ("status=failed", []), ("q=SNKR", [shoes]), ("q=hats", [hats]),
        ("q=100%25", [hats]), (f"q={shoes[4:]}", [shoes]), ("q=makes+photos", base[-2:]),
        ("engine=studio", [hats, shoes, *base[-2:]]), ("engine=finish", ["builtin/clean", "builtin/realistic"]),
        ("engine=zzz", []), ("engine=studio&kind=lora&q=sneak", [shoes]),
    ):  # fmt: skip
        found = (await idle_house.ask("GET", f"/v1/models?{query}", key=me)).json
        assert [it["id"] for it in found["data"]] == wanted, query
        assert found["total"] == len(wanted), query
    wrong = await idle_house.ask("GET", "/v1/models?kind=zzz", key=me)
    assert (wrong.status, wrong.json["error"]["param"]) == (422, "kind")


async def test_a_model_of_the_catalogue_is_found_by_its_id_and_belongs_to_the_server(
    idle_house: House,
) -> None:
    me = await idle_house.tenant()
    found = await idle_house.ask("GET", "/v1/models/builtin/draft", key=me)
    assert (found.status, found.json["id"], found.json["kind"]) == (200, "builtin/draft", "base")
    assert found.json["owned_by"] == "tintype"
    escaped = await idle_house.ask("GET", "/v1/models/builtin%2Fdraft", key=me)
    assert escaped.json == found.json
    gone = await idle_house.ask("DELETE", "/v1/models/builtin/draft", key=me)
    assert (gone.status, gone.json["error"]["code"]) == (403, "FORBIDDEN")
    for path in ("builtin/none", "builtin", "builtin/draft/x"):
        answer = await idle_house.ask("GET", f"/v1/models/{path}", key=me)
        assert (answer.status, answer.json["error"]["code"]) == (404, "NOT_FOUND"), path


async def test_another_tenants_model_is_not_there(idle_house: House) -> None:
    me, other = await idle_house.tenant(), await idle_house.tenant()
    theirs = (await uploaded(idle_house, other, SOUND))["id"]
    sandbox = await idle_house.tenant(organization_id=other.organization_id, livemode=False)
    for key in (me, sandbox):
        for model in (theirs, ids.new("mdl"), ids.new("gen"), "nonsense"):
            for method in ("GET", "DELETE"):
                answer = await idle_house.ask(method, f"/v1/models/{model}", key=key)
                assert (answer.status, answer.json["error"]["code"]) == (404, "NOT_FOUND")
        assert (await idle_house.ask("GET", "/v1/models?kind=lora", key=key)).json["total"] == 0
    assert (await idle_house.ask("GET", f"/v1/models/{theirs}", key=other)).status == 200


async def test_a_plan_without_models_is_refused_before_the_file_is_read(idle_house: House) -> None:
    me = await idle_house.tenant(plan="creator")
    for answer in (
        await upload(idle_house, me, PICKLE),
        await idle_house.ask("POST", "/v1/models", key=me, json={}),
    ):
        assert (answer.status, answer.json["error"]["code"]) == (403, "FORBIDDEN")
        assert answer.json["error"]["details"] == {"feature": "models", "plan": "creator"}
    assert (await idle_house.ask("GET", "/v1/models", key=me)).status == 200


async def test_scopes_guard_models(idle_house: House) -> None:
    reader = await idle_house.tenant(scopes=["images:read"])
    assert (await idle_house.ask("GET", "/v1/models", key=reader)).status == 200
    assert (await upload(idle_house, reader, SOUND)).status == 403
    assert (await idle_house.ask("DELETE", "/v1/models/x", key=reader)).status == 403
    writer = await idle_house.tenant(scopes=["images:write"])
    assert (await idle_house.ask("GET", "/v1/models/x", key=writer)).status == 403
    assert (await idle_house.ask("GET", "/v1/models")).status == 401


async def test_a_key_bound_to_a_project_uses_models_and_changes_none(idle_house: House) -> None:
    me = await idle_house.tenant()
    project = (await idle_house.ask("POST", "/v1/projects", key=me, json={"name": "P"})).json["id"]
    bound = await idle_house.tenant(organization_id=me.organization_id, project_id=project)
    model = (await uploaded(idle_house, me, SOUND))["id"]
    assert (await idle_house.ask("GET", f"/v1/models/{model}", key=bound)).status == 200
    assert (await upload(idle_house, bound, SOUND)).status == 403
    assert (await idle_house.ask("DELETE", f"/v1/models/{model}", key=bound)).status == 403


async def test_one_upload_per_idempotency_key(idle_house: House) -> None:
    me = await idle_house.tenant()
    headers = {"Idempotency-Key": "k"}
    first = await upload(idle_house, me, SOUND, headers=headers)
    again = await upload(idle_house, me, SOUND, headers=headers)
    assert (first.status, again.status, again.body) == (201, 201, first.body)
    assert again.headers["Idempotent-Replayed"] == "true"
    other = await upload(idle_house, me, lora(32), headers=headers)
    assert other.json["error"]["code"] == "IDEMPOTENCY_MISMATCH"
    assert len(await files(idle_house)) == 1, "the bytes of a replay are not kept"
    path = first.headers["Location"]
    for _ in range(2):
        gone = await idle_house.ask("DELETE", path, key=me, headers={"Idempotency-Key": "d"})
        assert gone.status == 204


async def test_a_deleted_models_bytes_are_swept_and_a_living_ones_stay(idle_house: House) -> None:
    me = await idle_house.tenant()
    storage = storage_of(idle_house)
    gone = (await uploaded(idle_house, me, lora(16)))["id"]
    (of_gone,) = await files(idle_house)
    kept = (await uploaded(idle_house, me, lora(32)))["id"]
    assert (await idle_house.ask("DELETE", f"/v1/models/{gone}", key=me)).status == 204
    assert (await idle_house.ask("GET", f"/v1/models/{gone}", key=me)).status == 404
    listed = (await idle_house.ask("GET", "/v1/models?kind=lora", key=me)).json["data"]
    assert [it["id"] for it in listed] == [kept]
    await storage.put("weights/org_x/orphan.safetensors", b"left by a crash")
    for key in await files(idle_house):
        age(storage, key)
    others = {"weights/": needed}
    assert await sweep(idle_house.database, storage, others, older_than_hours=24) == 2
    left = await files(idle_house)
    assert len(left) == 1
    assert of_gone not in left


async def test_work_that_was_accepted_before_keeps_a_deleted_models_bytes(
    idle_house: House,
) -> None:
    me = await idle_house.tenant()
    model = (await uploaded(idle_house, me, SOUND))["id"]
    made = await idle_house.ask("POST", "/v1/generations", key=me, json={"prompt": "x"})
    async with idle_house.database.transaction() as tx:
        await tx.execute("UPDATE generations SET model = $2 WHERE id = $1", made.json["id"], model)
    assert (await idle_house.ask("DELETE", f"/v1/models/{model}", key=me)).status == 204
    keys = await files(idle_house)
    async with idle_house.database.reading() as tx:
        assert await needed(tx, keys) == set(keys)
    canceled = f"/v1/generations/{made.json['id']}/cancel"
    assert (await idle_house.ask("POST", canceled, key=me)).status == 200
    async with idle_house.database.reading() as tx:
        assert await needed(tx, keys) == set()


async def test_an_organization_has_a_bounded_number_of_them(idle_house: House) -> None:
    me = await idle_house.tenant()
    model = (await uploaded(idle_house, me, SOUND))["id"]
    async with idle_house.database.transaction() as tx:
        for _ in range(199):
            await tx.execute(
                """
                INSERT INTO custom_models (id, organization_id, name, description, kind, base_model,
                    engine, trigger_words, scale, status, livemode)
                SELECT $2, organization_id, name, description, kind, base_model, engine,
                    trigger_words, scale, 'failed', livemode FROM custom_models WHERE id = $1
                """,
                model, ids.new("mdl"),
            )  # fmt: skip
    answer = await upload(idle_house, me, SOUND)
    assert (answer.status, answer.json["error"]["code"]) == (409, "CONFLICT")


def age(storage: Storage, key: str) -> None:
    path = storage.local_path(key)
    assert path is not None
    os.utime(path, (time.time() - 90_000,) * 2)
