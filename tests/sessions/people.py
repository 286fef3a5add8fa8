"""Users who sign in, and what they then show."""

from typing import Any

from argon2 import PasswordHasher

from support.house import House, Reply
from tintype.accounts import operations as accounts
from tintype.accounts.models import Role, User

PASSWORD = "correct horse battery"
# Cheap on purpose: the parameters stand in the hash, and verifying goes by them.
CHEAP_HASH = PasswordHasher(time_cost=1, memory_cost=64).hash(PASSWORD)
SECRET = "a secret of more than thirty-two characters"


async def user(
    house: House, organization_id: str, *, email: str = "ann@example.com",
    role: Role = "administrator", password_hash: str | None = CHEAP_HASH,
) -> User:  # fmt: skip
    async with house.database.transaction() as tx:
        return await accounts.create_user(
            tx, organization_id, email=email, password_hash=password_hash, role=role
        )


async def sign_in(
    house: House, email: str = "ann@example.com", password: str = PASSWORD, **more: Any
) -> Reply:
    return await house.ask(
        "POST", "/api/v1/auth/session", json={"email": email, "password": password}, **more
    )


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def cookie(token: str) -> dict[str, str]:
    return {"Cookie": f"theme=dark; tintype_session={token}; other=1"}
