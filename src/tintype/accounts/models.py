"""Plans and the people and organizations that have them."""

import functools
import tomllib
from importlib import resources
from typing import Literal

import msgspec

from tintype.core.errors import Forbidden, ValidationFailed

Role = Literal["administrator", "member"]
Feature = Literal[
    "images", "text", "flows", "projects", "video", "bulk", "personas", "models", "agent"
]


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
