"""POST /projects/{id}/publish and /unpublish, and what everybody sees then: /p/{slug}."""

import asyncio
import base64
from typing import Final

from litestar import post, route
from litestar.enums import HttpMethod
from litestar.params import FromPath
from litestar.types import Send

from tintype.api.bodies import query_of, read_json
from tintype.api.etag import tagged
from tintype.api.guard import caller_of, needs
from tintype.api.idempotency import write
from tintype.api.objects import Raw, from_memory, from_storage
from tintype.api.parts import AnyRequest, parts
from tintype.api.rendering import Answer
from tintype.core.caller import Caller
from tintype.core.errors import Conflict, NotFound
from tintype.db.pool import Transaction
from tintype.images.delivery import MediaQuery
from tintype.media.placeholder import placeholder
from tintype.projects.models import Project
from tintype.publishing import delivery, operations
from tintype.publishing.models import PageMediaQuery, PublishProject

_READ: Final = [HttpMethod.GET, HttpMethod.HEAD]
_MEDIA: Final = "/p/{slug:str}/{revision:int}"


@post(
    "/projects/{project_id:str}/publish",
    guards=[needs("projects:write")],
    status_code=200,
    opt={"body": PublishProject, "errors": [Conflict], "tagged": True},
)
async def publish_project(request: AnyRequest, project_id: FromPath[str]) -> Answer[Project]:
    """Show the project's approved pictures and finished films on a public page.

    All of it at once: a reader sees what was published before, or this. Published again, the page
    keeps its address. CONFLICT for a project with nothing to show.
    """
    caller = caller_of(request)
    body = await read_json(request, PublishProject, required=False)
    placeholders = await _placeholders(request, caller, project_id)

    async def act(tx: Transaction) -> Answer[Project]:
        return tagged(Answer(await operations.publish(
            tx, caller, parts(request).settings.public_url, project_id, body,
            placeholders=placeholders,
        )))  # fmt: skip

    return await write(request, caller, body, act)


@post(
    "/projects/{project_id:str}/unpublish",
    guards=[needs("projects:write")],
    status_code=200,
    opt={"tagged": True},
)
async def unpublish_project(request: AnyRequest, project_id: FromPath[str]) -> Answer[Project]:
    """Take the project's page and manifest away at once; its address stays its own."""
    caller = caller_of(request)

    async def act(tx: Transaction) -> Answer[Project]:
        return tagged(Answer(await operations.unpublish(
            tx, caller, parts(request).settings.public_url, project_id
        )))  # fmt: skip

    return await write(request, caller, None, act)


@route(
    "/p/{slug:str}",
    http_method=_READ,
    opt={"raw": True, "media_type": "text/html", "headers": ["If-None-Match"],
         "answers": [200, 304]},
)  # fmt: skip
async def show_page(request: AnyRequest, slug: FromPath[str]) -> Raw:
    """A published project's page."""
    try:
        answer = await delivery.page(parts(request), slug, _reader(request))
    except NotFound:
        if "text/html" not in request.headers.get("accept", ""):
            raise
        return _missing(request)
    return from_memory(request, answer)


@route(
    "/p/{slug:str}/manifest.json",
    http_method=_READ,
    opt={"raw": True, "headers": ["If-None-Match"], "answers": [200, 304]},
)
async def show_manifest(request: AnyRequest, slug: FromPath[str]) -> Raw:
    """A published project for programs: every medium with its sizes."""
    return from_memory(
        request, await delivery.page_manifest(parts(request), slug, _reader(request))
    )


@route(
    _MEDIA + "/card.jpg",
    http_method=_READ,
    opt={"raw": True, "media_type": "image/jpeg", "headers": ["If-None-Match"],
         "answers": [200, 304]},
)  # fmt: skip
async def show_card(request: AnyRequest, slug: FromPath[str], revision: FromPath[int]) -> Raw:
    """The picture that stands for a page where its address is shared: 1200 x 630."""
    flight = request.app.state.flight
    return from_memory(request, await delivery.card(parts(request), flight, slug, revision))


@route(
    _MEDIA + "/images/{name:str}",
    http_method=_READ,
    opt={"raw": True, "query": PageMediaQuery, "media_type": "image/*",
         "headers": ["If-None-Match", "Range"], "answers": [200, 206, 304, 416]},
)  # fmt: skip
async def show_image(
    request: AnyRequest, slug: FromPath[str], revision: FromPath[int], name: FromPath[str]
) -> Raw:
    """A picture of a page whose media are private, in any size and format."""
    asked = query_of(request.scope["query_string"], PageMediaQuery)
    answer = await delivery.image(
        parts(request), request.app.state.flight, slug, revision, name,
        MediaQuery(w=asked.w, h=asked.h, fit=asked.fit, dpr=asked.dpr, q=asked.q),
        request.headers.get("accept", ""),
    )  # fmt: skip
    return from_memory(request, answer)


@route(
    _MEDIA + "/videos/{name:str}",
    http_method=_READ,
    opt={"raw": True, "media_type": "video/mp4", "headers": ["If-None-Match", "Range"],
         "answers": [200, 206, 304, 416]},
)  # fmt: skip
async def show_film(
    request: AnyRequest, slug: FromPath[str], revision: FromPath[int], name: FromPath[str]
) -> Raw:
    """A film of a page whose media are private (`.mp4`), or its poster (`.jpg`)."""
    found = await delivery.film(parts(request), slug, revision, name)
    return await from_storage(request, parts(request).storage, found)


async def _placeholders(request: AnyRequest, caller: Caller, project_id: str) -> dict[str, str]:
    """What stands for each picture until it is loaded, drawn before any transaction is opened."""
    async with parts(request).database.reading() as tx:
        hashes = await operations.thumbhashes(tx, caller, project_id)

    def drawn() -> dict[str, str]:
        return {
            text: base64.b64encode(placeholder(text, width, height)).decode()
            for text, width, height in hashes
        }

    return await asyncio.get_running_loop().run_in_executor(parts(request).pixels, drawn)


def _reader(request: AnyRequest) -> delivery.Reader:
    tags, codings = (
        ",".join(request.headers.getall(name, [])) for name in ("if-none-match", "accept-encoding")
    )
    return delivery.Reader(tags, codings)


def _missing(request: AnyRequest) -> Raw:
    body, headers = delivery.missing()
    whole = request.method == "GET"

    async def give(send: Send) -> None:
        await send({"type": "http.response.start", "status": 404, "headers": headers})
        await send(
            {"type": "http.response.body", "body": body if whole else b"", "more_body": False}
        )

    return Raw(give)


ROUTES = [publish_project, unpublish_project]
PAGE_ROUTES = [show_page, show_manifest, show_card, show_image, show_film]
