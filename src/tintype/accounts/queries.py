"""SQL of organizations and users."""

from tintype.db.pool import Row, Transaction

_ORGANIZATION = (
    "id, name, plan, rate_limit, private_media, signing_secret, sandbox_of, suspended_at,"
    " created_at, concurrency, queue_weight, features, operator"
)
_USER = "id, organization_id, email, role, created_at"


async def insert_organization(
    tx: Transaction,
    organization_id: str,
    *,
    name: str,
    plan: str,
    rate_limit: int | None,
    private_media: bool,
    signing_secret: bytes,
    operator: bool,
) -> Row:
    row = await tx.fetchrow(
        f"""
        INSERT INTO organizations
            (id, name, plan, rate_limit, private_media, signing_secret, operator)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        RETURNING {_ORGANIZATION}
        """,  # noqa: S608
        organization_id, name, plan, rate_limit, private_media, signing_secret, operator,
    )  # fmt: skip
    assert row is not None
    return row


async def insert_sandbox(
    tx: Transaction, sandbox_id: str, organization_id: str, signing_secret: bytes
) -> Row | None:
    """The organization's twin, on its terms; None when there is one already."""
    return await tx.fetchrow(
        f"""
        INSERT INTO organizations (id, name, plan, rate_limit, concurrency, queue_weight, features,
            private_media, signing_secret, sandbox_of)
        SELECT $1, name || ' (sandbox)', plan, rate_limit, concurrency, queue_weight, features,
            private_media, $3, id
        FROM organizations WHERE id = $2
        ON CONFLICT (sandbox_of) DO NOTHING
        RETURNING {_ORGANIZATION}
        """,  # noqa: S608
        sandbox_id, organization_id, signing_secret,
    )  # fmt: skip


async def lock_organization(tx: Transaction, organization_id: str) -> Row | None:
    """No sandbox: its terms are its organization's."""
    return await tx.fetchrow(
        f"""
        SELECT {_ORGANIZATION} FROM organizations
        WHERE id = $1 AND sandbox_of IS NULL FOR NO KEY UPDATE
        """,  # noqa: S608
        organization_id,
    )


async def change_organization(
    tx: Transaction,
    organization_id: str,
    *,
    plan: str,
    rate_limit: int | None,
    concurrency: int | None,
    queue_weight: int | None,
    features: list[str],
    operator: bool,
) -> list[Row]:
    """The organization and its sandbox twin, which goes by the same terms."""
    rows: list[Row] = await tx.fetch(
        f"""
        UPDATE organizations SET plan = $2, rate_limit = $3, concurrency = $4, queue_weight = $5,
            features = $6, operator = $7 AND sandbox_of IS NULL
        WHERE id = $1 OR sandbox_of = $1
        RETURNING {_ORGANIZATION}
        """,  # noqa: S608
        organization_id, plan, rate_limit, concurrency, queue_weight, features, operator,
    )  # fmt: skip
    return rows


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
    tx: Transaction,
    user_id: str,
    organization_id: str,
    email: str,
    password_hash: str | None,
    role: str,
    external: tuple[str, str] | None,
) -> Row | None:
    """Answer None when the e-mail address, or the external subject, is taken."""
    issuer, subject = external or (None, None)
    return await tx.fetchrow(
        f"""
        INSERT INTO users
            (id, organization_id, email, password_hash, role, external_issuer, external_subject)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING
        RETURNING {_USER}
        """,  # noqa: S608
        user_id, organization_id, email, password_hash, role, issuer, subject,
    )  # fmt: skip


async def users(tx: Transaction, organization_id: str) -> list[Row]:
    rows: list[Row] = await tx.fetch(
        f"""
        SELECT {_USER} FROM users WHERE organization_id = $1 AND deleted_at IS NULL ORDER BY id
        """,  # noqa: S608
        organization_id,
    )
    return rows


async def user(tx: Transaction, organization_id: str, user_id: str) -> Row | None:
    return await tx.fetchrow(
        f"""
        SELECT {_USER} FROM users
        WHERE organization_id = $1 AND id = $2 AND deleted_at IS NULL
        """,  # noqa: S608
        organization_id, user_id,
    )  # fmt: skip


async def user_by_email(tx: Transaction, email: str) -> Row | None:
    """Before a tenant is known: an address names one user over all organizations."""
    return await tx.fetchrow(
        f"""
        SELECT {_USER}, password_hash, EXISTS (SELECT FROM organizations o
            WHERE o.id = organization_id AND o.suspended_at IS NOT NULL) AS suspended
        FROM users WHERE email = $1 AND deleted_at IS NULL
        """,  # noqa: S608
        email,
    )


async def locked_hash(tx: Transaction, organization_id: str, user_id: str) -> str | None:
    """The hash as it is now, and until the commit; None for a deleted user."""
    found: str | None = await tx.fetchval(
        """
        SELECT password_hash FROM users
        WHERE organization_id = $1 AND id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE
        """,
        organization_id, user_id,
    )  # fmt: skip
    return found


async def set_password(
    tx: Transaction, organization_id: str, user_id: str, password_hash: str
) -> None:
    await tx.execute(
        "UPDATE users SET password_hash = $3 WHERE organization_id = $1 AND id = $2",
        organization_id, user_id, password_hash,
    )  # fmt: skip


async def delete_user(tx: Transaction, organization_id: str, user_id: str) -> None:
    await tx.execute(
        "UPDATE users SET deleted_at = now() WHERE organization_id = $1 AND id = $2",
        organization_id, user_id,
    )  # fmt: skip


async def member(tx: Transaction, user_id: str) -> Row | None:
    """Before a tenant is known: who a verified token names, with their organization's terms."""
    return await tx.fetchrow(
        """
        SELECT u.id AS user_id, u.role, u.organization_id, o.plan, o.rate_limit, o.queue_weight,
            o.features, o.operator, o.private_media, o.signing_secret
        FROM users u JOIN organizations o ON o.id = u.organization_id
        WHERE u.id = $1 AND u.deleted_at IS NULL AND o.suspended_at IS NULL
        """,
        user_id,
    )


async def external_user(tx: Transaction, issuer: str, subject: str) -> str | None:
    """Before a tenant is known: whom an issuer's subject names."""
    found: str | None = await tx.fetchval(
        """
        SELECT id FROM users
        WHERE external_issuer = $1 AND external_subject = $2 AND deleted_at IS NULL
        """,
        issuer, subject,
    )  # fmt: skip
    return found


async def was_deleted(tx: Transaction, email: str, issuer: str, subject: str) -> bool:
    """Before a tenant is known: whether a deleted user had this address or was this subject."""
    found: bool = await tx.fetchval(
        """
        SELECT EXISTS (SELECT FROM users WHERE email = $1 AND deleted_at IS NOT NULL)
            OR EXISTS (SELECT FROM users WHERE external_issuer = $2 AND external_subject = $3
                AND deleted_at IS NOT NULL)
        """,
        email, issuer, subject,
    )  # fmt: skip
    return found


async def link_user(
    tx: Transaction, email: str, issuer: str, subject: str, *, administrators: bool
) -> Row | None:
    return await tx.fetchrow(
        """
        UPDATE users SET external_issuer = $2, external_subject = $3
        WHERE email = $1 AND external_issuer IS NULL AND deleted_at IS NULL
          AND ($4 OR role <> 'administrator')
        RETURNING id, organization_id
        """,
        email, issuer, subject, administrators,
    )  # fmt: skip
