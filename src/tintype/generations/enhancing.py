"""Enhancements: one picture in, several better ones out, by steps of retouching or by words.

What is to be done was decided by who asks (`Recipe`); here it gets a model's terms, a size, a
price, and its pictures: their rows are there at once, in process, in the transaction of the work.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal, NamedTuple

from tintype.accounts.models import require_feature
from tintype.api.guard import require_scope
from tintype.billing.quotes import Terms
from tintype.catalog.models import (
    Model,
    catalog,
    price,
    ratio_of,
    size_adjustments,
    size_of,
)
from tintype.core.caller import Caller
from tintype.core.errors import Conflict, ValidationFailed
from tintype.db.pool import Row, Transaction
from tintype.generations.models import RetryGeneration
from tintype.generations.retrying import check_pictures, overrides
from tintype.generations.submit import Created, Order, submit
from tintype.images import pictures
from tintype.media.encode import SIDE_MAX
from tintype.models import operations as models

KIND: Final = "enhancement"
# What a retry takes over from the work that failed.
_KEPT: Final = (
    "kind", "project_id", "prompt", "aspect_ratio", "resolution", "width", "height", "model",
    "seed", "variants", "sources", "recipe", "meta", "webhook_url",
)  # fmt: skip
_MEANT: Final = frozenset({"seed", "variants", "meta", "webhook_url"})
# A picture that is a few pixels above a resolution's area is still one of that resolution.
_SLACK: Final = 1.02


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is to be done: `steps` for an engine that retouches, `prompt` for one that reads.

    `actions` are the catalogue's that it is made of. `fidelity` is what the steps can do of it,
    and `notes` say in words what they can't.
    """

    actions: tuple[str, ...]
    steps: tuple[Mapping[str, Any], ...]
    prompt: str
    fidelity: Literal["preview", "full"]
    notes: tuple[str, ...] = ()

    def for_row(self, model: Model) -> dict[str, Any]:
        return {
            "actions": list(self.actions), "steps": list(self.steps), "fidelity": self.fidelity,
            "notes": _notes(model, self),
        }  # fmt: skip


class Size(NamedTuple):
    """`width` and `height` are None where the picture keeps its own."""

    aspect_ratio: str | None
    resolution: str | None
    width: int | None
    height: int | None
    cost: int
    adjustments: tuple[str, ...]


def reads(model: Model) -> bool:
    """Whether the model goes by words; the built-in one does steps, and nothing but those."""
    return not model.built_in


def _notes(model: Model, recipe: Recipe) -> list[str]:
    return [] if reads(model) else list(recipe.notes)


async def create(
    tx: Transaction,
    caller: Caller,
    model: Model,
    picture: Row,
    recipe: Recipe,
    *,
    instruction: Mapping[str, Any],
    reference_id: str | None,
    size: Size,
    fields: Mapping[str, Any],
    terms: Terms,
    cancel_after: timedelta | None,
) -> Created:
    """Accept the work and reserve its pictures; `fields` are seed, variants, meta, webhook_url.

    `instruction` is what the pictures show of it, `reference_id` the picture to be matched.
    """
    require_feature(caller, "images")
    if reads(model) and len(recipe.prompt) > model.prompt_characters_max:
        raise ValidationFailed(
            "model",
            f"{model.id} takes at most {model.prompt_characters_max} characters, and this"
            f" instruction has {len(recipe.prompt)}",
        )
    sources = [{"image_id": picture["id"]}]
    if reference_id is not None:
        sources.append({"image_id": reference_id})
    if len(sources) > model.references_max:
        raise ValidationFailed("model", f"{model.id} takes at most {model.references_max} pictures")
    order = Order({
        **fields, "kind": KIND, "project_id": picture["project_id"], "prompt": recipe.prompt,
        "recipe": recipe.for_row(model), "sources": sources, "cancel_at": cancel_after,
        **_terms(model, recipe.fidelity), **_sized(size),
    }, size.cost, (*size.adjustments, *_notes(model, recipe)))  # fmt: skip
    return await _submit(tx, caller, order, picture["id"], instruction, terms)


async def retry(
    tx: Transaction,
    caller: Caller,
    row: Row,
    change: RetryGeneration,
    *,
    cancel_after: timedelta | None,
) -> Created:
    """Enhance the same picture anew, in new pictures: its line's next version."""
    require_scope(caller, "images:write")
    changes, terms = overrides(change, row["kind"], _MEANT)
    require_feature(caller, "images")
    await check_pictures(tx, row)
    fields = {name: row[name] for name in _KEPT} | changes
    picture_id = row["sources"][0]["image_id"]
    instruction = await pictures.instruction_of(tx, caller.organization_id, row["id"])
    picture = await pictures.find(tx, caller, picture_id)
    model = await models.chosen(tx, caller, KIND, row["model"])
    size = size_for(
        model, picture["width"], picture["height"],
        aspect_ratio=row["aspect_ratio"], resolution=row["resolution"], variants=fields["variants"],
    )  # fmt: skip
    order = Order({
        **fields, **_terms(model, row["recipe"]["fidelity"]), **_sized(size),
        "retry_of": row["id"], "cancel_at": cancel_after,
    }, size.cost, size.adjustments)  # fmt: skip
    return await _submit(tx, caller, order, picture_id, instruction or {}, terms)


async def _submit(
    tx: Transaction,
    caller: Caller,
    order: Order,
    picture_id: str,
    instruction: Mapping[str, Any],
    terms: Terms,
) -> Created:
    async def reserve(work: Row) -> None:
        await pictures.reserve(tx, work, picture_id, instruction=instruction)

    return await submit(tx, caller, order, terms, beside=reserve)


def _terms(model: Model, fidelity: str) -> dict[str, Any]:
    return {
        "model": model.id, "engine": model.engine,
        "fidelity": model.fidelity if reads(model) else fidelity,
    }  # fmt: skip


def _sized(size: Size) -> dict[str, Any]:
    return {
        "aspect_ratio": size.aspect_ratio, "resolution": size.resolution,
        "width": size.width, "height": size.height,
    }  # fmt: skip


def size_for(
    model: Model,
    width: int,
    height: int,
    *,
    aspect_ratio: str | None,
    resolution: str | None,
    variants: int,
) -> Size:
    """Size and price of `variants` pictures made of one of `width` x `height` pixels.

    Without a ratio it keeps its own, without a resolution its scale: the largest such part of it.
    Raises ValidationFailed naming what can't be made.
    """
    across, down = width, height
    if aspect_ratio is not None and resolution is not None:
        across, down = size_of(aspect_ratio, resolution)
        adjustments = size_adjustments(aspect_ratio, resolution)
    elif aspect_ratio is not None:
        across, down = _part(width, height, aspect_ratio)
        adjustments = ()
    elif resolution is not None:
        price(model, resolution, variants)  # Refuses what the model doesn't make.
        scale = math.sqrt(catalog().resolutions[resolution] / (width * height))
        across, down = max(1, math.floor(width * scale)), max(1, math.floor(height * scale))
        if max(across, down) > SIDE_MAX["jpeg"]:
            raise ValidationFailed(
                "resolution",
                f"would make this picture {across} x {down}, and a side has at most"
                f" {SIDE_MAX['jpeg']} pixels; send an aspect_ratio as well, or leave it out",
            )
        adjustments = ()
    else:
        cost = price(model, _resolution_of(model, width * height), variants)
        return Size(None, None, None, None, cost, ())
    cost = price(model, resolution or _resolution_of(model, across * down), variants)
    if across > width or down > height:
        adjustments += (f"the picture is enlarged from {width} x {height} to {across} x {down}",)
    return Size(aspect_ratio, resolution, across, down, cost, adjustments)


def _part(width: int, height: int, aspect_ratio: str) -> tuple[int, int]:
    """The largest part of a picture that has exactly the ratio."""
    a, b = ratio_of(aspect_ratio)
    unit = max(1, min(width // a, height // b))
    return a * unit, b * unit


def _resolution_of(model: Model, area: int) -> str:
    """What a picture of this area is priced as: the smallest resolution that is no smaller."""
    areas = {name: most for name, most in catalog().resolutions.items() if name in model.credits}
    if not areas:
        raise Conflict(f"{model.id} has no price for pictures.")
    fitting = [name for name, most in areas.items() if area <= most * _SLACK]
    return min(fitting, key=areas.__getitem__) if fitting else max(areas, key=areas.__getitem__)
