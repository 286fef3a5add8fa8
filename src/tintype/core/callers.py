"""Callers by their credential, remembered for a short time and forgotten at once when told.

A change reaches every process by NOTIFY; should that be lost, no entry outlives `_LIFE_SECONDS`.
A row that was read while a NOTIFY came in may be the one it spoke of: it answers the request that
asked for it, and is not remembered.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Final

from tintype.core.caller import Caller

_LIFE_SECONDS: Final = 30.0
_ENTRIES_MAX: Final = 10_000


class Callers:
    """By a digest of the credential, so that no secret is kept."""

    def __init__(self) -> None:
        self._callers: dict[bytes, tuple[Caller, float]] = {}
        self._changes = 0

    def known(self, digest: bytes) -> Caller | None:
        """A caller that needs no database: remembered, fresh and not expired."""
        entry = self._callers.get(digest)
        if entry is None or entry[1] < time.monotonic():
            return None
        caller = entry[0]
        if caller.expires_at_unix is not None and caller.expires_at_unix <= time.time():
            return None
        return caller

    async def find(
        self, digest: bytes, look: Callable[[], Awaitable[Caller | None]]
    ) -> Caller | None:
        """The known caller, else the one that `look` finds."""
        if caller := self.known(digest):
            return caller
        changes = self._changes
        caller = await look()
        if caller is None:
            self._callers.pop(digest, None)
            return None
        if len(self._callers) >= _ENTRIES_MAX:
            self._callers.clear()
        if changes == self._changes:
            self._callers[digest] = (caller, time.monotonic() + _LIFE_SECONDS)
        return caller

    def forget(self, changed_id: str | None) -> None:
        """Drop the callers of a key, session, user or organization, or (None) everybody."""
        if changed_id is None:
            self._changes += 1
            self._callers.clear()
            return
        if changed_id.startswith(("key_", "ses_", "usr_", "org_")):
            self._changes += 1
            for digest, (caller, _) in list(self._callers.items()):
                if changed_id in {
                    caller.key_id, caller.session_id, caller.user_id, caller.organization_id,
                }:  # fmt: skip
                    del self._callers[digest]
