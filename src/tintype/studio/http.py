"""/generate/image, /generate/video and /sketch-to-photo."""

from typing import NamedTuple

import msgspec
from litestar import post

from tintype.api.bodies import read_json
from tintype.api.guard import caller_of, needs
from tintype.api.limits import check_meta
from tintype.api.multipart import is_form, read_form_with
from tintype.api.parts import AnyRequest, parts
from tintype.api.preconditions import only_if_absent
from tintype.api.rendering import Answer
from tintype.api.waiting import cancel_after
from tintype.billing.quotes import Quote
from tintype.core.caller import Caller
from tintype.core.errors import AliasTaken, InsufficientCredits, ValidationFailed
from tintype.db.pool import Transaction
from tintype.generations.answering import links, start
from tintype.generations.models import Generation
from tintype.generations.submit import Created
from tintype.images import operations as images
from tintype.images.intake import StoredPicture, limits_of, take_in
from tintype.images.models import UploadForm
from tintype.studio import operations
from tintype.studio.answering import ENDINGS, finished
from tintype.studio.models import GenerateImage, GenerateVideo, SketchToPhoto

_HEADERS = ["Prefer", "Cancel-After"]
# The parts in which a form's sketch may come.
_SKETCHES = ("image", "sketch", "file")


@post(
    "/generate/image",
    guards=[needs("images:write")],
    opt={
        "body": GenerateImage,
        "answers": [200, 202],
        "headers": [*_HEADERS, "If-None-Match"],
        "errors": [InsufficientCredits, AliasTaken, *ENDINGS],
        "example": {
            "prompt": "a ceramic mug on a linen cloth, morning light",
            "aspect_ratio": "4:3",
            "seed": 7,
        },
    },
)
async def generate_product_photo(request: AnyRequest) -> Answer[Generation] | Answer[Quote]:
    """A product photo: waits a minute unless `Prefer` says otherwise, and answers its end.

    200 with the finished work, 202 past the wait. Work that fails answers its own error, with its
    credits back: PROVIDER_ERROR, PROVIDER_TIMEOUT, CONTENT_REJECTED, ENGINE_UNAVAILABLE or
    VALIDATION_FAILED; CONFLICT for work that was canceled.
    """
    caller = caller_of(request)
    body = await read_json(request, GenerateImage)
    check_meta(body.meta)
    deadline = cancel_after(request)

    async def create(tx: Transaction) -> Created:
        return await operations.image(
            tx, caller, links(request, caller), body,
            allow_networks=parts(request).networks, cancel_after=deadline,
            only_if_free=only_if_absent(request),
        )  # fmt: skip

    return await finished(
        request, caller, body, create, named=lambda field: operations.name_of(field, body)
    )


@post(
    "/generate/video",
    guards=[needs("videos:write")],
    opt={
        "body": GenerateVideo,
        "answers": [201, 202],
        "headers": _HEADERS,
        "errors": [InsufficientCredits],
        "example": {
            "prompt": "slow push in, a red handbag on a pedestal",
            "duration_seconds": 5,
            "aspect_ratio": "9:16",
        },
    },
)
async def generate_video(request: AnyRequest) -> Answer[Generation] | Answer[Quote]:
    """A film of a picture, or of one drawn from the prompt: 202 with the work.

    201 when `Prefer: wait` saw its end.
    """
    caller = caller_of(request)
    body = await read_json(request, GenerateVideo)
    check_meta(body.meta)
    deadline = cancel_after(request)

    async def create(tx: Transaction) -> Created:
        return await operations.video(
            tx, caller, links(request, caller), body,
            allow_networks=parts(request).networks, cancel_after=deadline,
        )  # fmt: skip

    return await start(request, caller, body, create)


@post(
    "/sketch-to-photo",
    guards=[needs("images:write")],
    opt={
        "body": SketchToPhoto,
        "form": SketchToPhoto,
        "answers": [200, 202],
        "headers": [*_HEADERS, "If-None-Match"],
        "errors": [InsufficientCredits, AliasTaken, *ENDINGS],
        "example": {"image": "@sketch", "prompt": "white leather sneaker with a blue sole"},
    },
)
async def sketch_to_photo(request: AnyRequest) -> Answer[Generation] | Answer[Quote]:
    """A photograph of the thing that a sketch shows; waits and answers as `/generate/image` does.

    The sketch is an alias, an id or a URL, or a file of a form, which the library then has too.
    """
    caller = caller_of(request)
    body, drawn = await _read_sketch(request, caller)
    deadline, only_if_free = cancel_after(request), only_if_absent(request)

    async def create(tx: Transaction) -> Created:
        ask = body if drawn is None else await _uploaded(tx, request, caller, body, drawn)
        return await operations.sketch(
            tx, caller, links(request, caller), ask,
            allow_networks=parts(request).networks, cancel_after=deadline,
            only_if_free=only_if_free,
        )  # fmt: skip

    # A replay must bring the same file.
    told = body
    if drawn is not None:
        told = msgspec.structs.replace(body, image=drawn.picture.original_key)
    return await finished(request, caller, told, create)


class _Drawn(NamedTuple):
    """A form's file, stored; its bytes are let go, as its answer is held for a minute."""

    picture: StoredPicture
    filename: str


async def _read_sketch(request: AnyRequest, caller: Caller) -> tuple[SketchToPhoto, _Drawn | None]:
    """The request, and the sketch where it came as a file."""
    if not is_form(request):
        body = await read_json(request, SketchToPhoto)
        check_meta(body.meta)
        return body, None
    limits = limits_of(parts(request).settings.media)
    file, body = await read_form_with(
        request, SketchToPhoto, names=_SKETCHES, file_bytes_max=limits.bytes_max
    )
    check_meta(body.meta)
    if file is None:
        return body, None
    if body.image is not None or body.image_url is not None:
        raise ValidationFailed("image", "is given twice")
    picture = await take_in(
        parts(request).storage, parts(request).pixels, caller.organization_id, file.data,
        limits, keep_original=True, field="image",
    )  # fmt: skip
    return body, _Drawn(picture, file.filename)


async def _uploaded(
    tx: Transaction,
    request: AnyRequest,
    caller: Caller,
    body: SketchToPhoto,
    drawn: _Drawn,
) -> SketchToPhoto:
    """The request with its file as an image of the library, so that the work can be retried."""
    form = UploadForm(
        flow_id=body.flow_id, project_id=body.project_id,
        meta={"filename": drawn.filename} if drawn.filename else {},
    )  # fmt: skip
    image = await images.add_upload(
        tx, caller, links(request, caller), drawn.picture, form, only_if_free=False
    )
    return msgspec.structs.replace(body, image=image.id)


ROUTES = [generate_product_photo, generate_video, sketch_to_photo]
