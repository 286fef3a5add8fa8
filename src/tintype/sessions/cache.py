"""Who a session's token stands for."""

from tintype.accounts.models import Member, caller_of
from tintype.core.caller import Caller
from tintype.core.callers import Callers
from tintype.core.vault import Vault
from tintype.db.pool import Database
from tintype.sessions import queries, tokens


class SessionCache:
    def __init__(self, database: Database, vault: Vault, leeway_seconds: int) -> None:
        self._database = database
        self._vault = vault
        self._leeway_seconds = leeway_seconds
        self._callers = Callers()
        self._seen: set[str] = set()

    async def find(self, digest: bytes, token: str) -> Caller | None:
        """The caller that a token of ours stands for, whose hash is `digest`."""

        async def look() -> Caller | None:
            named = tokens.read(self._vault, token, leeway_seconds=self._leeway_seconds)
            if named is None:
                return None
            async with self._database.reading() as connection:
                row = await queries.authenticate(connection, named.session_id, named.user_id)
            if row is None:
                return None
            member = Member(**{name: row[name] for name in Member.__struct_fields__})
            return caller_of(
                member, session_id=row["id"], expires_at_unix=row["expires_at"].timestamp(),
            )  # fmt: skip

        caller = await self._callers.find(digest, look)
        if caller is not None and caller.session_id is not None:
            self._seen.add(caller.session_id)
        return caller

    def forget(self, changed_id: str | None) -> None:
        """Drop a session, a user's or an organization's sessions, or (None) everything."""
        self._callers.forget(changed_id)

    async def note_uses(self) -> None:
        """Write when the sessions seen since the last call were seen; see `KeyCache`."""
        seen, self._seen = self._seen, set()
        if not seen:
            return
        try:
            async with self._database.transaction() as tx:
                await queries.touch(tx, sorted(seen))
        except BaseException:
            self._seen |= seen
            raise
