"""The event log: written with the work, read by clients, streams and webhooks alike."""

from collections.abc import Sequence
from typing import Any, Final

from tintype.core import ids
from tintype.core.caller import Caller
from tintype.core.errors import ValidationFailed
from tintype.db.listen import CHANNEL
from tintype.db.pool import Row, Transaction
from tintype.events import queries
from tintype.events.models import Event, Happened

# Told besides the subject's id when an event names an address of its own.
WANTED: Final = "webhooks"


async def publish(
    tx: Transaction,
    organization_id: str,
    type_: str,
    subject_id: str,
    *,
    livemode: bool,
    data: Any,
    webhook_url: str | None = None,
) -> str:
    """Append an event; it exists, and wakes listeners, if and when the transaction commits.

    `webhook_url` is where the one request that led to it wants to be told, besides all endpoints.
    Answers the event's id.
    """
    event_id = ids.new("evt")
    await queries.insert(
        tx, event_id, organization_id, type_, subject_id,
        livemode=livemode, data=data, webhook_url=webhook_url, channel=CHANNEL, wanted=WANTED,
    )  # fmt: skip
    return event_id


async def publish_all(
    tx: Transaction,
    organization_id: str,
    type_: str,
    happened: Sequence[Happened],
    *,
    livemode: bool,
    wake: Sequence[str],
) -> None:
    """Append many events of one type, in their order, in one statement; as `publish` otherwise.

    `wake` are the ids whose listeners are woken: of new objects nobody listens to their own.
    """
    await queries.insert_all(
        tx, [ids.new("evt") for _ in happened], organization_id, type_, happened,
        livemode=livemode, channel=CHANNEL, wanted=WANTED, wake=wake,
    )  # fmt: skip


async def newest(tx: Transaction, organization_id: str) -> str | None:
    """The id of the last event that `page` would show, to go on from."""
    return await queries.newest(tx, organization_id)


async def page(
    tx: Transaction, caller: Caller, *, after: str | None, type_: str | None, limit: int
) -> list[Event]:
    """Oldest first from `after` on; without it, from the beginning of the log.

    A key that is bound to a project sees what happened to that project's objects.
    """
    if after is not None and not await queries.exists(tx, caller.organization_id, after):
        raise ValidationFailed("after", "must be the id of one of your events")
    rows = await queries.page(
        tx, caller.organization_id, caller.project_id, after=after, type_=type_, limit=limit
    )
    return [to_event(row) for row in rows]


async def of_subject(
    tx: Transaction, organization_id: str, subject_id: str, after: str | None
) -> list[Event]:
    rows = await queries.of_subject(tx, organization_id, subject_id, after)
    return [to_event(row) for row in rows]


def to_event(row: Row) -> Event:
    return Event(row["id"], row["type"], row["created_at"], row["data"], row["livemode"])
