"""SQL of what a picture was made by."""

from typing import Final

from tintype.db.pool import Row, Transaction

# Who makes one of the other more often than this means something else than a better picture.
_STEPS_MAX: Final = 32


async def recipes(tx: Transaction, organization_id: str, image_id: str) -> list[Row]:
    """The enhancements that made a picture out of its original, the earliest first.

    With the variant that it is, or that the next one was made of.
    """
    rows: list[Row] = await tx.fetch(
        """
        WITH RECURSIVE made AS (
            SELECT id, parent_id, generation_id, variant, project_id, 0 AS back
            FROM images WHERE organization_id = $1 AND id = $2
            UNION ALL
            SELECT p.id, p.parent_id, p.generation_id, p.variant, p.project_id, m.back + 1
            FROM made m JOIN images p ON p.organization_id = $1 AND p.id = m.parent_id
                AND p.project_id = m.project_id
            WHERE m.back < $3)
        SELECT g.recipe, g.model, g.seed, m.variant
        FROM made m JOIN generations g ON g.organization_id = $1 AND g.id = m.generation_id
        WHERE g.kind = 'enhancement' ORDER BY m.back DESC
        """,
        organization_id, image_id, _STEPS_MAX,
    )  # fmt: skip
    return rows
