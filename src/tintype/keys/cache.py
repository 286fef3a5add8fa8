"""Who a key's hash stands for, remembered for a short time and forgotten at once when told.

A revocation reaches every process by NOTIFY; should that be lost, no entry outlives
`_LIFE_SECONDS`. A row that was read while a NOTIFY came in may be the one it spoke of: it answers
the request that asked for it, and is not remembered.
"""

import time
from typing import Final

from tintype.core.caller import Caller
from tintype.db.pool import Database
from tintype.keys import queries

_LIFE_SECONDS: Final = 30.0
_ENTRIES_MAX: Final = 10_000


class KeyCache:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._callers: dict[bytes, tuple[Caller, float]] = {}
        self._used: set[str] = set()
        self._changes = 0

    def known(self, digest: bytes) -> Caller | None:
        """A caller that needs no database: cached, fresh and not expired."""
        entry = self._callers.get(digest)
        if entry is None or entry[1] < time.monotonic():
            return None
        caller = entry[0]
        if caller.expires_at_unix is not None and caller.expires_at_unix <= time.time():
            return None
        return caller

    async def find(self, digest: bytes) -> Caller | None:
        if caller := self.known(digest):
            self._used.add(caller.key_id or "")
            return caller
        changes = self._changes
        async with self._database.reading() as connection:
            row = await queries.authenticate(connection, digest)
        if row is None:
            self._callers.pop(digest, None)
            return None
        caller = Caller(
            organization_id=row["organization_id"],
            plan=row["plan"],
            scopes=frozenset(row["scopes"]),
            livemode=row["livemode"],
            source="api",
            key_id=row["id"],
            project_id=row["project_id"],
            rate_limit=row["rate_limit"],
            expires_at_unix=row["expires_at"].timestamp() if row["expires_at"] else None,
            private_media=row["private_media"],
            signing_secret=row["signing_secret"],
        )
        if len(self._callers) >= _ENTRIES_MAX:
            self._callers.clear()
        if changes == self._changes:
            self._callers[digest] = (caller, time.monotonic() + _LIFE_SECONDS)
        self._used.add(row["id"])
        return caller

    def forget(self, changed_id: str | None) -> None:
        """Drop a key, an organization's keys, or (None) everything."""
        if changed_id is None:
            self._changes += 1
            self._callers.clear()
            return
        if changed_id.startswith(("key_", "org_")):
            self._changes += 1
            for digest, (caller, _) in list(self._callers.items()):
                if changed_id in {caller.key_id, caller.organization_id}:
                    del self._callers[digest]

    async def note_uses(self) -> None:
        """Write `last_used_at` of the keys seen since the last call.

        What can't be written now is kept for the next call.
        """
        used, self._used = self._used - {""}, set()
        if not used:
            return
        try:
            async with self._database.transaction() as tx:
                await queries.touch(tx, sorted(used))
        except BaseException:
            self._used |= used
            raise
