"""/credits over HTTP: the account, the ledger as pages and as a table, packs, and who may grant."""

import csv
import io
from typing import Any

import pytest

from api.wire import judged
from sessions.people import bearer, sign_in
from support.house import House, Tenant
from tintype.accounts import operations as accounts
from tintype.accounts.models import ChangeOrganization
from tintype.accounts.passwords import hash_password
from tintype.audit.operator import SERVER
from tintype.credits import operations as credits

LEDGER = "/api/v1/credits/ledger"
GRANTS = "/api/v1/credits/grants"


async def operators(house: House, **more: Any) -> Tenant:
    """A tenant whose organization is the operator's."""
    me = await house.tenant(**more)
    async with house.database.transaction() as tx:
        await accounts.change_organization(
            tx, me.organization_id, ChangeOrganization(operator=True), actor=SERVER
        )
    return me


async def moved(house: House, me: Tenant) -> list[Any]:
    """Three works: one open, one canceled, one done; and all entries of the ledger, newest first."""
    made = [
        (await house.ask("POST", "/api/v1/generations", key=me, json={"prompt": f"fox {n}"})).data
        for n in range(2)
    ]
    await house.ask("POST", f"/api/v1/generations/{made[0]['id']}/cancel", key=me)
    return (await house.ask("GET", LEDGER, key=me)).data


async def test_the_balance_says_what_there_is_and_what_is_in_force(idle_house: House) -> None:
    me = await idle_house.tenant(plan="creator", grant=10)
    await idle_house.ask("POST", "/v1/generations", key=me, json={"prompt": "a", "variants": 4})
    reply = await idle_house.ask("GET", "/api/v1/credits/balance", key=me)
    assert reply.status == 200, reply.body
    assert reply.data == {
        "object": "balance", "organization_id": me.organization_id,
        "balance": 10, "reserved": 4, "available": 6, "unlimited": False, "plan": "creator",
        "features": ["flows", "images", "projects", "text", "video"],
        "limits": {"requests_per_minute": 120, "concurrency": 8, "queue_weight": 2},
        "livemode": True,
    }  # fmt: skip
    bare = await idle_house.ask("GET", "/v1/credits/balance", key=me)
    assert bare.json == reply.data


async def test_the_sandbox_has_an_account_of_its_own_where_nothing_costs(
    idle_house: House,
) -> None:
    me = await idle_house.tenant(plan="creator", grant=10)
    test = await idle_house.tenant(organization_id=me.organization_id, livemode=False)
    found = (await idle_house.ask("GET", "/api/v1/credits/balance", key=test)).data
    assert (found["balance"], found["available"], found["unlimited"]) == (0, 0, True)
    assert found["organization_id"] != me.organization_id
    assert (found["plan"], found["livemode"]) == ("creator", False)


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/api/v1/credits/balance", "credits:read"),
        ("GET", LEDGER, "credits:read"),
        ("GET", "/api/v1/credits/packs", "credits:read"),
        ("POST", GRANTS, "credits:write"),
    ],
)
async def test_each_needs_its_scope(idle_house: House, method: str, path: str, scope: str) -> None:
    me = await idle_house.tenant(scopes=["images:read"])
    reply = await idle_house.ask(
        method, path, key=me, json={"amount": 1} if method == "POST" else None
    )
    assert judged(reply, 403, "FORBIDDEN") is None, reply.body
    assert reply.error["details"] == {"scope": scope}


async def test_every_movement_stands_in_the_ledger_with_the_balance_after_it(
    idle_house: House,
) -> None:
    me = await idle_house.tenant(grant=5)
    entries = await moved(idle_house, me)
    told = [(e["type"], e["amount"], e["reserved"], e["balance_after"], e["available_after"])
            for e in entries]  # fmt: skip
    assert told == [
        ("release", 0, -1, 5, 4), ("hold", 0, 1, 5, 3), ("hold", 0, 1, 5, 4), ("grant", 5, 0, 5, 5),
    ]  # fmt: skip
    assert entries[0]["generation_id"] == entries[2]["generation_id"]
    assert {e["api_key_id"] for e in entries[:3]} == {me.key_id}
    assert entries[3]["api_key_id"] is None


async def test_filters_name_kind_work_key_and_time(idle_house: House) -> None:
    me = await idle_house.tenant(grant=5)
    other = await idle_house.tenant(organization_id=me.organization_id)
    entries = await moved(idle_house, me)
    await idle_house.ask("POST", "/v1/generations", key=other, json={"prompt": "a"})

    async def ids(query: str) -> list[str]:
        reply = await idle_house.ask("GET", f"{LEDGER}?{query}", key=me)
        assert reply.status == 200, reply.body
        assert reply.json["meta"]["pagination"]["total"] == len(reply.data)
        return [entry["id"] for entry in reply.data]

    newest, second, first, grant = (entry["id"] for entry in entries)
    assert await ids(f"generation_id={entries[0]['generation_id']}") == [newest, first]
    assert await ids(f"api_key_id={me.key_id}&type=hold") == [second, first]
    assert await ids("type=grant") == [grant]
    assert await ids("batch_id=bat_none") == []
    at = entries[2]["created_at"]
    assert await ids(f"created_before={at}") == [grant]
    assert (await ids(f"created_after={at}"))[-2:] == [newest, second]
    for wrong in ("type=refund", "created_after=yesterday", "kind=hold"):
        assert (await idle_house.ask("GET", f"{LEDGER}?{wrong}", key=me)).status == 422


async def test_pages_follow_one_another_and_another_tenants_entry_is_no_place(
    idle_house: House,
) -> None:
    me, other = await idle_house.tenant(grant=5), await idle_house.tenant(grant=7)
    entries = await moved(idle_house, me)
    seen, after = [], ""
    while True:
        reply = await idle_house.ask("GET", f"{LEDGER}?limit=3{after}", key=me)
        seen += reply.data
        page = reply.json["meta"]["pagination"]
        if not page["has_more"]:
            break
        after = f"&after={page['next']}"
    assert seen == entries
    theirs = (await idle_house.ask("GET", LEDGER, key=other)).data
    assert [entry["amount"] for entry in theirs] == [7]
    for place in (theirs[0]["id"], "led_no", me.key_id):
        refused = await idle_house.ask("GET", f"{LEDGER}?after={place}", key=me)
        assert judged(refused, 422, "VALIDATION_FAILED", field="after") is None, refused.body


async def test_as_a_table_the_whole_ledger_comes_and_no_note_becomes_a_formula(
    idle_house: House,
) -> None:
    me = await idle_house.tenant(grant=0)
    notes = ['=HYPERLINK("http://x")', "+1", "-1", "@x", "\tx", "  =1+1", 'plain, with "quotes"\nand lines']  # fmt: skip
    async with idle_house.database.transaction() as tx:
        for number in range(1200):
            note = notes[number] if number < len(notes) else None
            await credits.grant(tx, me.organization_id, number + 1, note=note)
    reply = await idle_house.ask("GET", LEDGER, key=me, headers={"Accept": "text/csv"})
    assert reply.status == 200, reply.body
    assert reply.headers["Content-Type"].startswith("text/csv")
    assert reply.headers["Vary"] == "Accept"
    rows = list(csv.DictReader(io.StringIO(reply.body.decode(), newline="")))
    assert [int(row["amount"]) for row in rows] == list(range(1200, 0, -1))
    assert [row["note"] for row in rows[: -len(notes) - 1 : -1]] == [
        *(f"'{note}" for note in notes[:-1]), notes[-1],
    ]  # fmt: skip
    assert int(rows[0]["balance_after"]) == sum(range(1201))
    liked = {"Accept": "text/csv;q=inf;q=0.1, application/json"}
    page = (await idle_house.ask("GET", f"{LEDGER}?limit=1", key=me, headers=liked)).data[0]
    assert rows[0]["created_at"] == page["created_at"]
    tail = await idle_house.ask(
        "GET", f"{LEDGER}?after={rows[-3]['id']}", key=me, headers={"Accept": "text/csv"}
    )
    assert len(tail.body.splitlines()) >= 3
    assert tail.body.decode().splitlines()[0].startswith("id,created_at,type")


@pytest.mark.parametrize(
    ("query", "field"), [("limit=5", "limit"), ("offset=5", "offset"), ("after=led_x", "after")]
)
async def test_what_is_wrong_with_a_table_is_told_before_it_begins(
    idle_house: House, query: str, field: str
) -> None:
    me = await idle_house.tenant()
    reply = await idle_house.ask("GET", f"{LEDGER}?{query}", key=me, headers={"Accept": "text/csv"})
    assert judged(reply, 422, "VALIDATION_FAILED", field=field) is None, reply.body


async def test_a_key_of_one_project_reads_no_ledger_of_all(idle_house: House) -> None:
    me = await operators(idle_house)
    project = (await idle_house.ask("POST", "/api/v1/projects", key=me, json={"name": "p"})).data
    bound = await idle_house.tenant(organization_id=me.organization_id, project_id=project["id"])
    assert (await idle_house.ask("GET", LEDGER, key=bound)).status == 403
    assert (await idle_house.ask("POST", GRANTS, key=bound, json={"amount": 1})).status == 403


async def test_packs_are_listed(idle_house: House) -> None:
    me = await idle_house.tenant()
    reply = await idle_house.ask("GET", "/api/v1/credits/packs", key=me)
    assert [pack["credits"] for pack in reply.data] == [500, 2500, 10_000]
    assert {pack["limit"] for pack in reply.data} == {"purchased_credits"}


async def test_the_operator_grants_once_per_key_and_it_is_written_down(idle_house: House) -> None:
    me, customer = await operators(idle_house), await idle_house.tenant(grant=3)
    body = {"organization_id": customer.organization_id, "amount": 500, "note": "pack Launch"}
    for replayed in (None, "true"):
        reply = await idle_house.ask(
            "POST", GRANTS, key=me, json=body, headers={"Idempotency-Key": "invoice-1"}
        )
        assert reply.status == 201, reply.body
        assert reply.headers.get("Idempotent-Replayed") == replayed
        assert (reply.data["type"], reply.data["balance_after"]) == ("grant", 503)
    found = (await idle_house.ask("GET", "/api/v1/credits/balance", key=customer)).data
    assert found["available"] == 503
    log = (
        await idle_house.ask("GET", "/api/v1/audit-log?action=organization.granted", key=me)
    ).data
    assert [(it["actor_id"], it["subject_id"], it["details"]["amount"]) for it in log] == [
        (me.key_id, customer.organization_id, 500)
    ]
    own = await idle_house.ask("POST", GRANTS, key=me, json={"amount": 1})
    assert own.data["balance_after"] == 1001
    # The customer's ledger names no key of the operator's.
    assert (own.data["api_key_id"], reply.data["api_key_id"]) == (me.key_id, None)
    by_key = await idle_house.ask("GET", f"{LEDGER}?api_key_id={me.key_id}", key=me)
    assert [entry["id"] for entry in by_key.data] == [own.data["id"]]


async def test_no_tenant_grants_credits_to_itself_or_others(idle_house: House) -> None:
    await operators(idle_house)
    me = await idle_house.tenant(grant=0)
    refused = await idle_house.ask("POST", GRANTS, key=me, json={"amount": 5})
    assert judged(refused, 403, "FORBIDDEN") is None, refused.body
    assert "credits:write" not in (await idle_house.ask("GET", "/api/v1/me", key=me)).data["scopes"]
    asked = {"name": "k", "scopes": ["credits:write"]}
    made = await idle_house.ask("POST", "/api/v1/api-keys", key=me, json=asked)
    assert judged(made, 403, "FORBIDDEN") is None, made.body
    async with idle_house.database.reading() as tx:
        assert (await credits.balance(tx, me.organization_id)).balance == 0


async def test_only_administrators_of_the_operator_grant(idle_house: House) -> None:
    me, customer = await operators(idle_house), await idle_house.tenant(grant=0)
    people = {
        "boss@operator.test": (me, "administrator", 201),
        "kim@operator.test": (me, "member", 403),
        "boss@customer.test": (customer, "administrator", 403),
    }
    for email, (tenant, role, status) in people.items():
        async with idle_house.database.transaction() as tx:
            await accounts.create_user(
                tx, tenant.organization_id, email=email,
                password_hash=hash_password("correct horse"), role=role,
            )  # fmt: skip
        token = (await sign_in(idle_house, email, "correct horse")).data["token"]
        reply = await idle_house.ask(
            "POST", GRANTS, json={"amount": 1, "organization_id": customer.organization_id},
            headers=bearer(token),
        )  # fmt: skip
        assert reply.status == status, (email, reply.body)


async def test_the_sandbox_grants_nothing_and_is_granted_nothing(idle_house: House) -> None:
    me = await operators(idle_house)
    test = await idle_house.tenant(organization_id=me.organization_id, livemode=False)
    assert (await idle_house.ask("POST", GRANTS, key=test, json={"amount": 1})).status == 403
    twin = (await idle_house.ask("GET", "/api/v1/credits/balance", key=test)).data
    for unknown in (twin["organization_id"], "org_01", "org_01m7wey10xe58rnehgzmxx0sds", me.key_id):
        refused = await idle_house.ask(
            "POST", GRANTS, key=me, json={"amount": 1, "organization_id": unknown}
        )
        assert judged(refused, 422, "VALIDATION_FAILED", field="organization_id") is None


@pytest.mark.parametrize(
    "amount",
    [
        "-1",
        "0",
        "1.5",
        "1.0",
        "1e3",
        '"5"',
        "true",
        "null",
        "[1]",
        str(10**15 + 1),
        str(2**64),
        str(10**40),
    ],
)
async def test_an_amount_that_is_no_amount_is_refused_by_name(
    idle_house: House, amount: str
) -> None:
    me = await operators(idle_house)
    reply = await idle_house.ask(
        "POST", GRANTS, key=me, data=f'{{"amount": {amount}}}',
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    assert judged(reply, 422, "VALIDATION_FAILED", field="amount") is None, reply.body
    missing = await idle_house.ask("POST", GRANTS, key=me, json={"note": "x"})
    assert judged(missing, 422, "VALIDATION_FAILED", field="amount") is None


async def test_the_largest_grants_stay_whole_numbers(idle_house: House) -> None:
    me = await operators(idle_house, grant=0)
    for total in (10**15, 2 * 10**15):
        reply = await idle_house.ask("POST", GRANTS, key=me, json={"amount": 10**15})
        assert reply.data["balance_after"] == total


async def test_no_grant_lifts_a_balance_beyond_what_every_reader_of_json_reads_exactly(
    idle_house: House,
) -> None:
    me = await operators(idle_house, grant=0)
    async with idle_house.database.transaction() as tx:
        await tx.execute(
            "UPDATE credit_accounts SET balance = $2 WHERE organization_id = $1",
            me.organization_id, 9 * 10**15 - 5,
        )  # fmt: skip
    reply = await idle_house.ask("POST", GRANTS, key=me, json={"amount": 6})
    assert judged(reply, 409, "CONFLICT") is None, reply.body
    reply = await idle_house.ask("POST", GRANTS, key=me, json={"amount": 5})
    assert reply.data["balance_after"] == 9 * 10**15
