"""GET /live: a prompt in a URL, answered with a picture. POST /live/urls: that, without a key."""

import time
from datetime import UTC, datetime
from typing import Any, Final, cast

import msgspec
from litestar import asgi, post
from litestar.connection import ASGIConnection
from litestar.exceptions import MethodNotAllowedException
from litestar.types import HTTPScope, Receive, Scope, Send

from tintype.accounts.models import terms
from tintype.api import guard
from tintype.api.bodies import query_of, read_json
from tintype.api.guard import caller_of, needs
from tintype.api.hot import HotAnswer, asked, counted, send_answer
from tintype.api.idempotency import write
from tintype.api.parts import AnyRequest, Parts, parts
from tintype.api.rendering import Answer
from tintype.api.waiting import wait_until
from tintype.core import ids
from tintype.core.caller import Caller
from tintype.core.errors import (
    ContentRejected,
    EngineUnavailable,
    Forbidden,
    InsufficientCredits,
    NotFound,
    ProviderError,
    ProviderTimeout,
    RateLimited,
    TintypeError,
    Unauthorized,
)
from tintype.db.pool import Row, Transaction
from tintype.images import delivery
from tintype.images import operations as images
from tintype.images.links import Links, links_of
from tintype.live import operations, queries, signing
from tintype.live.models import CreateLiveUrl, LiveQuery, LiveUrl

_WAIT_SECONDS: Final = 60
_MEMORY_SECONDS: Final = 30.0
_CACHE_SECONDS: Final = 86_400
_OPEN: Final = frozenset({"queued", "processing"})
_FAULTS: Final[dict[str, type[TintypeError]]] = {
    "CONTENT_REJECTED": ContentRejected,
    "PROVIDER_TIMEOUT": ProviderTimeout,
    "ENGINE_UNAVAILABLE": EngineUnavailable,
}


@asgi(
    "/live",
    copy_scope=False,
    opt={
        "raw": True,
        "query": LiveQuery,
        "scope": "images:write",
        "media_type": "image/*",
        "headers": ["If-None-Match", "Range"],
        "answers": [200, 206, 304, 416],
        "errors": [
            Unauthorized, InsufficientCredits, Forbidden, NotFound, RateLimited, ContentRejected,
            ProviderError, EngineUnavailable, ProviderTimeout,
        ],
    },
)  # fmt: skip
async def live(scope: Scope, receive: Receive, send: Send) -> None:
    """The picture of a prompt: cached by what is asked, made once, raw bytes."""
    del receive
    http = cast("HTTPScope", scope)
    if http["method"] not in {"GET", "HEAD"}:
        raise MethodNotAllowedException(headers={"Allow": "GET, HEAD"})
    state = http["litestar_app"].state
    made: Parts = state.parts
    connection: ASGIConnection[Any, Any, Any, Any] = ASGIConnection(http)
    asking = asked(http)
    query = query_of(http["query_string"], LiveQuery)
    since = state.hot.moment()
    caller, may_draw = await _caller(connection, query)
    guard.require_scope(caller, "images:write")
    links = links_of(made.settings.public_url, caller)
    async with made.database.reading() as tx:
        wanted = await operations.normalize(tx, caller, links, query, made.networks)
        entry = await operations.cached(tx, caller, wanted)
    hit = entry is not None and entry["status"] == "completed"
    if not hit and not may_draw:
        raise Forbidden("The key that signed this URL has ended; it draws nothing new.")
    if not hit and http["method"] == "HEAD":
        await _send_not_yet(send)
        return
    if not hit:
        entry = await _miss(made, connection, caller, links, wanted)
    assert entry is not None
    answer = await _answer(
        made, state.flight, caller, query, entry, asking.accept, by_alias=wanted.by_alias
    )
    if not wanted.by_alias:
        state.hot.keep(asking.question, answer, since)
    counted("live", "hit" if hit else "miss")
    await send_answer(_with_status(answer, hit=hit), asking, send, method=http["method"])


@post("/live/urls", guards=[needs("images:write")], opt={"body": CreateLiveUrl, "answers": [201]})
async def create_live_url(request: AnyRequest) -> Answer[LiveUrl]:
    """Sign a live URL for a page: it needs no key, and its parameters can't be changed."""
    caller = caller_of(request)
    body = await read_json(request, CreateLiveUrl)
    # The URL is read without the key, so the project that binds the key must stand in it.
    body.project_id = body.project_id or caller.project_id
    made = parts(request)
    links = links_of(made.settings.public_url, caller)
    url, expires = signing.sign(
        made.settings.public_url, caller.organization_id, caller.signing_secret, body,
        caller.key_id,
    )  # fmt: skip

    async def act(tx: Transaction) -> Answer[LiveUrl]:
        query = query_of(url.partition("?")[2].encode(), LiveQuery)
        await operations.normalize(tx, caller, links, query, made.networks)
        expires_at = None if expires is None else datetime.fromtimestamp(expires, UTC)
        return Answer(LiveUrl(url=url, expires_at=expires_at), status=201)

    return await write(request, caller, body, act)


async def _caller(
    connection: ASGIConnection[Any, Any, Any, Any], query: LiveQuery
) -> tuple[Caller, bool]:
    """By signature where the URL has one, else by key; and whether they may have a picture drawn.

    A page's pictures outlive the key that signed their URLs: they are paid for. New ones don't.
    """
    state = connection.app.state
    if query.sig is None:
        found = await guard.authenticated(connection, spends=True)
        return msgspec.structs.replace(found, source="live"), True
    wrong = Forbidden("This URL's signature does not fit its parameters.")
    if query.org is None or not ids.is_id("org", query.org):
        raise wrong
    if query.key is not None and not ids.is_id("key", query.key):
        raise wrong
    async with state.parts.database.reading() as tx:
        row = await queries.signer(tx, query.org, query.key)
    if row is None:
        raise wrong
    signing.check(row["signing_secret"], query)
    caller = Caller(
        organization_id=query.org, scopes=frozenset({"images:write"}),
        livemode=row["livemode"], source="live", key_id=row["key_id"],
        project_id=row["project_id"], capped=row["capped"],
        **terms(row["plan"], row),
        private_media=row["private_media"], signing_secret=row["signing_secret"],
    )  # fmt: skip
    return caller, row["may_draw"]


async def _miss(
    made: Parts,
    connection: ASGIConnection[Any, Any, Any, Any],
    caller: Caller,
    links: Links,
    wanted: operations.Wanted,
) -> Row:
    """Have the picture made, once however many ask, and wait for it."""
    await guard.count(made, connection, caller)
    made.places.require_room(caller.organization_id)
    async with made.database.transaction() as tx:
        generation_id = await operations.start(tx, caller, links, wanted, made.networks)

    async def look() -> Row:
        async with made.database.reading() as tx:
            row = await queries.entry(tx, caller.organization_id, wanted.digest)
        if row is None:
            raise NotFound("The picture was deleted while it was made.")
        return row

    with made.places.held(caller.organization_id):
        row = await wait_until(
            made.signals, generation_id, _WAIT_SECONDS, look,
            lambda found: found["status"] not in _OPEN,
        )  # fmt: skip
    if row["status"] in _OPEN:
        raise ProviderTimeout("The picture is still being made; ask again for it.")
    if row["status"] == "failed":
        error = row["error"]
        raise _FAULTS.get(error["code"], ProviderError)(error["message"])
    if row["image_id"] is None:
        raise NotFound("The picture was deleted while it was made.")
    return row


async def _answer(
    made: Parts,
    flight: delivery.SingleFlight,
    caller: Caller,
    query: LiveQuery,
    entry: Row,
    accept: bytes,
    *,
    by_alias: bool,
) -> HotAnswer:
    """An alias may move at any moment: an answer by one is asked for anew each time (by ETag)."""
    async with made.database.reading() as tx:
        row = await images.deliverable(tx, entry["image_id"])
    if row is None:
        raise NotFound("The picture was deleted.")
    kind = delivery.chosen_format(row, query.format, accept.decode("latin-1"))
    media = delivery.MediaQuery(w=None if query.w is None else str(query.w))
    body, etag = await delivery.picture(made, flight, row, media, kind)
    memory_seconds, cache_seconds = _MEMORY_SECONDS, _CACHE_SECONDS
    if query.exp is not None:
        left = query.exp - time.time()
        memory_seconds, cache_seconds = (
            min(memory_seconds, left),
            max(0, min(cache_seconds, int(left))),
        )
    depends_on = {row["id"], caller.organization_id, entry["generation_id"]}
    depends_on |= {it for it in (caller.key_id, caller.session_id, caller.user_id) if it}
    if caller.expires_at_unix is not None:
        memory_seconds = min(memory_seconds, caller.expires_at_unix - time.time())
    scope_word = "public" if query.sig and not caller.private_media else "private"
    return delivery.hot_answer(
        "live", body, kind, etag,
        cache_control=f"{scope_word}, " + ("no-cache" if by_alias else f"max-age={cache_seconds}"),
        vary=query.format == "auto",
        depends_on=frozenset(depends_on),
        good_until=time.monotonic() + memory_seconds,
        more=(
            (b"x-generation-id", entry["generation_id"].encode()),
            (b"x-cache-status", b"HIT"),
        ),
    )  # fmt: skip


async def _send_not_yet(send: Send) -> None:
    """HEAD of what isn't drawn: a link checker must not cost a picture."""
    headers = [(b"x-cache-status", b"MISS"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _with_status(answer: HotAnswer, *, hit: bool) -> HotAnswer:
    """What memory keeps says HIT; the request that had it made is told MISS."""
    if hit:
        return answer
    headers = tuple(
        (name, b"MISS" if name == b"x-cache-status" else value) for name, value in answer.headers
    )
    return HotAnswer(
        answer.route, answer.body, headers, answer.etag, answer.depends_on, answer.good_until
    )


ROUTES = [live, create_live_url]
