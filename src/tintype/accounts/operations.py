"""Making organizations and users."""

import re
import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final, get_args

import msgspec

from tintype.accounts import queries
from tintype.accounts.models import (
    ChangeOrganization,
    External,
    Feature,
    Member,
    Organization,
    OrganizationView,
    Role,
    User,
    plan_named,
)
from tintype.audit import operations as audit
from tintype.audit.models import Actor
from tintype.audit.operator import SERVER
from tintype.core import ids
from tintype.core.errors import Conflict, NotFound, Unavailable, ValidationFailed
from tintype.credits import operations as ledger
from tintype.db.listen import notify
from tintype.db.pool import Row, Transaction

_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
# The largest of each limit of an organization's own; the smallest is 1.
_MOST: Final = {"rate_limit": 1_000_000, "concurrency": 10_000, "queue_weight": 12}
_FEATURE: Final = re.compile(rf"([+-]?)({'|'.join(get_args(Feature))})")


async def create_organization(
    tx: Transaction,
    *,
    name: str,
    plan: str,
    rate_limit: int | None = None,
    private_media: bool = False,
    operator: bool = False,
) -> Organization:
    """Make an organization with its credit account and the plan's trial credits.

    The `operator`'s own may grant credits to all.
    """
    if not name.strip() or len(name) > 200:  # noqa: PLR2004
        raise ValidationFailed("name", "must have 1 to 200 characters")
    _within("rate_limit", rate_limit)
    terms = plan_named(plan)
    row = await queries.insert_organization(
        tx, ids.new("org"), name=name.strip(), plan=plan, rate_limit=rate_limit,
        private_media=private_media, signing_secret=secrets.token_bytes(32), operator=operator,
    )  # fmt: skip
    await ledger.open_account(tx, row["id"])
    if terms.trial_credits:
        await ledger.grant(tx, row["id"], terms.trial_credits, note="trial credits")
    return to_organization(row)


async def sandbox_of(tx: Transaction, organization_id: str) -> Organization:
    """The twin that holds the sandbox's data, made at its first use; a twin is its own."""
    parent = await organization(tx, organization_id)
    if parent.sandbox_of is not None:
        return parent
    row = await queries.insert_sandbox(tx, ids.new("org"), organization_id, secrets.token_bytes(32))
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


async def change_organization(
    tx: Transaction, organization_id: str, change: ChangeOrganization, *, actor: Actor
) -> Organization:
    """Other terms, in force at once in every process; what is at work or queued goes on.

    Raises NotFound, ValidationFailed. Its sandbox goes by the same terms.
    """
    row = await queries.lock_organization(tx, ids.parse("org", organization_id))
    if row is None:
        raise NotFound(f"There is no organization {organization_id[:80]}.")
    asked = msgspec.structs.asdict(change)
    features = asked.pop("features")
    before: dict[str, Any] = {name: row[name] for name in asked} | {"features": row["features"]}
    after = before | {name: it for name, it in asked.items() if it is not msgspec.UNSET}
    after["features"] = _features(row["features"], features)
    plan_named(after["plan"])
    for name in _MOST:
        _within(name, after[name])
    changed = {
        name: {"from": before[name], "to": it} for name, it in after.items() if it != before[name]
    }
    if not changed:
        return to_organization(row)
    rows = await queries.change_organization(tx, row["id"], **after)
    for one in rows:
        await notify(tx, one["id"])
    await audit.record(tx, row["id"], actor, "organization.updated", row["id"], changed)
    return next(to_organization(one) for one in rows if one["id"] == row["id"])


def _features(own: Collection[str], asked: Collection[str]) -> list[str]:
    """The organization's words on features after those that are `asked`, sorted by feature."""
    found = {word[1:]: word for word in own}
    for word in asked:
        match = _FEATURE.fullmatch(word)
        if match is None:
            raise ValidationFailed(
                "features",
                f"{word!r:.80} must be one of {', '.join(get_args(Feature))}, with + to add it, -"
                " to take it away, or neither to go by the plan",
            )
        if match[1]:
            found[match[2]] = word
        else:
            found.pop(word, None)
    return [found[name] for name in sorted(found)]


def _within(name: str, limit: int | None) -> None:
    if limit is not None and not 1 <= limit <= _MOST[name]:
        raise ValidationFailed(name, f"must be 1 to {_MOST[name]}")


async def signing_secret(tx: Transaction, organization_id: str) -> bytes:
    """The key under which the organization's URLs are signed; it never leaves the server."""
    row = await queries.organization(tx, organization_id)
    if row is None:
        raise NotFound(f"There is no organization {organization_id[:80]}.")
    secret: bytes = row["signing_secret"]
    return secret


async def organizations(tx: Transaction) -> list[Organization]:
    return [to_organization(row) for row in await queries.organizations(tx)]


async def create_user(
    tx: Transaction,
    organization_id: str,
    *,
    email: str,
    password_hash: str | None,
    role: Role,
    external: External | None = None,
    actor: Actor = SERVER,
) -> User:
    """Make a user; e-mail addresses are compared without case, over all organizations.

    A user of another issuer has no password here. Raises Conflict for an address in use.
    """
    if not _EMAIL.fullmatch(email):
        raise ValidationFailed("email", "must be an e-mail address")
    await organization(tx, organization_id)
    row = await queries.insert_user(
        tx, ids.new("usr"), organization_id, email.lower(), password_hash, role, external
    )
    if row is None:
        raise Conflict("A user with this e-mail address exists.")
    details = {"email": row["email"], "role": role} | ({"issuer": external[0]} if external else {})
    await audit.record(tx, organization_id, actor, "user.created", row["id"], details)
    return to_user(row)


async def users(tx: Transaction, organization_id: str) -> list[User]:
    """An organization's users, the oldest first."""
    return [to_user(row) for row in await queries.users(tx, organization_id)]


async def user(tx: Transaction, organization_id: str, user_id: str) -> User:
    row = await queries.user(tx, organization_id, user_id)
    if row is None:
        raise NotFound("There is no such user.")
    return to_user(row)


async def user_named(tx: Transaction, email: str) -> User:
    """The user with this e-mail address, of whichever organization."""
    row = await queries.user_by_email(tx, email.lower())
    if row is None:
        raise NotFound(f"There is no user {email[:80]}.")
    return to_user(row)


async def password_of(tx: Transaction, email: str) -> tuple[User, str] | None:
    """The user who may sign in with this address, and the hash of their password."""
    row = await queries.user_by_email(tx, email)
    if row is None or row["password_hash"] is None or row["suspended"]:
        return None
    return to_user(row), row["password_hash"]


async def require_hash(tx: Transaction, one: User, password_hash: str) -> None:
    """Raise Unavailable unless this is still the user's; it stays so until the commit."""
    if await queries.locked_hash(tx, one.organization_id, one.id) != password_hash:
        raise Unavailable("The user was changed just now; sign in again.")


async def keep_hash(tx: Transaction, one: User, password_hash: str) -> None:
    """The same password, hashed by newer parameters."""
    await queries.set_password(tx, one.organization_id, one.id, password_hash)


async def set_password(tx: Transaction, one: User, password_hash: str, *, actor: Actor) -> None:
    """Give a user another password; their sessions are ended by who calls."""
    await queries.set_password(tx, one.organization_id, one.id, password_hash)
    await audit.record(tx, one.organization_id, actor, "user.password_changed", one.id)


async def delete_user(tx: Transaction, one: User, *, actor: Actor) -> None:
    """What the user made stays; the address is free again; every credential ends at once."""
    await queries.delete_user(tx, one.organization_id, one.id)
    await notify(tx, one.id)
    await audit.record(tx, one.organization_id, actor, "user.deleted", one.id, {"email": one.email})


async def member(tx: Transaction, user_id: str) -> Member | None:
    """A user as a credential finds them; None for who may not come in (any more)."""
    row = await queries.member(tx, user_id)
    return None if row is None else Member(**{name: row[name] for name in Member.__struct_fields__})


async def external_user(tx: Transaction, external: External) -> str | None:
    """The id of the user whom another issuer knows by this subject."""
    return await queries.external_user(tx, *external)


async def was_deleted(tx: Transaction, email: str, external: External) -> bool:
    """Whether a user with this address, or of this subject, was shown out."""
    return await queries.was_deleted(tx, email.lower(), *external)


async def link_user(
    tx: Transaction, email: str, external: External, *, administrators: bool, actor: Actor
) -> str | None:
    """Tie the user with this e-mail address to another issuer's subject, once and for all.

    None where there is no such user, one that is tied already, or an administrator unless
    `administrators` may be tied.
    """
    row = await queries.link_user(tx, email.lower(), *external, administrators=administrators)
    if row is None:
        return None
    await audit.record(
        tx, row["organization_id"], actor, "user.linked", row["id"], {"issuer": external[0]}
    )
    return str(row["id"])


def view(one: Organization) -> OrganizationView:
    return OrganizationView(one.id, one.name, one.plan, datetime.fromisoformat(one.created_at))


def to_user(row: Row) -> User:
    return User(**{name: row[name] for name in User.__struct_fields__})


def to_organization(row: Row) -> Organization:
    return Organization(
        id=row["id"],
        name=row["name"],
        plan=row["plan"],
        created_at=row["created_at"].isoformat(),
        rate_limit=row["rate_limit"],
        private_media=row["private_media"],
        sandbox_of=row["sandbox_of"],
        concurrency=row["concurrency"],
        queue_weight=row["queue_weight"],
        features=tuple(row["features"]),
        operator=row["operator"],
    )
