"""What the commands share: settings, the database (started if it is ours), a first household."""

import asyncio
import contextlib
import secrets
import signal
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, TypeVar

import msgspec
import typer

from tintype.accounts import operations as accounts
from tintype.accounts.models import terms
from tintype.accounts.passwords import hash_password
from tintype.cli import outcome, rooms
from tintype.cli.contact import open_database
from tintype.core import log
from tintype.core.caller import SCOPES, Caller
from tintype.core.errors import Unavailable
from tintype.core.settings import Settings, load
from tintype.credits import operations as ledger
from tintype.db import embedded
from tintype.db.pool import Database, Transaction
from tintype.db.postmaster import EmbeddedDatabaseError
from tintype.keys import operations as keys

FIRST_CREDITS: Final = 100_000
_T = TypeVar("_T")

Data = Annotated[
    Path | None,
    typer.Option("--data", help="The data folder; else TINTYPE_DATA, or ./tintype-data."),
]
Org = Annotated[str | None, typer.Option("--org", help="The organization's id; else the first.")]


class FirstHousehold(msgspec.Struct):
    """What the first start makes; the secrets are shown this once."""

    organization_id: str
    email: str
    password: str
    key: str


@dataclass(frozen=True)
class House:
    """An open data folder: its settings, with the database's true address, and the database."""

    settings: Settings
    database: Database


def settings_for(data: Path | None) -> Settings:
    """What a command beside a server goes by: its links are those that the server hands out."""
    return rooms.addressed(load(data=None if data is None else str(data)))


def run(data: Path | None, work: Callable[[House], Awaitable[_T]]) -> _T:
    """Do a command's work in the house of `data`, beside a running server or without one.

    A new folder gets its first household. Raises SettingsError or a TintypeError.
    """
    settings = settings_for(data)
    log.configure("error", settings.log.format)
    with database_url(settings) as url:
        return asyncio.run(_run(with_url(settings, url), work))


async def _run(settings: Settings, work: Callable[[House], Awaitable[_T]]) -> _T:
    async with open_database(settings) as database:
        async with database.transaction() as tx:
            first = await first_household(tx)
        if first is not None:
            outcome.tell("\n".join(introduction(first)))
        return await work(House(settings, database))


@contextlib.contextmanager
def database_url(settings: Settings) -> Iterator[str]:
    """The database's address; the embedded one is stopped again if nobody else uses it.

    Raises Unavailable when it can't be started.
    """
    if settings.database.url:
        yield settings.database.url
        return
    try:
        url = embedded.start(settings.folder, say=outcome.tell)
    except (EmbeddedDatabaseError, OSError) as fault:
        raise Unavailable(str(fault)) from fault
    try:
        yield url
    finally:
        # A second signal must not leave the database running.
        with _deaf_to(signal.SIGTERM, signal.SIGINT):
            _stopped(settings.folder)


def _stopped(folder: Path) -> None:
    try:
        embedded.stop(folder)
    except (EmbeddedDatabaseError, OSError) as fault:
        raise Unavailable(f"The database did not stop: {fault}") from fault


@contextlib.contextmanager
def _deaf_to(*numbers: int) -> Iterator[None]:
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def with_url(settings: Settings, url: str) -> Settings:
    return msgspec.structs.replace(
        settings, database=msgspec.structs.replace(settings.database, url=url)
    )


async def first_household(tx: Transaction) -> FirstHousehold | None:
    """At the very first start: an organization, an administrator, credits and a key."""
    # Two first commands at once must not make two households.
    await tx.execute("SELECT pg_advisory_xact_lock(x'686f7573'::integer)")
    if await accounts.organizations(tx):
        return None
    organization = await accounts.create_organization(
        tx, name="Studio", plan="enterprise", operator=True
    )
    await ledger.grant(tx, organization.id, FIRST_CREDITS, note="first start")
    password = secrets.token_urlsafe(12)
    email = "admin@localhost"
    await accounts.create_user(
        tx, organization.id, email=email, password_hash=hash_password(password),
        role="administrator",
    )  # fmt: skip
    key = await keys.create(
        tx, organization.id, name="first key", scopes=SCOPES, maker_scopes=SCOPES
    )
    return FirstHousehold(organization.id, email, password, key.secret)


def introduction(first: FirstHousehold) -> list[str]:
    return [
        "First start. These are shown once; keep them:",
        f"  organization   {first.organization_id}",
        f"  administrator  {first.email}  {first.password}  (signs in at POST /v1/auth/session)",
        f"  API key        {first.key}",
    ]


async def organization_id(tx: Transaction, asked: str | None) -> str:
    """The organization asked for, or the first; raises NotFound."""
    if asked is not None:
        return (await accounts.organization(tx, asked)).id
    return (await accounts.organizations(tx))[0].id


async def cli_caller(tx: Transaction, asked: str | None, *, livemode: bool = True) -> Caller:
    """The operator at the terminal, as a caller of one organization or of its sandbox."""
    organization = await accounts.organization(tx, await organization_id(tx, asked))
    if not livemode:
        organization = await accounts.sandbox_of(tx, organization.id)
    return Caller(
        organization_id=organization.id, scopes=frozenset(SCOPES),
        livemode=organization.sandbox_of is None, source="cli",
        # Who sits at the machine is not counted: the limit is for requests.
        **terms(organization.plan, msgspec.structs.asdict(organization)) | {"rate_limit": None},
        private_media=organization.private_media,
        signing_secret=await accounts.signing_secret(tx, organization.id),
    )  # fmt: skip
