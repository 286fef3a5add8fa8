"""SQL of images."""

from collections.abc import Mapping
from typing import Any

from tintype.db.filters import asked_for
from tintype.db.pool import Row, Transaction

# The alias shown is the one in the image's own project.
IMAGE = """
    i.id, i.organization_id, i.source, i.livemode, i.project_id, i.flow_id, i.generation_id,
    i.variant, i.parent_id, i.version, i.subversion, i.object_key, i.format, i.width, i.height,
    i.bytes, i.sha256, i.thumbhash, i.focal_x, i.focal_y, i.meta, i.created_at, i.updated_at,
    i.status, i.root_id, i.scene_type, i.scene_location, i.approval, i.feedback, i.judged_at,
    i.judged_by, i.selected_id, i.source_instruction, i.error, i.webhook_url,
    (SELECT a.alias FROM image_aliases a WHERE a.organization_id = i.organization_id
        AND a.scope_id = coalesce(i.project_id, '') AND a.image_id = i.id) AS alias
"""


async def insert(
    tx: Transaction, image_id: str, organization_id: str, fields: dict[str, Any]
) -> Row:
    row = await tx.fetchrow(
        f"""
        INSERT INTO images AS i (id, organization_id, source, livemode, project_id, flow_id,
            generation_id, variant, object_key, original_key, format, width, height, bytes, sha256,
            thumbhash, prompt, meta, has_alpha, parent_id, root_id, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
            $19, $20, $21, $22)
        RETURNING {IMAGE}
        """,  # noqa: S608
        image_id, organization_id, fields["source"], fields["livemode"], fields["project_id"],
        fields["flow_id"], fields["generation_id"], fields["variant"], fields["object_key"],
        fields["original_key"], fields["format"], fields["width"], fields["height"],
        fields["bytes"], fields["sha256"], fields["thumbhash"], fields["prompt"], fields["meta"],
        fields["has_alpha"], fields["parent_id"], fields["root_id"], fields["version"],
    )  # fmt: skip
    assert row is not None
    return row


async def find(
    tx: Transaction,
    organization_id: str,
    image_id: str,
    project_id: str | None,
    *,
    lock: bool = False,
) -> Row | None:
    """A living image, also one that is still in process or came to nothing.

    `project_id` is the project that the caller's key is bound to, if any.
    """
    return await tx.fetchrow(
        f"""
        SELECT {IMAGE} FROM images i
        WHERE i.organization_id = $1 AND i.id = $2 AND i.deleted_at IS NULL
          AND ($3::text IS NULL OR i.project_id = $3)
        {"FOR UPDATE" if lock else ""}
        """,  # noqa: S608
        organization_id, image_id, project_id,
    )  # fmt: skip


async def known(
    tx: Transaction, organization_id: str, image_ids: list[str], project_id: str | None
) -> list[str]:
    """Those that are living, completed images; `project_id` as in `find`."""
    rows = await tx.fetch(
        """
        SELECT id FROM images
        WHERE organization_id = $1 AND id = ANY ($2) AND deleted_at IS NULL
          AND status = 'completed'
          AND ($3::text IS NULL OR project_id = $3)
        """,
        organization_id, image_ids, project_id,
    )  # fmt: skip
    return [row["id"] for row in rows]


# Of `q`, a LIKE pattern that is escaped already, most images have no meta to look into.
_CONDITIONS = {
    "source": "i.source = {0}",
    "project_id": "i.project_id = {0}",
    "flow_id": "i.flow_id = {0}",
    "alias": """i.id IN (SELECT image_id FROM image_aliases
        WHERE organization_id = $1 AND alias = {0})""",
    "q": """(i.prompt ILIKE {0} OR i.meta <> '{}' AND EXISTS (
        SELECT FROM jsonb_path_query(i.meta, 'strict $.**') v
        WHERE jsonb_typeof(v) IN ('string', 'number', 'boolean') AND v #>> '{}' ILIKE {0}))""",
    "after": "i.id < {0}",
}


async def page(
    tx: Transaction, organization_id: str, filters: Mapping[str, Any], *, offset: int, limit: int
) -> list[Row]:
    where, values = asked_for(_CONDITIONS, filters, 4)
    rows: list[Row] = await tx.fetch(
        f"""
        SELECT {IMAGE} FROM images i
        WHERE i.organization_id = $1 AND i.deleted_at IS NULL AND i.status = 'completed' {where}
        ORDER BY i.id DESC OFFSET $2 LIMIT $3
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
        SELECT count(*) FROM (SELECT FROM images i
            WHERE i.organization_id = $1 AND i.deleted_at IS NULL AND i.status = 'completed'
            {where} LIMIT $2) s
        """,  # noqa: S608
        organization_id, most, *values,
    )  # fmt: skip
    return found


async def lock_of_generation(tx: Transaction, organization_id: str, generation_id: str) -> None:
    await tx.execute(
        """
        SELECT FROM images WHERE organization_id = $1 AND id = ANY (ARRAY(
            SELECT unnest(ARRAY[id, root_id]) FROM images
            WHERE organization_id = $1 AND generation_id = $2))
        ORDER BY id FOR UPDATE
        """,
        organization_id, generation_id,
    )  # fmt: skip


async def of_generations(
    tx: Transaction, organization_id: str, generation_ids: list[str]
) -> list[Row]:
    rows: list[Row] = await tx.fetch(
        f"""
        SELECT {IMAGE} FROM images i
        WHERE i.organization_id = $1 AND i.generation_id = ANY ($2) AND i.deleted_at IS NULL
          AND i.status = 'completed'
        ORDER BY i.generation_id, i.variant
        """,  # noqa: S608
        organization_id, generation_ids,
    )  # fmt: skip
    return rows


async def update(
    tx: Transaction,
    organization_id: str,
    image_id: str,
    *,
    focal_x: float | None,
    focal_y: float | None,
    meta: dict[str, Any],
) -> None:
    await tx.execute(
        """
        UPDATE images SET focal_x = $3, focal_y = $4, meta = $5, updated_at = now()
        WHERE organization_id = $1 AND id = $2
        """,
        organization_id, image_id, focal_x, focal_y, meta,
    )  # fmt: skip


async def soft_delete(tx: Transaction, organization_id: str, image_id: str) -> bool:
    status = await tx.execute(
        """
        UPDATE images SET deleted_at = now(), updated_at = now()
        WHERE organization_id = $1 AND id = $2 AND deleted_at IS NULL
        """,
        organization_id, image_id,
    )  # fmt: skip
    return bool(status == "UPDATE 1")


async def deliverable(tx: Transaction, image_id: str) -> Row | None:
    """For delivery, which has no caller: the id is the address, `sig` guards private images."""
    return await tx.fetchrow(
        """
        SELECT i.id, i.organization_id, i.generation_id, i.object_key, i.format, i.has_alpha,
               i.width, i.height, i.sha256, i.focal_x, i.focal_y, o.private_media, o.signing_secret
        FROM images i JOIN organizations o ON o.id = i.organization_id
        WHERE i.id = $1 AND i.deleted_at IS NULL AND i.status = 'completed'
        """,
        image_id,
    )


async def referenced_keys(tx: Transaction, keys: list[str]) -> set[str]:
    """Those of the object keys that some image names, deleted or not; for the sweeper."""
    rows = await tx.fetch(
        """
        SELECT object_key AS key FROM images WHERE object_key = ANY ($1)
        UNION SELECT original_key FROM images WHERE original_key = ANY ($1)
        """,
        keys,
    )
    return {row["key"] for row in rows}


async def existing(tx: Transaction, image_ids: list[str]) -> set[str]:
    """Those of the ids that are living images, of any tenant; for the sweeper."""
    rows = await tx.fetch(
        "SELECT id FROM images WHERE id = ANY ($1) AND deleted_at IS NULL", image_ids
    )
    return {row["id"] for row in rows}


async def take_sweep(tx: Transaction, every_seconds: float) -> bool:
    """Whether it is time to sweep and this process is the one; it is then told to have begun."""
    row = await tx.fetchrow(
        """
        INSERT INTO chores AS c (name) VALUES ('sweep')
        ON CONFLICT (name) DO UPDATE SET begun_at = now()
            WHERE c.begun_at <= now() - make_interval(secs => $1)
        RETURNING true
        """,
        every_seconds,
    )
    return row is not None
