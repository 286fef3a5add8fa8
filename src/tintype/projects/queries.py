"""SQL of projects."""

from typing import Any

from tintype.db.pool import Row, Transaction

_PROJECT = "id, name, meta, created_at, updated_at"


async def insert(
    tx: Transaction, project_id: str, organization_id: str, name: str, meta: dict[str, Any]
) -> Row:
    row = await tx.fetchrow(
        f"""
        INSERT INTO projects (id, organization_id, name, meta) VALUES ($1, $2, $3, $4)
        RETURNING {_PROJECT}
        """,  # noqa: S608
        project_id, organization_id, name, meta,
    )  # fmt: skip
    assert row is not None
    return row


async def find(tx: Transaction, organization_id: str, project_id: str) -> Row | None:
    return await tx.fetchrow(
        f"""
        SELECT {_PROJECT} FROM projects
        WHERE organization_id = $1 AND id = $2 AND deleted_at IS NULL
        """,  # noqa: S608
        organization_id, project_id,
    )  # fmt: skip


async def page(
    tx: Transaction,
    organization_id: str,
    only: str | None,
    *,
    after: str | None,
    offset: int,
    limit: int,
) -> list[Row]:
    rows: list[Row] = await tx.fetch(
        f"""
        SELECT {_PROJECT} FROM projects
        WHERE organization_id = $1 AND deleted_at IS NULL AND ($2::text IS NULL OR id = $2)
          AND ($3::text IS NULL OR id < $3)
        ORDER BY id DESC OFFSET $4 LIMIT $5
        """,  # noqa: S608
        organization_id, only, after, offset, limit,
    )  # fmt: skip
    return rows


async def count(tx: Transaction, organization_id: str, only: str | None, most: int) -> int:
    found: int = await tx.fetchval(
        """
        SELECT count(*) FROM (SELECT FROM projects
            WHERE organization_id = $1 AND deleted_at IS NULL AND ($2::text IS NULL OR id = $2)
            LIMIT $3) s
        """,
        organization_id, only, most,
    )  # fmt: skip
    return found
