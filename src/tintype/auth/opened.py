"""What authentication needs while a web process serves: its caches, and an issuer's keys."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from tintype.api.guard import Authenticate
from tintype.api.parts import Parts
from tintype.auth.issuer import Issuer
from tintype.auth.jwks import JwkSet
from tintype.auth.ways import by_every_way
from tintype.fetch import Fetcher
from tintype.keys.cache import KeyCache
from tintype.sessions.cache import SessionCache

# A request waits for it.
_JWKS_SECONDS_MAX: Final = 5.0


@dataclass(frozen=True, slots=True)
class Authentication:
    """`authenticate` is what the guard asks; `note_uses` belongs at its end and now and then."""

    authenticate: Authenticate
    keys: KeyCache
    sessions: SessionCache

    async def note_uses(self) -> None:
        """Write down which keys and sessions were used since the last call."""
        try:
            await self.keys.note_uses()
        finally:
            await self.sessions.note_uses()


@contextlib.asynccontextmanager
async def opened(made: Parts) -> AsyncIterator[Authentication]:
    """Ready to tell callers, and told of every change that ends one."""
    auth = made.settings.auth
    async with contextlib.AsyncExitStack() as stack:
        keys = KeyCache(made.database)
        sessions = SessionCache(made.database, made.vault, auth.leeway_seconds)
        issuer = None
        if auth.issuer:
            jwks = None
            if auth.jwks_url:
                fetcher = await stack.enter_async_context(Fetcher(made.networks))
                jwks = JwkSet(fetcher, auth.jwks_url, seconds_max=_JWKS_SECONDS_MAX)
            issuer = Issuer(auth, made.database, jwks)
            made.signals.watch(issuer.forget)
        made.signals.watch(keys.forget)
        made.signals.watch(sessions.forget)
        yield Authentication(by_every_way(made, keys, sessions, issuer), keys, sessions)
