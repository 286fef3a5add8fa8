"""/webhooks: endpoints, secrets, deliveries. The event log is in `events/http.py`."""

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath

from tintype.api.bodies import read_json, read_query
from tintype.api.guard import caller_of, needs
from tintype.api.idempotency import write
from tintype.api.pages import Page, Paging
from tintype.api.paging import TOTAL_MAX, cursor, page
from tintype.api.parts import AnyRequest, parts
from tintype.api.rendering import Answer
from tintype.api.waiting import wait_in_place, wait_seconds
from tintype.core import ids
from tintype.core.caller import Caller
from tintype.core.errors import Conflict
from tintype.db.pool import Transaction
from tintype.webhooks import operations, queries
from tintype.webhooks.models import (
    ChangeEndpoint,
    CreateEndpoint,
    Delivery,
    DeliveryWithAttempts,
    Endpoint,
    EndpointWithSecret,
    ListDeliveries,
    Secret,
)


@post(
    "/webhooks/endpoints",
    guards=[needs("webhooks:write")],
    opt={
        "body": CreateEndpoint,
        "answers": [201],
        "errors": [Conflict],
        "example": {
            "url": "https://example.com/webhooks/tintype",
            "events": ["generation.completed", "generation.failed"],
        },
    },
)
async def create_webhook_endpoint(request: AnyRequest) -> Answer[EndpointWithSecret]:
    """Have events sent to an address; its `secret` is shown this once."""
    caller = caller_of(request)
    body = await read_json(request, CreateEndpoint)
    made = parts(request)

    async def act(tx: Transaction) -> Answer[EndpointWithSecret]:
        endpoint = await operations.create(tx, caller, made.vault, body, made.networks)
        where = f"{request.url.path}/{endpoint.id}"
        return Answer(endpoint, status=201, headers={"Location": where})

    return await write(request, caller, body, act, sealed=True)


@get("/webhooks/endpoints", guards=[needs("webhooks:read")], opt={"query": Paging})
async def list_webhook_endpoints(request: AnyRequest) -> Answer[Page[Endpoint]]:
    """The organization's endpoints, newest first."""
    caller = caller_of(request)
    paging = read_query(request, Paging)
    after = cursor(paging, "whe")
    operations.require_whole(caller)
    async with parts(request).database.reading() as tx:
        rows = await queries.page(
            tx, caller.organization_id, after=after, offset=paging.offset, limit=paging.limit + 1
        )
        total = await queries.count(tx, caller.organization_id)
    return Answer(page(rows, total, paging, lambda row: operations.to_endpoint(row, caller)))


@get("/webhooks/endpoints/{endpoint_id:str}", guards=[needs("webhooks:read")])
async def get_webhook_endpoint(request: AnyRequest, endpoint_id: FromPath[str]) -> Answer[Endpoint]:
    """One endpoint, with its state and without its secret."""
    async with parts(request).database.reading() as tx:
        return Answer(await operations.get(tx, caller_of(request), endpoint_id))


@patch(
    "/webhooks/endpoints/{endpoint_id:str}",
    guards=[needs("webhooks:write")],
    opt={"body": ChangeEndpoint},
)
async def change_webhook_endpoint(
    request: AnyRequest, endpoint_id: FromPath[str]
) -> Answer[Endpoint]:
    """Change what is given; `enabled` switches it off and on."""
    caller = caller_of(request)
    body = await read_json(request, ChangeEndpoint)

    async def act(tx: Transaction) -> Answer[Endpoint]:
        networks = parts(request).networks
        return Answer(await operations.change(tx, caller, endpoint_id, body, networks))

    return await write(request, caller, body, act)


@delete("/webhooks/endpoints/{endpoint_id:str}", guards=[needs("webhooks:write")], status_code=204)
async def delete_webhook_endpoint(request: AnyRequest, endpoint_id: FromPath[str]) -> Answer[None]:
    """Send it no more; what was sent stays among the deliveries."""
    caller = caller_of(request)

    async def act(tx: Transaction) -> Answer[None]:
        await operations.delete(tx, caller, endpoint_id)
        return Answer(None, status=204)

    return await write(request, caller, None, act)


@post(
    "/webhooks/endpoints/{endpoint_id:str}/test",
    guards=[needs("webhooks:write")],
    opt={"answers": [201, 202], "headers": ["Prefer"], "errors": [Conflict]},
)
async def test_webhook_endpoint(
    request: AnyRequest, endpoint_id: FromPath[str]
) -> Answer[DeliveryWithAttempts]:
    """Send it a `webhook.test` event: 202, or 201 when `Prefer: wait` saw the first attempt's end.

    The delivery says how it went; a failed one is tried again like any other.
    """
    caller = caller_of(request)
    seconds = wait_seconds(request)

    async def act(tx: Transaction) -> Answer[DeliveryWithAttempts]:
        made = await operations.test(tx, caller, endpoint_id)
        shown = DeliveryWithAttempts(**msgspec.structs.asdict(made), attempts=[])
        return Answer(shown, status=202, headers={"Location": _place(request, made.id)})

    async def reattach(delivery_id: str) -> Answer[DeliveryWithAttempts]:
        found = await _look(request, caller, delivery_id)
        return Answer(found, status=202, headers={"Location": _place(request, delivery_id)})

    answer = await write(request, caller, None, act, work_id=lambda it: it.id, reattach=reattach)
    if seconds:
        await _wait(request, caller, answer, seconds)
    return answer


@post(
    "/webhooks/endpoints/{endpoint_id:str}/rotate-secret",
    guards=[needs("webhooks:write")],
)
async def rotate_webhook_secret(
    request: AnyRequest, endpoint_id: FromPath[str]
) -> Answer[EndpointWithSecret]:
    """A new secret, shown this once; for 24 hours the old one signs beside it."""
    caller = caller_of(request)

    async def act(tx: Transaction) -> Answer[EndpointWithSecret]:
        return Answer(await operations.rotate(tx, caller, parts(request).vault, endpoint_id))

    return await write(request, caller, None, act, sealed=True)


@get("/webhooks/secret", guards=[needs("webhooks:write")], opt={"errors": [Conflict]})
async def get_own_webhook_secret(request: AnyRequest) -> Answer[Secret]:
    """The secret that signs what goes to a request's `webhook_url`; made when first needed."""
    async with parts(request).database.transaction() as tx:
        return Answer(await operations.own_secret(tx, caller_of(request), parts(request).vault))


@post("/webhooks/secret/rotate", guards=[needs("webhooks:write")])
async def rotate_own_webhook_secret(request: AnyRequest) -> Answer[Secret]:
    """A new secret for `webhook_url`; for 24 hours the old one signs beside it."""
    caller = caller_of(request)

    async def act(tx: Transaction) -> Answer[Secret]:
        return Answer(await operations.rotate_own(tx, caller, parts(request).vault))

    return await write(request, caller, None, act, sealed=True)


@get("/webhooks/deliveries", guards=[needs("webhooks:read")], opt={"query": ListDeliveries})
async def list_webhook_deliveries(request: AnyRequest) -> Answer[Page[Delivery]]:
    """What was sent in the last 30 days and how it went, newest first."""
    caller = caller_of(request)
    query = read_query(request, ListDeliveries)
    after = cursor(query, "dlv")
    filters = operations.filters_of(caller, {
        "endpoint_id": query.endpoint_id, "event_id": query.event_id, "type": query.type,
        "status": query.status,
    })  # fmt: skip
    async with parts(request).database.reading() as tx:
        rows = await queries.deliveries(
            tx, caller.organization_id, filters | {"after": after},
            offset=query.offset, limit=query.limit + 1,
        )  # fmt: skip
        total = await queries.count_deliveries(tx, caller.organization_id, filters, TOTAL_MAX)
    return Answer(page(rows, total, query, operations.to_delivery))


@get("/webhooks/deliveries/{delivery_id:str}", guards=[needs("webhooks:read")])
async def get_webhook_delivery(
    request: AnyRequest, delivery_id: FromPath[str]
) -> Answer[DeliveryWithAttempts]:
    """One delivery with its attempts: status, milliseconds and the first 2 kB of each answer."""
    return Answer(await _look(request, caller_of(request), delivery_id))


@post(
    "/webhooks/deliveries/{delivery_id:str}/redeliver",
    guards=[needs("webhooks:write")],
    opt={"answers": [202], "errors": [Conflict]},
)
async def redeliver_webhook(request: AnyRequest, delivery_id: FromPath[str]) -> Answer[Delivery]:
    """Send it again, whatever became of it: a new series of attempts with the same `webhook-id`."""
    caller = caller_of(request)

    async def act(tx: Transaction) -> Answer[Delivery]:
        again = await operations.redeliver(tx, caller, delivery_id)
        return Answer(again, status=202, headers={"Location": _place(request, again.id)})

    return await write(request, caller, None, act)


async def _look(request: AnyRequest, caller: Caller, delivery_id: str) -> DeliveryWithAttempts:
    async with parts(request).database.reading() as tx:
        return await operations.delivery_with_attempts(tx, caller, delivery_id)


async def _wait(
    request: AnyRequest, caller: Caller, answer: Answer[DeliveryWithAttempts], seconds: int
) -> None:
    """Hold the answer until the first attempt has ended or can't be made, or the time is over."""
    delivery_id = answer.headers["Location"].rpartition("/")[2]
    found = await wait_in_place(
        request, caller.organization_id, delivery_id, seconds,
        lambda: _look(request, caller, delivery_id),
        lambda it: bool(it.attempts or it.last_error),
    )  # fmt: skip
    answer.content = found
    answer.status_code = 201 if found.attempts else 202


def _place(request: AnyRequest, delivery_id: str) -> str:
    mount = request.url.path.partition("/webhooks/")[0]
    return f"{mount}/webhooks/deliveries/{ids.parse('dlv', delivery_id)}"


ROUTES = [
    create_webhook_endpoint, list_webhook_endpoints, get_webhook_endpoint, change_webhook_endpoint,
    delete_webhook_endpoint, test_webhook_endpoint, rotate_webhook_secret, get_own_webhook_secret,
    rotate_own_webhook_secret, list_webhook_deliveries, get_webhook_delivery, redeliver_webhook,
]  # fmt: skip
