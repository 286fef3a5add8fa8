"""Models as clients see them: those of the catalogue and custom ones in one form."""

from tintype.catalog.models import Model, catalog
from tintype.db.pool import Row
from tintype.models.models import Fault, ListModels, ModelView

_OWNER = "tintype"


def of_catalog(model: Model) -> ModelView:
    return ModelView(
        id=model.id, created=0, owned_by=_OWNER, name=model.name, description=model.description,
        kind="base", status="ready", error=None, base_model=None, engine=model.engine,
        fidelity=model.fidelity, operations=model.operations, credits=model.credits,
        weights=model.weights, trigger_words=[], scale=None, source_url=None, bytes=None,
        sha256=None, tensors=None, file_metadata={}, livemode=None, meta={}, created_at=None,
        updated_at=None,
    )  # fmt: skip


def of_row(row: Row) -> ModelView:
    base = base_of(row)
    same = {
        name: row[name] for name in ModelView.__struct_fields__
        if name in row and name not in {"error", "engine"}
    }  # fmt: skip
    return ModelView(
        **same, created=int(row["created_at"].timestamp()), owned_by=row["organization_id"],
        error=None if row["error"] is None else Fault(**row["error"]), engine=row["engine"],
        fidelity=base.fidelity if base else None, operations=base.operations if base else [],
        credits=base.credits if base else {}, weights=[],
    )  # fmt: skip


def base_of(row: Row) -> Model | None:
    """The base model, if the catalogue has it still, under the same engine, for such weights."""
    for model in catalog().models:
        if model.id == row["base_model"] and model.engine == row["engine"]:
            return model if row["kind"] in model.weights else None
    return None


def of_catalog_by(query: ListModels) -> list[ModelView]:
    """Those of the catalogue that the filters leave."""
    if query.kind not in {None, "base"} or query.base_model or query.status not in {None, "ready"}:
        return []
    text = (query.q or "").casefold()
    return [
        of_catalog(model) for model in catalog().models
        if query.engine in {None, model.engine}
        and any(text in it.casefold() for it in (model.id, model.name, model.description))
    ]  # fmt: skip
