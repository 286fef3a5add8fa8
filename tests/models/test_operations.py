"""Custom models chosen for work: whose they are, what they take over, when they are refused."""

import asyncio

import msgspec
import pytest

from support.house import House, Tenant
from support.models import uploaded
from support.own_files import SHIPPED, STUDIO, own_file
from support.weights import lora
from tintype.catalog.models import Model, model_for, price
from tintype.core import ids
from tintype.core.errors import (
    Conflict,
    EngineUnavailable,
    Forbidden,
    NotFound,
    ValidationFailed,
)
from tintype.models import operations
from tintype.models.models import MODELS_MAX, CustomModel, NewModel, StoredWeights

pytestmark = pytest.mark.usefixtures("studio")
SOUND = lora(64)


async def chosen(
    house: House, tenant: Tenant, model: str | None, operation: str = "text_to_image"
) -> Model:
    async with house.database.reading() as tx:
        return await operations.chosen(tx, await house.caller(tenant), operation, model)


async def weights(house: House, tenant: Tenant, model: str) -> StoredWeights | None:
    async with house.database.reading() as tx:
        return await operations.weights(tx, tenant.organization_id, model)


async def test_a_custom_model_has_its_base_models_terms_under_its_own_id(
    idle_house: House,
) -> None:
    me = await idle_house.tenant()
    made = await uploaded(idle_house, me, SOUND, trigger_words="snkr, sole")
    model = await chosen(idle_house, me, made["id"])
    base = model_for("text_to_image", "studio/large")
    assert isinstance(model, CustomModel)
    assert (model.id, model.name, model.base_model) == (made["id"], "Sneakers", base.id)
    assert model.trigger_words == ["snkr", "sole"]
    assert price(model, "1K", 2) == price(base, "1K", 2)
    for name in Model.__struct_fields__:
        if name not in {"id", "name", "description", "weights"}:
            assert getattr(model, name) == getattr(base, name), name


async def test_models_of_the_catalogue_are_chosen_as_ever(idle_house: House) -> None:
    me = await idle_house.tenant(plan="free")
    assert await chosen(idle_house, me, None) == model_for("text_to_image", None)
    assert await chosen(idle_house, me, "studio/large") == model_for(
        "text_to_image", "studio/large"
    )
    with pytest.raises(ValidationFailed, match="model: there is no model 'builtin/none'"):
        await chosen(idle_house, me, "builtin/none")


async def test_what_is_not_ones_own_is_not_there(idle_house: House) -> None:
    me, other = await idle_house.tenant(), await idle_house.tenant()
    theirs = (await uploaded(idle_house, other, SOUND))["id"]
    gone = (await uploaded(idle_house, me, SOUND))["id"]
    assert (await idle_house.ask("DELETE", f"/v1/models/{gone}", key=me)).status == 204
    for model in (theirs, gone, ids.new("mdl"), "mdl_nonsense"):
        with pytest.raises(ValidationFailed, match=f"model: there is no model '{model}'"):
            await chosen(idle_house, me, model)
    with pytest.raises(NotFound):
        await weights(idle_house, me, theirs)


async def test_one_that_is_not_ready_is_refused_with_the_reason(idle_house: House) -> None:
    me = await idle_house.tenant()
    body = {"name": "S", "kind": "lora", "base_model": "studio/large",
            "source_url": "https://example.com/x"}  # fmt: skip
    made = (await idle_house.ask("POST", "/v1/models", key=me, json=body)).json["id"]
    with pytest.raises(ValidationFailed, match=r"is pending$"):
        await chosen(idle_house, me, made)
    with pytest.raises(NotFound):
        await weights(idle_house, me, made)
    async with idle_house.database.transaction() as tx:
        await tx.execute(
            "UPDATE custom_models SET status = 'failed', error = $2 WHERE id = $1",
            made, {"code": "VALIDATION_FAILED", "message": "source_url: no"},
        )  # fmt: skip
    with pytest.raises(ValidationFailed, match="is failed: source_url: no"):
        await chosen(idle_house, me, made)


async def test_work_that_its_base_model_does_not_do_is_refused(idle_house: House) -> None:
    me = await idle_house.tenant()
    made = (await uploaded(idle_house, me, SOUND))["id"]
    with pytest.raises(ValidationFailed, match="does text_to_image only"):
        await chosen(idle_house, me, made, "clean")


async def test_one_whose_base_model_left_the_catalogue_says_so(idle_house: House, tmp_path) -> None:
    me = await idle_house.tenant()
    made = (await uploaded(idle_house, me, SOUND))["id"]
    changes = (
        SHIPPED, SHIPPED + STUDIO.replace('["lora"]', "[]"),
        SHIPPED + STUDIO.replace('engine = "studio"', 'engine = "other"'),
    )  # fmt: skip
    for text in changes:
        with own_file("catalog", tmp_path / "other.toml", text):
            with pytest.raises(EngineUnavailable, match="is not in this server's catalogue"):
                await chosen(idle_house, me, made)
            shown = (await idle_house.ask("GET", f"/v1/models/{made}", key=me)).json
            assert (shown["status"], shown["operations"], shown["credits"]) == ("ready", [], {})


async def test_the_plan_must_include_models(idle_house: House) -> None:
    me = await idle_house.tenant()
    made = (await uploaded(idle_house, me, SOUND))["id"]
    caller = msgspec.structs.replace(await idle_house.caller(me), plan="creator")
    async with idle_house.database.reading() as tx:
        with pytest.raises(Forbidden):
            await operations.chosen(tx, caller, "text_to_image", made)


async def test_a_run_is_told_where_the_bytes_are_even_of_a_deleted_model(
    idle_house: House,
) -> None:
    me = await idle_house.tenant()
    made = await uploaded(idle_house, me, SOUND, scale="0.7", trigger_words="snkr")
    assert (await idle_house.ask("DELETE", f"/v1/models/{made['id']}", key=me)).status == 204
    found = await weights(idle_house, me, made["id"])
    assert found is not None
    told = (found.model_id, found.base_model, found.kind, found.bytes, found.sha256, found.scale)
    assert told == (made["id"], "studio/large", "lora", len(SOUND), made["sha256"], 0.7)
    assert found.trigger_words == ["snkr"]
    assert found.object_key.startswith(f"weights/{me.organization_id}/")
    assert await weights(idle_house, me, "builtin/draft") is None


async def test_two_at_once_do_not_both_get_the_last_place(idle_house: House) -> None:
    me, other = await idle_house.tenant(), await idle_house.tenant()
    await _filled(idle_house, me, MODELS_MAX - 1)
    ask = NewModel(
        name="S", kind="lora", base_model="studio/large", engine=None, trigger_words=[],
        scale=1.0, description="", meta={},
    )  # fmt: skip

    async def register(tenant: Tenant, go_on: asyncio.Event | None = None) -> None:
        async with idle_house.database.transaction() as tx:
            await operations.register(
                tx, await idle_house.caller(tenant), ask, source_url="https://example.com/x"
            )
            registered.set()
            if go_on is not None:
                await go_on.wait()

    registered, commit = asyncio.Event(), asyncio.Event()
    first = asyncio.create_task(register(me, commit))
    await registered.wait()
    second = asyncio.create_task(register(me))
    await asyncio.wait({second}, timeout=0.5)
    await register(other)
    commit.set()
    await first
    with pytest.raises(Conflict, match=f"{MODELS_MAX} custom models already"):
        await second


async def _filled(house: House, tenant: Tenant, count: int) -> None:
    made = (await uploaded(house, tenant, SOUND))["id"]
    async with house.database.transaction() as tx:
        for _ in range(count - 1):
            await tx.execute(
                """
                INSERT INTO custom_models (id, organization_id, name, description, kind,
                    base_model, engine, trigger_words, scale, status, livemode)
                SELECT $3, organization_id, name, description, kind, base_model, engine,
                    trigger_words, scale, 'failed', livemode
                FROM custom_models WHERE organization_id = $1 AND id = $2
                """,
                tenant.organization_id, made, ids.new("mdl"),
            )  # fmt: skip
