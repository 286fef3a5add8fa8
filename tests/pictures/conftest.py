"""A Tintype that may fetch from and post to loopback, with short times."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.house import House, opened, settings_for
from tintype.core.settings import Settings


@pytest.fixture
def near(database_url: str, tmp_path: Path) -> Settings:
    return settings_for(
        database_url, tmp_path, fetch={"allow_networks": ["127.0.0.0/8"]},
        webhooks={"retry_seconds": [0.05, 0.05, 0.05], "seconds_max": 5.0},
    )  # fmt: skip


@pytest.fixture
async def shop(near: Settings) -> AsyncIterator[House]:
    async with opened(near) as made:
        yield made


@pytest.fixture
async def idle_shop(near: Settings) -> AsyncIterator[House]:
    """Without a worker: what is asked for stays in process."""
    async with opened(near, with_worker=False) as made:
        yield made
