"""/flows. Their generations and images are listed by those slices."""

from typing import Annotated

from litestar import delete, get, post, put
from litestar.params import FromPath
from msgspec import Meta

from tintype.accounts.models import require_feature
from tintype.api.bodies import read_json, read_query
from tintype.api.guard import caller_of, needs
from tintype.api.idempotency import write
from tintype.api.limits import check_meta
from tintype.api.pages import Page, Paging
from tintype.api.paging import TOTAL_MAX, cursor
from tintype.api.parts import AnyRequest, parts
from tintype.api.preconditions import only_if_absent
from tintype.api.rendering import Answer
from tintype.core.errors import AliasTaken
from tintype.db.pool import Transaction
from tintype.flows import operations, queries
from tintype.flows.models import CreateFlow, Flow, NamedFlow, PutAliases
from tintype.projects import operations as projects


class ListFlows(Paging, kw_only=True):
    project_id: Annotated[str, Meta(max_length=64)] | None = None


@post("/flows", guards=[needs("images:write")], opt={"body": CreateFlow, "answers": [201]})
async def create_flow(request: AnyRequest) -> Answer[Flow]:
    """Start a chain of generations."""
    caller = caller_of(request)
    require_feature(caller, "flows")
    body = await read_json(request, CreateFlow, required=False)
    check_meta(body.meta)

    async def act(tx: Transaction) -> Answer[Flow]:
        flow = await operations.create(
            tx, caller, meta=body.meta, project_id=body.project_id, alias_map=body.aliases
        )
        return Answer(flow, status=201, headers={"Location": f"{request.url.path}/{flow.id}"})

    return await write(request, caller, body, act)


@get("/flows", guards=[needs("images:read")], opt={"query": ListFlows})
async def list_flows(request: AnyRequest) -> Answer[Page[Flow]]:
    """Flows with their aliases and counts, newest first."""
    caller = caller_of(request)
    paging = read_query(request, ListFlows)
    after = cursor(paging, "flw")
    async with parts(request).database.reading() as tx:
        project_id = await projects.chosen(tx, caller, paging.project_id)
        rows = await queries.page(
            tx, caller.organization_id, project_id,
            after=after, offset=paging.offset, limit=paging.limit + 1,
        )  # fmt: skip
        total = await queries.count(tx, caller.organization_id, project_id, TOTAL_MAX)
        flows = await operations.with_aliases(tx, caller, rows[: paging.limit])
    more = len(rows) > paging.limit
    return Answer(
        Page(flows, total, more, flows[-1].id if more else None, paging.limit, paging.offset)
    )


@get("/flows/{flow_id:str}", guards=[needs("images:read")])
async def get_flow(request: AnyRequest, flow_id: FromPath[str]) -> Answer[Flow]:
    """One flow."""
    async with parts(request).database.reading() as tx:
        return Answer(await operations.get(tx, caller_of(request), flow_id))


@put(
    "/flows/{flow_id:str}/aliases",
    guards=[needs("images:write")],
    opt={"body": PutAliases, "headers": ["If-None-Match"], "errors": [AliasTaken]},
)
async def put_flow_aliases(request: AnyRequest, flow_id: FromPath[str]) -> Answer[NamedFlow]:
    """Merge names into the flow's map. With `If-None-Match: *` a name in use is ALIAS_TAKEN."""
    caller = caller_of(request)
    body = await read_json(request, PutAliases)

    async def act(tx: Transaction) -> Answer[NamedFlow]:
        flow = await operations.put_aliases(
            tx, caller, flow_id, body.aliases, only_if_free=only_if_absent(request)
        )
        return Answer(flow)

    return await write(request, caller, body, act)


@delete("/flows/{flow_id:str}/aliases/{alias:str}", guards=[needs("images:write")], status_code=204)
async def delete_flow_alias(
    request: AnyRequest, flow_id: FromPath[str], alias: FromPath[str]
) -> Answer[None]:
    """Remove one name from the flow."""
    caller = caller_of(request)

    async def act(tx: Transaction) -> Answer[None]:
        await operations.remove_alias(tx, caller, flow_id, alias)
        return Answer(None, status=204)

    return await write(request, caller, None, act)


@delete("/flows/{flow_id:str}", guards=[needs("images:write")], status_code=204)
async def delete_flow(request: AnyRequest, flow_id: FromPath[str]) -> Answer[None]:
    """Delete the flow for good; its generations and images stay, with `flow_id` null."""
    caller = caller_of(request)

    async def act(tx: Transaction) -> Answer[None]:
        await operations.delete(tx, caller, flow_id)
        return Answer(None, status=204)

    return await write(request, caller, None, act)


ROUTES = [
    create_flow, list_flows, get_flow, put_flow_aliases, delete_flow_alias, delete_flow,
]  # fmt: skip
