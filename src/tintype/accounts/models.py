"""Plans and the people and organizations that have them."""

import functools
import tomllib
from datetime import datetime
from importlib import resources
from typing import Final, Literal, TypeAlias

import msgspec

from tintype.core.caller import SCOPES, Caller, Source
from tintype.core.errors import Forbidden, ValidationFailed

Role = Literal["administrator", "member"]
Feature = Literal[
    "images", "text", "flows", "projects", "video", "bulk", "personas", "models", "agent"
]


# Another issuer and the subject by which it knows a user.
External: TypeAlias = tuple[str, str]

# What a member may not: keys and their audit log, webhooks, are the administrators'.
_ADMINISTRATORS: Final = frozenset({"keys:read", "keys:write", "webhooks:write"})
SCOPES_OF: Final[dict[Role, frozenset[str]]] = {
    "administrator": frozenset(SCOPES),
    "member": frozenset(SCOPES) - _ADMINISTRATORS,
}


class Plan(msgspec.Struct, frozen=True):
    trial_credits: int
    features: frozenset[Feature]
    rate_limit: int | None = None


@functools.cache
def plans() -> dict[str, Plan]:
    """The plans of `plans.toml`, by name."""
    text = resources.files("tintype.accounts").joinpath("plans.toml").read_text()
    return msgspec.convert(tomllib.loads(text), dict[str, Plan])


def plan_named(name: str) -> Plan:
    found = plans().get(name)
    if found is None:
        raise ValidationFailed("plan", f"must be one of {', '.join(plans())}")
    return found


def rate_limit_of(plan: str, own: int | None) -> int | None:
    """Requests per rolling 60 s: the organization's own limit or its plan's; None for no limit."""
    return own or plan_named(plan).rate_limit


def require_feature(plan: str, feature: Feature) -> None:
    """Raise Forbidden, naming feature and plan, where the plan lacks the feature."""
    if feature not in plan_named(plan).features:
        raise Forbidden(
            f"The plan {plan} does not include {feature}.",
            details={"feature": feature, "plan": plan},
        )


class Organization(msgspec.Struct):
    """`sandbox_of` is set on the twin that holds an organization's sandbox data."""

    id: str
    name: str
    plan: str
    created_at: str
    rate_limit: int | None
    private_media: bool
    sandbox_of: str | None = None


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
    private_media: bool
    signing_secret: bytes


def caller_of(
    member: Member, *, source: Source, expires_at_unix: float, session_id: str | None = None
) -> Caller:
    """The user as a caller, with what their role allows, until the credential ends."""
    return Caller(
        organization_id=member.organization_id, plan=member.plan,
        scopes=SCOPES_OF[member.role], livemode=True, source=source,
        user_id=member.user_id, session_id=session_id, expires_at_unix=expires_at_unix,
        rate_limit=rate_limit_of(member.plan, member.rate_limit),
        private_media=member.private_media, signing_secret=member.signing_secret,
    )  # fmt: skip
