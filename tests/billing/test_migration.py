"""A house that was there before: its keys' usage and its credits are counted from its ledger."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tintype.db.migrate import migrate, migrations

_BEFORE = 2

_HOUSE = """
INSERT INTO organizations (id, name, plan, signing_secret) VALUES ('org_1', 'o', 'pro', '\\x00');
INSERT INTO users (id, organization_id, email, password_hash, role)
    VALUES ('usr_1', 'org_1', 'ann@example.com', 'x', 'administrator');
INSERT INTO api_keys (id, organization_id, name, prefix, secret_sha256, scopes)
    VALUES ('key_1', 'org_1', 'k', 'p', sha256('1'), '{}');
INSERT INTO credit_accounts (organization_id, balance, reserved) VALUES ('org_1', 95, 4);
INSERT INTO ledger_entries (id, organization_id, type, amount, reserved, balance_after,
    available_after, hold_id, api_key_id, created_at)
VALUES
    ('led_1', 'org_1', 'grant', 40, 0, 40, 40, NULL, NULL, '2026-01-01'),
    ('led_2', 'org_1', 'grant', 60, 0, 100, 100, NULL, NULL, '2026-01-02'),
    ('led_3', 'org_1', 'hold', 0, 6, 100, 94, NULL, 'key_1', '2026-01-03 23:59:59.9+00'),
    ('led_4', 'org_1', 'settle', -5, -6, 95, 95, 'led_3', 'key_1', '2026-01-04 00:00:10+00'),
    ('led_5', 'org_1', 'hold', 0, 3, 95, 92, NULL, 'key_1', '2026-01-04 10:00+00'),
    ('led_6', 'org_1', 'release', 0, -3, 95, 95, 'led_5', 'key_1', '2026-01-04 10:01+00'),
    ('led_7', 'org_1', 'hold', 0, 4, 95, 91, NULL, 'key_1', '2026-01-04 11:00+00'),
    ('led_8', 'org_1', 'hold', 0, 1, 95, 90, NULL, NULL, '2026-01-04 11:00+00');
INSERT INTO generations (id, organization_id, api_key_id, source, livemode, kind, status, prompt,
    model, engine, fidelity, aspect_ratio, resolution, width, height, seed, variants,
    credits_reserved, created_at)
SELECT 'gen_' || n, 'org_1', CASE WHEN n < 3 THEN 'key_1' END, 'api', true, 'text_to_image',
    'completed', 'p', 'm', 'e', 'preview', '1:1', '1K', 64, 64, 1, 1, 1, '2026-01-04'
FROM generate_series(1, 4) n;
"""


@pytest.fixture
async def old_house(cluster: str) -> AsyncIterator[str]:
    """The address of a database as it was before keys had caps and users sessions."""
    name = "old_house"
    admin = await asyncpg.connect(cluster.replace("/tintype?", "/postgres?"))
    url = cluster.replace("/tintype?", f"/{name}?")
    try:
        await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await admin.execute(f"CREATE DATABASE {name}")
        connection = await asyncpg.connect(url)
        await connection.execute(
            "CREATE TABLE schema_migrations (number integer PRIMARY KEY, name text NOT NULL,"
            " applied_at timestamptz NOT NULL DEFAULT now())"
        )
        for number, file, sql in migrations():
            if number <= _BEFORE:
                await connection.execute(sql)
                await connection.execute(
                    "INSERT INTO schema_migrations (number, name) VALUES ($1, $2)", number, file
                )
        await connection.execute(_HOUSE)
        await connection.close()
        yield url
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await admin.close()


async def test_what_was_used_before_is_counted(old_house: str) -> None:
    await migrate(old_house)
    connection = await asyncpg.connect(old_house)
    try:
        rows = await connection.fetch(
            "SELECT day::text, credits, reserved, image_jobs FROM key_usage ORDER BY day"
        )
        assert [tuple(row) for row in rows] == [("2026-01-03", 5, 0, 0), ("2026-01-04", 0, 4, 2)]
        assert await connection.fetchval("SELECT low_at FROM credit_accounts") == 10
        # The first organization of a house is its operator's.
        assert await connection.fetchval("SELECT operator FROM organizations WHERE id = 'org_1'")
        # An address is still one user's.
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute(
                "INSERT INTO users (id, organization_id, email, role)"
                " VALUES ('usr_2', 'org_1', 'ann@example.com', 'member')"
            )
    finally:
        await connection.close()
