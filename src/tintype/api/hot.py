"""Raw bytes given again from memory: a bounded store in front of routing, without any query.

An entry is one whole answer to one exact question: path, query, `Accept` and credential. It knows
which objects it depends on and is dropped when one of them is said to have changed, or when its
time is over.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from litestar.types import Scope, Send
from prometheus_client import Counter

from tintype.api.preconditions import etag_matches

_ENTRY_SHARE: Final = 8
_CACHE = Counter("tintype_cache_requests", "Requests for raw bytes, by where they came from.",
                 ["route", "result"])  # fmt: skip

Question = tuple[str, bytes, bytes, bytes, bytes]


@dataclass(frozen=True, slots=True)
class HotAnswer:
    """`depends_on` are ids whose change ends the answer; `good_until` is in monotonic seconds."""

    route: str
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    etag: str
    depends_on: frozenset[str]
    good_until: float


class HotStore:
    """Least recently used answers, `bytes_max` in all; one larger than an eighth is not kept."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._answers: OrderedDict[Question, HotAnswer] = OrderedDict()

    def find(self, question: Question) -> HotAnswer | None:
        answer = self._answers.get(question)
        if answer is None:
            return None
        if answer.good_until < time.monotonic():
            self._drop(question)
            return None
        self._answers.move_to_end(question)
        return answer

    def keep(self, question: Question, answer: HotAnswer) -> None:
        if len(answer.body) * _ENTRY_SHARE > self._bytes_max:
            return
        self._drop(question)
        self._answers[question] = answer
        self._bytes += len(answer.body)
        while self._bytes > self._bytes_max:
            self._drop(next(iter(self._answers)))

    def forget(self, changed_id: str | None) -> None:
        """Drop what depends on an object, or (None) everything."""
        if changed_id is None:
            self._answers.clear()
            self._bytes = 0
            return
        for question, answer in list(self._answers.items()):
            if changed_id in answer.depends_on:
                self._drop(question)

    def _drop(self, question: Question) -> None:
        answer = self._answers.pop(question, None)
        if answer is not None:
            self._bytes -= len(answer.body)


def question_of(scope: Scope) -> tuple[Question, bytes, bytes]:
    """What is asked, with the raw `If-None-Match` and `Range` of this asking."""
    accept = authorization = api_key = none_match = byte_range = b""
    for name, value in scope["headers"]:
        if name == b"accept":
            accept = value
        elif name == b"authorization":
            authorization = value
        elif name == b"x-api-key":
            api_key = value
        elif name == b"if-none-match":
            none_match = value
        elif name == b"range":
            byte_range = value
    question = (scope["path"], scope["query_string"], accept, authorization, api_key)
    return question, none_match, byte_range


def counted(route: str, result: str) -> None:
    _CACHE.labels(route, result).inc()


async def send_answer(
    answer: HotAnswer, send: Send, *, method: str, none_match: bytes, byte_range: bytes
) -> int:
    """Send an answer whole, as 304, or as one range (RFC 9110 §14); answer the status sent."""
    headers = list(answer.headers)
    status, body = 200, answer.body
    if none_match and etag_matches(none_match.decode("latin-1"), answer.etag):
        status, body = 304, b""
    elif byte_range:
        status, body = _slice(answer, byte_range, headers)
    if status != 304:  # noqa: PLR2004
        headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send(
        {
            "type": "http.response.body",
            "body": b"" if method == "HEAD" else body,
            "more_body": False,
        }
    )
    return status


def _slice(
    answer: HotAnswer, byte_range: bytes, headers: list[tuple[bytes, bytes]]
) -> tuple[int, bytes]:
    """A single `bytes=` range; anything else that isn't valid is answered whole."""
    size = len(answer.body)
    unit, _, spec = byte_range.partition(b"=")
    first, dash, last = spec.strip().partition(b"-")
    if unit.strip() != b"bytes" or not dash or b"," in spec or len(spec) > 40:  # noqa: PLR2004
        return 200, answer.body
    if (first and not first.isdigit()) or (last and not last.isdigit()) or not (first or last):
        return 200, answer.body
    start = int(first) if first else max(0, size - int(last))
    end = min(size - 1, int(last)) if first and last else size - 1
    if start >= size or (first and last and int(last) < start) or (not first and int(last) == 0):
        headers.append((b"content-range", b"bytes */%d" % size))
        return 416, b""
    headers.append((b"content-range", b"bytes %d-%d/%d" % (start, end, size)))
    return 206, answer.body[start : end + 1]
