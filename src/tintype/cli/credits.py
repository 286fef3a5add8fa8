"""`tintype credits`."""

from typing import Annotated

import typer

from tintype.accounts import operations as accounts
from tintype.audit import operations as audit
from tintype.audit.operator import operator
from tintype.cli import house
from tintype.cli.house import Data, House, Org
from tintype.cli.outcome import Json, show, table
from tintype.credits import operations as ledger
from tintype.credits.models import Balance, LedgerEntry

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command()
def grant(
    org: Annotated[str, typer.Option("--org", help="The organization's id.")],
    amount: Annotated[int, typer.Option(help="Whole credits, at least 1.")],
    note: Annotated[str | None, typer.Option(help="Kept with the ledger's entry.")] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Give credits to an organization."""

    async def work(opened: House) -> LedgerEntry:
        async with opened.database.transaction() as tx:
            organization = await accounts.organization(tx, org)
            entry = await ledger.grant(tx, organization.id, amount, note=note)
            await audit.record(
                tx, organization.id, operator(), "organization.granted", organization.id,
                {"amount": amount, "note": note, "entry": entry.id},
            )  # fmt: skip
            return entry

    entry = house.run(data, work)
    show(entry, json=json, lines=lambda: [
        f"{entry.amount} granted; the balance is {entry.balance_after}.",
    ])  # fmt: skip


@app.command()
def balance(org: Org = None, data: Data = None, json: Json = False) -> None:
    """Show an organization's balance: what it has, holds and may spend."""

    async def work(opened: House) -> Balance:
        async with opened.database.reading() as tx:
            return await ledger.balance(tx, await house.organization_id(tx, org))

    found = house.run(data, work)
    show(found, json=json, lines=lambda: [
        f"balance    {found.balance}", f"reserved   {found.reserved}",
        f"available  {found.available}",
    ])  # fmt: skip


@app.command("ledger")
def show_ledger(
    org: Org = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many entries.")] = 20,
    after: Annotated[str | None, typer.Option(help="Id of the last entry seen.")] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Show an organization's ledger entries, newest first."""

    async def work(opened: House) -> list[LedgerEntry]:
        async with opened.database.reading() as tx:
            organization_id = await house.organization_id(tx, org)
            return await ledger.entries(tx, organization_id, after=after, offset=0, limit=limit)

    found = house.run(data, work)
    heading = ["TIME", "TYPE", "AMOUNT", "RESERVED", "BALANCE", "AVAILABLE", "FOR"]
    show(found, json=json, lines=lambda: table([heading, *(
        [f"{entry.created_at:%Y-%m-%d %H:%M:%S}", entry.type, f"{entry.amount:+}",
         f"{entry.reserved:+}", str(entry.balance_after), str(entry.available_after),
         entry.generation_id or entry.note or ""]
        for entry in found
    )]))  # fmt: skip
