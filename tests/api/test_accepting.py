"""Which kind of an answer `Accept` asks for."""

import pytest
from litestar.testing import RequestFactory

from tintype.api.accepting import accepted

OFFERED = ("application/json", "text/csv", "application/jsonl")
JSON, CSV, JSONL = OFFERED


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("text/csv", CSV),
        ("TEXT/CSV ; Q=1", CSV),
        ("text/*", CSV),
        ("text/csv;charset=utf-8;q=0.9", CSV),
        ("text/html, image/webp", JSON),
        ("text/html,application/xhtml+xml,*/*;q=0.8", JSON),
        ("*/*, text/csv", CSV),
        ("text/csv, */*", CSV),
        ("text/csv, application/jsonl", CSV),
        ("application/jsonl, text/csv", JSONL),
        ("text/csv;q=0.2, application/json;q=0.9", JSON),
        ("application/json;q=0.2, text/csv;q=0.9", CSV),
        ("text/csv;q=0", JSON),
        ("application/json;q=0, */*", CSV),
        ("application/json;q=0, text/csv;q=0, */*;q=0.001", JSONL),
        ("*/*;q=0", JSON),
        # A quality that is none counts as if it weren't there.
        ("text/csv;q=inf", CSV),
        ("text/csv;q=nan, application/jsonl;q=0.5", CSV),
        ("text/csv;q=-1", CSV),
        ("text/csv;q=", CSV),
        (",;,/,q=1;;", JSON),
    ],
)
def test_the_best_liked_kind_is_chosen(header: str | None, wanted: str) -> None:
    headers = {} if header is None else {"Accept": header}
    request = RequestFactory().get("/", headers=headers)
    assert accepted(request, OFFERED) == wanted


def test_several_lines_are_one_list() -> None:
    request = RequestFactory().get("/")
    request.scope["headers"] = [(b"accept", b"text/csv;q=0.5"), (b"accept", b"application/jsonl")]
    assert accepted(request, OFFERED) == JSONL
