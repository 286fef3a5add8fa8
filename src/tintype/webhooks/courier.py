"""What a worker has for webhooks: built once in `worker.py`, passed on, never global."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Final

from tintype.core.settings import WebhookSettings
from tintype.core.vault import Vault
from tintype.db.listen import Signals
from tintype.db.pool import Database
from tintype.fetch import Fetcher

_SLOW_SECONDS: Final = 300.0
_SLOW_LANES_MAX: Final = 10_000


class SlowLanes:
    """Lanes that lately took long to answer, and at how many posts at once each had arrived.

    What one process has seen is enough: each learns it by a single post.
    """

    def __init__(self) -> None:
        self._seen: dict[str, tuple[float, int]] = {}

    def note(self, lane: str, at_once: int) -> None:
        self._seen.pop(lane, None)
        self._seen[lane] = (time.monotonic(), at_once)
        if len(self._seen) > _SLOW_LANES_MAX:
            del self._seen[next(iter(self._seen))]

    def forget(self, lane: str) -> None:
        self._seen.pop(lane, None)

    def at_once(self, lane: str) -> int | None:
        """None for a lane that isn't known as slow."""
        noted, at_once = self._seen.get(lane, (0.0, 0))
        return at_once if at_once and time.monotonic() - noted < _SLOW_SECONDS else None


@dataclass(frozen=True, slots=True)
class Courier:
    """`stopping` is set when the worker is to end: no new post is begun from then on.

    Those under way have `stop_seconds` to be answered.
    """

    settings: WebhookSettings
    database: Database
    fetcher: Fetcher
    signals: Signals
    vault: Vault
    stopping: asyncio.Event
    stop_seconds: float
    slow: SlowLanes = field(default_factory=SlowLanes)
