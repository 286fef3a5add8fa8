"""The picture of a request as a file of its form: stored, and then an image of the library."""

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeVar

import msgspec

from tintype.api.bodies import read_json
from tintype.api.limits import check_meta
from tintype.api.multipart import is_form, read_form_with
from tintype.api.parts import AnyRequest, parts
from tintype.core.caller import Caller
from tintype.core.errors import ValidationFailed
from tintype.db.pool import Transaction
from tintype.generations.answering import links
from tintype.images import operations as images
from tintype.images.intake import StoredPicture, limits_of, take_in
from tintype.images.models import UploadForm
from tintype.studio.models import GenerateVideo, SketchToPhoto

Ask = TypeVar("Ask", GenerateVideo, SketchToPhoto)
SKETCHES: Final = ("image", "sketch", "file")
"""The parts in which a form's sketch may come."""
PICTURES: Final = ("image", "file")
"""Those in which a film's picture may come."""


class Given(NamedTuple):
    """A form's file, stored; its bytes are let go, as its answer may be held for a minute."""

    picture: StoredPicture
    filename: str


async def read_with_picture(
    request: AnyRequest, caller: Caller, struct: type[Ask], names: Sequence[str]
) -> tuple[Ask, Given | None]:
    """The request, and its picture where that came as a file in a part of one of `names`.

    Raises ValidationFailed on `image` where the form names another picture beside it.
    """
    if not is_form(request):
        body = await read_json(request, struct)
        check_meta(body.meta)
        return body, None
    limits = limits_of(parts(request).settings.media)
    file, body = await read_form_with(request, struct, names=names, file_bytes_max=limits.bytes_max)
    check_meta(body.meta)
    if file is None:
        return body, None
    if body.image is not None or body.image_url is not None:
        raise ValidationFailed("image", "is given twice")
    picture = await take_in(
        parts(request).storage, parts(request).pixels, caller.organization_id, file.data,
        limits, keep_original=True, field="image",
    )  # fmt: skip
    return body, Given(picture, file.filename)


async def with_upload(
    tx: Transaction, request: AnyRequest, caller: Caller, body: Ask, given: Given | None
) -> Ask:
    """The request with its file as an image of the library, so that the work can be retried."""
    if given is None:
        return body
    form = UploadForm(
        flow_id=body.flow_id, project_id=body.project_id,
        meta={"filename": given.filename} if given.filename else {},
    )  # fmt: skip
    image = await images.add_upload(
        tx, caller, links(request, caller), given.picture, form, only_if_free=False
    )
    return msgspec.structs.replace(body, image=image.id)


def told(body: Ask, given: Given | None) -> Ask:
    """What stands for the request under an `Idempotency-Key`: a replay must bring the same file."""
    if given is None:
        return body
    return msgspec.structs.replace(body, image=given.picture.original_key)
