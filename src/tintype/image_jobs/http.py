"""/uploads and /images/jobs: upload, clean or make real, poll, download."""

from collections.abc import Awaitable, Callable

from litestar import Response, get, post
from litestar.params import FromPath

from tintype.api.bodies import read_json, read_query
from tintype.api.guard import caller_of, needs
from tintype.api.limits import check_meta
from tintype.api.pages import Page
from tintype.api.paging import cursor
from tintype.api.parts import AnyRequest, parts
from tintype.api.preconditions import only_if_absent
from tintype.api.rendering import Answer
from tintype.api.waiting import cancel_after, wait_seconds
from tintype.billing.quotes import Quote
from tintype.core.errors import AliasTaken, Conflict, InsufficientCredits, NotReady
from tintype.db.pool import Transaction
from tintype.generations.answering import links, start, wait
from tintype.generations.models import TERMINAL
from tintype.generations.submit import Created
from tintype.image_jobs import operations
from tintype.image_jobs.models import (
    CreateImageJob,
    GenerateImageJob,
    ImageJob,
    ListImageJobs,
    Upload,
)
from tintype.images import uploading
from tintype.images.models import UploadForm

_PATH = "/images/jobs"


@post(
    "/uploads",
    guards=[needs("images:write")],
    opt={
        "form": UploadForm,
        "answers": [201],
        "headers": ["If-None-Match"],
        "errors": [AliasTaken],
    },
)
async def upload(request: AnyRequest) -> Answer[Upload]:
    """Upload a picture for jobs: JPEG, PNG, WebP or AVIF. It is in the library, too."""
    return await uploading.upload(request, caller_of(request), operations.to_upload)


@post(
    _PATH,
    guards=[needs("images:write")],
    opt={
        "body": CreateImageJob,
        "answers": [201, 202],
        "headers": ["Prefer", "Cancel-After", "If-None-Match"],
        "errors": [InsufficientCredits, AliasTaken],
        "example": {
            "mode": "clean",
            "image_url": "https://example.com/image.webp",
            "strength": 0.8,
            "webhook_url": "https://example.com/callback",
        },
    },
)
async def create_image_job(request: AnyRequest) -> Answer[ImageJob] | Answer[Quote]:
    """Clean a picture or make it realistic: 202 with the job, its credits reserved."""
    return await _begin(request, await read_json(request, CreateImageJob), operations.create)


@post(
    "/images/generate",
    guards=[needs("images:write")],
    opt={
        "body": GenerateImageJob,
        "answers": [201, 202],
        "headers": ["Prefer", "Cancel-After", "If-None-Match"],
        "errors": [InsufficientCredits, AliasTaken],
        "example": {
            "prompt": "a ceramic mug on a wooden table, morning light",
            "mode": "realistic",
            "preset": "film-400",
            "aspect_ratio": "4:3",
        },
    },
)
async def generate_image(request: AnyRequest) -> Answer[ImageJob] | Answer[Quote]:
    """Words to a picture, then the finishing engine, in one job."""
    return await _begin(request, await read_json(request, GenerateImageJob), operations.generate)


@get(_PATH, guards=[needs("images:read")], opt={"query": ListImageJobs})
async def list_image_jobs(request: AnyRequest) -> Answer[Page[ImageJob]]:
    """The image jobs, newest first."""
    caller = caller_of(request)
    asked = read_query(request, ListImageJobs)
    after = cursor(asked, "gen")
    own_links = links(request, caller)
    async with parts(request).database.reading() as tx:
        found, total = await operations.page(tx, caller, own_links, asked, after=after)
    jobs = [operations.to_job(job, own_links) for job in found[: asked.limit]]
    more = len(found) > asked.limit
    return Answer(
        Page(jobs, total, more, jobs[-1].job_id if more else None, asked.limit, asked.offset)
    )


@get(_PATH + "/{job_id:str}", guards=[needs("images:read")], opt={"headers": ["Prefer"]})
async def get_image_job(request: AnyRequest, job_id: FromPath[str]) -> Answer[ImageJob]:
    """One job; `Prefer: wait` holds the answer until it ends."""
    caller = caller_of(request)
    own_links = links(request, caller)
    async with parts(request).database.reading() as tx:
        found = await operations.get(tx, caller, own_links, job_id)
    seconds = wait_seconds(request)
    if seconds and found.status not in TERMINAL:
        found = await wait(request, caller, found.id, seconds)
    return Answer(operations.to_job(found, own_links), credits_used=found.credits_used)


@get(
    _PATH + "/{job_id:str}/download",
    guards=[needs("images:read")],
    opt={"raw": True, "answers": [302], "media_type": "image/*", "errors": [NotReady, Conflict]},
    status_code=302,
)
async def download_image_job(request: AnyRequest, job_id: FromPath[str]) -> Response[bytes]:
    """To the finished picture: 302. NOT_READY before, CONFLICT with the error where it failed."""
    caller = caller_of(request)
    async with parts(request).database.reading() as tx:
        found = await operations.get(tx, caller, links(request, caller), job_id)
    return Response(
        b"", status_code=302,
        headers={"Location": operations.result_url(found), "Cache-Control": "no-store"},
    )  # fmt: skip


async def _begin(
    request: AnyRequest,
    body: CreateImageJob | GenerateImageJob,
    begin: Callable[..., Awaitable[Created]],
) -> Answer[ImageJob] | Answer[Quote]:
    caller = caller_of(request)
    check_meta(body.meta)
    deadline = cancel_after(request)
    own_links = links(request, caller)

    async def create(tx: Transaction) -> Created:
        return await begin(
            tx, caller, own_links, body,
            allow_networks=parts(request).networks, cancel_after=deadline,
            only_if_free=only_if_absent(request),
        )  # fmt: skip

    answer = await start(request, caller, body, create, path=_PATH)
    made = answer.content
    if isinstance(made, Quote):
        return answer.showing(made)
    return answer.showing(operations.to_job(made, own_links))


ROUTES = [
    upload, create_image_job, generate_image, list_image_jobs, get_image_job, download_image_job,
]  # fmt: skip
