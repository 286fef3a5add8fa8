"""Finishing a picture: alone, as the work itself, or after the picture was made."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import msgspec

from tintype.accounts.models import require_feature
from tintype.billing.quotes import Terms
from tintype.catalog.models import Model, flat_price, model_for
from tintype.core.caller import Caller
from tintype.core.errors import ValidationFailed
from tintype.db.pool import Row, Transaction
from tintype.generations.models import Finishing, RetryGeneration
from tintype.generations.submit import Created, Order, submit

# What a retry takes over from the work that failed.
_KEPT: Final = (
    "project_id", "flow_id", "kind", "mode", "strength", "preset", "model", "engine", "fidelity",
    "seed", "sources", "alias", "flow_alias", "meta", "webhook_url",
)  # fmt: skip
_OVERRIDES: Final = frozenset({"seed", "meta", "webhook_url"})


def finisher(finishing: Finishing) -> Model:
    """The model that does it; raises ValidationFailed for a preset that it doesn't have."""
    model = model_for(finishing.mode, None)
    if finishing.preset is not None and finishing.preset not in model.presets:
        known = ", ".join(model.presets)
        raise ValidationFailed("preset", f"must be one of {known} for mode {finishing.mode}")
    return model


async def create(
    tx: Transaction,
    caller: Caller,
    finishing: Finishing,
    source: Mapping[str, Any],
    fields: Mapping[str, Any],
    *,
    terms: Terms,
    cancel_after: timedelta | None,
) -> Created:
    """Work that finishes one given picture; `source` is as `references.resolve` gives it."""
    require_feature(caller, "images")
    model = finisher(finishing)
    return await submit(tx, caller, Order({
        **fields, **msgspec.structs.asdict(finishing), "kind": finishing.mode,
        "model": model.id, "engine": model.engine, "fidelity": model.fidelity,
        "sources": [source], "cancel_at": cancel_after,
    }, flat_price(model)), terms)  # fmt: skip


async def retry(
    tx: Transaction,
    caller: Caller,
    row: Row,
    change: RetryGeneration,
    *,
    cancel_after: timedelta | None,
) -> Created:
    """Finish the same picture anew; refuses overrides that mean nothing here by name."""
    overrides = {name: value for name, value in msgspec.structs.asdict(change).items()
                 if value is not msgspec.UNSET}  # fmt: skip
    terms = Terms(overrides.pop("dry_run"), overrides.pop("quote_id"))
    for name in overrides:
        if name not in _OVERRIDES:
            raise ValidationFailed(name, f"means nothing for {row['kind']}; leave it out")
    require_feature(caller, "images")
    kept = {name: row[name] for name in _KEPT}
    fields = kept | overrides | {"retry_of": row["id"], "cancel_at": cancel_after}
    cost = flat_price(model_for(row["kind"], row["model"]))
    return await submit(tx, caller, Order(fields, cost), terms)
