"""Whom an issuer's token lets in for the first time: never who was shown out, never unproven."""

from contextlib import asynccontextmanager

import pytest

from auth.issuing import AUDIENCE, ISSUER, SHARED, shared
from sessions.people import SECRET, bearer, user
from support.house import House, opened, settings_for
from tintype.accounts import operations as accounts
from tintype.audit.operator import SERVER
from tintype.auth.issuer import email_of

ME = "/api/v1/me"


@asynccontextmanager
async def trusting(database_url: str, folder, **auth):
    own = {"issuer": ISSUER, "audience": AUDIENCE, "shared_secret": SHARED}
    settings = settings_for(database_url, folder, auth=own | auth, security={"secret": SECRET})
    async with opened(settings, with_worker=False) as house:
        yield house


@pytest.fixture
async def creating(idle_house: House, database_url: str, tmp_path):
    """(a house that makes unknown users members, their organization)."""
    me = await idle_house.tenant()
    create = {"unknown_users": "create", "organization": me.organization_id}
    async with trusting(database_url, tmp_path / "creating", **create) as house:
        yield house, me.organization_id


async def status(house: House, token: str) -> int:
    return (await house.ask("GET", ME, headers=bearer(token))).status


async def delete(house: House, email: str) -> None:
    async with house.database.transaction() as tx:
        one = await accounts.user_named(tx, email)
        await accounts.delete_user(tx, one, actor=SERVER)


async def test_a_deleted_user_is_not_made_anew_by_the_same_token(creating) -> None:
    house, organization_id = creating
    token = shared(email="new@example.com")
    assert await status(house, token) == 200
    await delete(house, "new@example.com")
    # The same subject, at another address too, and the same address by another subject.
    for again in (
        shared(email="new@example.com", session_id="2"),
        shared(email="other@example.com"),
        shared(sub="another", email="New@example.com"),
    ):
        assert await status(house, again) == 401
    assert await status(house, shared(sub="third", email="third@example.com")) == 200
    # The way back is the operator's.
    await user(house, organization_id, email="new@example.com", role="member", password_hash=None)
    assert await status(house, shared(email="new@example.com", session_id="3")) == 200


@pytest.mark.parametrize("said", [False, "false", 0, 1, None, "", "yes", [], {}])
def test_an_address_that_is_not_said_to_be_verified_is_none(said) -> None:
    whole = {"email": "ann@example.com"}
    assert email_of(whole | {"email_verified": said}) is None
    assert email_of(whole | {"user_metadata": {"email_verified": said}}) is None
    assert (
        email_of(whole | {"email_verified": True, "user_metadata": {"email_verified": said}})
        is None
    )


def test_an_address_that_is_verified_or_not_spoken_of_is_taken() -> None:
    whole = {"email": "ann@example.com"}
    for more in ({}, {"email_verified": True}, {"email_verified": "true"}, {"user_metadata": None},
                 {"user_metadata": {"email_verified": True}}):  # fmt: skip
        assert email_of(whole | more) == "ann@example.com"


async def test_an_administrator_is_tied_only_by_the_issuers_own_word(
    idle_house: House, database_url: str, tmp_path
) -> None:
    """What a user may write about themselves never makes them an administrator here."""
    me = await idle_house.tenant()
    await user(idle_house, me.organization_id)
    async with trusting(database_url, tmp_path / "t") as house:
        for said in ({}, {"user_metadata": None}, {"email_verified": "false"}):
            assert await status(house, shared(**said)) == 401
        assert await status(house, shared(email_verified=True)) == 200
