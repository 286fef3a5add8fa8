"""SQL of the worker's part: fetching weights."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from tintype.db.pool import Row, Transaction
from tintype.models.safetensors import Contents


async def claim(tx: Transaction, model_id: str, lease: UUID, lease_seconds: float) -> Row | None:
    """Take the fetch for this run, unless it is over or in other hands."""
    return await tx.fetchrow(
        """
        UPDATE custom_models SET lease = $2, lease_until = now() + make_interval(secs => $3),
            attempts = attempts + 1
        WHERE id = $1 AND status = 'pending' AND deleted_at IS NULL
          AND (lease_until IS NULL OR lease_until <= now())
        RETURNING id, organization_id, source_url, attempts
        """,
        model_id, lease, lease_seconds,
    )  # fmt: skip


async def wait(tx: Transaction, model_id: str) -> timedelta | None:
    """How long until a pending fetch may be taken; None where there is nothing to fetch."""
    found: timedelta | None = await tx.fetchval(
        """
        SELECT greatest(lease_until - now(), interval '0') FROM custom_models
        WHERE id = $1 AND status = 'pending' AND deleted_at IS NULL
        """,
        model_id,
    )
    return found


async def renew(tx: Transaction, model_id: str, lease: UUID, lease_seconds: float) -> bool:
    """False when the fetch isn't this run's any more, or the model was deleted."""
    status = await tx.execute(
        """
        UPDATE custom_models SET lease_until = now() + make_interval(secs => $3)
        WHERE id = $1 AND lease = $2 AND status = 'pending' AND deleted_at IS NULL
        """,
        model_id, lease, lease_seconds,
    )  # fmt: skip
    return bool(status == "UPDATE 1")


async def put_back(
    tx: Transaction, model_id: str, lease: UUID, delay: timedelta, *, uncounted: bool
) -> None:
    await tx.execute(
        """
        UPDATE custom_models SET lease = NULL, lease_until = now() + $3::interval,
            attempts = attempts - $4::integer
        WHERE id = $1 AND lease = $2 AND status = 'pending'
        """,
        model_id, lease, delay, int(uncounted),
    )  # fmt: skip


async def complete(
    tx: Transaction, model_id: str, lease: UUID, object_key: str, contents: Contents
) -> bool:
    """The bytes are stored: the model is ready. False when it isn't this run's any more."""
    status = await tx.execute(
        """
        UPDATE custom_models SET status = 'ready', object_key = $3, bytes = $4, sha256 = $5,
            tensors = $6, file_metadata = $7, lease = NULL, lease_until = NULL, updated_at = now()
        WHERE id = $1 AND lease = $2 AND status = 'pending' AND deleted_at IS NULL
        """,
        model_id, lease, object_key, contents.bytes, contents.sha256, contents.tensors,
        contents.metadata,
    )  # fmt: skip
    return bool(status == "UPDATE 1")


async def fail(tx: Transaction, model_id: str, lease: UUID, error: dict[str, Any]) -> None:
    await tx.execute(
        """
        UPDATE custom_models SET status = 'failed', error = $3, lease = NULL, lease_until = NULL,
            updated_at = now()
        WHERE id = $1 AND lease = $2 AND status = 'pending'
        """,
        model_id, lease, error,
    )  # fmt: skip


async def waiting(tx: Transaction, limit: int) -> list[str]:
    """Fetches that no run holds now, those that have waited longest first."""
    rows = await tx.fetch(
        """
        SELECT id FROM custom_models
        WHERE status = 'pending' AND deleted_at IS NULL
          AND (lease_until IS NULL OR lease_until <= now())
        ORDER BY lease_until NULLS FIRST LIMIT $1
        """,
        limit,
    )
    return [row["id"] for row in rows]
