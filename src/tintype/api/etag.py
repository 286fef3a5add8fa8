"""Tags (`tags.py`) in requests and answers: `If-Match`, `If-None-Match` and `ETag`."""

import re
from typing import Any, Final, TypeVar

from tintype.api.parts import AnyRequest
from tintype.api.preconditions import etag_matches
from tintype.api.rendering import Answer
from tintype.api.tags import ANY, Tags, etag_of
from tintype.core.errors import ValidationFailed

T = TypeVar("T")
_TAG: Final = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_TAG_RE: Final = re.compile(_TAG)
# Lists may have empty elements (RFC 9110 §5.6.1).
_LIST_RE: Final = re.compile(rf"[ \t,]*{_TAG}(?:[ \t]*,[ \t,]*(?:{_TAG})?)*[ \t]*")
_CHARACTERS_MAX: Final = 4096


def tagged(answer: Answer[T]) -> Answer[T]:
    """The answer with the tag of what it shows."""
    answer.headers["ETag"] = etag_of(answer.content)
    return answer


def shown(request: AnyRequest, resource: T, *, version: Any = None) -> Answer[T]:
    """200 with the resource and its tag, or 304 to a client that has it (`If-None-Match`).

    `version` is what the tag is made of where the resource shows what is no part of it, such as
    the times in signed URLs.
    """
    tag = etag_of(resource if version is None else version)
    asked = ",".join(request.headers.getall("if-none-match", []))
    status = 304 if asked and etag_matches(asked, tag) else 200
    return Answer(
        resource, status=status, headers={"ETag": tag, "Cache-Control": "private, no-cache"}
    )


def if_match(request: AnyRequest) -> Tags | None:
    """The tags of `If-Match`, which may be `*`; None where the request has no such header.

    Raises ValidationFailed for a header that is neither: what a client meant as a guard must not be
    passed over.
    """
    lines = request.headers.getall("if-match", [])
    if not lines:
        return None
    text = ",".join(lines)
    if text.strip() == ANY:
        return frozenset({ANY})
    if len(text) > _CHARACTERS_MAX or not _LIST_RE.fullmatch(text):
        raise ValidationFailed("If-Match", 'must be * or ETags in quotes, as in "33a64df5"')
    return frozenset(_TAG_RE.findall(text))
