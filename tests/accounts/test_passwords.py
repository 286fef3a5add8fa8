"""Verifying passwords where memory is short: that is no word about the password."""

import asyncio

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import HashingError

from sessions.people import CHEAP_HASH, PASSWORD
from tintype.accounts.passwords import Passwords
from tintype.core.errors import RateLimited, Unavailable

_CHEAP = {"time_cost": 1, "memory_cost": 64}
# 4 TiB, which no machine gives.
_ENDLESS = CHEAP_HASH.replace("m=64", "m=4294967295")


class OnceShort(PasswordHasher):
    """Short of memory at the first hash, as a machine may be for a moment."""

    def __init__(self) -> None:
        super().__init__(**_CHEAP)
        self.asked = 0

    def hash(self, password, *, salt=None) -> str:
        self.asked += 1
        if self.asked == 1:
            raise HashingError("Memory allocation error")
        return super().hash(password, salt=salt)


async def test_short_memory_is_not_a_wrong_password() -> None:
    passwords = Passwords(PasswordHasher(**_CHEAP))
    with pytest.raises(Unavailable):
        await passwords.verify(_ENDLESS, PASSWORD)
    assert await passwords.verify(CHEAP_HASH, PASSWORD)
    assert not await passwords.verify(CHEAP_HASH, "another")
    assert not await passwords.verify("no hash at all", PASSWORD)
    passwords.close()


async def test_a_failure_to_hash_is_not_kept() -> None:
    passwords = Passwords(OnceShort())
    with pytest.raises(Unavailable):
        await passwords.verify(None, PASSWORD)
    assert not await passwords.verify(None, PASSWORD)
    assert await passwords.verify(CHEAP_HASH, PASSWORD)
    passwords.close()


async def test_only_so_many_are_looked_at_or_wait() -> None:
    passwords = Passwords(PasswordHasher(**_CHEAP))
    asked = (passwords.verify(CHEAP_HASH, PASSWORD) for _ in range(24))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert answers[:18] == [True] * 18
    assert {type(answer) for answer in answers[18:]} == {RateLimited}
    assert await passwords.verify(CHEAP_HASH, PASSWORD), "and then there is room again"
    passwords.close()
