"""A Tintype that may fetch from loopback, for pictures by URL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.house import House, opened, settings_for


@pytest.fixture
async def near_house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    near = settings_for(database_url, tmp_path, fetch={"allow_networks": ["127.0.0.0/8"]})
    async with opened(near) as made:
        yield made
