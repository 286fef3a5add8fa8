"""The form of an API key: `tt_live_` or `tt_test_` + 30 base62 + 6 base62 of a CRC-32.

The checksum lets scanners and this server refuse a mistyped key without a database, as GitHub's
token format does. Only the SHA-256 is stored: 30 random base62 characters (178 bits) need no slow
hash.
"""

import hashlib
import re
import secrets
import zlib
from typing import Final

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FORM: Final = re.compile(r"tt_(?:live|test)_[0-9A-Za-z]{36}")
_BODY_LENGTH: Final = 30
_SHOWN: Final = 12


def make(*, livemode: bool) -> str:
    head = "tt_live_" if livemode else "tt_test_"
    body = head + "".join(secrets.choice(_ALPHABET) for _ in range(_BODY_LENGTH))
    return body + _checksum(body)


def is_well_formed(secret: str) -> bool:
    return _FORM.fullmatch(secret) is not None and _checksum(secret[:-6]) == secret[-6:]


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def prefix(secret: str) -> str:
    """What may be shown of a key afterwards."""
    return secret[:_SHOWN]


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode("ascii"))
    digits = []
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
