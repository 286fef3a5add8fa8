"""Sketches and films: work that starts from a given picture, sized and priced, and made anew."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Final

from tintype.accounts.models import Feature, require_feature
from tintype.aliases.models import mentions
from tintype.api.guard import require_scope
from tintype.catalog.models import (
    Model,
    film_adjustments,
    film_price,
    film_size_of,
    price,
    size_adjustments,
    size_of,
)
from tintype.core.caller import Caller
from tintype.core.errors import ValidationFailed
from tintype.db.pool import Row, Transaction
from tintype.generations.models import Kind, RetryGeneration
from tintype.generations.retrying import check_pictures, overrides
from tintype.generations.submit import Created, Order, submit
from tintype.generations.words import check_spoken, check_words
from tintype.models import operations as models
from tintype.videos.operations import is_reel, reserve

FEATURES: Final[Mapping[Kind, Feature]] = {"sketch_to_photo": "images", "video": "video"}
"""What each of these kinds needs of a plan."""
_SCOPES: Final[Mapping[Kind, str]] = {"sketch_to_photo": "images:write", "video": "videos:write"}
# What a retry takes over from the work that failed.
_KEPT: Final = (
    "kind", "project_id", "flow_id", "persona_id", "persona_words", "prompt", "negative_prompt",
    "aspect_ratio", "resolution", "model", "seed", "variants", "duration_seconds", "sources",
    "alias", "flow_alias", "meta", "webhook_url", "recipe",
)  # fmt: skip
_MEANT: Final[Mapping[Kind, frozenset[str]]] = {
    "sketch_to_photo": frozenset(_KEPT), "video": frozenset(_KEPT) - {"variants"},
}  # fmt: skip
_MEANT_FOR_REELS: Final = frozenset(
    {"aspect_ratio", "resolution", "model", "seed", "meta", "webhook_url"}
)


def staged(model: Model, fields: Mapping[str, Any]) -> Order:
    """Work of the kind that `fields` has, with the size, the length and the price that follow.

    Raises ValidationFailed naming the field for what the model can't do.
    """
    check_words(fields["prompt"] or None, fields["negative_prompt"], model)
    ratio, resolution = fields["aspect_ratio"], fields["resolution"]
    seconds: float | None = None
    if fields["kind"] == "video":
        seconds = fields["duration_seconds"]
        if seconds is None and model.duration_seconds is not None:
            seconds = model.duration_seconds.default
        cost = film_price(model, resolution, 0 if seconds is None else seconds)
        width, height = film_size_of(ratio, resolution)
        adjustments = film_adjustments(ratio, resolution)
    else:
        cost = price(model, resolution, fields["variants"])
        width, height = size_of(ratio, resolution)
        adjustments = size_adjustments(ratio, resolution)
    return Order({
        **fields, "model": model.id, "engine": model.engine, "fidelity": model.fidelity,
        "width": width, "height": height, "duration_seconds": seconds,
    }, cost, adjustments)  # fmt: skip


async def retry(
    tx: Transaction,
    caller: Caller,
    row: Row,
    change: RetryGeneration,
    *,
    cancel_after: timedelta | None,
) -> Created:
    """Make it anew from the same pictures; refuses overrides that mean nothing here by name.

    Raises Forbidden where the caller may not make work of this kind.
    """
    require_scope(caller, _SCOPES[row["kind"]])
    reel = is_reel(row)
    meant = _MEANT_FOR_REELS if reel else _MEANT[row["kind"]]
    changes, terms = overrides(change, row["kind"], meant)
    require_feature(caller, FEATURES[row["kind"]])
    await check_pictures(tx, row)
    fields = {name: row[name] for name in _KEPT}
    if fields["duration_seconds"] is not None:
        # As it was asked for: the column is of single precision.
        fields["duration_seconds"] = round(fields["duration_seconds"], 6)
    fields |= changes
    known = {source.get("alias") for source in row["sources"]}
    for alias in mentions(fields["prompt"]):
        if alias not in known:
            raise ValidationFailed("prompt", f"{alias} is new; a retry keeps its pictures")
    operation = "reel" if reel else row["kind"]
    model = await models.chosen(tx, caller, operation, fields["model"])
    if len(row["sources"]) > model.references_max:
        raise ValidationFailed("model", f"{model.id} takes at most {model.references_max} pictures")
    check_spoken(fields["persona_words"], fields["prompt"], model)
    order = staged(model, fields | {"retry_of": row["id"], "cancel_at": cancel_after})
    return await submit(tx, caller, order, terms, beside=partial(reserve, tx) if reel else None)
