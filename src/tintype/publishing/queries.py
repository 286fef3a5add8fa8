"""SQL of publications: revisions of a project's page, and the pointer that a reader follows."""

from collections.abc import Sequence
from typing import Any, Final

from tintype.db.pool import Row, Transaction

# How long who loaded a page may still load its media after the next revision took its place.
_GRACE: Final = "interval '1 hour'"
_KEPT: Final = "interval '1 day'"
# A page of a suspended organization is not shown; a sandbox twin goes by its organization.
_SHOWN: Final = """
    projects p
    JOIN organizations o ON o.id = p.organization_id AND o.suspended_at IS NULL
    JOIN organizations t ON t.id = coalesce(o.sandbox_of, o.id) AND t.suspended_at IS NULL
"""


async def last(tx: Transaction, organization_id: str, project_id: str) -> Row | None:
    """The newest revision of a project, shown or not."""
    return await tx.fetchrow(
        """
        SELECT id, revision, snapshot FROM publications
        WHERE organization_id = $1 AND project_id = $2 ORDER BY revision DESC LIMIT 1
        """,
        organization_id, project_id,
    )  # fmt: skip


async def insert(
    tx: Transaction,
    publication_id: str,
    organization_id: str,
    project_id: str,
    revision: int,
    snapshot: Any,
    media_ids: Sequence[str],
) -> None:
    await tx.execute(
        """
        INSERT INTO publications (id, organization_id, project_id, revision, snapshot, media_ids)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        publication_id, organization_id, project_id, revision, snapshot, media_ids,
    )  # fmt: skip


async def supersede(
    tx: Transaction, organization_id: str, project_id: str, publication_id: str
) -> None:
    """Another revision is shown: the last one's media load for a while, old ones are forgotten."""
    await tx.execute(
        f"""
        UPDATE publications SET loads_until = now() + {_GRACE}
        WHERE organization_id = $1 AND project_id = $2 AND id <> $3 AND loads_until IS NULL
        """,  # noqa: S608
        organization_id, project_id, publication_id,
    )  # fmt: skip
    await tx.execute(
        f"""
        DELETE FROM publications
        WHERE organization_id = $1 AND project_id = $2 AND id <> $3
          AND loads_until < now() - {_KEPT}
        """,  # noqa: S608
        organization_id, project_id, publication_id,
    )  # fmt: skip


async def withdraw(tx: Transaction, organization_id: str, project_id: str) -> None:
    """No revision's media load any more, not even when the project is published again."""
    await tx.execute(
        """
        UPDATE publications SET loads_until = now()
        WHERE organization_id = $1 AND project_id = $2
          AND (loads_until IS NULL OR loads_until > now())
        """,
        organization_id, project_id,
    )  # fmt: skip


async def shown(tx: Transaction, slug: str, revision: int | None) -> Row | None:
    """What is shown at an address now, in one statement: no reader sees half of a publish.

    With `revision` that one instead, as long as its media load.
    """
    return await tx.fetchrow(
        f"""
        SELECT p.id AS project_id, p.slug, p.published_at, r.id, r.revision, r.snapshot,
               r.media_ids, o.private_media, o.sandbox_of IS NOT NULL AS sandbox,
               ARRAY(
                   SELECT i.id FROM images i WHERE i.organization_id = p.organization_id
                       AND i.id = ANY (r.media_ids) AND i.deleted_at IS NULL
                   UNION ALL
                   SELECT v.id FROM videos v WHERE v.organization_id = p.organization_id
                       AND v.id = ANY (r.media_ids) AND v.deleted_at IS NULL
               ) AS living
        FROM {_SHOWN} JOIN publications r ON r.project_id = p.id
            AND r.organization_id = p.organization_id
        WHERE p.slug = $1 AND p.deleted_at IS NULL AND p.publication_id IS NOT NULL
          AND CASE WHEN $2::integer IS NULL THEN r.id = p.publication_id
              ELSE r.revision = $2 AND coalesce(r.loads_until > now(), true) END
        """,  # noqa: S608
        slug, revision,
    )  # fmt: skip


async def loads(tx: Transaction, slug: str, revision: int, media_id: str) -> bool:
    """Whether a page's medium may be loaded: the page is shown, and this revision is or was."""
    found: bool = await tx.fetchval(
        f"""
        SELECT EXISTS (
            SELECT FROM {_SHOWN} JOIN publications r ON r.project_id = p.id
                AND r.organization_id = p.organization_id
            WHERE p.slug = $1 AND p.deleted_at IS NULL AND p.publication_id IS NOT NULL
              AND r.revision = $2 AND $3 = ANY (r.media_ids)
              AND coalesce(r.loads_until > now(), true))
        """,  # noqa: S608
        slug, revision, media_id,
    )  # fmt: skip
    return found


async def images(tx: Transaction, organization_id: str, image_ids: Sequence[str]) -> list[Row]:
    """Those of the images that are living and have their bytes."""
    rows: list[Row] = await tx.fetch(
        """
        SELECT id, width, height, format, bytes, thumbhash, focal_x, focal_y FROM images
        WHERE organization_id = $1 AND id = ANY ($2) AND deleted_at IS NULL
          AND object_key IS NOT NULL
        """,
        organization_id, image_ids,
    )  # fmt: skip
    return rows
