"""Against forged requests: a cookie goes along with what another site makes a browser send.

A write with the cookie needs the session's CSRF token in `X-CSRF-Token`. Without it only a request
that no browser can have sent goes through: browsers put `Origin` on every write that another site
can cause (Fetch standard §3.1), and most also `Sec-Fetch-Site`; programs such as curl send neither.
SameSite=Lax on the cookie and the demand for a JSON content type each stand against it as well.

A GET that spends credits has no such mark, so it needs the token, or the browser's word that our
own page asks.
"""

from typing import Final

from tintype.api.guard import AnyConnection
from tintype.core.errors import Forbidden
from tintype.core.vault import Vault
from tintype.sessions import tokens

HEADER: Final = "X-CSRF-Token"
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_BROWSERS_OWN: Final = ("origin", "referer", "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest")


def require_intent(
    connection: AnyConnection, vault: Vault, session_id: str, *, spends: bool
) -> None:
    """Raise Forbidden where another site may be behind a request with the session's cookie."""
    method: str = connection.scope["method"]  # type: ignore[typeddict-item]
    reads = method in _READING
    if reads and not spends:
        return
    headers = connection.headers
    given = headers.get(HEADER)
    if given is not None:
        if tokens.is_csrf(vault, session_id, given):
            return
    elif reads:
        if headers.get("sec-fetch-site") == "same-origin":
            return
    elif not any(name in headers for name in _BROWSERS_OWN):
        return
    raise Forbidden(
        f"With the session's cookie, send its CSRF token in {HEADER}.", details={"header": HEADER}
    )
