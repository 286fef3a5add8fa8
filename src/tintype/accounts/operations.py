"""Making organizations and users."""

import re
import secrets
from typing import Any, Final

from argon2 import PasswordHasher

from tintype.accounts import queries
from tintype.accounts.models import Organization, Role, plan_named
from tintype.core import ids
from tintype.core.errors import Conflict, NotFound, ValidationFailed
from tintype.credits import operations as ledger
from tintype.db.pool import Row, Transaction

_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
PASSWORD_LENGTH_MIN: Final = 10
RATE_LIMIT_MAX: Final = 1_000_000


async def create_organization(
    tx: Transaction,
    *,
    name: str,
    plan: str,
    rate_limit: int | None = None,
    private_media: bool = False,
) -> Organization:
    """Make an organization with its credit account and the plan's trial credits."""
    if not name.strip() or len(name) > 200:  # noqa: PLR2004
        raise ValidationFailed("name", "must have 1 to 200 characters")
    if rate_limit is not None and not 1 <= rate_limit <= RATE_LIMIT_MAX:
        raise ValidationFailed("rate_limit", f"must be 1 to {RATE_LIMIT_MAX} requests a minute")
    terms = plan_named(plan)
    row = await queries.insert_organization(
        tx, ids.new("org"), name=name.strip(), plan=plan, rate_limit=rate_limit,
        private_media=private_media, signing_secret=secrets.token_bytes(32), sandbox_of=None,
    )  # fmt: skip
    assert row is not None
    await ledger.open_account(tx, row["id"])
    if terms.trial_credits:
        await ledger.grant(tx, row["id"], terms.trial_credits, note="trial credits")
    return to_organization(row)


async def sandbox_of(tx: Transaction, organization_id: str) -> Organization:
    """The twin that holds the sandbox's data, made at its first use; a twin is its own."""
    parent = await organization(tx, organization_id)
    if parent.sandbox_of is not None:
        return parent
    row = await queries.insert_organization(
        tx, ids.new("org"), name=f"{parent.name} (sandbox)", plan=parent.plan,
        rate_limit=parent.rate_limit, private_media=parent.private_media,
        signing_secret=secrets.token_bytes(32), sandbox_of=organization_id,
    )  # fmt: skip
    if row is None:
        row = await queries.sandbox_twin(tx, organization_id)
        assert row is not None
    else:
        await ledger.open_account(tx, row["id"])
    return to_organization(row)


async def organization(tx: Transaction, organization_id: str) -> Organization:
    row = await queries.organization(tx, ids.parse("org", organization_id))
    if row is None:
        raise NotFound(f"There is no organization {organization_id}.")
    return to_organization(row)


async def signing_secret(tx: Transaction, organization_id: str) -> bytes:
    """The key under which the organization's URLs are signed; it never leaves the server."""
    row = await queries.organization(tx, organization_id)
    if row is None:
        raise NotFound
    secret: bytes = row["signing_secret"]
    return secret


async def organizations(tx: Transaction) -> list[Organization]:
    return [to_organization(row) for row in await queries.organizations(tx)]


def hash_password(password: str) -> str:
    """Argon2id at the library's defaults: about 0.2 s and 64 MiB, so never on the event loop."""
    if len(password) < PASSWORD_LENGTH_MIN:
        raise ValidationFailed("password", f"must have at least {PASSWORD_LENGTH_MIN} characters")
    return PasswordHasher().hash(password)


async def create_user(
    tx: Transaction, organization_id: str, *, email: str, password_hash: str, role: Role
) -> dict[str, Any]:
    """Make a user; e-mail addresses are compared without case, over all organizations."""
    if not _EMAIL.fullmatch(email):
        raise ValidationFailed("email", "must be an e-mail address")
    await organization(tx, organization_id)
    row = await queries.insert_user(
        tx, ids.new("usr"), organization_id, email.lower(), password_hash, role
    )
    if row is None:
        raise Conflict("A user with this e-mail address exists.")
    return {**row, "created_at": row["created_at"].isoformat()}


def to_organization(row: Row) -> Organization:
    return Organization(
        id=row["id"],
        name=row["name"],
        plan=row["plan"],
        created_at=row["created_at"].isoformat(),
        rate_limit=row["rate_limit"],
        private_media=row["private_media"],
        sandbox_of=row["sandbox_of"],
    )
