"""/projects: made, listed, looked at."""

from litestar import get, post
from litestar.params import FromPath

from tintype.accounts.models import require_feature
from tintype.api.bodies import read_json, read_query
from tintype.api.guard import caller_of, needs
from tintype.api.idempotency import write
from tintype.api.limits import check_meta
from tintype.api.pages import Page, Paging
from tintype.api.paging import TOTAL_MAX, cursor, page
from tintype.api.parts import AnyRequest, parts
from tintype.api.rendering import Answer
from tintype.db.pool import Transaction
from tintype.projects import operations, queries
from tintype.projects.models import CreateProject, Project


@post("/projects", guards=[needs("projects:write")], opt={"body": CreateProject, "answers": [201]})
async def create_project(request: AnyRequest) -> Answer[Project]:
    """Make a project."""
    caller = caller_of(request)
    require_feature(caller, "projects")
    body = await read_json(request, CreateProject)
    check_meta(body.meta)

    async def act(tx: Transaction) -> Answer[Project]:
        project = await operations.create(tx, caller, name=body.name, meta=body.meta)
        return Answer(project, status=201, headers={"Location": f"{request.url.path}/{project.id}"})

    return await write(request, caller, body, act)


@get("/projects", guards=[needs("projects:read")], opt={"query": Paging})
async def list_projects(request: AnyRequest) -> Answer[Page[Project]]:
    """The organization's projects, newest first."""
    caller = caller_of(request)
    paging = read_query(request, Paging)
    after = cursor(paging, "prj")
    async with parts(request).database.reading() as tx:
        rows = await queries.page(
            tx, caller.organization_id, caller.project_id,
            after=after, offset=paging.offset, limit=paging.limit + 1,
        )  # fmt: skip
        total = await queries.count(tx, caller.organization_id, caller.project_id, TOTAL_MAX)
    return Answer(page(rows, total, paging, operations.to_project))


@get("/projects/{project_id:str}", guards=[needs("projects:read")])
async def get_project(request: AnyRequest, project_id: FromPath[str]) -> Answer[Project]:
    """One project."""
    async with parts(request).database.reading() as tx:
        return Answer(await operations.get(tx, caller_of(request), project_id))


ROUTES = [create_project, list_projects, get_project]
