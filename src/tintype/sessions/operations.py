"""Signing in, with attempts capped over all processes, and signing out, at once everywhere."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import Final

from tintype.accounts import operations as accounts
from tintype.accounts.models import User
from tintype.api import ratelimit
from tintype.audit import operations as audit
from tintype.audit.models import Actor
from tintype.core import ids
from tintype.core.errors import RateLimited, Unauthorized
from tintype.db.listen import notify
from tintype.db.pool import Database, Row, Transaction
from tintype.sessions import queries
from tintype.sessions.models import Session

# Wrong passwords in 60 s, for one e-mail address and from one client address.
ATTEMPTS_MAX: Final = 20
_GIVEN_BITS: Final = 64


@dataclass(frozen=True, slots=True)
class Attempt:
    """A counted attempt; `subjects` are what it is counted to."""

    email: str
    subjects: tuple[str, str]


class Refused(Unauthorized):
    """One answer for an unknown address and a wrong password."""

    def __init__(self) -> None:
        super().__init__("The e-mail address or the password is wrong.")


async def attempt(database: Database, email: str, address: str) -> Attempt:
    """Count an attempt before its password is looked at; raises RateLimited.

    Only wrong ones stay counted: `forgive` takes back the others.
    """
    wanted = email.strip().lower()
    named = hashlib.sha256(wanted.encode("utf-8", "surrogatepass")).hexdigest()
    by_client, by_email = f"sign-in:{_place(address)}", f"sign-in:{named}"
    await ratelimit.count_attempt(database, by_client, ATTEMPTS_MAX)
    try:
        await ratelimit.count_attempt(database, by_email, ATTEMPTS_MAX)
    except RateLimited:
        # No password was looked at: others behind the same address pay nothing for it.
        async with database.transaction() as tx:
            await queries.return_attempt(tx, by_client)
        raise
    return Attempt(wanted, (by_client, by_email))


def _place(address: str) -> str:
    """What one client can't change at will: its IPv4 address, of IPv6 the /64 that it is given."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv4Address):
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Network((int(found), _GIVEN_BITS), strict=False))


async def forgive(tx: Transaction, made: Attempt) -> None:
    for subject in made.subjects:
        await queries.return_attempt(tx, subject)


async def start(tx: Transaction, user: User, *, hours: int, actor: Actor) -> Session:
    """Sign a user in for so many hours."""
    row = await queries.insert(
        tx, ids.new("ses"), user.organization_id, user.id,
        address=actor.address or "", user_agent=actor.user_agent or "",
        life=timedelta(hours=hours),
    )  # fmt: skip
    await audit.record(
        tx, user.organization_id, actor, "session.created", row["id"], {"email": user.email}
    )
    return Session(**row)


async def refuse(database: Database, email: str, actor: Actor) -> None:
    """Write down a failed sign-in, in the log of the organization whose user it was."""
    async with database.transaction() as tx:
        found = await accounts.password_of(tx, email)
        if found is not None:
            user, _ = found
            await audit.record(
                tx, user.organization_id, actor, "session.refused", user.id, {"email": user.email}
            )


async def end(tx: Transaction, organization_id: str, session_id: str, *, actor: Actor) -> None:
    """Sign out: every copy of the session's token ends, in every process."""
    if ended := await queries.end(tx, organization_id, session_id=session_id):
        await notify(tx, session_id)
        await _record_ends(tx, organization_id, ended, actor)


async def end_all(tx: Transaction, organization_id: str, user_id: str, *, actor: Actor) -> None:
    """End every session of a user."""
    ended = await queries.end(tx, organization_id, user_id=user_id)
    await notify(tx, user_id)
    await _record_ends(tx, organization_id, ended, actor)


async def _record_ends(
    tx: Transaction, organization_id: str, ended: list[Row], actor: Actor
) -> None:
    for row in ended:
        await audit.record(
            tx, organization_id, actor, "session.ended", row["id"], {"email": row["email"]}
        )


async def prune(tx: Transaction) -> bool:
    """Forget long-ended sessions; True when there may be more."""
    return await queries.prune(tx)
