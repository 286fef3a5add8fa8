"""SQL of videos. What a film's work is and how far it is, its generation says."""

from collections.abc import Mapping
from typing import Any, Final

from tintype.db.filters import asked_for
from tintype.db.pool import Row, Transaction

_VIDEO: Final = """
    v.id, v.organization_id, v.project_id, v.generation_id, v.livemode, v.object_key, v.format,
    v.fps, v.has_sound, v.bytes, v.sha256, v.meta, v.created_at, v.deleted_at,
    coalesce(v.width, g.width) AS width, coalesce(v.height, g.height) AS height,
    coalesce(v.duration_seconds, g.duration_seconds) AS duration_seconds,
    g.status, g.progress, g.recipe, g.sources, g.aspect_ratio, g.resolution, g.model, g.seed,
    g.credits_reserved, g.credits_used, g.error, g.webhook_url, g.completed_at
"""
_FROM: Final = """FROM videos v JOIN generations g
    ON g.id = v.generation_id AND g.organization_id = v.organization_id"""
_STORED: Final = (
    "object_key", "poster_key", "format", "width", "height", "duration_seconds", "fps",
    "has_sound", "bytes", "sha256",
)  # fmt: skip
_COLUMNS: Final = (
    "id",
    "organization_id",
    "project_id",
    "generation_id",
    "livemode",
    "meta",
    *_STORED,
)
_ADD: Final = f"""
    INSERT INTO videos ({", ".join(_COLUMNS)})
    VALUES ({", ".join(f"${n}" for n in range(1, len(_COLUMNS) + 1))})
    ON CONFLICT (generation_id) DO UPDATE
    SET {", ".join(f"{name} = excluded.{name}" for name in _STORED)}
    WHERE videos.organization_id = excluded.organization_id
"""  # noqa: S608
_CONDITIONS: Final[Mapping[str, str]] = {
    "project_id": "v.project_id = {0}",
    "status": "g.status = {0}",
    "after": "v.id < {0}",
}


async def reserve(
    tx: Transaction, video_id: str, work: Mapping[str, Any], sound_key: str | None
) -> None:
    """The row of a film that `work`, a generation's row, is to make, and the sound file for it."""
    await tx.execute(
        """
        INSERT INTO videos (id, organization_id, project_id, generation_id, livemode, meta,
            sound_key)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        video_id, work["organization_id"], work["project_id"], work["id"], work["livemode"],
        work["meta"], sound_key,
    )  # fmt: skip


async def add(tx: Transaction, fields: Mapping[str, Any]) -> None:
    """A film's row, or its bytes into the row that waits for them.

    `fields` has every column of `_COLUMNS`, organization_id among them.
    """
    await tx.execute(_ADD, *(fields[name] for name in _COLUMNS))


async def find(
    tx: Transaction, organization_id: str, video_id: str, project_id: str | None
) -> Row | None:
    """A living one, in whatever state; `project_id` is the one that the caller's key is for."""
    return await tx.fetchrow(
        f"""
        SELECT {_VIDEO} {_FROM}
        WHERE v.organization_id = $1 AND v.id = $2 AND v.deleted_at IS NULL
          AND ($3::text IS NULL OR v.project_id = $3)
        """,
        organization_id, video_id, project_id,
    )  # fmt: skip


async def of_generation(tx: Transaction, organization_id: str, generation_id: str) -> Row | None:
    """The one of this work, in whatever state, a deleted one too."""
    return await tx.fetchrow(
        f"SELECT {_VIDEO} {_FROM} WHERE v.organization_id = $1 AND v.generation_id = $2",
        organization_id, generation_id,
    )  # fmt: skip


async def of_generations(
    tx: Transaction, organization_id: str, generation_ids: list[str]
) -> list[Row]:
    """The living films of these works that have their bytes."""
    rows: list[Row] = await tx.fetch(
        f"""
        SELECT {_VIDEO} {_FROM}
        WHERE v.organization_id = $1 AND v.generation_id = ANY ($2) AND v.deleted_at IS NULL
          AND v.object_key IS NOT NULL
        """,
        organization_id, generation_ids,
    )  # fmt: skip
    return rows


async def page(
    tx: Transaction, organization_id: str, filters: Mapping[str, Any], *, offset: int, limit: int
) -> list[Row]:
    where, values = asked_for(_CONDITIONS, filters, 4)
    rows: list[Row] = await tx.fetch(
        f"""
        SELECT {_VIDEO} {_FROM} WHERE v.organization_id = $1 AND v.deleted_at IS NULL {where}
        ORDER BY v.id DESC OFFSET $2 LIMIT $3
        """,
        organization_id, offset, limit, *values,
    )  # fmt: skip
    return rows


async def count(
    tx: Transaction, organization_id: str, filters: Mapping[str, Any], most: int
) -> int:
    where, values = asked_for(_CONDITIONS, filters, 3)
    found: int = await tx.fetchval(
        f"""
        SELECT count(*) FROM (SELECT {_FROM}
            WHERE v.organization_id = $1 AND v.deleted_at IS NULL {where} LIMIT $2) s
        """,  # noqa: S608
        organization_id, most, *values,
    )  # fmt: skip
    return found


async def completed_of_project(tx: Transaction, organization_id: str, project_id: str) -> list[Row]:
    """A project's living films that have their bytes, oldest first."""
    rows: list[Row] = await tx.fetch(
        f"""
        SELECT {_VIDEO} {_FROM}
        WHERE v.organization_id = $1 AND v.project_id = $2 AND v.deleted_at IS NULL
          AND v.object_key IS NOT NULL
        ORDER BY v.id
        """,
        organization_id, project_id,
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
        WHERE v.id = $1 AND v.deleted_at IS NULL AND v.object_key IS NOT NULL
        """,
        video_id,
    )


async def referenced_keys(tx: Transaction, keys: list[str]) -> set[str]:
    """Those of the object keys that some video names, deleted or not; for the sweeper."""
    rows = await tx.fetch(
        """
        SELECT object_key AS key FROM videos WHERE object_key = ANY ($1)
        UNION SELECT poster_key FROM videos WHERE poster_key = ANY ($1)
        UNION SELECT sound_key FROM videos WHERE sound_key = ANY ($1)
        """,
        keys,
    )
    return {row["key"] for row in rows}
