"""/agent: what it may do and what it learned; /agent/preferences: listed and forgotten."""

from litestar import delete, get, patch
from litestar.params import FromPath

from tintype.agent import operations, views
from tintype.agent.models import (
    Agent,
    ChangeAgent,
    ForgetPreferences,
    Forgotten,
    ListPreferences,
    Preference,
)
from tintype.api.bodies import read_json, read_query
from tintype.api.etag import if_match
from tintype.api.guard import caller_of, needs
from tintype.api.idempotency import write
from tintype.api.pages import Page
from tintype.api.parts import AnyRequest, parts
from tintype.api.preconditions import etag_matches
from tintype.api.rendering import Answer
from tintype.core.errors import PreconditionFailed, ValidationFailed
from tintype.db.pool import Transaction


@get(
    "/agent",
    guards=[needs("projects:read")],
    opt={"headers": ["If-None-Match"], "answers": [200, 304], "tagged": True},
)
async def get_agent(request: AnyRequest) -> Answer[Agent]:
    """The organization's agent: what it may do, and what it learned, scene by scene."""
    async with parts(request).database.snapshot() as tx:
        agent = await operations.get(tx, caller_of(request))
    tag = views.tag_of(agent)
    asked = ",".join(request.headers.getall("if-none-match", []))
    return Answer(
        agent, status=304 if asked and etag_matches(asked, tag) else 200,
        headers={"ETag": tag, "Cache-Control": "private, no-cache"},
    )  # fmt: skip


@patch(
    "/agent",
    guards=[needs("agent:write")],
    opt={
        "body": ChangeAgent,
        "headers": ["If-Match"],
        "errors": [PreconditionFailed],
        "tagged": True,
        "example": {"mode": "suggest", "minimum_judgements": 5, "credits_cap_day": 100},
    },
)
async def change_agent(request: AnyRequest) -> Answer[Agent]:
    """Change what the agent may do: off, suggest, or auto, and within which bounds."""
    caller = caller_of(request)
    body = await read_json(request, ChangeAgent)
    expected = if_match(request)

    async def act(tx: Transaction) -> Answer[Agent]:
        agent = await operations.change(tx, caller, body, expected=expected)
        return Answer(agent, headers={"ETag": views.tag_of(agent)})

    return await write(request, caller, body, act)


@get("/agent/preferences", guards=[needs("projects:read")], opt={"query": ListPreferences})
async def list_preferences(request: AnyRequest) -> Answer[Page[Preference]]:
    """What the agent learned of each action, by scene, with the counts and pictures behind it."""
    query = read_query(request, ListPreferences)
    async with parts(request).database.snapshot() as tx:
        found = await operations.preferences(tx, caller_of(request), query.scene_type)
    asked = [
        it for it in found
        if query.scene_location in {None, it.scene_location}
        and query.action in {None, it.action}
        and query.status in {None, it.status}
    ]  # fmt: skip
    return Answer(_page(asked, query))


@delete(
    "/agent/preferences",
    guards=[needs("agent:write")],
    status_code=200,
    opt={"query": ForgetPreferences},
)
async def forget_preferences(request: AnyRequest) -> Answer[Forgotten]:
    """Forget what was learned: of a project, a scene, an action, or by `all=true` all of it."""
    caller = caller_of(request)
    query = read_query(request, ForgetPreferences)

    async def act(tx: Transaction) -> Answer[Forgotten]:
        return Answer(Forgotten(judgements=await operations.forget(tx, caller, query)))

    return await write(request, caller, None, act)


@delete("/agent/preferences/{preference_id:str}", guards=[needs("agent:write")], status_code=200)
async def forget_preference(request: AnyRequest, preference_id: FromPath[str]) -> Answer[Forgotten]:
    """Forget one preference: the verdicts behind it teach nothing any more."""
    caller = caller_of(request)

    async def act(tx: Transaction) -> Answer[Forgotten]:
        count = await operations.forget_preference(tx, caller, preference_id)
        return Answer(Forgotten(judgements=count))

    return await write(request, caller, None, act)


def _page(found: list[Preference], query: ListPreferences) -> Page[Preference]:
    """A slice of a list that is worked out as a whole."""
    start = query.offset
    if query.after is not None:
        if query.offset:
            raise ValidationFailed("after", "can't be combined with `offset`")
        places = {it.id: place for place, it in enumerate(found)}
        if query.after not in places:
            raise ValidationFailed("after", "must be the id of an item of this list")
        start = places[query.after] + 1
    shown = found[start : start + query.limit]
    more = len(found) > start + query.limit
    return Page(
        items=shown, total=len(found), has_more=more, next=shown[-1].id if more else None,
        limit=query.limit, offset=query.offset,
    )  # fmt: skip


ROUTES = [get_agent, change_agent, list_preferences, forget_preferences, forget_preference]
