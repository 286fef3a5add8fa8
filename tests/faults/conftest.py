"""A Tintype without a worker of its own: the tests here bring workers to be hurt."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from support.house import House, Tenant, opened, settings_for
from tintype.storage import Storage, open_storage


@pytest.fixture
async def shop(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """Leases of two seconds, so that a dead worker's work is soon another's."""
    worker: dict[str, Any] = {"lease_seconds": 2, "grace_seconds": 2, "concurrency": 3}
    settings = settings_for(database_url, tmp_path, worker=worker)
    async with opened(settings, with_worker=False) as made:
        yield made


@pytest.fixture
def storage(shop: House) -> Storage:
    return open_storage(shop.settings.storage_url)


@pytest.fixture
async def tenant(shop: House) -> Tenant:
    return await shop.tenant()
