"""A Tintype whose webhooks may go to loopback, with short times."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.house import House, Tenant, opened, settings_for
from support.receiver import Receiver, receiving
from tintype.core.settings import Settings


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return settings_for(
        database_url, tmp_path, fetch={"allow_networks": ["127.0.0.0/8"]},
        webhooks={"retry_seconds": [0.05, 0.05, 0.05], "seconds_max": 1.0},
    )  # fmt: skip


@pytest.fixture
async def shop(settings: Settings) -> AsyncIterator[House]:
    async with opened(settings) as made:
        yield made


@pytest.fixture
async def idle_shop(settings: Settings) -> AsyncIterator[House]:
    """Without a worker: nothing is sent."""
    async with opened(settings, with_worker=False) as made:
        yield made


@pytest.fixture
async def me(request: pytest.FixtureRequest) -> Tenant:
    name = "shop" if "shop" in request.fixturenames else "idle_shop"
    house: House = request.getfixturevalue(name)
    return await house.tenant()


@pytest.fixture
async def sink() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made
