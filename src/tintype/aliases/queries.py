"""SQL of aliases: (organization, scope, alias) -> image. Scope '' is the default project."""

from tintype.db.pool import Row, Transaction


async def take_turn(tx: Transaction, organization_id: str, scope_id: str) -> None:
    """Until this transaction ends, nobody else gives names in this scope."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('aliases ' || $1 || ' ' || $2, 11))",
        organization_id, scope_id,
    )  # fmt: skip


async def holder(tx: Transaction, organization_id: str, scope_id: str, alias: str) -> str | None:
    """The image that has the alias now, its row locked against removal."""
    found: str | None = await tx.fetchval(
        """
        SELECT image_id FROM image_aliases
        WHERE organization_id = $1 AND scope_id = $2 AND alias = $3 FOR UPDATE
        """,
        organization_id, scope_id, alias,
    )  # fmt: skip
    return found


async def insert(
    tx: Transaction, organization_id: str, scope_id: str, alias: str, image_id: str
) -> None:
    await tx.execute(
        """
        INSERT INTO image_aliases (organization_id, scope_id, alias, image_id)
        VALUES ($1, $2, $3, $4)
        """,
        organization_id, scope_id, alias, image_id,
    )  # fmt: skip


async def move(
    tx: Transaction, organization_id: str, scope_id: str, alias: str, image_id: str
) -> None:
    await tx.execute(
        """
        UPDATE image_aliases SET image_id = $4, assigned_at = now()
        WHERE organization_id = $1 AND scope_id = $2 AND alias = $3
        """,
        organization_id, scope_id, alias, image_id,
    )  # fmt: skip


async def delete(tx: Transaction, organization_id: str, scope_id: str, alias: str) -> bool:
    status = await tx.execute(
        "DELETE FROM image_aliases WHERE organization_id = $1 AND scope_id = $2 AND alias = $3",
        organization_id, scope_id, alias,
    )  # fmt: skip
    return bool(status == "DELETE 1")


async def delete_of_image(
    tx: Transaction,
    organization_id: str,
    image_id: str,
    *,
    scope_id: str | None = None,
    but: str | None = None,
) -> None:
    """Take an image's aliases away: in one scope or in all, all but one if so said."""
    await tx.execute(
        """
        DELETE FROM image_aliases WHERE organization_id = $1 AND image_id = $2
          AND ($3::text IS NULL OR scope_id = $3) AND ($4::text IS NULL OR alias <> $4)
        """,
        organization_id, image_id, scope_id, but,
    )  # fmt: skip


async def delete_scope(tx: Transaction, organization_id: str, scope_id: str) -> None:
    await tx.execute(
        "DELETE FROM image_aliases WHERE organization_id = $1 AND scope_id = $2",
        organization_id, scope_id,
    )  # fmt: skip


async def of_scopes(tx: Transaction, organization_id: str, scope_ids: list[str]) -> list[Row]:
    rows: list[Row] = await tx.fetch(
        """
        SELECT scope_id, alias, image_id FROM image_aliases
        WHERE organization_id = $1 AND scope_id = ANY ($2) ORDER BY scope_id, alias
        """,
        organization_id, scope_ids,
    )  # fmt: skip
    return rows


async def living_images(
    tx: Transaction, organization_id: str, image_ids: list[str], project_id: str | None
) -> set[str]:
    """Those of `image_ids` that the organization (and the project, if given) has.

    They are locked against deletion, which is an update: a key-share lock would let it pass.
    """
    rows = await tx.fetch(
        """
        SELECT id FROM images WHERE organization_id = $1 AND id = ANY ($2) AND deleted_at IS NULL
          AND status = 'completed' AND ($3::text IS NULL OR project_id = $3)
        ORDER BY id FOR SHARE
        """,
        organization_id, image_ids, project_id,
    )  # fmt: skip
    return {row["id"] for row in rows}


async def technical(
    tx: Transaction, organization_id: str, flow_id: str, *, newest: bool, uploaded_only: bool
) -> str | None:
    """The flow's newest or oldest image (of the uploads, or of all)."""
    direction = "DESC" if newest else "ASC"
    found: str | None = await tx.fetchval(
        f"""
        SELECT id FROM images
        WHERE organization_id = $1 AND flow_id = $2 AND deleted_at IS NULL
          AND status = 'completed' AND (NOT $3 OR source = 'uploaded')
        ORDER BY id {direction} LIMIT 1
        """,  # noqa: S608
        organization_id, flow_id, uploaded_only,
    )  # fmt: skip
    return found


async def resolve(
    tx: Transaction, organization_id: str, alias: str, scope_ids: list[str]
) -> Row | None:
    """The first of the scopes, in the given order, in which the alias names a living image."""
    return await tx.fetchrow(
        """
        SELECT a.scope_id, a.image_id FROM image_aliases a JOIN images i ON i.id = a.image_id
        WHERE a.organization_id = $1 AND a.alias = $2 AND a.scope_id = ANY ($3)
          AND i.deleted_at IS NULL AND i.status = 'completed'
        ORDER BY array_position($3, a.scope_id) LIMIT 1
        """,
        organization_id, alias, scope_ids,
    )  # fmt: skip
