"""The session's cookie on writes (reliability matrix, rows 10 and 11): forged ones are refused,
and a program that keeps a cookie needs nothing more than the cookie."""

import pytest

from api.wire import judged, request, talk
from sessions.people import SECRET, bearer, cookie, sign_in, user
from support.house import House, opened, settings_for
from tintype.core.vault import Vault
from tintype.sessions import tokens

KEYS = "/api/v1/api-keys"
PROJECTS = "/api/v1/projects"
BODY = {"name": "agent workflow", "scopes": ["images:write", "images:read", "text:write"]}


async def entered(house: House):
    me = await house.tenant()
    await user(house, me.organization_id)
    return (await sign_in(house)).data


async def test_the_documented_request_with_a_cookie_and_nothing_else_makes_a_key(
    idle_house: House,
) -> None:
    made = await entered(idle_house)
    body = b'{"name":"agent workflow","scopes":["images:write","images:read","text:write"]}'
    (reply,) = await talk(idle_house, request(
        "POST", KEYS, f"Cookie: tintype_session={made['token']}", "Content-Type: application/json",
        "User-Agent: curl/8.5.0", "Accept: */*", body=body,
    ))  # fmt: skip
    assert reply.status == 201, reply.body
    assert reply.data["secret"].startswith("tt_live_")
    assert set(reply.data["scopes"]) == {"images:write", "images:read", "text:write"}


@pytest.mark.parametrize(
    "browser",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Mode": "cors"},
        {"Referer": "https://evil.example/page"},
    ],
)
async def test_a_browsers_write_needs_the_sessions_csrf_token(
    idle_house: House, browser: dict[str, str]
) -> None:
    made = await entered(idle_house)
    sent = cookie(made["token"]) | browser
    for method, path, body in (
        ("POST", KEYS, BODY), ("PATCH", f"{KEYS}/key_x", {}), ("DELETE", f"{KEYS}/key_x", None),
        ("PUT", "/api/v1/images/img_x", {}), ("DELETE", "/api/v1/auth/session", None),
    ):  # fmt: skip
        reply = await idle_house.ask(method, path, json=body, headers=sent)
        assert judged(reply, 403, "FORBIDDEN") is None, (method, reply.body)
        assert reply.error["details"] == {"header": "X-CSRF-Token"}
    right = sent | {"X-CSRF-Token": made["csrf_token"]}
    assert (await idle_house.ask("POST", KEYS, json=BODY, headers=right)).status == 201
    # Reading needs none, and a token in a header is nobody's but who sends it.
    assert (await idle_house.ask("GET", KEYS, headers=sent)).status == 200
    by_header = bearer(made["token"]) | browser
    assert (await idle_house.ask("POST", KEYS, json=BODY, headers=by_header)).status == 201


async def test_another_sessions_token_and_a_made_up_one_do_not_help(idle_house: House) -> None:
    made = await entered(idle_house)
    other = (await sign_in(idle_house)).data
    assert other["csrf_token"] != made["csrf_token"]
    for wrong in (other["csrf_token"], "", "x", "é" * 32, made["csrf_token"].upper()):
        headers = cookie(made["token"]) | {"X-CSRF-Token": wrong}
        reply = await idle_house.ask("POST", KEYS, json=BODY, headers=headers)
        assert judged(reply, 403, "FORBIDDEN") is None, reply.body


def test_a_csrf_token_lives_on_when_the_servers_secret_is_changed() -> None:
    before, after = Vault([b"a" * 32]), Vault([b"b" * 32, b"a" * 32])
    given = tokens.csrf(before, "ses_1")
    assert tokens.is_csrf(after, "ses_1", given)
    assert not tokens.is_csrf(after, "ses_2", given)
    assert not tokens.is_csrf(Vault([b"b" * 32]), "ses_1", given)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
async def test_what_a_form_can_send_is_no_body(idle_house: House, kind: str) -> None:
    made = await entered(idle_house)
    for more in ({}, {"X-CSRF-Token": made["csrf_token"]}):
        headers = cookie(made["token"]) | {"Content-Type": kind} | more
        reply = await idle_house.ask(
            "POST", PROJECTS, data=b'{"name": "a project"}', headers=headers
        )
        assert judged(reply, 415, "UNSUPPORTED_MEDIA_TYPE") is None, reply.body


async def test_a_link_on_another_site_spends_nothing(house: House) -> None:
    """GET /live is a read that costs credits: the cookie alone does not open it."""
    made = await entered(house)
    live = "/api/v1/live?prompt=a%20fox"
    for browser in (
        {}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ):  # fmt: skip
        reply = await house.ask("GET", live, headers=cookie(made["token"]) | browser)
        assert judged(reply, 403, "FORBIDDEN") is None, (browser, reply.body)
    for mine in ({"Sec-Fetch-Site": "same-origin"}, {"X-CSRF-Token": made["csrf_token"]}):
        reply = await house.ask("GET", live, headers=cookie(made["token"]) | mine)
        assert (reply.status, reply.headers["Content-Type"][:6]) == (200, "image/")


async def test_a_picture_in_memory_is_given_to_nobody_without_the_cookie(house: House) -> None:
    made = await entered(house)
    live = "/api/v1/live?prompt=a%20fox%20in%20memory"
    sent = cookie(made["token"]) | {"X-CSRF-Token": made["csrf_token"]}
    for _ in range(2):
        assert (await house.ask("GET", live, headers=sent)).status == 200
    assert (await house.ask("GET", live)).status == 401
    assert (await house.ask("GET", live, headers=cookie(made["token"] + "x"))).status == 401
    assert (await house.ask("DELETE", "/api/v1/auth/session", headers=sent)).status == 204
    assert (await house.ask("GET", live, headers=sent)).status == 401


async def test_a_header_wins_over_the_cookie_and_is_not_made_good_by_it(
    idle_house: House,
) -> None:
    made = await entered(idle_house)
    other = await idle_house.tenant()
    sent = cookie(made["token"]) | {"Origin": "https://evil.example"}
    reply = await idle_house.ask("POST", PROJECTS, key=other, json={"name": "p"}, headers=sent)
    assert reply.status == 201, "a key needs no CSRF token"
    listed = await idle_house.ask("GET", PROJECTS, headers=cookie(made["token"]))
    assert listed.data == [], "and it was made in the key's organization"
    for wrong in ({"X-API-Key": "tt_live_nonsense"}, bearer(made["token"] + "x")):
        reply = await idle_house.ask("GET", PROJECTS, headers=cookie(made["token"]) | wrong)
        assert judged(reply, 401, "UNAUTHORIZED") is None, reply.body


async def test_two_cookies_that_differ_are_none(idle_house: House) -> None:
    made = await entered(idle_house)
    twice = f"tintype_session={made['token']}; tintype_session={{}}"
    for second, status in ((made["token"], 200), ("x.y.z", 401), ("", 401)):
        reply = await idle_house.ask("GET", KEYS, headers={"Cookie": twice.format(second)})
        assert reply.status == status, second


async def test_a_session_outlives_a_change_of_the_servers_secret(
    database_url: str, tmp_path
) -> None:
    old, new = {"secret": SECRET}, {"secret": SECRET[::-1], "previous_secrets": [SECRET]}
    async with opened(settings_for(database_url, tmp_path, security=old), with_worker=False) as one:
        made = await entered(one)
    for security, status in ((new, 200), ({"secret": SECRET[::-1]}, 401)):
        settings = settings_for(database_url, tmp_path, security=security)
        async with opened(settings, with_worker=False) as two:
            reply = await two.ask("GET", "/api/v1/me", headers=bearer(made["token"]))
            assert reply.status == status
