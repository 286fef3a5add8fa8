"""/projects/{id}/pictures and /pictures: made, listed, looked at, enhanced, judged, deleted."""

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath

from tintype.accounts.models import require_feature
from tintype.api.bodies import decode, read_json, read_query, read_raw
from tintype.api.etag import if_match
from tintype.api.guard import caller_of, needs
from tintype.api.idempotency import write
from tintype.api.limits import check_meta
from tintype.api.multipart import is_form
from tintype.api.pages import Page
from tintype.api.paging import cursor, page
from tintype.api.parts import AnyRequest, parts
from tintype.api.preconditions import etag_matches, only_if_absent
from tintype.api.rendering import Answer
from tintype.api.waiting import cancel_after, wait_in_place, wait_seconds
from tintype.billing.quotes import Quote
from tintype.catalog.scenes import check_scene_filter
from tintype.core import ids
from tintype.core.errors import (
    AliasTaken,
    Conflict,
    InsufficientCredits,
    NotFound,
    NotReady,
    PreconditionFailed,
    ValidationFailed,
)
from tintype.db.pool import Transaction
from tintype.generations.answering import links, start
from tintype.generations.submit import Created
from tintype.images.models import Approval
from tintype.pictures import adding, enhancing, judging, operations, suggesting, views
from tintype.pictures.models import (
    AssignedPicture,
    ChangedPicture,
    ChangePicture,
    CreateEnhancement,
    CreatePicture,
    JudgePicture,
    ListPictures,
    Picture,
    PictureDetail,
    PictureForm,
)
from tintype.pictures.suggesting import look_if_on, suggested
from tintype.projects import operations as projects


@post(
    "/projects/{project_id:str}/pictures",
    guards=[needs("images:write")],
    opt={
        "body": CreatePicture,
        "form": PictureForm,
        "answers": [201, 202],
        "headers": ["Prefer", "If-None-Match"],
        "errors": [AliasTaken],
        "example": {
            "source": {
                "type": "url",
                "url": "https://cdn.example.com/listings/4812/living-room.jpg",
            },
            "scene_type": "interior",
            "scene_location": "living_room",
            "webhook_url": "https://partner.example/webhook",
        },
    },
)
async def add_picture(request: AnyRequest, project_id: FromPath[str]) -> Answer[AssignedPicture]:
    """Add a picture: a file, base64 or an image of the library at once (201), a URL soon (202)."""
    caller = caller_of(request)
    require_feature(caller, "projects")
    async with parts(request).database.reading() as tx:
        project_id = await projects.require(tx, caller, project_id)
    if is_form(request):
        return await adding.add_form(request, caller, project_id)
    return await adding.add_json(request, caller, project_id)


@get(
    "/projects/{project_id:str}/pictures",
    guards=[needs("images:read")],
    opt={"query": ListPictures},
)
async def list_pictures(request: AnyRequest, project_id: FromPath[str]) -> Answer[Page[Picture]]:
    """A project's pictures, originals and what was made of them, newest first."""
    caller = caller_of(request)
    query = read_query(request, ListPictures)
    check_scene_filter(query.scene_type, query.scene_location)
    after = cursor(query, "img")
    filters = {
        name: getattr(query, name)
        for name in ("status", "scene_type", "scene_location", "approval", "version")
    } | {name: _wanted(query, name) for name in ("parent_id", "root_id")}
    own_links = links(request, caller)
    async with parts(request).database.reading() as tx:
        rows, total = await operations.page(
            tx, caller, project_id, filters, after=after, offset=query.offset, limit=query.limit
        )
    return Answer(page(rows, total, query, lambda row: views.to_picture(row, own_links)))


def _wanted(query: ListPictures, name: str) -> str | None:
    asked = getattr(query, name)
    try:
        return None if asked is None else ids.parse("img", asked)
    except NotFound as fault:
        raise ValidationFailed(name, "must be a picture's id") from fault


@get(
    "/pictures/{picture_id:str}",
    guards=[needs("images:read")],
    opt={"headers": ["If-None-Match", "Prefer"], "answers": [200, 304], "tagged": True},
)
async def get_picture(request: AnyRequest, picture_id: FromPath[str]) -> Answer[PictureDetail]:
    """One picture with its line's versions; `Prefer: wait` holds the answer while it is made."""
    caller = caller_of(request)
    seconds = wait_seconds(request)

    async def look() -> PictureDetail:
        async with parts(request).database.reading() as tx:
            return await operations.get(tx, caller, links(request, caller), picture_id)

    found = await look()
    if seconds and found.status == "processing":
        found = await wait_in_place(
            request, caller.organization_id, found.id, seconds,
            look, lambda seen: seen.status != "processing",
        )  # fmt: skip
    tag = views.tag_of(found)
    asked = ",".join(request.headers.getall("if-none-match", []))
    return Answer(
        found, status=304 if asked and etag_matches(asked, tag) else 200,
        headers={"ETag": tag, "Cache-Control": "private, no-cache"},
    )  # fmt: skip


@patch(
    "/pictures/{picture_id:str}",
    guards=[needs("images:write")],
    opt={
        "body": ChangePicture,
        "headers": ["If-Match", "If-None-Match"],
        "errors": [PreconditionFailed, AliasTaken, NotReady],
        "tagged": True,
    },
)
async def change_picture(request: AnyRequest, picture_id: FromPath[str]) -> Answer[ChangedPicture]:
    """Change scene, focal point, alias or meta; what is left out stays, and null clears."""
    caller = caller_of(request)
    body = await read_json(request, ChangePicture)
    if isinstance(body.meta, dict):
        check_meta(body.meta)
    expected = if_match(request)

    async def act(tx: Transaction) -> Answer[ChangedPicture]:
        picture = await operations.change(
            tx, caller, links(request, caller), picture_id, body,
            expected=expected, only_if_free=only_if_absent(request),
        )  # fmt: skip
        return Answer(picture, headers={"ETag": views.tag_of(picture)})

    return await write(request, caller, body, act)


@delete(
    "/pictures/{picture_id:str}",
    guards=[needs("images:write")],
    status_code=204,
    opt={"headers": ["If-Match"], "errors": [PreconditionFailed]},
)
async def delete_picture(request: AnyRequest, picture_id: FromPath[str]) -> Answer[None]:
    """Delete the picture; enhancements of it that are under way are canceled. Versions stay."""
    caller = caller_of(request)
    expected = if_match(request)

    async def act(tx: Transaction) -> Answer[None]:
        await operations.delete(tx, caller, links(request, caller), picture_id, expected=expected)
        return Answer(None, status=204)

    return await write(request, caller, None, act)


@post(
    "/pictures/{picture_id:str}/enhancements",
    guards=[needs("images:write")],
    opt={
        "body": CreateEnhancement,
        "answers": [201, 202],
        "headers": ["Prefer", "Cancel-After"],
        "errors": [InsufficientCredits, NotReady, Conflict],
        "example": {
            "instruction": {
                "source": "preset",
                "actions": ["interior-style-japandi", "interior-decoration-medium"],
            },
            "variants": 2,
            "aspect_ratio": "16:9",
            "resolution": "2K",
        },
    },
)
async def enhance_picture(
    request: AnyRequest, picture_id: FromPath[str]
) -> Answer[Page[Picture]] | Answer[Quote]:
    """Ask for better versions: 202 with the new pictures, in process; 201 when their end was seen.

    They are one generation's variants; `Location` is that generation.
    """
    caller = caller_of(request)
    raw = await read_raw(request)
    body = decode(raw, CreateEnhancement)
    check_meta(body.meta)
    # As it was sent, in the order and spelling of the client.
    given = msgspec.json.decode(raw)["instruction"]
    deadline = cancel_after(request)

    look = None
    if body.instruction.source == "agent":
        look = await look_if_on(request, caller, picture_id)

    async def create(tx: Transaction) -> Created:
        wanted = None
        if body.instruction.source == "agent":
            wanted = await suggested(tx, caller, picture_id, look)
        return await enhancing.create(
            tx, caller, links(request, caller), picture_id, body, given, wanted=wanted,
            allow_networks=parts(request).networks, cancel_after=deadline,
        )  # fmt: skip

    answer = await start(request, caller, body, create)
    made = answer.content
    if isinstance(made, Quote):
        return answer.showing(made)
    async with parts(request).database.reading() as tx:
        found = await operations.of_work(tx, caller, links(request, caller), made.id)
    return answer.showing(
        Page(found, len(found), has_more=False, next=None, limit=len(found), offset=0)
    )


@post(
    "/pictures/{picture_id:str}/approve",
    guards=[needs("images:write")],
    opt={"body": JudgePicture, "errors": [NotReady, Conflict]},
)
async def approve_picture(request: AnyRequest, picture_id: FromPath[str]) -> Answer[Picture]:
    """Approve the picture: it becomes its line's published version."""
    return await _judge(request, picture_id, "approved")


@post(
    "/pictures/{picture_id:str}/reject",
    guards=[needs("images:write")],
    opt={"body": JudgePicture, "errors": [NotReady, Conflict]},
)
async def reject_picture(request: AnyRequest, picture_id: FromPath[str]) -> Answer[Picture]:
    """Reject the picture; of its line the one approved last of the others is published then."""
    return await _judge(request, picture_id, "rejected")


async def _judge(request: AnyRequest, picture_id: str, approval: Approval) -> Answer[Picture]:
    caller = caller_of(request)
    body = await read_json(request, JudgePicture, required=False)
    look = await look_if_on(request, caller, picture_id)

    async def act(tx: Transaction) -> Answer[Picture]:
        return Answer(
            await judging.judge(
                tx, caller, links(request, caller), picture_id, approval, body.feedback, look
            )
        )

    return await write(request, caller, body, act)


ROUTES = [
    add_picture, list_pictures, get_picture, change_picture, delete_picture, enhance_picture,
    approve_picture, reject_picture, *suggesting.ROUTES,
]  # fmt: skip
