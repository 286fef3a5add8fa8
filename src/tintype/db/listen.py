"""Wake-ups over PostgreSQL NOTIFY: one connection a process, one channel, object ids as payloads.

A notification says only "look again at this object". It may be lost with the connection, so every
waiter also looks by itself now and then, and a new connection wakes everyone once.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Final

from tintype.core import log
from tintype.db.pool import Transaction, dedicated_connection

CHANNEL: Final = "tintype"
_RETRY_SECONDS: Final = 1.0
_PROBE_SECONDS: Final = 10.0
_log = log.get("tintype.listen")


class Signals:
    """`run()` listens; `subscribe(id)` gives an event that is set when the object changed."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._waiters: dict[str, set[asyncio.Event]] = {}
        self._watchers: list[Callable[[str | None], None]] = []
        self.closing = asyncio.Event()

    def watch(self, callback: Callable[[str | None], None]) -> None:
        """Call back with each changed id, and with None when changes may have been missed."""
        self._watchers.append(callback)

    @contextlib.asynccontextmanager
    async def subscribe(self, subject_id: str) -> AsyncIterator[asyncio.Event]:
        event = asyncio.Event()
        waiters = self._waiters.setdefault(subject_id, set())
        waiters.add(event)
        try:
            yield event
        finally:
            waiters.discard(event)
            if not waiters:
                self._waiters.pop(subject_id, None)

    def heard(self, subject_id: str) -> None:
        """Act at once on a change that this process committed.

        The database's word of it comes too, but the client's next request may overtake that.
        """
        self._wake(subject_id)

    def close(self) -> None:
        """Wake every waiter for good: streams and held answers end at shutdown."""
        self.closing.set()
        self._wake(None)

    async def run(self) -> None:
        """Listen until cancelled, over any number of lost connections."""
        while True:
            try:
                await self._listen()
            except Exception as fault:  # noqa: BLE001  Whatever it was, listening must go on.
                _log.warning("listener lost", fault=type(fault).__name__)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _listen(self) -> None:
        """Until the connection is lost, which is told at once, or dead, which a probe finds."""
        connection = await dedicated_connection(self._dsn)
        lost = asyncio.Event()

        def note(_: object) -> None:
            lost.set()

        connection.add_termination_listener(note)
        try:
            await connection.add_listener(CHANNEL, self._received)
            self._wake(None)
            while not lost.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_PROBE_SECONDS):
                        await lost.wait()
                await connection.execute("SELECT 1", timeout=5)
        finally:
            connection.terminate()

    def _received(self, connection: object, pid: int, channel: str, payload: object) -> None:
        del connection, pid, channel
        self._wake(str(payload))

    def _wake(self, subject_id: str | None) -> None:
        for callback in self._watchers:
            callback(subject_id)
        if subject_id is None:
            for waiters in self._waiters.values():
                for event in waiters:
                    event.set()
            return
        for event in self._waiters.get(subject_id, ()):
            event.set()


async def notify(tx: Transaction, subject_id: str) -> None:
    """Tell every process, at commit, that an object changed."""
    await tx.execute("SELECT pg_notify($1, $2)", CHANNEL, subject_id)
