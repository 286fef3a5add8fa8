"""What retries of every kind have in common: what they change, and what must still be there."""

from collections.abc import Container
from typing import Any

import msgspec

from tintype.aliases.models import mentions
from tintype.billing.quotes import Terms
from tintype.core.errors import ValidationFailed
from tintype.db.pool import Row, Transaction
from tintype.generations.models import Kind, RetryGeneration
from tintype.generations.sources import field_of
from tintype.images import operations as images


def said(change: RetryGeneration) -> dict[str, Any]:
    """The fields of a retry's body that it has, `dry_run` and `quote_id` among them."""
    return {
        name: value for name, value in msgspec.structs.asdict(change).items()
        if value is not msgspec.UNSET
    }  # fmt: skip


def overrides(
    change: RetryGeneration, kind: Kind, meant: Container[str]
) -> tuple[dict[str, Any], Terms]:
    """What is to be otherwise, of the fields that are `meant` for the kind; and the terms.

    Raises ValidationFailed by name for what means nothing there.
    """
    found = said(change)
    terms = Terms(found.pop("dry_run"), found.pop("quote_id"))
    for name in found:
        if name not in meant:
            raise ValidationFailed(name, f"means nothing for {kind}; leave it out")
    return found, terms


async def check_pictures(tx: Transaction, row: Row) -> None:
    """Raise ValidationFailed where a picture that the work starts from is deleted by now.

    Its run would find out as well, after a wait and with credits held. URLs are for the run.
    """
    for number, source in enumerate(row["sources"]):
        image_id = source.get("image_id")
        if not image_id or await images.stored(tx, row["organization_id"], image_id) is not None:
            continue
        named = source.get("alias") in mentions(row["prompt"])
        field = "prompt" if named else field_of(row, number)
        raise ValidationFailed(field, f"the image {image_id} is gone; ask for new work instead")
