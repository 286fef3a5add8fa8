"""An upload's request: the form read, the picture cleaned and stored, then its row."""

from collections.abc import Callable
from typing import TypeVar

from tintype.api.idempotency import write
from tintype.api.limits import check_meta
from tintype.api.multipart import read_form
from tintype.api.parts import AnyRequest, parts
from tintype.api.preconditions import only_if_absent
from tintype.api.rendering import Answer
from tintype.core.caller import Caller
from tintype.db.pool import Transaction
from tintype.images import operations
from tintype.images.intake import limits_of, take_in
from tintype.images.links import links_of
from tintype.images.models import AssignedImage, UploadForm

T = TypeVar("T")


async def upload(
    request: AnyRequest, caller: Caller, show: Callable[[AssignedImage], T]
) -> Answer[T]:
    """201 with the image as `show` shows it, and where the library has it."""
    limits = limits_of(parts(request).settings.media)
    file, form = await read_form(request, UploadForm, file_bytes_max=limits.bytes_max)
    check_meta(form.meta)
    operations.check_names(form)
    picture = await take_in(
        parts(request).storage, parts(request).pixels, caller.organization_id, file.data, limits,
        keep_original=True,
    )  # fmt: skip
    if file.filename:
        form.meta = {"filename": file.filename} | form.meta

    async def act(tx: Transaction) -> Answer[T]:
        image = await operations.add_upload(
            tx, caller, links_of(parts(request).settings.public_url, caller), picture, form,
            only_if_free=only_if_absent(request),
        )  # fmt: skip
        mount = "/api/v1" if request.scope["path"].startswith("/api/") else "/v1"
        return Answer(show(image), status=201, headers={"Location": f"{mount}/images/{image.id}"})

    return await write(request, caller, (form, picture.original_key), act)
