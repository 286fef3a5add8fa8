"""SQL of the ledger. A movement is one statement: account, entry and usage can't part."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from tintype.credits.models import Part
from tintype.db.filters import asked_for
from tintype.db.pool import Row, Transaction

_ENTRY = (
    "id, type, amount, reserved, balance_after, available_after, generation_id, batch_id,"
    " api_key_id, note, created_at"
)
FILTERS: Final = {
    "type": "type = {0}",
    "generation_id": "generation_id = {0}",
    "batch_id": "batch_id = {0}",
    "api_key_id": "api_key_id = {0}",
    "created_after": "created_at > {0}",
    "created_before": "created_at < {0}",
}


async def open_account(tx: Transaction, organization_id: str) -> None:
    await tx.execute("INSERT INTO credit_accounts (organization_id) VALUES ($1)", organization_id)


async def account(tx: Transaction, organization_id: str) -> Row | None:
    return await tx.fetchrow(
        "SELECT balance, reserved FROM credit_accounts WHERE organization_id = $1", organization_id
    )


async def change_balance(
    tx: Transaction,
    entry_id: str,
    organization_id: str,
    kind: str,
    amount: int,
    note: str | None,
    *,
    api_key_id: str | None = None,
    most: int,
) -> Row | None:
    """Grant or adjust; None when it would take what is spent or held, or leave more than `most`.

    A grant says anew when the account is low.
    """
    return await tx.fetchrow(
        f"""
        WITH account AS (
            UPDATE credit_accounts SET balance = balance + $4,
                low_at = CASE $3 WHEN 'grant' THEN (balance + $4) / 10 ELSE low_at END
            WHERE organization_id = $2 AND balance + $4 BETWEEN reserved AND $6
            RETURNING balance, reserved)
        INSERT INTO ledger_entries (id, organization_id, type, amount, reserved,
            balance_after, available_after, note, api_key_id)
        SELECT $1, $2, $3, $4, 0, balance, balance - reserved, $5, $7 FROM account
        RETURNING {_ENTRY}
        """,  # noqa: S608
        entry_id, organization_id, kind, amount, note, most, api_key_id,
    )  # fmt: skip


async def hold(
    tx: Transaction,
    entry_id: str,
    organization_id: str,
    amount: int,
    generation_id: str | None,
    api_key_id: str | None,
    image_jobs: int,
    text_requests: int,
) -> Row | None:
    """Reserve credits, and count them to the key; None when the available ones don't suffice."""
    return await tx.fetchrow(
        f"""
        WITH account AS (
            UPDATE credit_accounts SET reserved = reserved + $3
            WHERE organization_id = $2 AND balance - reserved >= $3
            RETURNING balance, reserved, low_at, clock_timestamp() AS at),
        usage AS (
            INSERT INTO key_usage AS u
                (api_key_id, day, organization_id, reserved, image_jobs, text_requests)
            SELECT $5, (at AT TIME ZONE 'UTC')::date, $2, $3, $6, $7 FROM account
            WHERE $5::text IS NOT NULL
            ON CONFLICT (api_key_id, day) DO UPDATE SET reserved = u.reserved + excluded.reserved,
                image_jobs = u.image_jobs + excluded.image_jobs,
                text_requests = u.text_requests + excluded.text_requests),
        entry AS (
            INSERT INTO ledger_entries (id, organization_id, type, amount, reserved,
                balance_after, available_after, generation_id, api_key_id, created_at)
            SELECT $1, $2, 'hold', 0, $3, balance, balance - reserved, $4, $5, at FROM account
            RETURNING {_ENTRY})
        SELECT {_ENTRY}, account.low_at FROM entry, (SELECT low_at FROM account) account
        """,  # noqa: S608
        entry_id, organization_id, amount, generation_id, api_key_id, image_jobs, text_requests,
    )  # fmt: skip


async def hold_all(
    tx: Transaction,
    organization_id: str,
    holds: Sequence[Part],
    batch_id: str,
    api_key_id: str | None,
    image_jobs: int,
    text_requests: int,
) -> Row | None:
    """As `hold`, for many together: one look at the account, an entry each, the last of them."""
    return await tx.fetchrow(
        f"""
        WITH part AS (
            SELECT *, sum(amount) OVER (ORDER BY place)::bigint AS so_far
            FROM unnest($2::text[], $3::text[], $4::bigint[])
                WITH ORDINALITY AS n (hold_id, generation_id, amount, place)),
        account AS (
            UPDATE credit_accounts SET reserved = reserved + (SELECT sum(amount) FROM part)
            WHERE organization_id = $1 AND balance - reserved >= (SELECT sum(amount) FROM part)
            RETURNING balance, reserved - (SELECT sum(amount) FROM part)::bigint AS reserved,
                low_at, clock_timestamp() AS at),
        usage AS (
            INSERT INTO key_usage AS u
                (api_key_id, day, organization_id, reserved, image_jobs, text_requests)
            SELECT $6, (at AT TIME ZONE 'UTC')::date, $1, (SELECT sum(amount) FROM part), $7, $8
            FROM account WHERE $6::text IS NOT NULL
            ON CONFLICT (api_key_id, day) DO UPDATE SET reserved = u.reserved + excluded.reserved,
                image_jobs = u.image_jobs + excluded.image_jobs,
                text_requests = u.text_requests + excluded.text_requests),
        entry AS (
            INSERT INTO ledger_entries (id, organization_id, type, amount, reserved, balance_after,
                available_after, generation_id, batch_id, api_key_id, created_at)
            SELECT hold_id, $1, 'hold', 0, amount, balance,
                balance - reserved - so_far, generation_id, $5, $6, at
            FROM part, account ORDER BY place
            RETURNING {_ENTRY}, position)
        SELECT {_ENTRY}, low_at FROM entry, (SELECT low_at FROM account) account
        ORDER BY position DESC LIMIT 1
        """,  # noqa: S608
        organization_id, [part.hold_id for part in holds], [part.generation_id for part in holds],
        [part.amount for part in holds], batch_id, api_key_id, image_jobs, text_requests,
    )  # fmt: skip


async def release_all(
    tx: Transaction, organization_id: str, hold_ids: Sequence[str], entry_ids: Sequence[str]
) -> int:
    """Give back what these holds still hold, an entry each; how much that was.

    The caller holds the account's row, as for `end_hold`.
    """
    back: int = await tx.fetchval(
        """
        WITH held AS (
            SELECT h.*, n.entry_id, (h.created_at AT TIME ZONE 'UTC')::date AS day,
                sum(h.reserved) OVER (ORDER BY h.position)::bigint AS so_far
            FROM unnest($2::text[], $3::text[]) AS n (hold_id, entry_id)
            JOIN ledger_entries h
                ON h.id = n.hold_id AND h.organization_id = $1 AND h.type = 'hold'
            WHERE NOT EXISTS (SELECT FROM ledger_entries e WHERE e.hold_id = h.id)),
        account AS (
            UPDATE credit_accounts SET reserved = reserved - (SELECT sum(reserved) FROM held)
            WHERE organization_id = $1 AND EXISTS (SELECT FROM held)
            RETURNING balance, reserved + (SELECT sum(reserved) FROM held)::bigint AS reserved),
        usage AS (
            UPDATE key_usage u SET reserved = greatest(u.reserved - day.reserved, 0)
            FROM (SELECT api_key_id, day, sum(reserved) AS reserved FROM held GROUP BY 1, 2) day
            WHERE u.organization_id = $1 AND u.api_key_id = day.api_key_id AND u.day = day.day),
        entry AS (
            INSERT INTO ledger_entries (id, organization_id, type, amount, reserved, balance_after,
                available_after, hold_id, generation_id, batch_id, api_key_id)
            SELECT held.entry_id, $1, 'release', 0, -held.reserved, account.balance,
                account.balance - account.reserved + held.so_far, held.id, held.generation_id,
                held.batch_id, held.api_key_id
            FROM held, account ORDER BY held.position)
        SELECT coalesce(sum(reserved), 0)::bigint FROM held
        """,
        organization_id, hold_ids, entry_ids,
    )  # fmt: skip
    return back


async def end_hold(
    tx: Transaction,
    entry_id: str,
    organization_id: str,
    hold_id: str,
    kind: str,
    used: int,
    note: str | None,
) -> Row | None:
    """Settle or release a hold, taking `used` of it; None when it has ended already.

    The caller holds the account's row (`lock_account`) or its work's, so this statement's snapshot
    shows an end that a rival wrote before. A hold of an older version, placed while its processes
    went on beside this schema, is in no usage: that must not keep it from ending.
    """
    return await tx.fetchrow(
        f"""
        WITH held AS (
            SELECT h.reserved AS amount, h.generation_id, h.batch_id, h.api_key_id,
                (h.created_at AT TIME ZONE 'UTC')::date AS day
            FROM ledger_entries h
            WHERE h.id = $3 AND h.organization_id = $2 AND h.type = 'hold'
              AND NOT EXISTS (SELECT FROM ledger_entries e WHERE e.hold_id = $3)),
        account AS (
            UPDATE credit_accounts a
            SET balance = a.balance - $5, reserved = a.reserved - held.amount
            FROM held WHERE a.organization_id = $2
            RETURNING a.balance, a.reserved),
        usage AS (
            UPDATE key_usage u SET credits = u.credits + $5,
                reserved = greatest(u.reserved - held.amount, 0)
            FROM held, account
            WHERE u.organization_id = $2 AND u.api_key_id = held.api_key_id AND u.day = held.day)
        INSERT INTO ledger_entries (id, organization_id, type, amount, reserved,
            balance_after, available_after, hold_id, generation_id, batch_id, api_key_id, note)
        SELECT $1, $2, $4, -$5::bigint, -held.amount, account.balance,
            account.balance - account.reserved, $3, held.generation_id, held.batch_id,
            held.api_key_id, $6
        FROM held, account
        RETURNING {_ENTRY}
        """,  # noqa: S608
        entry_id, organization_id, hold_id, kind, used, note,
    )  # fmt: skip


async def lock_account(tx: Transaction, organization_id: str) -> None:
    await tx.execute(
        "SELECT FROM credit_accounts WHERE organization_id = $1 FOR UPDATE", organization_id
    )


async def entries(
    tx: Transaction,
    organization_id: str,
    filters: Mapping[str, Any],
    *,
    after: str | None,
    offset: int,
    limit: int,
) -> list[Row]:
    where, values = asked_for(FILTERS, filters, 5)
    rows: list[Row] = await tx.fetch(
        f"""
        SELECT {_ENTRY} FROM ledger_entries
        WHERE organization_id = $1 AND ($2::text IS NULL OR position < (
            SELECT position FROM ledger_entries WHERE organization_id = $1 AND id = $2)) {where}
        ORDER BY position DESC OFFSET $3 LIMIT $4
        """,  # noqa: S608
        organization_id, after, offset, limit, *values,
    )  # fmt: skip
    return rows


async def count(
    tx: Transaction, organization_id: str, filters: Mapping[str, Any], most: int
) -> int:
    where, values = asked_for(FILTERS, filters, 3)
    found: int = await tx.fetchval(
        f"""
        SELECT count(*) FROM (SELECT FROM ledger_entries
            WHERE organization_id = $1 {where} LIMIT $2) s
        """,  # noqa: S608
        organization_id, most, *values,
    )  # fmt: skip
    return found


async def exists(tx: Transaction, organization_id: str, entry_id: str) -> bool:
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM ledger_entries WHERE organization_id = $1 AND id = $2)",
        organization_id, entry_id,
    )  # fmt: skip
    return found


async def count_use(
    tx: Transaction, organization_id: str, api_key_id: str, image_jobs: int, text_requests: int
) -> None:
    """Count to a key what costs nothing."""
    await tx.execute(
        """
        INSERT INTO key_usage AS u (api_key_id, day, organization_id, image_jobs, text_requests)
        VALUES ($2, (now() AT TIME ZONE 'UTC')::date, $1, $3, $4)
        ON CONFLICT (api_key_id, day) DO UPDATE SET
            image_jobs = u.image_jobs + excluded.image_jobs,
            text_requests = u.text_requests + excluded.text_requests
        """,
        organization_id, api_key_id, image_jobs, text_requests,
    )  # fmt: skip


async def count_requests(
    tx: Transaction, organization_ids: list[str], api_key_ids: list[str], requests: list[int]
) -> None:
    """Add requests to each key's day, in an order that two writers share."""
    await tx.execute(
        """
        INSERT INTO key_usage AS u (api_key_id, day, organization_id, requests)
        SELECT key_id, (now() AT TIME ZONE 'UTC')::date, organization_id, requests
        FROM unnest($1::text[], $2::text[], $3::bigint[]) AS n (organization_id, key_id, requests)
        ORDER BY key_id COLLATE "C"
        ON CONFLICT (api_key_id, day) DO UPDATE SET requests = u.requests + excluded.requests
        """,
        organization_ids, api_key_ids, requests,
    )  # fmt: skip


async def usage(tx: Transaction, api_key_ids: list[str], organization_ids: list[str]) -> list[Row]:
    """All that these keys of these organizations have used."""
    rows: list[Row] = await tx.fetch(
        """
        SELECT api_key_id, sum(credits)::bigint AS credits, sum(image_jobs)::bigint AS image_jobs,
            sum(text_requests)::bigint AS text_requests, sum(requests)::bigint AS requests
        FROM key_usage WHERE api_key_id = ANY ($1) AND organization_id = ANY ($2)
        GROUP BY api_key_id
        """,
        api_key_ids, organization_ids,
    )  # fmt: skip
    return rows


async def spent(
    tx: Transaction, organization_id: str, api_key_id: str, today: date
) -> tuple[int, int]:
    """Credits settled and held of a key on a UTC day, and in that day's month."""
    row = await tx.fetchrow(
        """
        SELECT coalesce(sum(credits + reserved) FILTER (WHERE day = $3), 0)::bigint AS day,
               coalesce(sum(credits + reserved), 0)::bigint AS month
        FROM key_usage WHERE organization_id = $1 AND api_key_id = $2
          AND day BETWEEN date_trunc('month', $3::date)::date AND $3
        """,
        organization_id, api_key_id, today,
    )  # fmt: skip
    assert row is not None
    return row["day"], row["month"]
