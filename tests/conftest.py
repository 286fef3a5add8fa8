"""One embedded PostgreSQL for the session; a fresh database, copied from a template, per test.

All that tests write lies in memory where the system has a folder for that with room: a database is
then copied and dropped in a tenth of the time. What must reach a disk is tested on disks of its own.
"""

import asyncio
import contextlib
import itertools
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from hypothesis import HealthCheck, settings

from support.house import House, opened, settings_for
from tintype.db import embedded
from tintype.db.migrate import migrate
from tintype.db.pool import Database, connect
from tintype.db.postmaster import EmbeddedDatabaseError

_numbers = itertools.count(1)
_TESTS = Path(__file__).parent
# As measured; an order that is roughly right does.
_LONGEST = (
    "media/sketch/test_picture.py",
    "cli/test_serve.py",
    "faults/test_dead_workers.py",
    "faults/test_soak.py",
    "faults/test_leases.py",
    "api/test_fuzz.py",
    "faults/test_supervisor.py",
    "engines/test_polish_bounds.py",
    "engines/test_contract.py",
    "media/finish/test_clean_quality.py",
    "faults/test_webhooks.py",
    "sessions/test_http.py",
    "webhooks/test_delivery.py",
    "media/finish/test_clean.py",
    "webhooks/test_http.py",
    "webhooks/test_fanout.py",
    "media/finish/test_clean_measure.py",
    "media/reel/test_reel.py",
)
_MEMORY = Path("/dev/shm")
_MEMORY_BYTES_MIN = 2**31
_PREFIX = "tt-cluster-"
_OLD_SECONDS = 1800


# How long an example takes is no fault of the code on a busy machine.
settings.register_profile(
    "tests", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("tests")


def pytest_configure(config: pytest.Config) -> None:
    # The many programs that tests start would each compile everything anew: who wants no bytecode
    # in the tree gets it beside.
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        sys.pycache_prefix = str(config.rootpath / ".pytest_cache" / "bytecode")
        os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix
        sys.dont_write_bytecode = False
    # A shell's background job ignores it, and so would the programs that tests interrupt.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # Whoever names a folder for temporary files means it.
    wanted = not os.environ.get("TMPDIR") and os.access(_MEMORY, os.W_OK | os.X_OK)
    if wanted and shutil.disk_usage(_MEMORY).free >= _MEMORY_BYTES_MIN:
        tempfile.tempdir = str(_MEMORY)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files and those with slow tests first: no process is left alone with one at the end."""
    places = {_TESTS / name: place for place, name in enumerate(_LONGEST)}
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (places.get(item.path, len(places)), item.path not in slow))


def _clear_away() -> None:
    """Stop the servers of runs that were killed, and free their memory."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError, EmbeddedDatabaseError):
            old = time.time() - folder.stat().st_mtime > _OLD_SECONDS
            if old and embedded.stop(folder):  # Of a living run it isn't stopped.
                shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """The address of a running server's template database, migrated."""
    _clear_away()
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as folder:
        url = embedded.start(Path(folder))
        try:
            asyncio.run(migrate(url))
            yield url
        finally:
            embedded.stop(Path(folder))


@pytest.fixture
async def database_url(cluster: str) -> AsyncIterator[str]:
    """The address of a database of this test's own."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    admin = await asyncpg.connect(cluster.replace("/tintype?", "/postgres?"))
    try:
        await admin.execute(f"CREATE DATABASE {name} TEMPLATE tintype STRATEGY file_copy")
        yield cluster.replace("/tintype?", f"/{name}?")
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await admin.close()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    made = await connect(database_url, size=8, wait_seconds=5)
    yield made
    await made.close()


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """A whole Tintype with a worker."""
    async with opened(settings_for(database_url, tmp_path)) as made:
        yield made


@pytest.fixture
async def idle_house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """A Tintype without a worker: what is asked for stays queued."""
    async with opened(settings_for(database_url, tmp_path), with_worker=False) as made:
        yield made
