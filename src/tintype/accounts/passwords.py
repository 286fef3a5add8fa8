"""Passwords, hashed by Argon2id: about 0.2 s and 64 MiB each, so never on the event loop.

`Passwords` bounds what sign-ins may take of a server: so many at once, so many that wait, and the
rest is told to come back.
"""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError, VerifyMismatchError

from tintype.core.errors import RateLimited, Unavailable, ValidationFailed

LENGTH_MIN: Final = 10
LENGTH_MAX: Final = 1024
_AT_ONCE: Final = 2
_WAITING_MAX: Final = 16
_BUSY_SECONDS: Final = 2
_SHORT: Final = "Passwords can't be looked at just now; try again shortly."
_T = TypeVar("_T")


def hash_password(password: str) -> str:
    """Argon2id at the library's defaults; raises ValidationFailed for one too short or too long."""
    if len(password) < LENGTH_MIN:
        raise ValidationFailed("password", f"must have at least {LENGTH_MIN} characters")
    if len(password) > LENGTH_MAX:
        raise ValidationFailed("password", f"may have at most {LENGTH_MAX} characters")
    return PasswordHasher().hash(password)


class Passwords:
    """Verifies in threads of its own. One a process; `close()` at its end."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="passwords")
        self._asked = 0
        self._nobodys: asyncio.Future[str] | None = None

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether it is the password; for nobody's (None) it takes as long and is False.

        Raises RateLimited where too many ask at once, Unavailable where memory is short.
        """
        if self._asked >= _AT_ONCE + _WAITING_MAX:
            raise RateLimited("Too many sign-ins at once; try again shortly.", _BUSY_SECONDS)
        self._asked += 1
        try:
            # Made before either kind of answer, so that the first one takes no longer than others.
            nobodys = await self._of_nobody()
            fits = await self._in_thread(lambda: self._fits(password_hash or nobodys, password))
        finally:
            self._asked -= 1
        return fits and password_hash is not None

    async def rehashed(self, password_hash: str, password: str) -> str | None:
        """A hash by today's parameters, where the stored one is of others. Raises Unavailable."""
        if not self._hasher.check_needs_rehash(password_hash):
            return None
        return await self._in_thread(lambda: self._hash(password))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _of_nobody(self) -> str:
        if self._nobodys is None:
            self._nobodys = asyncio.ensure_future(
                self._in_thread(lambda: self._hash(secrets.token_urlsafe(32)))
            )
        making = self._nobodys
        try:
            return await asyncio.shield(making)
        except Unavailable:
            # The next who asks tries anew, unless another has begun to already.
            if self._nobodys is making:
                self._nobodys = None
            raise

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _fits(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerifyMismatchError, InvalidHashError):
            return False
        except Argon2Error as fault:
            raise Unavailable(_SHORT) from fault

    def _hash(self, password: str) -> str:
        try:
            return self._hasher.hash(password)
        except Argon2Error as fault:
            raise Unavailable(_SHORT) from fault
