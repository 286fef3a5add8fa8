"""The facts of one request that its answer's headers must carry, whoever makes the answer.

No framework: commands count what they do by `ratelimit.py`, and it takes a second to import.
"""

from dataclasses import dataclass, field
from typing import Any

_KEY = "tintype.exchange"


@dataclass(slots=True)
class Exchange:
    """`enveloped` tells the mount: /api/v1 wraps every body, /v1 answers the bare resource."""

    request_id: str
    enveloped: bool
    headers: dict[str, str] = field(default_factory=dict)
    organization_id: str | None = None
    fault: str | None = None


def begin(scope: Any, exchange: Exchange) -> None:
    """Lay it into the scope of an ASGI request, which is a mapping of its own kind."""
    scope[_KEY] = exchange


def exchange_of(scope: Any) -> Exchange:
    found: Exchange = scope[_KEY]
    return found
