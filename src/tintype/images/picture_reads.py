"""SQL that reads pictures: one, a line of them, those of a work, those of a project."""

from collections.abc import Mapping
from typing import Any, Final

from tintype.db.filters import asked_for
from tintype.db.pool import Row, Transaction
from tintype.images.queries import IMAGE

# With what is known of the work that makes or made it, and whether its line has it published.
_PICTURE: Final = f"""{IMAGE}, g.fidelity, g.recipe -> 'notes' AS notes, g.progress,
    coalesce((SELECT r.selected_id = i.id FROM images r
        WHERE r.organization_id = i.organization_id AND r.id = coalesce(i.root_id, i.id)), false)
        AS selected"""  # noqa: S608
_FROM: Final = """FROM images i LEFT JOIN generations g
    ON g.id = i.generation_id AND g.organization_id = i.organization_id"""
_CONDITIONS: Final[Mapping[str, str]] = {
    "status": "i.status = {0}",
    "scene_type": "i.scene_type = {0}",
    "scene_location": "i.scene_location = {0}",
    "approval": "i.approval = {0}",
    "parent_id": "i.parent_id = {0}",
    "root_id": "(i.root_id = {0} OR i.id = {0} AND i.root_id IS NULL)",
    "generation_id": "i.generation_id = {0}",
    "version": "i.version = {0}",
    "after": "i.id < {0}",
}


async def find(
    tx: Transaction, organization_id: str, image_id: str, project_id: str | None
) -> Row | None:
    """A living image of some project; `project_id` is the one that the caller's key is for."""
    return await tx.fetchrow(
        f"""
        SELECT {_PICTURE} {_FROM}
        WHERE i.organization_id = $1 AND i.id = $2 AND i.deleted_at IS NULL
          AND i.project_id IS NOT NULL AND ($3::text IS NULL OR i.project_id = $3)
        """,
        organization_id, image_id, project_id,
    )  # fmt: skip


async def versions(tx: Transaction, organization_id: str, root_id: str, most: int) -> list[Row]:
    """A line's living pictures, in order: the original, then by version and subversion."""
    rows: list[Row] = await tx.fetch(
        f"""
        SELECT {_PICTURE} {_FROM}
        WHERE i.organization_id = $1 AND (i.id = $2 OR i.root_id = $2) AND i.deleted_at IS NULL
        ORDER BY i.version, i.subversion, i.id LIMIT $3
        """,
        organization_id, root_id, most,
    )  # fmt: skip
    return rows


async def of_work(tx: Transaction, organization_id: str, generation_id: str) -> list[Row]:
    """A work's living pictures, in whatever state, by their variants."""
    rows: list[Row] = await tx.fetch(
        f"""
        SELECT {_PICTURE} {_FROM}
        WHERE i.organization_id = $1 AND i.generation_id = $2 AND i.deleted_at IS NULL
        ORDER BY i.variant
        """,
        organization_id, generation_id,
    )  # fmt: skip
    return rows


async def selected(tx: Transaction, organization_id: str, project_id: str) -> list[Row]:
    """A project's published pictures, one of each line that has one, oldest line first."""
    rows: list[Row] = await tx.fetch(
        f"""
        SELECT {_PICTURE} FROM images r
        JOIN images i ON i.organization_id = r.organization_id AND i.id = r.selected_id
        LEFT JOIN generations g
            ON g.id = i.generation_id AND g.organization_id = i.organization_id
        WHERE r.organization_id = $1 AND r.project_id = $2 AND r.selected_id IS NOT NULL
          AND i.deleted_at IS NULL
        ORDER BY r.id
        """,  # noqa: S608
        organization_id, project_id,
    )  # fmt: skip
    return rows


async def page(
    tx: Transaction,
    organization_id: str,
    project_id: str,
    filters: Mapping[str, Any],
    *,
    offset: int,
    limit: int,
) -> list[Row]:
    where, values = asked_for(_CONDITIONS, filters, 5)
    rows: list[Row] = await tx.fetch(
        f"""
        SELECT {_PICTURE} {_FROM}
        WHERE i.organization_id = $1 AND i.project_id = $2 AND i.deleted_at IS NULL {where}
        ORDER BY i.id DESC OFFSET $3 LIMIT $4
        """,
        organization_id, project_id, offset, limit, *values,
    )  # fmt: skip
    return rows


async def count(
    tx: Transaction, organization_id: str, project_id: str, filters: Mapping[str, Any], most: int
) -> int:
    where, values = asked_for(_CONDITIONS, filters, 4)
    found: int = await tx.fetchval(
        f"""
        SELECT count(*) FROM (SELECT FROM images i
            WHERE i.organization_id = $1 AND i.project_id = $2 AND i.deleted_at IS NULL {where}
            LIMIT $3) s
        """,  # noqa: S608
        organization_id, project_id, most, *values,
    )  # fmt: skip
    return found
