"""What a bulk request takes, and what became of each of its items."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from tintype.api.pages import Paging
from tintype.batches.models import ITEMS_MAX, Name
from tintype.core.errors import ValidationFailed
from tintype.generations.models import (
    CreateGeneration,
    Fault,
    Short,
    Status,
    StatusWord,
    VariantFault,
    WebhookUrl,
)
from tintype.images.references import Reference

FAULTS_LISTED_MAX: Final = 1000
# What stands for a wrong field that has no default, so that the rest of its item can be judged.
HARMLESS: Final[dict[str, Any]] = {"prompt": "x"}
CustomId = Annotated[str, Meta(min_length=1, max_length=64)]


class BulkItem(CreateGeneration, kw_only=True):
    """A request for a generation; `custom_id` is your own name for it, unique within the batch.

    `product_image` (alias, id or URL) goes first among its references. `dry_run` and `quote_id` are
    the batch's own, and refused here.
    """

    custom_id: CustomId | None = None
    product_image: Reference | None = None


class BulkTerms(msgspec.Struct, kw_only=True):
    """All of a batch but its items.

    `defaults` are fields of items, for those that leave them out. `webhook_url` hears once, when
    the last item has ended; one in an item or in `defaults` hears how that item ended.
    """

    defaults: dict[str, Any] = {}
    name: Name | None = None
    meta: dict[str, Any] = {}
    webhook_url: WebhookUrl | None = None
    dry_run: bool = False
    quote_id: Short | None = None


class CreateBatch(BulkTerms, kw_only=True):
    """At most 10,000 items, each a request for a generation."""

    items: Annotated[list[BulkItem], Meta(min_length=1, max_length=ITEMS_MAX)]


@dataclass(slots=True)
class Entry:
    """An item as it was read. `line` is where it stood in a JSONL file.

    `own` are the fields that it gave itself. What is wrong stands in `wrong`, by field; where there
    is something, `ask` has harmless values instead, so that the rest can be judged.
    """

    index: int
    line: int | None
    own: frozenset[str]
    ask: BulkItem
    wrong: list[tuple[str, str]]


class Faults:
    """What is wrong with a batch: the first faults in full, the others by their number."""

    def __init__(self) -> None:
        self.listed: list[dict[str, Any]] = []
        self.more = 0

    @property
    def full(self) -> bool:
        return len(self.listed) >= FAULTS_LISTED_MAX

    def add(self, field: str, problem: str, line: int | None = None) -> None:
        if self.full:
            self.more += 1
            return
        fault: dict[str, Any] = {"field": field, "problem": problem}
        self.listed.append(fault if line is None else fault | {"line": line})

    def of_entry(self, entry: Entry, faults: Sequence[tuple[str, str]]) -> None:
        for field, problem in faults:
            where = f"items[{entry.index}].{field}" if field else f"items[{entry.index}]"
            self.add(where, problem, entry.line)

    def refuse(self) -> None:
        """Raise ValidationFailed with all of them, if there are any."""
        if not self.listed:
            return
        first = self.listed[0]
        refusal = ValidationFailed(first["field"], first["problem"])
        details = list(self.listed)
        if self.more:
            details.append({"field": "items", "problem": f"{self.more} more faults are not listed"})
        refusal.details = details
        rest = len(self.listed) - 1 + self.more
        if rest:
            refusal.message += f"; and {rest} more faults, see details"
        raise refusal


class ListBatchResults(Paging, kw_only=True):
    """In the order of the request; `after` is the `generation_id` of the last result seen."""

    status: StatusWord | None = None


class BatchResult(msgspec.Struct, kw_only=True):
    """One item and what became of it; `index` is its place in the request, counted from 0.

    `output_urls` and `image_ids` are all of its pictures, `output_url` the first one or its film.
    `delivered` of the `variants` that were asked for could be made; `faults` tell of the others.
    """

    index: int
    custom_id: str | None
    generation_id: str
    status: Status
    variants: int
    delivered: int
    output_url: str | None
    output_urls: list[str]
    image_ids: list[str]
    credits_used: int
    error: Fault | None
    faults: list[VariantFault]
