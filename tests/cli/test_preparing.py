"""What the start makes sure of: secrets under the present key, the issuer's organization."""

import msgspec
import pytest

from support.house import settings_for
from tintype.accounts import operations as accounts
from tintype.cli.prepare import prepare
from tintype.core import ids
from tintype.core.settings import SettingsError
from tintype.core.vault import Vault, open_vault
from tintype.db.pool import Database

OLD, NEW = "o" * 40, "n" * 40


async def sealed_house(database: Database, vault: Vault) -> str:
    """An organization with everything that is sealed; the values tell what they are."""
    async with database.transaction() as tx:
        owner = (await accounts.create_organization(tx, name="Sealed", plan="pro")).id
        await tx.execute(
            "INSERT INTO webhook_endpoints (id, organization_id, url, events, secret,"
            " previous_secret, previous_until) VALUES ($1, $2, 'https://a', '{*}', $3, $4, now())",
            ids.new("whe"), owner, vault.seal(b"one"), vault.seal(b"two"),
        )  # fmt: skip
        await tx.execute(
            "INSERT INTO webhook_secrets (organization_id, secret) VALUES ($1, $2)",
            owner, vault.seal(b"three"),
        )  # fmt: skip
        for key, headers, body in (
            ("sealed", {"headers": {}, "sealed": True}, vault.seal(b"four")),
            ("plain", {"headers": {}}, b"five"),
        ):
            await tx.execute(
                "INSERT INTO idempotency_keys (organization_id, key, fingerprint, status, headers,"
                " body) VALUES ($1, $2, '', 201, $3, $4)", owner, key, headers, body,
            )  # fmt: skip
    return owner


async def stored(database: Database) -> list[bytes]:
    async with database.reading() as tx:
        rows = [
            *await tx.fetch("SELECT secret, previous_secret FROM webhook_endpoints"),
            *await tx.fetch("SELECT secret FROM webhook_secrets"),
            *await tx.fetch("SELECT body FROM idempotency_keys WHERE key = 'sealed'"),
        ]
        assert await tx.fetchval("SELECT body FROM idempotency_keys WHERE key = 'plain'") == b"five"
    return [value for row in rows for value in row.values()]


async def test_after_a_change_of_the_secret_the_old_one_may_go(
    database: Database, database_url: str, tmp_path
) -> None:
    def settings(secret: str, *previous: str):
        security = {"secret": secret, "previous_secrets": list(previous)}
        return settings_for(database_url, tmp_path, security=security)

    await prepare(settings(OLD))
    old, new = (open_vault(settings(secret)) for secret in (OLD, NEW))
    await sealed_house(database, old)
    before = await stored(database)
    await prepare(settings(OLD))
    assert await stored(database) == before
    # What can be opened by none of them stays as it is, and stops nothing.
    async with database.transaction() as tx:
        lost = Vault([b"x" * 40]).seal(b"lost")
        await tx.execute("UPDATE webhook_endpoints SET previous_secret = $1", lost)
    for _ in range(2):
        await prepare(settings(NEW, OLD))
        one, two, *rest = await stored(database)
        assert [new.unseal(it) for it in (one, *rest)] == [b"one", b"three", b"four"]
        assert two == lost
    # A process that hasn't been told yet may still seal with the old one: the next start sees to it.
    async with database.transaction() as tx:
        await tx.execute("UPDATE webhook_secrets SET secret = $1", old.seal(b"late"))
    await prepare(settings(NEW, OLD))
    assert new.unseal((await stored(database))[2]) == b"late"
    assert await prepare(settings(NEW)) == "ready"


async def test_the_organization_of_unknown_users_must_be_there(
    database: Database, database_url: str, tmp_path
) -> None:
    auth = {
        "issuer": "https://i.example.com", "audience": "a", "shared_secret": "s" * 40,
        "unknown_users": "create",
    }  # fmt: skip
    async with database.transaction() as tx:
        owner = (await accounts.create_organization(tx, name="Own", plan="pro")).id
        twin = (await accounts.sandbox_of(tx, owner)).id
    for wrong in (ids.new("org"), twin):
        chosen = settings_for(database_url, tmp_path, auth=auth | {"organization": wrong})
        with pytest.raises(SettingsError, match=r"auth\.organization"):
            await prepare(chosen)
    chosen = settings_for(database_url, tmp_path, auth=auth | {"organization": owner})
    assert await prepare(chosen) == "ready"
    with pytest.raises(SettingsError, match=r"auth\.organization"):
        settings_for(database_url, tmp_path, auth=auth | {"organization": "Studio"})
    assert msgspec.structs.asdict(chosen.auth)["organization"] == owner
