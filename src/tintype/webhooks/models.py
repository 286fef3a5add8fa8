"""Where events are sent, and what became of each; the types that there are."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from tintype.api.pages import Paging

TEST: Final = "webhook.test"
# Every type that an event can have, whether or not this server has a way to bring it about yet.
TYPES: Final = (
    "generation.queued", "generation.processing", "generation.completed", "generation.failed",
    "generation.canceled",
    "picture.completed", "picture.failed", "picture.approved", "picture.rejected",
    "video.completed", "video.failed",
    "batch.completed",
    "project.published", "project.unpublished",
    "image.uploaded", "image.deleted",
    "credits.low",
    TEST,
)  # fmt: skip
EVERY: Final = "*"
# The `last_error` of a delivery that waits for its endpoint's secret to be changed.
LOST: Final = "secret_lost"
ENDPOINTS_MAX: Final = 100
# An old secret signs beside the new one for so long.
ROTATION_HOURS: Final = 24

DeliveryStatus = Literal["pending", "delivered", "failed"]
Url = Annotated[str, Meta(min_length=1, max_length=4096)]
TypeName = Annotated[str, Meta(max_length=64)]
Types = Annotated[list[TypeName], Meta(max_length=64)]
Description = Annotated[str, Meta(max_length=500)]


class Body(msgspec.Struct):
    """What is posted; `data` is the resource as the API showed it then."""

    id: str
    type: str
    created_at: datetime
    data: msgspec.Raw


class Endpoint(msgspec.Struct, kw_only=True):
    """A place to which events are sent. `failing_since` is the first failure after a success."""

    id: str
    object: Literal["webhook_endpoint"] = "webhook_endpoint"
    url: str
    events: list[str]
    description: str | None
    status: Literal["enabled", "disabled"]
    disabled_reason: Literal["request", "gone", "failing"] | None
    disabled_at: datetime | None
    failing_since: datetime | None
    last_success_at: datetime | None
    last_failure_at: datetime | None
    previous_secret_until: datetime | None
    livemode: bool
    created_at: datetime
    updated_at: datetime


class EndpointWithSecret(Endpoint, kw_only=True):
    """An endpoint just made, or its secret just changed: the only times that it is shown."""

    secret: str


class Secret(msgspec.Struct, kw_only=True):
    """The organization's own, for addresses that single requests name in `webhook_url`."""

    object: Literal["webhook_secret"] = "webhook_secret"
    secret: str
    previous_secret_until: datetime | None


class Attempt(msgspec.Struct):
    """One post. `status` is null where no whole answer came; `answer` is its first 2 kB."""

    number: int
    started_at: datetime
    milliseconds: int
    status: int | None
    error: str | None
    answer: str


class Delivery(msgspec.Struct, kw_only=True):
    """One event on its way to one place, and how it went last."""

    id: str
    object: Literal["webhook_delivery"] = "webhook_delivery"
    event_id: str
    type: str
    endpoint_id: str | None
    url: str
    status: DeliveryStatus
    attempt_count: int
    last_status: int | None
    last_error: str | None
    next_attempt_at: datetime | None
    created_at: datetime
    ended_at: datetime | None


class DeliveryWithAttempts(Delivery, kw_only=True):
    attempts: list[Attempt]


class CreateEndpoint(msgspec.Struct, kw_only=True):
    """`events` are types, or `*` for every one."""

    url: Url
    events: Types = msgspec.field(default_factory=lambda: [EVERY])
    description: Description | None = None
    enabled: bool = True


class ChangeEndpoint(msgspec.Struct, kw_only=True):
    """What is left out stays. Enabling forgets that the endpoint was failing."""

    url: Url | msgspec.UnsetType = msgspec.UNSET
    events: Types | msgspec.UnsetType = msgspec.UNSET
    description: Description | msgspec.UnsetType | None = msgspec.UNSET
    enabled: bool | msgspec.UnsetType = msgspec.UNSET


class ListDeliveries(Paging, kw_only=True):
    endpoint_id: Annotated[str, Meta(max_length=64)] | None = None
    event_id: Annotated[str, Meta(max_length=64)] | None = None
    type: TypeName | None = None
    status: DeliveryStatus | None = None


def columns(change: ChangeEndpoint) -> dict[str, Any]:
    """What of `change` is a column's new value; `enabled` is a matter of several."""
    given = msgspec.structs.asdict(change)
    return {
        name: value
        for name, value in given.items()
        if value is not msgspec.UNSET and name != "enabled"
    }
