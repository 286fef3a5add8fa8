"""/projects: made, listed, looked at, changed, deleted."""

from litestar import delete, get, patch, post
from litestar.params import FromPath

from tintype.accounts.models import require_feature
from tintype.api.bodies import read_json, read_query
from tintype.api.etag import if_match, shown, tagged
from tintype.api.guard import caller_of, needs
from tintype.api.idempotency import write
from tintype.api.limits import check_meta
from tintype.api.pages import Page
from tintype.api.paging import cursor, like_pattern, page
from tintype.api.parts import AnyRequest, parts
from tintype.api.rendering import Answer
from tintype.audit.actors import actor_of
from tintype.core.errors import PreconditionFailed
from tintype.db.pool import Transaction
from tintype.projects import operations
from tintype.projects.models import ChangeProject, CreateProject, ListProjects, Project


@post(
    "/projects",
    guards=[needs("projects:write")],
    opt={
        "body": CreateProject,
        "answers": [201],
        "tagged": True,
        "example": {
            "name": "Gdynia apartment campaign",
            "output": "picture",
            "picture_aspect_ratio": "16:9",
            "picture_resolution": "2K",
        },
    },
)
async def create_project(request: AnyRequest) -> Answer[Project]:
    """Make a project for one listing, property or campaign."""
    caller = caller_of(request)
    require_feature(caller, "projects")
    body = await read_json(request, CreateProject)
    check_meta(body.meta)

    async def act(tx: Transaction) -> Answer[Project]:
        project = await operations.create(tx, caller, _base_url(request), body)
        headers = {"Location": f"{request.url.path}/{project.id}"}
        return tagged(Answer(project, status=201, headers=headers))

    return await write(request, caller, body, act)


@get("/projects", guards=[needs("projects:read")], opt={"query": ListProjects})
async def list_projects(request: AnyRequest) -> Answer[Page[Project]]:
    """The organization's projects, newest first."""
    caller, base_url = caller_of(request), _base_url(request)
    query = read_query(request, ListProjects)
    filters = {"q": like_pattern(query.q), "output": query.output, "status": query.status}
    after = cursor(query, "prj")
    async with parts(request).database.reading() as tx:
        rows, total = await operations.page(
            tx, caller, filters, after=after, offset=query.offset, limit=query.limit
        )
    return Answer(page(rows, total, query, lambda row: operations.to_project(row, base_url)))


@get(
    "/projects/{project_id:str}",
    guards=[needs("projects:read")],
    opt={"headers": ["If-None-Match"], "answers": [200, 304], "tagged": True},
)
async def get_project(request: AnyRequest, project_id: FromPath[str]) -> Answer[Project]:
    """One project."""
    async with parts(request).database.reading() as tx:
        project = await operations.get(tx, caller_of(request), _base_url(request), project_id)
    return shown(request, project)


@patch(
    "/projects/{project_id:str}",
    guards=[needs("projects:write")],
    opt={
        "body": ChangeProject,
        "headers": ["If-Match"],
        "errors": [PreconditionFailed],
        "tagged": True,
    },
)
async def change_project(request: AnyRequest, project_id: FromPath[str]) -> Answer[Project]:
    """Change a project; what is left out stays, and null clears.

    Work that was accepted before keeps what it was accepted with.
    """
    caller = caller_of(request)
    require_feature(caller, "projects")
    body = await read_json(request, ChangeProject)
    if isinstance(body.meta, dict):
        check_meta(body.meta)
    expected = if_match(request)

    async def act(tx: Transaction) -> Answer[Project]:
        project = await operations.change(
            tx, caller, _base_url(request), project_id, body, expected=expected
        )
        return tagged(Answer(project))

    return await write(request, caller, body, act)


@delete(
    "/projects/{project_id:str}",
    guards=[needs("projects:write")],
    status_code=204,
    opt={"headers": ["If-Match"], "errors": [PreconditionFailed]},
)
async def delete_project(request: AnyRequest, project_id: FromPath[str]) -> Answer[None]:
    """Delete a project: its page is gone and its keys end; its images stay in the library."""
    caller = caller_of(request)
    expected = if_match(request)
    ended: list[str] = []

    async def act(tx: Transaction) -> Answer[None]:
        ended.extend(
            await operations.delete(
                tx, caller, _base_url(request), project_id,
                expected=expected, actor=actor_of(request, caller),
            )
        )  # fmt: skip
        return Answer(None, status=204)

    answer = await write(request, caller, None, act)
    for key_id in ended:
        # This process lets go of the keys before its client hears; the others do by NOTIFY.
        parts(request).signals.heard(key_id)
    return answer


def _base_url(request: AnyRequest) -> str:
    return parts(request).settings.public_url


ROUTES = [create_project, list_projects, get_project, change_project, delete_project]
