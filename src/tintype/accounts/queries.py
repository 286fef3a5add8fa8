"""SQL of organizations and users."""

from tintype.db.pool import Row, Transaction

_ORGANIZATION = (
    "id, name, plan, rate_limit, private_media, signing_secret, sandbox_of, suspended_at,"
    " created_at"
)


async def insert_organization(
    tx: Transaction,
    organization_id: str,
    *,
    name: str,
    plan: str,
    rate_limit: int | None,
    private_media: bool,
    signing_secret: bytes,
    sandbox_of: str | None,
) -> Row | None:
    """Answer None when the sandbox twin exists already."""
    return await tx.fetchrow(
        f"""
        INSERT INTO organizations
            (id, name, plan, rate_limit, private_media, signing_secret, sandbox_of)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (sandbox_of) DO NOTHING
        RETURNING {_ORGANIZATION}
        """,  # noqa: S608
        organization_id, name, plan, rate_limit, private_media, signing_secret, sandbox_of,
    )  # fmt: skip


async def organization(tx: Transaction, organization_id: str) -> Row | None:
    return await tx.fetchrow(
        f"SELECT {_ORGANIZATION} FROM organizations WHERE id = $1",  # noqa: S608
        organization_id,
    )


async def sandbox_twin(tx: Transaction, organization_id: str) -> Row | None:
    return await tx.fetchrow(
        f"SELECT {_ORGANIZATION} FROM organizations WHERE sandbox_of = $1",  # noqa: S608
        organization_id,
    )


async def organizations(tx: Transaction) -> list[Row]:
    rows: list[Row] = await tx.fetch(
        f"SELECT {_ORGANIZATION} FROM organizations WHERE sandbox_of IS NULL ORDER BY id"  # noqa: S608
    )
    return rows


async def insert_user(
    tx: Transaction, user_id: str, organization_id: str, email: str, password_hash: str, role: str
) -> Row | None:
    """Answer None when the e-mail address is taken."""
    return await tx.fetchrow(
        """
        INSERT INTO users (id, organization_id, email, password_hash, role)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (email) DO NOTHING
        RETURNING id, organization_id, email, role, created_at
        """,
        user_id, organization_id, email, password_hash, role,
    )  # fmt: skip
