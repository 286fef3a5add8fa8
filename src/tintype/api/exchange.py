"""The facts of one request that its answer's headers must carry, whoever makes the answer."""

from dataclasses import dataclass, field

from litestar.types import Scope

_KEY = "tintype.exchange"


@dataclass(slots=True)
class Exchange:
    """`enveloped` tells the mount: /api/v1 wraps every body, /v1 answers the bare resource."""

    request_id: str
    enveloped: bool
    headers: dict[str, str] = field(default_factory=dict)
    organization_id: str | None = None
    fault: str | None = None


def begin(scope: Scope, exchange: Exchange) -> None:
    scope[_KEY] = exchange  # type: ignore[literal-required]


def exchange_of(scope: Scope) -> Exchange:
    found: Exchange = scope[_KEY]  # type: ignore[literal-required]
    return found
