"""/images, the flow's images, and their bytes under /media."""

from typing import Final, cast

from litestar import asgi, delete, get, post, put
from litestar.params import FromPath
from litestar.types import HTTPScope, Receive, Scope, Send

from tintype.aliases.models import normalize
from tintype.api.bodies import read_json, read_query
from tintype.api.guard import caller_of, needs
from tintype.api.hot import asked, counted, send_answer
from tintype.api.idempotency import write
from tintype.api.limits import check_meta
from tintype.api.pages import Page, Paging
from tintype.api.paging import TOTAL_MAX, cursor, like_pattern, page
from tintype.api.parts import AnyRequest, parts
from tintype.api.preconditions import only_if_absent
from tintype.api.rendering import Answer
from tintype.core.caller import Caller
from tintype.core.errors import AliasTaken, Forbidden, MethodNotAllowed, NotFound
from tintype.db.pool import Transaction
from tintype.flows import operations as flows
from tintype.images import delivery, operations, queries, uploading
from tintype.images.links import Links, links_of
from tintype.images.models import (
    AssignedImage,
    Image,
    ListFlowImages,
    ListImages,
    ResolveAlias,
    ResolvedImage,
    SetAlias,
    UpdateImage,
    UploadForm,
)

_MEDIA: Final = "/media/images"


@post(
    "/images/upload",
    guards=[needs("images:write")],
    opt={
        "form": UploadForm,
        "answers": [201],
        "headers": ["If-None-Match"],
        "errors": [AliasTaken],
    },
)
async def upload_image(request: AnyRequest) -> Answer[AssignedImage]:
    """Upload a picture: cleaned, stored, and named if you say so."""
    return await uploading.upload(request, caller_of(request), lambda image: image)


@get("/images", guards=[needs("images:read")], opt={"query": ListImages})
async def list_images(request: AnyRequest) -> Answer[Page[Image]]:
    """The library, newest first."""
    query = read_query(request, ListImages)
    return await _list(request, query, flow_id=query.flow_id, project_id=query.project_id)


@get("/flows/{flow_id:str}/images", guards=[needs("images:read")], opt={"query": ListFlowImages})
async def list_flow_images(request: AnyRequest, flow_id: FromPath[str]) -> Answer[Page[Image]]:
    """A flow's images, generated and uploaded, newest first."""
    query = read_query(request, ListFlowImages)
    caller = caller_of(request)
    async with parts(request).database.reading() as tx:
        flow = await flows.get(tx, caller, flow_id)
    return await _list(
        request,
        ListImages(limit=query.limit, offset=query.offset, after=query.after, source=query.source),
        flow_id=flow.id, project_id=None,
    )  # fmt: skip


@get("/images/resolve/{alias:str}", guards=[needs("images:read")], opt={"query": ResolveAlias})
async def resolve_alias(request: AnyRequest, alias: FromPath[str]) -> Answer[ResolvedImage]:
    """The image that an alias names: technical, then the flow's, then the project's."""
    caller = caller_of(request)
    query = read_query(request, ResolveAlias)
    async with parts(request).database.reading() as tx:
        return Answer(
            await operations.resolve(
                tx, caller, _links(request, caller), alias,
                flow_id=query.flow_id, project_id=query.project_id,
            )
        )  # fmt: skip


@get("/images/{image_id:str}", guards=[needs("images:read")])
async def get_image(request: AnyRequest, image_id: FromPath[str]) -> Answer[Image]:
    """One image."""
    caller = caller_of(request)
    async with parts(request).database.reading() as tx:
        return Answer(await operations.get(tx, caller, _links(request, caller), image_id))


@put(
    "/images/{image_id:str}",
    guards=[needs("images:write")],
    opt={"body": UpdateImage, "headers": ["If-None-Match"], "errors": [AliasTaken]},
)
async def update_image(request: AnyRequest, image_id: FromPath[str]) -> Answer[AssignedImage]:
    """Change alias, focal point or meta; what is left out stays."""
    body = await read_json(request, UpdateImage)
    if isinstance(body.meta, dict):
        check_meta(body.meta)
    return await _update(request, image_id, body)


@put(
    "/images/{image_id:str}/alias",
    guards=[needs("images:write")],
    opt={"body": SetAlias, "headers": ["If-None-Match"], "errors": [AliasTaken]},
)
async def set_image_alias(request: AnyRequest, image_id: FromPath[str]) -> Answer[AssignedImage]:
    """Give the image its name in the project; null clears it."""
    body = await read_json(request, SetAlias)
    return await _update(request, image_id, UpdateImage(alias=body.alias))


@delete("/images/{image_id:str}", guards=[needs("images:write")], status_code=204)
async def delete_image(request: AnyRequest, image_id: FromPath[str]) -> Answer[None]:
    """Delete the image; its bytes stay stored, its names and URLs end."""
    caller = caller_of(request)

    async def act(tx: Transaction) -> Answer[None]:
        await operations.delete(tx, caller, _links(request, caller), image_id)
        return Answer(None, status=204)

    return await write(request, caller, None, act)


# Mounted, because the framework finds no raw handler by a path with parameters.
@asgi(
    _MEDIA,
    is_mount=True,
    copy_scope=True,
    opt={
        "raw": True,
        "path": _MEDIA + "/{name:str}",
        "query": delivery.MediaQuery,
        "media_type": "image/*",
        "headers": ["If-None-Match", "Range"],
        "errors": [Forbidden, NotFound],
        "answers": [200, 206, 304, 416],
    },
)
async def deliver_image(scope: Scope, receive: Receive, send: Send) -> None:
    """An image's bytes, in any size and format."""
    del receive
    http = cast("HTTPScope", scope)
    state = http["litestar_app"].state
    if http["method"] not in {"GET", "HEAD"}:
        raise MethodNotAllowed("This path takes GET.", headers={"Allow": "GET, HEAD"})
    name = http["path"].strip("/")
    asking = asked(http, f"{_MEDIA}/{name}")
    since = state.hot.moment()
    answer = await delivery.answer(
        state.parts, state.flight, name, http["query_string"], asking.accept.decode("latin-1")
    )
    state.hot.keep(asking.question, answer, since)
    counted("media", "miss")
    await send_answer(answer, asking, send, method=http["method"])


async def _update(request: AnyRequest, image_id: str, body: UpdateImage) -> Answer[AssignedImage]:
    caller = caller_of(request)

    async def act(tx: Transaction) -> Answer[AssignedImage]:
        return Answer(
            await operations.update(
                tx, caller, _links(request, caller), image_id, body,
                only_if_free=only_if_absent(request),
            )
        )  # fmt: skip

    return await write(request, caller, body, act)


async def _list(
    request: AnyRequest, query: ListImages, *, flow_id: str | None, project_id: str | None
) -> Answer[Page[Image]]:
    caller = caller_of(request)
    links = _links(request, caller)
    after = cursor(Paging(limit=query.limit, offset=query.offset, after=query.after), "img")
    alias = None if query.alias is None else normalize(query.alias)
    pattern = like_pattern(query.q)
    async with parts(request).database.reading() as tx:
        flow, project = await flows.chosen(tx, caller, flow_id, project_id, to_add=False)
        if flow is not None and project_id is None:
            project = caller.project_id
        filters = {
            "source": query.source, "project_id": project, "flow_id": flow, "alias": alias,
            "q": pattern,
        }  # fmt: skip
        rows = await queries.page(
            tx, caller.organization_id, filters | {"after": after},
            offset=query.offset, limit=query.limit + 1,
        )  # fmt: skip
        total = await queries.count(tx, caller.organization_id, filters, TOTAL_MAX)
    return Answer(page(rows, total, query, lambda row: operations.to_image(row, links)))


def _links(request: AnyRequest, caller: Caller) -> Links:
    return links_of(parts(request).settings.public_url, caller)


ROUTES = [
    upload_image, list_images, list_flow_images, resolve_alias, get_image, update_image,
    set_image_alias, delete_image,
]  # fmt: skip
MEDIA_ROUTES = [deliver_image]
