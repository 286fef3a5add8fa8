"""Signed live URLs: the whole query under an HMAC, so that no parameter can be changed."""

import base64
import hashlib
import hmac
import time
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

from tintype.core.errors import Forbidden, ValidationFailed
from tintype.live.models import CreateLiveUrl, LiveQuery

_UNSIGNED: Final = frozenset({"sig"})


def sign(
    base_url: str, organization_id: str, secret: bytes, ask: CreateLiveUrl, key_id: str | None
) -> tuple[str, int | None]:
    """The URL, and the epoch second at which it ends; what it draws is the key's, if one signs.

    Raises ValidationFailed for a reference with a comma, which is what parts references in a URL.
    """
    for number, text in enumerate(ask.reference_images):
        if "," in text:
            raise ValidationFailed(
                f"reference_images[{number}]", "must not hold a comma; write it as %2C"
            )
    expires = None if ask.expires_in is None else int(time.time()) + ask.expires_in
    query = LiveQuery(
        prompt=ask.prompt, aspect_ratio=ask.aspect_ratio, resolution=ask.resolution,
        model=ask.model, seed=ask.seed, project_id=ask.project_id,
        reference_images=",".join(ask.reference_images) or None, auto_enhance=ask.auto_enhance,
        w=ask.w, format=ask.format or "auto", org=organization_id, key=key_id, exp=expires,
    )  # fmt: skip
    parameters = {**_canonical(query), "sig": _signature(secret, query)}
    return f"{base_url}/v1/live?{urlencode(parameters, quote_via=quote)}", expires


def check(secret: bytes, query: LiveQuery) -> None:
    """Raise Forbidden for a changed or expired URL."""
    if not hmac.compare_digest(_signature(secret, query).encode(), (query.sig or "").encode()):
        raise Forbidden("This URL's signature does not fit its parameters.")
    if query.exp is not None and query.exp < time.time():
        raise Forbidden("This URL has expired.")


def _canonical(query: LiveQuery) -> dict[str, Any]:
    """Every parameter that isn't at its default, by name: one form for equal requests."""
    defaults = msgspec.structs.asdict(LiveQuery(prompt=" "))
    values = msgspec.structs.asdict(query)
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in sorted(values.items())
        if name not in _UNSIGNED and (name == "prompt" or value != defaults[name])
    }


def _signature(secret: bytes, query: LiveQuery) -> str:
    text = msgspec.json.encode(["live", _canonical(query)], order="deterministic")
    digest = hmac.digest(secret, text, hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
