"""SQL of flows, with the counts of what belongs to them."""

from typing import Any

from tintype.db.pool import Row, Transaction

_FLOW = """
    f.id, f.project_id, f.livemode, f.meta, f.created_at, f.updated_at,
    (SELECT count(*) FROM generations g WHERE g.organization_id = f.organization_id
        AND g.flow_id = f.id AND g.deleted_at IS NULL) AS generation_count,
    (SELECT count(*) FROM images i WHERE i.organization_id = f.organization_id
        AND i.flow_id = f.id AND i.deleted_at IS NULL AND i.status = 'completed') AS image_count
"""


async def insert(
    tx: Transaction,
    flow_id: str,
    organization_id: str,
    project_id: str | None,
    *,
    livemode: bool,
    meta: dict[str, Any],
) -> None:
    await tx.execute(
        """
        INSERT INTO flows (id, organization_id, project_id, livemode, meta)
        VALUES ($1, $2, $3, $4, $5)
        """,
        flow_id, organization_id, project_id, livemode, meta,
    )  # fmt: skip


async def find(tx: Transaction, organization_id: str, flow_id: str) -> Row | None:
    return await tx.fetchrow(
        f"SELECT {_FLOW} FROM flows f WHERE f.organization_id = $1 AND f.id = $2",  # noqa: S608
        organization_id, flow_id,
    )  # fmt: skip


async def lock(tx: Transaction, organization_id: str, flow_id: str) -> None:
    """Keep everyone else from naming into the flow, adding to it and deleting it."""
    await tx.execute(
        "SELECT FROM flows WHERE organization_id = $1 AND id = $2 FOR UPDATE",
        organization_id, flow_id,
    )  # fmt: skip


async def project_of(
    tx: Transaction, organization_id: str, flow_id: str, *, to_add: bool
) -> Row | None:
    """The flow's project; the flow is locked against deletion where something is `to_add`."""
    return await tx.fetchrow(
        f"""
        SELECT id, project_id FROM flows WHERE organization_id = $1 AND id = $2
        {"FOR KEY SHARE" if to_add else ""}
        """,  # noqa: S608
        organization_id, flow_id,
    )  # fmt: skip


async def page(
    tx: Transaction,
    organization_id: str,
    project_id: str | None,
    *,
    after: str | None,
    offset: int,
    limit: int,
) -> list[Row]:
    rows: list[Row] = await tx.fetch(
        f"""
        SELECT {_FLOW} FROM flows f
        WHERE f.organization_id = $1 AND ($2::text IS NULL OR f.project_id = $2)
          AND ($3::text IS NULL OR f.id < $3)
        ORDER BY f.id DESC OFFSET $4 LIMIT $5
        """,  # noqa: S608
        organization_id, project_id, after, offset, limit,
    )  # fmt: skip
    return rows


async def count(tx: Transaction, organization_id: str, project_id: str | None, most: int) -> int:
    found: int = await tx.fetchval(
        """
        SELECT count(*) FROM (SELECT FROM flows
            WHERE organization_id = $1 AND ($2::text IS NULL OR project_id = $2) LIMIT $3) s
        """,
        organization_id, project_id, most,
    )  # fmt: skip
    return found


async def touch(tx: Transaction, organization_id: str, flow_id: str) -> None:
    await tx.execute(
        "UPDATE flows SET updated_at = now() WHERE organization_id = $1 AND id = $2",
        organization_id, flow_id,
    )  # fmt: skip


async def delete(tx: Transaction, organization_id: str, flow_id: str) -> bool:
    """Generations and images stay; their flow becomes null by the foreign key."""
    status = await tx.execute(
        "DELETE FROM flows WHERE organization_id = $1 AND id = $2", organization_id, flow_id
    )
    return bool(status == "DELETE 1")
