"""SQL of the prompt cache."""

from tintype.db.pool import Row, Transaction


async def entry(tx: Transaction, organization_id: str, digest: bytes) -> Row | None:
    """The cached generation with its first picture, if that is still there."""
    return await tx.fetchrow(
        """
        SELECT l.generation_id, g.status, g.error, i.id AS image_id
        FROM live_entries l JOIN generations g ON g.id = l.generation_id
        LEFT JOIN images i ON i.generation_id = g.id AND i.variant = 0 AND i.deleted_at IS NULL
        WHERE l.organization_id = $1 AND l.digest = $2 AND g.deleted_at IS NULL
        """,
        organization_id, digest,
    )  # fmt: skip


async def take_turn(tx: Transaction, organization_id: str, digest: bytes) -> None:
    """Until this transaction ends, nobody else on any node writes this entry."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1 || encode($2, 'hex'), 7))",
        organization_id, digest,
    )  # fmt: skip


async def put(tx: Transaction, organization_id: str, digest: bytes, generation_id: str) -> None:
    await tx.execute(
        """
        INSERT INTO live_entries (organization_id, digest, generation_id) VALUES ($1, $2, $3)
        ON CONFLICT (organization_id, digest)
            DO UPDATE SET generation_id = excluded.generation_id, created_at = now()
        """,
        organization_id, digest, generation_id,
    )  # fmt: skip


async def owner(tx: Transaction, organization_id: str) -> Row | None:
    """What a signed URL's caller is made of; a sandbox goes by its organization's terms."""
    return await tx.fetchrow(
        """
        SELECT p.plan, p.rate_limit, o.private_media, o.signing_secret,
               o.sandbox_of IS NULL AS livemode
        FROM organizations o JOIN organizations p ON p.id = coalesce(o.sandbox_of, o.id)
        WHERE o.id = $1 AND o.suspended_at IS NULL AND p.suspended_at IS NULL
        """,
        organization_id,
    )
