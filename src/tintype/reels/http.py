"""/videos: reels of approved pictures; films of other work are listed beside them."""

import asyncio
import contextlib

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath
from litestar.response import Stream

from tintype.accounts.models import require_feature
from tintype.api.bodies import decode, read_query, read_raw
from tintype.api.guard import caller_of, needs
from tintype.api.idempotency import write
from tintype.api.limits import check_meta
from tintype.api.pages import Page
from tintype.api.paging import cursor, page
from tintype.api.parts import AnyRequest, parts
from tintype.api.rendering import Answer
from tintype.api.waiting import cancel_after, wait_seconds
from tintype.billing.quotes import Quote
from tintype.core.caller import Caller
from tintype.core.errors import Conflict, InsufficientCredits, TintypeError, Unavailable
from tintype.db.pool import Transaction
from tintype.events.streaming import stream
from tintype.generations.answering import links, start, wait
from tintype.generations.models import STATUS_WORDS, TERMINAL
from tintype.generations.sources import REEL_FILES
from tintype.generations.staging import FEATURES
from tintype.generations.submit import Created
from tintype.media.sound.decode import BYTES_MAX
from tintype.pictures.sources import body_bytes_max
from tintype.projects import operations as projects
from tintype.reels import operations
from tintype.reels.models import CreateVideo, ListVideos
from tintype.reels.sounds import StoredSound, take_in
from tintype.reels.storyboard import Storyboard, planned, tried
from tintype.videos import operations as videos
from tintype.videos.models import Video

_PATH = "/videos"


@post(
    _PATH,
    guards=[needs("videos:write")],
    opt={
        "body": CreateVideo,
        "answers": [201, 202],
        "headers": ["Prefer", "Cancel-After"],
        "errors": [InsufficientCredits],
        "example": {
            "project_id": "prj_01m6x9c8q4f6a9s2k7w3r5t1yz",
            "title": "Gdynia apartment",
            "captions": "scene",
            "duration_seconds": 20,
            "aspect_ratio": "9:16",
            "transition": "fade",
            "background": {"mood": "warm"},
        },
    },
)
async def create_video(request: AnyRequest) -> Answer[Video] | Answer[Quote]:
    """A reel of a project's approved pictures: 202 with the video, on its way to be made.

    201 when `Prefer: wait` saw its end.
    """
    caller = caller_of(request)
    require_feature(caller, FEATURES["video"])
    body, sound = await _read(request, caller)
    deadline = cancel_after(request)
    spoken = await _tried(request, caller, body)

    async def create(tx: Transaction) -> Created:
        return await operations.create(
            tx, caller, body, spoken=spoken, sound=sound, bytes_max=_bytes_max(request),
            allow_networks=parts(request).networks, cancel_after=deadline,
        )  # fmt: skip

    answer = await start(request, caller, body, create, path=_PATH)
    made = answer.content
    if isinstance(made, Quote):
        return answer.showing(made)
    async with parts(request).database.reading() as tx:
        row = await videos.of_work(tx, caller, made.id)
    location = answer.headers["Location"].rpartition("/")[0]
    answer.headers["Location"] = f"{location}/{row['id']}"
    return answer.showing(videos.to_video(row, links(request, caller)))


@get(_PATH, guards=[needs("videos:read")], opt={"query": ListVideos})
async def list_videos(request: AnyRequest) -> Answer[Page[Video]]:
    """Reels and the films of other work, newest first."""
    caller = caller_of(request)
    asked = read_query(request, ListVideos)
    after = cursor(asked, "vid")
    async with parts(request).database.reading() as tx:
        filters = {
            "project_id": await projects.chosen(tx, caller, asked.project_id),
            "status": STATUS_WORDS[asked.status] if asked.status else None,
        }
        rows, total = await videos.page(
            tx, caller, filters, after=after, offset=asked.offset, limit=asked.limit
        )
    own_links = links(request, caller)
    return Answer(page(rows, total, asked, lambda row: videos.to_video(row, own_links)))


@get(_PATH + "/{video_id:str}", guards=[needs("videos:read")], opt={"headers": ["Prefer"]})
async def get_video(request: AnyRequest, video_id: FromPath[str]) -> Answer[Video]:
    """One video, in whatever state; `Prefer: wait` holds the answer until its work ends."""
    caller = caller_of(request)
    found = await _look(request, caller, video_id)
    seconds = wait_seconds(request)
    if seconds and found.status not in TERMINAL:
        await wait(request, caller, found.generation_id, seconds)
        found = await _look(request, caller, video_id)
    return Answer(found, credits_used=found.credits_used)


@get(
    _PATH + "/{video_id:str}/events",
    guards=[needs("videos:read")],
    opt={"media_type": "text/event-stream", "headers": ["Last-Event-ID"]},
)
async def stream_video(request: AnyRequest, video_id: FromPath[str]) -> Stream:
    """Server-Sent Events until the video's work ends: its progress, then how it ended."""
    caller = caller_of(request)
    found = await _look(request, caller, video_id)

    async def snapshot() -> tuple[bytes, float, bool]:
        now = await _look(request, caller, found.id)
        body = {"id": now.id, "status": now.status, "progress": now.progress}
        return msgspec.json.encode(body), now.progress, now.status in TERMINAL

    return stream(request, caller, found.id, snapshot)


@post(
    _PATH + "/{video_id:str}/cancel",
    guards=[needs("videos:write")],
    opt={"answers": [200, 202], "headers": ["Prefer"], "errors": [Conflict]},
)
async def cancel_video(request: AnyRequest, video_id: FromPath[str]) -> Answer[Video]:
    """Cancel: queued work at once (200), running work as soon as its engine lets go (202)."""
    caller = caller_of(request)
    own_links = links(request, caller)

    async def act(tx: Transaction) -> Answer[Video]:
        found = videos.to_video(await operations.cancel(tx, caller, video_id), own_links)
        return Answer(found, status=200 if found.status in TERMINAL else 202)

    seconds = wait_seconds(request)
    answer = await write(request, caller, None, act)
    if seconds and answer.status_code == 202:  # noqa: PLR2004
        with contextlib.suppress(Unavailable):
            await wait(request, caller, answer.content.generation_id, seconds)
            found = await _look(request, caller, video_id)
            answer.content = found
            answer.status_code = 200 if found.status in TERMINAL else 202
    return answer


@delete(_PATH + "/{video_id:str}", guards=[needs("videos:write")], status_code=204)
async def delete_video(request: AnyRequest, video_id: FromPath[str]) -> Answer[None]:
    """Delete a video; running work on it is canceled first."""
    caller = caller_of(request)

    async def act(tx: Transaction) -> Answer[None]:
        await operations.delete(tx, caller, video_id)
        return Answer(None, status=204)

    return await write(request, caller, None, act)


async def _look(request: AnyRequest, caller: Caller, video_id: str) -> Video:
    async with parts(request).database.reading() as tx:
        row = await videos.find(tx, caller, video_id)
    return videos.to_video(row, links(request, caller))


async def _read(request: AnyRequest, caller: Caller) -> tuple[CreateVideo, StoredSound | None]:
    """The request, and the sound file that came in it: stored, and named in its place by its key.

    So a request that is sent again under its key must bring the same file.
    """
    settings = parts(request).settings
    most = min(BYTES_MAX, settings.media.upload_bytes_max)
    rest = settings.server.body_bytes_max
    raw = await read_raw(request, bytes_max=body_bytes_max(most, rest))
    body = decode(raw, CreateVideo)
    check_meta(body.meta)
    if body.background is None or body.background.audio is None:
        return body, None
    sound = await take_in(
        parts(request).storage, parts(request).pixels, caller.organization_id,
        body.background.audio, bytes_max=most,
    )  # fmt: skip
    named = msgspec.structs.replace(body.background, audio=sound.object_key)
    return msgspec.structs.replace(body, background=named), sound


async def _tried(request: AnyRequest, caller: Caller, body: CreateVideo) -> float:
    """How long the voice speaks; refuses words that can't be drawn or said.

    Whatever else is wrong is said where it counts, in the transaction; of a request that is sent
    again under its key that is nothing, whatever became of the pictures.
    """
    board: Storyboard | None = None
    with contextlib.suppress(TintypeError):
        async with parts(request).database.reading() as tx:
            board = await planned(tx, caller, body, bytes_max=_bytes_max(request))
    if board is None:
        return 0.0
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(parts(request).pixels, tried, body, board)


def _bytes_max(request: AnyRequest) -> int:
    return REEL_FILES * parts(request).settings.media.upload_bytes_max


ROUTES = [create_video, list_videos, get_video, stream_video, cancel_video, delete_video]
