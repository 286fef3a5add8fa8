"""Tokens of another issuer, such as Supabase Auth: verified by its keys, mapped to a user.

The algorithms are fixed by what the settings hold, a shared secret or a set of public keys, never
by the token (RFC 8725 §3.1). A token that points at keys of its own is refused.
"""

import base64
from typing import Any, Final

import msgspec
from joserfc import jwt
from joserfc.errors import UnsupportedAlgorithmError
from joserfc.jwk import OctKey
from joserfc.jws import JWSRegistry

from tintype.accounts import operations as accounts
from tintype.accounts.models import External, Member, caller_of
from tintype.api.guard import AnyConnection
from tintype.audit.actors import user_at
from tintype.auth.jwks import JwkSet
from tintype.core.caller import Caller
from tintype.core.callers import Callers
from tintype.core.errors import Conflict, ValidationFailed
from tintype.core.settings import AuthSettings
from tintype.db.pool import Database, Transaction
from tintype.sessions.tokens import MADE_UP

_BY_SECRET: Final = ("HS256", "HS384", "HS512")
_BY_KEYS: Final = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
    "Ed25519",
)  # fmt: skip
_POINTERS: Final = frozenset({"crit", "jku", "jwk", "x5u", "x5c"})
_TEXT_CHARACTERS_MAX: Final = 255


class _Algorithms(JWSRegistry):
    """Without a warning at each EdDSA token: many issuers say EdDSA where they mean Ed25519."""

    def get_alg(self, name: str) -> Any:
        if name not in (self.allowed or ()):
            raise UnsupportedAlgorithmError(name)
        return self.algorithms[name]


class Issuer:
    """The one issuer of the settings; `keys` are its public ones, None for a shared secret."""

    def __init__(self, settings: AuthSettings, database: Database, keys: JwkSet | None) -> None:
        self.name = settings.issuer
        self._settings = settings
        self._database = database
        self._keys = keys
        self._callers = Callers()

    async def find(self, digest: bytes, token: str, connection: AnyConnection) -> Caller | None:
        """The user whom a token stands for, as a caller; None for a token that is not valid."""

        async def look() -> Caller | None:
            claims = await self._verified(token)
            if claims is None:
                return None
            member = await self._member(claims, connection)
            if member is None:
                return None
            end = claims["exp"] + self._settings.leeway_seconds
            return caller_of(member, expires_at_unix=end)

        return await self._callers.find(digest, look)

    def forget(self, changed_id: str | None) -> None:
        """Drop a user, an organization's users, or (None) everybody."""
        self._callers.forget(changed_id)

    async def _verified(self, token: str) -> dict[str, Any] | None:
        """The claims of a token that is the issuer's, for us, and whose time it is."""
        allowed = _BY_SECRET if self._keys is None else _BY_KEYS
        header = _header(token)
        if header is None or header.get("alg") not in allowed or _POINTERS & header.keys():
            return None
        kid = header.get("kid")
        if kid is not None and not isinstance(kid, str):
            return None
        if self._keys is None:
            key: Any = OctKey.import_key(self._settings.shared_secret)
        else:
            key = await self._keys.key(kid)
        if key is None:
            return None
        rules = jwt.JWTClaimsRegistry(
            leeway=self._settings.leeway_seconds,
            iss={"essential": True, "value": self.name},
            aud={"essential": True, "value": self._settings.audience},
            sub={"essential": True},
            iat={"essential": True},
            exp={"essential": True},
        )
        registry = _Algorithms(algorithms=allowed, strict_check_header=False)
        try:
            claims = jwt.decode(token, key, algorithms=allowed, registry=registry).claims
            rules.validate(claims)
        except MADE_UP:
            return None
        return claims

    async def _member(self, claims: dict[str, Any], connection: AnyConnection) -> Member | None:
        """The subject's user: found, linked by e-mail, or made where the settings say so."""
        subject = _text(claims["sub"])
        if subject is None:
            return None
        external = (self.name, subject)
        async with self._database.reading() as tx:
            user_id = await accounts.external_user(tx, external)
        if user_id is None:
            email = email_of(claims)
            if email is None:
                return None
            async with self._database.transaction() as tx:
                user_id = await self._newcomer(
                    tx, email, external, connection, vouched="email_verified" in claims
                )
        if user_id is None:
            return None
        async with self._database.reading() as tx:
            return await accounts.member(tx, user_id)

    async def _newcomer(
        self,
        tx: Transaction,
        email: str,
        external: External,
        connection: AnyConnection,
        *,
        vouched: bool,
    ) -> str | None:
        """`vouched` is the issuer's own word for the address, which an administrator's needs."""
        actor = user_at(connection, None)
        linked = await accounts.link_user(tx, email, external, administrators=vouched, actor=actor)
        if linked is not None or self._settings.unknown_users == "refuse":
            return linked
        if await accounts.was_deleted(tx, email, external):
            return None
        try:
            made = await accounts.create_user(
                tx, self._settings.organization, email=email, password_hash=None, role="member",
                external=external, actor=actor,
            )  # fmt: skip
        except (Conflict, ValidationFailed):
            # A twin of this request made the user, or the address is another subject's.
            return await accounts.external_user(tx, external)
        return made.id


def email_of(claims: dict[str, Any]) -> str | None:
    """The e-mail address, unless something is said of its being verified that isn't a yes.

    `user_metadata` is the user's own to write with some issuers: it may only refuse.
    """
    for said in (claims, claims.get("user_metadata")):
        if isinstance(said, dict) and "email_verified" in said:
            verified = said["email_verified"]
            if verified is not True and verified != "true":
                return None
    return _text(claims.get("email"))


def _text(value: Any) -> str | None:
    """A claim that can be stored: printable, and not without end."""
    if not isinstance(value, str) or not 1 <= len(value) <= _TEXT_CHARACTERS_MAX:
        return None
    return value if value.isprintable() else None


def _header(token: str) -> dict[str, Any] | None:
    part = token.partition(".")[0]
    try:
        header: Any = msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    return header if isinstance(header, dict) else None
