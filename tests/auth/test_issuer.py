"""Tokens of another issuer (reliability matrix, rows 6 and 7): taken when they are its own, for us
and in their time; every other one is the same 401."""

import base64
import time
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from joserfc import jwe
from joserfc.jwk import OctKey, RSAKey

from api.wire import judged
from auth.issuing import (
    AUDIENCE,
    ISSUER,
    SHARED,
    by_hand,
    claims,
    keys,
    publishing,
    raw,
    shared,
    signed,
)
from sessions.people import SECRET, bearer, cookie, sign_in, user
from support.house import House, opened, settings_for
from support.loopback import serving
from tintype.accounts import operations as accounts
from tintype.audit.operator import SERVER
from tintype.core.settings import SettingsError, load
from tintype.sessions import tokens

ME = "/api/v1/me"
BASE = {"issuer": ISSUER, "audience": AUDIENCE}


@asynccontextmanager
async def trusting(database_url: str, folder, **auth):
    settings = settings_for(
        database_url, folder, auth=BASE | auth, security={"secret": SECRET},
        fetch={"allow_networks": ["127.0.0.0/8"]},
    )  # fmt: skip
    async with opened(settings, with_worker=False) as house:
        yield house


@pytest.fixture
async def by_secret(database_url: str, tmp_path):
    async with trusting(database_url, tmp_path, shared_secret=SHARED) as house:
        me = await house.tenant()
        await user(house, me.organization_id, role="member")
        yield house


async def ask(house: House, token: str):
    return await house.ask("GET", ME, headers=bearer(token))


async def test_a_supabase_token_is_its_user_on_both_mounts(by_secret: House) -> None:
    token = shared()
    reply = await ask(by_secret, token)
    assert reply.status == 200, reply.body
    assert reply.data["user"]["email"] == "ann@example.com"
    assert (reply.data["session"], reply.data["livemode"]) == (None, True)
    assert "images:write" in reply.data["scopes"]
    assert (await by_secret.ask("GET", "/v1/generations", headers=bearer(token))).status == 200
    made = await by_secret.ask(
        "POST", "/v1/generations", headers=bearer(token), json={"prompt": "a fox"}
    )
    assert (made.status, made.json["source"]) == (202, "ui")


async def test_a_shared_secret_signs_by_any_hmac(by_secret: House) -> None:
    for alg in ("HS256", "HS384", "HS512"):
        assert (await ask(by_secret, shared(alg=alg))).status == 200, alg


async def test_the_subject_stays_the_user_when_the_address_changes(by_secret: House) -> None:
    first = (await ask(by_secret, shared())).data["user"]
    later = (await ask(by_secret, shared(email="ann.new@example.com"))).data["user"]
    assert later == first
    # Another subject with the same address is somebody else: it gets nothing of Ann's.
    assert (await ask(by_secret, shared(sub="another"))).status == 401


NOW = int(time.time())
WRONG = [
    {"exp": NOW - 120},
    {"exp": None},
    {"exp": "soon"},
    {"exp": True},
    {"nbf": NOW + 600},
    {"iat": NOW + 600},
    {"iat": None},
    {"sub": None},
    {"sub": ""},
    {"sub": 5},
    {"sub": "a\x00b"},
    {"sub": "x" * 256},
    {"iss": "https://other.example.co/auth/v1"},
    {"iss": None},
    {"iss": ["https://project.example.co/auth/v1"]},
    {"aud": "someone-else"},
    {"aud": None},
    {"aud": []},
    {"email": "nobody@example.com"},
    {"email": None},
    {"email_verified": False},
    {"user_metadata": {"email_verified": False}},
]
RIGHT = [
    {"exp": NOW - 20},
    {"nbf": NOW + 45},
    {"iat": NOW + 45},
    {"aud": ["other", AUDIENCE]},
    {"user_metadata": None},
    {"email": "ANN@Example.com"},
]


def as_of_now(claims: dict[str, Any]) -> dict[str, Any]:
    """With the times moved by what has passed since this file was read: many minutes, perhaps."""
    passed = int(time.time()) - NOW
    return {
        name: value + passed if name in {"exp", "nbf", "iat"} and type(value) is int else value
        for name, value in claims.items()
    }


async def test_claims_that_are_not_right_are_one_401(by_secret: House) -> None:
    bare = await by_secret.ask("GET", ME)
    plain = bare.body.replace(bare.headers["X-Request-Id"].encode(), b"")
    for wrong in map(as_of_now, WRONG):
        reply = await ask(by_secret, shared(**wrong))
        assert judged(reply, 401, "UNAUTHORIZED") is None, (wrong, reply.body)
        assert reply.body.replace(reply.headers["X-Request-Id"].encode(), b"") == plain, wrong


async def test_a_minute_of_skew_and_a_list_of_audiences_are_fine(by_secret: House) -> None:
    for right in map(as_of_now, RIGHT):
        assert (await ask(by_secret, shared(**right))).status == 200, right


async def test_forged_tokens_are_one_401(by_secret: House) -> None:
    good = shared()
    head, body, signature = good.split(".")
    other = "another-secret-of-an-issuer-with-many-characters"
    private = RSAKey.generate_key(2048)
    sealed = jwe.encrypt_compact(
        {"alg": "dir", "enc": "A128CBC-HS256"}, b"{}", OctKey.generate_key(256)
    )
    flipped = ("B" if body[5] != "B" else "C").join((body[:5], body[6:]))
    forged = [
        raw({"alg": "none"}, claims()), raw({"alg": "None"}, claims(), b"x"),
        raw({"alg": "none", "typ": "JWT"}, claims()), raw({}, claims()), raw({"alg": 5}, claims()),
        raw({"alg": ["HS256"]}, claims()), raw({"alg": "HS256", "kid": {}}, claims()),
        shared(other), signed(private, "RS256"), sealed,
        f"{head}.{flipped}.{signature}", f"{head}.{body}.", f"{head}.{body}", f"{good}.x", "..",
        f"{head}.{body}.{signature[:-4]}", f"{head}..{signature}", good + "=", good[:-1] + "é",
        raw({"alg": "HS256"}, [1]), raw({"alg": "HS256"}, "x"),
        "e30.e30.e30", "a.b.c", "é.é.é", f"{head}.{'A' * 9000}.{signature}",
        ".".join([head, base64.urlsafe_b64encode(b"[" * 5000).decode().rstrip("="), signature]),
    ]  # fmt: skip
    for token in forged:
        reply = await ask(by_secret, token)
        assert judged(reply, 401, "UNAUTHORIZED") is None, (token[:80], reply.body)
        assert reply.headers["WWW-Authenticate"] == "Bearer"
    surrogate = msgspec.json.encode(claims(sub="SUB")).replace(b"SUB", rb"\ud800")
    assert (await ask(by_secret, by_hand({"alg": "HS256"}, surrogate))).status == 401
    assert (await ask(by_secret, good)).status == 200


async def test_headers_that_point_at_keys_are_refused_and_never_followed(
    by_secret: House,
) -> None:
    async def answer(request):
        raise AssertionError(request)

    async with serving(answer) as server:
        for more in (
            {"jku": server.url("/jwks")}, {"x5u": server.url("/cert")}, {"x5c": ["MIIB"]},
            {"jwk": {"kty": "oct", "k": "AAAA"}}, {"crit": ["exp"], "exp": 1}, {"crit": []},
        ):  # fmt: skip
            token = by_hand({"alg": "HS256"} | more, claims())
            reply = await ask(by_secret, token)
            assert judged(reply, 401, "UNAUTHORIZED") is None, (more, reply.body)
        assert server.asked == []
    odd_kid = by_hand({"alg": "HS256", "kid": "../../x"}, claims())
    assert (await ask(by_secret, odd_kid)).status == 200, "a shared secret has no key ids"


async def test_a_token_of_another_issuer_is_no_session_and_no_cookie(by_secret: House) -> None:
    assert (await by_secret.ask("GET", ME, headers=cookie(shared()))).status == 401
    # Nor may an issuer speak for this server.
    pretended = shared(iss=tokens.ISSUER, aud="tintype", sid="ses_1")
    assert (await ask(by_secret, pretended)).status == 401
    ended = await by_secret.ask("DELETE", "/api/v1/auth/session", headers=bearer(shared()))
    assert judged(ended, 404, "NOT_FOUND") is None, ended.body
    assert (await sign_in(by_secret)).status == 201, "a password still does"


async def test_a_deleted_user_is_out_though_the_token_is_good(by_secret: House) -> None:
    token = shared()
    found = (await ask(by_secret, token)).data["user"]
    async with by_secret.database.transaction() as tx:
        one = await accounts.user_named(tx, found["email"])
        await accounts.delete_user(tx, one, actor=SERVER)
    deadline = time.monotonic() + 10
    while (await ask(by_secret, token)).status == 200:
        assert time.monotonic() < deadline


async def test_unknown_users_become_members_where_the_settings_say_so(
    database_url: str, tmp_path
) -> None:
    async with trusting(database_url, tmp_path / "a", shared_secret=SHARED) as house:
        me = await house.tenant()
    create = {"unknown_users": "create", "organization": me.organization_id}
    async with trusting(database_url, tmp_path, shared_secret=SHARED, **create) as house:
        found = (await ask(house, shared(email="new@example.com"))).data
        assert (found["user"]["email"], found["user"]["role"]) == ("new@example.com", "member")
        assert found["organization"]["id"] == me.organization_id
        again = (await ask(house, shared(email="new@example.com", session_id="2"))).data
        assert again["user"]["id"] == found["user"]["id"]
        for wrong in ({"email": "not an address"}, {"email": None}, {"email_verified": False}):
            assert (await ask(house, shared(sub="third", **wrong))).status == 401
        log = await house.ask("GET", "/api/v1/audit-log?action=user.created", key=me)
        assert log.data[0]["details"]["issuer"] == ISSUER


async def test_published_keys_of_each_kind_verify(database_url: str, tmp_path) -> None:
    found = keys()
    async with (
        publishing(list(found.values())) as (_, server),
        trusting(database_url, tmp_path, jwks_url=server.url("/jwks.json")) as house,
    ):
        me = await house.tenant()
        await user(house, me.organization_id, role="member")
        for alg, key in (*found.items(), ("EdDSA", found["Ed25519"]), ("PS256", found["RS256"])):
            reply = await ask(house, _eddsa(key) if alg == "EdDSA" else signed(key, alg))
            assert reply.status == 200, (alg, reply.body)
        assert len(server.asked) == 1, "the set is fetched once"
        rsa, stranger = found["RS256"], RSAKey.generate_key(2048, {"kid": "rsa-1"})
        public = rsa.as_pem(private=False).decode()
        forged = [
            signed(stranger, "RS256"), signed(found["ES256"], "ES256", {"kid": "rsa-1"}),
            signed(rsa, "RS256", {"kid": None}), shared(), raw({"alg": "none"}, claims()),
            # The old trick: the public key, which everybody has, as an HMAC secret.
            by_hand({"alg": "HS256", "kid": "rsa-1"}, claims(), public),
            by_hand({"alg": "HS256", "kid": "rsa-1"}, claims(), public.strip()),
        ]  # fmt: skip
        for token in forged:
            reply = await ask(house, token)
            assert judged(reply, 401, "UNAUTHORIZED") is None, (token[:60], reply.body)


def _eddsa(key) -> str:
    """Under the older name, which the library would warn about."""
    head, body, _ = raw({"alg": "EdDSA", "kid": key.kid}, claims()).split(".")
    signature = key.get_op_key("sign").sign(f"{head}.{body}".encode())
    return f"{head}.{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


async def test_a_new_key_is_asked_for_once_a_minute_at_most(database_url: str, tmp_path) -> None:
    old, new = (RSAKey.generate_key(2048, {"kid": kid}) for kid in ("old", "new"))
    async with (
        publishing([old]) as (published, server),
        trusting(database_url, tmp_path, jwks_url=server.url()) as house,
    ):
        me = await house.tenant()
        await user(house, me.organization_id, role="member")
        assert (await ask(house, signed(old, "RS256"))).status == 200
        published.keys = [old, new]
        for n in range(5):
            unknown = RSAKey.generate_key(2048, {"kid": f"../../{n}"})
            assert (await ask(house, signed(unknown, "RS256"))).status == 401
        assert (await ask(house, signed(new, "RS256"))).status == 401
        assert len(server.asked) == 1


async def test_without_the_issuers_keys_nobody_is_judged(database_url: str, tmp_path) -> None:
    key = RSAKey.generate_key(2048, {"kid": "k"})
    async with (
        publishing([key]) as (published, server),
        trusting(database_url, tmp_path, jwks_url=server.url()) as house,
    ):
        published.status = 500
        me = await house.tenant()
        reply = await ask(house, signed(key, "RS256"))
        assert judged(reply, 503, "UNAVAILABLE") is None, reply.body
        assert (await house.ask("GET", ME, key=me)).status == 200, "keys of ours still work"


async def test_private_addresses_are_not_dialled_for_keys(database_url: str, tmp_path) -> None:
    key = RSAKey.generate_key(2048, {"kid": "k"})
    async with publishing([key]) as (_, server):
        settings = settings_for(database_url, tmp_path, auth=BASE | {"jwks_url": server.url()})
        async with opened(settings, with_worker=False) as house:
            assert (await ask(house, signed(key, "RS256"))).status == 503
        assert server.asked == []


@pytest.mark.parametrize(
    ("auth", "named"),
    [
        ({"audience": "x"}, "issuer"),
        ({"issuer": "tintype", "audience": "x", "shared_secret": SHARED}, "issuer"),
        ({"issuer": "x", "shared_secret": SHARED}, "audience"),
        ({"issuer": "x", "audience": "x"}, "shared_secret"),
        ({"issuer": "x", "audience": "x", "shared_secret": SHARED, "jwks_url": "https://x"},
         "shared_secret"),
        ({"issuer": "x", "audience": "x", "shared_secret": "short"}, "shared_secret"),
        ({"issuer": "x", "audience": "x", "jwks_url": "file:///etc/passwd"}, "jwks_url"),
        (BASE | {"jwks_url": "http://keys.example.com/jwks"}, "jwks_url"),
        (BASE | {"jwks_url": "http://10.20.0.5/jwks"}, "jwks_url"),
        (BASE | {"jwks_url": "http://"}, "jwks_url"), (BASE | {"jwks_url": "https://[x"}, "jwks_url"),
        (BASE | {"shared_secret": SHARED, "unknown_users": "create"}, "organization"),
        (BASE | {"shared_secret": SHARED, "organization": "Studio"}, "organization"),
        (BASE | {"shared_secret": SHARED, "unknown_users": "maybe"}, "unknown_users"),
        (BASE | {"shared_secret": SHARED, "leeway_seconds": 3600}, "leeway_seconds"),
    ],
)  # fmt: skip
def test_half_an_issuer_stops_the_start(auth, named: str) -> None:
    with pytest.raises(SettingsError, match=f"auth.{named}"):
        load({}, overrides={"auth": auth})


@pytest.mark.parametrize(
    "url",
    ["https://keys.example.com/jwks", "http://127.0.0.1:9/jwks", "http://[::1]/jwks",
     "http://localhost/jwks", "http://10.20.0.5/jwks"],
)  # fmt: skip
def test_keys_come_over_tls_or_from_our_own_networks(url: str) -> None:
    overrides = {"auth": BASE | {"jwks_url": url}, "fetch": {"allow_networks": ["10.20.0.0/16"]}}
    assert load({}, overrides=overrides).auth.jwks_url == url
