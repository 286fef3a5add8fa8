"""SQL of videos."""

from collections.abc import Mapping
from typing import Any

from tintype.db.pool import Row, Transaction

_COLUMNS = (
    "id", "organization_id", "project_id", "generation_id", "livemode", "object_key", "poster_key",
    "format", "width", "height", "duration_seconds", "fps", "has_sound", "bytes", "sha256", "meta",
)  # fmt: skip
_INSERT = (
    f"INSERT INTO videos ({', '.join(_COLUMNS)})"  # noqa: S608
    f" VALUES ({', '.join(f'${n}' for n in range(1, len(_COLUMNS) + 1))}) RETURNING *"
)


async def insert(tx: Transaction, fields: Mapping[str, Any]) -> Row:
    """`fields` has every column of `_COLUMNS`, organization_id among them."""
    row = await tx.fetchrow(_INSERT, *(fields[name] for name in _COLUMNS))
    assert row is not None
    return row


async def of_generations(
    tx: Transaction, organization_id: str, generation_ids: list[str]
) -> list[Row]:
    rows: list[Row] = await tx.fetch(
        """
        SELECT * FROM videos
        WHERE organization_id = $1 AND generation_id = ANY ($2) AND deleted_at IS NULL
        """,
        organization_id, generation_ids,
    )  # fmt: skip
    return rows


async def soft_delete(tx: Transaction, organization_id: str, generation_id: str) -> str | None:
    """The id of the generation's video, if it had one that is gone now."""
    found: str | None = await tx.fetchval(
        """
        UPDATE videos SET deleted_at = now()
        WHERE organization_id = $1 AND generation_id = $2 AND deleted_at IS NULL RETURNING id
        """,
        organization_id, generation_id,
    )  # fmt: skip
    return found


async def deliverable(tx: Transaction, video_id: str) -> Row | None:
    """For delivery, which has no caller: the id is the address, `sig` guards private videos."""
    return await tx.fetchrow(
        """
        SELECT v.id, v.organization_id, v.generation_id, v.object_key, v.poster_key, v.bytes,
               v.sha256, o.private_media, o.signing_secret
        FROM videos v JOIN organizations o ON o.id = v.organization_id
        WHERE v.id = $1 AND v.deleted_at IS NULL
        """,
        video_id,
    )


async def referenced_keys(tx: Transaction, keys: list[str]) -> set[str]:
    """Those of the object keys that some video names, deleted or not; for the sweeper."""
    rows = await tx.fetch(
        """
        SELECT object_key AS key FROM videos WHERE object_key = ANY ($1)
        UNION SELECT poster_key FROM videos WHERE poster_key = ANY ($1)
        """,
        keys,
    )
    return {row["key"] for row in rows}
