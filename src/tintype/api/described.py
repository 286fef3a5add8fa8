"""What a route declares about itself, read into one value for the API reference.

A handler says it in its signature, its docstring, its guard and its `opt`: `body`, `query` and
`form` are the structs it reads, `answers` its success statuses, `media_type` what it sends when
that isn't JSON, `files` the parts in which a form's file may come (`file` unless it says so),
`file_optional` that a form may go without, `lines` in words what a JSONL body holds, `headers` the
request headers it heeds, `errors` the faults of its own, `example` a body to try, `path` the
template of a mount, `raw` and `plain` that it has no envelope, `tagged` that its answers have an
ETag.
"""

import inspect
import re
import types
import typing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from litestar.handlers import ASGIRouteHandler, BaseRouteHandler, HTTPRouteHandler
from litestar.types import ControllerRouterHandler

from tintype.api.pages import Page
from tintype.api.rendering import Answer
from tintype.core.errors import (
    BadRequest,
    Forbidden,
    IdempotencyInProgress,
    IdempotencyMismatch,
    Internal,
    NotFound,
    PayloadTooLarge,
    RateLimited,
    TintypeError,
    Unauthorized,
    Unavailable,
    UnsupportedMediaType,
    ValidationFailed,
)

_OK: Final = 200
_NO_CONTENT: Final = 204
_UNSAFE: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_PARAMETER: Final = re.compile(r"{(\w+):\w+}")


@dataclass(frozen=True, slots=True)
class Described:
    """One route. `result` is the bare resource's type, None where the route has no JSON of ours.

    `alternative` is what its 200 may be, the second of `Answer[A] | Answer[B]`; `own_ok` says that
    it may be a `result` as well.
    """

    name: str
    method: str
    path: str
    parameters: tuple[str, ...]
    text: str
    scope: str | None
    guarded: bool
    body: type[msgspec.Struct] | None
    query: type[msgspec.Struct] | None
    form: type[msgspec.Struct] | None
    files: tuple[str, ...]
    file_optional: bool
    lines: str | None
    answers: tuple[int, ...]
    media_type: str
    headers: tuple[str, ...]
    example: Any
    result: Any
    alternative: Any
    own_ok: bool
    paged: bool
    plain: bool
    tagged: bool
    errors: frozenset[type[TintypeError]]

    @property
    def signable(self) -> bool:
        """A signature in the query may stand for the key."""
        return self.query is not None and "sig" in self.query.__struct_fields__


def described(routes: Iterable[ControllerRouterHandler]) -> Iterator[Described]:
    """Each route with each of its methods; a raw ASGI route is read with GET."""
    for handler in routes:
        if isinstance(handler, HTTPRouteHandler):
            # HEAD goes without saying where there is GET (RFC 9110 §9.3.2).
            for method in sorted({str(name) for name in handler.http_methods} - {"HEAD"}):
                yield from _of(handler, method)
        elif isinstance(handler, ASGIRouteHandler):
            yield from _of(handler, "GET")


def _of(handler: BaseRouteHandler, method: str) -> Iterator[Described]:
    opt = handler.opt
    result, alternative, paged = _result(handler)
    scope = opt.get("scope") or next(
        (found for guard in handler.guards or () if (found := getattr(guard, "scope", None))), None
    )
    guarded = bool(handler.guards)
    keyed = method in _UNSAFE and guarded
    declared = getattr(handler, "status_code", None)
    answers = opt.get("answers") or [_NO_CONTENT if declared == _NO_CONTENT else 200]
    own_ok = _OK in answers
    if alternative is not None:
        answers = sorted({_OK, *answers})
    for path in [opt["path"]] if "path" in opt else sorted(handler.paths):
        parameters = tuple(_PARAMETER.findall(path))
        yield Described(
            name=handler.handler_name,
            method=method.lower(),
            path=_PARAMETER.sub(r"{\1}", path),
            parameters=parameters,
            text=inspect.getdoc(handler.fn) or "",
            scope=scope,
            guarded=guarded or scope is not None,
            body=opt.get("body"),
            query=opt.get("query"),
            form=opt.get("form"),
            files=tuple(opt.get("files", ("file",))),
            file_optional=bool(opt.get("file_optional")),
            lines=opt.get("lines"),
            answers=tuple(answers),
            media_type=opt.get("media_type", "application/json"),
            headers=(*(("Idempotency-Key",) if keyed else ()), *opt.get("headers", ())),
            example=opt.get("example"),
            result=result,
            alternative=alternative,
            own_ok=own_ok,
            paged=paged,
            plain=bool(opt.get("plain") or opt.get("raw")),
            tagged=bool(opt.get("tagged")),
            errors=_errors(opt, guarded=guarded, keyed=keyed, found_by_path=bool(parameters)),
        )


def _result(handler: BaseRouteHandler) -> tuple[Any, Any, bool]:
    """The T of `Answer[T]` or `Answer[Page[T]]`, what else a 200 may be, and whether T is a page's.

    Of `Answer[A] | Answer[B]` they are A and B.
    """
    returned = typing.get_type_hints(handler.fn).get("return")
    alternative = None
    if typing.get_origin(returned) in {types.UnionType, typing.Union}:
        returned, second = typing.get_args(returned)
        alternative = next(iter(typing.get_args(second)), None)
    if typing.get_origin(returned) is not Answer:
        return None, None, False
    (result,) = typing.get_args(returned)
    if typing.get_origin(result) is Page:
        return typing.get_args(result)[0], alternative, True
    return result, alternative, False


def _errors(
    opt: dict[str, Any], *, guarded: bool, keyed: bool, found_by_path: bool
) -> frozenset[type[TintypeError]]:
    """The faults of the layers that the route passes, and those it declares."""
    if opt.get("plain"):
        return frozenset()
    errors: set[type[TintypeError]] = {Internal, Unavailable, *opt.get("errors", ())}
    if guarded:
        errors |= {BadRequest, Unauthorized, Forbidden, RateLimited, ValidationFailed}
    if "query" in opt:
        errors |= {BadRequest, ValidationFailed}
    if "body" in opt or "form" in opt:
        errors |= {BadRequest, PayloadTooLarge, UnsupportedMediaType, ValidationFailed}
    if keyed:
        errors |= {IdempotencyInProgress, IdempotencyMismatch}
    if found_by_path:
        errors |= {NotFound}
    return frozenset(errors)
