"""SQL that writes pictures: lines of versions, rows that come before their bytes, approval."""

from collections.abc import Mapping, Sequence
from typing import Any

from tintype.db.pool import Row, Transaction
from tintype.images.queries import IMAGE


async def lock_line(tx: Transaction, organization_id: str, image_id: str) -> None:
    """Hold an image and the first of its line, in the order that everybody takes them."""
    await tx.execute(
        """
        SELECT FROM images WHERE organization_id = $1 AND (id = $2 OR id = (
            SELECT root_id FROM images WHERE organization_id = $1 AND id = $2))
        ORDER BY id FOR NO KEY UPDATE
        """,
        organization_id, image_id,
    )  # fmt: skip


async def next_version(
    tx: Transaction, organization_id: str, image_id: str, project_id: str | None
) -> Row | None:
    """The root of an image of this project (or of none) and its line's next version.

    The root is held from here on, so that no other request gets that number.
    """
    root = await tx.fetchval(
        """
        SELECT id FROM images WHERE organization_id = $1 AND id = (
            SELECT coalesce(root_id, id) FROM images WHERE organization_id = $1 AND id = $2
               AND project_id IS NOT DISTINCT FROM $3)
        FOR NO KEY UPDATE
        """,
        organization_id, image_id, project_id,
    )  # fmt: skip
    if root is None:
        return None
    return await tx.fetchrow(
        """
        SELECT $2::text AS root_id, coalesce(max(version), 0) + 1 AS version FROM images
        WHERE organization_id = $1 AND root_id = $2
        """,
        organization_id, root,
    )  # fmt: skip


async def reserve(
    tx: Transaction, organization_id: str, image_ids: Sequence[str], fields: Mapping[str, Any]
) -> None:
    """A row in process for each id, numbered from 0 as the variants of one work."""
    await tx.execute(
        """
        INSERT INTO images (id, organization_id, source, status, livemode, project_id,
            generation_id, variant, subversion, parent_id, root_id, version, prompt, scene_type,
            scene_location, focal_x, focal_y, source_instruction, meta, webhook_url)
        SELECT n.id, $2, 'generated', 'processing', $3, $4, $5, n.number - 1, n.number - 1, $6, $7,
            $8, $9, $10, $11, $12, $13, $14, $15, $16
        FROM unnest($1::text[]) WITH ORDINALITY AS n (id, number)
        """,
        image_ids, organization_id, fields["livemode"], fields["project_id"],
        fields["generation_id"], fields["parent_id"], fields["root_id"], fields["version"],
        fields["prompt"], fields["scene_type"], fields["scene_location"], fields["focal_x"],
        fields["focal_y"], fields["source_instruction"], fields["meta"], fields["webhook_url"],
    )  # fmt: skip


async def insert(
    tx: Transaction, organization_id: str, image_id: str, fields: Mapping[str, Any]
) -> None:
    """The row of a picture that is to be fetched."""
    await tx.execute(
        """
        INSERT INTO images (id, organization_id, source, status, livemode, project_id, scene_type,
            scene_location, focal_x, focal_y, meta, webhook_url, source_url, alias_wanted)
        VALUES ($1, $2, 'uploaded', 'processing', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """,
        image_id, organization_id, fields["livemode"], fields["project_id"], fields["scene_type"],
        fields["scene_location"], fields["focal_x"], fields["focal_y"], fields["meta"],
        fields["webhook_url"], fields["source_url"], fields["alias_wanted"],
    )  # fmt: skip


async def copy(
    tx: Transaction, organization_id: str, image_id: str, source_id: str, project_id: str
) -> bool:
    """A new original with the bytes of a completed image; False where that is gone."""
    status = await tx.execute(
        """
        INSERT INTO images (id, organization_id, source, livemode, project_id, parent_id,
            object_key, original_key, format, has_alpha, width, height, bytes, sha256, thumbhash,
            prompt)
        SELECT $2, organization_id, source, livemode, $4, id, object_key, original_key, format,
            has_alpha, width, height, bytes, sha256, thumbhash, prompt
        FROM images
        WHERE organization_id = $1 AND id = $3 AND deleted_at IS NULL AND status = 'completed'
        """,
        organization_id, image_id, source_id, project_id,
    )  # fmt: skip
    return bool(status == "INSERT 0 1")


async def describe(
    tx: Transaction, organization_id: str, image_id: str, fields: Mapping[str, Any]
) -> None:
    """What a client says of a picture: all of it, as it is to be."""
    await tx.execute(
        """
        UPDATE images SET scene_type = $3, scene_location = $4, focal_x = $5, focal_y = $6,
            meta = $7, parent_id = coalesce($8, parent_id), webhook_url = coalesce($9, webhook_url),
            alias_wanted = coalesce($10, alias_wanted), updated_at = now()
        WHERE organization_id = $1 AND id = $2
        """,
        organization_id, image_id, fields["scene_type"], fields["scene_location"],
        fields["focal_x"], fields["focal_y"], fields["meta"], fields.get("parent_id"),
        fields.get("webhook_url"), fields.get("alias_wanted"),
    )  # fmt: skip


async def fill(
    tx: Transaction,
    organization_id: str,
    generation_id: str,
    variant: int,
    stored: Mapping[str, Any],
) -> Row | None:
    """The bytes of a reserved picture are stored; None where it was deleted or ended meanwhile."""
    return await tx.fetchrow(
        f"""
        UPDATE images i SET status = 'completed', object_key = $4, format = $5, has_alpha = $6,
            width = $7, height = $8, bytes = $9, sha256 = $10, thumbhash = $11, updated_at = now()
        WHERE i.organization_id = $1 AND i.generation_id = $2 AND i.variant = $3
          AND i.status = 'processing' AND i.deleted_at IS NULL
        RETURNING {IMAGE}
        """,  # noqa: S608
        organization_id, generation_id, variant, stored["object_key"], stored["format"],
        stored["has_alpha"], stored["width"], stored["height"], stored["bytes"], stored["sha256"],
        stored["thumbhash"],
    )  # fmt: skip


async def end_of_work(
    tx: Transaction,
    organization_id: str,
    generation_id: str,
    variants: Sequence[int] | None,
    status: str,
    error: Mapping[str, Any] | None,
) -> list[Row]:
    """End what is still in process of a work's pictures: of these variants, None for all."""
    rows: list[Row] = await tx.fetch(
        f"""
        UPDATE images i SET status = $4, error = $5, updated_at = now()
        WHERE i.organization_id = $1 AND i.generation_id = $2 AND i.status = 'processing'
          AND ($3::integer[] IS NULL OR i.variant = ANY ($3))
        RETURNING {IMAGE}
        """,  # noqa: S608
        organization_id, generation_id, variants, status, error,
    )  # fmt: skip
    return sorted(rows, key=lambda row: int(row["variant"]))


async def forget_unmade(tx: Transaction, organization_id: str, generation_id: str) -> None:
    await tx.execute(
        """
        UPDATE images SET deleted_at = now(), updated_at = now()
        WHERE organization_id = $1 AND generation_id = $2 AND deleted_at IS NULL
          AND status IN ('failed', 'canceled')
        """,
        organization_id, generation_id,
    )  # fmt: skip


async def instruction_of(
    tx: Transaction, organization_id: str, generation_id: str
) -> dict[str, Any] | None:
    found: dict[str, Any] | None = await tx.fetchval(
        """
        SELECT source_instruction FROM images
        WHERE organization_id = $1 AND generation_id = $2 ORDER BY variant LIMIT 1
        """,
        organization_id, generation_id,
    )  # fmt: skip
    return found


async def cancel(tx: Transaction, organization_id: str, image_id: str) -> Row | None:
    """End one that is in process; None where it isn't."""
    return await tx.fetchrow(
        f"""
        UPDATE images i SET status = 'canceled', lease = NULL, lease_until = NULL,
            updated_at = now()
        WHERE i.organization_id = $1 AND i.id = $2 AND i.status = 'processing'
        RETURNING {IMAGE}
        """,  # noqa: S608
        organization_id, image_id,
    )  # fmt: skip


async def open_works(tx: Transaction, organization_id: str, image_id: str) -> list[str]:
    """Enhancements under way that start from this picture, or are to make no other living one."""
    rows = await tx.fetch(
        """
        SELECT g.id FROM generations g
        WHERE g.organization_id = $1 AND g.id IN (
            SELECT i.generation_id FROM images i
            WHERE i.organization_id = $1 AND i.parent_id = $2 AND i.status = 'processing'
            UNION
            SELECT i.generation_id FROM images i
            WHERE i.organization_id = $1 AND i.id = $2 AND NOT EXISTS (
                SELECT FROM images o WHERE o.organization_id = $1
                    AND o.generation_id = i.generation_id AND o.id <> $2 AND o.deleted_at IS NULL))
          AND g.status IN ('queued', 'processing') AND g.kind = 'enhancement'
          AND g.deleted_at IS NULL
        ORDER BY g.id
        """,
        organization_id, image_id,
    )  # fmt: skip
    return [row["id"] for row in rows]


async def judge(
    tx: Transaction,
    organization_id: str,
    image_id: str,
    approval: str,
    feedback: str | None,
    judged_by: str | None,
) -> None:
    await tx.execute(
        """
        UPDATE images SET approval = $3, feedback = $4, judged_by = $5, judged_at = now(),
            updated_at = now()
        WHERE organization_id = $1 AND id = $2
        """,
        organization_id, image_id, approval, feedback, judged_by,
    )  # fmt: skip


async def select(tx: Transaction, organization_id: str, root_id: str, image_id: str) -> None:
    await tx.execute(
        """
        UPDATE images SET selected_id = $3 WHERE organization_id = $1 AND id = $2
        """,
        organization_id, root_id, image_id,
    )  # fmt: skip


async def unselect(tx: Transaction, organization_id: str, image_id: str) -> None:
    """Where a line has this one published: the one approved last of the others, or none."""
    await tx.execute(
        """
        UPDATE images r SET selected_id = (
            SELECT i.id FROM images i
            WHERE i.organization_id = $1 AND (i.id = r.id OR i.root_id = r.id) AND i.id <> $2
              AND i.approval = 'approved' AND i.deleted_at IS NULL
            ORDER BY i.judged_at DESC, i.id DESC LIMIT 1)
        WHERE r.organization_id = $1 AND r.selected_id = $2 AND r.id = (
            SELECT coalesce(root_id, id) FROM images WHERE organization_id = $1 AND id = $2)
        """,
        organization_id, image_id,
    )  # fmt: skip
