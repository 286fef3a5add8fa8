"""The token of a session: a JWT that names the session's row, so that ending the row ends it.

It is signed by a key derived from the server's secret; keys of previous secrets still verify. The
CSRF token is an HMAC of the session's id: bound to the session, and nothing to store.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from tintype.core.vault import Vault
from tintype.sessions.models import Session

ISSUER: Final = "tintype"
_AUDIENCE: Final = "tintype"
_ALGORITHM: Final = "HS256"
# What a library raises over a token that somebody made up, beside its own errors.
MADE_UP: Final = (
    JoseError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Named:
    """What a token that verified names."""

    session_id: str
    user_id: str


def make(vault: Vault, session: Session) -> str:
    claims: dict[str, Any] = {
        "iss": ISSUER, "aud": _AUDIENCE, "sub": session.user_id, "sid": session.id,
        "org": session.organization_id, "iat": _seconds(session.created_at),
        "nbf": _seconds(session.created_at), "exp": _seconds(session.expires_at),
    }  # fmt: skip
    (key, *_) = _keys(vault)
    return jwt.encode({"alg": _ALGORITHM}, claims, key, algorithms=[_ALGORITHM])


def read(vault: Vault, token: str, *, leeway_seconds: int) -> Named | None:
    """What the token names; None for one that we did not sign, or whose time it isn't."""
    rules = jwt.JWTClaimsRegistry(
        leeway=leeway_seconds,
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": _AUDIENCE},
        sub={"essential": True},
        sid={"essential": True},
        iat={"essential": True},
        exp={"essential": True},
    )
    for key in _keys(vault):
        try:
            claims = jwt.decode(token, key, algorithms=[_ALGORITHM]).claims
            rules.validate(claims)
        except MADE_UP:
            continue
        session_id, user_id = claims["sid"], claims["sub"]
        if isinstance(session_id, str):
            return Named(session_id, user_id)
    return None


def csrf(vault: Vault, session_id: str) -> str:
    return _csrf(vault.derived("session-csrf")[0], session_id)


def is_csrf(vault: Vault, session_id: str, given: str) -> bool:
    """Whether it is the session's CSRF token, by the present secret or a previous one."""
    expected = [_csrf(key, session_id) for key in vault.derived("session-csrf")]
    return any(hmac.compare_digest(it.encode(), given.encode()) for it in expected)


def _csrf(key: bytes, session_id: str) -> str:
    return hmac.new(key, session_id.encode(), hashlib.sha256).hexdigest()


def _keys(vault: Vault) -> list[OctKey]:
    return [OctKey.import_key(key) for key in vault.derived("session-jwt")]


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
