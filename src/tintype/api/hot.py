"""Raw bytes given again from memory: a bounded store in front of routing, without any query.

An entry is one whole answer to one exact question: path, query, `Accept` and credential. It knows
which objects it depends on and is dropped when one of them is said to have changed, or when its
time is over.

An answer is made from rows that may change while it is made. Whoever makes one therefore reads
`moment()` before the first row and gives it to `keep`, which refuses what was overtaken: without
that, an invalidation that comes while a picture is rendered would find nothing to drop, and the
stale picture would stay.
"""

import functools
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from litestar.types import HTTPScope, Send
from prometheus_client import Counter

from tintype.api.preconditions import etag_matches
from tintype.api.ranges import Unsatisfiable, wanted

_ENTRY_SHARE: Final = 8
# What an entry costs beside its texts and bytes: its objects and its places in the tables.
_ENTRY_BYTES: Final = 2_000
_CHANGES_MAX: Final = 10_000
_CACHE = Counter("tintype_cache_requests", "Requests for raw bytes, by where they came from.",
                 ["route", "result"])  # fmt: skip

Header = tuple[bytes, bytes]
Question = tuple[str, bytes, bytes, bytes, bytes]


class Asking(NamedTuple):
    """What is asked, and the raw headers that shape only this one giving of the answer."""

    question: Question
    accept: bytes
    none_match: bytes
    byte_range: bytes
    if_range: bytes


@dataclass(frozen=True, slots=True)
class HotAnswer:
    """`depends_on` are ids whose change ends the answer; `good_until` is in monotonic seconds."""

    route: str
    body: bytes
    headers: tuple[Header, ...]
    etag: str
    depends_on: frozenset[str]
    good_until: float
    whole: tuple[Header, ...] = field(init=False)

    def __post_init__(self) -> None:
        # The headers of the commonest giving, made once.
        length = (b"content-length", b"%d" % len(self.body))
        object.__setattr__(self, "whole", (*self.headers, length))


class HotStore:
    """Least recently used answers, `bytes_max` in all; one larger than an eighth is not kept."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._answers: OrderedDict[Question, HotAnswer] = OrderedDict()
        self._dependents: dict[str, set[Question]] = {}
        self._now = 0
        self._changed: dict[str, int] = {}
        self._all_changed = 0

    @property
    def size(self) -> int:
        """Bytes that count against the bound now."""
        return self._bytes

    def find(self, question: Question) -> HotAnswer | None:
        answer = self._answers.get(question)
        if answer is None:
            return None
        if answer.good_until < time.monotonic():
            self._drop(question)
            return None
        self._answers.move_to_end(question)
        return answer

    def moment(self) -> int:
        """A point in the order of changes, for `keep`; read it before what the answer rests on."""
        return self._now

    def keep(self, question: Question, answer: HotAnswer, since: int) -> None:
        """Keep an answer begun at `since`, unless it is too large or was overtaken by a change."""
        size = _size(question, answer)
        overtaken = self._all_changed > since or any(
            self._changed.get(subject, 0) > since for subject in answer.depends_on
        )
        if overtaken or size * _ENTRY_SHARE > self._bytes_max:
            return
        self._drop(question)
        self._answers[question] = answer
        self._bytes += size
        for subject in answer.depends_on:
            self._dependents.setdefault(subject, set()).add(question)
        while self._bytes > self._bytes_max:
            self._drop(next(iter(self._answers)))

    def forget(self, changed_id: str | None) -> None:
        """Drop what depends on an object, or (None) everything."""
        self._now += 1
        if changed_id is None or len(self._changed) >= _CHANGES_MAX:
            # With a full list of changes, answers under way count as overtaken, whatever changed.
            self._changed.clear()
            self._all_changed = self._now
        if changed_id is None:
            self._answers.clear()
            self._dependents.clear()
            self._bytes = 0
            return
        self._changed[changed_id] = self._now
        for question in tuple(self._dependents.get(changed_id, ())):
            self._drop(question)

    def _drop(self, question: Question) -> None:
        answer = self._answers.pop(question, None)
        if answer is None:
            return
        self._bytes -= _size(question, answer)
        for subject in answer.depends_on:
            dependents = self._dependents[subject]
            dependents.discard(question)
            if not dependents:
                del self._dependents[subject]


def _size(question: Question, answer: HotAnswer) -> int:
    return len(answer.body) + sum(map(len, question)) + _ENTRY_BYTES


def asked(scope: HTTPScope, path: str | None = None) -> Asking:
    """What is asked. A header given twice makes a question that only its twin repeats.

    `path` is the whole path, where the framework has taken a mount's part off the scope's.
    """
    accept = authorization = api_key = cookie = none_match = byte_range = if_range = b""
    for name, value in scope["headers"]:
        if name == b"accept":
            accept = accept + b"," + value if accept else value
        elif name == b"authorization":
            authorization = authorization + b"\0" + value if authorization else value
        elif name == b"x-api-key":
            api_key = api_key + b"\0" + value if api_key else value
        elif name == b"cookie":
            cookie = cookie + b"\0" + value if cookie else value
        elif name == b"if-none-match":
            none_match = none_match + b"," + value if none_match else value
        elif name == b"range":
            byte_range = value
        elif name == b"if-range":
            if_range = value
    path = scope["path"] if path is None else path
    if path.startswith("/media/"):
        # Nobody's credential opens an image's URL, and only `auto` looks at Accept.
        shaping = accept if path.endswith(".auto") else b""
        question = (path, scope["query_string"], shaping, b"", b"")
    else:
        if cookie:
            api_key += b"\0cookie\0" + cookie
        question = (path, scope["query_string"], accept, authorization, api_key)
    return Asking(question, accept, none_match, byte_range, if_range)


def counted(route: str, result: str) -> None:
    _series(route, result).inc()


@functools.cache
def _series(route: str, result: str) -> Counter:
    """Looked up once: finding a series takes as long as finding the answer."""
    return _CACHE.labels(route, result)


async def send_answer(
    answer: HotAnswer, asking: Asking, send: Send, *, method: str, more: tuple[Header, ...] = ()
) -> None:
    """Send an answer whole, as 304, or as one range (RFC 9110 §13 and §14)."""
    status, body, headers = 200, answer.body, [*answer.whole, *more]
    if asking.none_match and etag_matches(asking.none_match.decode("latin-1"), answer.etag):
        status, body, headers = 304, b"", [*answer.headers, *more]
    elif method == "GET":
        status, body, headers = _asked_part(answer, asking, more)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send(
        {
            "type": "http.response.body",
            "body": b"" if method == "HEAD" else body,
            "more_body": False,
        }
    )


def _asked_part(
    answer: HotAnswer, asking: Asking, more: tuple[Header, ...]
) -> tuple[int, bytes, list[Header]]:
    size = len(answer.body)
    try:
        part = wanted(asking.byte_range, asking.if_range, answer.etag, size)
    except Unsatisfiable:
        unsatisfied = (b"content-range", b"bytes */%d" % size)
        return 416, b"", [*answer.headers, *more, unsatisfied, (b"content-length", b"0")]
    if part is None:
        return 200, answer.body, [*answer.whole, *more]
    return 206, answer.body[part.start : part.end], [
        *answer.headers, *more,
        (b"content-range", part.content_range(size)),
        (b"content-length", b"%d" % (part.end - part.start)),
    ]  # fmt: skip
