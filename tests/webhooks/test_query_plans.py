"""Each look goes by an index, however much has been sent: nothing here grows with the history."""

from typing import Any

import pytest

from support.house import House, Tenant

_FILL = """
WITH event AS (
    INSERT INTO events (id, organization_id, type, subject_id, livemode, data)
    SELECT 'evt_' || lpad(n::text, 26, '0'), $1, 'image.uploaded', 'x', true, '{}'
    FROM generate_series(1, 20000) n RETURNING id)
INSERT INTO webhook_deliveries
    (id, organization_id, event_id, type, endpoint_id, url, lane, status, next_attempt_at, ended_at)
SELECT 'dlv_' || right(id, 26), $1, id, 'image.uploaded', 'whe_1', 'https://x/', 'whe_1',
       CASE WHEN right(id, 2) = '00' THEN 'pending' ELSE 'delivered' END,
       CASE WHEN right(id, 2) = '00' THEN now() END,
       CASE WHEN right(id, 2) <> '00' THEN now() END FROM event
"""
_LOOKS = {
    "the log, from the cursor on": (
        """
        SELECT id FROM events WHERE (xid, position) > ('5'::xid8, 7)
          AND xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid, position LIMIT 200
        """,
        "events_log",
    ),
    "what waits for an open transaction": (
        "SELECT FROM events WHERE xid >= pg_snapshot_xmin(pg_current_snapshot())",
        "events_log",
    ),
    "a lane's due": (
        """
        SELECT id FROM webhook_deliveries WHERE lane = 'whe_1' AND status = 'pending'
          AND next_attempt_at <= now() ORDER BY next_attempt_at LIMIT 16 FOR UPDATE SKIP LOCKED
        """,
        "webhook_deliveries_due",
    ),
    "what a lost secret holds up": (
        """
        SELECT id FROM webhook_deliveries WHERE lane >= 'whe_1' AND lane < 'whe_1:'
          AND status = 'pending' AND last_error = 'secret_lost' AND claim IS NULL
        """,
        "webhook_deliveries_due",
    ),
    "the next lane": (
        """
        SELECT lane FROM webhook_deliveries WHERE status = 'pending' AND lane > 'whe_0'
        ORDER BY lane LIMIT 1
        """,
        "webhook_deliveries_due",
    ),
    "what is old": (
        "SELECT id FROM webhook_deliveries WHERE created_at < now() - interval '30 days' LIMIT 1000",
        "webhook_deliveries_age",
    ),
}


@pytest.mark.parametrize("look", _LOOKS)
async def test_a_look_goes_by_its_index(idle_shop: House, me: Tenant, look: str) -> None:
    sql, index = _LOOKS[look]
    async with idle_shop.database.transaction() as tx:
        await tx.execute(_FILL, me.organization_id)
    async with idle_shop.database.reading() as tx:
        await tx.execute("ANALYZE events, webhook_deliveries")
        (plan,) = (await tx.fetchrow(f"EXPLAIN (FORMAT JSON) {sql}"))[0]
    used = [node.get("Index Name") for node in nodes(plan["Plan"])]
    assert index in used, plan
    assert "Seq Scan" not in {node["Node Type"] for node in nodes(plan["Plan"])}


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for below in plan.get("Plans", []) for node in nodes(below))]
