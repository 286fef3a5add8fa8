"""/generate/image, /generate/video and /sketch-to-photo."""

from litestar import post

from tintype.api.bodies import read_json
from tintype.api.guard import caller_of, needs
from tintype.api.limits import check_meta
from tintype.api.parts import AnyRequest, parts
from tintype.api.preconditions import only_if_absent
from tintype.api.rendering import Answer
from tintype.api.waiting import cancel_after
from tintype.billing.quotes import Quote
from tintype.core.errors import AliasTaken, InsufficientCredits
from tintype.db.pool import Transaction
from tintype.generations.answering import links, start
from tintype.generations.models import Generation
from tintype.generations.submit import Created
from tintype.studio import operations
from tintype.studio.answering import ENDINGS, finished
from tintype.studio.models import GenerateImage, GenerateVideo, SketchToPhoto
from tintype.studio.pictures import PICTURES, SKETCHES, read_with_picture, told, with_upload

_HEADERS = ["Prefer", "Cancel-After"]


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
        "form": GenerateVideo,
        "files": PICTURES,
        "file_optional": True,
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

    201 when `Prefer: wait` saw its end. The picture is an alias, an id or a URL, or a file of a
    form, which the library then has too.
    """
    caller = caller_of(request)
    body, given = await read_with_picture(request, caller, GenerateVideo, PICTURES)
    deadline = cancel_after(request)

    async def create(tx: Transaction) -> Created:
        ask = await with_upload(tx, request, caller, body, given)
        return await operations.video(
            tx, caller, links(request, caller), ask,
            allow_networks=parts(request).networks, cancel_after=deadline,
        )  # fmt: skip

    return await start(request, caller, told(body, given), create)


@post(
    "/sketch-to-photo",
    guards=[needs("images:write")],
    opt={
        "body": SketchToPhoto,
        "form": SketchToPhoto,
        "files": SKETCHES,
        "file_optional": True,
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
    body, drawn = await read_with_picture(request, caller, SketchToPhoto, SKETCHES)
    deadline, only_if_free = cancel_after(request), only_if_absent(request)

    async def create(tx: Transaction) -> Created:
        ask = await with_upload(tx, request, caller, body, drawn)
        return await operations.sketch(
            tx, caller, links(request, caller), ask,
            allow_networks=parts(request).networks, cancel_after=deadline,
            only_if_free=only_if_free,
        )  # fmt: skip

    return await finished(request, caller, told(body, drawn), create)


ROUTES = [generate_product_photo, generate_video, sketch_to_photo]
