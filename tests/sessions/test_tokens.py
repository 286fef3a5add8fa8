"""Tokens of our own sessions (reliability matrix, rows 6 and 7)."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey

from api.wire import judged
from auth.issuing import raw
from sessions.people import bearer, cookie, sign_in, user
from support.house import House
from tintype.auth.ways import issuer_named
from tintype.core import ids
from tintype.core.vault import Vault, open_vault
from tintype.sessions import tokens
from tintype.sessions.models import Session

VAULT = Vault([b"present" * 8, b"previous" * 8])
ME = "/api/v1/me"


def session(**more) -> Session:
    now = datetime.now(UTC)
    whole = {
        "id": ids.new("ses"), "user_id": ids.new("usr"), "organization_id": ids.new("org"),
        "created_at": now, "expires_at": now + timedelta(hours=1),
    }  # fmt: skip
    return Session(**(whole | more))


def signed(claims, key: bytes | None = None, header=None) -> str:
    secret = OctKey.import_key(key or VAULT.derived("session-jwt")[0])
    header = header or {"alg": "HS256"}
    return jwt.encode(header, claims, secret, algorithms=[header["alg"]])


def claims_of(one: Session) -> dict:
    return {
        "iss": "tintype", "aud": "tintype", "sub": one.user_id, "sid": one.id,
        "iat": int(one.created_at.timestamp()), "exp": int(one.expires_at.timestamp()),
    }  # fmt: skip


def read(token: str, vault: Vault = VAULT):
    return tokens.read(vault, token, leeway_seconds=60)


def test_a_token_names_its_session_and_user() -> None:
    one = session()
    found = read(tokens.make(VAULT, one))
    assert found == tokens.Named(one.id, one.user_id)


def test_a_previous_secret_still_verifies_and_a_forgotten_one_does_not() -> None:
    token = tokens.make(Vault([b"previous" * 8]), session())
    assert read(token) is not None
    assert read(token, Vault([b"present" * 8])) is None


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "someone"}, {"iss": None}, {"aud": "someone"}, {"aud": None}, {"sub": None},
        {"sub": 7}, {"sid": None}, {"sid": 7}, {"sid": ["ses_1"]}, {"exp": None}, {"exp": 1},
        {"exp": "2999"}, {"iat": None}, {"iat": 10**11}, {"nbf": 10**11},
    ],
)  # fmt: skip
def test_a_claim_that_is_not_right_makes_it_nobodys(change) -> None:
    claims = {name: it for name, it in (claims_of(session()) | change).items() if it is not None}
    assert read(signed(claims)) is None


def test_other_keys_algorithms_and_forms_make_it_nobodys() -> None:
    claims = claims_of(session())
    good = signed(claims)
    key = VAULT.derived("session-jwt")[0]
    head, body, signature = good.split(".")
    for token in (
        signed(claims, b"another secret of thirty-two bytes"),
        signed(claims, VAULT.derived("session-csrf")[0]),
        signed(claims, key, {"alg": "HS512"}),
        raw({"alg": "none"}, claims),
        raw({"alg": "HS256"}, claims),
        f"{head}.{body}.",
        f"{head}.{body}.{signature[:-2]}",
        "",
        "x",
    ):
        assert read(token) is None, token
    assert read(good) is not None


async def test_a_stolen_secret_opens_no_session_that_is_not_there(idle_house: House) -> None:
    """The row decides: rightly signed tokens of unknown, ended, foreign sessions are 401."""
    me = await idle_house.tenant()
    ann = await user(idle_house, me.organization_id)
    bob = await user(idle_house, me.organization_id, email="bob@example.com")
    made = (await sign_in(idle_house)).data
    vault = open_vault(idle_house.settings)
    named = tokens.read(vault, made["token"], leeway_seconds=0)
    assert named is not None
    assert named.user_id == ann.id
    for session_id, user_id in ((ids.new("ses"), ann.id), (named.session_id, bob.id), ("x", "y")):
        forged = tokens.make(vault, session(id=session_id, user_id=user_id))
        for way in (bearer, cookie):
            reply = await idle_house.ask("GET", ME, headers=way(forged))
            assert judged(reply, 401, "UNAUTHORIZED") is None, reply.body
    # The row's own end counts, whatever the token says.
    later = tokens.make(vault, session(
        id=named.session_id, user_id=ann.id,
        expires_at=datetime.now(UTC) + timedelta(days=900)))  # fmt: skip
    async with idle_house.database.transaction() as tx:
        await tx.execute("UPDATE sessions SET expires_at = now()")
    assert (await idle_house.ask("GET", ME, headers=bearer(later))).status == 401


GOOD = tokens.make(VAULT, session())
PIECES = st.one_of(
    st.text(max_size=60),
    st.binary(max_size=60).map(lambda it: base64.urlsafe_b64encode(it).rstrip(b"=").decode()),
    st.sampled_from(GOOD.split(".")),
    st.sampled_from(["", "e30", "eyJhbGciOiJub25lIn0", "bnVsbA", "W10", "eyJpc3MiOiJ0aW50eXBlIn0"]),
)


@given(st.lists(PIECES, max_size=6).map(".".join))
@settings(max_examples=300, deadline=None)
def test_no_text_is_a_token_but_the_token(text: str) -> None:
    """Whatever is sent is read without a fault, and names nobody."""
    assert (read(text) is not None) == (text == GOOD)
    assert issuer_named(text) is None or isinstance(issuer_named(text), str)


@given(st.integers(0, len(GOOD) - 1), st.characters(max_codepoint=0x2FF))
@settings(max_examples=300, deadline=None)
def test_no_character_can_be_changed(place: int, other: str) -> None:
    changed = GOOD[:place] + other + GOOD[place + 1 :]
    last = place == len(GOOD) - 1  # Its two lowest bits stand for nothing in base64.
    assert changed == GOOD or last or read(changed) is None
