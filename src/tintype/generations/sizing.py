"""The size of new pictures: as asked for, else as their project says, else as everybody has it."""

from typing import NamedTuple

from tintype.catalog.models import Model, price, size_adjustments, size_of
from tintype.core.caller import Caller
from tintype.core.errors import ValidationFailed
from tintype.core.memo import Memo
from tintype.db.pool import Transaction
from tintype.projects import operations as projects


class Sized(NamedTuple):
    """`cost` is in credits for all pictures; `adjustments` as those of an order."""

    aspect_ratio: str
    resolution: str
    width: int
    height: int
    cost: int
    adjustments: tuple[str, ...]


async def sized(
    tx: Transaction,
    caller: Caller,
    model: Model,
    *,
    aspect_ratio: str | None,
    resolution: str | None,
    variants: int,
    project_id: str | None,
    memo: Memo,
) -> Sized:
    """Size and price of `variants` pictures in a project that is known to be the caller's.

    Raises ValidationFailed naming what can't be made. Where the request didn't say it but its
    project did, that is `project_id`.
    """
    own = await memo.once(
        ("project defaults", project_id), lambda: projects.defaults(tx, caller, project_id)
    )
    ratio, size = own.size(aspect_ratio, resolution)
    try:
        cost = price(model, size, variants)
        width, height = size_of(ratio, size)
    except ValidationFailed as fault:
        field, problem = fault.details[0]["field"], fault.details[0]["problem"]
        unsaid = {"aspect_ratio": aspect_ratio is None, "resolution": resolution is None}
        of_project = {"aspect_ratio": own.aspect_ratio, "resolution": own.resolution}
        if not unsaid.get(field) or of_project[field] is None:
            raise
        raise ValidationFailed(
            "project_id",
            f"this project's picture_{field} is {of_project[field]}, but {problem}; send another"
            f" {field}, or change the project",
        ) from fault
    return Sized(ratio, size, width, height, cost, size_adjustments(ratio, size))
