"""What a web process is made of: built once in `server.py`, reached by `parts(request)`."""

from concurrent.futures import Executor
from dataclasses import dataclass

from litestar import Request

from tintype.addresses import Network
from tintype.api.background import Background
from tintype.api.places import Places
from tintype.core.settings import Settings
from tintype.core.vault import Vault
from tintype.db.listen import Signals
from tintype.db.pool import Database
from tintype.storage import Storage


@dataclass(frozen=True, slots=True)
class Parts:
    """`pixels` is the process's bounded pool for image work, `networks` the private ones opened."""

    settings: Settings
    database: Database
    storage: Storage
    signals: Signals
    pixels: Executor
    background: Background
    places: Places
    networks: list[Network]
    vault: Vault


AnyRequest = Request[object, object, object]  # type: ignore[type-var]


def parts(request: AnyRequest) -> Parts:
    found: Parts = request.app.state.parts
    return found
