"""Organizations, their sandbox twins, users and plans."""

import asyncio

import pytest

from tintype.accounts import models
from tintype.accounts import operations as accounts
from tintype.accounts.passwords import hash_password
from tintype.core import ids
from tintype.core.caller import Caller
from tintype.core.errors import Conflict, Forbidden, NotFound, ValidationFailed
from tintype.credits import operations as credits
from tintype.db.pool import Database


async def organization(database: Database, plan: str = "pro") -> models.Organization:
    async with database.transaction() as tx:
        return await accounts.create_organization(tx, name="Studio", plan=plan)


async def test_an_organization_opens_with_an_account_and_its_plans_trial(
    database: Database,
) -> None:
    for plan, trial in (("free", 5), ("starter", 0), ("enterprise", 0)):
        made = await organization(database, plan)
        async with database.reading() as tx:
            assert (await credits.balance(tx, made.id)).available == trial
            entries = await credits.entries(tx, made.id, after=None, offset=0, limit=5)
            assert [entry.note for entry in entries] == (["trial credits"] if trial else [])
            assert await accounts.organization(tx, made.id) == made


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"plan": "gold"}, "plan"),
        ({"rate_limit": 0}, "rate_limit"),
        ({"rate_limit": -1}, "rate_limit"),
        ({"rate_limit": 10**9}, "rate_limit"),
    ],
)
async def test_a_bad_organization_is_refused_by_field(database: Database, wrong, field) -> None:
    with pytest.raises(ValidationFailed) as refused:
        async with database.transaction() as tx:
            await accounts.create_organization(tx, **({"name": "A", "plan": "pro"} | wrong))
    assert refused.value.param == field


async def test_the_sandbox_twin_is_made_once_however_many_ask(database: Database) -> None:
    parent = await organization(database)

    async def twin() -> models.Organization:
        async with database.transaction() as tx:
            return await accounts.sandbox_of(tx, parent.id)

    twins = await asyncio.gather(*(twin() for _ in range(12)))
    assert len({one.id for one in twins}) == 1
    assert (twins[0].sandbox_of, twins[0].plan) == (parent.id, parent.plan)
    async with database.transaction() as tx:
        assert await accounts.sandbox_of(tx, twins[0].id) == twins[0]
        assert (await credits.balance(tx, twins[0].id)).balance == 0
        assert [one.id for one in await accounts.organizations(tx)] == [parent.id]
        secrets = [await accounts.signing_secret(tx, one) for one in (parent.id, twins[0].id)]
    assert secrets[0] != secrets[1]


async def test_unknown_organizations_are_not_found(database: Database) -> None:
    nobody = ids.new("org")
    async with database.transaction() as tx:
        for call in (
            accounts.organization(tx, nobody),
            accounts.organization(tx, "nonsense"),
            accounts.sandbox_of(tx, nobody),
            accounts.signing_secret(tx, nobody),
            accounts.create_user(
                tx, nobody, email="a@b.c", password_hash="x", role="member"
            ),
        ):  # fmt: skip
            with pytest.raises(NotFound):
                await call


async def test_an_address_has_one_user_whatever_its_case(database: Database) -> None:
    owner = await organization(database)
    hashed = hash_password("correct horse")
    assert hashed.startswith("$argon2id$")
    assert "correct horse" not in hashed
    async with database.transaction() as tx:
        user = await accounts.create_user(
            tx, owner.id, email="Ann@Example.com", password_hash=hashed, role="administrator"
        )
        assert user.email == "ann@example.com"
        assert "password_hash" not in user.__struct_fields__
    for email, fault in (("ANN@example.COM", Conflict), ("no address", ValidationFailed)):
        with pytest.raises(fault):
            async with database.transaction() as tx:
                await accounts.create_user(
                    tx, owner.id, email=email, password_hash=hashed, role="member"
                )
    for wrong in ("short", "x" * 1025):
        with pytest.raises(ValidationFailed):
            hash_password(wrong)


def test_the_plans_file_is_complete() -> None:
    """What each plan includes grows from one to the next; limits are as documented."""
    plans = models.plans()
    assert list(plans) == ["free", "starter", "creator", "pro", "enterprise"]
    assert [plan.rate_limit for plan in plans.values()] == [30, 60, 120, 300, None]
    assert [plan.trial_credits for plan in plans.values()] == [5, 0, 0, 0, 0]
    features = [plan.features for plan in plans.values()]
    assert features[0] == {"images", "text"}
    assert features[1] - features[0] == {"flows", "projects"}
    assert features[2] - features[1] == {"video"}
    assert features[3] - features[2] == {"bulk", "personas", "models", "agent"}
    assert features[4] == features[3] == set(models.Feature.__args__)


def test_a_feature_outside_the_plan_is_named() -> None:
    for name, plan in models.plans().items():
        caller = Caller(
            organization_id="org", plan=name, scopes=frozenset(), livemode=True, source="api"
        )
        for feature in models.Feature.__args__:
            if feature in plan.features:
                models.require_feature(caller, feature)
                continue
            with pytest.raises(Forbidden) as refused:
                models.require_feature(caller, feature)
            assert refused.value.details == {"feature": feature, "plan": name}
