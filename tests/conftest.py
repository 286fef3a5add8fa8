"""One embedded PostgreSQL for the session; a fresh database, copied from a template, per test."""

import asyncio
import itertools
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from support.house import House, opened, settings_for
from tintype.db import embedded
from tintype.db.migrate import migrate
from tintype.db.pool import Database, connect

_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first, so that no process is left alone with them at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """The address of a running server's template database, migrated."""
    with tempfile.TemporaryDirectory(prefix="tt-") as folder:
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
        await admin.execute(f"CREATE DATABASE {name} TEMPLATE tintype")
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
