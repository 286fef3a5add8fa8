"""Custom models: registered, found, chosen for work, deleted.

They belong to the organization, as the catalogue belongs to the server: every key may use them, and
a key that is bound to a project may neither make nor delete any.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tintype import queue
from tintype.accounts.models import require_feature
from tintype.api.naming import suggestion
from tintype.api.pages import Page, Paging
from tintype.catalog.models import Model, Weighted, catalog, default_for, model_for
from tintype.core import ids
from tintype.core.caller import Caller
from tintype.core.errors import (
    Conflict,
    EngineUnavailable,
    Forbidden,
    NotFound,
    ValidationFailed,
)
from tintype.db.pool import Row, Transaction
from tintype.models import queries, views
from tintype.models.models import (
    MODELS_MAX,
    TRIGGER_CHARACTERS_MAX,
    TRIGGER_WORDS_MAX,
    CustomModel,
    ListModels,
    ModelView,
    NewModel,
    StoredWeights,
)
from tintype.models.safetensors import Contents

ENTRYPOINT: Final = "model.fetch"
_CUSTOM: Final = "mdl_"


def check_may_register(caller: Caller) -> None:
    """Raise Forbidden before any byte of a large file is read.

    Raises EngineUnavailable where no model of this server takes anybody's weights.
    """
    require_feature(caller, "models")
    _check_unbound(caller)
    if not any(model.weights for model in catalog().models):
        raise EngineUnavailable(
            "No engine of this server loads custom weights, and the built-in one needs none. Add an"
            " engine that does, and a model of it to the catalogue (the setting catalog.file) with"
            ' weights = ["lora"] or weights = ["checkpoint"].'
        )


async def register(
    tx: Transaction,
    caller: Caller,
    ask: NewModel,
    *,
    stored: tuple[str, Contents] | None = None,
    source_url: str | None = None,
) -> ModelView:
    """Make the row of weights that are `stored` under a key, or are to come from `source_url`."""
    check_may_register(caller)
    base = base_for(ask.kind, ask.base_model, ask.engine)
    said = _said(ask)
    if await queries.count_alone(tx, caller.organization_id) >= MODELS_MAX:
        raise Conflict(f"There are {MODELS_MAX} custom models already; delete one first.")
    key, contents = stored or (None, None)
    row = await queries.insert(tx, ids.new("mdl"), caller.organization_id, {
        **said, "kind": ask.kind, "base_model": base.id, "engine": base.engine, "scale": ask.scale,
        "status": "pending" if contents is None else "ready", "source_url": source_url,
        "object_key": key,
        "bytes": contents and contents.bytes, "sha256": contents and contents.sha256,
        "tensors": contents and contents.tensors,
        "file_metadata": contents.metadata if contents else {},
        "livemode": caller.livemode, "meta": ask.meta,
    })  # fmt: skip
    if contents is None:
        await queue.enqueue(tx, ENTRYPOINT, row["id"])
    return views.of_row(row)


def base_for(kind: Weighted, base_model: str, engine: str | None) -> Model:
    """The model of the catalogue that such weights are for; refused by name if it takes none."""
    known = {model.id: model for model in catalog().models}
    base = known.get(base_model)
    if base is None:
        hint = suggestion(base_model, known) or f"; known are {', '.join(known)}"
        raise ValidationFailed("base_model", f"there is no model {base_model[:80]!r}{hint}")
    if kind not in base.weights:
        able = ", ".join(model.id for model in known.values() if kind in model.weights)
        these = f"these do: {able}" if able else "no model of this server does"
        raise ValidationFailed("base_model", f"{base.id} takes no {kind}; {these}")
    if engine not in {None, base.engine}:
        raise ValidationFailed("engine", f"{base.id} is run by {base.engine}")
    return base


async def get(tx: Transaction, caller: Caller, model_id: str) -> ModelView:
    """One of the catalogue or of the organization's own."""
    for model in catalog().models:
        if model.id == model_id:
            return views.of_catalog(model)
    return views.of_row(await _row(tx, caller, model_id))


async def page(
    tx: Transaction, caller: Caller, query: ListModels, filters: Mapping[str, Any]
) -> Page[ModelView]:
    """Custom models, newest first, and behind them the catalogue's in its own order.

    `filters` are those for custom models' rows. `after` may be an id of either.
    """
    base = views.of_catalog_by(query)
    total = await queries.count(tx, caller.organization_id, filters)
    skip, after = query.offset, query.after
    rows: list[Row] = []
    if after is not None and not after.startswith(_CUSTOM):
        places = [number for number, model in enumerate(catalog().models) if model.id == after]
        if query.offset or not places:
            raise ValidationFailed("after", "must be the id of an item of this list, alone")
        rest = {model.id for model in catalog().models[places[0] + 1 :]}
        shown = [view for view in base if view.id in rest]
    else:
        rows = await queries.page(
            tx, caller.organization_id, {**filters, "after": _custom(query)},
            offset=skip, limit=query.limit + 1,
        )  # fmt: skip
        shown = [views.of_row(row) for row in rows] + base[max(0, skip - total) :]
    more = len(shown) > query.limit
    shown = shown[: query.limit]
    return Page(
        shown, total + len(base), has_more=more, next=shown[-1].id if more else None,
        limit=query.limit, offset=query.offset,
    )  # fmt: skip


async def delete(tx: Transaction, caller: Caller, model_id: str) -> None:
    """Soft: work that was accepted before goes on, and with its end the bytes go."""
    if any(model.id == model_id for model in catalog().models):
        raise Forbidden(f"{model_id} belongs to the server's catalogue.")
    row = await _row(tx, caller, model_id, lock=True)
    _check_unbound(caller)
    await queries.soft_delete(tx, caller.organization_id, row["id"])
    await queue.forget(tx, ENTRYPOINT, row["id"])


async def chosen(tx: Transaction, caller: Caller, operation: str, model_id: str | None) -> Model:
    """The model of new work: one of the catalogue, its default for None, or a custom one.

    A custom one (`CustomModel`) has its base model's terms. Refused as a field where there is no
    such one, where it isn't ready, and where it doesn't do this work. The sandbox is free, so it
    has the built-in engine's models only.
    """
    if model_id is None or not model_id.startswith(_CUSTOM):
        if model_id is None:
            return default_for(operation, livemode=caller.livemode)
        model = model_for(operation, model_id)
        _check_affordable(caller, operation, model)
        return model
    require_feature(caller, "models")
    try:
        row = await _row(tx, caller, model_id)
    except NotFound as fault:
        raise ValidationFailed("model", f"there is no model {model_id[:80]!r}") from fault
    if row["status"] != "ready":
        why = f": {row['error']['message']}" if row["error"] else ""
        raise ValidationFailed("model", f"{row['id']} is {row['status']}{why}")
    base = views.base_of(row)
    if base is None:
        raise EngineUnavailable(
            f"model: {row['base_model']}, for which {row['id']} was made, is not in this server's"
            " catalogue, or takes no such weights any more.",
            param="model",
        )
    if operation not in base.operations:
        raise ValidationFailed("model", f"{row['id']} does {', '.join(base.operations)} only")
    _check_affordable(caller, operation, base)
    fields = msgspec.structs.asdict(base) | {
        "id": row["id"], "name": row["name"], "description": row["description"], "weights": [],
    }  # fmt: skip
    return CustomModel(**fields, base_model=base.id, trigger_words=row["trigger_words"])


async def weights(tx: Transaction, organization_id: str, model_id: str) -> StoredWeights | None:
    """What a run has to load for the model of its work; None for one of the catalogue.

    A deleted model counts: the work was accepted before. Raises NotFound where there is none.
    """
    if not model_id.startswith(_CUSTOM):
        return None
    row = await queries.stored(tx, organization_id, model_id)
    if row is None:
        raise NotFound(f"There is no model {model_id[:80]}.")
    fields = {name: row[name] for name in StoredWeights.__struct_fields__ if name != "model_id"}
    return StoredWeights(model_id=row["id"], **fields)


async def needed(tx: Transaction, keys: list[str]) -> set[str]:
    """Those of the stored files that a model has, or work that was accepted before it was deleted.

    For the sweeper, over all organizations.
    """
    return await queries.needed(tx, keys)


def _check_affordable(caller: Caller, operation: str, model: Model) -> None:
    """Refuse what costs the operator money to a key that costs its owner none."""
    if not caller.livemode and not model.built_in:
        able = (it.id for it in catalog().models if it.built_in and operation in it.operations)
        known = ", ".join(able) or "none for this"
        raise ValidationFailed(
            "model", f"the sandbox has the built-in engine's models only: {known}"
        )


def _said(ask: NewModel) -> dict[str, Any]:
    """Name, description and trigger words without outer space; ValidationFailed for blank ones."""
    words = [word.strip() for word in ask.trigger_words]
    if not ask.name.strip():
        raise ValidationFailed("name", "must not be blank")
    if not all(words):
        raise ValidationFailed("trigger_words", "must not be blank")
    if len(words) > TRIGGER_WORDS_MAX or any(len(it) > TRIGGER_CHARACTERS_MAX for it in words):
        raise ValidationFailed(
            "trigger_words",
            f"may be {TRIGGER_WORDS_MAX}, of {TRIGGER_CHARACTERS_MAX} characters each",
        )
    return {
        "name": ask.name.strip(), "description": ask.description.strip(),
        "trigger_words": list(dict.fromkeys(words)),
    }  # fmt: skip


def _custom(query: Paging) -> str | None:
    """The custom model to go on after; as in other lists."""
    if query.after is None:
        return None
    if query.offset:
        raise ValidationFailed("after", "can't be combined with `offset`")
    if not ids.is_id("mdl", query.after):
        raise ValidationFailed("after", "must be the id of an item of this list")
    return query.after


def _check_unbound(caller: Caller) -> None:
    if caller.project_id is not None:
        raise Forbidden(
            "This key is bound to a project, and custom models are the whole organization's."
        )


async def _row(tx: Transaction, caller: Caller, model_id: str, *, lock: bool = False) -> Row:
    wanted = ids.parse("mdl", model_id)
    row = await queries.find(tx, caller.organization_id, wanted, lock=lock)
    if row is None:
        raise NotFound(f"There is no model {model_id[:80]}.")
    return row
