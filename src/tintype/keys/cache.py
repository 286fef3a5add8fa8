"""Who a key's hash stands for, and how often each key was used."""

from collections import Counter

from tintype.accounts.models import scopes_in_force, terms
from tintype.core.caller import Caller
from tintype.core.callers import Callers
from tintype.core.errors import Forbidden
from tintype.credits import operations as credits
from tintype.db.pool import Database
from tintype.keys import queries


class KeyCache:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._callers = Callers()
        # Requests since the last note, by organization and key.
        self._used: Counter[tuple[str, str]] = Counter()

    def known(self, digest: bytes) -> Caller | None:
        """A caller that needs no database."""
        return self._callers.known(digest)

    async def find(self, digest: bytes) -> Caller | None:
        """The caller, and one more use of the key.

        Raises Forbidden for a key that ended because its project was deleted.
        """

        async def look() -> Caller | None:
            async with self._database.reading() as connection:
                row = await queries.authenticate(connection, digest)
            if row is None:
                return None
            if row["orphaned"]:
                raise Forbidden(
                    "This key was bound to a project, which was deleted; it opens nothing now.",
                    details={"project_id": row["project_id"]},
                )
            return Caller(
                organization_id=row["organization_id"],
                **terms(row["plan"], row),
                scopes=scopes_in_force(row["scopes"], operator=row["operator"]),
                livemode=row["livemode"],
                source="api",
                key_id=row["id"],
                project_id=row["project_id"],
                expires_at_unix=row["expires_at"].timestamp() if row["expires_at"] else None,
                private_media=row["private_media"],
                signing_secret=row["signing_secret"],
                capped=row["capped"],
            )

        caller = await self._callers.find(digest, look)
        if caller is not None and caller.key_id is not None:
            self._used[caller.organization_id, caller.key_id] += 1
        return caller

    def forget(self, changed_id: str | None) -> None:
        """Drop a key, an organization's keys, or (None) everything."""
        self._callers.forget(changed_id)

    async def note_uses(self) -> None:
        """Write `last_used_at` and the number of requests of the keys seen since the last call.

        What can't be written now is kept for the next call.
        """
        used, self._used = self._used, Counter()
        if not used:
            return
        try:
            async with self._database.transaction() as tx:
                await queries.touch(tx, sorted(key_id for _, key_id in used))
                await credits.count_requests(tx, used)
        except BaseException:
            self._used.update(used)
            raise
