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


async def signer(tx: Transaction, organization_id: str, key_id: str | None) -> Row | None:
    """What a signed URL's caller is made of; a sandbox goes by its organization's terms.

    `may_draw` is false once the key that signed has been revoked or has expired.
    """
    return await tx.fetchrow(
        """
        SELECT p.plan, p.rate_limit, p.queue_weight, p.features, o.private_media, o.signing_secret,
               o.sandbox_of IS NULL AS livemode, k.id AS key_id, k.project_id,
               coalesce(k.cap_day, k.cap_month) IS NOT NULL AS capped,
               $2::text IS NULL OR k.revoked_at IS NULL
                   AND coalesce(k.expires_at > now(), k.id IS NOT NULL) AS may_draw
        FROM organizations o JOIN organizations p ON p.id = coalesce(o.sandbox_of, o.id)
        LEFT JOIN api_keys k ON k.organization_id = o.id AND k.id = $2
        WHERE o.id = $1 AND o.suspended_at IS NULL AND p.suspended_at IS NULL
        """,
        organization_id, key_id,
    )  # fmt: skip
