"""SQL of endpoints, secrets and deliveries as an organization sees them."""

from collections.abc import Mapping, Sequence
from typing import Any

from tintype.db.filters import asked_for
from tintype.db.pool import Row, Transaction

_ENDPOINT = """
    id, url, events, description, disabled_at, disabled_reason, failing_since, last_success_at,
    last_failure_at, CASE WHEN previous_until > now() THEN previous_until END AS previous_until,
    created_at, updated_at
"""
_DELIVERY = """
    id, event_id, type, endpoint_id, url, status, attempts, last_status, last_error,
    CASE WHEN claim IS NULL THEN next_attempt_at END AS next_attempt_at, created_at, ended_at
"""


async def count_alone(tx: Transaction, organization_id: str) -> int:
    """How many endpoints there are; nobody else makes one until the transaction ends."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock(x'77686b73'::integer, hashtext($1))", organization_id
    )
    found: int = await tx.fetchval(
        "SELECT count(*) FROM webhook_endpoints WHERE organization_id = $1", organization_id
    )
    return found


async def insert(
    tx: Transaction,
    organization_id: str,
    endpoint_id: str,
    *,
    url: str,
    events: Sequence[str],
    description: str | None,
    secret: bytes,
    enabled: bool,
) -> Row:
    row = await tx.fetchrow(
        f"""
        INSERT INTO webhook_endpoints
            (organization_id, id, url, events, description, secret, disabled_at, disabled_reason)
        VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $7 THEN NULL ELSE now() END,
                CASE WHEN $7 THEN NULL ELSE 'request' END)
        RETURNING {_ENDPOINT}
        """,  # noqa: S608
        organization_id, endpoint_id, url, events, description, secret, enabled,
    )  # fmt: skip
    assert row is not None
    return row


async def find(
    tx: Transaction, organization_id: str, endpoint_id: str, *, lock: bool = False
) -> Row | None:
    return await tx.fetchrow(
        f"""
        SELECT {_ENDPOINT} FROM webhook_endpoints WHERE organization_id = $1 AND id = $2
        {"FOR UPDATE" if lock else ""}
        """,  # noqa: S608
        organization_id, endpoint_id,
    )  # fmt: skip


async def page(
    tx: Transaction, organization_id: str, *, after: str | None, offset: int, limit: int
) -> list[Row]:
    rows: list[Row] = await tx.fetch(
        f"""
        SELECT {_ENDPOINT} FROM webhook_endpoints
        WHERE organization_id = $1 AND ($2::text IS NULL OR id < $2)
        ORDER BY id DESC OFFSET $3 LIMIT $4
        """,  # noqa: S608
        organization_id, after, offset, limit,
    )  # fmt: skip
    return rows


async def count(tx: Transaction, organization_id: str) -> int:
    found: int = await tx.fetchval(
        "SELECT count(*) FROM webhook_endpoints WHERE organization_id = $1", organization_id
    )
    return found


async def change(
    tx: Transaction, organization_id: str, endpoint_id: str, columns: Mapping[str, Any]
) -> None:
    """`columns` are names of this code, never of a request."""
    given = "".join(f", {name} = ${number}" for number, name in enumerate(columns, 3))
    await tx.execute(
        f"UPDATE webhook_endpoints SET updated_at = now(){given}"  # noqa: S608
        " WHERE organization_id = $1 AND id = $2",
        organization_id, endpoint_id, *columns.values(),
    )  # fmt: skip


async def switch(tx: Transaction, organization_id: str, endpoint_id: str, *, enabled: bool) -> None:
    """Switching on forgets the failures; switching off what is off already changes nothing."""
    await tx.execute(
        """
        UPDATE webhook_endpoints SET updated_at = now(),
            disabled_at = CASE WHEN $3 THEN NULL ELSE coalesce(disabled_at, now()) END,
            disabled_reason = CASE WHEN $3 THEN NULL ELSE coalesce(disabled_reason, 'request') END,
            failing_since = CASE WHEN $3 THEN NULL ELSE failing_since END
        WHERE organization_id = $1 AND id = $2
        """,
        organization_id, endpoint_id, enabled,
    )  # fmt: skip


async def rotate(
    tx: Transaction, organization_id: str, endpoint_id: str, secret: bytes, hours: int
) -> Row | None:
    return await tx.fetchrow(
        f"""
        UPDATE webhook_endpoints SET previous_secret = secret, secret = $3, updated_at = now(),
            previous_until = now() + make_interval(hours => $4)
        WHERE organization_id = $1 AND id = $2 RETURNING {_ENDPOINT}
        """,  # noqa: S608
        organization_id, endpoint_id, secret, hours,
    )  # fmt: skip


async def delete(tx: Transaction, organization_id: str, endpoint_id: str) -> None:
    """What is on its way to it has failed; what was sent stays to be read."""
    await tx.execute(
        "DELETE FROM webhook_endpoints WHERE organization_id = $1 AND id = $2",
        organization_id, endpoint_id,
    )  # fmt: skip
    await tx.execute(
        """
        UPDATE webhook_deliveries SET status = 'failed', last_error = 'endpoint_deleted',
            claim = NULL, next_attempt_at = NULL, ended_at = now()
        WHERE organization_id = $1 AND lane = $2 AND status = 'pending'
        """,
        organization_id, endpoint_id,
    )  # fmt: skip


async def own_secret(tx: Transaction, organization_id: str, fresh: bytes) -> Row:
    """The organization's own secret; `fresh` becomes it where there is none yet."""
    await tx.execute(
        "INSERT INTO webhook_secrets (organization_id, secret) VALUES ($1, $2)"
        " ON CONFLICT (organization_id) DO NOTHING",
        organization_id, fresh,
    )  # fmt: skip
    row = await own_secret_if_any(tx, organization_id)
    assert row is not None
    return row


async def own_secret_if_any(tx: Transaction, organization_id: str) -> Row | None:
    return await tx.fetchrow(
        """
        SELECT secret, CASE WHEN previous_until > now() THEN previous_secret END AS previous_secret,
               CASE WHEN previous_until > now() THEN previous_until END AS previous_until
        FROM webhook_secrets WHERE organization_id = $1
        """,
        organization_id,
    )


async def rotate_own(tx: Transaction, organization_id: str, secret: bytes, hours: int) -> None:
    await tx.execute(
        """
        UPDATE webhook_secrets SET previous_secret = secret, secret = $2,
            previous_until = now() + make_interval(hours => $3)
        WHERE organization_id = $1
        """,
        organization_id, secret, hours,
    )  # fmt: skip


async def release(
    tx: Transaction, organization_id: str, endpoint_id: str | None, error: str
) -> None:
    """Make due what `error` held up, for an endpoint or (None) for the addresses of requests."""
    # The lanes from the first name to before the second: requests' are `org_…:origin`.
    lanes = (endpoint_id, f"{endpoint_id}:") if endpoint_id else (
        f"{organization_id}:", f"{organization_id};",
    )  # fmt: skip
    await tx.execute(
        """
        UPDATE webhook_deliveries SET next_attempt_at = now()
        WHERE organization_id = $1 AND lane >= $2 AND lane < $3
          AND status = 'pending' AND last_error = $4 AND claim IS NULL
        """,
        organization_id, *lanes, error,
    )  # fmt: skip


async def add_deliveries(
    tx: Transaction,
    deliveries: Sequence[tuple[str, str, str, str, str | None, str, str]],
) -> None:
    """Each is (id, organization_id, event_id, type, endpoint_id, url, lane); one twice is one."""
    await tx.execute(
        """
        INSERT INTO webhook_deliveries
            (id, organization_id, event_id, type, endpoint_id, url, lane)
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[],
                             $6::text[], $7::text[])
        ON CONFLICT (event_id, lane) DO NOTHING
        """,
        *([list(column) for column in zip(*deliveries, strict=True)]),
    )


async def find_delivery(
    tx: Transaction, organization_id: str, delivery_id: str, *, lock: bool = False
) -> Row | None:
    return await tx.fetchrow(
        f"""
        SELECT {_DELIVERY} FROM webhook_deliveries WHERE organization_id = $1 AND id = $2
        {"FOR UPDATE" if lock else ""}
        """,  # noqa: S608
        organization_id, delivery_id,
    )  # fmt: skip


async def attempts(tx: Transaction, organization_id: str, delivery_id: str) -> list[Row]:
    rows: list[Row] = await tx.fetch(
        """
        SELECT a.number, a.started_at, a.milliseconds, a.status, a.error, a.answer
        FROM webhook_deliveries d JOIN webhook_attempts a ON a.delivery_id = d.id
        WHERE d.organization_id = $1 AND d.id = $2 ORDER BY a.number
        """,
        organization_id, delivery_id,
    )  # fmt: skip
    return rows


_CONDITIONS = {
    "endpoint_id": "endpoint_id = {0}",
    "event_id": "event_id = {0}",
    "type": "type = {0}",
    "status": "status = {0}",
    "after": "id < {0}",
}


async def deliveries(
    tx: Transaction, organization_id: str, filters: Mapping[str, Any], *, offset: int, limit: int
) -> list[Row]:
    where, values = asked_for(_CONDITIONS, filters, 4)
    rows: list[Row] = await tx.fetch(
        f"""
        SELECT {_DELIVERY} FROM webhook_deliveries WHERE organization_id = $1 {where}
        ORDER BY id DESC OFFSET $2 LIMIT $3
        """,  # noqa: S608
        organization_id, offset, limit, *values,
    )  # fmt: skip
    return rows


async def count_deliveries(
    tx: Transaction, organization_id: str, filters: Mapping[str, Any], most: int
) -> int:
    where, values = asked_for(_CONDITIONS, filters, 3)
    found: int = await tx.fetchval(
        f"""
        SELECT count(*) FROM (SELECT FROM webhook_deliveries
            WHERE organization_id = $1 {where} LIMIT $2) s
        """,  # noqa: S608
        organization_id, most, *values,
    )  # fmt: skip
    return found


async def begin_anew(tx: Transaction, organization_id: str, delivery_id: str) -> Row | None:
    """Due now, with a whole series of tries before it. One that is being sent is left alone."""
    return await tx.fetchrow(
        f"""
        UPDATE webhook_deliveries SET status = 'pending', tries = 0, next_attempt_at = now(),
            ended_at = NULL
        WHERE organization_id = $1 AND id = $2 AND claim IS NULL RETURNING {_DELIVERY}
        """,  # noqa: S608
        organization_id, delivery_id,
    )  # fmt: skip
