"""What a worker has for its runs: built once, passed on, never global."""

import asyncio
from concurrent.futures import Executor
from dataclasses import dataclass
from uuid import UUID

from tintype.core.settings import Settings
from tintype.core.vault import Vault
from tintype.db.listen import Signals
from tintype.db.pool import Database
from tintype.engines.registry import Engines
from tintype.fetch import Fetcher
from tintype.generations.gate import Gate
from tintype.storage import Storage


@dataclass(frozen=True, slots=True)
class Workshop:
    """What runs need, built once in `worker.py`. `leases` are those this process holds now.

    `stopping` is set when the worker is to end.
    """

    settings: Settings
    database: Database
    storage: Storage
    fetcher: Fetcher
    signals: Signals
    engines: Engines
    pixels: Executor
    leases: dict[str, UUID]
    gate: Gate
    vault: Vault
    stopping: asyncio.Event
