"""Finishing a picture: alone, as the work itself, or after the picture was made."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import msgspec

from tintype.accounts.models import require_feature
from tintype.billing.quotes import Terms
from tintype.catalog.models import Model, default_for, flat_price
from tintype.core.caller import Caller
from tintype.core.errors import ValidationFailed
from tintype.db.pool import Row, Transaction
from tintype.generations.models import Finishing, RetryGeneration
from tintype.generations.retrying import check_pictures, overrides
from tintype.generations.submit import Created, Order, submit
from tintype.models import operations as models

# What a retry takes over from the work that failed.
_KEPT: Final = (
    "project_id", "flow_id", "kind", "mode", "strength", "preset", "model", "engine", "fidelity",
    "seed", "sources", "alias", "flow_alias", "meta", "webhook_url",
)  # fmt: skip
_OVERRIDES: Final = frozenset({"seed", "meta", "webhook_url"})


def finisher(finishing: Finishing, *, livemode: bool) -> Model:
    """The model that does it; raises ValidationFailed for a preset that it doesn't have."""
    model = default_for(finishing.mode, livemode=livemode)
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
    model = finisher(finishing, livemode=caller.livemode)
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
    changes, terms = overrides(change, row["kind"], _OVERRIDES)
    require_feature(caller, "images")
    await check_pictures(tx, row)
    kept = {name: row[name] for name in _KEPT}
    fields = kept | changes | {"retry_of": row["id"], "cancel_at": cancel_after}
    model = await models.chosen(tx, caller, row["kind"], row["model"])
    return await submit(tx, caller, Order(fields, flat_price(model)), terms)
