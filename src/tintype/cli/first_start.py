"""The first household of a new database, as JSON: a process run once in a folder's life.

Answers `null` when another start was quicker.
"""

import asyncio
import sys

import msgspec

from tintype.cli import house
from tintype.cli.codes import OK, reported
from tintype.cli.contact import open_database
from tintype.core.settings import Settings, load


async def first_start(settings: Settings) -> house.FirstHousehold | None:
    async with open_database(settings) as database, database.transaction() as tx:
        return await house.first_household(tx)


def main() -> int:
    first = asyncio.run(first_start(load()))
    told = None if first is None else {"told": house.introduction(first), "key": first.key}
    sys.stdout.write(msgspec.json.encode(told).decode())
    return OK


if __name__ == "__main__":
    sys.exit(reported(main))
