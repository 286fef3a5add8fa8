"""Another issuer: its keys, its tokens, and the forms that forgeries take."""

import base64
import hashlib
import hmac
import time
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import web
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

from support.loopback import serving

ISSUER = "https://project.example.co/auth/v1"
AUDIENCE = "authenticated"
SHARED = "a-shared-secret-of-an-issuer-with-many-characters"


def claims(**more: Any) -> dict[str, Any]:
    """As Supabase Auth writes them; a claim given as None is left out."""
    now = int(time.time())
    whole = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": "5f3c1f9e-8a4b-4b52-9a5e-0d6f0a2f6f11",
        "iat": now, "exp": now + 3600, "role": "authenticated", "email": "ann@example.com",
        "app_metadata": {"provider": "email"}, "user_metadata": {"email_verified": True},
        "session_id": "b1c9a8d2", "is_anonymous": False,
    }  # fmt: skip
    return {name: value for name, value in (whole | more).items() if value is not None}


def shared(secret: str = SHARED, alg: str = "HS256", **more: Any) -> str:
    return jwt.encode(
        {"alg": alg, "kid": "a1"}, claims(**more), OctKey.import_key(secret), algorithms=[alg]
    )


def signed(key: Any, alg: str, header: dict[str, Any] | None = None, **more: Any) -> str:
    named = {"alg": alg, "kid": key.kid} | (header or {})
    named = {name: value for name, value in named.items() if value is not None}
    return jwt.encode(named, claims(**more), key, algorithms=[alg])


def raw(header: dict[str, Any], body: Any, signature: bytes = b"") -> str:
    """A token put together by hand."""
    return ".".join(
        base64.urlsafe_b64encode(part).rstrip(b"=").decode()
        for part in (msgspec.json.encode(header), msgspec.json.encode(body), signature)
    )


def by_hand(header: dict[str, Any], body: Any, secret: str = SHARED) -> str:
    """Rightly signed by HS256, whatever stands in it; `body` may be bytes as they shall be."""
    text = body if isinstance(body, bytes) else msgspec.json.encode(body)
    head, payload = (
        base64.urlsafe_b64encode(part).rstrip(b"=") for part in (msgspec.json.encode(header), text)
    )
    mac = hmac.new(secret.encode(), head + b"." + payload, hashlib.sha256).digest()
    return b".".join((head, payload, base64.urlsafe_b64encode(mac).rstrip(b"="))).decode()


def keys() -> dict[str, Any]:
    """A key of each kind that an issuer may publish."""
    return {
        "RS256": RSAKey.generate_key(2048, {"kid": "rsa-1"}),
        "ES256": ECKey.generate_key("P-256", {"kid": "ec-1"}),
        "Ed25519": OKPKey.generate_key("Ed25519", {"kid": "ed-1"}),
    }


class Published:
    """What the issuer's URL answers; `keys` may change, as when it turns its keys over."""

    def __init__(self, found: list[Any]) -> None:
        self.keys = found
        self.status = 200

    async def __call__(self, request: web.Request) -> web.Response:
        del request
        body = msgspec.json.encode(KeySet(self.keys).as_dict(private=False))
        return web.Response(body=body, status=self.status, content_type="application/json")


@asynccontextmanager
async def publishing(found: list[Any]):
    """(what is answered, the server)."""
    published = Published(found)
    async with serving(published) as server:
        yield published, server
