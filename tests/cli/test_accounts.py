"""Keys, organizations, users and credits by command, beside a running server."""

import asyncio
from functools import partial

from cli.process import tintype
from support.house import House


async def test_a_key_made_by_command_works_until_it_is_revoked(house: House) -> None:
    url = house.settings.database.url
    made = tintype("keys", "create", "--name", "ci", "--expires", "90d", url=url).json
    assert made["secret"].startswith(made["prefix"])
    assert made["livemode"]
    ask = partial(house.ask, "GET", "/api/v1/generations", key=made["secret"])
    assert (await ask()).status == 200

    found = tintype("keys", "list", url=url)
    assert made["secret"] not in found.out
    assert [key["id"] for key in found.json if key["name"] == "ci"] == [made["id"]]

    # In a thread, as the house lives in this test's own loop and has to hear of it there.
    ended = await asyncio.to_thread(tintype, "keys", "revoke", made["id"], url=url)
    assert ended.json["status"] == "revoked"
    async with asyncio.timeout(20):
        while (await ask()).status != 401:  # noqa: ASYNC110 - Who is told has no event for us.
            await asyncio.sleep(0.02)


async def test_scopes_and_sandbox_of_a_key_are_what_was_asked_for(house: House) -> None:
    made = tintype(
        "keys", "create", "--name", "t", "--test", "--scopes", "images:read, images:write",
        url=house.settings.database.url,
    ).json  # fmt: skip
    assert made["secret"].startswith("tt_test_")
    assert made["scopes"] == ["images:read", "images:write"]
    assert (await house.ask("GET", "/api/v1/generations", key=made["secret"])).status == 200
    refused = await house.ask("POST", "/api/v1/projects", key=made["secret"], json={"name": "x"})
    assert refused.status == 403


def test_what_a_key_can_not_have_is_a_usage_error(database_url: str) -> None:
    unknown = tintype("keys", "create", "--name", "x", "--scopes", "all", url=database_url)
    assert (unknown.code, "'all' is not one of" in unknown.err) == (2, True)
    elsewhere = tintype(
        "keys", "create", "--name", "x", "--project", "prj_01m7w5h84re2daktxw14fg7aqc",
        url=database_url,
    )  # fmt: skip
    assert (elsewhere.code, "no such project" in elsewhere.err) == (2, True)


def test_an_organization_with_credits_and_a_user(database_url: str) -> None:
    made = tintype(
        "org", "create", "--name", "Nord", "--plan", "pro", "--rate-limit", "90", "--private-media",
        url=database_url,
    ).json  # fmt: skip
    assert (made["plan"], made["rate_limit"], made["private_media"]) == ("pro", 90, True)
    listed = tintype("org", "list", url=database_url).json
    assert made in listed
    assert all(it["created_at"].endswith("Z") for it in listed)
    org = ("--org", made["id"])
    entry = tintype("credits", "grant", *org, "--amount", 500, "--note", "paid", url=database_url)
    assert entry.json["balance_after"] == 500
    assert tintype("credits", "balance", *org, url=database_url).json == {
        "balance": 500, "reserved": 0, "available": 500,
    }  # fmt: skip
    ledger = tintype("credits", "ledger", *org, url=database_url).json
    unknown = tintype("credits", "ledger", *org, "--after", "led_x", url=database_url)
    assert (unknown.code, "after" in unknown.err) == (2, True)
    assert [(it["type"], it["amount"], it["note"]) for it in ledger] == [("grant", 500, "paid")]

    email = ("--email", "Kim@example.com")
    user = tintype(
        "user", "create", *email, *org, "--password-stdin", stdin="a long secret\n",
        url=database_url,
    )  # fmt: skip
    assert user.json["email"] == "kim@example.com"
    assert user.json["created_at"].endswith("Z")
    assert "password" not in user.json
    again = tintype("user", "create", *email, url=database_url)
    assert (again.code, "exists" in again.err) == (2, True)


def test_the_first_command_on_a_new_database_makes_its_household_once(database_url: str) -> None:
    first = tintype("org", "list", url=database_url)
    (studio,) = first.json
    assert studio["plan"] == "enterprise"
    assert "tt_live_" in first.err
    second = tintype("credits", "balance", url=database_url)
    assert second.err == ""
    assert second.json["available"] == 100_000
