"""SQL of the ledger. Each movement is one statement: the account and its entry can't part."""

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
    """Grant or adjust; None when the change would take what is spent or held."""
    return await tx.fetchrow(
        f"""
        WITH account AS (
            UPDATE credit_accounts SET balance = balance + $4
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
    generation_id: str,
    api_key_id: str | None,
) -> Row | None:
    """Reserve credits; None when the available ones don't suffice."""
    return await tx.fetchrow(
        f"""
        WITH account AS (
            UPDATE credit_accounts SET reserved = reserved + $3
            WHERE organization_id = $2 AND balance - reserved >= $3
            RETURNING balance, reserved)
        INSERT INTO ledger_entries (id, organization_id, type, amount, reserved,
            balance_after, available_after, generation_id, api_key_id)
        SELECT $1, $2, 'hold', 0, $3, balance, balance - reserved, $4, $5 FROM account
        RETURNING {_ENTRY}
        """,  # noqa: S608
        entry_id, organization_id, amount, generation_id, api_key_id,
    )  # fmt: skip


async def end_hold(
    tx: Transaction, entry_id: str, organization_id: str, hold_id: str, kind: str, used: int
) -> Row | None:
    """Settle or release a hold, taking `used` of it; None when it has ended already.

    The caller holds the account's row (`lock_account`), so this statement's snapshot shows an end
    that a rival wrote before.
    """
    return await tx.fetchrow(
        f"""
        WITH held AS (
            SELECT h.reserved AS amount, h.generation_id, h.api_key_id
            FROM ledger_entries h
            WHERE h.id = $3 AND h.organization_id = $2 AND h.type = 'hold'
              AND NOT EXISTS (SELECT FROM ledger_entries e WHERE e.hold_id = $3)),
        account AS (
            UPDATE credit_accounts a
            SET balance = a.balance - $5, reserved = a.reserved - held.amount
            FROM held WHERE a.organization_id = $2
            RETURNING a.balance, a.reserved)
        INSERT INTO ledger_entries (id, organization_id, type, amount, reserved,
            balance_after, available_after, hold_id, generation_id, api_key_id)
        SELECT $1, $2, $4, -$5::bigint, -held.amount, account.balance,
            account.balance - account.reserved, $3, held.generation_id, held.api_key_id
        FROM held, account
        RETURNING {_ENTRY}
        """,  # noqa: S608
        entry_id, organization_id, hold_id, kind, used,
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
