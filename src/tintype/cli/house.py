"""What every command needs: settings, the database (started if it is ours), and a first household."""

import contextlib
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import msgspec

from tintype.accounts import operations as accounts
from tintype.core.caller import SCOPES, Caller
from tintype.core.settings import Settings, load
from tintype.credits import operations as credits
from tintype.db import embedded, migrate
from tintype.db.pool import Database, Transaction, connect
from tintype.keys import operations as keys

FIRST_CREDITS: Final = 100_000


class FirstHousehold(msgspec.Struct):
    """What the first start makes; the secrets are shown this once."""

    organization_id: str
    email: str
    password: str
    key: str


def settings_for(data: Path | None, config: Path | None = None) -> Settings:
    return load(config=config, data=None if data is None else str(data))


@contextlib.contextmanager
def database_url(settings: Settings, *, quiet: bool = True) -> Iterator[str]:
    """The database's address; the embedded one is started, and stopped again if nobody else uses it."""
    if settings.database.url:
        yield settings.database.url
        return

    def say(text: str) -> None:
        if not quiet:
            print(text, flush=True)  # noqa: T201

    url = embedded.start(settings.folder, say=say)
    try:
        yield url
    finally:
        embedded.stop(settings.folder)


def with_url(settings: Settings, url: str) -> Settings:
    return msgspec.structs.replace(
        settings, database=msgspec.structs.replace(settings.database, url=url)
    )


@contextlib.asynccontextmanager
async def open_database(url: str, settings: Settings) -> AsyncIterator[Database]:
    """A migrated database with a small pool."""
    await migrate.migrate(url)
    database = await connect(url, size=4, wait_seconds=settings.database.pool_wait_seconds)
    try:
        yield database
    finally:
        await database.close()


async def first_household(tx: Transaction) -> FirstHousehold | None:
    """At the very first start: an organization, an administrator, credits and a key."""
    if await accounts.organizations(tx):
        return None
    organization = await accounts.create_organization(tx, name="Studio", plan="enterprise")
    await credits.grant(tx, organization.id, FIRST_CREDITS, note="first start")
    password = secrets.token_urlsafe(12)
    email = "admin@localhost"
    await accounts.create_user(
        tx, organization.id, email=email, password_hash=accounts.hash_password(password),
        role="administrator",
    )  # fmt: skip
    key = await keys.create(
        tx, organization.id, name="first key", scopes=SCOPES, maker_scopes=SCOPES
    )
    return FirstHousehold(organization.id, email, password, key.secret)


async def cli_caller(tx: Transaction, organization_id: str | None) -> Caller:
    """The operator at the terminal, as a caller of one organization (the first by default)."""
    found = await accounts.organizations(tx)
    chosen = organization_id or found[0].id
    organization = await accounts.organization(tx, chosen)
    return Caller(
        organization_id=organization.id, plan=organization.plan, scopes=frozenset(SCOPES),
        livemode=organization.sandbox_of is None, source="cli",
        private_media=organization.private_media,
        signing_secret=await accounts.signing_secret(tx, organization.id),
    )  # fmt: skip
