"""/api-keys: made, listed, changed, revoked. A secret is shown once, when its key is made."""

from datetime import UTC, datetime

from litestar import delete, get, patch, post
from litestar.params import FromPath

from tintype.api.bodies import read_json, read_query
from tintype.api.guard import caller_of, needs
from tintype.api.idempotency import write
from tintype.api.pages import Page
from tintype.api.paging import TOTAL_MAX, cursor
from tintype.api.parts import AnyRequest, parts
from tintype.api.rendering import Answer
from tintype.audit.actors import actor_of
from tintype.core import ids
from tintype.core.caller import Caller
from tintype.db.pool import Transaction
from tintype.keys import operations, queries
from tintype.keys.models import ApiKey, ChangeApiKey, CreateApiKey, ListApiKeys, NewApiKey


@post(
    "/api-keys",
    guards=[needs("keys:write")],
    opt={
        "body": CreateApiKey,
        "answers": [201],
        "example": {
            "name": "agent workflow",
            "scopes": ["images:write", "images:read", "text:write"],
        },
    },
)
async def create_api_key(request: AnyRequest) -> Answer[NewApiKey]:
    """Make a key; `secret` is shown this once. It can do no more than its maker.

    A replay under the same `Idempotency-Key` shows the secret again, which is kept sealed for it.
    """
    caller = caller_of(request)
    operations.require_no_cap(caller, "make keys")
    body = await read_json(request, CreateApiKey)

    async def act(tx: Transaction) -> Answer[NewApiKey]:
        made = await operations.create(
            tx, caller.organization_id, name=body.name, scopes=body.scopes,
            maker_scopes=caller.scopes, maker_project_id=caller.project_id,
            livemode=caller.livemode if body.mode is None else body.mode == "live",
            project_id=body.project_id, expires_at=body.expires_at, spend_cap=body.spend_cap,
            maker_expires_at=_end_of_key(caller),
            actor=actor_of(request, caller),
        )  # fmt: skip
        headers = {"Location": f"{request.url.path}/{made.id}", "Cache-Control": "no-store"}
        return Answer(made, status=201, headers=headers)

    # The secret is shown again to nobody but who asked for it.
    payload = [body, caller.key_id or caller.user_id]
    return await write(request, caller, payload, act, sealed=True)


@get("/api-keys", guards=[needs("keys:read")], opt={"query": ListApiKeys})
async def list_api_keys(request: AnyRequest) -> Answer[Page[ApiKey]]:
    """The organization's keys and what each has used, newest first; revoked ones stay."""
    caller = caller_of(request)
    query = read_query(request, ListApiKeys)
    filters = {"status": query.status}
    after = {"after": cursor(query, "key")}
    async with parts(request).database.reading() as tx:
        rows = await queries.page(
            tx, caller.organization_id, caller.project_id, filters | after,
            offset=query.offset, limit=query.limit + 1,
        )  # fmt: skip
        total = await queries.count(
            tx, caller.organization_id, caller.project_id, filters, TOTAL_MAX
        )
        shown = await operations.shown(tx, rows[: query.limit])
    more = len(rows) > query.limit
    last = shown[-1].id if more else None
    return Answer(Page(shown, total, more, last, query.limit, query.offset))


@get("/api-keys/{key_id:str}", guards=[needs("keys:read")])
async def get_api_key(request: AnyRequest, key_id: FromPath[str]) -> Answer[ApiKey]:
    """One key and what it has used; never its secret."""
    async with parts(request).database.reading() as tx:
        return Answer(await operations.get(tx, caller_of(request), key_id))


@patch("/api-keys/{key_id:str}", guards=[needs("keys:write")], opt={"body": ChangeApiKey})
async def change_api_key(request: AnyRequest, key_id: FromPath[str]) -> Answer[ApiKey]:
    """Change a key's name or spend cap."""
    caller = caller_of(request)
    body = await read_json(request, ChangeApiKey)

    async def act(tx: Transaction) -> Answer[ApiKey]:
        actor = actor_of(request, caller)
        return Answer(await operations.change(tx, caller, key_id, body, actor=actor))

    return _heard(request, key_id, await write(request, caller, body, act))


@delete("/api-keys/{key_id:str}", guards=[needs("keys:write")], status_code=200)
async def revoke_api_key(request: AnyRequest, key_id: FromPath[str]) -> Answer[ApiKey]:
    """End a key at once, everywhere. Answers the key: what it used stays readable."""
    caller = caller_of(request)

    async def act(tx: Transaction) -> Answer[ApiKey]:
        revoked = await operations.revoke(
            tx, caller.organization_id, key_id,
            bound_to=caller.project_id, actor=actor_of(request, caller),
        )  # fmt: skip
        return Answer(revoked)

    return _heard(request, key_id, await write(request, caller, None, act))


def _end_of_key(caller: Caller) -> datetime | None:
    """When the caller's key ends; a session's end is no bound to what its user makes."""
    if caller.key_id is None or caller.expires_at_unix is None:
        return None
    return datetime.fromtimestamp(caller.expires_at_unix, UTC)


def _heard(request: AnyRequest, key_id: str, answer: Answer[ApiKey]) -> Answer[ApiKey]:
    """Let go of what this process remembers of the key before its client hears of the change."""
    parts(request).signals.heard(ids.parse("key", key_id))
    return answer


ROUTES = [create_api_key, list_api_keys, get_api_key, change_api_key, revoke_api_key]
