"""SQL of the ledger. A movement is one statement: account, entry and usage can't part."""

from datetime import date

from tintype.db.pool import Row, Transaction

_ENTRY = (
    "id, type, amount, reserved, balance_after, available_after, generation_id, api_key_id, note,"
    " created_at"
)


async def open_account(tx: Transaction, organization_id: str) -> None:
    await tx.execute("INSERT INTO credit_accounts (organization_id) VALUES ($1)", organization_id)


async def account(tx: Transaction, organization_id: str) -> Row | None:
    return await tx.fetchrow(
        "SELECT balance, reserved FROM credit_accounts WHERE organization_id = $1", organization_id
    )


async def change_balance(
    tx: Transaction, entry_id: str, organization_id: str, kind: str, amount: int, note: str | None
) -> Row | None:
    """Grant or adjust; None when the change would take what is spent or held.

    A grant says anew when the account is low.
    """
    return await tx.fetchrow(
        f"""
        WITH account AS (
            UPDATE credit_accounts SET balance = balance + $4,
                low_at = CASE $3 WHEN 'grant' THEN (balance + $4) / 10 ELSE low_at END
            WHERE organization_id = $2 AND balance + $4 >= reserved
            RETURNING balance, reserved)
        INSERT INTO ledger_entries (id, organization_id, type, amount, reserved,
            balance_after, available_after, note)
        SELECT $1, $2, $3, $4, 0, balance, balance - reserved, $5 FROM account
        RETURNING {_ENTRY}
        """,  # noqa: S608
        entry_id, organization_id, kind, amount, note,
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

    The caller holds the account's row (`lock_account`), so this statement's snapshot shows an end
    that a rival wrote before. A hold of an older version, placed while its processes went on beside
    this schema, is in no usage: that must not keep it from ending.
    """
    return await tx.fetchrow(
        f"""
        WITH held AS (
            SELECT h.reserved AS amount, h.generation_id, h.api_key_id,
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
            balance_after, available_after, hold_id, generation_id, api_key_id, note)
        SELECT $1, $2, $4, -$5::bigint, -held.amount, account.balance,
            account.balance - account.reserved, $3, held.generation_id, held.api_key_id, $6
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
    tx: Transaction, organization_id: str, *, after: str | None, offset: int, limit: int
) -> list[Row]:
    rows: list[Row] = await tx.fetch(
        f"""
        SELECT {_ENTRY} FROM ledger_entries
        WHERE organization_id = $1 AND ($2::text IS NULL OR position < (
            SELECT position FROM ledger_entries WHERE organization_id = $1 AND id = $2))
        ORDER BY position DESC OFFSET $3 LIMIT $4
        """,  # noqa: S608
        organization_id, after, offset, limit,
    )  # fmt: skip
    return rows


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
