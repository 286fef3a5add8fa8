"""The guard on every route: who asks, how often, with which scope.

It knows no key, session or organization. `server.py` puts the way to find the caller into the
app's state as `authenticate`; a handler reads the result with `caller_of(request)`.
"""

from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import msgspec
from litestar.connection import ASGIConnection
from litestar.exceptions import NotFoundException
from litestar.handlers import BaseRouteHandler

from tintype.api import ratelimit
from tintype.api.bodies import query_of
from tintype.api.exchange import exchange_of
from tintype.api.parts import AnyRequest, Parts
from tintype.core.caller import Caller
from tintype.core.errors import Forbidden

AnyConnection: TypeAlias = ASGIConnection[Any, Any, Any, Any]


class Authenticate(Protocol):
    """Raises Unauthorized, with one body for every reason, and Forbidden for a forged request.

    `spends` says that this GET may cost credits, which a link on another site must not.
    """

    async def __call__(self, connection: AnyConnection, *, spends: bool) -> Caller: ...


_CALLER = "tintype.caller"


class NoQuery(msgspec.Struct):
    """The query of a route that takes none."""


@dataclass(frozen=True)
class Needs:
    """A guard that lets in callers with `scope` (None: any caller), within their rate limit.

    Who has one of the scopes in `instead` comes in as well: what of the resource they may see is
    the operation's to say. A route that declares no query takes none: an unknown name is refused
    here as elsewhere.
    """

    scope: str | None
    instead: tuple[str, ...] = ()

    async def __call__(self, connection: AnyConnection, handler: BaseRouteHandler) -> None:
        if b"//" in connection.scope["raw_path"]:  # The framework would read it as one.
            raise NotFoundException
        caller = await authenticated(connection)
        await count(connection.app.state.parts, connection, caller)
        if self.scope is not None and not caller.scopes.intersection(self.instead):
            require_scope(caller, self.scope)
        if connection.scope["query_string"] and "query" not in handler.opt:
            query_of(connection.scope["query_string"], NoQuery)
        connection.scope[_CALLER] = caller  # type: ignore[literal-required]


def needs(scope: str, *instead: str) -> Needs:
    """The guard of a route that asks for `scope`, or one of `instead`; the reference reads it."""
    return Needs(scope, instead)


def signed_in() -> Needs:
    """The guard of a route that any valid credential opens."""
    return Needs(None)


def caller_of(request: AnyRequest) -> Caller:
    found: Caller = request.scope[_CALLER]  # type: ignore[literal-required]
    return found


async def authenticated(connection: AnyConnection, *, spends: bool = False) -> Caller:
    """The caller of a request; raises what `Authenticate` raises."""
    authenticate: Authenticate = connection.app.state.authenticate
    caller = await authenticate(connection, spends=spends)
    exchange_of(connection.scope).organization_id = caller.organization_id
    return caller


def require_scope(caller: Caller, scope: str) -> None:
    """Raise Forbidden, naming the scope, where the caller lacks it."""
    if scope not in caller.scopes:
        who = "This key" if caller.key_id else "This user"
        raise Forbidden(f"{who} lacks the scope {scope}.", details={"scope": scope})


async def count(parts: Parts, connection: AnyConnection, caller: Caller) -> None:
    if caller.rate_limit is not None:
        await ratelimit.count(
            parts.database,
            exchange_of(connection.scope),
            caller.organization_id,
            caller.rate_limit,
        )
