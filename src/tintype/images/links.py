"""URLs of media: public ones, and signed ones for organizations with private media."""

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass
from typing import Final, Literal

from tintype.core.caller import Caller
from tintype.core.errors import Forbidden
from tintype.media.vips import Format

LINK_SECONDS: Final = 3600
# "auto" lets the browser's Accept choose.
Kind = Format | Literal["auto"]
_EXTENSIONS: Final[dict[Kind, str]] = {
    "jpeg": "jpg", "png": "png", "webp": "webp", "avif": "avif", "auto": "auto",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Links:
    """`secret` is None where the organization's media are public."""

    base_url: str
    secret: bytes | None

    def public_url(self, image_id: str, kind: Format) -> str | None:
        return None if self.secret else self._plain(image_id, kind)

    def url(self, image_id: str, kind: Kind) -> str:
        """A URL that works: signed, for an hour, where the media are private."""
        return self.signed(self._plain(image_id, kind), image_id)

    def signed(self, plain: str, media_id: str) -> str:
        """The URL of some medium as one that works."""
        if self.secret is None:
            return plain
        # Rounded to the hour's quarter, so that a list asked for again gives the same URLs.
        expires = (int(time.time()) // 900 + 1) * 900 + LINK_SECONDS
        return f"{plain}?exp={expires}&sig={signature(self.secret, media_id, expires)}"

    def _plain(self, image_id: str, kind: Kind) -> str:
        return f"{self.base_url}/media/images/{image_id}.{_EXTENSIONS[kind]}"


def links_of(base_url: str, caller: Caller) -> Links:
    return Links(base_url, caller.signing_secret if caller.private_media else None)


def signature(secret: bytes, media_id: str, expires_unix: int) -> str:
    """HMAC-SHA256 over what is granted: one image in any size, or a film, until a moment."""
    digest = hmac.digest(secret, f"media\n{media_id}\n{expires_unix}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def check_signature(
    secret: bytes, media_id: str, exp: str | None, sig: str | None, what: str = "image"
) -> float:
    """The moment until which a private image (or `what` it is) may be seen; raises Forbidden."""
    if exp is None or sig is None or not exp.isascii() or not exp.isdigit() or len(exp) > 12:  # noqa: PLR2004
        raise Forbidden(f"This {what} is private: its URL needs `exp` and `sig`.")
    expected = signature(secret, media_id, int(exp))
    if not hmac.compare_digest(expected.encode(), sig.encode()):
        raise Forbidden(f"This {what}'s URL has a wrong signature.")
    if int(exp) < time.time():
        raise Forbidden(f"This {what}'s URL has expired.")
    return float(exp)
