"""SQL of API keys. A sandbox key belongs to the organization's sandbox twin."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from tintype.db.filters import asked_for
from tintype.db.pool import Row, Transaction

_KEY = (
    "k.id, k.organization_id, k.name, k.prefix, k.scopes, k.project_id, k.expires_at, k.revoked_at,"
    " k.last_used_at, k.created_at, k.cap_day, k.cap_month, o.sandbox_of IS NULL AS livemode"
)
# The keys of an organization and of its sandbox twin; to a key that is bound, its project's alone.
_THEIRS = (
    "k.organization_id = o.id AND (o.id = $1 OR o.sandbox_of = $1)"
    " AND ($2::text IS NULL OR k.project_id = $2)"
)
_CONDITIONS: Final = {
    "after": "k.id < {0}",
    "status": "CASE WHEN k.revoked_at IS NOT NULL THEN 'revoked'"
    " WHEN k.expires_at <= now() THEN 'expired' ELSE 'active' END = {0}",
}


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
    cap_day: int | None,
    cap_month: int | None,
) -> None:
    await tx.execute(
        """
        INSERT INTO api_keys (id, organization_id, name, prefix, secret_sha256, scopes, project_id,
            expires_at, cap_day, cap_month)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        key_id, organization_id, name, prefix, secret_sha256, scopes, project_id, expires_at,
        cap_day, cap_month,
    )  # fmt: skip


async def find(
    tx: Transaction, organization_id: str, bound_to: str | None, key_id: str
) -> Row | None:
    return await tx.fetchrow(
        f"SELECT {_KEY} FROM api_keys k, organizations o WHERE {_THEIRS} AND k.id = $3",  # noqa: S608
        organization_id, bound_to, key_id,
    )  # fmt: skip


async def lock(
    tx: Transaction, organization_id: str, bound_to: str | None, key_id: str
) -> Row | None:
    """The key as it is now, and until the commit but for who holds this."""
    return await tx.fetchrow(
        f"""
        SELECT {_KEY} FROM api_keys k, organizations o WHERE {_THEIRS} AND k.id = $3
        FOR NO KEY UPDATE OF k
        """,  # noqa: S608
        organization_id, bound_to, key_id,
    )  # fmt: skip


async def page(
    tx: Transaction,
    organization_id: str,
    bound_to: str | None,
    filters: Mapping[str, Any],
    *,
    offset: int,
    limit: int | None,
) -> list[Row]:
    where, values = asked_for(_CONDITIONS, filters, 5)
    rows: list[Row] = await tx.fetch(
        f"""
        SELECT {_KEY} FROM api_keys k, organizations o WHERE {_THEIRS} {where}
        ORDER BY k.id DESC OFFSET $3 LIMIT $4
        """,  # noqa: S608
        organization_id, bound_to, offset, limit, *values,
    )  # fmt: skip
    return rows


async def count(
    tx: Transaction,
    organization_id: str,
    bound_to: str | None,
    filters: Mapping[str, Any],
    most: int,
) -> int:
    where, values = asked_for(_CONDITIONS, filters, 4)
    found: int = await tx.fetchval(
        f"""
        SELECT count(*) FROM (
            SELECT FROM api_keys k, organizations o WHERE {_THEIRS} {where} LIMIT $3) s
        """,  # noqa: S608
        organization_id, bound_to, most, *values,
    )  # fmt: skip
    return found


async def revoke(tx: Transaction, organization_id: str, bound_to: str | None, key_id: str) -> bool:
    status = await tx.execute(
        f"""
        UPDATE api_keys k SET revoked_at = now() FROM organizations o
        WHERE {_THEIRS} AND k.id = $3 AND k.revoked_at IS NULL
        """,  # noqa: S608
        organization_id, bound_to, key_id,
    )  # fmt: skip
    return bool(status == "UPDATE 1")


async def revoke_of_project(tx: Transaction, organization_id: str, project_id: str) -> list[str]:
    """The ids of the project's keys that ended now, in the order in which they were made."""
    rows = await tx.fetch(
        """
        UPDATE api_keys SET revoked_at = now()
        WHERE organization_id = $1 AND project_id = $2 AND revoked_at IS NULL RETURNING id
        """,
        organization_id, project_id,
    )  # fmt: skip
    return sorted(row["id"] for row in rows)


async def change(
    tx: Transaction,
    organization_id: str,
    key_id: str,
    *,
    name: str,
    cap_day: int | None,
    cap_month: int | None,
) -> None:
    """`organization_id` is the key's own: its sandbox twin's for a sandbox key."""
    await tx.execute(
        """
        UPDATE api_keys SET name = $3, cap_day = $4, cap_month = $5
        WHERE organization_id = $1 AND id = $2
        """,
        organization_id, key_id, name, cap_day, cap_month,
    )  # fmt: skip


async def authenticate(tx: Transaction, secret_sha256: bytes) -> Row | None:
    """Before a tenant is known: the key with this hash, if it may be used now.

    A sandbox key goes by the terms of the organization whose twin it belongs to. A key that ended
    with its project is found too, `orphaned`: whoever holds it is told why.
    """
    return await tx.fetchrow(
        """
        SELECT k.id, k.organization_id, k.scopes, k.project_id, k.expires_at,
               k.cap_day IS NOT NULL OR k.cap_month IS NOT NULL AS capped,
               p.plan, p.rate_limit, p.queue_weight, p.features, o.operator,
               o.private_media, o.signing_secret,
               o.sandbox_of IS NULL AS livemode, j.deleted_at IS NOT NULL AS orphaned
        FROM api_keys k
        JOIN organizations o ON o.id = k.organization_id
        JOIN organizations p ON p.id = coalesce(o.sandbox_of, o.id)
        LEFT JOIN projects j ON j.id = k.project_id
        WHERE k.secret_sha256 = $1 AND (k.revoked_at IS NULL OR k.revoked_at = j.deleted_at)
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
    await tx.execute(
        """
        UPDATE api_keys SET last_used_at = now() WHERE id IN (
            SELECT id FROM api_keys WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE)
        """,
        key_ids,
    )
