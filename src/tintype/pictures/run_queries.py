"""SQL of the worker's part: fetching pictures by URL."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from tintype.db.pool import Row, Transaction

ENTRYPOINT: Final = "pictures.fetch"
_OPEN: Final = "status = 'processing' AND source_url IS NOT NULL AND deleted_at IS NULL"


async def claim(tx: Transaction, picture_id: str, lease: UUID, lease_seconds: float) -> Row | None:
    """Take the fetch for this run, unless it is over or in other hands."""
    return await tx.fetchrow(
        f"""
        UPDATE images i SET lease = $2, lease_until = now() + make_interval(secs => $3),
            attempts = attempts + 1
        FROM organizations o
        WHERE i.id = $1 AND {_OPEN} AND o.id = i.organization_id
          AND (lease_until IS NULL OR lease_until <= now())
        RETURNING i.id, i.organization_id, i.project_id, i.source_url, i.attempts, i.alias_wanted,
            o.private_media, o.signing_secret
        """,  # noqa: S608
        picture_id, lease, lease_seconds,
    )  # fmt: skip


async def wait(tx: Transaction, picture_id: str) -> timedelta | None:
    """How long until a pending fetch may be taken; None where there is nothing to fetch."""
    found: timedelta | None = await tx.fetchval(
        f"""
        SELECT greatest(lease_until - now(), interval '0') FROM images WHERE id = $1 AND {_OPEN}
        """,  # noqa: S608
        picture_id,
    )
    return found


async def renew(tx: Transaction, picture_id: str, lease: UUID, lease_seconds: float) -> bool:
    """False when the fetch isn't this run's any more, or the picture was deleted."""
    status = await tx.execute(
        f"""
        UPDATE images SET lease_until = now() + make_interval(secs => $3)
        WHERE id = $1 AND lease = $2 AND {_OPEN}
        """,  # noqa: S608
        picture_id, lease, lease_seconds,
    )  # fmt: skip
    return bool(status == "UPDATE 1")


async def put_back(
    tx: Transaction, picture_id: str, lease: UUID, delay: timedelta, *, uncounted: bool
) -> None:
    await tx.execute(
        f"""
        UPDATE images SET lease = NULL, lease_until = now() + $3::interval,
            attempts = attempts - $4::integer
        WHERE id = $1 AND lease = $2 AND {_OPEN}
        """,  # noqa: S608
        picture_id, lease, delay, int(uncounted),
    )  # fmt: skip


async def complete(
    tx: Transaction, picture_id: str, lease: UUID, stored: Mapping[str, Any]
) -> bool:
    """The bytes are stored. False when it isn't this run's any more."""
    status = await tx.execute(
        f"""
        UPDATE images SET status = 'completed', object_key = $3, original_key = $4, format = $5,
            has_alpha = $6, width = $7, height = $8, bytes = $9, sha256 = $10, thumbhash = $11,
            lease = NULL, lease_until = NULL, updated_at = now()
        WHERE id = $1 AND lease = $2 AND {_OPEN}
        """,  # noqa: S608
        picture_id, lease, stored["object_key"], stored["original_key"], stored["format"],
        stored["has_alpha"], stored["width"], stored["height"], stored["bytes"], stored["sha256"],
        stored["thumbhash"],
    )  # fmt: skip
    return bool(status == "UPDATE 1")


async def fail(tx: Transaction, picture_id: str, lease: UUID, error: Mapping[str, Any]) -> bool:
    status = await tx.execute(
        f"""
        UPDATE images SET status = 'failed', error = $3, lease = NULL, lease_until = NULL,
            updated_at = now()
        WHERE id = $1 AND lease = $2 AND {_OPEN}
        """,  # noqa: S608
        picture_id, lease, error,
    )  # fmt: skip
    return bool(status == "UPDATE 1")


async def count_open(tx: Transaction, organization_id: str) -> int:
    """An organization's fetches that have not ended."""
    found: int = await tx.fetchval(
        f"SELECT count(*) FROM images WHERE organization_id = $1 AND {_OPEN}",  # noqa: S608
        organization_id,
    )
    return found


async def waiting(tx: Transaction, limit: int) -> list[str]:
    """Fetches that no run holds now, those that have waited longest first."""
    rows = await tx.fetch(
        f"""
        SELECT id FROM images WHERE {_OPEN} AND (lease_until IS NULL OR lease_until <= now())
        ORDER BY lease_until NULLS FIRST LIMIT $1
        """,  # noqa: S608
        limit,
    )
    return [row["id"] for row in rows]
