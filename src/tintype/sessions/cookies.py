"""The session's cookie: HttpOnly, SameSite=Lax, for this host alone, over TLS but on loopback."""

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from litestar.datastructures import Headers

COOKIE: Final = "tintype_session"


def set_cookie(token: str, *, seconds: int, public_url: str) -> str:
    """The value of `Set-Cookie`; no seconds make the browser forget it."""
    secure = "; Secure" if needs_tls(public_url) else ""
    return f"{COOKIE}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"


def needs_tls(public_url: str) -> bool:
    """False for http on the machine itself, where nobody listens in between."""
    parts = urlsplit(public_url)
    if parts.scheme == "https":
        return True
    host = parts.hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return True


def token_in(headers: Headers) -> str | None:
    """The token in the request's cookies; None where there is none, or two that differ."""
    found = set()
    for header in headers.getall("cookie", []):
        for pair in header.split(";"):
            name, _, value = pair.strip().partition("=")
            if name == COOKIE:
                found.add(value.strip().strip('"'))
    return found.pop() if len(found) == 1 else None
