"""What a worker has for webhooks: built once in `worker.py`, passed on, never global."""

import asyncio
from dataclasses import dataclass

from tintype.core.settings import WebhookSettings
from tintype.core.vault import Vault
from tintype.db.listen import Signals
from tintype.db.pool import Database
from tintype.fetch import Fetcher


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
