"""Credentials of a request into a `Caller`, then its scope and its rate limit.

`needs(scope)` is the guard on every route; handlers read the result with `caller_of(request)`.
"""

from dataclasses import dataclass
from typing import Any

import msgspec
from litestar.connection import ASGIConnection
from litestar.datastructures import Headers
from litestar.handlers import BaseRouteHandler

from tintype.accounts.models import plan_named
from tintype.api import ratelimit
from tintype.api.bodies import query_of
from tintype.api.client_address import client_address
from tintype.api.exchange import exchange_of
from tintype.api.parts import AnyRequest, Parts
from tintype.core.caller import Caller
from tintype.core.errors import BadRequest, Forbidden, NotFound, Unauthorized
from tintype.keys import secrets
from tintype.keys.cache import KeyCache

_CALLER = "tintype.caller"


class NoQuery(msgspec.Struct):
    """The query of a route that takes none."""


@dataclass(frozen=True)
class Needs:
    """A guard that lets in callers with `scope`, within their rate limit.

    A route that declares no query takes none: an unknown name is refused here as elsewhere.
    """

    scope: str

    async def __call__(
        self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
    ) -> None:
        state = connection.app.state
        if b"//" in connection.scope["raw_path"]:  # The framework would read it as one.
            raise NotFound("There is nothing at this path.")
        caller = await authenticate(state.parts, state.key_cache, connection)
        await count(state.parts, connection, caller)
        if self.scope not in caller.scopes:
            raise Forbidden(
                f"This key lacks the scope {self.scope}.", details={"scope": self.scope}
            )
        if connection.scope["query_string"] and "query" not in handler.opt:
            query_of(connection.scope["query_string"], NoQuery)
        connection.scope[_CALLER] = caller  # type: ignore[literal-required]


def needs(scope: str) -> Needs:
    """The guard of a route that asks for `scope`; the API reference reads it there."""
    return Needs(scope)


def caller_of(request: AnyRequest) -> Caller:
    found: Caller = request.scope[_CALLER]  # type: ignore[literal-required]
    return found


async def authenticate(
    parts: Parts, cache: KeyCache, connection: ASGIConnection[Any, Any, Any, Any]
) -> Caller:
    """The caller of a request; raises Unauthorized, with one body for every reason."""
    secret = credential(connection.headers)
    if secret is None or not secrets.is_well_formed(secret):
        raise Unauthorized
    caller = await cache.find(secrets.digest(secret))
    if caller is None:
        peer = connection.client.host if connection.client else "unknown"
        address = client_address(peer, connection.headers, parts.settings.server.trusted_proxies)
        await ratelimit.count_unknown_key(parts.database, address)
        raise Unauthorized
    exchange_of(connection.scope).organization_id = caller.organization_id
    return caller


async def count(
    parts: Parts, connection: ASGIConnection[Any, Any, Any, Any], caller: Caller
) -> None:
    limit = caller.rate_limit or plan_named(caller.plan).rate_limit
    if limit is not None:
        await ratelimit.count(
            parts.database, exchange_of(connection.scope), caller.organization_id, limit
        )


def credential(headers: Headers) -> str | None:
    """The one secret that `Authorization: Bearer` and `X-API-Key` carry; two are a BadRequest."""
    found = set()
    authorizations = headers.getall("authorization", [])
    api_keys = headers.getall("x-api-key", [])
    if len(authorizations) > 1 or len(api_keys) > 1:
        raise BadRequest("Send one credential: a header is given twice.")
    if authorizations:
        kind, _, secret = authorizations[0].partition(" ")
        if kind.lower() != "bearer" or not secret.strip():
            raise Unauthorized
        found.add(secret.strip())
    if api_keys:
        found.add(api_keys[0].strip())
    if len(found) > 1:
        raise BadRequest("Authorization and X-API-Key carry different keys; send one.")
    return found.pop() if found else None
