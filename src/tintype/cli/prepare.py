"""What is looked after before the house's processes start; this process ends when it is done.

Brings the database to this version and says on stdout whether it has an organization ("ready") or
waits for its first ("new"). What stands in the way is told on stderr in one line, with an exit
code. It imports little: every start waits for it.
"""

import asyncio
import sys
from typing import Literal

from tintype.accounts.models import plans
from tintype.billing.packs import packs
from tintype.catalog.actions import actions
from tintype.catalog.models import catalog
from tintype.cli import queries
from tintype.cli.codes import OK, reported
from tintype.cli.contact import open_database
from tintype.core.settings import Settings, SettingsError, load
from tintype.core.vault import Vault, open_vault
from tintype.db.pool import Transaction
from tintype.storage import open_storage


async def prepare(settings: Settings) -> Literal["ready", "new"]:
    """Raises SettingsError or a TintypeError."""
    catalog()
    if settings.catalog.actions_file:
        # The shipped ones are held by tests and read when they are first asked for.
        actions()
    packs()
    try:
        open_storage(settings.storage_url)
    except ValueError as fault:
        raise SettingsError(f"Wrong setting: {fault}") from fault
    async with (
        open_database(settings, upgrade=True) as database,
        database.transaction() as tx,
    ):
        await queries.take_over_events(tx)
        await _check_vault(tx, open_vault(settings))
        await _check_organization(tx, settings.auth.organization)
        await _check_plans(tx)
        known = await tx.fetchval("SELECT EXISTS (SELECT FROM organizations)")
    return "ready" if known else "new"


async def _check_vault(tx: Transaction, vault: Vault) -> None:
    """Refuse a secret that opens nothing of what this database holds; note a new one.

    What previous secrets sealed is sealed anew, at each start that knows such: processes that were
    started with an older secret may have gone on sealing with it.
    """
    marks = vault.marks
    if await queries.vault_mark(tx, marks[0]) not in marks:
        raise SettingsError(
            "security.secret: this database's secrets were sealed with another one. Give it that"
            " one: `secret.key` of the data folder it was made with, or security.secret; or"
            " security.previous_secrets to change it. If it is lost: `tintype db forget-secret`."
        )
    await queries.set_vault_mark(tx, marks[0])
    if len(marks) > 1:
        await queries.reseal(tx, vault.resealed)


async def _check_organization(tx: Transaction, organization_id: str) -> None:
    """Refuse an `auth.organization` that nobody can become a member of."""
    if organization_id and not await queries.has_members(tx, organization_id):
        raise SettingsError(
            f"Wrong setting auth.organization: there is no organization {organization_id} here"
            " that has members; `tintype org list` names those there are."
        )


async def _check_plans(tx: Transaction) -> None:
    """Refuse a file of plans that lacks one that some organization has."""
    if lacking := sorted(await queries.plans_in_use(tx) - set(plans())):
        raise SettingsError(
            f"Wrong setting plans.file: organizations have the plan {', '.join(lacking)}, which it"
            " lacks; add it, or give them another plan while a file that has it is in use."
        )


def main() -> int:
    sys.stdout.write(asyncio.run(prepare(load())))
    return OK


if __name__ == "__main__":
    sys.exit(reported(main))
