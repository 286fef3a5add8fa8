"""The ways to say who asks, composed: an API key, a token of ours or of an issuer, the cookie.

A header wins over the cookie, and one that is wrong is not made good by it. What is neither a key
nor a token in form costs no query.
"""

import base64
import hashlib
from typing import Any, Final

import msgspec

from tintype.api import ratelimit
from tintype.api.guard import AnyConnection, Authenticate
from tintype.api.parts import Parts
from tintype.audit.actors import address_of
from tintype.auth.credentials import credential
from tintype.auth.forgery import require_intent
from tintype.auth.issuer import Issuer
from tintype.core.caller import Caller
from tintype.core.errors import Forbidden, Unauthorized
from tintype.keys import secrets
from tintype.keys.cache import KeyCache
from tintype.sessions import tokens
from tintype.sessions.cache import SessionCache
from tintype.sessions.cookies import token_in

_TOKEN_CHARACTERS_MAX: Final = 8192
_TOKEN_DOTS: Final = 2


def by_every_way(
    made: Parts, keys: KeyCache, sessions: SessionCache, issuer: Issuer | None
) -> Authenticate:
    """What the guard asks for the caller of a request."""

    async def authenticate(connection: AnyConnection, *, spends: bool) -> Caller:
        secret = credential(connection.headers)
        if secret is None:
            token = token_in(connection.headers)
            caller = await by_token(connection, token) if token else None
            if caller is None or caller.session_id is None:
                raise Unauthorized
            require_intent(connection, made.vault, caller.session_id, spends=spends)
            return caller
        if secrets.is_well_formed(secret):
            return await by_key(connection, secret)
        caller = await by_token(connection, secret)
        if caller is None:
            raise Unauthorized
        return caller

    async def by_key(connection: AnyConnection, secret: str) -> Caller:
        try:
            caller = await keys.find(secrets.digest(secret))
        except Forbidden:
            await ratelimit.count_unknown_key(made.database, address_of(connection))
            raise
        if caller is None:
            await ratelimit.count_unknown_key(made.database, address_of(connection))
            raise Unauthorized
        return caller

    async def by_token(connection: AnyConnection, token: str) -> Caller | None:
        named = issuer_named(token)
        digest = hashlib.sha256(token.encode()).digest()
        if named == tokens.ISSUER:
            return await sessions.find(digest, token)
        if issuer is not None and named == issuer.name:
            return await issuer.find(digest, token, connection)
        return None

    return authenticate


def issuer_named(token: str) -> str | None:
    """Which issuer's keys a token asks to be verified with; None for what is no token in form."""
    if len(token) > _TOKEN_CHARACTERS_MAX or token.count(".") != _TOKEN_DOTS:
        return None
    if not token.isascii():
        return None
    payload = token.split(".")[1]
    try:
        claims: Any = msgspec.json.decode(
            base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        )
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    named = claims.get("iss") if isinstance(claims, dict) else None
    return named if isinstance(named, str) else None
