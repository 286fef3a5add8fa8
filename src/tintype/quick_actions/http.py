"""/quick-actions: made, listed, looked at, changed, deleted."""

from litestar import delete, get, patch, post
from litestar.params import FromPath

from tintype.accounts.models import require_feature
from tintype.api.bodies import read_json, read_query
from tintype.api.etag import if_match, shown, tagged
from tintype.api.guard import caller_of, needs
from tintype.api.idempotency import write
from tintype.api.pages import Page
from tintype.api.paging import cursor, like_pattern, page
from tintype.api.parts import AnyRequest, parts
from tintype.api.rendering import Answer
from tintype.core.errors import Conflict, PreconditionFailed
from tintype.db.pool import Transaction
from tintype.quick_actions import operations
from tintype.quick_actions.models import (
    ChangeQuickAction,
    CreateQuickAction,
    ListQuickActions,
    QuickAction,
)


@post(
    "/quick-actions",
    guards=[needs("projects:write")],
    opt={
        "body": CreateQuickAction,
        "answers": [201],
        "errors": [Conflict],
        "tagged": True,
        "example": {
            "name": "Bright and calm",
            "prompt": "airy, soft daylight, no clutter",
            "actions": ["interior-style-japandi"],
            "variants": 2,
        },
    },
)
async def create_quick_action(request: AnyRequest) -> Answer[QuickAction]:
    """Put a prompt, actions of the catalogue, or both, under a name."""
    caller = caller_of(request)
    require_feature(caller, "projects")
    body = await read_json(request, CreateQuickAction)

    async def act(tx: Transaction) -> Answer[QuickAction]:
        made = await operations.create(tx, caller, body)
        headers = {"Location": f"{request.url.path}/{made.id}"}
        return tagged(Answer(made, status=201, headers=headers))

    return await write(request, caller, body, act)


@get("/quick-actions", guards=[needs("projects:read")], opt={"query": ListQuickActions})
async def list_quick_actions(request: AnyRequest) -> Answer[Page[QuickAction]]:
    """The organization's quick actions, newest first."""
    caller = caller_of(request)
    query = read_query(request, ListQuickActions)
    filters, after = {"q": like_pattern(query.q)}, cursor(query, "qa")
    async with parts(request).database.reading() as tx:
        rows, total = await operations.page(
            tx, caller, filters, after=after, offset=query.offset, limit=query.limit
        )
    return Answer(page(rows, total, query, operations.to_quick_action))


@get(
    "/quick-actions/{action_id:str}",
    guards=[needs("projects:read")],
    opt={"headers": ["If-None-Match"], "answers": [200, 304], "tagged": True},
)
async def get_quick_action(request: AnyRequest, action_id: FromPath[str]) -> Answer[QuickAction]:
    """One quick action."""
    async with parts(request).database.reading() as tx:
        return shown(request, await operations.get(tx, caller_of(request), action_id))


@patch(
    "/quick-actions/{action_id:str}",
    guards=[needs("projects:write")],
    opt={
        "body": ChangeQuickAction,
        "headers": ["If-Match"],
        "errors": [PreconditionFailed],
        "tagged": True,
    },
)
async def change_quick_action(request: AnyRequest, action_id: FromPath[str]) -> Answer[QuickAction]:
    """Change a quick action; what is left out stays, and what it began is not touched."""
    caller = caller_of(request)
    require_feature(caller, "projects")
    body = await read_json(request, ChangeQuickAction)
    expected = if_match(request)

    async def act(tx: Transaction) -> Answer[QuickAction]:
        return tagged(
            Answer(await operations.change(tx, caller, action_id, body, expected=expected))
        )

    return await write(request, caller, body, act)


@delete(
    "/quick-actions/{action_id:str}",
    guards=[needs("projects:write")],
    status_code=204,
    opt={"headers": ["If-Match"], "errors": [PreconditionFailed]},
)
async def delete_quick_action(request: AnyRequest, action_id: FromPath[str]) -> Answer[None]:
    """Delete a quick action; what was made with it stays."""
    caller = caller_of(request)
    expected = if_match(request)

    async def act(tx: Transaction) -> Answer[None]:
        await operations.delete(tx, caller, action_id, expected=expected)
        return Answer(None, status=204)

    return await write(request, caller, None, act)


ROUTES = [
    create_quick_action, list_quick_actions, get_quick_action, change_quick_action,
    delete_quick_action,
]  # fmt: skip
