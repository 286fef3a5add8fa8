"""What is looked after before the house's processes start; this process ends when it is done.

Brings the database to this version and says on stdout whether it has an organization ("ready") or
waits for its first ("new"). What stands in the way is told on stderr in one line, with an exit
code. It imports little: every start waits for it.
"""

import asyncio
import sys
from typing import Literal

from tintype.cli import queries
from tintype.cli.codes import OK, reported
from tintype.cli.contact import open_database
from tintype.core.settings import Settings, SettingsError, load
from tintype.core.vault import open_vault
from tintype.db.pool import Transaction
from tintype.storage import open_storage


async def prepare(settings: Settings) -> Literal["ready", "new"]:
    """Raises SettingsError or a TintypeError."""
    try:
        open_storage(settings.storage_url)
    except ValueError as fault:
        raise SettingsError(f"Wrong setting: {fault}") from fault
    async with (
        open_database(settings, upgrade=True) as database,
        database.transaction() as tx,
    ):
        await queries.take_over_events(tx)
        await _check_vault(tx, settings)
        known = await tx.fetchval("SELECT EXISTS (SELECT FROM organizations)")
    return "ready" if known else "new"


async def _check_vault(tx: Transaction, settings: Settings) -> None:
    """Refuse a secret that opens nothing of what this database holds; note a new one."""
    marks = open_vault(settings).marks
    if await queries.vault_mark(tx, marks[0]) not in marks:
        raise SettingsError(
            "security.secret: this database's secrets were sealed with another one. Give it that"
            " one: `secret.key` of the data folder it was made with, or security.secret; or"
            " security.previous_secrets to change it. If it is lost: `tintype db forget-secret`."
        )
    await queries.set_vault_mark(tx, marks[0])


def main() -> int:
    sys.stdout.write(asyncio.run(prepare(load())))
    return OK


if __name__ == "__main__":
    sys.exit(reported(main))
