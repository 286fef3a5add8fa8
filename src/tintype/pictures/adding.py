"""A new picture's request: what it gives read and judged, then stored or left to the worker."""

import asyncio
import contextlib
from typing import Final

import msgspec

from tintype.api.bodies import decode, read_raw
from tintype.api.idempotency import write
from tintype.api.multipart import read_form
from tintype.api.parts import AnyRequest, parts
from tintype.api.preconditions import only_if_absent
from tintype.api.rendering import Answer
from tintype.api.waiting import wait_in_place, wait_seconds
from tintype.core.caller import Caller
from tintype.core.errors import TintypeError, Unavailable
from tintype.db.pool import Transaction
from tintype.generations.answering import links
from tintype.images.intake import limits_of, take_in
from tintype.media.retouch.profile import Profile
from tintype.pictures import operations, unasked
from tintype.pictures.models import AssignedPicture, CreatePicture, PictureForm
from tintype.pictures.sources import FIELD, Said, body_bytes_max, check_source, decode_file, said
from tintype.pictures.suggesting import look_at

_FETCHED: Final = 202


async def add_form(request: AnyRequest, caller: Caller, project_id: str) -> Answer[AssignedPicture]:
    """201: a file, in a form."""
    limits = limits_of(parts(request).settings.media)
    file, form = await read_form(request, PictureForm, file_bytes_max=limits.bytes_max)
    if file.filename:
        form.meta = {"filename": file.filename} | form.meta
    about = said(form, parts(request).networks)
    return await _store(request, caller, project_id, file.data, about, form, "file")


async def add_json(request: AnyRequest, caller: Caller, project_id: str) -> Answer[AssignedPicture]:
    """201 for a file in base64 and for an image of the library, 202 for a URL."""
    limits = limits_of(parts(request).settings.media)
    most = body_bytes_max(limits.bytes_max, parts(request).settings.server.body_bytes_max)
    body = decode(await read_raw(request, bytes_max=most), CreatePicture)
    about = said(body, parts(request).networks)
    source = check_source(body.source)
    if body.source.type != "base64":
        return await _begin(request, caller, project_id, source, about, body)
    # The request is remembered by what its bytes are, and their text isn't kept beside them.
    body.source.data = None
    data = await asyncio.get_running_loop().run_in_executor(
        parts(request).pixels, decode_file, source
    )
    del source
    return await _store(request, caller, project_id, data, about, body, FIELD)


async def _store(
    request: AnyRequest,
    caller: Caller,
    project_id: str,
    data: bytes,
    about: Said,
    asked: CreatePicture | PictureForm,
    field: str,
) -> Answer[AssignedPicture]:
    """201: the bytes are cleaned and stored, then come the row and its name."""
    stored = await take_in(
        parts(request).storage, parts(request).pixels, caller.organization_id, data,
        limits_of(parts(request).settings.media), keep_original=True, field=field,
    )  # fmt: skip
    look = None
    if await _is_looking(request, caller):
        look = await look_at(request, stored.object_key)

    async def act(tx: Transaction) -> Answer[AssignedPicture]:
        picture = await operations.add(
            tx, caller, links(request, caller), project_id, stored, about,
            only_if_free=only_if_absent(request), look=look,
        )  # fmt: skip
        return _made(request, picture)

    return await write(request, caller, (asked, stored.original_key), act)


async def _begin(
    request: AnyRequest,
    caller: Caller,
    project_id: str,
    source: str,
    about: Said,
    asked: CreatePicture,
) -> Answer[AssignedPicture]:
    """201 for an image of the library, 202 for a URL; a replay tells how the fetch stands."""
    seconds = wait_seconds(request)
    seen = None
    if await _is_looking(request, caller):
        seen = await _look_at_named(request, caller, project_id, source)

    async def act(tx: Transaction) -> Answer[AssignedPicture]:
        picture = await operations.add_from(
            tx, caller, links(request, caller), project_id, source, f"source.{asked.source.type}",
            about, allow_networks=parts(request).networks, only_if_free=only_if_absent(request),
            look=seen,
        )  # fmt: skip
        return _made(request, picture)

    async def look(picture_id: str) -> AssignedPicture:
        async with parts(request).database.reading() as tx:
            found = await operations.look(tx, caller, links(request, caller), picture_id)
        return AssignedPicture(**msgspec.structs.asdict(found))

    async def reattach(picture_id: str) -> Answer[AssignedPicture]:
        return _made(request, await look(picture_id))

    answer = await write(
        request, caller, asked, act, work_id=lambda made: made.id, reattach=reattach
    )
    if seconds and answer.status_code == _FETCHED:
        # The row is committed: whatever the database does now, the client must learn of it.
        with contextlib.suppress(Unavailable):
            found = await wait_in_place(
                request, caller.organization_id, answer.content.id, seconds,
                lambda: look(answer.content.id), lambda seen: seen.status != "processing",
            )  # fmt: skip
            now = _made(request, found)
            now.headers |= answer.headers
            return now
    return answer


async def _is_looking(request: AnyRequest, caller: Caller) -> bool:
    async with parts(request).database.reading() as tx:
        return await unasked.is_looking(tx, caller.organization_id)


async def _look_at_named(
    request: AnyRequest, caller: Caller, project_id: str, source: str
) -> Profile | None:
    """How an image of the library looks; None where `source` names none."""
    with contextlib.suppress(TintypeError):
        async with parts(request).database.reading() as tx:
            key = await operations.stored_at(tx, caller, links(request, caller), project_id, source)
        return await look_at(request, key)
    return None


def _made(request: AnyRequest, picture: AssignedPicture) -> Answer[AssignedPicture]:
    mount = "/api/v1" if request.scope["path"].startswith("/api/") else "/v1"
    return Answer(
        picture, status=_FETCHED if picture.status == "processing" else 201,
        headers={"Location": f"{mount}/pictures/{picture.id}"},
    )  # fmt: skip
