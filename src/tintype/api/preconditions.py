"""Conditional headers (RFC 9110 §13)."""

from tintype.api.parts import AnyRequest


def only_if_absent(request: AnyRequest) -> bool:
    """`If-None-Match: *` on a write: do it only where nothing is there yet."""
    return request.headers.get("if-none-match", "").strip() == "*"


def etag_matches(if_none_match: str, etag: str) -> bool:
    """Weak comparison of `If-None-Match` with our tag, as GET wants it."""
    if if_none_match.strip() == "*":
        return True
    tags = (tag.strip().removeprefix("W/") for tag in if_none_match.split(","))
    return etag in tags
