"""SQL of API keys. A sandbox key belongs to the organization's sandbox twin."""

from datetime import datetime

from tintype.db.pool import Row, Transaction

_KEY = (
    "k.id, k.organization_id, k.name, k.prefix, k.scopes, k.project_id, k.expires_at, k.revoked_at,"
    " k.last_used_at, k.created_at, o.sandbox_of IS NULL AS livemode"
)


async def insert(
    tx: Transaction,
    key_id: str,
    organization_id: str,
    *,
    name: str,
    prefix: str,
    secret_sha256: bytes,
    scopes: list[str],
    project_id: str | None,
    expires_at: datetime | None,
) -> None:
    await tx.execute(
        """
        INSERT INTO api_keys
            (id, organization_id, name, prefix, secret_sha256, scopes, project_id, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        key_id, organization_id, name, prefix, secret_sha256, scopes, project_id, expires_at,
    )  # fmt: skip


async def find(tx: Transaction, organization_id: str, key_id: str) -> Row | None:
    """A key of the organization or of its sandbox twin."""
    return await tx.fetchrow(
        f"""
        SELECT {_KEY} FROM api_keys k JOIN organizations o ON o.id = k.organization_id
        WHERE k.id = $2 AND (o.id = $1 OR o.sandbox_of = $1)
        """,  # noqa: S608
        organization_id, key_id,
    )  # fmt: skip


async def page(tx: Transaction, organization_id: str) -> list[Row]:
    rows: list[Row] = await tx.fetch(
        f"""
        SELECT {_KEY} FROM api_keys k JOIN organizations o ON o.id = k.organization_id
        WHERE o.id = $1 OR o.sandbox_of = $1 ORDER BY k.id DESC
        """,  # noqa: S608
        organization_id,
    )
    return rows


async def revoke(tx: Transaction, organization_id: str, key_id: str) -> bool:
    status = await tx.execute(
        """
        UPDATE api_keys k SET revoked_at = now() FROM organizations o
        WHERE k.id = $2 AND o.id = k.organization_id AND (o.id = $1 OR o.sandbox_of = $1)
          AND k.revoked_at IS NULL
        """,
        organization_id, key_id,
    )  # fmt: skip
    return bool(status == "UPDATE 1")


async def authenticate(tx: Transaction, secret_sha256: bytes) -> Row | None:
    """Before a tenant is known: the key with this hash, if it may be used now.

    A sandbox key goes by the terms of the organization whose twin it belongs to.
    """
    return await tx.fetchrow(
        """
        SELECT k.id, k.organization_id, k.scopes, k.project_id, k.expires_at,
               p.plan, p.rate_limit, o.private_media, o.signing_secret,
               o.sandbox_of IS NULL AS livemode
        FROM api_keys k
        JOIN organizations o ON o.id = k.organization_id
        JOIN organizations p ON p.id = coalesce(o.sandbox_of, o.id)
        WHERE k.secret_sha256 = $1 AND k.revoked_at IS NULL
          AND o.suspended_at IS NULL AND p.suspended_at IS NULL
          AND (k.expires_at IS NULL OR k.expires_at > now())
        """,
        secret_sha256,
    )


async def has_project(tx: Transaction, organization_id: str, project_id: str) -> bool:
    found: bool = await tx.fetchval(
        """
        SELECT EXISTS (SELECT FROM projects
            WHERE organization_id = $1 AND id = $2 AND deleted_at IS NULL)
        """,
        organization_id, project_id,
    )  # fmt: skip
    return found


async def touch(tx: Transaction, key_ids: list[str]) -> None:
    """Note that keys were used; any tenant's, by the server itself."""
    await tx.execute("UPDATE api_keys SET last_used_at = now() WHERE id = ANY ($1)", key_ids)
