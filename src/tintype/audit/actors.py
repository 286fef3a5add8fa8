"""Who acts, told from a request."""

from tintype.api.client_address import client_address
from tintype.api.exchange import exchange_of
from tintype.api.guard import AnyConnection
from tintype.audit.models import USER_AGENT_CHARACTERS_MAX, Actor, ActorType
from tintype.core.caller import Caller


def actor_of(connection: AnyConnection, caller: Caller) -> Actor:
    """The key that a request came with, else the user."""
    if caller.key_id is not None:
        return _from(connection, "api_key", caller.key_id)
    return _from(connection, "user", caller.user_id)


def user_at(connection: AnyConnection, user_id: str | None) -> Actor:
    """A user who signs in, or tries to: the request has no caller yet."""
    return _from(connection, "user", user_id)


def address_of(connection: AnyConnection) -> str:
    """The client's address, behind trusted proxies too."""
    peer = connection.client.host if connection.client else "unknown"
    proxies = connection.app.state.parts.settings.server.trusted_proxies
    return client_address(peer, connection.headers, proxies)


def _from(connection: AnyConnection, kind: ActorType, actor_id: str | None) -> Actor:
    user_agent = connection.headers.get("user-agent", "").replace("\x00", "")
    return Actor(
        kind, actor_id,
        address=address_of(connection),
        user_agent=user_agent[:USER_AGENT_CHARACTERS_MAX],
        request_id=exchange_of(connection.scope).request_id,
    )  # fmt: skip
