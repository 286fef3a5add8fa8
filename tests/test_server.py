"""The end of a web process."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, cast

from support.house import opened, settings_for
from tintype.db.pool import connect
from tintype.engines.base import Engine
from tintype.engines.registry import Engines


class Endless:
    """An engine whose running work never ends, so that closing it would take for ever."""

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        await asyncio.Event().wait()


async def test_an_engine_that_does_not_close_costs_no_counts_and_little_time(
    database_url: str, tmp_path
) -> None:
    engines = Engines(cast("Mapping[str, Engine]", {"other/endless": cast("Any", Endless())}))
    settings = settings_for(database_url, tmp_path)
    async with opened(settings, with_worker=False, text=engines) as house:
        me = await house.tenant()
        assert (await house.ask("GET", "/v1/images", key=me)).status == 200
        stopping = time.monotonic()
    assert time.monotonic() - stopping < 15
    database = await connect(database_url, size=1, wait_seconds=5)
    async with database.reading() as tx:
        assert await tx.fetchval("SELECT requests FROM key_usage") == 1
    await database.close()
