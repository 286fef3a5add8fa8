"""Requests that no route takes: an unknown path, or a method that its path doesn't have.

The framework finds them before any guard runs, so nobody has asked yet who it is. A known caller's
are counted here like every other request, and carry the headers of the limit. An unknown one is
told 404 or 405, never 401: what exists is no secret, and who may ask is not asked for.
"""

from typing import Any

from litestar import Litestar, Response
from litestar.exceptions import MethodNotAllowedException, NotFoundException
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from tintype.api import guard
from tintype.api.parts import AnyRequest
from tintype.api.rendering import error_response
from tintype.core import log
from tintype.core.errors import RateLimited, TintypeError

UNROUTED = (NotFoundException, MethodNotAllowedException)
_log = log.get("tintype.api")


def unrouted_response(_: AnyRequest, fault: Exception) -> Response[bytes]:
    """Litestar's exception handler for `UNROUTED`, which are its own words for both."""
    return _Unrouted(fault)


class _Unrouted(Response[bytes]):
    def __init__(self, fault: Exception) -> None:
        super().__init__(b"")
        self._fault = fault

    def to_asgi_response(self, app: Litestar | None, request: AnyRequest, **_: Any) -> ASGIResponse:
        del app
        return _CountedFirst(request, self._fault)


class _CountedFirst(ASGIResponse):
    """Exception handlers can't wait for anything; what they answer with can."""

    def __init__(self, request: AnyRequest, fault: Exception) -> None:
        super().__init__()
        self._request = request
        self._fault = fault

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = await _counted(self._request) or self._fault
        answer = error_response(self._request, fault).to_asgi_response(None, self._request)
        await answer(scope, receive, send)


async def _counted(request: AnyRequest) -> RateLimited | None:
    """Count the request of a known caller; what to say instead where that was one too many.

    Whatever else goes wrong changes nothing: there is still nothing at the path.
    """
    try:
        caller = await guard.authenticated(request)
        await guard.count(request.app.state.parts, request, caller)
    except RateLimited as fault:
        return fault
    except TintypeError:
        return None
    except Exception as fault:  # noqa: BLE001  The answer needs no caller.
        _log.warning("a request without a route is not counted", fault=type(fault).__name__)
    return None
