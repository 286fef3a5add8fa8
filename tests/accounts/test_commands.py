"""Users and capped keys by command, and what the audit log then tells."""

import asyncio
import getpass

from cli.process import tintype
from sessions.people import bearer, sign_in
from support.house import House
from tintype.accounts import operations as accounts


def said(*words: str, house: House, stdin: str = "") -> asyncio.Future:
    """In a thread, as the house lives in this test's own loop."""
    url = house.settings.database.url
    return asyncio.to_thread(tintype, *words, url=url, stdin=stdin)


async def test_a_users_life_by_command(idle_house: House) -> None:
    me = await idle_house.tenant()
    org = ("--org", me.organization_id)
    made = await said("user", "create", "--email", "kim@example.com", *org, house=idle_house)
    assert made.json["role"] == "member"
    first = made.json["password"]
    token = (await sign_in(idle_house, "kim@example.com", first)).data["token"]
    listed = (await said("user", "list", *org, house=idle_house)).json
    assert [(it["email"], it["id"]) for it in listed] == [("kim@example.com", made.json["id"])]

    changed = await said(
        "user", "password", "KIM@example.com", "--password-stdin", house=idle_house,
        stdin="another long one\n",
    )  # fmt: skip
    assert changed.code == 0, changed.err
    assert "password" not in changed.json
    async with asyncio.timeout(20):
        while (await idle_house.ask("GET", "/v1/me", headers=bearer(token))).status == 200:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert (await sign_in(idle_house, "kim@example.com", first)).status == 401
    assert (await sign_in(idle_house, "kim@example.com", "another long one")).status == 201

    gone = await said("user", "delete", "kim@example.com", house=idle_house)
    assert gone.code == 0, gone.err
    assert (await said("user", "list", *org, house=idle_house)).json == []
    assert (await sign_in(idle_house, "kim@example.com", "another long one")).status == 401
    again = await said("user", "delete", "kim@example.com", house=idle_house)
    assert (again.code, "no user" in again.err) == (2, True)

    log = (
        await idle_house.ask("GET", f"/api/v1/audit-log?subject_id={gone.json['id']}", key=me)
    ).data
    acts = [it["action"] for it in log if it["actor_type"] == "operator"]
    assert acts == ["user.deleted", "user.password_changed", "user.created"]
    assert {it["actor_id"] for it in log if it["actor_type"] == "operator"} == {getpass.getuser()}


async def test_short_and_endless_passwords_are_refused(idle_house: House) -> None:
    for text in ("short", "x" * 1025):
        refused = await said(
            "user", "create", "--email", "a@b.c", "--password-stdin", house=idle_house,
            stdin=f"{text}\n",
        )  # fmt: skip
        assert (refused.code, "password" in refused.err) == (2, True)


async def test_a_capped_key_by_command(idle_house: House) -> None:
    made = await said(
        "keys", "create", "--name", "shop", "--cap-day", "5", "--cap-month", "60", house=idle_house
    )
    assert made.json["spend_cap"] == {"day": 5, "month": 60}
    listed = (await said("keys", "list", house=idle_house)).json
    assert listed[0]["usage"] == {"credits": 0, "image_jobs": 0, "text_requests": 0, "requests": 0}
    async with idle_house.database.reading() as tx:
        (studio,) = await accounts.organizations(tx)
        actor = await tx.fetchrow(
            "SELECT actor_type, actor_id FROM audit_entries WHERE organization_id = $1"
            " AND subject_id = $2", studio.id, made.json["id"],
        )  # fmt: skip
    assert tuple(actor) == ("operator", getpass.getuser())
    wrong = await said("keys", "create", "--name", "x", "--cap-day", "-1", house=idle_house)
    assert wrong.code == 2
