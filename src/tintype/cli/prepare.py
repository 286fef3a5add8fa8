"""What is done in the database before the house's processes start; then this process ends.

It prints one JSON map: empty, or the first household that it made. What stands in the way is told
on stderr in one line, with an exit code.
"""

import asyncio
import sys

import msgspec

from tintype.cli import house, outcome
from tintype.core.errors import TintypeError
from tintype.core.settings import Settings, SettingsError, load
from tintype.storage import open_storage


def main() -> int:
    try:
        settings = load()
        first = asyncio.run(_prepare(settings))
    except SettingsError as fault:
        outcome.complain(str(fault))
        return outcome.USAGE
    except TintypeError as fault:
        outcome.complain(outcome.described(fault))
        return outcome.code_of(fault)
    told = {} if first is None else {"introduction": house.introduction(first), "key": first.key}
    sys.stdout.write(msgspec.json.encode(told).decode())
    return outcome.OK


async def _prepare(settings: Settings) -> house.FirstHousehold | None:
    try:
        open_storage(settings.storage_url)
    except ValueError as fault:
        raise SettingsError(f"Wrong setting: {fault}") from fault
    async with (
        house.open_database(settings, upgrade=True) as database,
        database.transaction() as tx,
    ):
        return await house.first_household(tx)


if __name__ == "__main__":
    sys.exit(main())
