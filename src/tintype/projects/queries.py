"""SQL of projects."""

from collections.abc import Mapping
from typing import Any, Final

from tintype.db.filters import asked_for
from tintype.db.pool import Row, Transaction

_PROJECT: Final = (
    "id, name, output, picture_aspect_ratio, picture_resolution, consistency_image_id, branding,"
    " slug, published_at, meta, created_at, updated_at"
)
# `q` is a LIKE pattern that is escaped already; `only` the project that the caller's key is for.
_CONDITIONS: Final = {
    "only": "id = {0}",
    "after": "id < {0}",
    "q": "name ILIKE {0}",
    "output": "output = {0}",
    "status": "CASE WHEN published_at IS NULL THEN 'draft' ELSE 'published' END = {0}",
}


async def insert(
    tx: Transaction, project_id: str, organization_id: str, fields: Mapping[str, Any]
) -> Row:
    row = await tx.fetchrow(
        f"""
        INSERT INTO projects (id, organization_id, name, output, picture_aspect_ratio,
            picture_resolution, consistency_image_id, branding, meta)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING {_PROJECT}
        """,  # noqa: S608
        project_id, organization_id, fields["name"], fields["output"],
        fields["picture_aspect_ratio"], fields["picture_resolution"],
        fields["consistency_image_id"], fields["branding"], fields["meta"],
    )  # fmt: skip
    assert row is not None
    return row


async def find(
    tx: Transaction, organization_id: str, project_id: str, *, lock: bool = False
) -> Row | None:
    """One that isn't deleted. Locked, others may still make work in it, but not change it."""
    return await tx.fetchrow(
        f"""
        SELECT {_PROJECT} FROM projects
        WHERE organization_id = $1 AND id = $2 AND deleted_at IS NULL
        {"FOR NO KEY UPDATE" if lock else ""}
        """,  # noqa: S608
        organization_id, project_id,
    )  # fmt: skip


async def page(
    tx: Transaction, organization_id: str, filters: Mapping[str, Any], *, offset: int, limit: int
) -> list[Row]:
    where, values = asked_for(_CONDITIONS, filters, 4)
    rows: list[Row] = await tx.fetch(
        f"""
        SELECT {_PROJECT} FROM projects
        WHERE organization_id = $1 AND deleted_at IS NULL {where}
        ORDER BY id DESC OFFSET $2 LIMIT $3
        """,  # noqa: S608
        organization_id, offset, limit, *values,
    )  # fmt: skip
    return rows


async def count(
    tx: Transaction, organization_id: str, filters: Mapping[str, Any], most: int
) -> int:
    where, values = asked_for(_CONDITIONS, filters, 3)
    found: int = await tx.fetchval(
        f"""
        SELECT count(*) FROM (SELECT FROM projects
            WHERE organization_id = $1 AND deleted_at IS NULL {where} LIMIT $2) s
        """,  # noqa: S608
        organization_id, most, *values,
    )  # fmt: skip
    return found


async def update(
    tx: Transaction, organization_id: str, project_id: str, fields: Mapping[str, Any]
) -> Row:
    """No two versions of a project have one `updated_at`: transactions may overtake each other."""
    row = await tx.fetchrow(
        f"""
        UPDATE projects SET name = $3, output = $4, picture_aspect_ratio = $5,
            picture_resolution = $6, consistency_image_id = $7, branding = $8, meta = $9,
            updated_at = greatest(clock_timestamp(), updated_at + interval '1 microsecond')
        WHERE organization_id = $1 AND id = $2 RETURNING {_PROJECT}
        """,  # noqa: S608
        organization_id, project_id, fields["name"], fields["output"],
        fields["picture_aspect_ratio"], fields["picture_resolution"],
        fields["consistency_image_id"], fields["branding"], fields["meta"],
    )  # fmt: skip
    assert row is not None
    return row


async def soft_delete(tx: Transaction, organization_id: str, project_id: str) -> None:
    await tx.execute(
        "UPDATE projects SET deleted_at = now() WHERE organization_id = $1 AND id = $2",
        organization_id, project_id,
    )  # fmt: skip


async def show(
    tx: Transaction, organization_id: str, project_id: str, publication_id: str, slug: str
) -> Row:
    """Point to a publication; a project that was published before keeps its slug."""
    row = await tx.fetchrow(
        f"""
        UPDATE projects SET publication_id = $3, slug = coalesce(slug, $4), published_at = now()
        WHERE organization_id = $1 AND id = $2 RETURNING {_PROJECT}
        """,  # noqa: S608
        organization_id, project_id, publication_id, slug,
    )  # fmt: skip
    assert row is not None
    return row


async def hide(tx: Transaction, organization_id: str, project_id: str) -> Row:
    row = await tx.fetchrow(
        f"""
        UPDATE projects SET publication_id = NULL, published_at = NULL
        WHERE organization_id = $1 AND id = $2 RETURNING {_PROJECT}
        """,  # noqa: S608
        organization_id, project_id,
    )  # fmt: skip
    assert row is not None
    return row


async def image(
    tx: Transaction, organization_id: str, image_id: str, project_id: str | None
) -> Row | None:
    """Whether the living image has its bytes; `project_id` is the caller's key's own, if any."""
    return await tx.fetchrow(
        """
        SELECT object_key IS NOT NULL AS ready FROM images
        WHERE organization_id = $1 AND id = $2 AND deleted_at IS NULL
          AND ($3::text IS NULL OR project_id = $3)
        """,
        organization_id, image_id, project_id,
    )  # fmt: skip
