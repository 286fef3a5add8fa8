"""Secrets at rest: what the server must be able to read again is sealed with one key of its own.

The key comes from `security.secret`, or from `secret.key` in the data folder, made at the first
start. Several machines on one database need the same one. Values are sealed by Fernet (AES-128-CBC
with HMAC-SHA256); keys for other uses are derived by HKDF (RFC 5869), one per purpose.
"""

import base64
import contextlib
import hashlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tintype.core.settings import Settings, SettingsError

_FILE: Final = "secret.key"
_KEY_BYTES: Final = 32


class Sealed(Exception):
    """What was sealed with another key; the message tells the operator, never a client."""


class Vault:
    """Seals with the first of `secrets_known`, opens with any of them: so a key is changed."""

    def __init__(self, secrets_known: Sequence[bytes]) -> None:
        self._secrets = tuple(secrets_known)
        fernets = [Fernet(base64.urlsafe_b64encode(_derived(it, "seal"))) for it in self._secrets]
        self._present, self._fernet = fernets[0], MultiFernet(fernets)

    def seal(self, plain: bytes) -> bytes:
        return self._fernet.encrypt(plain)

    def unseal(self, sealed: bytes) -> bytes:
        """Raises Sealed."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken as fault:
            raise Sealed(
                "A stored secret was sealed under another security.secret than this server has."
            ) from fault

    def resealed(self, sealed: bytes) -> bytes | None:
        """The same under the present secret; None where it is already, or where none opens it."""
        with contextlib.suppress(InvalidToken):
            self._present.decrypt(sealed)
            return None
        with contextlib.suppress(InvalidToken):
            return self._fernet.rotate(sealed)
        return None

    def derived(self, purpose: str) -> list[bytes]:
        """32 bytes for each known secret, the present one first."""
        return [_derived(it, purpose) for it in self._secrets]

    @property
    def marks(self) -> list[str]:
        """What tells the known secrets apart without telling them, the present one first."""
        return [hashlib.sha256(_derived(it, "mark")).hexdigest()[:32] for it in self._secrets]


def open_vault(settings: Settings) -> Vault:
    """The server's vault; makes the key's file at the first start. Raises SettingsError."""
    chosen = settings.security
    present = chosen.secret.encode() if chosen.secret else _from_file(settings.folder)
    return Vault([present, *(text.encode() for text in chosen.previous_secrets)])


def _from_file(folder: Path) -> bytes:
    """The key in the data folder, only its owner's to read; of two who make it, one wins."""
    path = folder / _FILE
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            fresh = folder / f".{_FILE}.{os.getpid()}.{secrets.token_hex(4)}"
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                os.write(handle, base64.urlsafe_b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n")
                os.fsync(handle)
            finally:
                os.close(handle)
            with contextlib.suppress(FileExistsError):
                os.link(fresh, path)
            fresh.unlink()
        text = path.read_bytes().strip()
    except OSError as fault:
        raise SettingsError(f"{path} can't be used: {fault.strerror or fault}") from fault
    if len(text) < _KEY_BYTES:
        raise SettingsError(f"{path} is cut short; put the one from your backup in its place")
    return text


def _derived(secret: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), _KEY_BYTES, salt=None, info=f"tintype/{purpose}".encode()).derive(secret)
