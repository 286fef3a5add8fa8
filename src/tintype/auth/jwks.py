"""An issuer's public keys, from the one URL of the settings; a token's own URLs are never read.

The set is fetched when a key is first needed, when it has grown old, and when a token names a key
that isn't in it: at most once a minute, so that made-up tokens can't make us a load on the issuer.
"""

import asyncio
import time
import warnings
from typing import Any, Final

import msgspec
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, JWKRegistry, Key, OKPKey, RSAKey

from tintype.core import log
from tintype.core.errors import Unavailable
from tintype.fetch import Fetcher, FetchFailed

_OLD_SECONDS: Final = 600.0
AGAIN_SECONDS: Final = 60.0
_BYTES_MAX: Final = 256 * 1024
_KEYS_MAX: Final = 100
_RSA_BITS_MIN: Final = 2048
_log = log.get("tintype.jwks")


class JwkSet:
    """`seconds_max` is for one fetch; it is tried again after `again_seconds` at the soonest."""

    def __init__(
        self,
        fetcher: Fetcher,
        url: str,
        *,
        seconds_max: float,
        again_seconds: float = AGAIN_SECONDS,
        old_seconds: float = _OLD_SECONDS,
    ) -> None:
        self._fetcher = fetcher
        self._url = url
        self._seconds_max = seconds_max
        self._again_seconds = again_seconds
        self._old_seconds = old_seconds
        self._keys: list[Key] = []
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._fetching = asyncio.Lock()

    async def key(self, kid: str | None) -> Key | None:
        """The key of this id; without an id, the only key. Raises Unavailable before any came."""
        found = self._find(kid)
        old = _older(self._fetched_at, self._old_seconds)
        # For a key that is only old nobody waits behind another's fetch.
        if found is None or (old and not self._fetching.locked()):
            await self._fetch()
            found = self._find(kid)
        if self._fetched_at is None:
            raise Unavailable("The keys of the tokens' issuer can't be fetched just now.")
        return found

    def _find(self, kid: str | None) -> Key | None:
        if kid is None:
            return self._keys[0] if len(self._keys) == 1 else None
        return next((key for key in self._keys if key.kid == kid), None)

    async def _fetch(self) -> None:
        """Fetch the set anew, unless that was tried within the minute; what we have stays."""
        async with self._fetching:
            if not _older(self._tried_at, self._again_seconds):
                return
            self._tried_at = time.monotonic()
            try:
                fetched = await self._fetcher.get(
                    self._url, bytes_max=_BYTES_MAX, seconds_max=self._seconds_max,
                    field="auth.jwks_url",
                )  # fmt: skip
                self._keys = usable(msgspec.json.decode(fetched.data))
                self._fetched_at = time.monotonic()
            except FetchFailed as fault:
                _log.warning("keys not fetched", fault=fault.fault)
            except (msgspec.DecodeError, ValueError) as fault:
                _log.warning("keys not fetched", fault=type(fault).__name__)


def usable(document: Any) -> list[Key]:
    """The keys of a JWK Set that can verify signatures; others are left out (RFC 7517 §5).

    Raises ValueError for what is no JWK Set.
    """
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise ValueError("no JWK Set")  # noqa: TRY004  It is the document that is wrong.
    found: list[Key] = []
    for data in document["keys"][:_KEYS_MAX]:
        if not isinstance(data, dict) or data.get("use", "sig") != "sig":
            continue
        try:
            with warnings.catch_warnings():
                # Of weak keys, which are left out here anyway.
                warnings.simplefilter("ignore", SecurityWarning)
                key = JWKRegistry.import_key(data)
            strong = _is_strong(key)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            continue
        if strong:
            found.append(key)
    return found


def _is_strong(key: Key) -> bool:
    """Never a symmetric one: what is public would be its secret."""
    if isinstance(key, RSAKey):
        return key.raw_value.key_size >= _RSA_BITS_MIN
    return isinstance(key, ECKey | OKPKey)


def _older(moment: float | None, seconds: float) -> bool:
    return moment is None or time.monotonic() - moment > seconds
