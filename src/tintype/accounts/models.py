"""Plans and the people and organizations that have them."""

import functools
from collections.abc import Collection, Mapping
from datetime import datetime
from importlib import resources
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from tintype.core.caller import SCOPES, Caller
from tintype.core.data_file import read
from tintype.core.errors import Forbidden, ValidationFailed
from tintype.core.settings import own_file

Role = Literal["administrator", "member"]
Feature = Literal[
    "images", "text", "flows", "projects", "video", "bulk", "personas", "models", "agent"
]


# Another issuer and the subject by which it knows a user.
External: TypeAlias = tuple[str, str]

# What a member may not: keys and their audit log, webhooks, grants, are the administrators'.
_ADMINISTRATORS: Final = frozenset({"keys:read", "keys:write", "webhooks:write", "credits:write"})
# What counts in the operator's own organization only: it is about others.
_OPERATORS: Final = frozenset({"credits:write"})
SCOPES_OF: Final[dict[Role, frozenset[str]]] = {
    "administrator": frozenset(SCOPES),
    "member": frozenset(SCOPES) - _ADMINISTRATORS,
}


class Plan(msgspec.Struct, frozen=True):
    """`concurrency` is how many works run at once; None, there and in `rate_limit`, for no limit.

    `queue_weight` is the share of busy workers beside other organizations: 2 gets twice what 1 has.
    """

    trial_credits: Annotated[int, Meta(ge=0, le=10**15)]
    features: frozenset[Feature]
    rate_limit: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    concurrency: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    queue_weight: Annotated[int, Meta(ge=1, le=12)] = 1


@functools.cache
def plans() -> dict[str, Plan]:
    """The plans of the operator's file (`plans.file`) or of `plans.toml`, by name.

    Raises SettingsError.
    """
    shipped = resources.files("tintype.accounts").joinpath("plans.toml")
    return read("plans.file", own_file("plans"), shipped, dict[str, Plan])


def plan_named(name: str) -> Plan:
    found = plans().get(name)
    if found is None:
        raise ValidationFailed("plan", f"must be one of {', '.join(plans())}")
    return found


def rate_limit_of(plan: str, own: int | None) -> int | None:
    """Requests per rolling 60 s: the organization's own limit or its plan's; None for no limit."""
    return own or plan_named(plan).rate_limit


def concurrency_of(plan: str, own: int | None) -> int | None:
    """Works at once: the organization's own limit or its plan's; None for no limit."""
    return own or plan_named(plan).concurrency


def concurrency_limits() -> dict[str, int]:
    """Works at once, by the name of the plan that limits them."""
    limits = {name: plan.concurrency for name, plan in plans().items()}
    return {name: limit for name, limit in limits.items() if limit is not None}


def features_of(plan: str, own: Collection[str]) -> frozenset[str]:
    """The plan's features and the organization's own words on them: `+bulk` adds, `-bulk` takes."""
    added = {word[1:] for word in own if word.startswith("+")}
    taken = {word[1:] for word in own if word.startswith("-")}
    return (plan_named(plan).features | added) - taken


def terms(plan: str, own: Mapping[str, Any]) -> dict[str, Any]:
    """What a caller is told of its plan, with the organization's `own` words on it."""
    return {
        "plan": plan,
        "rate_limit": rate_limit_of(plan, own["rate_limit"]),
        "queue_weight": own["queue_weight"] or plan_named(plan).queue_weight,
        "features": features_of(plan, own["features"]),
    }


def require_feature(caller: Caller, feature: Feature) -> None:
    """Raise Forbidden, naming feature and plan, where the organization lacks the feature."""
    own, plan = caller.features, caller.plan
    if feature not in (plan_named(plan).features if own is None else own):
        raise Forbidden(
            f"The plan {plan} does not include {feature} for this organization.",
            details={"feature": feature, "plan": plan},
        )


def scopes_in_force(scopes: Collection[str], *, operator: bool) -> frozenset[str]:
    """Without those that count in the operator's own organization only, elsewhere."""
    return frozenset(scopes) if operator else frozenset(scopes) - _OPERATORS


class Organization(msgspec.Struct):
    """`sandbox_of` is set on the twin that holds an organization's sandbox data.

    `rate_limit`, `concurrency` and `queue_weight` are its own, None for the plan's; `features` its
    own words on the plan's. The `operator`'s organization may grant credits to others.
    """

    id: str
    name: str
    plan: str
    created_at: str
    rate_limit: int | None
    private_media: bool
    sandbox_of: str | None = None
    concurrency: int | None = None
    queue_weight: int | None = None
    features: tuple[str, ...] = ()
    operator: bool = False


class ChangeOrganization(msgspec.Struct, kw_only=True):
    """What is left out stays; None goes by the plan again.

    `features`: `+bulk` adds one to the plan's, `-bulk` takes it, plain `bulk` goes by the plan.
    """

    plan: str | msgspec.UnsetType = msgspec.UNSET
    rate_limit: int | msgspec.UnsetType | None = msgspec.UNSET
    concurrency: int | msgspec.UnsetType | None = msgspec.UNSET
    queue_weight: int | msgspec.UnsetType | None = msgspec.UNSET
    features: tuple[str, ...] = ()
    operator: bool | msgspec.UnsetType = msgspec.UNSET


class Limits(msgspec.Struct):
    """What is in force for an organization; null for no limit.

    Requests in any 60 seconds, works at once, and its share of busy workers beside others.
    """

    requests_per_minute: int | None
    concurrency: int | None
    queue_weight: int


def limits_of(organization: Organization) -> Limits:
    plan = organization.plan
    return Limits(
        rate_limit_of(plan, organization.rate_limit),
        concurrency_of(plan, organization.concurrency),
        organization.queue_weight or plan_named(plan).queue_weight,
    )


class OrganizationView(msgspec.Struct):
    """An organization as its people and keys see it."""

    id: str
    name: str
    plan: str
    created_at: datetime


class User(msgspec.Struct):
    """Someone who signs in. An e-mail address names one user over all organizations."""

    id: str
    organization_id: str
    email: str
    role: Role
    created_at: datetime


class Member(msgspec.Struct):
    """A user with the terms of their organization: what a caller is made of."""

    user_id: str
    role: Role
    organization_id: str
    plan: str
    rate_limit: int | None
    queue_weight: int | None
    features: list[str]
    operator: bool
    private_media: bool
    signing_secret: bytes


def caller_of(member: Member, *, expires_at_unix: float, session_id: str | None = None) -> Caller:
    """The user as a caller, with what their role allows, until the credential ends.

    Who signs in sits before a user interface; programs have keys.
    """
    return Caller(
        organization_id=member.organization_id, livemode=True, source="ui",
        scopes=scopes_in_force(SCOPES_OF[member.role], operator=member.operator),
        user_id=member.user_id, session_id=session_id, expires_at_unix=expires_at_unix,
        **terms(member.plan, msgspec.structs.asdict(member)),
        private_media=member.private_media, signing_secret=member.signing_secret,
    )  # fmt: skip
