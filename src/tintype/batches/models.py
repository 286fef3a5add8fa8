"""Many pieces of work asked for at once, and how far they are."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from tintype.api.pages import Paging

ITEMS_MAX: Final = 10_000
Status = Literal["queued", "processing", "completed", "canceled"]
Outcome = Literal["completed", "failed", "canceled"]
Name = Annotated[str, Meta(min_length=1, max_length=200)]


class Batch(msgspec.Struct, kw_only=True):
    """`queued`, `processing`, `completed`, `failed` and `canceled` always add up to `total`.

    `status` is "completed" once every item has ended, however it did, and "canceled" where a
    cancellation left items undone. Credits are reserved for all items and used by those that
    completed. `project_id` is the project of all of its items, null where they differ.
    """

    id: str
    object: Literal["batch"] = "batch"
    status: Status
    name: str | None
    total: int
    queued: int
    processing: int
    completed: int
    failed: int
    canceled: int
    credits_reserved: int
    credits_used: int
    project_id: str | None
    source: str
    api_key_id: str | None
    livemode: bool
    meta: dict[str, Any]
    webhook_url: str | None
    created_at: datetime
    started_at: datetime | None
    cancel_requested_at: datetime | None
    completed_at: datetime | None

    @property
    def ended(self) -> bool:
        return self.completed_at is not None


class ListBatches(Paging, kw_only=True):
    """`open` true: those with items that have not ended; false: those without."""

    open: bool | None = None
