"""Signing in, with attempts capped over all processes, and signing out, at once everywhere."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from tintype.accounts import operations as accounts
from tintype.accounts.models import User
from tintype.api import ratelimit
from tintype.audit import operations as audit
from tintype.audit.models import Actor
from tintype.core import ids
from tintype.core.errors import Unauthorized
from tintype.db.listen import notify
from tintype.db.pool import Database, Transaction
from tintype.sessions import queries
from tintype.sessions.models import Session

# Wrong passwords in 60 s, for one e-mail address and from one client address.
ATTEMPTS_MAX: Final = 20


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
    subjects = (f"sign-in:{address}", f"sign-in:{named}")
    for subject in subjects:
        await ratelimit.count_attempt(database, subject, ATTEMPTS_MAX)
    return Attempt(wanted, subjects)


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
    if await queries.end(tx, organization_id, session_id):
        await notify(tx, session_id)
        await audit.record(tx, organization_id, actor, "session.ended", session_id)


async def end_all(tx: Transaction, organization_id: str, user_id: str) -> None:
    """End every session of a user."""
    await queries.end_all(tx, organization_id, user_id)
    await notify(tx, user_id)


async def prune(tx: Transaction) -> bool:
    """Forget long-ended sessions; True when there may be more."""
    return await queries.prune(tx)
