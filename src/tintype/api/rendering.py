"""Answers and errors, in the shape of the mount that was asked.

Handlers return an `Answer` with the bare resource; only here is it wrapped for /api/v1. Errors of
our own tree, the framework's and unforeseen ones all leave through `error_response`.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from litestar import Litestar, Response
from litestar.exceptions import HTTPException
from litestar.response.base import ASGIResponse

from tintype.api.exchange import exchange_of
from tintype.api.pages import Page
from tintype.api.parts import AnyRequest
from tintype.core import log
from tintype.core.errors import BadRequest, Internal, MethodNotAllowed, NotFound, TintypeError

T = TypeVar("T")
U = TypeVar("U")
_log = log.get("tintype.api")
_JSON = "application/json"


class Answer(Response[T]):
    """A resource with its status, and the credits that the request moved."""

    def __init__(
        self,
        content: T,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        credits_used: int | None = None,
        credits_remaining: int | None = None,
    ) -> None:
        super().__init__(content, status_code=status, headers=headers)
        self.credits_used = credits_used
        self.credits_remaining = credits_remaining

    def showing(self, content: U) -> "Answer[U]":
        """The same answer with other content."""
        return Answer(
            content, status=self.status_code or 200, headers=self.headers,
            credits_used=self.credits_used, credits_remaining=self.credits_remaining,
        )  # fmt: skip

    def to_asgi_response(self, app: Litestar | None, request: AnyRequest, **_: Any) -> ASGIResponse:
        """Render for the mount; the other parameters of the framework's own response are unused."""
        del app
        exchange = exchange_of(request.scope)
        headers = dict(self.headers)
        if self.credits_used is not None:
            headers["X-Credits-Used"] = str(self.credits_used)
        if self.credits_remaining is not None:
            headers["X-Credits-Remaining"] = str(self.credits_remaining)
        body = b""
        if self.status_code != 204 and self.status_code != 304:  # noqa: PLR1714, PLR2004
            body = self._enveloped(exchange.request_id) if exchange.enveloped else self._bare()
        return ASGIResponse(
            body=body, status_code=self.status_code, headers=headers, media_type=_JSON
        )

    def _bare(self) -> bytes:
        if isinstance(self.content, Page):
            page = self.content
            return msgspec.json.encode(
                {"object": "list", "data": page.items, "has_more": page.has_more,
                 "total": page.total, "next": page.next}
            )  # fmt: skip
        return msgspec.json.encode(self.content)

    def _enveloped(self, request_id: str) -> bytes:
        meta: dict[str, Any] = {"request_id": request_id}
        data: Any = self.content
        if self.credits_used is not None:
            meta["credits_used"] = self.credits_used
        if self.credits_remaining is not None:
            meta["credits_remaining"] = self.credits_remaining
        if isinstance(data, Page):
            meta["pagination"] = {
                "total": data.total, "limit": data.limit, "offset": data.offset,
                "has_more": data.has_more, "next": data.next,
            }  # fmt: skip
            data = data.items
        return msgspec.json.encode({"data": data, "meta": meta, "error": None})


def error_body(fault: TintypeError, request_id: str, *, enveloped: bool) -> bytes:
    if enveloped:
        error = {"code": fault.code, "message": fault.message, "details": fault.details}
        return msgspec.json.encode(
            {"data": None, "meta": {"request_id": request_id}, "error": error}
        )
    return msgspec.json.encode(
        {"error": {"code": fault.code, "message": fault.message, "details": fault.details,
                   "type": fault.kind, "param": fault.param, "request_id": request_id}}
    )  # fmt: skip


class ErrorResponse(Response[bytes]):
    def to_asgi_response(self, app: Litestar | None, request: AnyRequest, **_: Any) -> ASGIResponse:
        del app, request
        return ASGIResponse(
            body=self.content, status_code=self.status_code,
            headers=self.headers, media_type=_JSON,
        )  # fmt: skip


def error_response(request: AnyRequest, fault: Exception) -> ErrorResponse:
    """Litestar's exception handler for everything that a handler may raise."""
    exchange = exchange_of(request.scope)
    known = _classify(request, fault)
    if known.status >= 500:  # noqa: PLR2004
        exchange.fault = type(fault).__name__
    body = error_body(known, exchange.request_id, enveloped=exchange.enveloped)
    return ErrorResponse(body, status_code=known.status, headers=known.headers)


def _classify(request: AnyRequest, fault: Exception) -> TintypeError:
    if isinstance(fault, TintypeError):
        return fault
    if isinstance(fault, HTTPException):
        if fault.status_code == 404:  # noqa: PLR2004
            return NotFound("There is nothing at this path.")
        if fault.status_code == 405:  # noqa: PLR2004
            wrong = MethodNotAllowed("This path does not take this method.")
            wrong.headers.update(fault.headers or {})
            return wrong
        if fault.status_code < 500:  # noqa: PLR2004
            return BadRequest("The request can't be read.")
    _log.error("unforeseen fault", path=request.scope["path"], exc_info=fault)
    return Internal()
