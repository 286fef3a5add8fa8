"""Endpoints, their secrets, and what was sent: what clients can do with webhooks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from tintype.addresses import Network
from tintype.api.naming import suggestion
from tintype.core import ids
from tintype.core.caller import Caller
from tintype.core.errors import Conflict, Forbidden, NotFound, ValidationFailed
from tintype.core.vault import Sealed, Vault
from tintype.db.listen import notify
from tintype.db.pool import Row, Transaction
from tintype.events import operations as events
from tintype.webhooks import queries, targets
from tintype.webhooks.models import (
    ENDPOINTS_MAX,
    EVERY,
    LOST,
    ROTATION_HOURS,
    TEST,
    TYPES,
    Attempt,
    ChangeEndpoint,
    CreateEndpoint,
    Delivery,
    DeliveryWithAttempts,
    Endpoint,
    EndpointWithSecret,
    Secret,
    columns,
)
from tintype.webhooks.signing import new_secret

# Told when something is due that no fan-out of an event brought about.
DUE: Final = "webhooks:due"


async def create(
    tx: Transaction, caller: Caller, vault: Vault, ask: CreateEndpoint, networks: Sequence[Network]
) -> EndpointWithSecret:
    """Make an endpoint; the secret is shown only here. Raises Conflict at the hundred-and-first."""
    require_whole(caller)
    url = targets.checked(ask.url, "url", networks)
    types = known_types(ask.events)
    if await queries.count_alone(tx, caller.organization_id) >= ENDPOINTS_MAX:
        raise Conflict(f"An organization has at most {ENDPOINTS_MAX} webhook endpoints.")
    secret = new_secret()
    row = await queries.insert(
        tx, caller.organization_id, ids.new("whe"), url=url, events=types,
        description=ask.description, secret=vault.seal(secret.encode()), enabled=ask.enabled,
    )  # fmt: skip
    await notify(tx, events.WANTED)
    return EndpointWithSecret(**_endpoint_fields(row, caller), secret=secret)


async def get(tx: Transaction, caller: Caller, endpoint_id: str) -> Endpoint:
    return to_endpoint(await _endpoint(tx, caller, endpoint_id), caller)


async def change(
    tx: Transaction,
    caller: Caller,
    endpoint_id: str,
    ask: ChangeEndpoint,
    networks: Sequence[Network],
) -> Endpoint:
    """Switched on again, it is sent what was pending; what happened meanwhile is not sent."""
    row = await _endpoint(tx, caller, endpoint_id, lock=True)
    new = columns(ask)
    if "url" in new:
        new["url"] = targets.checked(new["url"], "url", networks)
    if "events" in new:
        new["events"] = known_types(new["events"])
    await queries.change(tx, caller.organization_id, row["id"], new)
    if isinstance(ask.enabled, bool):
        await queries.switch(tx, caller.organization_id, row["id"], enabled=ask.enabled)
    await notify(tx, events.WANTED)
    await notify(tx, DUE)
    return await get(tx, caller, row["id"])


async def delete(tx: Transaction, caller: Caller, endpoint_id: str) -> None:
    row = await _endpoint(tx, caller, endpoint_id, lock=True)
    await queries.delete(tx, caller.organization_id, row["id"])


async def rotate(
    tx: Transaction, caller: Caller, vault: Vault, endpoint_id: str
) -> EndpointWithSecret:
    """A new secret, shown only here; for a day the old one signs beside it."""
    row = await _endpoint(tx, caller, endpoint_id, lock=True)
    secret = new_secret()
    changed = await queries.rotate(
        tx, caller.organization_id, row["id"], vault.seal(secret.encode()), ROTATION_HOURS
    )
    assert changed is not None
    await queries.release(tx, caller.organization_id, row["id"], LOST)
    await notify(tx, DUE)
    return EndpointWithSecret(**_endpoint_fields(changed, caller), secret=secret)


async def own_secret(tx: Transaction, caller: Caller, vault: Vault) -> Secret:
    """The organization's secret for `webhook_url`; made at its first use."""
    require_whole(caller)
    fresh = vault.seal(new_secret().encode())
    row = await queries.own_secret(tx, caller.organization_id, fresh)
    try:
        secret = vault.unseal(row["secret"]).decode()
    except Sealed as lost:
        raise Conflict("The secret was sealed with a key that is lost; change it.") from lost
    return Secret(secret=secret, previous_secret_until=row["previous_until"])


async def rotate_own(tx: Transaction, caller: Caller, vault: Vault) -> Secret:
    require_whole(caller)
    fresh = vault.seal(new_secret().encode())
    await queries.own_secret(tx, caller.organization_id, vault.seal(new_secret().encode()))
    await queries.rotate_own(tx, caller.organization_id, fresh, ROTATION_HOURS)
    await queries.release(tx, caller.organization_id, None, LOST)
    await notify(tx, DUE)
    return await own_secret(tx, caller, vault)


async def test(tx: Transaction, caller: Caller, endpoint_id: str) -> Delivery:
    """A `webhook.test` event in the log, on its way to this endpoint and no other."""
    row = await _endpoint(tx, caller, endpoint_id, lock=True)
    _require_on(row)
    event_id = await events.publish(
        tx, caller.organization_id, TEST, row["id"], livemode=caller.livemode,
        data=to_endpoint(row, caller),
    )  # fmt: skip
    delivery_id = ids.new("dlv")
    await queries.add_deliveries(
        tx,
        [(delivery_id, caller.organization_id, event_id, TEST, row["id"], row["url"], row["id"])],
    )
    await notify(tx, DUE)
    return await delivery(tx, caller, delivery_id)


async def delivery(tx: Transaction, caller: Caller, delivery_id: str) -> Delivery:
    return to_delivery(await _delivery(tx, caller, delivery_id))


async def delivery_with_attempts(
    tx: Transaction, caller: Caller, delivery_id: str
) -> DeliveryWithAttempts:
    row = await _delivery(tx, caller, delivery_id)
    made = await queries.attempts(tx, caller.organization_id, row["id"])
    return DeliveryWithAttempts(
        **msgspec.structs.asdict(to_delivery(row)),
        attempts=[
            Attempt(it["number"], it["started_at"], it["milliseconds"], it["status"], it["error"],
                    it["answer"])
            for it in made
        ],
    )  # fmt: skip


async def redeliver(tx: Transaction, caller: Caller, delivery_id: str) -> Delivery:
    """A new series of attempts of the same delivery: same event, same `webhook-id`."""
    found = await _delivery(tx, caller, delivery_id, lock=True)
    if found["endpoint_id"] is not None:
        target = await queries.find(tx, caller.organization_id, found["endpoint_id"])
        if target is None:
            raise Conflict("The endpoint of this delivery was deleted.")
        _require_on(target)
    row = await queries.begin_anew(tx, caller.organization_id, found["id"])
    if row is None:
        raise Conflict("This delivery is being sent just now.")
    await notify(tx, DUE)
    return to_delivery(row)


async def enabled(tx: Transaction, caller: Caller, type_: str) -> list[Endpoint]:
    """The endpoints that are sent events of this type; a test goes to whichever one it is for."""
    rows = await queries.page(tx, caller.organization_id, after=None, offset=0, limit=ENDPOINTS_MAX)
    return [
        to_endpoint(row, caller)
        for row in rows
        if row["disabled_at"] is None
        and (type_ == TEST or type_ in row["events"] or EVERY in row["events"])
    ]


async def deliveries_of(
    tx: Transaction, caller: Caller, event_ids: Sequence[str]
) -> list[Delivery]:
    """On their way or ended, the newest first."""
    found = []
    for event_id in event_ids:
        rows = await queries.deliveries(
            tx, caller.organization_id, {"event_id": event_id}, offset=0, limit=2 * ENDPOINTS_MAX
        )
        found += [to_delivery(row) for row in rows]
    return found


def filters_of(caller: Caller, given: dict[str, Any]) -> dict[str, Any]:
    """A list's filters; an id or type that can't be is refused by its name."""
    require_whole(caller)
    kinds: dict[str, ids.Kind] = {"endpoint_id": "whe", "event_id": "evt"}
    for name, kind in kinds.items():
        if given.get(name) is not None:
            try:
                given[name] = ids.parse(kind, given[name])
            except NotFound:
                raise ValidationFailed(name, f"must be an id ({kind}_…)") from None
    if given.get("type") is not None:
        known_types([given["type"]], "type")
    return given


def to_endpoint(row: Row, caller: Caller) -> Endpoint:
    return Endpoint(**_endpoint_fields(row, caller))


def _endpoint_fields(row: Row, caller: Caller) -> dict[str, Any]:
    until: datetime | None = row["previous_until"]
    return {
        "id": row["id"], "url": row["url"], "events": row["events"],
        "description": row["description"],
        "status": "disabled" if row["disabled_at"] else "enabled",
        "disabled_reason": row["disabled_reason"], "disabled_at": row["disabled_at"],
        "failing_since": row["failing_since"], "last_success_at": row["last_success_at"],
        "last_failure_at": row["last_failure_at"], "previous_secret_until": until,
        "livemode": caller.livemode,
        "created_at": row["created_at"], "updated_at": row["updated_at"],
    }  # fmt: skip


def to_delivery(row: Row) -> Delivery:
    return Delivery(
        id=row["id"], event_id=row["event_id"], type=row["type"], endpoint_id=row["endpoint_id"],
        url=row["url"], status=row["status"], attempt_count=row["attempts"],
        last_status=row["last_status"], last_error=row["last_error"],
        next_attempt_at=row["next_attempt_at"], created_at=row["created_at"],
        ended_at=row["ended_at"],
    )  # fmt: skip


def known_types(asked: Sequence[str], field: str = "events") -> list[str]:
    """The types without repetition. Raises ValidationFailed for none, and for one not known."""
    if not asked:
        raise ValidationFailed(field, f'must name one or more types, or "{EVERY}" for every one')
    for name in asked:
        if name not in TYPES and (name != EVERY or field != "events"):
            raise ValidationFailed(
                field, f"{name!r:.80} is not an event type{suggestion(name, TYPES)}"
            )
    return list(dict.fromkeys(asked))


def require_whole(caller: Caller) -> None:
    """Endpoints hear of everything: a key for one project must not reach them."""
    if caller.project_id is not None:
        raise Forbidden(
            "This key is bound to a project; webhooks tell of the whole organization."
            " It may name a `webhook_url` in its requests."
        )


def _require_on(endpoint: Row) -> None:
    if endpoint["disabled_at"] is not None:
        raise Conflict(
            "The endpoint is switched off; enable it first.",
            details={"endpoint_id": endpoint["id"], "disabled_reason": endpoint["disabled_reason"]},
        )


async def _endpoint(
    tx: Transaction, caller: Caller, endpoint_id: str, *, lock: bool = False
) -> Row:
    require_whole(caller)
    wanted = ids.parse("whe", endpoint_id)
    row = await queries.find(tx, caller.organization_id, wanted, lock=lock)
    if row is None:
        raise NotFound(f"There is no webhook endpoint {endpoint_id[:80]}.")
    return row


async def _delivery(
    tx: Transaction, caller: Caller, delivery_id: str, *, lock: bool = False
) -> Row:
    require_whole(caller)
    wanted = ids.parse("dlv", delivery_id)
    row = await queries.find_delivery(tx, caller.organization_id, wanted, lock=lock)
    if row is None:
        raise NotFound(f"There is no webhook delivery {delivery_id[:80]}.")
    return row
